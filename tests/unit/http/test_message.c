/* Looking things up in the fields of a head. */
#include "http/message.h"

#include <criterion/criterion.h>

static struct http_headers sample(void)
{
    return (struct http_headers){
        .item = {{SLICE_INIT("Host"), SLICE_INIT("d")},
                 {SLICE_INIT("connection"), SLICE_INIT("keep-alive,, \tUpgrade")},
                 {SLICE_INIT("Connection"), SLICE_INIT("close")},
                 {SLICE_INIT("Content_Length"), SLICE_INIT("5")},
                 {SLICE_INIT("Empty"), {0}}},
        .count = 5,
    };
}

Test(message, finds_the_first_field_in_any_case)
{
    struct http_headers headers = sample();

    cr_assert(slice_eq(headers_get(&headers, SLICE("HOST")), SLICE("d")));
    cr_assert(
        slice_eq(headers_get(&headers, SLICE("Connection")), SLICE("keep-alive,, \tUpgrade")));
    cr_assert_eq(headers_get(&headers, SLICE("Empty")).len, 0);
}

Test(message, knows_no_other_name_for_a_field)
{
    struct http_headers headers = sample();

    cr_assert_eq(headers_get(&headers, SLICE("Content-Length")).len, 0);
    cr_assert_eq(headers_count(&headers, SLICE("Content-Length")), 0);
    cr_assert_eq(headers_count(&headers, SLICE("Hos")), 0);
    cr_assert_eq(headers_count(&headers, SLICE("Hosts")), 0);
}

Test(message, counts_every_field_of_a_name)
{
    struct http_headers headers = sample();

    cr_assert_eq(headers_count(&headers, SLICE("CONNECTION")), 2);
    cr_assert_eq(headers_count(&headers, SLICE("Empty")), 1);
}

Test(message, finds_a_token_in_every_list)
{
    struct http_headers headers = sample();
    struct slice connection = SLICE("Connection");

    cr_assert(headers_have_token(&headers, connection, SLICE("upgrade")));
    cr_assert(headers_have_token(&headers, connection, SLICE("Keep-Alive")));
    cr_assert(headers_have_token(&headers, connection, SLICE("close")));
    cr_assert_not(headers_have_token(&headers, connection, SLICE("keep")));
    cr_assert_not(headers_have_token(&headers, connection, SLICE("d")));
    cr_assert_not(headers_have_token(&headers, SLICE("Empty"), SLICE("close")));
}
