/* Heads to data: what llhttp lets pass and we don't, and what must pass. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "support/heads.h"

static void expect_slice(struct slice got, const char *want, const char *what)
{
    cr_expect(slice_eq(got, slice_from(want)), "%s: got \"%.*s\"", what, SLICE_ARGS(got));
}

static int parse_request(struct slice head, struct request_head *out, struct http_problem *why)
{
    return head_parse_request(head, out, why);
}

Test(head_parser, reads_a_request_into_its_parts)
{
    struct slice head = SLICE("POST /v1.41/containers/create?name=a HTTP/1.1\r\n"
                              "Host: d\r\nX:\r\nY: \t\r\nZ:a b\t \r\nU: \xc3\xa9\r\n\r\n");
    struct request_head out = {0};
    struct http_problem why = {0};

    cr_assert_eq(parse_request(head, &out, &why), 0, "%s", why.sentence);
    expect_slice(out.method, "POST", "method");
    expect_slice(out.target, "/v1.41/containers/create?name=a", "target");
    cr_assert_eq(out.minor, 1);
    cr_assert_eq(out.headers.count, 5);
    expect_slice(out.headers.item[0].name, "Host", "name");
    expect_slice(out.headers.item[0].value, "d", "value");
    expect_slice(out.headers.item[1].value, "", "empty value");
    expect_slice(out.headers.item[2].value, "", "blank value");
    expect_slice(out.headers.item[3].value, "a b", "trimmed value");
    expect_slice(out.headers.item[4].value, "\xc3\xa9", "high bytes");
}

Test(head_parser, reads_http_1_0_and_a_request_without_fields)
{
    struct request_head out = {0};
    struct http_problem why = {0};

    cr_assert_eq(parse_request(SLICE("GET / HTTP/1.0\r\n\r\n"), &out, &why), 0);
    cr_assert_eq(out.minor, 0);
    cr_assert_eq(out.headers.count, 0);
}

static const struct {
    struct slice head;
    unsigned status;
} bad_requests[] = {
    /* line ends and folding: the scan refuses them here too */
    {SLICE_INIT("\r\nGET / HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\nHost: d\n\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n c\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nContent-Length: \r\n 5\r\n\r\n"), 400},
    /* not one complete head */
    {SLICE_INIT(""), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n\r\nx"), 400},
    /* start line */
    {SLICE_INIT("GET  / HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET /  HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1 \r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET /\tHTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET\t/ HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / x HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET /\r\n\r\n"), 400},
    {SLICE_INIT("GET / \r\n\r\n"), 400},
    {SLICE_INIT("GET HTTP/1.1\r\n\r\n"), 400},
    {SLICE_INIT("GET\r\n\r\n"), 400},
    {SLICE_INIT("GET / http/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.10\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/01.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1,1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/a.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / RTSP/1.0\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("SOURCE / ICE/1.0\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.2\r\nHost: d\r\n\r\n"), 505},
    {SLICE_INIT("GET / HTTP/0.9\r\nHost: d\r\n\r\n"), 505},
    {SLICE_INIT("GET / HTTP/2.0\r\nHost: d\r\n\r\n"), 505},
    {SLICE_INIT("GET / HTTP/3.1\r\nHost: d\r\n\r\n"), 505},
    {SLICE_INIT("PRI * HTTP/2.0\r\n\r\n"), 505},
    /* target: visible ASCII */
    {SLICE_INIT("GET /a\x0c HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET /a\0b HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET /a\x7f HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GET /\xc3\xa9 HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    /* method */
    {SLICE_INIT("get / HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("Get / HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("FOO / HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("DESCRIBE / HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    {SLICE_INIT("GE(T / HTTP/1.1\r\nHost: d\r\n\r\n"), 400},
    /* fields */
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n: x\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost : d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHo st: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost\t: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nnocolon\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n\x80: d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n(a): d\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA: \x01\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA: x\x7f\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA: x\x0by\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA: x\0y\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA: x\ry\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA: 1234567890\ry\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA12345@67890: y\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA12345[67890: y\r\n\r\n"), 400},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\nA123456\r7890: y\r\n\r\n"), 400},
    {SLICE_INIT("POST / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: \x0b"
                "chunked\r\n\r\n"),
     400},
};

Test(head_parser, refuses_what_is_no_plain_request)
{
    for (size_t i = 0; i < sizeof(bad_requests) / sizeof(bad_requests[0]); i++) {
        struct request_head out = {.minor = 77};
        struct http_problem why = {0};
        cr_expect_eq(parse_request(bad_requests[i].head, &out, &why), -EBADMSG, "case %zu", i);
        cr_expect_eq(why.status, bad_requests[i].status, "case %zu: %u %s", i, why.status,
                     why.sentence ? why.sentence : "");
        cr_expect(why.sentence && why.sentence[0], "case %zu", i);
    }
}

Test(head_parser, tells_http2_clients_what_to_do)
{
    struct request_head out = {0};
    struct http_problem why = {0};

    cr_assert_eq(parse_request(SLICE("PRI * HTTP/2.0\r\n\r\n"), &out, &why), -EBADMSG);
    cr_assert(strstr(why.sentence, "HTTP/1.1"));
    cr_assert(strstr(why.sentence, "DOCKER_BUILDKIT=0"));
    cr_assert(strstr(why.sentence, "build.buildkit"));
}

/* "GET / HTTP/1.1", `fields` fields, end. */
static size_t many_fields(char *out, size_t size, size_t fields, const char *start)
{
    size_t len = (size_t)snprintf(out, size, "%s\r\n", start);

    for (size_t i = 0; i < fields; i++) {
        len += (size_t)snprintf(out + len, size - len, "A%zu: b\r\n", i);
    }
    return len + (size_t)snprintf(out + len, size - len, "\r\n");
}

Test(head_parser, takes_a_hundred_fields_and_no_more)
{
    char head[2048];
    struct request_head out = {0};
    struct response_head response = {0};
    struct http_problem why = {0};

    size_t len = many_fields(head, sizeof(head), HTTP_MAX_HEADERS, "GET / HTTP/1.1");
    cr_assert_eq(parse_request((struct slice){head, len}, &out, &why), 0);
    cr_assert_eq(out.headers.count, HTTP_MAX_HEADERS);
    len = many_fields(head, sizeof(head), HTTP_MAX_HEADERS + 1, "GET / HTTP/1.1");
    cr_assert_eq(parse_request((struct slice){head, len}, &out, &why), -EBADMSG);
    cr_assert_eq(why.status, 431);
    len = many_fields(head, sizeof(head), HTTP_MAX_HEADERS + 1, "HTTP/1.1 200 OK");
    cr_assert_eq(head_parse_response((struct slice){head, len}, false, &response, &why), -EBADMSG);
}

Test(head_parser, stops_at_the_end_of_a_head_that_upgrades)
{
    static const struct slice heads[] = {
        SLICE_INIT("POST /a HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
        SLICE_INIT("POST /a HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                   "Content-Length: 5\r\n\r\n"),
        SLICE_INIT("CONNECT d:80 HTTP/1.1\r\nHost: d\r\n\r\n"),
    };

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct request_head out = {0};
        struct http_problem why = {0};
        cr_expect_eq(parse_request(heads[i], &out, &why), 0, "case %zu: %s", i, why.sentence);
    }
}

static const struct {
    struct slice head;
    bool to_head;
    unsigned status;
    const char *reason;
    enum body_framing framing;
    uint64_t length;
    bool keep_alive;
} responses[] = {
    {SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), false, 200, "OK", BODY_LENGTH, 5,
     true},
    {SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), false, 200, "OK", BODY_LENGTH, 0,
     true},
    {SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), true, 200, "OK", BODY_NONE, 5,
     true},
    {SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), false, 200, "OK",
     BODY_CHUNKED, 0, true},
    {SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), true, 200, "OK",
     BODY_NONE, 0, true},
    {SLICE_INIT("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"), false, 200,
     "OK", BODY_LENGTH, 5, false},
    {SLICE_INIT("HTTP/1.1 200 OK\r\n\r\n"), false, 200, "OK", BODY_UNTIL_EOF, 0, false},
    {SLICE_INIT("HTTP/1.1 200\r\n\r\n"), false, 200, "", BODY_UNTIL_EOF, 0, false},
    {SLICE_INIT("HTTP/1.1 200 \r\n\r\n"), false, 200, "", BODY_UNTIL_EOF, 0, false},
    {SLICE_INIT("HTTP/1.1 409 a b  c\r\nContent-Length: 1\r\n\r\n"), false, 409, "a b  c",
     BODY_LENGTH, 1, true},
    {SLICE_INIT("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"), false, 200, "OK", BODY_LENGTH, 1,
     false},
    {SLICE_INIT("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n"), false,
     200, "OK", BODY_LENGTH, 1, true},
    {SLICE_INIT("HTTP/1.1 100 Continue\r\n\r\n"), false, 100, "Continue", BODY_NONE, 0, true},
    {SLICE_INIT("HTTP/1.1 204 No Content\r\n\r\n"), false, 204, "No Content", BODY_NONE, 0, true},
    {SLICE_INIT("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), false, 304,
     "Not Modified", BODY_NONE, 9, true},
    /* the two answers before a raw stream, as dockerd writes them */
    {SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"),
     false, 200, "OK", BODY_UNTIL_EOF, 0, false},
    {SLICE_INIT("HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
     false, 101, "UPGRADED", BODY_NONE, 0, true},
};

Test(head_parser, reads_what_the_engine_answers)
{
    for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
        struct response_head out = {0};
        struct http_problem why = {0};
        int err = head_parse_response(responses[i].head, responses[i].to_head, &out, &why);
        cr_expect_eq(err, 0, "case %zu: %s", i, why.sentence ? why.sentence : "");
        cr_expect_eq(out.status, responses[i].status, "case %zu: %u", i, out.status);
        expect_slice(out.reason, responses[i].reason, "reason");
        cr_expect_eq(out.framing, responses[i].framing, "case %zu: %d", i, out.framing);
        cr_expect_eq(out.content_length, responses[i].length, "case %zu", i);
        cr_expect_eq(out.keep_alive, responses[i].keep_alive, "case %zu", i);
    }
}

static const struct slice bad_responses[] = {
    SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n\r\n"),
    SLICE_INIT(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    SLICE_INIT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 2000 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 20 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 020 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 099 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 600 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 2x0 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1  200 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 \r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 a\x01\r\n\r\n"),
    SLICE_INIT("HTTP/1.2 200 OK\r\n\r\n"),
    SLICE_INIT("HTTP/2.0 200 OK\r\n\r\n"),
    SLICE_INIT("HTTP/0.9 200 OK\r\n\r\n"),
    SLICE_INIT("ICY 200 OK\r\n\r\n"),
    SLICE_INIT("\r\nHTTP/1.1 200 OK\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\n\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\n: b\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nA b\r\n\r\n"),
    SLICE_INIT("HTTP/1.1 200 OK\r\nA: b\r\n\r\nx"),
    SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n\r\n"),
};

Test(head_parser, never_guesses_where_a_response_ends)
{
    for (size_t i = 0; i < sizeof(bad_responses) / sizeof(bad_responses[0]); i++) {
        for (int to_head = 0; to_head < 2; to_head++) {
            struct response_head out;
            struct http_problem why = {0};
            cr_expect_eq(head_parse_response(bad_responses[i], to_head, &out, &why), -EBADMSG,
                         "case %zu", i);
            cr_expect_eq(why.status, 502, "case %zu: %u", i, why.status);
        }
    }
}
