/*
 * The sections `scope:` and `redact:` of a policy, and what the scopes of one file have to
 * do with each other.
 */
#ifndef SOCKADE_POLICY_LOAD_SCOPE_H
#define SOCKADE_POLICY_LOAD_SCOPE_H

#include "policy/file_memory.h"

/* Readers of the two keys; the target is the policy. */
MUST_CHECK int load_scope(struct loader *loader, const struct tree_node *node, void *target);
MUST_CHECK int load_redact(struct loader *loader, const struct tree_node *node, void *target);

/*
 * With listeners and policies joined: a policy whose owner is the listener becomes one
 * policy for each, and no policy may set the owner label of another. 0, -EINVAL or -ENOMEM.
 */
MUST_CHECK int scopes_join(struct loader *loader, const struct tree_node *root,
                           struct policy_file *file);

#endif
