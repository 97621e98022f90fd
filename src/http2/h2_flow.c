/*
 * One direction of a call: frames of gRPC are taken apart, each message is judged or passed in
 * pieces, and the sender's window opens as the other side takes the bytes.
 */
#include <assert.h>
#include <errno.h>

#include "base/try.h"
#include "http2/h2_internal.h"

#include "base/banned.h"

enum {
    /*
     * nghttp2 opens a window that misses half of itself: a message that is no larger is whole
     * before the sender has to wait.
     */
    SMALL_BYTES = H2_RELAY_WINDOW / 2,
    AHEAD_BYTES = 64 * 1024, /* judged before what went before is sent */
    KEPT_BYTES = 64 * 1024   /* of memory, while nothing is in it */
};

void h2_flow_init(struct h2_flow *flow, enum h2_side from)
{
    *flow = (struct h2_flow){.from = from};
}

static struct h2_peer *h2_flow_peer(struct h2_call *call, const struct h2_flow *flow)
{
    return &call->relay->peers[flow->from];
}

static void h2_flow_release(struct h2_call *call, struct h2_flow *flow)
{
    assert(call->relay->reserved >= flow->reserved);
    call->relay->reserved -= flow->reserved;
    flow->reserved = 0;
    flow->large_out = false;
}

void h2_flow_deinit(struct h2_call *call, struct h2_flow *flow)
{
    h2_flow_release(call, flow);
    h2_flow_peer(call, flow)->held_bytes -= flow->in_owed + flow->out_owed;
    flow->in_owed = flow->out_owed = 0;
    buf_deinit(&flow->in);
    buf_deinit(&flow->out);
}

/* Opens the sender's window by `size` bytes that it misses. */
static int h2_flow_consume(struct h2_call *call, struct h2_flow *flow, size_t size)
{
    struct h2_peer *peer = h2_flow_peer(call, flow);

    if (size == 0) {
        return 0;
    }
    assert(peer->held_bytes >= size);
    peer->held_bytes -= size;
    if (call->open[flow->from]) {
        TRY(h2_error(
            nghttp2_session_consume_stream(peer->session, call->stream[flow->from], size)));
    }
    return h2_peer_refund(peer);
}

static int h2_flow_consume_in(struct h2_call *call, struct h2_flow *flow, size_t size)
{
    flow->in_owed -= size;
    return h2_flow_consume(call, flow, size);
}

static int h2_flow_consume_out(struct h2_call *call, struct h2_flow *flow, size_t size)
{
    size = size < flow->out_owed ? size : flow->out_owed;
    flow->out_owed -= size;
    return h2_flow_consume(call, flow, size);
}

/* `out` is sent, or nothing came into it. */
static int h2_flow_drained(struct h2_call *call, struct h2_flow *flow)
{
    if (flow->large_out) {
        h2_flow_release(call, flow);
    }
    flow->out_at = 0;
    if (flow->out.cap > KEPT_BYTES) {
        buf_deinit(&flow->out);
    } else {
        buf_clear(&flow->out);
    }
    return h2_flow_consume_out(call, flow, flow->out_owed);
}

int h2_flow_send(struct h2_call *call, struct h2_flow *flow, uint8_t *to, size_t size, size_t *sent)
{
    size_t waiting = h2_flow_waiting(flow);

    *sent = size < waiting ? size : waiting;
    if (*sent == 0) {
        return 0;
    }
    memcpy(to, flow->out.data + flow->out_at, *sent);
    flow->out_at += *sent;
    TRY(h2_flow_consume_out(call, flow, *sent));
    return h2_flow_waiting(flow) == 0 ? h2_flow_drained(call, flow) : 0;
}

int h2_flow_stop(struct h2_call *call, struct h2_flow *flow)
{
    buf_deinit(&flow->in);
    flow->held = false;
    flow->done = true;
    if (flow->reserved > 0 && !flow->large_out) {
        h2_flow_release(call, flow);
    }
    return h2_flow_consume_in(call, flow, flow->in_owed);
}

/* Memory for the whole of a large message, if there is some; then the sender may go on. */
static int h2_flow_reserve(struct h2_call *call, struct h2_flow *flow, size_t size)
{
    struct h2_relay *relay = call->relay;

    if (flow->reserved == 0) {
        if (size > relay->config.memory_bytes - relay->reserved) {
            return 0; // asked again as messages of other calls are sent
        }
        flow->reserved = size;
        relay->reserved += size;
    }
    size_t of_message = flow->in.len < size ? flow->in.len : size;
    size_t consumed = flow->in.len - flow->in_owed;

    return of_message > consumed ? h2_flow_consume_in(call, flow, of_message - consumed) : 0;
}

