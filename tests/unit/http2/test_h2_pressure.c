/*
 * A relay whose peers do not read, flood, or send much: what waits is bounded, and what floods is
 * cut.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http2/h2_relay.h"
#include "support/h2_rig.h"

static struct h2_rig rig;

static void up(void)
{
    h2_rig_open(&rig, false);
    h2_rig_run(&rig);
}

static void down(void)
{
    h2_rig_close(&rig);
}

TestSuite(h2_pressure, .init = up, .fini = down);

#define OPENER (&rig.peer[H2_OPENER])
#define ANSWERER (&rig.peer[H2_ANSWERER])

static char filler[H2_RIG_MESSAGE + 1];

static int32_t reached(void)
{
    return ANSWERER->count > 0 ? ANSWERER->streams[ANSWERER->count - 1].id : 0;
}

static size_t received(struct h2_test_peer *peer, int32_t id)
{
    return h2_test_find(peer, id)->data.len;
}

/* How much the relay has taken that the peer wanted to say. */
static size_t taken(struct h2_test_peer *peer, int32_t id)
{
    return h2_test_find(peer, id)->said;
}

static int32_t open_call(const char *path)
{
    int32_t id = h2_test_call(OPENER, path, "");

    h2_test_message(OPENER, id, SLICE("x"));
    h2_rig_run(&rig);
    return id;
}

Test(h2_pressure, what_nobody_reads_stops_at_the_window)
{
    static const char *const paths[] = {"/t.S/Bidi", "/t.S/Pieces"};

    for (size_t i = 0; i < 2; i++) {
        int32_t id = open_call(paths[i]);
        int32_t there = reached();

        h2_test_answer(ANSWERER, there, "");
        rig.stuck[H2_ANSWERER] = rig.stuck[H2_OPENER] = true;
        for (int n = 0; n < 64; n++) {
            h2_test_message(OPENER, id, (struct slice){filler, 32 * 1024});
            h2_test_message(ANSWERER, there, (struct slice){filler, 32 * 1024});
        }
        h2_rig_run(&rig);
        cr_assert_leq(taken(OPENER, id), H2_RELAY_WINDOW + 6);
        cr_assert_leq(taken(ANSWERER, there), H2_RELAY_WINDOW);
        rig.stuck[H2_ANSWERER] = rig.stuck[H2_OPENER] = false;
        h2_rig_run(&rig);
        cr_assert_eq(received(ANSWERER, there), 6U + 64U * (32 * 1024 + 5));
        cr_assert_eq(received(OPENER, id), 64U * (32 * 1024 + 5));
    }
}

Test(h2_pressure, a_call_that_nobody_reads_holds_up_no_other)
{
    rig.stuck[H2_ANSWERER] = true;
    for (int i = 0; i < 10; i++) {
        int32_t id = open_call("/t.S/Pieces");

        h2_test_message(OPENER, id, (struct slice){filler, 512 * 1024});
    }
    h2_rig_run(&rig);
    int32_t refused = open_call("/t.S/Other");

    cr_assert(h2_test_told(OPENER, refused, "grpc-status: 7"));
}

/* A peer that opens no windows: what waits for it is in the relay, and no more than a window. */
Test(h2_pressure, a_held_window_holds_up_the_sender)
{
    struct h2_rig held = {0};

    h2_rig_open(&held, true);
    h2_rig_run(&held);
    int32_t id = h2_test_call(&held.peer[H2_OPENER], "/t.S/Pieces", "");

    h2_test_message(&held.peer[H2_OPENER], id, (struct slice){filler, H2_RIG_MESSAGE});
    h2_rig_run(&held);
    cr_assert_eq(held.peer[H2_ANSWERER].streams[0].data.len, 65535);
    cr_assert_leq(held.peer[H2_OPENER].streams[0].said, 65535 + H2_RELAY_WINDOW);

    nghttp2_session_consume(held.peer[H2_ANSWERER].session, held.peer[H2_ANSWERER].streams[0].id,
                            65535);
    h2_rig_run(&held);
    cr_assert_eq(held.peer[H2_ANSWERER].streams[0].data.len, 2 * 65535);
    h2_rig_close(&held);
}

