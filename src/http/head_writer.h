/*
 * Heads to bytes. Every head that leaves sockade is written here, from data:
 * bytes of a received head are never passed on.
 */
#ifndef SOCKADE_HTTP_HEAD_WRITER_H
#define SOCKADE_HTTP_HEAD_WRITER_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "http/message.h"

/* Start line of a request with Host. `target` is already canonical. */
MUST_CHECK int head_write_request_line(struct buf *out, struct slice method, struct slice target);

/* "HTTP/1.1 status reason". An empty reason gives the standard one. */
MUST_CHECK int head_write_status_line(struct buf *out, unsigned status, struct slice reason);

/*
 * One field line. -EINVAL when name or value hold bytes that could end the line
 * or the head (CR, LF, NUL) or the name is no token: nothing is appended then.
 */
MUST_CHECK int head_write_field(struct buf *out, struct slice name, struct slice value);

/* The same for a field of a parsed head, which holds no such bytes. */
MUST_CHECK int head_copy_field(struct buf *out, const struct http_header *field);

/* Content-Length or Transfer-Encoding; nothing for BODY_NONE and BODY_UNTIL_EOF. */
MUST_CHECK int head_write_framing(struct buf *out, enum body_framing framing,
                                  uint64_t content_length);

MUST_CHECK int head_write_end(struct buf *out);

/* Whether RFC 9110, 7.6.1 (or custom) makes this field one of the connection only:
 * Connection, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade, HTTP2-Settings,
 * Content-Length. */
bool header_is_hop_by_hop(enum header_id id);

struct answer {
    unsigned status;
    unsigned retry_after_s; /* 0: no Retry-After */
    bool close;             /* Connection: close */
    bool to_head;           /* without the body */
};

/*
 * A complete answer of ours: status line, "Content-Type: application/json"
 * (exactly so, the docker CLI shows the message only then), Content-Length, and the body.
 */
MUST_CHECK int head_write_answer(struct buf *out, const struct answer *answer,
                                 struct slice json_body);

/* The standard reason phrase, or "". */
const char *http_reason(unsigned status);

#endif
