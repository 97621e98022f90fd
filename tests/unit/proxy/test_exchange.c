/*
 * The state machine, driven by arrays: every state, the order of events, the bytes
 * cut at each point. Policies are the built-in bases.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "support/fake_transport.h"

static const char ping[] = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n";
static const char ping_answer[] =
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK";
static const char attach[] = "POST /v1.41/containers/c1/attach?stream=1&stdin=1 HTTP/1.1\r\n"
                             "Host: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
static const char switched[] = "HTTP/1.1 101 UPGRADED\r\n"
                               "Content-Type: application/vnd.docker.raw-stream\r\n"
                               "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

static const char container[] =
    "HTTP/1.1 200 OK\r\nContent-Length: 114\r\n\r\n"
    "{\"Id\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
    "\"Config\":{\"User\":\"1000\"},\"HostConfig\":{}}";

Test(exchange, relays_a_request_and_keeps_both_connections)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, ping);
    cr_assert(fake_engine_got(&fake, "GET /_ping HTTP/1.1\r\nHost: "));
    fake_engine(&fake, ping_answer);
    cr_assert(fake_client_got(&fake, "Content-Length: 2\r\n\r\nOK"));
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    cr_assert_eq(fake.releases, 1);
    cr_assert_eq(fake.records, 1);
    cr_assert_eq(fake.outcome, AUDIT_ALLOW);
    cr_assert_eq(fake.bytes_out, 2);
    fake_deinit(&fake);
}

Test(exchange, gives_the_same_bytes_wherever_request_and_response_are_cut)
{
    const char request[] = "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                           "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "10\r\n{\"Image\":\"a\",\"Us\r\n1f\r\ner\":\"1000\",\"HostConfig\":null}"
                           "  \r\n0\r\n\r\n";
    const char response[] = "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "4;x=y\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\nT: 1\r\n\r\n";

    for (size_t cut = 1; cut < sizeof(request) - 1; cut++) {
        struct fake fake;
        size_t response_cut = cut % (sizeof(response) - 2) + 1;

        fake_init_policy(&fake, "version: 1\n"
                                "policies: {p: {base: open, rules: {privileged: deny}}}\n");
        fake_client_bytes(&fake, (struct slice){request, cut});
        fake_client_bytes(&fake, (struct slice){request + cut, sizeof(request) - 1 - cut});
        cr_assert(fake_engine_got(&fake, "{\"Image\":\"a\",\"User\":\"1000\""), "cut %zu: %.*s",
                  cut, (int)fake.to_engine.len, fake.to_engine.data);
        fake_engine_bytes(&fake, (struct slice){response, response_cut});
        fake_engine_bytes(
            &fake, (struct slice){response + response_cut, sizeof(response) - 1 - response_cut});
        cr_assert(fake_client_got(&fake, "\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n"),
                  "cut %zu: %.*s", response_cut, (int)fake.to_client.len, fake.to_client.data);
        cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
        fake_deinit(&fake);
    }
}

Test(exchange, answers_pipelined_requests_in_order)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
                       "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n"
                       "GET /version HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_assert_not(fake_engine_got(&fake, "GET /version"));
    fake_engine(&fake, ping_answer);
    cr_assert(fake_client_got(&fake, "OKHTTP/1.1 403 "));
    cr_assert(fake_engine_got(&fake, "GET /version HTTP/1.1\r\n"));
    cr_assert_not(fake_engine_got(&fake, "swarm"));
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    cr_assert_eq(fake.records, 3);
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    fake_deinit(&fake);
}

Test(exchange, a_refused_request_reaches_nobody)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/json\r\nContent-Length: 67\r\n\r\n"
                       "{\"Image\":\"a\",\"User\":\"1000\",\"HostConfig\":{\"Privileged\":true}}"
                       "       ");
    cr_assert_eq(fake.connects, 0);
    cr_assert_eq(fake.to_engine.len, 0);
    cr_assert(fake_client_got(&fake, "HTTP/1.1 403 Forbidden\r\n"));
    cr_assert(fake_client_got(&fake, "Content-Type: application/json\r\n"));
    cr_assert(fake_client_got(&fake, "- privileged: HostConfig.Privileged is true"));
    cr_assert_str_eq(fake.rule, "privileged");
    cr_assert_eq(fake.outcome, AUDIT_DENY);
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD, "the connection goes on");
    fake_deinit(&fake);
}

Test(exchange, a_malformed_request_is_answered_and_the_connection_closed)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "GET /_ping HTTP/1.1\rHost: d\r\n\r\nGET /_ping HTTP/1.1\r\n");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 400 "));
    cr_assert(fake_client_got(&fake, "Connection: close\r\n"));
    cr_assert_not_null(strstr(fake.line, "path=GET /_ping HTTP/1.1 "), "%s", fake.line);
    cr_assert_eq(fake.exchange.state, EXCHANGE_LINGERING);
    cr_assert(fake.client_shut);
    cr_assert_eq(fake.to_engine.len, 0);
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    cr_assert(fake.client_closed);
    fake_deinit(&fake);
}

Test(exchange, opens_a_tunnel_only_when_the_engine_switches)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, attach);
    cr_assert(fake_engine_got(&fake, "Upgrade: tcp\r\n"));
    fake_client(&fake, "early input");
    cr_assert_not(fake_engine_got(&fake, "early input"));
    fake_engine(&fake, switched);
    cr_assert_eq(fake.exchange.state, EXCHANGE_TUNNELLING);
    cr_assert(fake_engine_got(&fake, "early input"));
    fake_engine(&fake, "output");
    cr_assert(fake_client_got(&fake, "\r\n\r\noutput"));
    cr_assert_eq(fake.deadline_ms, 0, "a tunnel has no timeout");
    fake_deinit(&fake);
}

Test(exchange, an_answer_that_is_no_switch_leaves_http_in_force)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, attach);
    cr_assert(fake_engine_got(&fake, "GET /v1.41/containers/c1/json HTTP/1.1\r\n"));
    fake_engine(&fake, container);
    cr_assert(fake_engine_got(&fake, "POST /v1.41/containers/0123456789abcdef"));
    fake_client(&fake, "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_engine(&fake, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
                       "Content-Length: 2\r\n\r\n{}");
    cr_assert_not(fake_engine_got(&fake, "swarm"));
    cr_assert(fake_client_got(&fake, "{}HTTP/1.1 403 "));
    cr_assert_eq(fake.releases, 1, "the question's connection, not one that saw an Upgrade");
    fake_deinit(&fake);
}

Test(exchange, takes_the_raw_stream_without_upgrade_for_a_tunnel_and_no_other_200)
{
    const char *const request = "POST /v1.41/exec/e1/start HTTP/1.1\r\nHost: d\r\n"
                                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    static const struct {
        const char *answer;
        enum exchange_state state;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n",
         EXCHANGE_TUNNELLING},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n",
         EXCHANGE_TUNNELLING},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", EXCHANGE_READING_HEAD},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
         "Content-Length: 0\r\n\r\n",
         EXCHANGE_READING_HEAD},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", EXCHANGE_RELAYING},
        {"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
         EXCHANGE_LINGERING}, // nobody asked for it
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake fake;

        fake_init(&fake, "open");
        fake_client(&fake, request);
        fake_engine(&fake, cases[i].answer);
        cr_assert(fake.exchange.state == cases[i].state ||
                      (cases[i].state == EXCHANGE_LINGERING && fake_client_got(&fake, " 502 ")),
                  "case %zu: state %d", i, fake.exchange.state);
        fake_deinit(&fake);
    }
}

Test(exchange, passes_half_closes_on_in_each_direction)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, attach);
    fake_engine(&fake, switched);
    fake_client(&fake, "last words");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    cr_assert(fake.engine_shut);
    cr_assert_not(fake.client_closed);
    fake_engine(&fake, "still speaking");
    cr_assert(fake_client_got(&fake, "still speaking"));
    fake_event(&fake, EVENT_EOF, SIDE_UPSTREAM);
    cr_assert(fake.client_shut);
    cr_assert(fake.client_closed);
    cr_assert_eq(fake.records, 1);
    cr_assert_eq(fake.status, 101);
    cr_assert_eq(fake.outcome, AUDIT_ALLOW);
    fake_deinit(&fake);

    fake_init(&fake, "open");
    fake_client(&fake, attach);
    fake_engine(&fake, switched);
    fake_event(&fake, EVENT_EOF, SIDE_UPSTREAM);
    cr_assert(fake.client_shut);
    cr_assert_eq(fake.exchange.state, EXCHANGE_TUNNELLING);
    fake_client(&fake, "more input");
    cr_assert(fake_engine_got(&fake, "more input"));
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_assert_eq(fake.records, 1);
    cr_assert_eq(fake.outcome, AUDIT_ALLOW, "it had all of the output, and closed");
    fake_deinit(&fake);
}

Test(exchange, what_a_client_said_last_has_a_while)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, attach);
    fake_engine(&fake, switched);
    fake.engine_full = true;
    fake_client(&fake, "last words");
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_assert_eq(fake.records, 0);
    cr_assert_eq(fake.deadline_ms, EXCHANGE_GONE_TIMEOUT_MS);
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_assert_eq(fake.records, 1);
    cr_assert_not(fake.engine_open);
    fake_deinit(&fake);
}

Test(exchange, stops_reading_one_side_while_the_other_does_not_take)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, attach);
    fake_engine(&fake, switched);
    fake.client_full = true;
    fake_engine(&fake, "much");
    cr_assert_not(fake.reading_engine);
    cr_assert(fake.reading_client);
    fake_drain(&fake, SIDE_CLIENT);
    cr_assert(fake.reading_engine);
    fake.engine_full = true;
    fake_client(&fake, "much");
    cr_assert_not(fake.reading_client);
    fake_drain(&fake, SIDE_UPSTREAM);
    cr_assert(fake.reading_client);
    fake_deinit(&fake);

    fake_init(&fake, "open");
    fake_client(&fake, "GET /v1.41/images/a/get HTTP/1.1\r\nHost: d\r\n\r\n");
    fake.client_full = true;
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nabcd");
    cr_assert_not(fake.reading_engine);
    fake_drain(&fake, SIDE_CLIENT);
    cr_assert(fake.reading_engine);
    fake.client_full = true;
    fake_engine(&fake, "efgh");
    cr_assert_eq(fake.exchange.state, EXCHANGE_ANSWERING, "the next request waits");
    fake_drain(&fake, SIDE_CLIENT);
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    fake_deinit(&fake);
}

Test(exchange, an_upload_stops_while_the_engine_does_not_take)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n");
    fake.engine_full = true;
    fake_client(&fake, "4;ext=1\r\nabcd\r\n");
    cr_assert_not(fake.reading_client);
    fake_drain(&fake, SIDE_UPSTREAM);
    cr_assert(fake.reading_client);
    fake_client(&fake, "0\r\nX-Trailer: 1\r\n\r\n");
    cr_assert(fake_engine_got(&fake, "\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"));
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    cr_assert_eq(fake.bytes_in, 4);
    cr_assert_eq(fake.releases, 1);
    fake_deinit(&fake);
}

Test(exchange, an_answer_before_the_end_of_the_upload_reaches_the_client)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/x-tar\r\nContent-Length: 1000000\r\n\r\nabc");
    fake_engine(&fake, "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 400 Bad Request\r\n"));
    cr_assert(fake_client_got(&fake, "Connection: close\r\n"));
    cr_assert_eq(fake.exchange.state, EXCHANGE_LINGERING);
    fake_client(&fake, "more of the upload");
    cr_assert_not(fake.client_closed);
    cr_assert_eq(fake.releases, 0);
    fake_deinit(&fake);

    // The engine closes its side while the client still sends.
    fake_init(&fake, "open");
    fake_client(&fake, "POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n");
    fake.engine_write_error = -EPIPE;
    fake_client(&fake, "3\r\nabc\r\n2\r\n");
    fake_client(&fake, "de\r\n0\r\n\r\n");
    fake_engine(&fake, "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 500 No\r\n"));
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD, "the body was read to its end");
    fake_deinit(&fake);
}

Test(exchange, an_engine_that_cannot_be_reached_or_dies_is_a_502)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake.connect_result = -ECONNREFUSED;
    fake_client(&fake, ping);
    cr_assert(fake_client_got(&fake, "HTTP/1.1 502 "));
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    cr_assert_eq(fake.outcome, AUDIT_ERROR);
    fake.connect_result = 0;
    fake_client(&fake, ping);
    fake_event(&fake, EVENT_FAILED, SIDE_UPSTREAM);
    cr_assert_eq(fake.records, 2);
    cr_assert_eq(fake.status, 502);
    fake_client(&fake, ping);
    fake_engine(&fake, "no http at all\r\n\r\n");
    cr_assert_eq(fake.status, 502);
    fake_client(&fake, ping);
    fake_engine(&fake, ping_answer);
    cr_assert_eq(fake.outcome, AUDIT_ALLOW, "the next request works");
    fake_deinit(&fake);
}

Test(exchange, half_an_answer_is_never_taken_for_a_whole_one)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, ping);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n");
    fake_event(&fake, EVENT_EOF, SIDE_UPSTREAM);
    cr_assert(fake.client_closed);
    cr_assert_not(fake_client_got(&fake, "\r\n0\r\n\r\n"));
    cr_assert_eq(fake.outcome, AUDIT_ERROR);
    cr_assert_eq(fake.records, 1);
    fake_deinit(&fake);
}

Test(exchange, sends_a_body_that_nobody_reads_as_it_came)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: text/x; a=b\r\nContent-Length: 17\r\n\r\n{\"a\":1,");
    cr_expect_eq(fake.to_engine.len, 0, "it is short, and waited for");
    fake_client(&fake, " \"a\":01 } ");
    cr_expect(fake_engine_got(&fake, "Content-Type: text/x; a=b\r\n"));
    cr_expect(fake_engine_got(&fake, "Content-Length: 17\r\n\r\n{\"a\":1, \"a\":01 } "));
    fake_engine(&fake, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nown");
    cr_expect(fake_client_got(&fake, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nown"));
    cr_expect_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    fake_client(&fake, "POST /v1.41/volumes/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Length: 65537\r\n\r\n{\"a\"");
    cr_expect(fake_engine_got(&fake, "Content-Length: 65537\r\n\r\n{\"a\""), "it is long");
    cr_expect_eq(fake.outcome, AUDIT_ALLOW);
    fake_deinit(&fake);
}

Test(exchange, sends_chunks_that_nobody_reads_when_they_are_complete)
{
    static const struct {
        const char *chunks;
        const char *sent;
    } cases[] = {
        {"4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n", "\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n"},
        {"0\r\n\r\n", "\r\n\r\n0\r\n\r\n"},
        {"4\r\n{\"a\"\r\nx\r\n", NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake fake;

        fake_init(&fake, "open");
        fake_client(&fake, "POST /v1.41/volumes/create HTTP/1.1\r\nHost: d\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n");
        fake_client(&fake, cases[i].chunks);
        cr_expect(cases[i].sent ? fake_engine_got(&fake, cases[i].sent)
                                : fake.to_engine.len == 0 && fake_client_got(&fake, " 400 "),
                  "case %zu", i);
        cr_expect(!cases[i].sent || fake_engine_got(&fake, "Transfer-Encoding: chunked\r\n"));
        fake_deinit(&fake);
    }
}

Test(exchange, waits_for_a_body_before_a_tunnel_whoever_reads_it)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "POST /v1.41/exec/e1/start HTTP/1.1\r\nHost: d\r\n"
                       "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n");
    cr_expect_eq(fake.to_engine.len, 0);
    fake_client(&fake, "1\r\n?\r\n0\r\n\r\ninput");
    cr_expect(fake_engine_got(&fake, "\r\n\r\n3\r\n{}?\r\n0\r\n\r\n"));
    cr_expect_not(fake_engine_got(&fake, "input"));
    fake_engine(&fake, switched);
    cr_expect(fake_engine_got(&fake, "\r\n0\r\n\r\ninput"));
    cr_expect_eq(fake.exchange.state, EXCHANGE_TUNNELLING);
    fake_deinit(&fake);
}

Test(exchange, repeats_a_get_on_a_stale_connection_but_never_a_post)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake.connect_result = TRANSPORT_REUSED;
    fake_client(&fake, ping);
    fake_event(&fake, EVENT_FAILED, SIDE_UPSTREAM);
    cr_assert_eq(fake.connects, 2);
    fake_engine(&fake, ping_answer);
    cr_assert_eq(fake.outcome, AUDIT_ALLOW);
    fake_client(&fake, "POST /v1.41/containers/a/start HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_event(&fake, EVENT_FAILED, SIDE_UPSTREAM);
    cr_assert_eq(fake.connects, 3, "the engine may have started it");
    cr_assert_eq(fake.status, 502);
    fake_client(&fake, "POST /v1.41/containers/a/start HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_engine(&fake, "HTTP/1.1 204 No Content\r\n\r\n");
    fake.engine_write_error = -EPIPE;
    fake_client(&fake, "POST /v1.41/containers/a/stop HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_assert_eq(fake.connects, 6, "nothing of it had been read");
    fake_deinit(&fake);
}

Test(exchange, bytes_behind_an_answer_spoil_the_connection)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, ping);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKHTTP/1.1 200 OK\r\n");
    cr_assert_eq(fake.releases, 0);
    cr_assert_not(fake_client_got(&fake, "OKHTTP"));
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    fake_deinit(&fake);
}

Test(exchange, a_client_that_is_gone_frees_the_engine)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_assert_not(fake.engine_open);
    cr_assert(fake.client_closed);
    cr_assert_eq(fake.records, 1);
    fake_deinit(&fake);

    // A half-close is passed on to a stream, which the engine then ends itself.
    fake_init(&fake, "open");
    fake_client(&fake, "GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    cr_assert(fake.engine_shut);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    cr_assert(fake.client_closed);
    fake_deinit(&fake);
}

Test(exchange, looks_the_image_up_and_writes_its_user_into_the_body)
{
    const char *const create = "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                               "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n"
                               "{\"Image\":\"a\"}";
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, create);
    cr_assert_eq(fake.exchange.state, EXCHANGE_LOOKING_UP);
    cr_assert(fake_engine_got(&fake, "GET /v1.41/images/a/json HTTP/1.1\r\n"));
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n"
                       "{\"Id\":\"sha256:1\",\"Config\":{\"User\":\"1000:1000\"}}");
    cr_assert_eq(fake.exchange.state, EXCHANGE_RELAYING, "%.*s", (int)fake.to_client.len,
                 fake.to_client.data);
    cr_assert(fake_engine_got(&fake, "\"User\":\"1000:1000\""));
    fake_deinit(&fake);

    fake_init(&fake, "restricted");
    fake_client(&fake, create);
    fake_engine(&fake, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
                       "Content-Length: 34\r\n\r\n{\"message\":\"No such image: a:la\"}\n");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 404 Not Found\r\n"));
    cr_assert(fake_client_got(&fake, "{\"message\":\"No such image: a:la\"}"));
    cr_assert_not(fake_engine_got(&fake, "POST"));
    fake_deinit(&fake);

    static const char *const bad[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{...}",
        "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}",
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n{\"Id\":1,\"Config\":{\"User\":1}}",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fake_init(&fake, "restricted");
        fake_client(&fake, create);
        fake_engine(&fake, bad[i]);
        cr_assert(fake_client_got(&fake, "HTTP/1.1 502 "), "case %zu: %.*s", i,
                  (int)fake.to_client.len, fake.to_client.data);
        cr_assert_not(fake_engine_got(&fake, "POST"), "case %zu", i);
        fake_deinit(&fake);
    }
    fake_init(&fake, "restricted");
    fake_client(&fake, create);
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_assert(fake_client_got(&fake, "HTTP/1.1 504 "));
    cr_assert_not(fake_engine_got(&fake, "POST"));
    fake_deinit(&fake);
}

Test(exchange, answers_expect_itself_and_only_when_the_request_may_go_on)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, "POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\n"
                       "Content-Type: application/x-tar\r\nContent-Length: 3\r\n\r\n");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 100 Continue\r\n\r\n"));
    cr_assert_not(fake_engine_got(&fake, "Expect"));
    fake_engine(&fake, "HTTP/1.1 100 Continue\r\n\r\n");
    fake_client(&fake, "abc");
    cr_assert(fake_engine_got(&fake, "\r\n\r\nabc"));
    fake_deinit(&fake);

    fake_init(&fake, "restricted");
    fake_client(&fake, "POST /v1.41/swarm/init HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\n"
                       "Content-Type: application/json\r\nContent-Length: 3\r\n\r\n");
    cr_assert_not(fake_client_got(&fake, " 100 "));
    cr_assert(fake_client_got(&fake, "HTTP/1.1 403 "));
    cr_assert(fake_client_got(&fake, "Connection: close\r\n"));
    fake_deinit(&fake);
}

Test(exchange, speaks_http_1_0_without_chunks)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "GET /_ping HTTP/1.0\r\n\r\n");
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "2\r\nOK\r\n1\r\n!\r\n0\r\n\r\n");
    cr_assert(fake_client_got(&fake, "\r\n\r\nOK!"));
    cr_assert_not(fake_client_got(&fake, "chunked"));
    cr_assert(fake.client_shut);
    fake_deinit(&fake);
}

Test(exchange, passes_interim_answers_on)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, ping);
    fake_engine(&fake, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n"
                       "\r\nHTTP/1.1 200 OK\r\nConte");
    fake_engine(&fake, "nt-Length: 2\r\n\r\nOK");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                                     "Link: x\r\n\r\nHTTP/1.1 200 OK\r\n"));
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    fake_deinit(&fake);
}

Test(exchange, every_wait_for_the_client_ends)
{
    struct fake fake;

    fake_init(&fake, "open");
    cr_assert_gt(fake.deadline_ms, 0);
    fake_client(&fake, "GET /_ping HT");
    cr_assert_gt(fake.deadline_ms, 0);
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_assert(fake_client_got(&fake, "HTTP/1.1 408 "));
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_assert(fake.client_closed);
    fake_deinit(&fake);

    fake_init(&fake, "restricted");
    fake_client(&fake, "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/json\r\nContent-Length: 66\r\n\r\n{");
    cr_assert_gt(fake.deadline_ms, 0);
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_assert(fake_client_got(&fake, "HTTP/1.1 408 "));
    cr_assert_eq(fake.records, 1);
    fake_deinit(&fake);
}

Test(exchange, every_answer_of_our_own_has_one_form)
{
    static const struct {
        const char *request;
        enum event_type event;
        const char *status, *code;
    } cases[] = {
        {"GET /x y HTTP/1.1\r\n\r\n", EVENT_RESUME, "HTTP/1.1 400 ", "malformed"},
        {"GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n", EVENT_RESUME, "HTTP/1.1 403 ", "denied"},
        {"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n", EVENT_FAILED, "HTTP/1.1 502 ", "engine"},
        {"POST /v1.41/containers/a/start HTTP/1.1\r\nHost: d\r\n\r\n", EVENT_FAILED,
         "HTTP/1.1 502 ", "engine"},
        {"POST /v1.41/containers/a/start HTTP/1.1\r\nHost: d\r\n\r\n", EVENT_TIMEOUT,
         "HTTP/1.1 504 ", "engine"},
        {"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n", EVENT_TIMEOUT, "HTTP/1.1 504 ", "engine"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake fake;
        char members[96];

        fake_init(&fake, "baseline");
        fake_client(&fake, cases[i].request);
        if (cases[i].event != EVENT_RESUME) {
            fake_event(&fake, cases[i].event, SIDE_UPSTREAM);
        }
        snprintf(members, sizeof(members),
                 " (request 0123456789)\",\"code\":\"%s\",\"request_id\":\"0123456789\"",
                 cases[i].code);
        cr_expect(fake_client_got(&fake, cases[i].status), "%zu", i);
        if (strcmp(cases[i].code, "denied") == 0) {
            cr_expect(fake_client_got(&fake, "\"request_id\":\"0123456789\""));
        } else {
            cr_expect(fake_client_got(&fake, members), "%zu: %.*s", i, (int)fake.to_client.len,
                      fake.to_client.data);
        }
        fake_deinit(&fake);
    }
}

Test(exchange, draining_closes_an_idle_client_and_lets_a_request_finish)
{
    struct fake fake;

    fake_init(&fake, "open");
    exchange_drain(&fake.exchange);
    cr_assert(fake.client_closed);
    fake_deinit(&fake);

    fake_init(&fake, "open");
    fake_client(&fake, ping);
    exchange_drain(&fake.exchange);
    cr_assert_not(fake.client_closed);
    fake_engine(&fake, ping_answer);
    cr_assert(fake_client_got(&fake, "Connection: close\r\n"));
    cr_assert(fake_client_got(&fake, "\r\n\r\nOK"));
    cr_assert_eq(fake.exchange.state, EXCHANGE_LINGERING);
    fake_deinit(&fake);
}

Test(exchange, every_request_leaves_exactly_one_record)
{
    static const struct {
        const char *bytes;
        enum event_type then;
    } cases[] = {
        {"GET /_ping HTTP/1.1\r\nHost: d\r\n", EVENT_EOF},
        {"GET /_ping HTTP/1.1\r\nHost: d\r\n", EVENT_FAILED},
        {"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n", EVENT_FAILED},
        {"POST /build HTTP/1.1\r\nHost: d\r\nContent-Length: 9\r\n\r\nab", EVENT_EOF},
        {"\x16\x03\x01\x02", EVENT_EOF},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", EVENT_EOF},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake fake;

        fake_init(&fake, "open");
        fake_client(&fake, cases[i].bytes);
        fake_event(&fake, cases[i].then, SIDE_CLIENT);
        fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
        exchange_deinit(&fake.exchange);
        cr_assert_eq(fake.records, 1, "case %zu: %u", i, fake.records);
        fake_deinit(&fake);
    }
}

Test(exchange, an_open_stream_keeps_only_what_its_record_shows)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "GET /v1.41/events?since=1 HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_assert_gt(fake.exchange.decision.arena.used_bytes, 2048);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    cr_assert_leq(fake.exchange.decision.arena.used_bytes, 1024);
    fake_event(&fake, EVENT_EOF, SIDE_UPSTREAM);
    cr_assert(
        strncmp(fake.line, "ERROR open GET system.events path=/v1.41/events status=200 ", 59) == 0,
        "%s", fake.line);
    fake_deinit(&fake);

    fake_init(&fake, "open");
    fake_client(&fake, attach);
    fake_engine(&fake, switched);
    cr_assert_leq(fake.exchange.decision.arena.used_bytes, 1024);
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_assert(strstr(fake.line, "POST containers.attach path=/v1.41/containers/c1/attach") != NULL,
              "%s", fake.line);
    fake_deinit(&fake);
}

static const char inspect[] = "GET /v1.41/containers/c1/json HTTP/1.1\r\nHost: d\r\n\r\n";

Test(exchange, a_secret_of_an_inspection_stays_here)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, inspect);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n"
                       "17\r\n{\"Config\":{\"Env\":[\"A_TO\r\n");
    cr_assert_eq(fake.to_client.len, 0);
    fake_engine(&fake, "10\r\nKEN=hunter2\"]}}\n\r\n0\r\n\r\n");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 200 OK\r\n"));
    cr_assert(fake_client_got(&fake, "{\"Config\":{\"Env\":[\"A_TOKEN=<redacted>\"]}}\n"));
    cr_assert_not(fake_client_got(&fake, "hunter2"));
    cr_assert_eq(fake.exchange.state, EXCHANGE_READING_HEAD);
    fake_deinit(&fake);
}

Test(exchange, an_inspection_that_cannot_be_read_is_a_502)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, inspect);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n"
                       "{\"Env\":[\"A_TOKEN=hunter2\"");
    cr_assert(fake_client_got(&fake, "HTTP/1.1 502 "));
    cr_assert_not(fake_client_got(&fake, "hunter2"));
    fake_deinit(&fake);
}

Test(exchange, an_inspection_too_large_to_be_read_is_a_502)
{
    static char chunk[1024 * 1024 + 1];
    struct fake fake;

    memset(chunk, ' ', sizeof(chunk) - 1);
    fake_init(&fake, "restricted");
    fake_client(&fake, inspect);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    for (size_t i = 0; i <= POLICY_REWRITE_MAX_BYTES / (sizeof(chunk) - 1); i++) {
        fake_engine(&fake, chunk);
    }
    cr_assert(fake_client_got(&fake, "HTTP/1.1 502 "));
    cr_assert(fake_client_got(&fake, "larger than 1 MiB"));
    cr_assert_eq(fake.records, 1);
    fake_deinit(&fake);
}
