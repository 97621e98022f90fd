/*
 * What an earlier look of the same moment has found on the way to the allowed directories, for
 * the looks that nobody waits for. It is part of what is known (host_known.h), and void with it:
 * when anything is mounted, and after HOST_RECENT_MS.
 *
 * Such an entry is reused only where nobody but root can put another one in its place: that is
 * what an allowed directory's own place is trusted for anyway. Inside of them nothing is reused,
 * whoever owns it: there a container that runs as root may have made a link since. Neither is
 * what does not exist, what is no directory or file, and where something is mounted.
 */
#ifndef SOCKADE_PROXY_HOST_SEEN_H
#define SOCKADE_PROXY_HOST_SEEN_H

#include "base/cleanup.h"
#include "proxy/host_tree.h"
#include "sockade/path.h"

enum { HOST_SEEN_MAX = 32 }; /* more are looked at each time */

struct host_seen {
    const struct path_look *look; /* the one that is under way: which directories are allowed */
    struct slice path[HOST_SEEN_MAX];
    struct host_node node[HOST_SEEN_MAX]; /* its kind, device, inode, mode and owner */
    size_t count;
    struct host_node root; /* the same of "/", which has no kind before it is known */
    struct arena *arena;   /* of the paths; borrowed */
};

/* The root's own, which none but root can change: what is at "/" is never replaced. */
bool host_seen_get_root(const struct host_seen *seen, struct host_node *root);
void host_seen_put_root(struct host_seen *seen, const struct host_node *root);

/* Fills in what is known of `node`, which is at `path`, a child of node->parent. */
bool host_seen_get(const struct host_seen *seen, struct slice path, struct host_node *node);

/* Keeps what was found there, if it may be reused. 0 or -ENOMEM. */
MUST_CHECK int host_seen_put(struct host_seen *seen, struct slice path,
                             const struct host_node *node);

#endif
