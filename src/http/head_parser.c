/*
 * Start lines, and what a response says about its body. The fields are
 * head_fields.c's.   Source: RFC 9112, sections 3, 4 and 6.3.
 */
#include "http/head_parser.h"

#include <errno.h>

#include "http/grammar.h"
#include "http/head_fields.h"

#include "base/banned.h"

static const char no_start_line[] = "the start line is not \"METHOD target HTTP/1.1\"";

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* "HTTP/1.0" and "HTTP/1.1" only: Go serves 1.2 as 1.1, llhttp knows 0.9, 2.0 and RTSP. */
static int parse_version(struct slice version, unsigned *minor, struct http_problem *why)
{
    struct slice prefix = SLICE("HTTP/");
    const char *digits;

    if (version.len != prefix.len + 3 || !slice_starts_with(version, prefix)) {
        return http_refuse(why, 400, no_start_line);
    }
    digits = version.ptr + prefix.len;
    if (!is_digit(digits[0]) || digits[1] != '.' || !is_digit(digits[2])) {
        return http_refuse(why, 400, no_start_line);
    }
    if (digits[0] != '1' || (digits[2] != '0' && digits[2] != '1')) {
        return http_refuse(why, 505, "only HTTP/1.1 and HTTP/1.0 are supported");
    }
    *minor = digits[2] == '1' ? 1 : 0;
    return 0;
}

static bool is_http2_preface(struct slice line)
{
    return slice_starts_with(line, SLICE("PRI * HTTP/2"));
}

static int parse_request_line(struct slice line, struct request_head *out, struct http_problem *why)
{
    struct slice version;

    if (is_http2_preface(line)) {
        return http_refuse(why, 505,
                           "HTTP/2 is not supported here: use HTTP/1.1; for builds set "
                           "DOCKER_BUILDKIT=0, or allow build.buildkit in the policy");
    }
    if (!slice_cut(line, ' ', &out->method, &line) ||
        !slice_cut(line, ' ', &out->target, &version) || out->target.len == 0) {
        return http_refuse(why, 400, no_start_line);
    }
    if (!grammar_is_method(out->method)) {
        return http_refuse(why, 400, "the method is not an upper-case word");
    }
    if (!grammar_is_printable(out->target)) {
        return http_refuse(why, 400,
                           "the request target contains bytes that must be percent-encoded");
    }
    return parse_version(version, &out->minor, why);
}

int head_parse_request(struct slice head, struct request_head *out, struct http_problem *why)
{
    struct slice rest = head;
    struct slice line;

    if (!head_cut_line(&rest, &line)) {
        return http_refuse(why, 400, "the head is incomplete");
    }
    int err = parse_request_line(line, out, why);

    if (err == 0) {
        err = head_read_fields(rest, &out->headers, why);
    }
    return err == 0 ? head_read_again(head, out, why) : err;
}

/* "HTTP/1.1 200" with " OK" or " " or nothing after it; an old Go sends no reason at all. */
static int parse_status_line(struct slice line, struct response_head *out, struct http_problem *why)
{
    struct slice version;
    struct slice code;
    struct slice reason;

    slice_cut(line, ' ', &version, &line);
    int err = parse_version(version, &out->minor, why);
    if (err < 0) {
        return err;
    }
    slice_cut(line, ' ', &code, &reason);
    if (code.len != 3 || code.ptr[0] < '1' || code.ptr[0] > '5' || !is_digit(code.ptr[1]) ||
        !is_digit(code.ptr[2]) || !grammar_is_value(reason)) {
        return http_refuse(why, 502, "the status line of the response is invalid");
    }
    out->status = (unsigned)(code.ptr[0] - '0') * 100 + (unsigned)(code.ptr[1] - '0') * 10 +
                  (unsigned)(code.ptr[2] - '0');
    out->reason = reason;
    return 0;
}

static int read_transfer_encoding(const struct response_head *head, struct http_problem *why)
{
    const struct http_headers *headers = &head->headers;

    if (headers_repeat(headers, HEADER_TRANSFER_ENCODING) || head->minor == 0 ||
        headers_have(headers, HEADER_CONTENT_LENGTH) ||
        !slice_eq_nocase(headers_get(headers, HEADER_TRANSFER_ENCODING), SLICE("chunked"))) {
        return http_refuse(why, 502, "the framing of the response is ambiguous");
    }
    return 0;
}

/* What the fields alone say, before HEAD and the status are considered. */
static int read_framing(struct response_head *head, struct http_problem *why)
{
    const struct http_headers *headers = &head->headers;

    if (headers_have(headers, HEADER_TRANSFER_ENCODING)) {
        head->framing = BODY_CHUNKED;
        return read_transfer_encoding(head, why);
    }
    if (!headers_have(headers, HEADER_CONTENT_LENGTH)) {
        head->framing = BODY_UNTIL_EOF;
        return 0;
    }
    if (headers_repeat(headers, HEADER_CONTENT_LENGTH) ||
        grammar_parse_length(headers_get(headers, HEADER_CONTENT_LENGTH), &head->content_length) <
            0) {
        return http_refuse(why, 502, "the Content-Length of the response is invalid");
    }
    head->framing = BODY_LENGTH;
    return 0;
}

static bool has_no_body(unsigned status, bool to_head)
{
    return to_head || status < 200 || status == 204 || status == 304;
}

static bool response_keeps_alive(const struct response_head *head)
{
    if (head->framing == BODY_UNTIL_EOF ||
        headers_have_token(&head->headers, HEADER_CONNECTION, SLICE("close"))) {
        return false;
    }
    return head->minor == 1 ||
           headers_have_token(&head->headers, HEADER_CONNECTION, SLICE("keep-alive"));
}

static int parse_response(struct slice head, struct response_head *out, struct http_problem *why)
{
    struct slice line;

    out->content_length = 0;
    if (!head_cut_line(&head, &line)) {
        return http_refuse(why, 502, "the head is incomplete");
    }
    int err = parse_status_line(line, out, why);

    if (err == 0) {
        err = head_read_fields(head, &out->headers, why);
    }
    return err == 0 ? read_framing(out, why) : err;
}

int head_parse_response(struct slice head, bool to_head, struct response_head *out,
                        struct http_problem *why)
{
    int err = parse_response(head, out, why);
    if (err < 0) {
        why->status = 502; // whatever is wrong, it's the engine that sent it
        return err;
    }
    if (has_no_body(out->status, to_head)) {
        out->framing = BODY_NONE;
    }
    out->keep_alive = response_keeps_alive(out);
    return 0;
}
