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
    HTTP_HEAD_MAX_BYTES = 1024 * 1024, /* of a request, as Go has it: net/http,
                                          DefaultMaxHeaderBytes */
    HTTP_MAX_HEADERS = 100,
    HTTP_RESPONSE_HEAD_MAX_BYTES = 256 * 1024
};

/*
 * The fields that something here asks for, in the order of their names' lengths. Names are compared
 * with ASCII letters folded and nothing else: to Go `Content_Length` is just another field.
 */
enum header_id {
    HEADER_OTHER = 0,
    HEADER_TE,
    HEADER_HOST,
    HEADER_EXPECT,
    HEADER_ORIGIN,
    HEADER_UPGRADE,
    HEADER_TRAILER,
    HEADER_CONNECTION,
    HEADER_KEEP_ALIVE,
    HEADER_USER_AGENT,
    HEADER_API_VERSION,
    HEADER_CONTENT_TYPE,
    HEADER_CONTENT_LENGTH,
    HEADER_HTTP2_SETTINGS,
    HEADER_X_REGISTRY_AUTH,
    HEADER_CONTENT_ENCODING,
    HEADER_TRANSFER_ENCODING,
    HEADER_X_REGISTRY_CONFIG,
    HEADER_SEC_WEBSOCKET_KEY,
    HEADER_SEC_WEBSOCKET_VERSION,
    HEADER_PROXY, /* any name that starts with "Proxy-" */
    HEADER_IDS
};

struct http_header {
    struct slice name;
    struct slice value; /* without white space at its ends */
    enum header_id id;
};

struct http_headers {
    size_t count;
    uint32_t sent;  /* bit 1 << id for each that is there, */
    uint32_t twice; /* and for each that is there more than once */
    struct http_header item[HTTP_MAX_HEADERS];
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

enum header_id header_identify(struct slice name);

/* Leaves the array as it is: it is large, and filled no further than there are fields. */
void headers_clear(struct http_headers *headers);

/* `id` is the name's. false when there is no room for another one. */
bool headers_add(struct http_headers *headers, enum header_id id, struct slice name,
                 struct slice value);

static inline bool headers_have(const struct http_headers *headers, enum header_id id)
{
    return (headers->sent >> id & 1) != 0;
}

static inline bool headers_repeat(const struct http_headers *headers, enum header_id id)
{
    return (headers->twice >> id & 1) != 0;
}

/* The value of the first one, or an empty slice. */
struct slice headers_get(const struct http_headers *headers, enum header_id id);

/* Whether the comma-separated list in all of them holds `token` (any case). */
bool headers_have_token(const struct http_headers *headers, enum header_id id, struct slice token);

#endif