Test(h2_pressure, the_largest_message_passes_and_a_larger_one_does_not)
{
    int32_t id = open_call("/t.S/Bidi");

    h2_test_message(OPENER, id, (struct slice){filler, H2_RIG_MESSAGE});
    h2_test_message(OPENER, id, SLICE("after"));
    h2_rig_run(&rig);
    cr_assert_eq(received(ANSWERER, reached()), 6U + H2_RIG_MESSAGE + 5 + 10);
    h2_test_message(OPENER, id, (struct slice){filler, H2_RIG_MESSAGE + 1});
    h2_rig_run(&rig);
    cr_assert(h2_test_told(OPENER, id, "grpc-message: a message is too large"));
}

/* Two of them fit into the memory at once, the others wait; all arrive. */
Test(h2_pressure, large_messages_wait_for_memory)
{
    int32_t ids[8];

    rig.stuck[H2_ANSWERER] = true;
    for (int i = 0; i < 8; i++) {
        ids[i] = open_call("/t.S/Bidi");
        h2_test_message(OPENER, ids[i], (struct slice){filler, H2_RIG_MESSAGE - 5});
    }
    h2_rig_run(&rig);
    size_t sum = 0;

    for (int i = 0; i < 8; i++) {
        sum += taken(OPENER, ids[i]);
    }
    cr_assert_leq(sum, H2_RIG_MEMORY + 8U * H2_RELAY_WINDOW);
    cr_assert_geq(sum, H2_RIG_MEMORY);
    rig.stuck[H2_ANSWERER] = false;
    h2_rig_run(&rig);
    for (unsigned i = 0; i < 8; i++) {
        cr_assert_eq(ANSWERER->streams[i].data.len, 6U + H2_RIG_MESSAGE);
    }
}

Test(h2_pressure, memory_of_a_call_that_goes_away_is_given_back)
{
    for (int i = 0; i < 8; i++) {
        int32_t id = open_call("/t.S/Bidi");

        h2_test_say(OPENER, id, SLICE("\0\0\x0f\xff\xff"));
        h2_test_say(OPENER, id, (struct slice){filler, 200000});
        h2_rig_run(&rig);
        nghttp2_submit_rst_stream(OPENER->session, 0, id, NGHTTP2_CANCEL);
        h2_rig_run(&rig);
    }
    int32_t id = open_call("/t.S/Bidi");

    h2_test_message(OPENER, id, (struct slice){filler, H2_RIG_MESSAGE});
    h2_rig_run(&rig);
    cr_assert_eq(received(ANSWERER, reached()), 6U + H2_RIG_MESSAGE + 5);
}

Test(h2_pressure, a_large_replacement_needs_memory_as_well)
{
    int32_t ids[4];

    rig.replacement = (struct slice){filler, H2_RIG_MESSAGE - 5};
    rig.stuck[H2_ANSWERER] = true;
    for (int i = 0; i < 4; i++) {
        ids[i] = open_call("/t.S/Bidi");
        h2_test_message(OPENER, ids[i], SLICE("replace"));
    }
    h2_rig_run(&rig);
    cr_assert_not(h2_test_find(OPENER, ids[1])->ended);
    cr_assert(h2_test_told(OPENER, ids[2], "grpc-message: too many large messages at once"));
    cr_assert(h2_test_told(OPENER, ids[3], "grpc-message: too many large messages at once"));
}

/* All that waits on a connection is bounded, however many calls it has. */
Test(h2_pressure, what_waits_on_a_connection_is_bounded)
{
    int32_t ids[H2_RELAY_MAX_STREAMS];
    size_t sum = 0;

    for (int i = 0; i < H2_RELAY_MAX_STREAMS; i++) {
        ids[i] = open_call("/t.S/Pieces");
    }
    rig.stuck[H2_ANSWERER] = true;
    for (int i = 0; i < H2_RELAY_MAX_STREAMS; i++) {
        h2_test_message(OPENER, ids[i], (struct slice){filler, H2_RELAY_WINDOW});
    }
    h2_rig_run(&rig);
    for (int i = 0; i < H2_RELAY_MAX_STREAMS; i++) {
        sum += taken(OPENER, ids[i]);
    }
    cr_assert_leq(sum, H2_RELAY_HELD_BYTES + H2_RELAY_CONNECTION + 64 * 1024);
    rig.stuck[H2_ANSWERER] = false;
    h2_rig_run(&rig);
    for (unsigned i = 0; i < H2_RELAY_MAX_STREAMS; i++) {
        cr_assert_eq(ANSWERER->streams[i].data.len, 6U + H2_RELAY_WINDOW + 5);
    }
}

