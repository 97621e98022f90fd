/*
 * What is looked at once for all paths of a request: the mounts, and the sockets of engines. What a
 * thread has found out may serve the next requests as well, for a moment: host_recent.h.
 */
#ifndef SOCKADE_PROXY_HOST_KNOWN_H
#define SOCKADE_PROXY_HOST_KNOWN_H

#include "proxy/exchange/transport.h"
#include "proxy/host/host_seen.h"
#include "proxy/host/host_sockets.h"

struct host_recent;

struct host_known {
    struct arena arena;
    struct host_sight sight;
    struct host_sockets sockets;
    bool sockets_seen;
    struct host_seen seen;
    /* Other listeners', which are among those; another request may have others. */
    struct slice *listener;
    size_t listener_count;
};

/* NULL when memory is out. */
struct host_known *host_known_create(void);
void host_known_destroy(struct host_known *known); /* takes NULL */

/*
 * On a thread, for `job` or NULL: finds all of it out, and answers. *proofs is a reference that is
 * replaced when the engine had to be asked anew.
 */
MUST_CHECK enum look_result host_known_look(struct host_known *known, struct host_proofs **proofs,
                                            const char *engine_socket, const struct path_look *look,
                                            struct walk_job *job);

/*
 * On the loop: answers by what is known and what the kernel has at hand. LOOK_PENDING when that
 * is not enough, or could have to be waited for; what was answered by then is void.
 */
MUST_CHECK enum look_result host_known_look_again(struct host_known *known,
                                                  struct host_recent *recent,
                                                  const struct path_look *look);

#endif
