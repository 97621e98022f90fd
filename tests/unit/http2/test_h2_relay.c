/*
 * Calls through a relay, nghttp2 being both peers: what passes, what is refused, what is written
 * anew. Floods and windows are in test_h2_pressure.c.
 */
#include "http2/h2_relay.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "support/h2_rig.h"

static struct h2_rig rig;

static void up(void)
{
    h2_rig_open(&rig, false);
    h2_rig_run(&rig);
}

static void down(void)
{
    unsigned calls = rig.calls;

    h2_rig_close(&rig);
    cr_assert_leq(rig.ends, calls);
}

TestSuite(h2_relay, .init = up, .fini = down);

#define OPENER (&rig.peer[H2_OPENER])
#define ANSWERER (&rig.peer[H2_ANSWERER])

/* The last call that reached the answerer; 0: none. */
static int32_t reached(void)
{
    return ANSWERER->count > 0 ? ANSWERER->streams[ANSWERER->count - 1].id : 0;
}

static int32_t call(const char *path, const char *message)
{
    int32_t id = h2_test_call(OPENER, path, "");

    h2_test_message(OPENER, id, slice_from(message));
    h2_rig_run(&rig);
    return id;
}

static int32_t unary(const char *message)
{
    int32_t id = h2_test_call(OPENER, "/t.S/Unary", "");

    h2_test_message(OPENER, id, slice_from(message));
    h2_test_finish(OPENER, id);
    h2_rig_run(&rig);
    return id;
}

static void assert_data(struct h2_test_peer *peer, int32_t id, struct slice data)
{
    struct slice got = buf_slice(&h2_test_find(peer, id)->data);

    cr_assert(slice_eq(got, data), "%zu bytes instead of %zu", got.len, data.len);
}

static void assert_refused(int32_t id, const char *status, const char *message)
{
    char line[256];

    snprintf(line, sizeof(line), "grpc-status: %s", status);
    cr_assert(h2_test_told(OPENER, id, line), "%.*s",
              SLICE_ARGS(buf_slice(&h2_test_find(OPENER, id)->fields)));
    snprintf(line, sizeof(line), "grpc-message: %s", message);
    cr_assert(h2_test_told(OPENER, id, line), "%.*s",
              SLICE_ARGS(buf_slice(&h2_test_find(OPENER, id)->fields)));
    cr_assert(h2_test_find(OPENER, id)->ended);
}

static void assert_reset(struct h2_test_peer *peer, int32_t id, uint32_t code)
{
    const struct h2_test_stream *stream = h2_test_find(peer, id);

    cr_assert(stream->closed);
    cr_assert_eq(stream->code, code, "reset with %u", stream->code);
}

Test(h2_relay, a_unary_call_and_its_answer_pass)
{
    for (rig.piece = 0; rig.piece < 3; rig.piece++) {
        int32_t id = unary("question");
        int32_t there = reached();

        assert_data(ANSWERER, there, SLICE("\0\0\0\0\x08question"));
        cr_assert(h2_test_find(ANSWERER, there)->ended);
        h2_test_answer(ANSWERER, there, "");
        h2_test_message(ANSWERER, there, SLICE("answer"));
        h2_test_trailers(ANSWERER, there, "grpc-status: 0\ngrpc-message: \n");
        h2_rig_run(&rig);
        assert_data(OPENER, id,
                    SLICE("\0\0\0\0\x06"
                          "answer"));
        cr_assert(h2_test_told(OPENER, id, ":status: 200"));
        cr_assert(h2_test_told(OPENER, id, "grpc-status: 0"));
        assert_reset(OPENER, id, NGHTTP2_NO_ERROR);
        assert_reset(ANSWERER, there, NGHTTP2_NO_ERROR);
    }
    cr_assert_eq(rig.ends, 3);
    cr_assert_eq(rig.messages, 6);
}

