/*
 * All the paths of one request, looked at together: on a thread, since a file system may not
 * answer. Who asks need not wait for the end: an abandoned look keeps its own memory.
 */
#ifndef SOCKADE_PROXY_HOST_LOOK_H
#define SOCKADE_PROXY_HOST_LOOK_H

#include "proxy/exchange/transport.h"
#include "proxy/host/host_path.h"
#include "proxy/host/walkers.h"

struct host_look;

/* The answers are in the look that was given. Not called for one that was stopped. */
typedef void host_looked(void *owner, enum look_result result);

/*
 * Answers what can be answered at once; with LOOK_PENDING `looked` is called later and *out is
 * the look until then. What `look` points to is borrowed as long.
 */
MUST_CHECK enum look_result host_look_start(struct walkers *walkers, struct host_view *view,
                                            uid_t uid, const struct path_look *look,
                                            host_looked *looked, void *owner,
                                            struct host_look **out);

/* Nobody waits for it any more. */
void host_look_stop(struct host_look *look);

/* What it holds beside what the request does. Takes NULL. */
size_t host_look_bytes(const struct host_look *look);

/*
 * On the calling thread, for `job` or NULL: fills look->answer, by what *proofs, a reference, says.
 * Where it is NULL, or the engine's process has ended since, the engine is asked and *proofs
 * replaced.
 */
MUST_CHECK enum look_result host_look_now(struct host_proofs **proofs, const char *engine_socket,
                                          const struct path_look *look, struct walk_job *job);

#endif
