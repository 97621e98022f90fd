/*
 * Any bytes as the engine's answer (after one byte that says whether the request
 * was HEAD): what is accepted is framed in one way only and reads the same again.
 */
#include "http/head_writer.h"
#include "support/heads.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_framing(const struct response_head *head, bool to_head)
{
    size_t lengths = count_fields(&head->headers, SLICE("Content-Length"));
    size_t codings = count_fields(&head->headers, SLICE("Transfer-Encoding"));
    bool bodyless = to_head || head->status < 200 || head->status == 204 || head->status == 304;

    assert(head->status >= 100 && head->status <= 599 && head->minor <= 1);
    assert(lengths + codings <= 1);
    assert((head->framing == BODY_NONE) == bodyless);
    assert(bodyless || (head->framing == BODY_LENGTH) == (lengths == 1));
    assert(bodyless || (head->framing == BODY_CHUNKED) == (codings == 1));
    assert(head->framing != BODY_UNTIL_EOF || !head->keep_alive);
}

static void check_rewritten(const struct response_head *head, bool to_head)
{
    struct response_head again = {0};
    struct http_problem why = {0};
    struct buf out;

    buf_init(&out, HTTP_RESPONSE_HEAD_MAX_BYTES * 2);
    assert(head_write_status_line(&out, head->status, head->reason) == 0);
    for (size_t i = 0; i < head->headers.count; i++) {
        const struct http_header *field = &head->headers.item[i];
        assert(head_write_field(&out, field->name, field->value) == 0);
    }
    assert(head_write_end(&out) == 0);
    assert(head_parse_response(buf_slice(&out), to_head, &again, &why) == 0);
    assert(head->status == again.status && head->framing == again.framing);
    assert(head->content_length == again.content_length);
    assert(head->headers.count == again.headers.count);
    for (size_t i = 0; i < head->headers.count; i++) {
        assert(slice_eq(head->headers.item[i].value, again.headers.item[i].value));
    }
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct response_head head = {0};
    struct http_problem why = {0};

    if (size == 0) {
        return 0;
    }
    bool to_head = data[0] & 1;
    struct slice bytes = {(const char *)data + 1, size - 1};
    if (head_parse_response(bytes, to_head, &head, &why) < 0) {
        assert(why.status == 502 && why.sentence && why.sentence[0]);
        return 0;
    }
    check_framing(&head, to_head);
    check_rewritten(&head, to_head);
    return 0;
}
