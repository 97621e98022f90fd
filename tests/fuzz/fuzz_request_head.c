/*
 * Any bytes as the start of a connection: what is accepted in the end has one
 * reading, and written anew it is read the same.
 */
#include "http/head_writer.h"
#include "support/heads.h"

/* What is taken with LF alone is, with CR LF, one head to who insists on that. */
static void check_any_lines(struct slice bytes)
{
    static const struct head_limits any = {.bytes = HTTP_HEAD_MAX_BYTES, .lines = HEAD_LINES_ANY};
    static const struct head_limits strict = {.bytes = 2 * HTTP_HEAD_MAX_BYTES};
    struct http_problem why = {0};
    struct slice head = {0};
    struct arena arena;
    size_t scanned = 0;
    size_t len = 0;
    bool changed = false;

    enum head_end end = head_find_end(bytes, &any, &scanned, &len, &why);
    assert(scan_in_parts(bytes, any, 0, true, &len, &why) == end);
    if (end != HEAD_COMPLETE) {
        return;
    }
    arena_init(&arena, 4UL * HTTP_HEAD_MAX_BYTES);
    assert(head_end_lines(slice_head(bytes, len), &arena, &head, &changed) == 0);
    assert(changed == (head.len != len));
    scanned = 0;
    assert(head_find_end(head, &strict, &scanned, &len, &why) == HEAD_COMPLETE);
    assert(len == head.len);
    arena_deinit(&arena);
}

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_no_line_end(struct slice text)
{
    assert(slice_find(text, '\r') == text.len && slice_find(text, '\n') == text.len &&
           slice_find(text, '\0') == text.len);
}

static void check_accepted(const struct request_head *head)
{
    size_t lengths = count_fields(&head->headers, SLICE("Content-Length"));
    size_t codings = count_fields(&head->headers, SLICE("Transfer-Encoding"));

    check_no_line_end(head->method);
    check_no_line_end(head->target);
    assert(slice_starts_with(head->target, SLICE("/")) && head->minor <= 1);
    for (size_t i = 0; i < head->headers.count; i++) {
        check_no_line_end(head->headers.item[i].name);
        check_no_line_end(head->headers.item[i].value);
        assert(head->headers.item[i].name.len > 0);
    }
    assert(lengths + codings <= 1);
    assert((head->framing == BODY_CHUNKED) == (codings == 1));
    assert((head->framing == BODY_LENGTH) == (lengths == 1));
}

static void write_again(const struct request_head *head, struct buf *out)
{
    assert(head_write_request_line(out, head->method, head->target) == 0);
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct http_header *field = &head->headers.item[i];
        // the start line brings its own
        if (!slice_eq_nocase(field->name, SLICE("Host"))) {
            assert(head_write_field(out, field->name, field->value) == 0);
        }
    }
    assert(head_write_end(out) == 0);
}

static void check_same(const struct request_head *head, const struct request_head *again)
{
    size_t at = 1; // after Host

    assert(slice_eq(head->method, again->method) && slice_eq(head->target, again->target));
    assert(head->framing == again->framing && head->content_length == again->content_length);
    assert(slice_eq(head->upgrade, again->upgrade));
    // a 1.0 request has become one of 1.1, where these mean something else
    assert(head->minor == 0 || (head->keep_alive == again->keep_alive &&
                                head->expects_continue == again->expects_continue));
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct http_header *field = &head->headers.item[i];
        if (!slice_eq_nocase(field->name, SLICE("Host"))) {
            assert(slice_eq(field->name, again->headers.item[at].name));
            assert(slice_eq(field->value, again->headers.item[at].value));
            at++;
        }
    }
    assert(at == again->headers.count);
}

static void check_rewritten(const struct request_head *head)
{
    struct request_head again = {0};
    struct http_problem why = {0};
    struct buf out;

    if (count_fields(&head->headers, SLICE("Host")) == 0 &&
        head->headers.count == HTTP_MAX_HEADERS) {
        return; // Host would be the one field too many
    }
    buf_init(&out, HTTP_HEAD_MAX_BYTES * 2);
    write_again(head, &out);
    assert(head_parse_request(buf_slice(&out), &again, &why) == 0);
    assert(request_check(&again, &why) == 0);
    check_same(head, &again);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct head_limits limits = {.bytes = HTTP_HEAD_MAX_BYTES};
    struct slice bytes = {(const char *)data, size};
    struct http_problem why = {0};
    struct request_head head = {0};
    size_t scanned = 0;
    size_t len = 0;
    size_t len_in_parts = 0;

    enum head_end end = head_find_end(bytes, &limits, &scanned, &len, &why);
    assert(scan_in_parts(bytes, limits, 0, true, &len_in_parts, &why) == end);
    assert(len == len_in_parts);
    check_any_lines(bytes);
    // a head that was not scanned must be as harmless
    int err = head_parse_request(bytes, &head, &why);
    assert(err < 0 || (end == HEAD_COMPLETE && len == size));
    if (end == HEAD_COMPLETE) {
        err = head_parse_request(slice_head(bytes, len), &head, &why);
        err = err < 0 ? err : request_check(&head, &why);
    }
    if (err < 0) {
        assert(why.status >= 400 && why.sentence && why.sentence[0]);
        return 0;
    }
    check_accepted(&head);
    check_rewritten(&head);
    return 0;
}
