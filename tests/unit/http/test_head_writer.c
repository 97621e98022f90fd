/* Heads from data, and nothing injected into them. */
#include "http/head_writer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "http/head_fields.h"
#include "support/heads.h"

#define EXPECT_TEXT(buf, text) \
    cr_expect(slice_eq(buf_slice(&(buf)), SLICE(text)), "got %.*s", SLICE_ARGS(buf_slice(&(buf))))

Test(head_writer, writes_a_request_that_reads_back_the_same)
{
    CLEANUP(buf_deinit) struct buf out;
    struct request_head head = {0};
    struct http_problem why = {0};

    buf_init(&out, 4096);
    cr_assert_eq(head_write_request_line(&out, SLICE("POST"), SLICE("/a?b=c")), 0);
    cr_assert_eq(head_write_field(&out, SLICE("X-A"), SLICE("b\tc \xc3\xa9")), 0);
    cr_assert_eq(head_write_field(&out, SLICE("X-Empty"), SLICE("")), 0);
    cr_assert_eq(head_write_framing(&out, BODY_LENGTH, 999999999999999), 0);
    cr_assert_eq(head_write_end(&out), 0);
    EXPECT_TEXT(out, "POST /a?b=c HTTP/1.1\r\nHost: docker\r\nX-A: b\tc \xc3\xa9\r\nX-Empty: \r\n"
                     "Content-Length: 999999999999999\r\n\r\n");
    cr_assert_eq(read_request(buf_slice(&out), &head, &why), 0, "%s", why.sentence);
    cr_assert_eq(head.content_length, 999999999999999);
    cr_assert(slice_eq(head.headers.item[1].value, SLICE("b\tc \xc3\xa9")));
}

Test(head_writer, writes_no_start_line_that_could_be_two_lines)
{
    static const struct {
        struct slice method;
        struct slice target;
        int err;
    } cases[] = {
        {SLICE_INIT("GET"), SLICE_INIT("/"), 0},
        {SLICE_INIT("get"), SLICE_INIT("/"), -EINVAL},
        {SLICE_INIT(""), SLICE_INIT("/"), -EINVAL},
        {SLICE_INIT("GET /x HTTP/1.1\r\nA:"), SLICE_INIT("/"), -EINVAL},
        {SLICE_INIT("GET"), SLICE_INIT(""), -EINVAL},
        {SLICE_INIT("GET"), SLICE_INIT("a"), -EINVAL},
        {SLICE_INIT("GET"), SLICE_INIT("/ HTTP/1.1"), -EINVAL},
        {SLICE_INIT("GET"), SLICE_INIT("/\r\nA: b"), -EINVAL},
        {SLICE_INIT("GET"), SLICE_INIT("/\xc3\xa9"), -EINVAL},
        {SLICE_INIT("GET"), SLICE_INIT("/a\0"), -EINVAL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, 4096);
        cr_expect_eq(head_write_request_line(&out, cases[i].method, cases[i].target), cases[i].err,
                     "case %zu", i);
        cr_expect_eq(out.len > 0, cases[i].err == 0, "case %zu", i);
    }
}

Test(head_writer, refuses_fields_that_would_inject)
{
    static const struct {
        struct slice name;
        struct slice value;
        int err;
    } cases[] = {
        {SLICE_INIT("A"), SLICE_INIT("b"), 0},
        {SLICE_INIT("A"), SLICE_INIT("b\r\nC: d"), -EINVAL},
        {SLICE_INIT("A"), SLICE_INIT("b\n"), -EINVAL},
        {SLICE_INIT("A"), SLICE_INIT("b\rc"), -EINVAL},
        {SLICE_INIT("A"), SLICE_INIT("b\0c"), -EINVAL},
        {SLICE_INIT("A"), SLICE_INIT("\x7f"), -EINVAL},
        {SLICE_INIT(""), SLICE_INIT("b"), -EINVAL},
        {SLICE_INIT("A:"), SLICE_INIT("b"), -EINVAL},
        {SLICE_INIT("A "), SLICE_INIT("b"), -EINVAL},
        {SLICE_INIT("A\r\nB"), SLICE_INIT("b"), -EINVAL},
        {SLICE_INIT(" A"), SLICE_INIT("b"), -EINVAL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, 4096);
        cr_assert_eq(buf_append(&out, SLICE("x")), 0);
        cr_expect_eq(head_write_field(&out, cases[i].name, cases[i].value), cases[i].err,
                     "case %zu", i);
        cr_expect_eq(out.len, cases[i].err == 0 ? 7 : 1, "case %zu", i);
    }
}

/* However it was written, and wherever its value stands. */
Test(head_writer, copies_fields_in_one_form)
{
    static const char *const sent[] = {"Name: value\r\n", "Name:value\r\n", "Name:  value\r\n",
                                       "Name:\tvalue\r\n", "Name: value \t\r\n"};
    struct buf out;

    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
        struct http_headers headers;
        struct http_problem why = {0};
        char head[64];

        snprintf(head, sizeof(head), "%sNone:\r\nSpace: \r\n\r\n", sent[i]);
        cr_assert_eq(head_read_fields(slice_from(head), &headers, &why), 0);
        buf_clear(&out);
        for (size_t field = 0; field < headers.count; field++) {
            cr_assert_eq(head_copy_field(&out, &headers.item[field]), 0);
        }
        cr_expect(slice_eq(buf_slice(&out), SLICE("Name: value\r\nNone: \r\nSpace: \r\n")), "%s",
                  sent[i]);
    }
    buf_deinit(&out);
}

