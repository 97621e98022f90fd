/*
 * One connected socket under libuv: reads into a buffer that all streams share,
 * writes at once what the socket takes and copies only the rest.
 */
#ifndef SOCKADE_PROXY_STREAM_H
#define SOCKADE_PROXY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

/* One per loop: bytes are used up inside the callback that brings them. */
enum { STREAM_READ_BYTES = 64 * 1024 };

struct stream_buffer {
    size_t offered; /* of it, to each read */
    char bytes[STREAM_READ_BYTES];
};

struct stream;

struct stream_events {
    void (*bytes)(struct stream *stream, struct slice bytes);
    /* `gone`: the peer has closed both directions, nothing written will be read. */
    void (*eof)(struct stream *stream, bool gone);
    void (*failed)(struct stream *stream);
    /* All that was pending is out, or can't be sent any more. */
    void (*written)(struct stream *stream);
    /* The handle is closed: the stream may be freed. */
    void (*closed)(struct stream *stream);
};

struct stream {
    uv_pipe_t pipe;
    const struct stream_events *events;
    void *owner;
    struct stream_buffer *buffer; /* borrowed */
    size_t pending;               /* writes that libuv holds */
    size_t pending_bytes;
    bool reading; /* bytes are wanted */
    bool held;    /* what comes stays in the socket: somebody else takes it */
    bool watched; /* libuv looks for them: switched off only when some come unwanted */
    bool ended;   /* read to the end */
    bool broken;  /* a write failed: no further one is tried */
    bool shut;    /* our direction is closed, or about to be */
    bool closing;
};

/* Takes `fd` over, also on error (it is closed then). 0 or a negative errno. */
MUST_CHECK int stream_open(struct stream *stream, uv_loop_t *loop, int fd,
                           struct stream_buffer *buffer);

void stream_read(struct stream *stream, bool on);

/*
 * Leaves what comes in the socket, whether it is wanted or not, until it is called with false.
 */
void stream_hold(struct stream *stream, bool on);

/* Whether a peer whose end was read before has closed the other direction since, which no event
 * tells. */
bool stream_lost(const struct stream *stream);

/*
 * Whether the peer has closed both directions while nothing is read from it, which no event tells
 * either. There may be bytes of it yet.
 */
bool stream_left(const struct stream *stream);

/*
 * How much of what was written the peer has not read, in the kernel's count: each piece of up to
 * 64 KiB counts until all of it is read. 0 when there is nothing, or it can't be told.
 */
size_t stream_unread(const struct stream *stream);

/* The descriptor, borrowed; -1 when it is closed. */
int stream_fd(const struct stream *stream);

/* 0, 1 when some of it is pending, or a negative errno. */
MUST_CHECK int stream_write(struct stream *stream, const struct slice *parts, size_t count);

/* Half-close behind what is pending; again is fine. */
void stream_shutdown(struct stream *stream);

/* Again is fine. Ends with events->closed(). */
void stream_close(struct stream *stream);

#endif
