/*
 * Questions about the engine's host, asked before anything is looked at there: who listens on the
 * engine's socket, and what the engine says. The caller waits, for a bounded time.
 */
#ifndef SOCKADE_PROXY_HOST_CALL_H
#define SOCKADE_PROXY_HOST_CALL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/cleanup.h"

enum { HOST_CALL_PATIENCE_MS = 3000, HOST_CALL_ANSWER_MAX_BYTES = 4 * 1024 * 1024 };

struct host_call {
    int fd;
    uint64_t deadline_ms;
    pid_t listener; /* the process that listens, as we see it; 0: it is out of our sight */
};

/* 0 or a negative errno: -ENOENT or -ECONNREFUSED where no engine is. Ended by host_call_end(). */
MUST_CHECK int host_call_begin(struct host_call *call, const char *path);
void host_call_end(struct host_call *call);

/* The status and body of the answer to GET `target`; once for each call. 0 or a negative errno. */
MUST_CHECK int host_call_get(struct host_call *call, struct slice target, unsigned *status,
                             struct buf *body);

/* Milliseconds of a clock that only goes forward. */
uint64_t host_call_now_ms(void);

#endif
