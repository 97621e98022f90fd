/* Fields by number: how names become numbers, and looking them up. */
#include "http/message.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "support/heads.h"

static void fill(struct http_headers *headers)
{
    static const struct http_header fields[] = {
        {.name = SLICE_INIT("Host"), .value = SLICE_INIT("d")},
        {.name = SLICE_INIT("connection"), .value = SLICE_INIT("keep-alive,, \tUpgrade")},
        {.name = SLICE_INIT("Connection"), .value = SLICE_INIT("close")},
        {.name = SLICE_INIT("Content_Length"), .value = SLICE_INIT("5")},
        {.name = SLICE_INIT("Expect"), .value = {0}},
    };

    headers_clear(headers);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        cr_assert(add_header(headers, fields[i].name, fields[i].value));
    }
}

Test(message, every_name_has_its_number_in_any_case)
{
    static const struct slice names[] = {
        SLICE_INIT("te"),
        SLICE_INIT("HOST"),
        SLICE_INIT("expect"),
        SLICE_INIT("Origin"),
        SLICE_INIT("upgradE"),
        SLICE_INIT("Trailer"),
        SLICE_INIT("CONNECTION"),
        SLICE_INIT("keep-Alive"),
        SLICE_INIT("user-agent"),
        SLICE_INIT("API-Version"),
        SLICE_INIT("content-type"),
        SLICE_INIT("content-length"),
        SLICE_INIT("http2-Settings"),
        SLICE_INIT("x-registry-auth"),
        SLICE_INIT("CONTENT-ENCODING"),
        SLICE_INIT("transfer-encoding"),
        SLICE_INIT("X-REGISTRY-CONFIG"),
        SLICE_INIT("sec-websocket-key"),
        SLICE_INIT("SEC-WebSocket-Version"),
        SLICE_INIT("proxy-Authorization"),
    };

    cr_assert_eq(sizeof(names) / sizeof(names[0]), HEADER_IDS - 1);
    for (unsigned i = 0; i < HEADER_IDS - 1; i++) {
        cr_expect_eq(header_identify(names[i]), i + 1, "%s", names[i].ptr);
    }
}

Test(message, no_other_name_has_one)
{
    static const struct slice names[] = {
        SLICE_INIT(""),
        SLICE_INIT("Hos"),
        SLICE_INIT("Hosts"),
        SLICE_INIT("Proxy"),
        SLICE_INIT("XE"),
        SLICE_INIT("Content_Length"),
        SLICE_INIT("Accept"),
        SLICE_INIT("Content-Len"),
        SLICE_INIT("Content-Lengtl"),
        SLICE_INIT("Connectio\0"),
        SLICE_INIT("\x48ost "),
        SLICE_INIT("Sec-WebSocket-Versionsss"),
        SLICE_INIT("\xe2\x84\xaa"
                   "eep-Alive"),
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cr_expect_eq(header_identify(names[i]), HEADER_OTHER, "%s", names[i].ptr);
    }
}

Test(message, finds_the_first_field_of_a_name)
{
    struct http_headers headers;

    fill(&headers);
    cr_assert(slice_eq(headers_get(&headers, HEADER_HOST), SLICE("d")));
    cr_assert(slice_eq(headers_get(&headers, HEADER_CONNECTION), SLICE("keep-alive,, \tUpgrade")));
    cr_assert_eq(headers_get(&headers, HEADER_EXPECT).len, 0);
    cr_assert_eq(headers_get(&headers, HEADER_CONTENT_LENGTH).len, 0);
}

Test(message, tells_what_is_there_and_what_twice)
{
    struct http_headers headers;

    fill(&headers);
    cr_assert(headers_have(&headers, HEADER_CONNECTION));
    cr_assert(headers_repeat(&headers, HEADER_CONNECTION));
    cr_assert(headers_have(&headers, HEADER_EXPECT));
    cr_assert_not(headers_repeat(&headers, HEADER_EXPECT));
    cr_assert_not(headers_have(&headers, HEADER_CONTENT_LENGTH));
    headers_clear(&headers);
    cr_assert_not(headers_have(&headers, HEADER_CONNECTION));
    cr_assert_not(headers_repeat(&headers, HEADER_CONNECTION));
}

Test(message, has_room_for_a_hundred)
{
    struct http_headers headers;

    headers_clear(&headers);
    for (size_t i = 0; i < HTTP_MAX_HEADERS; i++) {
        cr_assert(add_header(&headers, SLICE("A"), SLICE("b")));
    }
    cr_assert_not(add_header(&headers, SLICE("Host"), SLICE("b")));
    cr_assert_not(headers_have(&headers, HEADER_HOST));
}

Test(message, finds_a_token_in_every_list)
{
    struct http_headers headers;

    fill(&headers);
    cr_assert(headers_have_token(&headers, HEADER_CONNECTION, SLICE("upgrade")));
    cr_assert(headers_have_token(&headers, HEADER_CONNECTION, SLICE("Keep-Alive")));
    cr_assert(headers_have_token(&headers, HEADER_CONNECTION, SLICE("close")));
    cr_assert_not(headers_have_token(&headers, HEADER_CONNECTION, SLICE("keep")));
    cr_assert_not(headers_have_token(&headers, HEADER_CONNECTION, SLICE("d")));
    cr_assert_not(headers_have_token(&headers, HEADER_EXPECT, SLICE("close")));
}
