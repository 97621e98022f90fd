/*
 * How a place is looked at on the loop, where nothing may be waited for: only what the kernel has
 * in its memory, and on mounts that are known to answer. What is not at hand sets tree->again.
 * Source: openat2(2), RESOLVE_CACHED.
 */
#ifndef SOCKADE_PROXY_HOST_AT_HAND_H
#define SOCKADE_PROXY_HOST_AT_HAND_H

#include "proxy/host/host_tree.h"

/* What is there, or was a moment ago (host_seen.h). 0 or -ENOMEM. */
MUST_CHECK int host_at_hand_look(struct host_tree *tree, struct host_node *node);

void host_at_hand_take_root(struct host_tree *tree);

#endif