/* The first `size` bytes of `in` are dealt with; what the window misses of them waits for `out`. */
static void h2_flow_leave(struct h2_flow *flow, size_t size)
{
    size_t consumed = flow->in.len - flow->in_owed;
    size_t owed = size > consumed ? size - consumed : 0;

    flow->in_owed -= owed;
    flow->out_owed += owed;
    buf_consume(&flow->in, size);
}

static int h2_flow_append(struct h2_flow *flow, struct slice bytes)
{
    flow->out.limit_bytes = SIZE_MAX; // what comes into it is limited one by one
    if (flow->out_at > KEPT_BYTES) {
        buf_consume(&flow->out, flow->out_at);
        flow->out_at = 0;
    }
    return buf_append(&flow->out, bytes);
}

static int h2_flow_refuse(struct h2_call *call, enum grpc_status status, const char *text)
{
    return h2_call_refuse(call, status, slice_from(text));
}

/* The frame at the start of `in`: 0, or refused. */
static int h2_flow_check_frame(struct h2_call *call, struct h2_flow *flow, struct grpc_frame frame)
{
    const struct h2_flow_rules *rules = &call->rules->from[flow->from];

    if (frame.flag != 0) {
        return h2_flow_refuse(call, GRPC_UNIMPLEMENTED, "compressed messages are not supported");
    }
    if (frame.message_bytes > rules->max_bytes) {
        return h2_flow_refuse(call, GRPC_RESOURCE_EXHAUSTED, "a message is too large");
    }
    if (rules->single && flow->messages > 0) {
        return h2_flow_refuse(call, GRPC_INTERNAL, "more than one message");
    }
    return 0;
}

/* Other bytes for a message: what is larger than it wants memory of its own. */
static int h2_flow_replace(struct h2_call *call, struct h2_flow *flow, struct slice bytes)
{
    struct h2_relay *relay = call->relay;
    size_t size = GRPC_FRAME_BYTES + bytes.len;
    size_t more = size > SMALL_BYTES && size > flow->reserved ? size - flow->reserved : 0;

    if (bytes.len > call->rules->from[flow->from].max_bytes) {
        return h2_flow_refuse(call, GRPC_RESOURCE_EXHAUSTED, "a message is too large");
    }
    if (more > relay->config.memory_bytes - relay->reserved) {
        return h2_flow_refuse(call, GRPC_RESOURCE_EXHAUSTED, "too many large messages at once");
    }
    flow->reserved += more;
    relay->reserved += more;
    TRY(h2_flow_append(flow, (struct slice){0}));
    TRY(grpc_frame_write(&flow->out, (uint32_t)bytes.len));
    return h2_flow_append(flow, bytes);
}

/* A message that passes: its frame is written anew and says the same. */
static int h2_flow_pass(struct h2_flow *flow, size_t size)
{
    if (h2_flow_waiting(flow) == 0 && flow->in.len == size) {
        struct buf sent = flow->out;

        flow->out = flow->in;
        flow->in = (struct buf){.data = sent.data, .cap = sent.cap};
        flow->out_at = 0;
        flow->out_owed += flow->in_owed;
        flow->in_owed = 0;
        return 0;
    }
    TRY(h2_flow_append(flow, (struct slice){flow->in.data, size}));
    h2_flow_leave(flow, size);
    return 0;
}

/* What was said about the message of `size` bytes, its frame included. */
static int h2_flow_obey(struct h2_call *call, struct h2_flow *flow, size_t size,
                        const struct h2_answer *answer)
{
    switch (answer->verdict) {
    case H2_HOLD:
        flow->held = true;
        return 0;
    case H2_PASS:
        TRY(h2_flow_pass(flow, size));
        break;
    case H2_REPLACE:
        TRY(h2_flow_replace(call, flow, answer->bytes));
        if (call->state == H2_CALL_REFUSED) {
            return 0;
        }
        h2_flow_leave(flow, size);
        break;
    case H2_DROP:
        h2_flow_leave(flow, size);
        break;
    case H2_REFUSE:
        return h2_call_refuse(call, answer->status, answer->text);
    }
    flow->messages++;
    flow->large_out = flow->reserved > 0;
    return h2_flow_waiting(flow) == 0 ? h2_flow_drained(call, flow) : 0;
}

