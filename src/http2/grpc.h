/*
 * What gRPC puts into HTTP/2: frames of messages, and how a call ends.
 * Source: grpc/doc/PROTOCOL-HTTP2.md, grpc/doc/statuscodes.md.
 */
#ifndef SOCKADE_HTTP2_GRPC_H
#define SOCKADE_HTTP2_GRPC_H

#include <nghttp2/nghttp2.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"

enum grpc_status {
    GRPC_OK = 0,
    GRPC_UNKNOWN = 2, /* the one whose name clients do not put in front of the message */
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_PERMISSION_DENIED = 7,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_STATUS_MAX = 16
};

enum {
    GRPC_FRAME_BYTES = 5,     /* before each message: a flag, and the length in four bytes */
    GRPC_MESSAGE_BYTES = 4096 /* of a grpc-message as it is encoded; what is longer is cut */
};

/* The flag and the length of a message; `frame` has GRPC_FRAME_BYTES. */
struct grpc_frame {
    uint8_t flag; /* 0: not compressed */
    uint32_t message_bytes;
};

struct grpc_frame grpc_frame_read(const char *frame);

/* Appends what goes before a message of that length, which is not compressed. */
MUST_CHECK int grpc_frame_write(struct buf *out, uint32_t message_bytes);

/*
 * Appends `text` as the value of grpc-message, GRPC_MESSAGE_BYTES at most: bytes outside printable
 * ASCII, and the percent sign, as %XX. One that is cut in the middle of a character is still shown.
 */
MUST_CHECK int grpc_message_encode(struct buf *out, struct slice text);

/*
 * A field as nghttp2 takes it. Borrowed: nghttp2 copies both when it is submitted, and writes to
 * neither. `flags` are NGHTTP2_NV_FLAG_*.
 */
nghttp2_nv grpc_field(struct slice name, struct slice value, uint8_t flags);

/*
 * Answers a call by its end alone ("Trailers-Only"). `message` is encoded. What nghttp2 answers is
 * returned: 0 or one of its errors.
 */
MUST_CHECK int grpc_refuse(nghttp2_session *session, int32_t stream, enum grpc_status status,
                           struct slice message);

/* The same where a part of the answer has been sent. */
MUST_CHECK int grpc_end(nghttp2_session *session, int32_t stream, enum grpc_status status,
                        struct slice message);

#endif
