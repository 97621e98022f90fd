/*
 * The list of what is refused although llhttp takes it. Each check is one
 * function and stands alone; their order only decides which sentence is shown.
 * The attacks behind them are request smuggling (framing that two readers see
 * differently) and parameters that the engine takes from places where the
 * policy didn't look (form bodies).
 */
#include "http/request_check.h"

#include <string.h>

#include "http/grammar.h"

#include "base/banned.h"

/* Absolute form, "*" and CONNECT's authority: dockerd takes any scheme and host. */
static int check_target(const struct request_head *head, struct http_problem *why)
{
    if (!slice_starts_with(head->target, SLICE("/"))) {
        return http_refuse(why, 400, "the request target doesn't start with '/'");
    }
    return 0;
}

/* What Go's net/http lets stand in a Host; '/' and '@' would make it a URL. */
static bool request_check_is_host(struct slice host)
{
    static const char marks[] = "-._~%!$&'()*+,;=:[]";

    for (size_t i = 0; i < host.len; i++) {
        char byte = host.ptr[i];
        if (!grammar_is_alphanumeric(byte) && !memchr(marks, byte, sizeof(marks) - 1)) {
            return false;
        }
    }
    return true; // an empty Host is valid (RFC 9112, 3.2)
}

static int check_host(const struct request_head *head, struct http_problem *why)
{
    if (headers_repeat(&head->headers, HEADER_HOST)) {
        return http_refuse(why, 400, "Host is sent twice");
    }
    if (!headers_have(&head->headers, HEADER_HOST) && head->minor == 1) {
        return http_refuse(why, 400, "Host is missing");
    }
    if (!request_check_is_host(headers_get(&head->headers, HEADER_HOST))) {
        return http_refuse(why, 400, "Host is not a valid host name");
    }
    return 0;
}

/*
 * Fields of which Go, or whoever reads them, would use the first and we the last, or the reverse.
 */
static int check_single_fields(const struct request_head *head, struct http_problem *why)
{
    static const struct {
        enum header_id id;
        const char *sentence;
    } single[] = {
        {HEADER_CONTENT_LENGTH, "Content-Length is sent twice"},
        {HEADER_TRANSFER_ENCODING, "Transfer-Encoding is sent twice"},
        {HEADER_CONTENT_TYPE, "Content-Type is sent twice"},
        {HEADER_CONTENT_ENCODING, "Content-Encoding is sent twice"},
        {HEADER_USER_AGENT, "User-Agent is sent twice"},
        {HEADER_X_REGISTRY_AUTH, "X-Registry-Auth is sent twice"},
        {HEADER_X_REGISTRY_CONFIG, "X-Registry-Config is sent twice"},
        {HEADER_UPGRADE, "Upgrade is sent twice"},
        {HEADER_ORIGIN, "Origin is sent twice"},
        {HEADER_SEC_WEBSOCKET_KEY, "Sec-WebSocket-Key is sent twice"},
        {HEADER_SEC_WEBSOCKET_VERSION, "Sec-WebSocket-Version is sent twice"},
    };

    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        if (headers_repeat(&head->headers, single[i].id)) {
            return http_refuse(why, 400, single[i].sentence);
        }
    }
    return 0;
}

static int check_content_length(const struct request_head *head, struct http_problem *why)
{
    uint64_t length = 0;

    if (!headers_have(&head->headers, HEADER_CONTENT_LENGTH)) {
        return 0;
    }
    if (headers_have(&head->headers, HEADER_TRANSFER_ENCODING)) {
        return http_refuse(why, 400, "Content-Length is sent together with Transfer-Encoding");
    }
    if (grammar_parse_length(headers_get(&head->headers, HEADER_CONTENT_LENGTH), &length) < 0) {
        return http_refuse(why, 400, "Content-Length is not a decimal number of at most 15 digits");
    }
    return 0;
}

static int check_transfer_encoding(const struct request_head *head, struct http_problem *why)
{
    if (!headers_have(&head->headers, HEADER_TRANSFER_ENCODING)) {
        return 0;
    }
    if (head->minor == 0) {
        return http_refuse(why, 400, "Transfer-Encoding is not allowed in HTTP/1.0");
    }
    if (!slice_eq_nocase(headers_get(&head->headers, HEADER_TRANSFER_ENCODING), SLICE("chunked"))) {
        return http_refuse(why, 400, "Transfer-Encoding is not chunked");
    }
    return 0;
}

static bool has_body(const struct request_head *head)
{
    uint64_t length = 0;

    return headers_have(&head->headers, HEADER_TRANSFER_ENCODING) ||
           (grammar_parse_length(headers_get(&head->headers, HEADER_CONTENT_LENGTH), &length) ==
                0 &&
            length > 0);
}

