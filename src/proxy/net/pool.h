/*
 * Connections to the engine. One that has served a request completely and cleanly is kept
 * for the next, whoever asks it; an idle one that says anything, even good-bye, is
 * thrown away. The path is dialled anew each time, so an engine that restarts with
 * a new socket is found without help.
 */
#ifndef SOCKADE_PROXY_POOL_H
#define SOCKADE_PROXY_POOL_H

#include <stdint.h>

#include "proxy/net/stream.h"

enum { POOL_MAX_IDLE = 32, POOL_IDLE_TIMEOUT_MS = 30 * 1000 };

struct pool;

/* Owned by whoever pool_get() gave it to, until pool_put() or upstream_close(). */
struct upstream {
    struct stream stream; /* `events` and `owner` are the borrower's */
    struct pool *pool;
    unsigned generation;   /* of the path it was dialled by */
    struct upstream *next; /* while idle */
    uint64_t idle_since_ms;
};

struct pool {
    uv_loop_t *loop;
    struct stream_buffer *buffer;
    char *path;
    unsigned generation;   /* of `path`: which one it is */
    struct upstream *idle; /* latest first */
    size_t idle_count;
};

/* `path` is copied. 0, -ENAMETOOLONG for one that no unix socket can have, or -ENOMEM. */
MUST_CHECK int pool_init(struct pool *pool, uv_loop_t *loop, struct stream_buffer *buffer,
                         const char *path);
/*
 * Another engine socket, or the same: connections to the old one are not used again, and idle ones
 * closed. Same errors, then unchanged.
 */
MUST_CHECK int pool_set_path(struct pool *pool, const char *path);
/* Closes what is idle; borrowed ones are their borrowers'. */
void pool_deinit(struct pool *pool);

/* TRANSPORT_REUSED for an idle one, TRANSPORT_DONE for a new one, or a negative errno. */
MUST_CHECK int pool_get(struct pool *pool, bool fresh, struct upstream **out);
void pool_put(struct upstream *upstream);
void upstream_close(struct upstream *upstream);

/* Closes what has been idle too long. */
void pool_sweep(struct pool *pool, uint64_t now_ms);

#endif
