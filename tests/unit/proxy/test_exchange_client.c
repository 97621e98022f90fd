/*
 * What an exchange does about its client: finding out who it is, having no policy for it, and
 * counting its requests.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fake_transport.h"

static const char ping[] = "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n";
static const char pong[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
static const char known[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
static const char create[] = "POST /v1.41/networks/create HTTP/1.1\r\nHost: d\r\n"
                             "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n";

Test(exchange_client, is_asked_about_before_its_request_is_judged)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake.question = "/containers/x/json";
    fake_client(&fake, ping);
    cr_assert(fake_engine_got(&fake, "GET /containers/x/json HTTP/1.1\r\n"));
    cr_assert_not(fake_engine_got(&fake, "_ping"));
    fake_engine(&fake, known);
    cr_expect_eq(fake.identified_status, 200);
    cr_assert(fake_engine_got(&fake, "GET /_ping HTTP/1.1\r\n"));
    fake_engine(&fake, pong);
    cr_expect(fake_client_got(&fake, "\r\n\r\nOK"));
    cr_expect_eq(fake.records, 1);
    fake_client(&fake, ping);
    fake_engine(&fake, pong);
    cr_expect_eq(fake.records, 2, "and not asked about again");
    fake_deinit(&fake);
}

Test(exchange_client, may_send_its_body_and_end_while_it_is_asked_about)
{
    struct fake fake;

    fake_init(&fake, "baseline");
    fake.question = "/containers/x/json";
    fake_client(&fake, create);
    fake_client(&fake, "{\"Name\":");
    fake_client(&fake, "\"a-1\"}");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    fake_engine(&fake, known);
    cr_expect(fake_engine_got(&fake, "POST /v1.41/networks/create HTTP/1.1\r\n"));
    fake_deinit(&fake);
}

Test(exchange_client, that_ends_within_its_body_while_it_is_asked_about_is_told)
{
    struct fake fake;

    fake_init(&fake, "baseline");
    fake.question = "/containers/x/json";
    fake_client(&fake, create);
    fake_client(&fake, "{\"Name\":");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    fake_engine(&fake, known);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 400 "));
    cr_expect_not(fake_engine_got(&fake, "POST"));
    cr_expect_eq(fake.records, 1);
    fake_deinit(&fake);
}

Test(exchange_client, that_ends_within_a_streamed_body_is_dropped)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake.question = "/containers/x/json";
    fake_client(&fake, "POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/x-tar\r\nContent-Length: 14\r\n\r\nabc");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    fake_engine(&fake, known);
    cr_expect(fake.client_closed);
    cr_expect_eq(fake.outcome, AUDIT_ERROR);
    cr_expect_eq(fake.records, 1);
    fake_deinit(&fake);
}

Test(exchange_client, whom_the_engine_does_not_know_goes_on_unless_its_policy_depends_on_it)
{
    static const struct {
        const char *answer;
        int connect;
        unsigned status;
    } cases[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", 0, 404},
        {"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", 0, 500},
        {"nonsense\r\n\r\n", 0, 0},
        {NULL, -ECONNREFUSED, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int needed = 0; needed < 2; needed++) {
            struct fake fake;

            fake_init(&fake, "baseline");
            fake.question = "/containers/x/json";
            fake.identified_error = needed ? -EAGAIN : 0;
            fake.connect_result = cases[i].connect;
            fake_client(&fake, "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n");
            if (cases[i].answer) {
                fake_engine(&fake, cases[i].answer);
            }
            cr_expect_eq(fake.identified_status, cases[i].status, "case %zu", i);
            cr_expect_eq(fake.status, needed ? 502 : 403, "case %zu", i);
            cr_expect_eq(fake.records, 1);
            fake_deinit(&fake);
        }
    }
}

Test(exchange_client, without_a_policy_is_refused)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake.nobody = true;
    fake_client(&fake, "GET /_ping?x=secret HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect(fake_client_got(&fake, "HTTP/1.1 403 Forbidden\r\n"));
    cr_expect(fake_client_got(&fake, "no policy on this socket applies to a client with uid 1000"));
    cr_expect_str_eq(fake.rule, "client");
    cr_expect_eq(fake.connects, 0);
    cr_expect_null(strstr(fake.line, "secret"), "%s", fake.line);
    cr_expect_eq(strncmp(fake.line, "DENY  - GET unknown path=/_ping ", 32), 0, "%s", fake.line);
    fake_client(&fake, "no HTTP\r\n\r\n");
    cr_expect_eq(fake.records, 2);
    fake_deinit(&fake);
}

Test(exchange_client, has_each_request_counted_until_its_end)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, ping);
    cr_expect_eq(fake.admitted[LIMIT_REQUESTS], 1);
    cr_expect_eq(fake.left, 0);
    fake_engine(&fake, pong);
    cr_expect_eq(fake.left, 1);
    fake_client(&fake, "GET /v1.41/events HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect_eq(fake.admitted[LIMIT_STREAMS], 1);
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_expect_eq(fake.left, 2);
    cr_expect_eq(fake.admitted[LIMIT_REQUESTS], 1);
    cr_expect_eq(fake.admitted[LIMIT_CREATES], 0);
    fake_deinit(&fake);
    cr_expect_eq(fake.left, 2);
}

Test(exchange_client, that_is_refused_for_what_it_asks_pays_nothing)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect_eq(fake.status, 403);
    cr_expect_eq(fake.admitted[LIMIT_REQUESTS], 0);
    cr_expect_eq(fake.left, 0);
    fake_client(&fake, create);
    fake_client(&fake, "{\"Driver\":\"x\"}");
    cr_expect_eq(fake.status, 403);
    cr_expect_eq(fake.admitted[LIMIT_REQUESTS], 1, "what has to be read to be judged is work");
    cr_expect_eq(fake.left, 1);
    cr_expect_eq(fake.admitted[LIMIT_CREATES], 0);
    fake_deinit(&fake);
}

Test(exchange_client, over_a_limit_is_told_which_and_when)
{
    static const struct {
        enum policy_limit limit;
        const char *head;
        const char *sentence;
        const char *rule;
    } cases[] = {
        {LIMIT_REQUESTS, "HTTP/1.1 429 Too Many Requests\r\n",
         "too many requests: the limit is 7 at once (limits.requests); try again in 9 s",
         "limits.requests"},
        {LIMIT_CREATES, "HTTP/1.1 429 Too Many Requests\r\n",
         "too many creates: the limit is 7 per minute (limits.creates_per_minute); "
         "try again in 9 s",
         "limits.creates_per_minute"},
        {LIMIT_CONNECTIONS, "HTTP/1.1 503 Service Unavailable\r\n",
         "too many connections: the limit is 7 at once (limits.connections); try again in 9 s",
         "limits.connections"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake fake;

        fake_init(&fake, "open");
        fake.full[cases[i].limit == LIMIT_CONNECTIONS ? LIMIT_REQUESTS : cases[i].limit] = true;
        fake.refuse_as_connection = cases[i].limit == LIMIT_CONNECTIONS;
        fake_client(&fake, create);
        fake_client(&fake, "{\"Name\":\"a-1\"}");
        cr_expect(fake_client_got(&fake, cases[i].head), "%.*s", (int)fake.to_client.len,
                  fake.to_client.data);
        cr_expect(fake_client_got(&fake, "Retry-After: 9\r\n"));
        cr_expect(fake_client_got(&fake, cases[i].sentence));
        cr_expect_str_eq(fake.rule, cases[i].rule);
        cr_expect_eq(fake.connects, 0);
        cr_expect_eq(fake.outcome, AUDIT_DENY);
        cr_expect_eq(fake.left, cases[i].limit == LIMIT_CREATES ? 1 : 0);
        fake_deinit(&fake);
    }
}

Test(exchange_client, slows_down_who_is_refused_too_often)
{
    struct fake fake;
    static const char refused[] = "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n";

    fake_init(&fake, "restricted");
    fake.full[LIMIT_REFUSALS] = true;
    fake_client(&fake, refused);
    cr_expect_eq(fake.to_client.len, 0);
    cr_expect_eq(fake.records, 0);
    cr_expect_not(fake.reading_client);
    cr_expect_eq(fake.deadline_ms, EXCHANGE_SLOWED_MS);
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_expect(fake_client_got(&fake, "HTTP/1.1 429 Too Many Requests\r\n"));
    cr_expect(fake_client_got(&fake, "Retry-After: 9\r\n"));
    cr_expect_not(fake_client_got(&fake, "swarm"), "what was refused first is of no interest");
    cr_expect_str_eq(fake.rule, "limits.refusals_per_minute");
    cr_expect_eq(fake.records, 1);
    cr_expect_eq(fake.outcome, AUDIT_DENY);
    fake_client(&fake, "GET /v1.41/info HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect_eq(fake.connects, 1, "what is allowed passes, on the same connection");
    fake_deinit(&fake);
}

Test(exchange_client, counts_what_it_refuses_and_nothing_else)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake_client(&fake, "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_client(&fake, "GET /v1.41/info HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect_eq(fake.admitted[LIMIT_REFUSALS], 1);
    fake_deinit(&fake);
    fake_init(&fake, "restricted");
    fake.connect_result = -2;
    fake_client(&fake, "GET /v1.41/info HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect_eq(fake.status, 502);
    cr_expect_eq(fake.admitted[LIMIT_REFUSALS], 0, "the engine is to blame");
    fake_deinit(&fake);
}

Test(exchange_client, slowed_down_gives_up_with_its_client)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake.full[LIMIT_REFUSALS] = true;
    fake_client(&fake, "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n");
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_expect(fake.client_closed);
    cr_expect_eq(fake.records, 1);
    fake_deinit(&fake);
}

Test(exchange_client, judges_a_small_body_at_once)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake.no_turns = true;
    fake_client(&fake, create);
    fake_client(&fake, "{\"Driver\":\"x\"}");
    cr_expect_not(fake.waits);
    cr_expect_eq(fake.records, 1);
    cr_expect_eq(fake.status, 403);
    fake_deinit(&fake);
}

Test(exchange_client, waits_for_its_turn_with_the_next_request_and_with_a_large_body)
{
    struct fake fake;
    char spaces[20 * 1024 + 1];

    fake_init(&fake, "restricted");
    fake.no_turns = true;
    fake_client(&fake, "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n"
                       "GET /v1.41/swarm HTTP/1.1\r\nHost: d\r\n\r\n");
    cr_expect_eq(fake.records, 1);
    cr_expect(fake.waits);
    cr_expect_not(fake.reading_client, "no more than one request is taken from the socket");
    fake.waits = false;
    fake_event(&fake, EVENT_RESUME, SIDE_CLIENT);
    cr_expect_eq(fake.records, 2);
    cr_expect_not(fake.waits);
    cr_expect(fake.reading_client);
    fake_event(&fake, EVENT_RESUME, SIDE_CLIENT);
    fake_client(&fake, "POST /v1.41/volumes/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/json\r\nContent-Length: 20494\r\n\r\n");
    memset(spaces, ' ', sizeof(spaces) - 1);
    spaces[sizeof(spaces) - 1] = '\0';
    fake_client(&fake, spaces);
    fake_client(&fake, "{\"Driver\":\"x\"}");
    cr_expect(fake.waits);
    cr_expect_eq(fake.records, 2);
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    cr_expect_eq(fake.records, 3, "the end does not overtake what it follows");
    cr_expect_eq(fake.status, 403);
    cr_expect(fake.client_closed);
    fake_event(&fake, EVENT_RESUME, SIDE_CLIENT);
    cr_expect_eq(fake.records, 3);
    fake_deinit(&fake);
}

/* A create with a label of `size` bytes. */
static char *large_create(size_t size)
{
    static const char begin[] =
        "{\"Image\":\"app\",\"User\":\"1:1\",\"HostConfig\":{\"NetworkMode\":"
        "\"none\"},\"Labels\":{\"a\":\"";
    char *text = malloc(size + sizeof(begin) + 256);

    cr_assert_not_null(text);
    int head = snprintf(text, 256,
                        "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                        sizeof(begin) - 1 + size + 3);
    char *at = text + head;

    memcpy(at, begin, sizeof(begin) - 1);
    memset(at + sizeof(begin) - 1, 'x', size);
    memcpy(at + sizeof(begin) - 1 + size, "\"}}", 4);
    return text;
}

Test(exchange_client, has_a_turn_to_read_a_large_body_one_to_judge_it_and_one_to_send_it)
{
    struct fake fake;
    char *large = large_create(300 * 1024);

    fake_init(&fake, "restricted");
    fake.no_turns = true;
    fake_client(&fake, large);
    for (size_t turn = 0; turn < 3; turn++) {
        cr_assert(fake.waits, "turn %zu", turn);
        cr_expect_not(fake.reading_client);
        cr_expect_eq(fake.to_engine.len, 0);
        fake.waits = false;
        fake_event(&fake, EVENT_RESUME, SIDE_CLIENT);
    }
    cr_expect_not(fake.waits);
    cr_expect_gt(fake.to_engine.len, 300 * 1024);
    fake_deinit(&fake);
    free(large);
}

Test(exchange_client, may_leave_or_be_too_slow_between_the_turns_of_a_large_body)
{
    static const enum event_type events[] = {EVENT_EOF, EVENT_FAILED, EVENT_TIMEOUT};
    char *large = large_create(300 * 1024);

    for (size_t i = 0; i < 9; i++) {
        struct fake fake;

        fake_init(&fake, "restricted");
        fake.no_turns = true;
        fake_client(&fake, large);
        for (size_t turn = 0; turn < i / 3; turn++) {
            fake.waits = false;
            fake_event(&fake, EVENT_RESUME, SIDE_CLIENT);
        }
        fake_event(&fake, events[i % 3], SIDE_CLIENT);
        // Its end is no hurry: all of it was here before.
        bool sent = events[i % 3] == EVENT_EOF;

        cr_expect_eq(fake.to_engine.len > 0, sent, "case %zu", i);
        cr_expect_eq(fake.records, sent ? 0 : 1, "case %zu", i);
        fake_event(&fake, EVENT_RESUME, SIDE_CLIENT);
        cr_expect_eq(fake.to_engine.len > 0, sent, "case %zu", i);
        fake_deinit(&fake);
    }
    free(large);
}

Test(exchange_client, is_refused_what_cannot_be_recorded)
{
    static const char *const policies[] = {"open", "restricted"};

    for (size_t i = 0; i < 2; i++) {
        struct fake fake;

        fake_init(&fake, policies[i]);
        fake_client(&fake, ping);
        cr_expect_eq(fake.reserved, 1);
        fake_engine(&fake, pong);
        cr_expect_eq(fake.reserved, 0, "given back with the record");
        fake.unrecorded = "No space left on device";
        fake_client(&fake, ping);
        cr_expect(fake_client_got(&fake, "503 Service Unavailable\r\n"));
        cr_expect(fake_client_got(&fake, "No space left on device"));
        cr_expect_eq(fake.connects, 1, "the engine hears nothing of it");
        cr_expect_str_eq(fake.rule, "audit");
        fake.unrecorded = NULL;
        fake_client(&fake, ping);
        cr_expect_eq(fake.connects, 2);
        fake_deinit(&fake);
        cr_expect_eq(fake.reserved, 0);
        cr_expect_eq(fake.records, 3);
    }
}

Test(exchange_client, is_refused_when_recording_fails_while_it_is_judged)
{
    struct fake fake;

    fake_init(&fake, "baseline");
    fake_client(&fake, create);
    cr_expect_eq(fake.reserved, 1);
    fake.unrecorded = "No space left on device";
    fake_client(&fake, "{\"Name\":\"a-1\"}");
    cr_expect_eq(fake.connects, 0);
    cr_expect_eq(fake.status, 503);
    cr_expect_eq(fake.reserved, 0);
    fake_deinit(&fake);
}

Test(exchange_engine, is_awaited_before_a_request_is_judged)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake.engine_waits = true;
    fake.engine = (struct sockade_engine){0};
    fake.question = "/containers/x/json";
    fake_client(&fake, ping);
    cr_expect_eq(fake.connects, 0);
    cr_expect_eq(fake.deadline_ms, EXCHANGE_LOOKUP_TIMEOUT_MS);
    fake.engine_waits = false;
    fake.engine = (struct sockade_engine){ENGINE_PODMAN, 5, 4, 2};
    exchange_engine_told(&fake.exchange);
    fake_handle(&fake, &(struct event){.type = EVENT_WRITTEN}); // and its turn
    cr_expect_eq(fake.exchange.request.engine.kind, ENGINE_PODMAN);
    cr_assert(fake_engine_got(&fake, "GET /containers/x/json HTTP/1.1\r\n"));
    fake_engine(&fake, known);
    fake_engine(&fake, pong);
    cr_expect(fake_client_got(&fake, "\r\n\r\nOK"));
    exchange_engine_told(&fake.exchange);
    cr_expect_not(fake.waits, "who doesn't wait isn't woken");
    fake_deinit(&fake);
}

