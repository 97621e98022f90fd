/*
 * Looks at paths of the host, for the policy. Nothing is opened for reading and no link
 * is followed by the kernel: each component is looked at by itself (host_tree.h).
 * It may take any time, for a file system may not answer: host_look.h has it done elsewhere.
 */
#ifndef SOCKADE_PROXY_HOST_PATH_H
#define SOCKADE_PROXY_HOST_PATH_H

#include <sys/un.h>

#include "base/cleanup.h"
#include "proxy/host_tree.h"
#include "sockade/policy.h"

enum host_sight { HOST_UNDECIDED = 0, HOST_SEEN, HOST_UNSEEN };

/* Whether the files that the engine mounts are those that this process sees. */
struct host_view {
    enum policy_host_files wanted;
    enum host_sight sight;
    char engine_socket[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

/*
 * Logs what is decided. With `auto` that takes a connection to the engine, which is made for
 * the first path: the engine may not run yet, and should not be started for this.
 */
void host_view_init(struct host_view *view, enum policy_host_files wanted,
                    const char *engine_socket);

/*
 * Whether `path` may be looked at: HOST_SEEN, or *out is the answer that there is instead. On the
 * loop: it decides what is still undecided.
 */
enum host_sight host_view_sight(struct host_view *view, struct slice path, struct path_answer *out);

/* Directories in which no link is followed. */
struct host_roots {
    struct slice *path;
    size_t count;
};

/*
 * host_path.c: where `path` leads; *reached is what is there, when it exists. `closed` may be
 * NULL. 0 or -ENOMEM.
 */
MUST_CHECK int host_path_resolve(struct host_tree *tree, struct slice path,
                                 const struct host_roots *closed, struct path_answer *out,
                                 const struct host_node **reached);

/* Both absolute and clean. */
bool host_path_is_within(struct slice path, struct slice directory);

#endif
