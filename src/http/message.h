/*
 * Request and response heads as data. Every slice is borrowed from the bytes of
 * the head that was parsed.
 */
#ifndef SOCKADE_HTTP_MESSAGE_H
#define SOCKADE_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockade/slice.h"

enum {
    HTTP_HEAD_MAX_BYTES = 64 * 1024,   /* of a request; RFC 9110 names no limit, Go takes 1 MiB */
    HTTP_TARGET_MAX_BYTES = 48 * 1024, /* dockerode sends a create body in the query as well */
    HTTP_MAX_HEADERS = 100,
    HTTP_RESPONSE_HEAD_MAX_BYTES = 256 * 1024
};

struct http_header {
    struct slice name;
    struct slice value; /* without white space at its ends */
};

struct http_headers {
    struct http_header item[HTTP_MAX_HEADERS];
    size_t count;
};

/* How the end of a body is found.   Source: RFC 9112, section 6.3. */
enum body_framing {
    BODY_NONE = 0,
    BODY_LENGTH,   /* Content-Length */
    BODY_CHUNKED,  /* Transfer-Encoding: chunked */
    BODY_UNTIL_EOF /* responses only */
};

struct request_head {
    struct slice method;
    struct slice target; /* as sent */
    unsigned minor;      /* HTTP/1.minor: 0 or 1 */
    struct http_headers headers;
    enum body_framing framing;
    uint64_t content_length; /* with BODY_LENGTH */
    bool keep_alive;         /* what the client wants after this request */
    bool expects_continue;
    struct slice upgrade; /* the Upgrade value when Connection names it, else empty */
};

struct response_head {
    unsigned status; /* 100 to 599 */
    struct slice reason;
    unsigned minor;
    struct http_headers headers;
    enum body_framing framing; /* already right for HEAD, 1xx, 204 and 304 */
    uint64_t content_length;   /* with BODY_LENGTH, else what a bodyless response announces */
    bool keep_alive;
};

/* Why a message was refused: the status to answer and one sentence, static text. */
struct http_problem {
    unsigned status;
    const char *sentence;
};

/* The value of the first header `name` (any case), or an empty slice. */
struct slice headers_get(const struct http_headers *headers, struct slice name);
size_t headers_count(const struct http_headers *headers, struct slice name);

/* Whether the comma-separated list in every header `name` holds `token` (any case). */
bool headers_have_token(const struct http_headers *headers, struct slice name, struct slice token);

#endif
