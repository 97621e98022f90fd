/*
 * What an earlier look of the same moment has found, for the looks that nobody waits for. It is
 * part of what is known (host_known.h), and void with it: when anything is mounted, and after
 * HOST_RECENT_MS.
 *
 * Such an entry is reused on the way to the allowed directories, where nobody but root can put
 * another one in its place: that is what their own place is trusted for anyway. Inside of them,
 * where a container that runs as root may make a link at any time, it is reused as long as the
 * kernel tells of no change in its directory (host_watch.h), and only a directory is: a file has
 * names elsewhere. What does not exist is looked at each time, and where something is mounted.
 */
#ifndef SOCKADE_PROXY_HOST_SEEN_H
#define SOCKADE_PROXY_HOST_SEEN_H

#include "base/cleanup.h"
#include "proxy/host/host_answers.h"
#include "proxy/host/host_tree.h"
#include "sockade/path.h"

enum { HOST_SEEN_MAX = 32 }; /* more are looked at each time */

struct host_seen {
    const struct path_look *look; /* the one that is under way: which directories are allowed */
    struct slice path[HOST_SEEN_MAX];
    struct host_node node[HOST_SEEN_MAX]; /* its kind, device, inode, mode and owner */
    bool watched[HOST_SEEN_MAX];          /* changes of its directory are told */
    size_t count;
    struct host_node root;       /* the same of "/", which has no kind before it is known */
    struct arena *arena;         /* of the paths; borrowed */
    bool unwatchable;            /* something could not be watched, or has changed */
    struct host_answers answers; /* by what is seen here alone */
};

/* The root's own, which none but root can change: what is at "/" is never replaced. */
bool host_seen_get_root(const struct host_seen *seen, struct host_node *root);
void host_seen_put_root(struct host_seen *seen, struct host_node *root);

/* Fills in what is known of `node`, which is at `path`, a child of node->parent. */
bool host_seen_get(const struct host_seen *seen, struct slice path, struct host_node *node);

/* How what will be found there may be kept. */
enum host_seen_way { HOST_SEEN_NOT = 0, HOST_SEEN_TRUSTED, HOST_SEEN_IF_WATCHED };

/* Before it is looked at: with IF_WATCHED node->parent has to be watched from then on. */
enum host_seen_way host_seen_way(const struct host_seen *seen, struct slice path,
                                 const struct host_node *node);

/* Keeps what was found there, if it may be reused. 0 or -ENOMEM. */
MUST_CHECK int host_seen_put(struct host_seen *seen, struct slice path, struct host_node *node,
                             enum host_seen_way way);

/* Something has changed where it is watched: all of it is void, and nothing is watched anew. */
void host_seen_forget(struct host_seen *seen);

#endif