static bool starts_with_nocase(struct slice text, struct slice prefix)
{
    return text.len >= prefix.len && slice_eq_nocase(slice_head(text, prefix.len), prefix);
}

static bool request_check_is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > 0x7f) {
            return false;
        }
    }
    return true;
}

/*
 * Go's ParseForm puts the parameters of such a body over those of the query, on
 * every route that takes no JSON. Non-ASCII: Go trims Unicode white space here.
 */
static int check_content_type(const struct request_head *head, struct http_problem *why)
{
    struct slice type = headers_get(&head->headers, HEADER_CONTENT_TYPE);

    if (!request_check_is_ascii(type)) {
        return http_refuse(why, 400, "Content-Type contains non-ASCII bytes");
    }
    if (!has_body(head)) {
        return 0; // "curl -d ''" says form, and sends none
    }
    if (starts_with_nocase(type, SLICE("application/x-www-form-urlencoded")) ||
        starts_with_nocase(type, SLICE("multipart/"))) {
        return http_refuse(why, 400,
                           "form bodies are not accepted: the engine would let their parameters "
                           "override the query");
    }
    return 0;
}

static int check_expect(const struct request_head *head, struct http_problem *why)
{
    const struct http_headers *headers = &head->headers;

    if (headers_repeat(headers, HEADER_EXPECT) ||
        (headers_have(headers, HEADER_EXPECT) &&
         !slice_eq_nocase(headers_get(headers, HEADER_EXPECT), SLICE("100-continue")))) {
        return http_refuse(why, 417, "Expect is not 100-continue");
    }
    return 0;
}

/*
 * Connection takes fields out of a message. It may name what belongs to the
 * connection; anything else (Content-Length, Host, X-Registry-Auth, …) would
 * change what the message means to one reader and not to the next.
 */
static bool is_connection_option(struct slice option)
{
    static const struct slice options[] = {
        SLICE_INIT("close"),
        SLICE_INIT("keep-alive"),
        SLICE_INIT("upgrade"),
        SLICE_INIT("te"),
        SLICE_INIT("trailer"),
        SLICE_INIT("proxy-connection"),
        // Java's HttpClient asks for h2c with its first request, and takes HTTP/1.1 for an answer.
        SLICE_INIT("http2-settings"),
    };

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (slice_eq_nocase(option, options[i])) {
            return true;
        }
    }
    return option.len == 0; // "a,,b" is a valid list (RFC 9110, 5.6.1.2)
}

static int check_connection(const struct request_head *head, struct http_problem *why)
{
    for (size_t i = 0; i < head->headers.count; i++) {
        struct slice rest = head->headers.item[i].value;
        if (head->headers.item[i].id != HEADER_CONNECTION) {
            continue;
        }
        while (rest.len > 0) {
            struct slice option;
            slice_cut(rest, ',', &option, &rest);
            if (!is_connection_option(slice_trim(option))) {
                return http_refuse(
                    why, 400,
                    "Connection has options other than close, keep-alive, Upgrade and TE");
            }
        }
    }
    return 0;
}

/* Only called when every check has passed. */
static void request_check_fill(struct request_head *head)
{
    const struct http_headers *headers = &head->headers;
    bool close = headers_have_token(headers, HEADER_CONNECTION, SLICE("close"));

    head->framing = BODY_NONE;
    head->content_length = 0;
    if (headers_have(headers, HEADER_TRANSFER_ENCODING)) {
        head->framing = BODY_CHUNKED;
    } else if (grammar_parse_length(headers_get(headers, HEADER_CONTENT_LENGTH),
                                    &head->content_length) == 0) {
        head->framing = BODY_LENGTH;
    }
    head->keep_alive = !close && (head->minor == 1 || headers_have_token(headers, HEADER_CONNECTION,
                                                                         SLICE("keep-alive")));
    // a 1.0 client cannot read a 100 (RFC 9110, 10.1.1)
    head->expects_continue = head->minor == 1 && headers_have(headers, HEADER_EXPECT);
    head->upgrade = (struct slice){0};
    if (headers_have_token(headers, HEADER_CONNECTION, SLICE("upgrade"))) {
        head->upgrade = headers_get(headers, HEADER_UPGRADE);
    }
}

int request_check(struct request_head *head, struct http_problem *why)
{
    static int (*const checks[])(const struct request_head *, struct http_problem *) = {
        check_target,
        check_host,
        check_single_fields,
        check_content_length,
        check_transfer_encoding,
        check_content_type,
        check_expect,
        check_connection,
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        int err = checks[i](head, why);
        if (err < 0) {
            return err;
        }
    }
    request_check_fill(head);
    return 0;
}
