/*
 * llhttp's only user, see head_fields.h. The parse is stopped in
 * on_headers_complete, so llhttp's ideas about bodies, CONNECT and upgrades
 * never matter.
 */
#include "http/head_fields.h"

#include <errno.h>

#include <llhttp.h>

#include "http/grammar.h"

#include "base/banned.h"

struct slice head_cut_line(struct slice *head)
{
    struct slice line;

    slice_cut(*head, '\n', &line, head);
    return slice_head(line, line.len > 0 ? line.len - 1 : 0);
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct head_reading *reading = parser->data;

    reading->target = (struct slice){at, len};
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct head_reading *reading = parser->data;
    struct http_headers *headers = reading->headers;

    if (headers->count == HTTP_MAX_HEADERS) {
        reading->too_many_fields = true;
        return HPE_USER;
    }
    headers->item[headers->count++] = (struct http_header){.name = {at, len}};
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
    struct head_reading *reading = parser->data;

    if (reading->headers->count == 0) {
        return HPE_USER;
    }
    reading->headers->item[reading->headers->count - 1].value = slice_trim((struct slice){at, len});
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct head_reading *reading = parser->data;

    reading->complete = true;
    return HPE_PAUSED;
}

static const char *sentence_for(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_METHOD:
        return "the method is unknown (methods are upper-case)";
    case HPE_INVALID_URL:
        return "the request target holds bytes that are not allowed there";
    case HPE_INVALID_HEADER_TOKEN:
        return "a header field holds bytes that are not allowed there";
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
        return "Content-Length is invalid, sent twice, or sent with Transfer-Encoding";
    case HPE_INVALID_TRANSFER_ENCODING:
        return "Transfer-Encoding is something else than chunked";
    default: // llhttp's list, which grows with its versions
        return "the head is no valid HTTP/1.1";
    }
}

/* Whether the two readings of a field are the same bytes at the same place. */
static bool same_place(struct slice ours, struct slice theirs)
{
    return ours.len == theirs.len && (ours.len == 0 || ours.ptr == theirs.ptr);
}

static int check_field(struct slice line, const struct http_header *theirs,
                       struct http_problem *why)
{
    struct slice name;
    struct slice value;

    if (!slice_cut(line, ':', &name, &value) || !grammar_is_token(name)) {
        return http_refuse(why, 400, "a header field name is no token");
    }
    value = slice_trim(value);
    if (!grammar_is_value(value)) {
        return http_refuse(why, 400, "a header field value holds control bytes");
    }
    if (!same_place(name, theirs->name) || !same_place(value, theirs->value)) {
        return http_refuse(why, 400, "a header field could be read in two ways");
    }
    return 0;
}

/* `head` without its start line. */
static int check_fields(struct slice head, const struct http_headers *theirs,
                        struct http_problem *why)
{
    struct slice line = head_cut_line(&head);

    for (size_t i = 0; i < theirs->count; i++) {
        int err = check_field(line, &theirs->item[i], why);
        if (err < 0) {
            return err;
        }
        line = head_cut_line(&head);
    }
    if (line.len > 0 || head.len > 0) {
        return http_refuse(why, 400, "a header field could be read in two ways");
    }
    return 0;
}

static llhttp_errno_t run_llhttp(enum head_kind kind, struct slice head,
                                 struct head_reading *reading)
{
    llhttp_settings_t settings;
    llhttp_t parser;

    llhttp_settings_init(&settings);
    settings.on_url = on_url;
    settings.on_header_field = on_header_field;
    settings.on_header_value = on_header_value;
    settings.on_headers_complete = on_headers_complete;
    llhttp_init(&parser, kind == HEAD_OF_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = reading;

    llhttp_errno_t error = llhttp_execute(&parser, head.ptr, head.len);
    reading->minor = llhttp_get_http_minor(&parser);
    reading->status = (unsigned)llhttp_get_status_code(&parser);
    if (reading->complete && llhttp_get_error_pos(&parser) != head.ptr + head.len) {
        // it took some earlier place for the end of the head
        return HPE_INTERNAL;
    }
    return error;
}

int head_fields_read(enum head_kind kind, struct slice head, struct head_reading *out,
                     struct http_problem *why)
{
    llhttp_errno_t error = run_llhttp(kind, head, out);

    if (out->too_many_fields) {
        return http_refuse(why, 431, "the head has too many fields");
    }
    if (error != HPE_PAUSED || !out->complete) {
        return http_refuse(why, 400, sentence_for(error));
    }
    struct slice rest = head;
    head_cut_line(&rest);
    return check_fields(rest, out->headers, why);
}
