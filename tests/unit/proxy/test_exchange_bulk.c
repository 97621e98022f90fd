/* What is moved past the exchange: it is told how much and how it ended, and believes no more. */
#include <criterion/criterion.h>

#include "http/body_reader.h"
#include "support/fake_transport.h"

#define LOAD                                                                             \
    "POST /v1.41/images/load HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-tar\r\n" \
    "Content-Length: 100000\r\n\r\n"
#define EXPORT "GET /v1.41/containers/a/export HTTP/1.1\r\nHost: d\r\n\r\n"
#define DONE "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

static const struct {
    const char *request;
    const char *answer; /* before anything is moved */
    enum side from;
    uint64_t count; /* of 100000 */
    bool cut;
    unsigned releases; /* of the engine's connection, when all is over */
    enum audit_outcome outcome;
} moves[] = {
    {LOAD, "", SIDE_CLIENT, 100000, false, 1, AUDIT_ALLOW},
    {LOAD, "", SIDE_CLIENT, 100000, true, 0, AUDIT_ALLOW}, // the end of it never got there
    {LOAD, "", SIDE_CLIENT, 50000, true, 0, AUDIT_ALLOW},
    {EXPORT, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", SIDE_UPSTREAM, 100000, false, 1,
     AUDIT_ALLOW},
    {EXPORT, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", SIDE_UPSTREAM, 100000, true, 0,
     AUDIT_ERROR},
    {EXPORT, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", SIDE_UPSTREAM, 50000, true, 0,
     AUDIT_ERROR},
};

Test(exchange_bulk, a_connection_is_used_again_only_when_all_got_through)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
        struct fake fake;

        fake_init(&fake, "open");
        fake_client(&fake, moves[i].request);
        fake_engine(&fake, moves[i].answer);
        struct body_reader *reader = exchange_bulk(&fake.exchange, moves[i].from);

        cr_assert_not_null(reader, "case %zu", i);
        body_reader_skip(reader, moves[i].count);
        fake_handle(&fake, &(struct event){.type = EVENT_MOVED,
                                           .side = moves[i].from,
                                           .count = moves[i].count,
                                           .over = true,
                                           .cut = moves[i].cut});
        if (moves[i].from == SIDE_CLIENT) {
            fake_engine(&fake, DONE);
            cr_expect(fake_client_got(&fake, "\r\n\r\n{}"), "case %zu: the answer comes", i);
            cr_expect_eq(fake.bytes_in, moves[i].count, "case %zu", i);
        } else {
            cr_expect_eq(fake.bytes_out, moves[i].count, "case %zu", i);
        }
        cr_expect_eq(fake.records, 1, "case %zu", i);
        cr_expect_eq(fake.outcome, moves[i].outcome, "case %zu", i);
        cr_expect_eq(fake.releases, moves[i].releases, "case %zu", i);
        cr_expect_not(fake.engine_open && fake.releases == 0, "case %zu", i);
        fake_deinit(&fake);
    }
}

Test(exchange_bulk, nothing_goes_past_it_that_it_has_to_see)
{
    struct fake fake;

    fake_init(&fake, "open");
    cr_expect_null(exchange_bulk(&fake.exchange, SIDE_CLIENT), "a head");
    fake_client(&fake, "GET /v1.41/containers/a/export HTTP/1.0\r\n\r\n");
    cr_expect_null(exchange_bulk(&fake.exchange, SIDE_CLIENT), "a request of its own");
    cr_expect_null(exchange_bulk(&fake.exchange, SIDE_UPSTREAM), "a head");
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    cr_expect_null(exchange_bulk(&fake.exchange, SIDE_UPSTREAM), "chunks for HTTP/1.0");
    fake_deinit(&fake);

    fake_init(&fake, "baseline");
    fake_client(&fake, "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/json\r\nContent-Length: 90000\r\n\r\n{");
    cr_expect_null(exchange_bulk(&fake.exchange, SIDE_CLIENT), "a body to be judged");
    fake_deinit(&fake);

    fake_init(&fake, "open");
    fake_client(&fake, "POST /v1.41/containers/create HTTP/1.1\r\nHost: d\r\n"
                       "Content-Type: application/json\r\nContent-Length: 90000\r\n\r\n{");
    cr_expect_not_null(exchange_bulk(&fake.exchange, SIDE_CLIENT), "a body that nobody reads");
    fake_deinit(&fake);

    fake_init(&fake, "open");
    fake.client_full = true;
    fake_client(&fake, EXPORT);
    fake_engine(&fake, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbytes");
    cr_expect_null(exchange_bulk(&fake.exchange, SIDE_UPSTREAM), "behind what is pending");
    fake_deinit(&fake);
}

/* Its end was read before, so that nothing else tells. */
Test(exchange_bulk, a_tunnel_ends_when_a_client_that_had_ended_is_gone)
{
    struct fake fake;

    fake_init(&fake, "open");
    fake_client(&fake, "POST /v1.41/containers/a/attach?stream=1 HTTP/1.1\r\nHost: d\r\n"
                       "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n");
    fake_engine(&fake, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    fake_event(&fake, EVENT_EOF, SIDE_CLIENT);
    cr_expect_not_null(exchange_bulk(&fake.exchange, SIDE_UPSTREAM));
    fake_handle(
        &fake,
        &(struct event){
            .type = EVENT_MOVED, .side = SIDE_UPSTREAM, .count = 7, .over = true, .cut = true});
    cr_expect(fake.client_closed);
    cr_expect_not(fake.engine_open);
    cr_expect_eq(fake.records, 1);
    cr_expect_eq(fake.bytes_out, 7);
    fake_deinit(&fake);
}