/* A name and a value that were copied apart, one behind the other, with a space between them. */
Test(head_writer, copies_fields_whose_parts_only_happen_to_be_neighbours)
{
    static const char parts[] = "X-Reference-Id\0 value";
    const struct http_header field = {.name = {parts, 14}, .value = {parts + 16, 5}};
    struct buf out;

    buf_init(&out, 4096);
    cr_assert_eq(head_copy_field(&out, &field), 0);
    EXPECT_TEXT(out, "X-Reference-Id: value\r\n");
    buf_deinit(&out);
}

Test(head_writer, writes_status_lines_with_a_reason)
{
    CLEANUP(buf_deinit) struct buf out;

    buf_init(&out, 4096);
    cr_assert_eq(head_write_status_line(&out, 200, SLICE("")), 0);
    cr_assert_eq(head_write_status_line(&out, 101, SLICE("UPGRADED")), 0);
    cr_assert_eq(head_write_status_line(&out, 599, SLICE("")), 0);
    EXPECT_TEXT(out, "HTTP/1.1 200 OK\r\nHTTP/1.1 101 UPGRADED\r\nHTTP/1.1 599 \r\n");
    cr_assert_eq(head_write_status_line(&out, 99, SLICE("")), -EINVAL);
    cr_assert_eq(head_write_status_line(&out, 600, SLICE("")), -EINVAL);
    cr_assert_eq(head_write_status_line(&out, 1200, SLICE("")), -EINVAL);
    cr_assert_eq(head_write_status_line(&out, 200, SLICE("OK\r\nA: b")), -EINVAL);
    EXPECT_TEXT(out, "HTTP/1.1 200 OK\r\nHTTP/1.1 101 UPGRADED\r\nHTTP/1.1 599 \r\n");
}

Test(head_writer, writes_framing_for_the_two_framings_that_have_a_field)
{
    CLEANUP(buf_deinit) struct buf out;

    buf_init(&out, 4096);
    cr_assert_eq(head_write_framing(&out, BODY_NONE, 5), 0);
    cr_assert_eq(head_write_framing(&out, BODY_UNTIL_EOF, 5), 0);
    cr_assert_eq(out.len, 0);
    cr_assert_eq(head_write_framing(&out, BODY_LENGTH, 0), 0);
    cr_assert_eq(head_write_framing(&out, BODY_CHUNKED, 5), 0);
    EXPECT_TEXT(out, "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n");
}

Test(head_writer, knows_the_fields_of_a_connection)
{
    static const struct slice hop[] = {
        SLICE_INIT("connection"), SLICE_INIT("Keep-Alive"),         SLICE_INIT("Proxy-Connection"),
        SLICE_INIT("TE"),         SLICE_INIT("Proxy-Authenticate"), SLICE_INIT("Trailer"),
        SLICE_INIT("UPGRADE"),    SLICE_INIT("Transfer-Encoding"),  SLICE_INIT("Content-Length"),
    };
    static const struct slice end_to_end[] = {
        SLICE_INIT("Content-Type"), SLICE_INIT("Proxy"), SLICE_INIT("Api-Version"), SLICE_INIT(""),
        SLICE_INIT("Trailers"),
    };

    for (size_t i = 0; i < sizeof(hop) / sizeof(hop[0]); i++) {
        cr_expect(header_is_hop_by_hop(header_identify(hop[i])), "%s", hop[i].ptr);
    }
    for (size_t i = 0; i < sizeof(end_to_end) / sizeof(end_to_end[0]); i++) {
        cr_expect_not(header_is_hop_by_hop(header_identify(end_to_end[i])), "%s",
                      end_to_end[i].ptr);
    }
}

Test(head_writer, writes_answers_that_docker_shows)
{
    struct slice body = SLICE("{\"message\":\"no\"}");
    CLEANUP(buf_deinit) struct buf out;

    buf_init(&out, 4096);
    cr_assert_eq(head_write_answer(&out, &(struct answer){.status = 403, .close = true}, body), 0);
    EXPECT_TEXT(out, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                     "Content-Length: 16\r\nConnection: close\r\n\r\n{\"message\":\"no\"}");
    buf_clear(&out);
    cr_assert_eq(head_write_answer(&out, &(struct answer){.status = 403, .to_head = true}, body),
                 0);
    EXPECT_TEXT(out, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                     "Content-Length: 16\r\n\r\n");
    buf_clear(&out);
    cr_assert_eq(head_write_answer(&out, &(struct answer){.status = 429, .retry_after_s = 7}, body),
                 0);
    EXPECT_TEXT(out, "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
                     "Content-Length: 16\r\nRetry-After: 7\r\n\r\n{\"message\":\"no\"}");
}

Test(head_writer, appends_all_or_nothing)
{
    struct slice body = SLICE("{}");
    CLEANUP(buf_deinit) struct buf whole;

    buf_init(&whole, 4096);
    cr_assert_eq(head_write_answer(&whole, &(struct answer){.status = 400, .close = true}, body),
                 0);
    for (size_t limit = 0; limit < whole.len; limit++) {
        CLEANUP(buf_deinit) struct buf out;
        buf_init(&out, limit);
        cr_expect_eq(head_write_answer(&out, &(struct answer){.status = 400, .close = true}, body),
                     -ENOBUFS, "limit %zu", limit);
        cr_expect_eq(out.len, 0, "limit %zu", limit);
    }
}

Test(head_writer, has_a_reason_for_every_status_of_ours)
{
    static const unsigned ours[] = {100, 400, 403, 404, 408, 413, 414, 415,
                                    417, 429, 431, 500, 502, 503, 504, 505};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        cr_expect_neq(http_reason(ours[i])[0], '\0', "%u", ours[i]);
    }
    cr_assert_eq(http_reason(599)[0], '\0');
}