/* Many small messages one after another: what was useful pays for what acknowledges it. */
Test(h2_pressure, much_of_what_is_useful_is_no_flood)
{
    int32_t id = open_call("/t.S/Bidi");
    int32_t there = reached();

    h2_test_answer(ANSWERER, there, "");
    for (int i = 0; i < 20000; i++) {
        h2_test_message(OPENER, id, (struct slice){filler, 1000});
        h2_test_message(ANSWERER, there, (struct slice){filler, 1000});
        nghttp2_submit_ping(OPENER->session, 0, NULL);
        nghttp2_submit_ping(ANSWERER->session, 0, NULL);
        h2_rig_run(&rig);
    }
    cr_assert_eq(received(OPENER, id), 20000U * 1005);
    cr_assert_eq(received(ANSWERER, there), 6U + 20000U * 1005);
    cr_assert_eq(h2_relay_counts(rig.relay).floods, 0);
}

Test(h2_pressure, a_ping_each_second_for_a_day_is_no_flood)
{
    for (int i = 0; i < 24 * 3600; i++) {
        rig.now_ms += 1000;
        nghttp2_submit_ping(OPENER->session, 0, NULL);
        nghttp2_submit_ping(ANSWERER->session, 0, NULL);
        h2_rig_run(&rig);
    }
    cr_assert_eq(h2_relay_counts(rig.relay).floods, 0);
    cr_assert_eq(OPENER->pongs, 24U * 3600);
}

/* Frames that do nothing, one at a time and read: it is their number that ends it. */
Test(h2_pressure, floods_are_cut)
{
    static const struct {
        const char *name;
        struct slice frame;
    } rows[] = {
        {"ping", SLICE_INIT("\0\0\x08\x06\0\0\0\0\0"
                            "12345678")},
        {"pong", SLICE_INIT("\0\0\x08\x06\1\0\0\0\0"
                            "12345678")},
        {"settings", SLICE_INIT("\0\0\0\x04\0\0\0\0\0")},
        {"empty data", SLICE_INIT("\0\0\0\0\0\0\0\0\1")},
        {"padding", SLICE_INIT("\0\0\2\0\x08\0\0\0\1\1\0")},
        {"window", SLICE_INIT("\0\0\4\x08\0\0\0\0\0\0\0\0\1")},
        {"priority", SLICE_INIT("\0\0\5\2\0\0\0\0\1\0\0\0\0\1")},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct h2_rig one = {0};
        int sent = 0;

        h2_rig_open(&one, false);
        int32_t id = h2_test_call(&one.peer[H2_OPENER], "/t.S/Bidi", "");

        h2_test_message(&one.peer[H2_OPENER], id, SLICE("x"));
        h2_rig_run(&one);
        cr_assert_eq(id, 1);
        while (!h2_relay_over(one.relay, H2_OPENER) && sent < 5000) {
            h2_rig_feed(&one, H2_OPENER, rows[i].frame);
            h2_rig_run(&one);
            sent++;
        }
        cr_assert_gt(sent, 500, "%s: ended after %d", rows[i].name, sent);
        cr_assert_lt(sent, 1100, "%s: %d of them", rows[i].name, sent);
        // nghttp2 as the peer ends by itself, for acknowledgements of what it did not send.
        if (!slice_eq(slice_from(rows[i].name), SLICE("settings"))) {
            cr_assert_eq(one.peer[H2_OPENER].goaway_code, NGHTTP2_ENHANCE_YOUR_CALM, "%s",
                         rows[i].name);
        }
        cr_assert_eq(h2_relay_counts(one.relay).floods, 1);
        cr_assert(h2_test_find(&one.peer[H2_ANSWERER], 1)->closed, "%s", rows[i].name);
        cr_assert_eq(one.ends, 1);
        h2_rig_close(&one);
    }
}

