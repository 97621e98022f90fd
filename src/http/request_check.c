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

static int check_method(const struct request_head *head, struct http_problem *why)
{
    if (!grammar_is_method(head->method)) {
        return http_refuse(why, 400, "the method is no upper-case word");
    }
    if (head->minor > 1) {
        return http_refuse(why, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    return 0;
}

/*
 * Absolute form, "*" and CONNECT's authority: dockerd takes any scheme and host.
 * A loosely built llhttp lets tabs, form feeds and high bytes pass in a target.
 */
static int check_target(const struct request_head *head, struct http_problem *why)
{
    if (head->target.len > HTTP_TARGET_MAX_BYTES) {
        return http_refuse(why, 414, "the request target is too long");
    }
    if (!slice_starts_with(head->target, SLICE("/"))) {
        return http_refuse(why, 400, "the request target doesn't start with '/'");
    }
    if (!grammar_is_printable(head->target)) {
        return http_refuse(why, 400, "the request target holds bytes that must be percent-encoded");
    }
    return 0;
}

static int check_fields(const struct request_head *head, struct http_problem *why)
{
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct http_header *field = &head->headers.item[i];
        if (!grammar_is_token(field->name)) {
            return http_refuse(why, 400, "a header field name is no token");
        }
        if (!grammar_is_value(field->value)) {
            return http_refuse(why, 400, "a header field value holds control bytes");
        }
    }
    return 0;
}

/* What Go's net/http lets stand in a Host; '/' and '@' would make it a URL. */
static bool is_host(struct slice host)
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
    size_t count = headers_count(&head->headers, SLICE("Host"));

    if (count > 1) {
        return http_refuse(why, 400, "Host is sent twice");
    }
    if (count == 0 && head->minor == 1) {
        return http_refuse(why, 400, "Host is missing");
    }
    if (!is_host(headers_get(&head->headers, SLICE("Host")))) {
        return http_refuse(why, 400, "Host is no host name");
    }
    return 0;
}

/* Fields of which Go, or whoever reads them, would use the first and we the last, or the reverse.
 */
static int check_single_fields(const struct request_head *head, struct http_problem *why)
{
    static const struct {
        struct slice name;
        const char *sentence;
    } single[] = {
        {SLICE_INIT("Content-Length"), "Content-Length is sent twice"},
        {SLICE_INIT("Transfer-Encoding"), "Transfer-Encoding is sent twice"},
        {SLICE_INIT("Content-Type"), "Content-Type is sent twice"},
        {SLICE_INIT("User-Agent"), "User-Agent is sent twice"},
        {SLICE_INIT("X-Registry-Auth"), "X-Registry-Auth is sent twice"},
        {SLICE_INIT("X-Registry-Config"), "X-Registry-Config is sent twice"},
        {SLICE_INIT("Upgrade"), "Upgrade is sent twice"},
        {SLICE_INIT("Origin"), "Origin is sent twice"},
        {SLICE_INIT("Sec-WebSocket-Key"), "Sec-WebSocket-Key is sent twice"},
        {SLICE_INIT("Sec-WebSocket-Version"), "Sec-WebSocket-Version is sent twice"},
    };

    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        if (headers_count(&head->headers, single[i].name) > 1) {
            return http_refuse(why, 400, single[i].sentence);
        }
    }
    return 0;
}

static int check_content_length(const struct request_head *head, struct http_problem *why)
{
    struct slice name = SLICE("Content-Length");
    uint64_t length = 0;

    if (headers_count(&head->headers, name) == 0) {
        return 0;
    }
    if (headers_count(&head->headers, SLICE("Transfer-Encoding")) > 0) {
        return http_refuse(why, 400, "Content-Length is sent together with Transfer-Encoding");
    }
    if (grammar_parse_length(headers_get(&head->headers, name), &length) < 0) {
        return http_refuse(why, 400, "Content-Length is no decimal number of at most 15 digits");
    }
    return 0;
}

static int check_transfer_encoding(const struct request_head *head, struct http_problem *why)
{
    struct slice name = SLICE("Transfer-Encoding");

    if (headers_count(&head->headers, name) == 0) {
        return 0;
    }
    if (head->minor == 0) {
        return http_refuse(why, 400, "Transfer-Encoding does not exist in HTTP/1.0");
    }
    if (!slice_eq_nocase(headers_get(&head->headers, name), SLICE("chunked"))) {
        return http_refuse(why, 400, "Transfer-Encoding is something else than chunked");
    }
    return 0;
}

static bool has_body(const struct request_head *head)
{
    uint64_t length = 0;
    struct slice value = headers_get(&head->headers, SLICE("Content-Length"));

    return headers_count(&head->headers, SLICE("Transfer-Encoding")) > 0 ||
           (grammar_parse_length(value, &length) == 0 && length > 0);
}

