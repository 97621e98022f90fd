/* What is refused although the parser takes it; each with its harmless twin. */
#include <criterion/criterion.h>

#include "support/heads.h"

#define HOST "Host: d\r\n"
#define POST "POST /a HTTP/1.1\r\n" HOST
#define GET "GET /a HTTP/1.1\r\n" HOST
#define END "\r\n"

static const struct {
    struct slice head;
    unsigned status; /* 0: accepted */
} cases[] = {
    /* versions and methods */
    {SLICE_INIT(GET END), 0},
    {SLICE_INIT("GET /a HTTP/1.0\r\n" END), 0},
    {SLICE_INIT("GET /a HTTP/1.2\r\n" HOST END), 505},
    {SLICE_INIT("PRI * HTTP/2.0\r\n\r\n"), 505},
    {SLICE_INIT("get /a HTTP/1.1\r\n" HOST END), 400},
    {SLICE_INIT("DELETE /a HTTP/1.1\r\n" HOST END), 0},
    /* target form */
    {SLICE_INIT("GET http://x/a HTTP/1.1\r\n" HOST END), 400},
    {SLICE_INIT("GET foo://x/a HTTP/1.1\r\n" HOST END), 400},
    {SLICE_INIT("OPTIONS * HTTP/1.1\r\n" HOST END), 400},
    {SLICE_INIT("CONNECT d:80 HTTP/1.1\r\n" HOST END), 400},
    /* Host */
    {SLICE_INIT("GET /a HTTP/1.1\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: d\r\nhost: d\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.0\r\nHost: d\r\nHost: e\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost:\r\n" END), 0},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: api.moby.localhost\r\n" END), 0},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: [::1]:2375\r\n" END), 0},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: %2Fvar%2Frun%2Fdocker.sock\r\n" END), 0},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: a b\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: a\tb\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: a/b\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: u@b\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: a?b\r\n" END), 400},
    {SLICE_INIT("GET /a HTTP/1.1\r\nHost: \xc3\xa9\r\n" END), 400},
    /* framing */
    {SLICE_INIT(POST END), 0},
    {SLICE_INIT(POST "Content-Length: 5\r\n" END), 0},
    {SLICE_INIT(POST "Content-Length: 0005 \r\n" END), 0},
    {SLICE_INIT(POST "Content-Length: 999999999999999\r\n" END), 0},
    {SLICE_INIT(POST "Content-Length: 1000000000000000\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length:\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: +5\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: -5\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 0x5\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 5.0\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 5 5\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 5, 5\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 5\r\nContent-Length: 5\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 5\r\ncontent-length: 6\r\n" END), 400},
    {SLICE_INIT(POST "Content_Length: 5\r\n" END), 0},
    {SLICE_INIT(POST "Transfer-Encoding: chunked\r\n" END), 0},
    {SLICE_INIT(POST "Transfer-Encoding:\tCHUNKED\r\n" END), 0},
    {SLICE_INIT(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding: xchunked\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding: identity\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding: gzip, chunked\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding: chunked,\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding: chunked;a=b\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding:\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END), 400},
    {SLICE_INIT(POST "Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n" END), 400},
    {SLICE_INIT("POST /a HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" END), 400},
    {SLICE_INIT("POST /a HTTP/1.0\r\n" HOST "Content-Length: 5\r\n" END), 0},
    /* a body where none belongs: policy/judge/decide_body.c looks at it */
    {SLICE_INIT(GET "Content-Length: 0\r\n" END), 0},
    {SLICE_INIT(GET "Content-Length: 5\r\n" END), 0},
    {SLICE_INIT(GET "Transfer-Encoding: chunked\r\n" END), 0},
    {SLICE_INIT("HEAD /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END), 0},
    {SLICE_INIT("DELETE /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END), 0},
    {SLICE_INIT("PUT /a HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END), 0},
    /* encodings and types */
    {SLICE_INIT(POST "Content-Encoding: identity\r\n" END), 0},
    {SLICE_INIT(POST "Content-Encoding: gzip\r\n" END),
     0}, // policy/judge/decide_media.c looks at it
    {SLICE_INIT(POST "Content-Encoding: identity\r\nContent-Encoding: gzip\r\n" END), 400},
    {SLICE_INIT(POST "Content-Type: application/json; charset=utf-8\r\n" END), 0},
    {SLICE_INIT(POST "Content-Type: application/x-tar\r\n" END), 0},
    {SLICE_INIT(POST "Content-Type: text/plain\r\nContent-Type: text/plain\r\n" END), 400},
    {SLICE_INIT(POST "Content-Type: application/x-www-form-urlencoded\r\n"
                     "Content-Length: 0\r\n" END),
     0},
    {SLICE_INIT(POST "Content-Length: 1\r\n"
                     "Content-Type: application/x-www-form-urlencoded\r\n" END),
     400},
    {SLICE_INIT(
         POST
         "Transfer-Encoding: chunked\r\nContent-Type: Application/X-WWW-Form-urlencoded;;\r\n" END),
     400},
    {SLICE_INIT(
         POST
         "Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=X\r\n" END),
     400},
    {SLICE_INIT(POST "Transfer-Encoding: chunked\r\nContent-Type: MULTIPART/mixed\r\n" END), 400},
    {SLICE_INIT(POST "Content-Length: 1\r\nContent-Type: \xc2\xa0"
                     "application/x-www-form-urlencoded\r\n" END),
     400},
    /* Expect */
    {SLICE_INIT(POST "Expect: 100-continue\r\n" END), 0},
    {SLICE_INIT(POST "Expect: 100-Continue\r\n" END), 0},
    {SLICE_INIT(POST "Expect: 200-ok\r\n" END), 417},
    {SLICE_INIT(POST "Expect:\r\n" END), 417},
    {SLICE_INIT(POST "Expect: 100-continue\r\nExpect: 100-continue\r\n" END), 417},
    /* Connection */
    {SLICE_INIT(GET "Connection: keep-alive, Upgrade\r\nUpgrade: tcp\r\n" END), 0},
    {SLICE_INIT(GET "Connection: TE,, close\r\nTE: trailers\r\n" END), 0},
    {SLICE_INIT(POST "Connection: Content-Length\r\nContent-Length: 5\r\n" END), 400},
    {SLICE_INIT(POST "Connection: close, transfer-encoding\r\n" END), 400},
    {SLICE_INIT(POST "Connection: close\r\nConnection: host\r\n" END), 400},
    {SLICE_INIT(POST "Connection: expect\r\n" END), 400},
    {SLICE_INIT(POST "Connection: content-type\r\n" END), 400},
    {SLICE_INIT(POST "Connection: X-Registry-Auth\r\n" END), 400},
    {SLICE_INIT(POST "Connection: close content-length\r\n" END), 400},
    {SLICE_INIT(GET "Connection: Upgrade\r\nUpgrade: h2c\r\n" END), 0},
    {SLICE_INIT(GET "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                    "HTTP2-Settings: AAMA\r\n" END),
     0},
    {SLICE_INIT(GET "HTTP2-Settings: AAMA\r\n" END), 0},
    /* single-valued fields that are passed on */
    {SLICE_INIT(GET "User-Agent: a\r\nX-Registry-Auth: e30=\r\nX-Registry-Config: e30=\r\n" END),
     0},
    {SLICE_INIT(GET "User-Agent: a\r\nuser-agent: a\r\n" END), 400},
    {SLICE_INIT(GET "X-Registry-Auth: a\r\nX-Registry-Auth: b\r\n" END), 400},
    {SLICE_INIT(GET "X-Registry-Config: a\r\nX-Registry-Config: b\r\n" END), 400},
    {SLICE_INIT(GET "Upgrade: tcp\r\nUpgrade: h2c\r\n" END), 400},
    {SLICE_INIT(GET "Sec-WebSocket-Key: a\r\nSec-WebSocket-Key: b\r\n" END), 400},
    /* fields of no concern */
    {SLICE_INIT(GET "Accept: a\r\nAccept: b\r\nProxy-Connection: x\r\nTE: gzip\r\n" END), 0},
    {SLICE_INIT(POST "Trailer: X\r\nTransfer-Encoding: chunked\r\n" END), 0},
    {SLICE_INIT(GET "X-High: \xc3\xa9\tb\r\n" END), 0},
};

Test(request_check, refuses_what_two_readers_could_take_differently)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct request_head head = {0};
        struct http_problem why = {0};
        int err = read_request(cases[i].head, &head, &why);
        cr_expect_eq(err, cases[i].status ? -EBADMSG : 0, "%s -> %d %s", cases[i].head.ptr, err,
                     why.sentence ? why.sentence : "");
        cr_expect_eq(why.status, cases[i].status, "%s -> %u %s", cases[i].head.ptr, why.status,
                     why.sentence ? why.sentence : "");
    }
}

static struct request_head head_with(struct slice name, struct slice value)
{
    struct request_head head = {.method = SLICE("POST"), .target = SLICE("/a"), .minor = 1};

    add_header(&head.headers, SLICE("Host"), SLICE("d"));
    add_header(&head.headers, name, value);
    return head;
}

Test(request_check, leaves_a_refused_head_as_it_was)
{
    struct request_head head = head_with(SLICE("Expect"), SLICE("x"));
    struct http_problem why = {0};

    cr_assert(add_header(&head.headers, SLICE("Content-Length"), SLICE("5")));
    cr_assert_eq(request_check(&head, &why), -EBADMSG);
    cr_assert_eq(head.framing, BODY_NONE);
    cr_assert_eq(head.content_length, 0);
    cr_assert_not(head.keep_alive);
}

static const struct {
    struct slice head;
    enum body_framing framing;
    uint64_t length;
    bool keep_alive;
    bool expects_continue;
    const char *upgrade;
} filled[] = {
    {SLICE_INIT(GET END), BODY_NONE, 0, true, false, ""},
    {SLICE_INIT(GET "Connection: close\r\n" END), BODY_NONE, 0, false, false, ""},
    {SLICE_INIT(GET "Connection: keep-alive, Close\r\n" END), BODY_NONE, 0, false, false, ""},
    {SLICE_INIT("GET /a HTTP/1.0\r\n" END), BODY_NONE, 0, false, false, ""},
    {SLICE_INIT("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n" END), BODY_NONE, 0, true, false,
     ""},
    {SLICE_INIT("GET /a HTTP/1.0\r\nConnection: keep-alive, close\r\n" END), BODY_NONE, 0, false,
     false, ""},
    {SLICE_INIT(POST "Content-Length: 0012\r\n" END), BODY_LENGTH, 12, true, false, ""},
    {SLICE_INIT(POST "Content-Length: 0\r\n" END), BODY_LENGTH, 0, true, false, ""},
    {SLICE_INIT(POST "Transfer-Encoding: Chunked\r\n" END), BODY_CHUNKED, 0, true, false, ""},
    {SLICE_INIT(POST "Expect: 100-continue\r\nContent-Length: 1\r\n" END), BODY_LENGTH, 1, true,
     true, ""},
    {SLICE_INIT("POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" END),
     BODY_LENGTH, 1, false, false, ""},
    {SLICE_INIT(POST "Connection: Upgrade\r\nUpgrade: tcp\r\n" END), BODY_NONE, 0, true, false,
     "tcp"},
    {SLICE_INIT(POST "Connection: upgrade\r\nUpgrade: h2c\r\n" END), BODY_NONE, 0, true, false,
     "h2c"},
    {SLICE_INIT(POST "Upgrade: tcp\r\n" END), BODY_NONE, 0, true, false, ""},
    {SLICE_INIT(POST "Connection: upgrade\r\n" END), BODY_NONE, 0, true, false, ""},
};

Test(request_check, tells_framing_and_what_becomes_of_the_connection)
{
    for (size_t i = 0; i < sizeof(filled) / sizeof(filled[0]); i++) {
        struct request_head head = {0};
        struct http_problem why = {0};
        cr_assert_eq(read_request(filled[i].head, &head, &why), 0, "case %zu: %s", i, why.sentence);
        cr_expect_eq(head.framing, filled[i].framing, "case %zu", i);
        cr_expect_eq(head.content_length, filled[i].length, "case %zu", i);
        cr_expect_eq(head.keep_alive, filled[i].keep_alive, "case %zu", i);
        cr_expect_eq(head.expects_continue, filled[i].expects_continue, "case %zu", i);
        cr_expect(slice_eq(head.upgrade, slice_from(filled[i].upgrade)), "case %zu", i);
    }
}
