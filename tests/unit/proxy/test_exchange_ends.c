/*
 * How an exchange begins and ends where a side is not ready or not there any more: an engine whose
 * queue is full, a client that has ended early or takes nothing, an end that is forced.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "support/fake_transport.h"

static const char ping[] = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n";
static const char pong[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
static const char create[] = "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                             "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n"
                             "{\"Image\":\"a\"}";
static const char image[] = "HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n"
                            "{\"Id\":\"sha256:1\",\"Config\":{\"User\":\"1000:1000\"}}";
static const char load[] = "POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\n"
                           "Content-Type: application/x-tar\r\nContent-Length: 10\r\n\r\nhalf";
static const char attach[] =
    "POST /v1.41/containers/a/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
    "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
static const char switched[] =
    "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

static void retry(struct fake *fake, int result)
{
    fake->connect_result = result;
    fake_event(fake, EVENT_RETRY, SIDE_UPSTREAM);
}

Test(exchange_ends, waits_while_the_queue_of_the_engine_is_full)
{
    struct fake fake;

    fake_init(&fake, "baseline");
    fake.connect_result = -EAGAIN;
    fake_client(&fake, ping);
    cr_assert_eq(fake.exchange.state, EXCHANGE_CONNECTING);
    cr_expect_eq(fake.deadline_ms, EXCHANGE_CONNECT_TIMEOUT_MS);
    fake.deadline_ms = 1;
    retry(&fake, -EAGAIN);
    cr_expect_eq(fake.deadline_ms, 1, "it is for all attempts");
    fake_client(&fake, ping);
    retry(&fake, 0);
    cr_assert_eq(fake.exchange.state, EXCHANGE_RELAYING);
    fake_engine(&fake, pong);
    cr_assert_eq(fake.records, 1);
    cr_expect_eq(fake.outcome, AUDIT_ALLOW);
    fake_engine(&fake, pong);
    cr_expect_eq(fake.records, 2, "what was sent meanwhile is served as well");
    fake_event(&fake, EVENT_RETRY, SIDE_UPSTREAM);
    cr_expect_eq(fake.connects, 4, "nobody waits for that any more");
    fake_deinit(&fake);
}

Test(exchange_ends, waits_with_questions_of_our_own_as_well)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake.connect_result = -EAGAIN;
    fake_client(&fake, create);
    cr_assert_eq(fake.exchange.state, EXCHANGE_CONNECTING);
    retry(&fake, 0);
    cr_assert_eq(fake.exchange.state, EXCHANGE_LOOKING_UP);
    fake.connect_result = -EAGAIN;
    fake_engine(&fake, image);
    cr_assert_eq(fake.exchange.state, EXCHANGE_CONNECTING);
    retry(&fake, 0);
    cr_assert(fake_engine_got(&fake, "\"User\":\"1000:1000\""));
    fake_deinit(&fake);
}

Test(exchange_ends, waits_for_the_engine_no_longer_than_its_client_and_the_limit)
{
    static const char *const requests[] = {ping, create};

    for (size_t i = 0; i < 2; i++) {
        struct fake fake;

        fake_init(&fake, "restricted");
        fake.connect_result = -EAGAIN;
        fake_client(&fake, requests[i]);
        fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
        cr_expect(fake_client_got(&fake, "HTTP/1.1 504 "));
        cr_expect_eq(fake.records, 1);
        fake_client(&fake, requests[i]);
        cr_assert_eq(fake.exchange.state, EXCHANGE_CONNECTING);
        fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
        cr_expect(fake.client_closed);
        cr_expect_eq(fake.records, 2);
        cr_expect_eq(fake.outcome, AUDIT_ERROR);
        fake_event(&fake, EVENT_RETRY, SIDE_UPSTREAM);
        cr_expect_not(fake.engine_open);
        fake_deinit(&fake);
    }
}

/* It came while the request before was served, which had no use for it. */
Test(exchange_ends, of_the_client_is_told_to_the_request_that_it_cuts)
{
    static const char judged[] = "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                                 "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{";
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, ping);
    fake_client(&fake, load);
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    fake_engine(&fake, pong);
    cr_expect_eq(fake.records, 2);
    cr_expect_eq(fake.outcome, AUDIT_ERROR);
    cr_expect(fake.client_closed);
    cr_expect_not(fake.engine_open, "it would wait for the rest for ever");
    fake_deinit(&fake);

    fake_init(&fake, "baseline");
    fake_client(&fake, ping);
    fake_client(&fake, judged);
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    fake_engine(&fake, pong);
    cr_expect(fake_client_got(&fake, "the body is incomplete"));
    cr_expect_eq(fake.connects, 1);
    fake_deinit(&fake);

    fake_init(&fake, "baseline");
    fake_client(&fake, ping);
    fake_client(&fake, "GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    fake_engine(&fake, pong);
    cr_expect(fake.engine_shut, "and to a stream that has to notice");
    cr_expect(fake.engine_open);
    fake_deinit(&fake);
}

static void open_tunnel(struct fake *fake)
{
    fake_init(fake, "open");
    fake_client(fake, attach);
    fake_engine(fake, switched);
    cr_assert_eq(fake->exchange.state, EXCHANGE_TUNNELLING);
}

Test(exchange_ends, of_a_tunnel_waits_for_what_a_client_that_takes_nothing_has_said)
{
    static const struct event failed = {.type = EVENT_FAILED, .side = SIDE_CLIENT, .cut = true};

    for (int pending = 0; pending < 2; pending++) {
        struct fake fake;

        open_tunnel(&fake);
        if (pending) {
            fake.client_full = true;
            fake_engine(&fake, "output");
            fake_handle(&fake, &failed);
        } else {
            fake.client_write_error = -EPIPE;
            fake_engine(&fake, "output");
        }
        cr_assert_eq(fake.exchange.state, EXCHANGE_TUNNELLING);
        cr_expect_eq(fake.deadline_ms, EXCHANGE_GONE_TIMEOUT_MS);
        cr_expect_not(fake.reading_engine);
        cr_expect(fake.reading_client);
        fake_engine(&fake, "more output");
        cr_expect_not(fake_client_got(&fake, "more output"));
        fake_client(&fake, "last words");
        cr_expect(fake_engine_got(&fake, "last words"));
        fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
        cr_expect(fake.client_closed);
        cr_expect_not(fake.engine_open);
        cr_expect_eq(fake.records, 1);
        cr_expect_eq(fake.bytes_in, strlen("last words"));
        fake_deinit(&fake);
    }
}

Test(exchange_ends, of_such_a_tunnel_comes_when_the_engine_takes_nothing_either)
{
    struct fake fake;

    open_tunnel(&fake);
    fake.engine_full = true;
    fake_client(&fake, "input");
    fake.client_write_error = -EPIPE;
    fake_engine(&fake, "output");
    cr_expect_not(fake.reading_client, "it has nowhere to go yet");
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_expect(fake.client_closed);
    cr_expect_eq(fake.records, 1);
    fake_deinit(&fake);

    open_tunnel(&fake);
    fake.client_write_error = -EPIPE;
    fake_engine(&fake, "output");
    fake_event(&fake, EVENT_FAILED, SIDE_UPSTREAM);
    cr_expect_eq(fake.records, 1);
    fake_deinit(&fake);
}

Test(exchange_ends, now_when_it_is_forced)
{
    struct fake fake;

    fake_init(&fake, "baseline");
    fake_client(&fake, ping);
    exchange_end(&fake.exchange);
    cr_expect(fake.client_closed);
    cr_expect_not(fake.engine_open);
    cr_expect_eq(fake.records, 1);
    cr_expect_eq(fake.outcome, AUDIT_ERROR);
    fake_engine(&fake, pong);
    exchange_end(&fake.exchange);
    cr_expect_eq(fake.records, 1);
    cr_expect_eq(fake.to_client.len, 0);
    fake_deinit(&fake);

    fake_init(&fake, "baseline");
    exchange_end(&fake.exchange);
    cr_expect(fake.client_closed);
    cr_expect_eq(fake.records, 0);
    fake_deinit(&fake);
}

static void grant(void *owner)
{
    (void)owner;
}

/* The turn comes with the loop's next round, and the deadline may be in between. */
Test(exchange_ends, do_not_take_away_what_was_waited_for_and_came)
{
    static const char fills[] = "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                                "Content-Type: application/json\r\nContent-Length: 54\r\n\r\n"
                                "{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[\"data:/data:rw\"]}}";
    static const char missing[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}";

    for (int late = 0; late < 2; late++) {
        const struct decision_hold hold = {.kind = HOLD_VOLUME, .key = SLICE("data")};
        struct underway_claim other = {.granted = grant};
        struct fake fake;

        fake_init(&fake, "baseline");
        cr_assert_eq(underway_take(&fake.underway, &hold, &other), 0);
        fake_client(&fake, fills);
        fake_engine(&fake, missing);
        cr_assert_eq(fake.exchange.state, EXCHANGE_WAITING);
        if (!late) {
            underway_release(&fake.underway, &other);
        }
        fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
        cr_expect_eq(fake_client_got(&fake, "HTTP/1.1 409 "), late == 1);
        cr_expect_eq(fake.exchange.state == EXCHANGE_LOOKING_UP, late == 0, "it is asked again");
        underway_release(&fake.underway, &other);
        fake_deinit(&fake);
    }
}