static int check_body_fits_method(const struct request_head *head, struct http_problem *why)
{
    bool bodyless = slice_eq(head->method, SLICE("GET")) || slice_eq(head->method, SLICE("HEAD")) ||
                    slice_eq(head->method, SLICE("DELETE"));

    if (bodyless && has_body(head)) {
        return http_refuse(why, 400, "a body is sent with GET, HEAD or DELETE");
    }
    return 0;
}

/* dockerd ignores the field and reads the plain bytes: judging either reading would be a guess. */
static int check_content_encoding(const struct request_head *head, struct http_problem *why)
{
    struct slice name = SLICE("Content-Encoding");
    size_t count = headers_count(&head->headers, name);

    if (count > 1 ||
        (count == 1 && !slice_eq_nocase(headers_get(&head->headers, name), SLICE("identity")))) {
        return http_refuse(why, 415, "Content-Encoding is something else than identity");
    }
    return 0;
}

static bool starts_with_nocase(struct slice text, struct slice prefix)
{
    return text.len >= prefix.len && slice_eq_nocase(slice_head(text, prefix.len), prefix);
}

static bool is_ascii(struct slice text)
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
    struct slice type = headers_get(&head->headers, SLICE("Content-Type"));

    if (!is_ascii(type)) {
        return http_refuse(why, 400, "Content-Type holds non-ASCII bytes");
    }
    if (!has_body(head)) {
        return 0; // "curl -d ''" says form, and sends none
    }
    if (starts_with_nocase(type, SLICE("application/x-www-form-urlencoded")) ||
        starts_with_nocase(type, SLICE("multipart/"))) {
        return http_refuse(why, 400,
                           "a form body is refused: the engine would take parameters from it "
                           "that override the query");
    }
    return 0;
}

static int check_expect(const struct request_head *head, struct http_problem *why)
{
    struct slice name = SLICE("Expect");
    size_t count = headers_count(&head->headers, name);

    if (count > 1 || (count == 1 &&
                      !slice_eq_nocase(headers_get(&head->headers, name), SLICE("100-continue")))) {
        return http_refuse(why, 417, "Expect is something else than 100-continue");
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
        SLICE_INIT("close"), SLICE_INIT("keep-alive"), SLICE_INIT("upgrade"),
        SLICE_INIT("te"),    SLICE_INIT("trailer"),    SLICE_INIT("proxy-connection"),
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
        if (!slice_eq_nocase(head->headers.item[i].name, SLICE("Connection"))) {
            continue;
        }
        while (rest.len > 0) {
            struct slice option;
            slice_cut(rest, ',', &option, &rest);
            if (!is_connection_option(slice_trim(option))) {
                return http_refuse(why, 400,
                                   "Connection names something else than close, keep-alive, "
                                   "Upgrade or TE");
            }
        }
    }
    if (headers_count(&head->headers, SLICE("HTTP2-Settings")) > 0) {
        return http_refuse(why, 400, "HTTP2-Settings is sent, and HTTP/2 is not spoken here");
    }
    return 0;
}

/* Only called when every check has passed. */
static void fill(struct request_head *head)
{
    const struct http_headers *headers = &head->headers;
    struct slice connection = SLICE("Connection");
    bool close = headers_have_token(headers, connection, SLICE("close"));

    head->framing = BODY_NONE;
    head->content_length = 0;
    if (headers_count(headers, SLICE("Transfer-Encoding")) > 0) {
        head->framing = BODY_CHUNKED;
    } else if (grammar_parse_length(headers_get(headers, SLICE("Content-Length")),
                                    &head->content_length) == 0) {
        head->framing = BODY_LENGTH;
    }
    head->keep_alive = !close && (head->minor == 1 ||
                                  headers_have_token(headers, connection, SLICE("keep-alive")));
    // a 1.0 client cannot read a 100 (RFC 9110, 10.1.1)
    head->expects_continue = head->minor == 1 && headers_count(headers, SLICE("Expect")) == 1;
    head->upgrade = (struct slice){0};
    if (headers_have_token(headers, connection, SLICE("upgrade"))) {
        head->upgrade = headers_get(headers, SLICE("Upgrade"));
    }
}

int request_check(struct request_head *head, struct http_problem *why)
{
    static int (*const checks[])(const struct request_head *, struct http_problem *) = {
        check_method,
        check_target,
        check_fields,
        check_host,
        check_single_fields,
        check_content_length,
        check_transfer_encoding,
        check_body_fits_method,
        check_content_encoding,
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
    fill(head);
    return 0;
}
