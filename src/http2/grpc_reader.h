/*
 * The messages of a gRPC call: where one ends and the next begins, in the bytes of one direction,
 * which come in any pieces. No I/O.
 *
 * Source: grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message".
 */
#ifndef SOCKADE_HTTP2_GRPC_READER_H
#define SOCKADE_HTTP2_GRPC_READER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "http2/grpc.h"

/* Takes the messages of one direction of a call out of its bytes. */
struct grpc_reader {
    struct buf held; /* of a message that isn't whole yet, with its head */
    bool taken;      /* the message that is held has been handed out */
};

enum grpc_read {
    GRPC_READ_REFUSED = 0, /* *why says it; the reader is not to be used any more */
    GRPC_READ_NO_MEMORY,
    GRPC_READ_MORE,   /* all bytes are taken, and no message is whole */
    GRPC_READ_MESSAGE /* *message is one */
};

/* `max_bytes` of a message; at most that and GRPC_FRAME_BYTES are held. */
void grpc_reader_init(struct grpc_reader *reader, size_t max_bytes);
void grpc_reader_deinit(struct grpc_reader *reader); /* also right for a zeroed struct */

/*
 * Takes from the front of *bytes up to the end of one message, so call it again until it wants
 * more. Refused: a compressed message, since what is inside can't be judged, and a longer one than
 * allowed, as soon as its head says so. `message` is borrowed, from *bytes where it is there whole
 * and else from the reader, until the next call. `why` is static, a sentence without its subject.
 */
MUST_CHECK enum grpc_read grpc_read(struct grpc_reader *reader, struct slice *bytes,
                                    struct slice *message, const char **why);

/* Whether nothing of a message is held: where the stream may end. */
bool grpc_reader_is_idle(const struct grpc_reader *reader);

/*
 * Appends a message: the head is left free by _begin(), which answers where, the caller appends
 * the message, and _end() fills the head. 0 or the errors of buf_append(); -EMSGSIZE for 4 GiB.
 */
MUST_CHECK int grpc_write_begin(struct buf *out, size_t *at);
MUST_CHECK int grpc_write_end(struct buf *out, size_t at);

#endif
