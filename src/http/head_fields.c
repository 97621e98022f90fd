/*
 * The fields of a head as we read them, and llhttp's only user, see head_fields.h. Its parse is
 * stopped in on_headers_complete, so its ideas about bodies, CONNECT and upgrades never matter.
 */
#include "http/head_fields.h"

#include <errno.h>

#include <llhttp.h>

#include "http/grammar.h"

#include "base/banned.h"

bool head_cut_line(struct slice *head, struct slice *line)
{
    if (!slice_cut(*head, '\n', line, head) || !slice_ends_with(*line, SLICE("\r"))) {
        return false;
    }
    line->len--;
    return true;
}

static int read_field(struct slice line, struct http_headers *headers, struct http_problem *why)
{
    struct slice name;
    struct slice value;
    bool cut = slice_cut(line, ':', &name, &value);
    enum header_id id = header_identify(name);
    // A name that is known as a whole is one.
    bool is_known = id != HEADER_OTHER && id != HEADER_PROXY;

    if (!cut || (!is_known && !grammar_is_token(name))) {
        return http_refuse(why, 400, "a header field name is not a token");
    }
    value = slice_trim(value);
    if (!grammar_is_value(value)) {
        return http_refuse(why, 400, "a header field value contains control bytes");
    }
    if (!headers_add(headers, id, name, value)) {
        return http_refuse(why, 431, "the head has too many header fields");
    }
    return 0;
}

int head_read_fields(struct slice rest, struct http_headers *headers, struct http_problem *why)
{
    struct slice line;

    headers_clear(headers);
    while (head_cut_line(&rest, &line)) {
        if (line.len == 0) {
            return rest.len == 0 ? 0 : http_refuse(why, 400, "unexpected bytes follow the head");
        }
        int err = read_field(line, headers, why);

        if (err < 0) {
            return err;
        }
    }
    return http_refuse(why, 400, "the head is incomplete");
}

struct second_reading {
    const struct http_headers *headers; /* as we read them */
    struct slice target;
    bool complete;
    size_t names; /* how many fields were the same */
    size_t values;
};

/* Whether the two readings of a text are the same bytes at the same place. */
static bool head_fields_same_place(struct slice ours, struct slice theirs)
{
    return ours.len == theirs.len && (ours.len == 0 || ours.ptr == theirs.ptr);
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct second_reading *reading = parser->data;

    reading->target = (struct slice){at, len};
    return 0;
}

/* A field without a value may or may not have had its callback for that. */
static bool values_are_told(const struct second_reading *reading)
{
    return reading->values == reading->names ||
           reading->headers->item[reading->names - 1].value.len == 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t len)
{
    struct second_reading *reading = parser->data;
    size_t i = reading->names;

    if (i == reading->headers->count || !values_are_told(reading) ||
        !head_fields_same_place(reading->headers->item[i].name, (struct slice){at, len})) {
        return HPE_USER;
    }
    reading->names++;
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t len)
{
    struct second_reading *reading = parser->data;
    size_t i = reading->names;

    if (i == 0 || !head_fields_same_place(reading->headers->item[i - 1].value,
                                          slice_trim((struct slice){at, len}))) {
        return HPE_USER;
    }
    reading->values = i;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct second_reading *reading = parser->data;

    reading->complete = true;
    return HPE_PAUSED;
}

static const char *sentence_for(llhttp_errno_t error)
{
    switch (error) {
    case HPE_INVALID_METHOD:
        return "the method is unknown (methods are upper-case)";
    case HPE_INVALID_URL:
        return "the request target contains invalid bytes";
    case HPE_INVALID_HEADER_TOKEN:
        return "a header field contains invalid bytes";
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH:
        return "Content-Length is invalid, sent twice, or sent with Transfer-Encoding";
    case HPE_INVALID_TRANSFER_ENCODING:
        return "Transfer-Encoding is not chunked";
    default: // llhttp's list, which grows with its versions
        return "the head is not valid HTTP/1.1";
    }
}

static llhttp_errno_t run_llhttp(struct slice head, llhttp_t *parser)
{
    static const llhttp_settings_t settings = {
        .on_url = on_url,
        .on_header_field = on_header_field,
        .on_header_value = on_header_value,
        .on_headers_complete = on_headers_complete,
    };
    struct second_reading *reading = parser->data;

    llhttp_init(parser, HTTP_REQUEST, &settings);
    parser->data = reading;
    llhttp_errno_t error = llhttp_execute(parser, head.ptr, head.len);

    if (reading->complete && llhttp_get_error_pos(parser) != head.ptr + head.len) {
        // it took some earlier place for the end of the head
        return HPE_INTERNAL;
    }
    return error;
}

int head_read_again(struct slice head, const struct request_head *ours, struct http_problem *why)
{
    struct second_reading reading = {.headers = &ours->headers};
    llhttp_t parser = {.data = &reading};
    llhttp_errno_t error = run_llhttp(head, &parser);

    if (error == HPE_USER) {
        return http_refuse(why, 400, "a header field is ambiguous");
    }
    if (error != HPE_PAUSED || !reading.complete) {
        return http_refuse(why, 400, sentence_for(error));
    }
    if (reading.names != ours->headers.count || !values_are_told(&reading)) {
        return http_refuse(why, 400, "a header field is ambiguous");
    }
    if (!head_fields_same_place(ours->target, reading.target) ||
        llhttp_get_http_minor(&parser) != ours->minor) {
        return http_refuse(why, 400, "the start line is ambiguous");
    }
    return 0;
}
