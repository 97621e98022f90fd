/*
 * See h2_rig.h.
 */
#include "support/h2_rig.h"

#include <assert.h>

static const struct h2_field rows[] = {
    {.name = SLICE_INIT("buildid"), .use = H2_FIELD_PASS, .max_bytes = 32},
    {.name = SLICE_INIT("many-"), .use = H2_FIELD_PASS, .prefix = true, .repeated = true},
    {.name = SLICE_INIT("bad"), .use = H2_FIELD_REFUSE},
};
static const struct h2_fields fields = {rows, sizeof(rows) / sizeof(rows[0]), H2_FIELD_DROP};

#define ONE                            \
    {                                  \
        H2_WHOLE, true, H2_RIG_MESSAGE \
    }
#define MANY                            \
    {                                   \
        H2_WHOLE, false, H2_RIG_MESSAGE \
    }
#define PIECES                           \
    {                                    \
        H2_PIECES, false, H2_RIG_MESSAGE \
    }

static const struct {
    struct slice path;
    struct h2_call_rules rules;
} kinds[] = {
    {SLICE_INIT("/t.S/Unary"), {{ONE, ONE}, &fields, &fields}},
    {SLICE_INIT("/t.S/Stream"), {{ONE, MANY}, &fields, &fields}},
    {SLICE_INIT("/t.S/Bidi"), {{MANY, MANY}, &fields, &fields}},
    {SLICE_INIT("/t.S/Pieces"), {{PIECES, PIECES}, &fields, &fields}},
    {SLICE_INIT("/t.S/Held"), {{ONE, ONE}, NULL, NULL}},
};

static int on_call(void *context, struct h2_call *call, struct h2_answer *answer)
{
    struct h2_rig *rig = context;

    rig->calls++;
    answer->status = GRPC_PERMISSION_DENIED;
    answer->text = SLICE("denied:\n  - 100 %");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (slice_eq(kinds[i].path, h2_call_path(call))) {
            bool held = rig->holding && slice_eq(kinds[i].path, SLICE("/t.S/Held"));

            answer->verdict = held ? H2_HOLD : H2_PASS;
            answer->rules = &kinds[i].rules;
            rig->held = held ? call : rig->held;
        }
    }
    if (rig->decide) {
        rig->decide(call, answer);
    }
    h2_call_set(call, rig);
    return 0;
}

static int on_message(void *context, struct h2_call *call, enum h2_side from, struct slice message,
                      struct h2_answer *answer)
{
    struct h2_rig *rig = context;

    (void)from;
    assert(h2_call_get(call) == rig);
    rig->messages++;
    answer->verdict = H2_PASS;
    if (slice_starts_with(message, SLICE("refuse"))) {
        *answer = (struct h2_answer){.text = SLICE("a bad message")};
    } else if (slice_starts_with(message, SLICE("drop"))) {
        answer->verdict = H2_DROP;
    } else if (slice_starts_with(message, SLICE("replace"))) {
        *answer = (struct h2_answer){.verdict = H2_REPLACE, .bytes = rig->replacement};
    } else if (slice_starts_with(message, SLICE("hold")) && rig->holding) {
        answer->verdict = H2_HOLD;
        rig->held = call;
    }
    return 0;
}

static void on_end(void *context, struct h2_call *call)
{
    struct h2_rig *rig = context;

    rig->ends++;
    rig->held = rig->held == call ? NULL : rig->held;
}

static const struct h2_relay_user user = {on_call, on_message, on_end};

void h2_rig_open(struct h2_rig *rig, bool keeps_windows)
{
    *rig = (struct h2_rig){.now_ms = 1, .decide = rig->decide};
    rig->relay = h2_relay_create(&(struct h2_relay_config){
        .user = &user,
        .context = rig,
        .authority = SLICE("localhost"),
        .memory_bytes = rig->decide ? H2_RIG_MEMORY_LARGE : H2_RIG_MEMORY,
        .head_bytes = H2_RIG_HEAD,
    });
    assert(rig->relay);
    h2_test_open(&rig->peer[H2_OPENER], false, keeps_windows);
    h2_test_open(&rig->peer[H2_ANSWERER], true, keeps_windows);
}

void h2_rig_close(struct h2_rig *rig)
{
    h2_relay_free(rig->relay);
    h2_test_close(&rig->peer[H2_OPENER]);
    h2_test_close(&rig->peer[H2_ANSWERER]);
}

void h2_rig_feed(struct h2_rig *rig, enum h2_side side, struct slice bytes)
{
    size_t piece = rig->piece > 0 ? rig->piece : SIZE_MAX;

    while (bytes.len > 0) {
        int err = h2_relay_feed(rig->relay, side, slice_head(bytes, piece), rig->now_ms);

        assert(err == 0);
        bytes = slice_from_index(bytes, piece);
    }
}

static bool from_peer(struct h2_rig *rig, enum h2_side side)
{
    const uint8_t *bytes = NULL;
    ssize_t size = 0;
    bool moved = false;

    while (h2_relay_reads(rig->relay, side) &&
           (size = nghttp2_session_mem_send(rig->peer[side].session, &bytes)) > 0) {
        h2_rig_feed(rig, side, (struct slice){(const char *)bytes, (size_t)size});
        moved = true;
    }
    assert(size >= 0);
    return moved;
}

static bool to_peer(struct h2_rig *rig, enum h2_side side)
{
    enum { ENOUGH = 64 * 1024 };
    struct buf out = {.limit_bytes = ENOUGH + H2_RELAY_CHUNK};
    int err = h2_relay_pull(rig->relay, side, &out, ENOUGH);
    bool moved = out.len > 0;

    assert(err == 0);
    rig->pulled[side] += out.len;
    if (moved) {
        nghttp2_session_mem_recv(rig->peer[side].session, (const uint8_t *)out.data, out.len);
    }
    buf_deinit(&out);
    return moved;
}

void h2_rig_run(struct h2_rig *rig)
{
    bool moved = true;

    while (moved) {
        moved = from_peer(rig, H2_OPENER);
        moved |= from_peer(rig, H2_ANSWERER);
        moved |= !rig->stuck[H2_OPENER] && to_peer(rig, H2_OPENER);
        moved |= !rig->stuck[H2_ANSWERER] && to_peer(rig, H2_ANSWERER);
    }
}