Test(h2_relay, a_head_is_written_anew)
{
    int32_t id = h2_test_call(OPENER, "/t.S/Unary",
                              "grpc-timeout: 20S\ngrpc-accept-encoding: gzip\ngrpc-encoding: "
                              "identity\nuser-agent: x\nbuildid: 1\nmany-a: 1\nmany-a: "
                              "2\nunknown: 1\ngrpc-trace-bin: AA\n");

    h2_test_message(OPENER, id, SLICE(""));
    h2_rig_run(&rig);
    const struct buf *got = &h2_test_find(ANSWERER, reached())->fields;
    struct slice wanted = SLICE(":method: POST\n:scheme: http\n:path: /t.S/Unary\n:authority: "
                                "localhost\ncontent-type: application/grpc\nte: "
                                "trailers\ngrpc-timeout: 20S\nbuildid: 1\nmany-a: 1\nmany-a: 2\n");

    cr_assert(slice_eq(buf_slice(got), wanted), "%.*s", SLICE_ARGS(buf_slice(got)));
}

Test(h2_relay, an_answer_is_written_anew)
{
    int32_t id = unary("x");
    int32_t there = reached();

    h2_test_answer(ANSWERER, there, "server: x\ngrpc-accept-encoding: gzip\nmany-b: 1\n");
    h2_test_trailers(ANSWERER, there,
                     "grpc-status: 5\ngrpc-message: a%0Ab\ngrpc-status-details-bin: AAAA\n"
                     "unknown: 1\nmany-c: 1\n");
    h2_rig_run(&rig);
    const struct buf *got = &h2_test_find(OPENER, id)->fields;
    struct slice wanted = SLICE(":status: 200\ncontent-type: application/grpc\nmany-b: "
                                "1\ngrpc-status: 5\ngrpc-message: "
                                "a%0Ab\ngrpc-status-details-bin: AAAA\nmany-c: 1\n");

    cr_assert(slice_eq(buf_slice(got), wanted), "%.*s", SLICE_ARGS(buf_slice(got)));
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, trailers_only_pass)
{
    int32_t id = unary("x");

    h2_test_respond(ANSWERER, reached(),
                    ":status: 200\ncontent-type: application/grpc\ngrpc-status: 5\ngrpc-message: "
                    "none\nmany-x: 1\n");
    h2_rig_run(&rig);
    assert_refused(id, "5", "none");
    cr_assert(h2_test_told(OPENER, id, "many-x: 1"));
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, heads_that_are_refused)
{
    static const struct {
        const char *path;
        const char *more;
        const char *status;
        const char *message;
    } rows[] = {
        {"/t.S/Other", "", "7", "denied:%0A  - 100 %25"},
        {"/", "", "12", "not the name of a gRPC method"},
        {"/t.S", "", "12", "not the name of a gRPC method"},
        {"/t.S/Unary/x", "", "12", "not the name of a gRPC method"},
        {"/t.S//Unary", "", "12", "not the name of a gRPC method"},
        {"/t.S/Unary?x", "", "12", "not the name of a gRPC method"},
        {"/t.S/%55nary", "", "12", "not the name of a gRPC method"},
        {"/t.S/Unary", "grpc-encoding: gzip\n", "12", "compressed messages are not supported"},
        {"/t.S/Unary", "grpc-timeout: 1\n", "13", "grpc-timeout is invalid"},
        {"/t.S/Unary", "grpc-timeout: 123456789S\n", "13", "grpc-timeout is invalid"},
        {"/t.S/Unary", "grpc-timeout: 1S\ngrpc-timeout: 1S\n", "13",
         "a field of gRPC is there twice"},
        {"/t.S/Unary", "content-type: application/grpc\n", "13", "a field of gRPC is there twice"},
        {"/t.S/Unary", "bad: 1\n", "12", "unknown metadata"},
        {"/t.S/Unary", "buildid: 1\nbuildid: 2\n", "13", "a field of metadata is there twice"},
        {"/t.S/Unary", "buildid: 123456789012345678901234567890123\n", "8",
         "a field of metadata is too long"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t id = h2_test_call(OPENER, rows[i].path, rows[i].more);

        h2_test_message(OPENER, id, SLICE("x"));
        h2_rig_run(&rig);
        assert_refused(id, rows[i].status, rows[i].message);
        assert_reset(OPENER, id, NGHTTP2_NO_ERROR);
    }
    cr_assert_eq(reached(), 0);
    cr_assert_eq(h2_relay_counts(rig.relay).refused, sizeof(rows) / sizeof(rows[0]));
    unary("still works");
    cr_assert_neq(reached(), 0);
}

Test(h2_relay, what_is_no_grpc_is_refused)
{
    static const char *const rows[] = {
        ":method: GET\n:scheme: http\n:path: /t.S/Unary\n:authority: a\ncontent-type: "
        "application/grpc\n",
        ":method: POST\n:scheme: http\n:path: /t.S/Unary\n:authority: a\n",
        ":method: POST\n:scheme: http\n:path: /t.S/Unary\n:authority: a\ncontent-type: "
        "application/grpc+json\n",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t id = h2_test_request(OPENER, rows[i]);

        h2_rig_run(&rig);
        assert_refused(id, "13", "not a gRPC call");
    }
    cr_assert_eq(rig.calls, 0);
}

Test(h2_relay, too_many_and_too_large_fields_are_refused)
{
    char lines[20000];
    size_t at = 0;

    // Each counts 32 bytes more than it says.
    for (int i = 0; i < H2_RIG_HEAD / 40; i++) {
        at += (size_t)snprintf(lines + at, sizeof(lines) - at, "many-%d: 1\n", i);
    }
    int32_t many = h2_test_call(OPENER, "/t.S/Unary", lines);

    at = (size_t)snprintf(lines, sizeof(lines), "many-a: ");
    memset(lines + at, 'x', 17000);
    snprintf(lines + at + 17000, 2, "\n");
    int32_t large = h2_test_call(OPENER, "/t.S/Unary", lines);

    h2_rig_run(&rig);
    assert_refused(many, "8", "the header fields are too large");
    assert_refused(large, "8", "the header fields are too large");
    cr_assert_eq(rig.calls, 0);
}

/* An engine names each pattern of a .dockerignore so. */
Test(h2_relay, many_fields_pass_as_they_are)
{
    char lines[10000];
    size_t at = 0;

    for (int i = 0; i < 190; i++) {
        at +=
            (size_t)snprintf(lines + at, sizeof(lines) - at, "many-patterns: directory-%d/**\n", i);
    }
    int32_t id = h2_test_call(OPENER, "/t.S/Bidi", lines);

    h2_test_message(OPENER, id, SLICE("x"));
    h2_rig_run(&rig);
    struct slice got = buf_slice(&h2_test_find(ANSWERER, reached())->fields);

    cr_assert(slice_ends_with(got, (struct slice){lines, at}));
}

Test(h2_relay, an_invalid_field_resets_the_stream)
{
    int32_t id = h2_test_call(OPENER, "/t.S/Unary", "many-a: a\x01z\n");

    h2_test_message(OPENER, id, SLICE("x"));
    h2_rig_run(&rig);
    cr_assert(h2_test_find(OPENER, id)->closed);
    cr_assert_neq(h2_test_find(OPENER, id)->code, NGHTTP2_NO_ERROR);
    cr_assert_eq(rig.calls, 0);
    unary("still works");
    cr_assert_neq(reached(), 0);
}

Test(h2_relay, a_refused_unary_message_never_reaches_the_answerer)
{
    int32_t id = unary("refuse this");

    assert_refused(id, "2", "a bad message");
    cr_assert_eq(reached(), 0);
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, a_message_is_replaced_and_dropped)
{
    rig.replacement = SLICE("other bytes");
    int32_t id = call("/t.S/Bidi", "one");

    h2_test_message(OPENER, id, SLICE("replace this"));
    h2_test_message(OPENER, id, SLICE("drop this"));
    h2_test_message(OPENER, id, SLICE("two"));
    h2_rig_run(&rig);
    assert_data(ANSWERER, reached(), SLICE("\0\0\0\0\3one\0\0\0\0\x0bother bytes\0\0\0\0\3two"));
}

Test(h2_relay, a_replacement_may_not_be_larger_than_a_message)
{
    static char large[H2_RIG_MESSAGE + 1];

    rig.replacement = (struct slice){large, sizeof(large)};
    assert_refused(unary("replace"), "8", "a message is too large");
    cr_assert_eq(reached(), 0);
}

Test(h2_relay, a_server_stream_passes_message_by_message)
{
    int32_t id = h2_test_call(OPENER, "/t.S/Stream", "");

    h2_test_message(OPENER, id, SLICE("x"));
    h2_test_finish(OPENER, id);
    h2_rig_run(&rig);
    h2_test_answer(ANSWERER, reached(), "");
    for (int i = 0; i < 100; i++) {
        h2_test_message(ANSWERER, reached(), SLICE("log"));
        h2_rig_run(&rig);
        cr_assert_eq(h2_test_find(OPENER, id)->data.len, 8U * (unsigned)(i + 1));
    }
    h2_test_trailers(ANSWERER, reached(), "grpc-status: 0\n");
    h2_rig_run(&rig);
    assert_reset(OPENER, id, NGHTTP2_NO_ERROR);
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, an_answers_message_that_is_refused_ends_the_call_for_both)
{
    int32_t id = call("/t.S/Bidi", "x");
    int32_t there = reached();

    h2_test_answer(ANSWERER, there, "");
    h2_test_message(ANSWERER, there, SLICE("good"));
    h2_test_message(ANSWERER, there, SLICE("refuse"));
    h2_test_message(ANSWERER, there, SLICE("after"));
    h2_rig_run(&rig);
    assert_data(OPENER, id, SLICE("\0\0\0\0\4good"));
    assert_refused(id, "2", "a bad message");
    assert_reset(ANSWERER, there, NGHTTP2_CANCEL);
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, both_directions_end_by_themselves)
{
    int32_t id = call("/t.S/Bidi", "x");
    int32_t there = reached();

    cr_assert_not(h2_test_find(ANSWERER, there)->ended);
    h2_test_answer(ANSWERER, there, "");
    h2_test_finish(OPENER, id);
    h2_rig_run(&rig);
    cr_assert(h2_test_find(ANSWERER, there)->ended);
    h2_test_message(ANSWERER, there, SLICE("late"));
    h2_rig_run(&rig);
    assert_data(OPENER, id, SLICE("\0\0\0\0\4late"));
    cr_assert_not(h2_test_find(OPENER, id)->ended);
    h2_test_trailers(ANSWERER, there, "grpc-status: 0\n");
    h2_rig_run(&rig);
    assert_reset(OPENER, id, NGHTTP2_NO_ERROR);
}

Test(h2_relay, an_answer_may_end_before_the_request)
{
    int32_t id = call("/t.S/Bidi", "x");
    int32_t there = reached();

    h2_test_answer(ANSWERER, there, "");
    h2_test_trailers(ANSWERER, there, "grpc-status: 9\n");
    h2_rig_run(&rig);
    cr_assert(h2_test_told(OPENER, id, "grpc-status: 9"));
    assert_reset(OPENER, id, NGHTTP2_NO_ERROR);
    assert_reset(ANSWERER, there, NGHTTP2_NO_ERROR);
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, resets_go_on_with_their_code)
{
    static const uint32_t codes[] = {NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM,
                                     NGHTTP2_INTERNAL_ERROR};

    for (size_t i = 0; i < 3; i++) {
        int32_t id = call("/t.S/Bidi", "x");

        nghttp2_submit_rst_stream(OPENER->session, 0, id, codes[i]);
        h2_rig_run(&rig);
        assert_reset(ANSWERER, reached(), codes[i]);

        id = call("/t.S/Bidi", "x");
        nghttp2_submit_rst_stream(ANSWERER->session, 0, reached(), codes[i]);
        h2_rig_run(&rig);
        assert_reset(OPENER, id, codes[i]);

        id = call("/t.S/Bidi", "x");
        h2_test_answer(ANSWERER, reached(), "");
        h2_rig_run(&rig);
        nghttp2_submit_rst_stream(ANSWERER->session, 0, reached(), codes[i]);
        h2_rig_run(&rig);
        assert_reset(OPENER, id, codes[i]);
    }
    cr_assert_eq(rig.ends, 9);
}

Test(h2_relay, a_call_that_is_held_goes_on_when_it_is_resumed)
{
    rig.holding = true;
    int32_t id = call("/t.S/Held", "x");

    h2_test_finish(OPENER, id);
    h2_rig_run(&rig);
    cr_assert_eq(reached(), 0);
    cr_assert_not_null(rig.held);
    cr_assert_eq(h2_relay_resume(rig.relay, rig.held), 0);
    h2_rig_run(&rig);
    cr_assert_eq(reached(), 0, "it is held again");
    rig.holding = false;
    cr_assert_eq(h2_relay_resume(rig.relay, rig.held), 0);
    h2_rig_run(&rig);
    assert_data(ANSWERER, reached(), SLICE("\0\0\0\0\1x"));
    cr_assert(h2_test_find(ANSWERER, reached())->ended);
}

Test(h2_relay, a_message_that_is_held_goes_on_when_it_is_resumed)
{
    rig.holding = true;
    unary("hold me");
    cr_assert_eq(reached(), 0);
    rig.holding = false;
    cr_assert_eq(h2_relay_resume(rig.relay, rig.held), 0);
    h2_rig_run(&rig);
    assert_data(ANSWERER, reached(), SLICE("\0\0\0\0\7hold me"));
}

Test(h2_relay, what_is_held_can_be_refused_or_go_away)
{
    rig.holding = true;
    int32_t id = unary("hold me");

    cr_assert_eq(h2_relay_refuse(rig.relay, rig.held, GRPC_DEADLINE_EXCEEDED, SLICE("too late")),
                 0);
    h2_rig_run(&rig);
    assert_refused(id, "4", "too late");
    cr_assert_null(rig.held);

    id = call("/t.S/Held", "x");
    cr_assert_not_null(rig.held);
    nghttp2_submit_rst_stream(OPENER->session, 0, id, NGHTTP2_CANCEL);
    h2_rig_run(&rig);
    cr_assert_null(rig.held);
    cr_assert_eq(reached(), 0);
    cr_assert_eq(rig.ends, 2);
}

Test(h2_relay, what_is_refused_after_its_end_stays_as_it_is)
{
    rig.holding = true;
    int32_t id = call("/t.S/Bidi", "x");
    int32_t there = reached();

    h2_test_message(OPENER, id, SLICE("hold me"));
    h2_rig_run(&rig);
    rig.stuck[H2_OPENER] = true;
    h2_test_respond(ANSWERER, there,
                    ":status: 200\ncontent-type: application/grpc\ngrpc-status: 5\n");
    h2_rig_run(&rig);
    cr_assert_not_null(rig.held);
    cr_assert_eq(h2_relay_refuse(rig.relay, rig.held, GRPC_OK, SLICE("too late")), 0);
    cr_assert_eq(h2_relay_resume(rig.relay, rig.held), 0);
    rig.stuck[H2_OPENER] = false;
    h2_rig_run(&rig);
    cr_assert(h2_test_told(OPENER, id, "grpc-status: 5"));
    cr_assert_not(h2_test_told(OPENER, id, "grpc-message: too late"));
    assert_data(ANSWERER, there, SLICE("\0\0\0\0\1x"));
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, wrong_frames_of_grpc_are_refused)
{
    static const struct {
        struct slice bytes;
        bool finish;
        const char *status;
        const char *message;
    } rows[] = {
        {SLICE_INIT("\1\0\0\0\1x"), false, "12", "compressed messages are not supported"},
        {SLICE_INIT("\x80\0\0\0\1x"), false, "12", "compressed messages are not supported"},
        {SLICE_INIT("\0\xff\xff\xff\xff"), false, "8", "a message is too large"},
        {SLICE_INIT("\0\0\x10\0\1"), false, "8", "a message is too large"},
        {SLICE_INIT("\0\0\0\0\1x\0\0\0\0\1y"), false, "13", "more than one message"},
        {SLICE_INIT("\0\0\0\0\2x"), true, "13", "the end is within a message"},
        {SLICE_INIT("\0\0\0"), true, "13", "the end is within a message"},
        {SLICE_INIT(""), true, "13", "no message"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t id = h2_test_call(OPENER, "/t.S/Unary", "");

        h2_test_say(OPENER, id, rows[i].bytes);
        if (rows[i].finish) {
            h2_test_finish(OPENER, id);
        }
        h2_rig_run(&rig);
        assert_refused(id, rows[i].status, rows[i].message);
        cr_assert(!reached() || h2_test_find(ANSWERER, reached())->closed, "row %zu", i);
    }
}

Test(h2_relay, wrong_answers_are_refused)
{
    static const struct {
        const char *head;
        struct slice bytes;
        const char *trailers;
        const char *status;
        const char *message;
    } rows[] = {
        {"grpc-encoding: gzip\n", SLICE_INIT(""), "grpc-status: 0\n", "12",
         "compressed messages are not supported"},
        {"", SLICE_INIT("\1\0\0\0\1x"), "grpc-status: 0\n", "12",
         "compressed messages are not supported"},
        {"", SLICE_INIT("\0\0\0\0\1x\0\0\0\0\1y"), "grpc-status: 0\n", "13",
         "more than one message"},
        {"", SLICE_INIT("\0\0\0\0\2x"), "grpc-status: 0\n", "13", "the end is within a message"},
        {"", SLICE_INIT("\0\0\0\0\1x"), "many-a: 1\n", "13",
         "the answer ends without a valid status"},
        {"", SLICE_INIT("\0\0\0\0\1x"), "grpc-status: 17\n", "13",
         "the answer ends without a valid status"},
        {"", SLICE_INIT("\0\0\0\0\1x"), "grpc-status: 0\ngrpc-status: 0\n", "13",
         "a field of gRPC is there twice"},
        {"", SLICE_INIT("\0\0\0\0\1x"), "grpc-status: 0\nbad: 1\n", "12", "unknown metadata"},
        {"", SLICE_INIT("\0\0\0\0\1x"), NULL, "13", "the answer ends without a status"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t id = unary("x");
        int32_t there = reached();

        h2_test_answer(ANSWERER, there, rows[i].head);
        h2_test_say(ANSWERER, there, rows[i].bytes);
        if (rows[i].trailers) {
            h2_test_trailers(ANSWERER, there, rows[i].trailers);
        } else {
            h2_test_finish(ANSWERER, there);
        }
        h2_rig_run(&rig);
        assert_refused(id, rows[i].status, rows[i].message);
        cr_assert(h2_test_find(ANSWERER, there)->closed, "row %zu", i);
    }
    cr_assert_eq(rig.ends, sizeof(rows) / sizeof(rows[0]));
}

Test(h2_relay, an_answer_that_is_not_grpc_is_refused)
{
    static const char *const rows[] = {
        ":status: 403\ncontent-type: application/grpc\ngrpc-status: 0\n",
        ":status: 200\ncontent-type: text/html\ngrpc-status: 0\n",
        ":status: 200\ngrpc-status: 0\n",
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t id = unary("x");

        h2_test_respond(ANSWERER, reached(), rows[i]);
        h2_rig_run(&rig);
        assert_refused(id, "2", "the answer is not gRPC's");
    }
}

Test(h2_relay, pieces_pass_before_their_message_is_whole)
{
    int32_t id = h2_test_call(OPENER, "/t.S/Pieces", "");

    h2_test_say(OPENER, id, SLICE("\0\0\0\0\4ab"));
    h2_rig_run(&rig);
    assert_data(ANSWERER, reached(), SLICE("\0\0\0\0\4ab"));
    h2_test_say(OPENER, id, SLICE("cd\0\0\0\0\0\0\0"));
    h2_rig_run(&rig);
    assert_data(ANSWERER, reached(), SLICE("\0\0\0\0\4abcd\0\0\0\0\0"));
    cr_assert_eq(rig.messages, 0);
    h2_test_say(OPENER, id, SLICE("\0\0\1\0\0\0\0"));
    h2_rig_run(&rig);
    cr_assert_eq(h2_test_find(ANSWERER, reached())->data.len, 9U + 5 + 6);
}

Test(h2_relay, a_frame_of_a_piece_is_checked)
{
    int32_t id = h2_test_call(OPENER, "/t.S/Pieces", "");

    h2_test_say(OPENER, id, SLICE("\0\0\0\0\1a"));
    h2_rig_run(&rig);
    h2_test_say(OPENER, id, SLICE("\1\0\0\0\1b"));
    h2_rig_run(&rig);
    assert_data(ANSWERER, reached(), SLICE("\0\0\0\0\1a"));
    assert_refused(id, "12", "compressed messages are not supported");
    assert_reset(ANSWERER, reached(), NGHTTP2_CANCEL);
}

Test(h2_relay, settings_that_are_said)
{
    cr_assert_eq(OPENER->max_streams, H2_RELAY_MAX_STREAMS);
    cr_assert_eq(ANSWERER->push, 0);
}

Test(h2_relay, pings_are_answered_here)
{
    nghttp2_submit_ping(OPENER->session, 0, NULL);
    nghttp2_submit_ping(ANSWERER->session, 0, NULL);
    h2_rig_run(&rig);
    cr_assert_eq(OPENER->pongs, 1);
    cr_assert_eq(ANSWERER->pongs, 1);
}

Test(h2_relay, request_trailers_reset_the_stream)
{
    int32_t id = h2_test_call(OPENER, "/t.S/Bidi", "");

    h2_test_message(OPENER, id, SLICE("x"));
    h2_rig_run(&rig);
    h2_test_trailers(OPENER, id, "grpc-status: 0\n");
    h2_rig_run(&rig);
    assert_reset(OPENER, id, NGHTTP2_PROTOCOL_ERROR);
    cr_assert(h2_test_find(ANSWERER, reached())->closed);
}

Test(h2_relay, a_goaway_of_the_answerer_goes_on)
{
    int32_t id = call("/t.S/Bidi", "x");
    int32_t there = reached();

    nghttp2_submit_goaway(ANSWERER->session, 0, there, NGHTTP2_NO_ERROR, NULL, 0);
    h2_rig_run(&rig);
    cr_assert_eq(OPENER->goaways, 1);
    cr_assert_not(h2_relay_over(rig.relay, H2_OPENER), "the call that is open goes on");
    h2_test_answer(ANSWERER, there, "");
    h2_test_trailers(ANSWERER, there, "grpc-status: 0\n");
    h2_test_finish(OPENER, id);
    h2_rig_run(&rig);
    cr_assert(h2_test_told(OPENER, id, "grpc-status: 0"));
    cr_assert(h2_relay_over(rig.relay, H2_OPENER));
    cr_assert(h2_relay_over(rig.relay, H2_ANSWERER));
}

Test(h2_relay, who_opens_goes_away)
{
    call("/t.S/Bidi", "x");
    cr_assert_eq(h2_relay_closed(rig.relay, H2_OPENER), 0);
    h2_rig_run(&rig);
    assert_reset(ANSWERER, reached(), NGHTTP2_CANCEL);
    cr_assert_eq(ANSWERER->goaways, 1);
    cr_assert(h2_relay_over(rig.relay, H2_ANSWERER));
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, who_answers_goes_away)
{
    int32_t id = call("/t.S/Bidi", "x");

    cr_assert_eq(h2_relay_closed(rig.relay, H2_ANSWERER), 0);
    h2_rig_run(&rig);
    assert_refused(id, "14", "the other side closed the connection");
    cr_assert_eq(OPENER->goaways, 1);
    cr_assert_eq(rig.ends, 1);
}

Test(h2_relay, what_is_no_http2_ends_both)
{
    struct h2_rig other = {0};

    h2_rig_open(&other, false);
    h2_rig_feed(&other, H2_OPENER, SLICE("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    cr_assert(h2_relay_over(other.relay, H2_OPENER));
    h2_rig_run(&other);
    cr_assert(h2_relay_over(other.relay, H2_ANSWERER));
    cr_assert_eq(other.peer[H2_ANSWERER].goaways, 1);
    h2_rig_close(&other);
}
