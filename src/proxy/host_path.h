/*
 * Looks at paths of the host, for the policy. Nothing is opened for reading and no link
 * is followed by the kernel: each component is looked at by itself.
 *
 * This is done at once, on the loop: a file system that doesn't answer (a network's, or
 * a client's own by FUSE with allow_other) below an allowed path stops the daemon.
 */
#ifndef SOCKADE_PROXY_HOST_PATH_H
#define SOCKADE_PROXY_HOST_PATH_H

#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "sockade/policy.h"

enum {
    HOST_PATH_MAX_LINKS = 40, /* as the kernel */
    HOST_PATH_MAX_DEPTH = 256
};

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
 * Where `path` (absolute) leads and which sockets are there; PATH_UNSEEN when the host's
 * files aren't ours to see. Memory is the arena's. 0 or -ENOMEM.
 */
MUST_CHECK int host_view_look(struct host_view *view, struct slice path, struct arena *arena,
                              struct path_answer *out);

/* host_path.c: the same without the sockets; *status is of what was reached, when it exists. */
MUST_CHECK int host_path_resolve(struct slice path, struct arena *arena, struct path_answer *out,
                                 struct stat *status);

/* host_sockets.c: which engine's sockets `status` is, or has below it at `answer->resolved`. */
void host_sockets_find(const char *upstream, const struct stat *status, struct path_answer *answer);

#endif
