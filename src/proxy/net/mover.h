/*
 * Zero-copy relay: moves a body from one socket to another with splice(2) through a pipe. The
 * framing of a chunked body is still read and checked. Only bodies that are not judged go
 * this way: a judged body is written from what was judged.
 */
#ifndef SOCKADE_PROXY_MOVER_H
#define SOCKADE_PROXY_MOVER_H

#include <uv.h>

#include "base/cleanup.h"
#include "http/body_reader.h"

enum {
    MOVER_MAX = 64, /* at once; each has a pipe of MOVER_PIPE_BYTES in kernel memory */
    MOVER_PIPE_BYTES = 1024 * 1024
};

/* All of one loop. They have an epoll of their own, whose edges save two calls for each wait. */
struct movers {
    int epoll;
    uv_poll_t poll; /* of `epoll` */
    struct mover *first;
    size_t count;
    bool never_waits; /* splice(2) to a client does not block, even if the client does not read */
};

/* 0 or a negative errno; then no mover can be started, and bodies are copied. */
MUST_CHECK int movers_init(struct movers *movers, uv_loop_t *loop);
/* No mover may be left. Closes the handle; the loop finishes that. */
void movers_deinit(struct movers *movers);

enum mover_state {
    MOVER_GOES_ON = 0,
    MOVER_OVER,  /* the body has ended or is malformed, or the source has ended or sends too little
                    to be worth it */
    MOVER_BROKEN /* the target takes no more */
};

/* What becomes of a chunk's size line that has been read. */
enum mover_framing {
    MOVER_WRITES_FRAMING = 0, /* from our copy: the source may still change what it has sent */
    MOVER_MOVES_FRAMING       /* spliced with the content, if it is canonical */
};

struct mover;

/*
 * So much of the body's content was moved, and the reader is ahead by that much. When it doesn't
 * go on, nothing is left under way, and the owner stops it from here.
 */
typedef void mover_moved(void *owner, uint64_t content_bytes, enum mover_state state);

/*
 * Moves what comes out of `from` to `to` as `reader` reads it, from where it stands. The
 * descriptors and the reader are borrowed until mover_stop(); nobody else may read `from` or
 * write to `to`. NULL when it can't be: then bytes have to be copied. moved() is not called
 * from within.
 */
struct mover *mover_start(struct movers *movers, int from, int to, struct body_reader *reader,
                          enum mover_framing framing, mover_moved *moved, void *owner);

/* Drops what is under way. Takes NULL. */
void mover_stop(struct mover *mover);

#endif
