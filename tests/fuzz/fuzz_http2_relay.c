/*
 * Any bytes of both peers of a relay, in turn: each piece begins with a byte that says whose it is,
 * whether the relay's bytes to that side are pulled after it, and how long it is. Whatever comes:
 * the relay goes on, calls are bounded and each that was asked about ends once, messages are within
 * their limit, and what is answered is bounded. The client preface and the SETTINGS of both come
 * first, or few inputs would get past them.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "http2/h2_relay.h"

enum { MESSAGE = 64 * 1024, MEMORY = 128 * 1024, ENOUGH = 64 * 1024, MAX_PULLED = 4 * 1024 * 1024 };

struct run {
    struct h2_relay *relay;
    unsigned open;
    unsigned asked;
    struct h2_call *held;
    uint64_t now_ms;
    size_t pulled;
};

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct h2_field rows[] = {
    {.name = SLICE_INIT("a"), .use = H2_FIELD_PASS, .max_bytes = 16},
    {.name = SLICE_INIT("b"), .use = H2_FIELD_PASS, .prefix = true, .repeated = true},
    {.name = SLICE_INIT("c"), .use = H2_FIELD_REFUSE},
};
static const struct h2_fields fields = {rows, 3, H2_FIELD_DROP};

static const struct h2_call_rules kinds[] = {
    {{{H2_WHOLE, true, MESSAGE}, {H2_WHOLE, true, MESSAGE}}, &fields, &fields},
    {{{H2_WHOLE, false, MESSAGE}, {H2_WHOLE, false, MESSAGE}}, NULL, NULL},
    {{{H2_PIECES, false, MESSAGE}, {H2_PIECES, false, MESSAGE}}, &fields, &fields},
};

static int on_call(void *context, struct h2_call *call, struct h2_answer *answer)
{
    struct run *run = context;
    struct slice path = h2_call_path(call);
    unsigned kind = (unsigned char)path.ptr[path.len - 1] % 4;

    assert(path.len >= 4 && path.ptr[0] == '/');
    if (!h2_call_get(call)) {
        h2_call_set(call, run);
        run->open++;
    }
    run->asked++;
    if (kind == 3) {
        answer->verdict = run->asked % 2 ? H2_HOLD : H2_REFUSE;
        run->held = call;
        return 0;
    }
    answer->verdict = H2_PASS;
    answer->rules = &kinds[kind];
    return 0;
}

static int on_message(void *context, struct h2_call *call, enum h2_side from, struct slice message,
                      struct h2_answer *answer)
{
    struct run *run = context;

    (void)from;
    assert(message.len <= MESSAGE);
    run->asked++;
    answer->verdict = H2_PASS;
    switch (message.len > 0 ? message.ptr[0] : 0) {
    case 'r':
        answer->verdict = H2_REFUSE;
        answer->text = message;
        break;
    case 'd':
        answer->verdict = H2_DROP;
        break;
    case 's':
        answer->verdict = H2_REPLACE;
        answer->bytes = slice_from_index(message, 1);
        break;
    case 'h':
        answer->verdict = run->asked % 2 ? H2_HOLD : H2_PASS;
        run->held = call;
        break;
    default:
        break;
    }
    return 0;
}

static void on_end(void *context, struct h2_call *call)
{
    struct run *run = context;

    assert(run->open > 0 && h2_call_get(call) == run);
    run->open--;
    run->held = run->held == call ? NULL : run->held;
}

static const struct h2_relay_user user = {on_call, on_message, on_end};

static void feed(struct run *run, enum h2_side side, struct slice bytes)
{
    int err = h2_relay_feed(run->relay, side, bytes, run->now_ms);

    assert(err == 0);
}

static void pull(struct run *run, enum h2_side side)
{
    struct buf out = {.limit_bytes = ENOUGH + H2_RELAY_CHUNK};
    int err = h2_relay_pull(run->relay, side, &out, ENOUGH);

    assert(err == 0);
    run->pulled += out.len;
    buf_deinit(&out);
}

static void step(struct run *run, uint8_t what, struct slice piece)
{
    enum h2_side side = what & 1 ? H2_ANSWERER : H2_OPENER;

    run->now_ms += what & 2 ? 1000 : 0;
    feed(run, side, piece);
    if (what & 4) {
        pull(run, side);
        pull(run, side == H2_OPENER ? H2_ANSWERER : H2_OPENER);
    }
    if (run->held && what & 8) {
        struct h2_call *held = run->held;
        int err = what & 16 ? h2_relay_resume(run->relay, held)
                            : h2_relay_refuse(run->relay, held, GRPC_OK, SLICE("late"));

        assert(err == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.now_ms = 1};
    struct slice rest = {(const char *)data, size < 64 * 1024 ? size : 64 * 1024};

    run.relay = h2_relay_create(&(struct h2_relay_config){.user = &user,
                                                          .context = &run,
                                                          .authority = SLICE("localhost"),
                                                          .memory_bytes = MEMORY,
                                                          .head_bytes = 16384});
    assert(run.relay);
    feed(&run, H2_OPENER, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"));
    feed(&run, H2_ANSWERER, SLICE("\0\0\0\4\0\0\0\0\0"));
    while (rest.len >= 2) {
        uint8_t what = (uint8_t)rest.ptr[0];
        size_t len = (size_t)(uint8_t)rest.ptr[1] << (what >> 5);

        rest = slice_from_index(rest, 2);
        step(&run, what, slice_head(rest, len));
        rest = slice_from_index(rest, len);
        assert(run.open <= H2_RELAY_MAX_CALLS);
    }
    // What can be sent is no more than what came, and the refusals of it.
    pull(&run, H2_OPENER);
    pull(&run, H2_ANSWERER);
    assert(run.pulled <= MAX_PULLED);
    int err = h2_relay_closed(run.relay, H2_OPENER);

    assert(err == 0);
    err = h2_relay_closed(run.relay, H2_ANSWERER);
    assert(err == 0 && run.open == 0);
    h2_relay_free(run.relay);
    return 0;
}
