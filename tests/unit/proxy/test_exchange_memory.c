/*
 * What bodies may hold: one exchange at a time, and all together.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_transport.h"

enum { MIB = 1024 * 1024 };

/* A create of about a megabyte. */
static char *large_create(const char *rest)
{
    char *text = malloc(2 * MIB);
    size_t head = 0;

    cr_assert_not_null(text);
    size_t body = MIB + strlen(rest);

    head = (size_t)snprintf(text, 2 * MIB,
                            "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                            "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                            body);
    memset(text + head, ' ', MIB);
    memcpy(text + head + MIB, rest, strlen(rest) + 1);
    return text;
}

/* As a socket brings it. */
static void send_all(struct fake *fake, const char *request)
{
    struct slice rest = slice_from(request);

    while (rest.len > 0) {
        struct slice piece = slice_head(rest, 64 * 1024);

        fake_client_bytes(fake, piece);
        rest = slice_from_index(rest, piece.len);
    }
}

static void send_head(struct fake *fake, const char *request)
{
    size_t head = (size_t)(strstr(request, "\r\n\r\n") - request) + 4;

    fake_client_bytes(fake, (struct slice){request, head});
}

Test(exchange_memory, what_was_sent_is_not_kept_while_the_engine_thinks)
{
    struct fake fake;
    char *create = large_create("{\"Image\":\"a\",\"User\":\"1\"}");

    fake_init(&fake, "baseline");
    send_all(&fake, create);
    cr_expect_eq(fake.exchange.state, EXCHANGE_RELAYING);
    cr_expect(fake_engine_got(&fake, "{\"Image\":\"a\",\"User\":\"1\",\"HostConfig\":{}}"));
    cr_expect_lt(exchange_held(&fake.exchange), 64 * 1024);
    fake_deinit(&fake);
    free(create);
}

Test(exchange_memory, a_body_that_is_announced_counts_as_it_comes)
{
    struct fake fake;
    char *create = large_create("{\"Image\":\"a\"}");
    size_t half = MIB / 2;

    fake_init(&fake, "baseline");
    send_head(&fake, create);
    cr_expect_eq(fake.exchange.state, EXCHANGE_READING_BODY);
    cr_expect_lt(exchange_held(&fake.exchange), EXCHANGE_SMALL_BYTES);
    for (size_t sent = 0; sent < half; sent += 64 * 1024) {
        fake_client_bytes(&fake, (struct slice){strstr(create, "\r\n\r\n") + 4 + sent, 64 * 1024});
    }
    cr_expect_geq(exchange_held(&fake.exchange), 3 * half);
    fake_deinit(&fake);
    free(create);
}

Test(exchange_memory, a_body_that_does_not_come_gives_way)
{
    struct fake fake;
    char *create = large_create("{\"Image\":\"a\"}");

    fake_init(&fake, "baseline");
    exchange_give_way(&fake.exchange);
    cr_expect_eq(fake.exchange.state, EXCHANGE_READING_HEAD, "nothing to give");
    send_head(&fake, create);
    cr_expect(exchange_waits_for_client(&fake.exchange));
    fake_client_bytes(&fake, (struct slice){strstr(create, "\r\n\r\n") + 4, 64 * 1024});
    exchange_give_way(&fake.exchange);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 503 "));
    cr_expect_str_eq(fake.rule, "limits.total_body_bytes");
    cr_expect_lt(exchange_held(&fake.exchange), EXCHANGE_SMALL_BYTES);
    cr_expect(fake.client_shut);
    fake_deinit(&fake);
    free(create);
}

Test(exchange_memory, a_head_counts_and_is_503_while_others_hold_too_much)
{
    struct fake fake;
    char *spaces = malloc(MIB);

    cr_assert_not_null(spaces);
    memset(spaces, 'a', MIB);
    fake_init(&fake, "baseline");
    fake_client(&fake, "GET /v1.41/info HTTP/1.1\r\nX: ");
    cr_expect_not(exchange_is_idle(&fake.exchange));
    fake_client_bytes(&fake, (struct slice){spaces, 40 * 1024});
    cr_expect_geq(exchange_held(&fake.exchange), 40 * 1024);
    fake.held_by_others = 128UL * MIB;
    fake_client_bytes(&fake, (struct slice){spaces, 23 * 1024});
    fake_client_bytes(&fake, (struct slice){spaces, 23 * 1024});
    cr_expect(fake_client_got(&fake, "HTTP/1.1 503 "));
    cr_expect_str_eq(fake.rule, "limits.total_body_bytes");
    fake_deinit(&fake);
    free(spaces);
}

Test(exchange_memory, a_large_body_is_503_while_others_hold_too_much)
{
    struct fake fake;
    char *create = large_create("{\"Image\":\"a\"}");

    fake_init(&fake, "baseline");
    fake.held_by_others = 127UL * MIB;
    send_all(&fake, create);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 503 "));
    cr_expect(fake_client_got(&fake, "Retry-After: 1\r\n"));
    cr_expect(fake_client_got(&fake, "\"code\":\"busy\",\"request_id\":\"0123456789\""));
    cr_expect_eq(fake.connects, 0);
    cr_expect_eq(fake.records, 1);
    fake_deinit(&fake);
    free(create);
}

Test(exchange_memory, a_small_body_passes_whatever_others_hold)
{
    struct fake fake;

    fake_init(&fake, "baseline");
    fake.held_by_others = 1000UL * MIB;
    fake_client(&fake, "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/json\r\nContent-Length: 24\r\n\r\n"
                       "{\"Image\":\"a\",\"User\":\"1\"}");
    cr_expect_eq(fake.exchange.state, EXCHANGE_RELAYING);
    fake_deinit(&fake);
}

Test(exchange_memory, a_chunked_body_is_503_when_it_has_grown_too_large)
{
    struct fake fake;
    char *spaces = malloc(MIB);

    cr_assert_not_null(spaces);
    memset(spaces, ' ', MIB);
    fake_init(&fake, "baseline");
    fake.held_by_others = 127UL * MIB;
    fake_client(&fake, "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "100000\r\n");
    for (size_t i = 0; i < 16 && fake.exchange.state == EXCHANGE_READING_BODY; i++) {
        fake_client_bytes(&fake, (struct slice){spaces, 64 * 1024});
    }
    cr_expect(fake_client_got(&fake, "HTTP/1.1 503 "));
    cr_expect(fake.client_shut);
    fake_deinit(&fake);
    free(spaces);
}

/* What an inspection brings is not the client's, but it is held for its sake. */
Test(exchange_memory, an_answer_to_be_rewritten_is_503_when_it_has_grown_too_large)
{
    struct fake fake;
    char *spaces = malloc(MIB);

    cr_assert_not_null(spaces);
    memset(spaces, ' ', MIB);
    fake_init(&fake, "restricted");
    fake.held_by_others = 127UL * MIB;
    fake_client(&fake, "GET /v1.41/containers/a/json HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: 4000000\r\n\r\n");
    for (size_t i = 0; i < 48 && fake.exchange.state == EXCHANGE_RELAYING; i++) {
        fake_engine_bytes(&fake, (struct slice){spaces, 64 * 1024});
    }
    cr_expect(fake_client_got(&fake, "HTTP/1.1 503 "));
    cr_expect_not(fake.engine_open);
    fake_deinit(&fake);
    free(spaces);
}
