/*
 * The server's end of an HTTP/2 connection on which every gRPC call fails with one message.
 * No I/O: bytes in, bytes out.
 *
 * A client that has upgraded to h2c reads the reason of a refusal only there: of any status but
 * 101 it shows the number alone.
 * Source: RFC 9113; gRPC over HTTP2, "Trailers-Only" (grpc/doc/PROTOCOL-HTTP2.md); moby
 * client/hijack.go.
 */
#ifndef SOCKADE_HTTP2_REFUSAL_H
#define SOCKADE_HTTP2_REFUSAL_H

#include "base/buf.h"
#include "base/cleanup.h"

enum {
    HTTP2_REFUSAL_MAX_CALLS = 32,      /* refused on one connection, then it is ended */
    HTTP2_REFUSAL_MAX_OUT = 512 * 1024 /* more than one call of _take() ever appends */
};

struct http2_refusal;

/* `message` is copied; a long one is cut (grpc.h). NULL: out of memory. Freed by
 * http2_refusal_free(), which takes NULL. */
struct http2_refusal *http2_refusal_create(struct slice message);
void http2_refusal_free(struct http2_refusal *refusal);

/*
 * Takes all of `bytes`, none at first for the server's settings, and appends what is to be sent.
 * 0, -EPROTO when that is no HTTP/2 or more than is served, and nothing more is to be read;
 * -ENOMEM, or -ENOBUFS when `out` is full.
 */
MUST_CHECK int http2_refusal_take(struct http2_refusal *refusal, struct slice bytes,
                                  struct buf *out);

/* Whether the connection has come to its end: nothing more is to be read. */
bool http2_refusal_over(const struct http2_refusal *refusal);

#endif