/* *moved: whether something was dealt with, and there may be more. */
static int h2_flow_step_whole(struct h2_call *call, struct h2_flow *flow, bool *moved)
{
    const struct h2_relay_config *config = &call->relay->config;

    if (flow->in.len < GRPC_FRAME_BYTES) {
        return 0;
    }
    struct grpc_frame frame = grpc_frame_read(flow->in.data);
    size_t size = (size_t)GRPC_FRAME_BYTES + frame.message_bytes;

    TRY(h2_flow_check_frame(call, flow, frame));
    if (call->state == H2_CALL_REFUSED || flow->large_out) {
        return 0;
    }
    if (flow->in.len < size) {
        return size > SMALL_BYTES ? h2_flow_reserve(call, flow, size) : 0;
    }
    if (h2_flow_waiting(flow) > AHEAD_BYTES) {
        return 0;
    }
    struct h2_answer answer = {0};

    TRY(config->user->on_message(
        config->context, call, flow->from,
        (struct slice){flow->in.data + GRPC_FRAME_BYTES, frame.message_bytes}, &answer));
    if (call->state == H2_CALL_REFUSED) {
        return 0; // by the user, meanwhile
    }
    TRY(h2_flow_obey(call, flow, size, &answer));
    *moved = !flow->held && call->state != H2_CALL_REFUSED;
    return 0;
}

static int h2_flow_step_pieces(struct h2_call *call, struct h2_flow *flow, bool *moved)
{
    if (flow->passing == 0) {
        if (flow->in.len < GRPC_FRAME_BYTES) {
            return 0;
        }
        struct grpc_frame frame = grpc_frame_read(flow->in.data);

        TRY(h2_flow_check_frame(call, flow, frame));
        if (call->state == H2_CALL_REFUSED) {
            return 0;
        }
        flow->messages++;
        flow->passing = (size_t)GRPC_FRAME_BYTES + frame.message_bytes;
    }
    size_t size = flow->in.len < flow->passing ? flow->in.len : flow->passing;

    flow->passing -= size;
    *moved = size > 0;
    return size > 0 ? h2_flow_pass(flow, size) : 0;
}

/* The sender has ended, and nothing waits to be judged. */
static int h2_flow_end(struct h2_call *call, struct h2_flow *flow)
{
    const struct h2_flow_rules *rules = &call->rules->from[flow->from];

    if (flow->in.len > 0 || flow->passing > 0) {
        bool waits =
            flow->in.len >= GRPC_FRAME_BYTES &&
            flow->in.len - GRPC_FRAME_BYTES >= grpc_frame_read(flow->in.data).message_bytes;

        return waits ? 0 : h2_flow_refuse(call, GRPC_INTERNAL, "the end is within a message");
    }
    if (rules->single && flow->from == H2_OPENER && flow->messages == 0) {
        return h2_flow_refuse(call, GRPC_INTERNAL, "no message");
    }
    flow->done = true;
    return 0;
}

/* Has the other side's session ask for bytes, or for the end. */
static int h2_flow_wake(struct h2_call *call, struct h2_flow *flow)
{
    enum h2_side to = h2_other(flow->from);

    if (h2_flow_waiting(flow) == 0 && !flow->done) {
        return 0;
    }
    if (to == H2_ANSWERER && !call->open[to] && call->state == H2_CALL_PASSED &&
        call->stream[to] == 0) {
        return h2_call_open(call);
    }
    return call->open[to] ? h2_error(nghttp2_session_resume_data(call->relay->peers[to].session,
                                                                 call->stream[to]))
                          : 0;
}

int h2_flow_advance(struct h2_call *call, struct h2_flow *flow)
{
    bool moved = true;

    while (moved && call->state == H2_CALL_PASSED && !flow->held && !flow->done) {
        moved = false;
        TRY(call->rules->from[flow->from].messages == H2_WHOLE
                ? h2_flow_step_whole(call, flow, &moved)
                : h2_flow_step_pieces(call, flow, &moved));
    }
    if (call->state == H2_CALL_PASSED && flow->ended && !flow->held && !flow->done) {
        TRY(h2_flow_end(call, flow));
    }
    return h2_flow_wake(call, flow);
}

int h2_flow_take(struct h2_call *call, struct h2_flow *flow, struct slice bytes)
{
    if (call->state == H2_CALL_REFUSED || flow->done || flow->ended) {
        return 0; // what comes until it has read of its end
    }
    flow->in.limit_bytes = flow->reserved + 2UL * H2_RELAY_WINDOW; // more than the window lets come
    TRY(buf_append(&flow->in, bytes));
    flow->in_owed += bytes.len;
    h2_flow_peer(call, flow)->held_bytes += bytes.len;
    return h2_flow_advance(call, flow);
}
