/*
 * Looks at paths of the host, for the policy. Nothing is opened for reading and no link
 * is followed by the kernel: each component is looked at by itself.
 * It may take any time, for a file system may not answer: host_look.h has it done elsewhere.
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
 * Whether `path` may be looked at: HOST_SEEN, or *out is the answer that there is instead. On the
 * loop: it decides what is still undecided.
 */
enum host_sight host_view_sight(struct host_view *view, struct slice path, struct path_answer *out);

/* host_path.c: where `path` leads; *status is of what was reached, when it exists. */
MUST_CHECK int host_path_resolve(struct slice path, struct arena *arena, struct path_answer *out,
                                 struct stat *status);

/* host_sockets.c: which engine's sockets `status` is, or has below it at `answer->resolved`. */
void host_sockets_find(const char *upstream, const struct stat *status, struct path_answer *answer);

#endif
