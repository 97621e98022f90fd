/*
 * Heads written from data. What is not a field of a parsed head is checked, whoever made it: here
 * is the last place where an injected line end could be stopped.
 */
#include "http/head_writer.h"

#include <errno.h>
#include <string.h>

#include "http/grammar.h"

#include "base/banned.h"

enum { MAX_PARTS = 5 };

struct parts {
    struct slice item[MAX_PARTS]; /* empty ones add nothing */
};

/* All parts or none. */
static int append_parts(struct buf *out, const struct parts *parts)
{
    size_t len = 0;

    for (size_t i = 0; i < MAX_PARTS; i++) {
        len += parts->item[i].len;
    }
    int err = buf_reserve(out, len);

    for (size_t i = 0; err == 0 && i < MAX_PARTS; i++) {
        if (parts->item[i].len > 0) {
            memcpy(out->data + out->len, parts->item[i].ptr, parts->item[i].len);
            out->len += parts->item[i].len;
        }
    }
    return err;
}

int head_write_request_line(struct buf *out, struct slice method, struct slice target)
{
    if (!grammar_is_method(method) || !slice_starts_with(target, SLICE("/")) ||
        !grammar_is_printable(target)) {
        return -EINVAL;
    }
    // any Host will do on a unix socket; this is the one Docker's clients have long sent
    return append_parts(
        out, &(struct parts){{method, SLICE(" "), target, SLICE(" HTTP/1.1\r\nHost: docker\r\n")}});
}

int head_write_status_line(struct buf *out, unsigned status, struct slice reason)
{
    const char code[] = {(char)('0' + status / 100 % 10), (char)('0' + status / 10 % 10),
                         (char)('0' + status % 10)};

    if (status < 100 || status > 599 || !grammar_is_value(reason)) {
        return -EINVAL;
    }
    if (reason.len == 0) {
        reason = slice_from(http_reason(status));
    }
    return append_parts(
        out, &(struct parts){
                 {SLICE("HTTP/1.1 "), {code, sizeof(code)}, SLICE(" "), reason, SLICE("\r\n")}});
}

int head_write_field(struct buf *out, struct slice name, struct slice value)
{
    if (!grammar_is_token(name) || !grammar_is_value(value)) {
        return -EINVAL;
    }
    return append_parts(out, &(struct parts){{name, SLICE(": "), value, SLICE("\r\n")}});
}

/*
 * "Name: value" as nearly everybody writes it is there in one piece. Copies have a NUL behind the
 * name, wherever their values are.
 */
static bool is_in_one_piece(const struct http_header *field)
{
    const char *end = field->name.ptr + field->name.len;

    return end[0] == ':' && end[1] == ' ' && field->value.len > 0 && field->value.ptr == end + 2;
}

int head_copy_field(struct buf *out, const struct http_header *field)
{
    if (is_in_one_piece(field)) {
        struct slice piece = {field->name.ptr, field->name.len + 2 + field->value.len};

        return append_parts(out, &(struct parts){{piece, SLICE("\r\n")}});
    }
    return append_parts(out,
                        &(struct parts){{field->name, SLICE(": "), field->value, SLICE("\r\n")}});
}

static int write_length(struct buf *out, uint64_t content_length)
{
    int err = buf_append(out, SLICE("Content-Length: "));

    if (err == 0) {
        err = buf_append_number(out, content_length);
    }
    return err == 0 ? buf_append(out, SLICE("\r\n")) : err;
}

int head_write_framing(struct buf *out, enum body_framing framing, uint64_t content_length)
{
    switch (framing) {
    case BODY_LENGTH:
        return write_length(out, content_length);
    case BODY_CHUNKED:
        return buf_append(out, SLICE("Transfer-Encoding: chunked\r\n"));
    case BODY_NONE:
    case BODY_UNTIL_EOF:
        break;
    }
    return 0;
}

int head_write_end(struct buf *out)
{
    return buf_append(out, SLICE("\r\n"));
}

bool header_is_hop_by_hop(enum header_id id)
{
    static const uint32_t ids = 1U << HEADER_CONNECTION | 1U << HEADER_KEEP_ALIVE |
                                1U << HEADER_PROXY | 1U << HEADER_TE | 1U << HEADER_TRAILER |
                                1U << HEADER_TRANSFER_ENCODING | 1U << HEADER_UPGRADE |
                                1U << HEADER_HTTP2_SETTINGS | 1U << HEADER_CONTENT_LENGTH;

    return (ids >> id & 1) != 0;
}

static int write_retry_after(struct buf *out, unsigned seconds)
{
    return seconds > 0 ? buf_printf(out, "Retry-After: %u\r\n", seconds) : 0;
}

static int head_writer_write_answer(struct buf *out, const struct answer *answer,
                                    struct slice json_body)
{
    int err = head_write_status_line(out, answer->status, (struct slice){0});

    if (err == 0) {
        err = head_write_field(out, SLICE("Content-Type"), SLICE("application/json"));
    }
    if (err == 0) {
        err = head_write_framing(out, BODY_LENGTH, json_body.len);
    }
    if (err == 0) {
        err = write_retry_after(out, answer->retry_after_s);
    }
    if (err == 0 && answer->close) {
        err = head_write_field(out, SLICE("Connection"), SLICE("close"));
    }
    if (err == 0) {
        err = head_write_end(out);
    }
    if (err == 0 && !answer->to_head) {
        err = buf_append(out, json_body);
    }
    return err;
}

int head_write_answer(struct buf *out, const struct answer *answer, struct slice json_body)
{
    size_t before = out->len;
    int err = head_writer_write_answer(out, answer, json_body);

    if (err < 0) {
        out->len = before;
    }
    return err;
}

const char *http_reason(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "";
}