Test(exchange_engine, that_does_not_answer_is_taken_for_the_worst)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake.engine_waits = true;
    fake_client(&fake, ping);
    fake_event(&fake, EVENT_TIMEOUT, SIDE_CLIENT);
    cr_expect_eq(fake.exchange.request.engine.kind, ENGINE_UNKNOWN);
    cr_expect(fake_engine_got(&fake, "GET /_ping HTTP/1.1\r\n"));
    fake_engine(&fake, pong);
    cr_expect(fake_client_got(&fake, "\r\n\r\nOK"));
    fake_deinit(&fake);
}

Test(exchange_engine, leaves_the_body_and_the_end_of_the_client_to_be_read)
{
    struct fake fake;

    fake_init(&fake, "baseline");
    fake.engine_waits = true;
    fake_client(&fake, create);
    fake_client(&fake, "{\"Name\":");
    fake_client(&fake, "\"a-1\"}");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    cr_expect_eq(fake.connects, 0);
    fake.engine_waits = false;
    exchange_engine_told(&fake.exchange);
    fake_handle(&fake, &(struct event){.type = EVENT_WRITTEN});
    cr_expect(fake_engine_got(&fake, "POST /v1.41/networks/create HTTP/1.1\r\n"));
    fake_deinit(&fake);
}

Test(exchange_engine, forgets_a_client_that_breaks_meanwhile)
{
    struct fake fake;

    fake_init(&fake, "restricted");
    fake.engine_waits = true;
    fake_client(&fake, ping);
    fake_event(&fake, EVENT_FAILED, SIDE_CLIENT);
    cr_expect(fake.client_closed);
    exchange_engine_told(&fake.exchange);
    cr_expect_eq(fake.connects, 0);
    cr_expect_eq(fake.records, 1);
    fake_deinit(&fake);
}