/* The same of who answers. */
Test(h2_pressure, floods_of_the_answerer_are_cut)
{
    int32_t id = open_call("/t.S/Bidi");
    int sent = 0;

    while (!h2_relay_over(rig.relay, H2_ANSWERER) && sent < 5000) {
        h2_rig_feed(&rig, H2_ANSWERER, SLICE("\0\0\0\x04\0\0\0\0\0"));
        h2_rig_run(&rig);
        sent++;
    }
    cr_assert_lt(sent, 1100);
    cr_assert(h2_test_told(OPENER, id, "grpc-status: 14"));
}

/* All at once, unread: nothing grows by what they ask to be answered. */
Test(h2_pressure, a_flood_that_does_not_read_is_cut)
{
    static char pings[17 * 3000];

    for (size_t i = 0; i < sizeof(pings); i += 17) {
        memcpy(pings + i,
               "\0\0\x08\x06\0\0\0\0\0"
               "12345678",
               17);
    }
    rig.stuck[H2_OPENER] = true;
    h2_rig_feed(&rig, H2_OPENER, (struct slice){pings, sizeof(pings)});
    cr_assert_eq(h2_relay_counts(rig.relay).floods, 1);
}

/* nghttp2 counts these, by its own clock. */
Test(h2_pressure, rapid_resets_are_cut)
{
    int sent = 0;

    while (!h2_relay_over(rig.relay, H2_OPENER) && sent < 1500) {
        int32_t id = h2_test_call(OPENER, "/t.S/Bidi", "");

        h2_rig_run(&rig);
        nghttp2_submit_rst_stream(OPENER->session, 0, id, NGHTTP2_CANCEL);
        h2_rig_run(&rig);
        sent++;
    }
    cr_assert_gt(sent, H2_RELAY_MAX_STREAMS, "all that a client may have open can be cancelled");
    cr_assert_lt(sent, 1500);
    cr_assert_eq(rig.ends, rig.calls);
}

/* Opened and reset while the answerer takes nothing: the pairs that wait for it are bounded. */
Test(h2_pressure, calls_that_wait_for_their_end_are_bounded)
{
    rig.stuck[H2_ANSWERER] = true;
    for (int i = 0; i < 200; i++) {
        int32_t id = h2_test_call(OPENER, "/t.S/Bidi", "");

        h2_rig_run(&rig);
        nghttp2_submit_rst_stream(OPENER->session, 0, id, NGHTTP2_CANCEL);
        h2_rig_run(&rig);
    }
    cr_assert_eq(rig.calls, H2_RELAY_MAX_CALLS);
    cr_assert_eq(OPENER->streams[199].code, NGHTTP2_REFUSED_STREAM);
}

Test(h2_pressure, a_block_of_fields_without_end_is_cut)
{
    static const char *const begin = "\0\0\1\1\0\0\0\0\3\x83";

    h2_rig_feed(&rig, H2_OPENER, (struct slice){begin, 10});
    for (int i = 0; i < 20 && !h2_relay_over(rig.relay, H2_OPENER); i++) {
        h2_rig_feed(&rig, H2_OPENER, SLICE("\0\0\0\x09\0\0\0\0\3"));
        h2_rig_run(&rig);
    }
    cr_assert(h2_relay_over(rig.relay, H2_OPENER));
}

Test(h2_pressure, more_streams_than_are_allowed_are_not_opened)
{
    unsigned calls = 0;

    for (int i = 0; i < 2 * H2_RELAY_MAX_STREAMS; i++) {
        h2_test_call(OPENER, "/t.S/Bidi", "");
    }
    h2_rig_run(&rig);
    cr_assert_eq(rig.calls, H2_RELAY_MAX_STREAMS);
    calls = rig.calls;
    cr_assert_eq(ANSWERER->count, calls);
}
