/*
 * The two sessions of a relay: what nghttp2 reports goes to the calls, what they submit is pulled.
 */
#include "http2/h2_relay.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/try.h"
#include "http2/h2_internal.h"
#include "http2/h2_session.h"

#include "base/banned.h"

enum {
    RESETS_AT_ONCE = 4 * H2_RELAY_MAX_STREAMS,
    RESETS_PER_S = 32,
    /* Frames that nghttp2 has to send, beside DATA: then the peer is not read, then it is a flood.
     */
    QUEUE_PAUSE = 256,
    QUEUE_FLOOD = 1024,
    /*
     * Frames without use (PING, SETTINGS, empty DATA ...), and what pays for them: time, and what
     * was sent to the peer, which it may have to acknowledge: grpc-go answers each piece of DATA
     * with up to two WINDOW_UPDATEs and a PING, older Go servers each 8 KiB of it. Frames of types
     * that are unknown are skipped by nghttp2, and cost no more than their bytes.
     */
    CREDITS = 1000,
    CREDITS_PER_S = 50,
    CREDITS_PER_DATA = 4,
    BYTES_PER_CREDIT = 2048,
    FAULT_COST = 8 /* of a stream that was reset for the peer's fault */
};

static enum h2_side h2_relay_side(const struct h2_relay *relay, const nghttp2_session *session)
{
    return session == relay->peers[H2_OPENER].session ? H2_OPENER : H2_ANSWERER;
}

int h2_peer_refund(struct h2_peer *peer)
{
    size_t size = peer->connection_owed;

    if (size == 0 || peer->held_bytes >= H2_RELAY_HELD_BYTES || peer->closed) {
        return 0;
    }
    peer->connection_owed = 0;
    return h2_error(nghttp2_session_consume_connection(peer->session, size));
}

static void h2_peer_earn(struct h2_peer *peer, size_t credits)
{
    peer->credits += (int64_t)credits;
    peer->credits = peer->credits < CREDITS ? peer->credits : CREDITS;
}

static void h2_peer_tick(struct h2_peer *peer, uint64_t now_ms)
{
    enum { FULL_MS = 1000 * CREDITS / CREDITS_PER_S };
    uint64_t passed = now_ms > peer->now_ms ? now_ms - peer->now_ms : 0;

    passed = passed < FULL_MS ? passed : FULL_MS;
    if (passed * CREDITS_PER_S >= 1000) {
        h2_peer_earn(peer, passed * CREDITS_PER_S / 1000);
        peer->now_ms = now_ms;
    }
}

/* For callbacks: what ends the relay is kept, since nghttp2 says only that one failed. */
static int h2_relay_keep(struct h2_relay *relay, int err)
{
    if (err < 0) {
        relay->err = err;
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
}

static struct h2_call *h2_relay_call(nghttp2_session *session, int32_t stream)
{
    return nghttp2_session_get_stream_user_data(session, stream);
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *head, void *context)
{
    struct h2_relay *relay = context;
    struct h2_peer *peer = &relay->peers[h2_relay_side(relay, session)];
    bool ends = head->flags & NGHTTP2_FLAG_END_STREAM;

    switch (head->type) {
    case NGHTTP2_HEADERS:
    case NGHTTP2_CONTINUATION:
        return 0;
    case NGHTTP2_DATA:
        peer->credits -= head->length == 0 && !ends;
        return 0;
    default:
        peer->credits--;
        return 0;
    }
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2_relay *relay = context;
    int32_t stream = frame->hd.stream_id;
    struct h2_call *call = h2_relay_call(session, stream);

    if (h2_relay_side(relay, session) == H2_ANSWERER) {
        if (call) {
            h2_head_deinit(&call->answer);
        }
        return 0;
    }
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    if (relay->call_count == H2_RELAY_MAX_CALLS) {
        return h2_relay_keep(relay,
                             h2_error(nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream,
                                                                NGHTTP2_REFUSED_STREAM)));
    }
    call = h2_call_create(relay, stream);
    relay->counts.calls++;
    return h2_relay_keep(
        relay,
        call ? h2_error(nghttp2_session_set_stream_user_data(session, stream, call)) : -ENOMEM);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    struct h2_relay *relay = context;
    struct h2_call *call = h2_relay_call(session, frame->hd.stream_id);
    struct slice name_slice = {(const char *)name, name_len};
    struct slice value_slice = {(const char *)value, value_len};

    if (!call) {
        return 0;
    }
    if (h2_relay_side(relay, session) == H2_ANSWERER) {
        return h2_relay_keep(relay, h2_head_add(&call->answer, name_slice, value_slice, flags));
    }
    return call->state == H2_CALL_HEAD
               ? h2_relay_keep(relay, h2_head_add(&call->head, name_slice, value_slice, flags))
               : 0;
}

/* nghttp2 would only leave it out. */
static int on_invalid_header(nghttp2_session *session, const nghttp2_frame *frame,
                             nghttp2_rcbuf *name, nghttp2_rcbuf *value, uint8_t flags,
                             void *context)
{
    (void)session, (void)frame, (void)name, (void)value, (void)flags, (void)context;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int h2_relay_on_request(struct h2_call *call, const nghttp2_frame *frame)
{
    struct h2_flow *flow = &call->flow[H2_OPENER];
    bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

    if (frame->hd.type == NGHTTP2_HEADERS) {
        if (call->state != H2_CALL_HEAD) { // trailers: requests of gRPC have none
            return h2_call_reset(call, H2_OPENER, NGHTTP2_PROTOCOL_ERROR);
        }
        flow->ended = ends;
        return h2_call_ask(call);
    }
    if (!ends) {
        return 0;
    }
    flow->ended = true;
    return h2_flow_advance(call, flow);
}

static int h2_relay_on_answer(struct h2_call *call, const nghttp2_frame *frame)
{
    bool ends = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

    if (call->state != H2_CALL_PASSED) {
        return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS) {
        TRY(call->answered ? h2_call_trailers(call) : h2_call_answered(call, ends));
    } else if (ends) {
        TRY(h2_call_refuse(call, GRPC_INTERNAL, SLICE("the answer ends without a status")));
    }
    return ends ? h2_call_answer_ended(call) : 0;
}

/* The answerer takes no more calls: neither does the relay. */
static int h2_relay_on_goaway(struct h2_relay *relay, enum h2_side side)
{
    nghttp2_session *opener = relay->peers[H2_OPENER].session;

    return side == H2_ANSWERER
               ? h2_error(nghttp2_submit_goaway(opener, NGHTTP2_FLAG_NONE,
                                                nghttp2_session_get_last_proc_stream_id(opener),
                                                NGHTTP2_NO_ERROR, NULL, 0))
               : 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2_relay *relay = context;
    enum h2_side side = h2_relay_side(relay, session);
    struct h2_call *call = h2_relay_call(session, frame->hd.stream_id);

    if (frame->hd.type == NGHTTP2_GOAWAY) {
        return h2_relay_keep(relay, h2_relay_on_goaway(relay, side));
    }
    if (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0 &&
        frame->data.padlen >= frame->hd.length) {
        relay->peers[side].credits--; // nothing but padding
    }
    if (!call || (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)) {
        return 0;
    }
    return h2_relay_keep(relay, side == H2_OPENER ? h2_relay_on_request(call, frame)
                                                  : h2_relay_on_answer(call, frame));
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
                   size_t size, void *context)
{
    struct h2_relay *relay = context;
    enum h2_side side = h2_relay_side(relay, session);
    struct h2_call *call = h2_relay_call(session, stream);

    (void)flags;
    relay->peers[side].connection_owed += size;
    return call ? h2_relay_keep(relay, h2_flow_take(call, &call->flow[side],
                                                    (struct slice){(const char *)data, size}))
                : 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
    struct h2_relay *relay = context;
    struct h2_call *call = h2_relay_call(session, stream);

    return call ? h2_relay_keep(relay, h2_call_closed(call, h2_relay_side(relay, session), code))
                : 0;
}

/* The opener's stream is not of use any more once its answer was sent whole. */
static int h2_relay_on_answer_sent(struct h2_call *call, nghttp2_session *session)
{
    return call && nghttp2_session_get_stream_remote_close(session, call->stream[H2_OPENER]) == 0
               ? h2_call_reset(call, H2_OPENER, NGHTTP2_NO_ERROR)
               : 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2_relay *relay = context;
    enum h2_side side = h2_relay_side(relay, session);
    struct h2_peer *peer = &relay->peers[side];
    struct h2_call *call = h2_relay_call(session, frame->hd.stream_id);

    if (frame->hd.type == NGHTTP2_DATA) {
        h2_peer_earn(peer, CREDITS_PER_DATA + frame->hd.length / BYTES_PER_CREDIT);
    } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
        peer->credits -= call && call->reset[side] ? 0 : FAULT_COST;
    } else if (frame->hd.type == NGHTTP2_HEADERS && side == H2_OPENER &&
               (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        return h2_relay_keep(relay, h2_relay_on_answer_sent(call, session));
    }
    return 0;
}

static int h2_relay_start(struct h2_relay *relay, enum h2_side side)
{
    const struct h2_session_limits limits = {
        .client = side == H2_ANSWERER,
        .manual_windows = true,
        .streams = H2_RELAY_MAX_STREAMS,
        .header_bytes =
            side == H2_OPENER ? (uint32_t)relay->config.head_bytes : H2_HEAD_ANSWER_BYTES,
        .stream_window = H2_RELAY_WINDOW,
        .connection_window = H2_RELAY_CONNECTION,
        .resets_at_once = RESETS_AT_ONCE,
        .resets_per_s = RESETS_PER_S,
    };
    nghttp2_session_callbacks *callbacks = NULL;

    TRY(nghttp2_session_callbacks_new(&callbacks) < 0 ? -ENOMEM : 0);
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(callbacks, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
    relay->peers[side].credits = CREDITS;
    int err = h2_session_create(&limits, callbacks, relay, &relay->peers[side].session);

    nghttp2_session_callbacks_del(callbacks);
    return err;
}

struct h2_relay *h2_relay_create(const struct h2_relay_config *config)
{
    struct h2_relay *relay = calloc(1, sizeof(*relay));

    if (!relay) {
        return NULL;
    }
    relay->config = *config;
    if (h2_relay_start(relay, H2_OPENER) < 0 || h2_relay_start(relay, H2_ANSWERER) < 0) {
        h2_relay_free(relay);
        return NULL;
    }
    return relay;
}

void h2_relay_free(struct h2_relay *relay)
{
    if (!relay) {
        return;
    }
    nghttp2_session_del(relay->peers[H2_OPENER].session);
    nghttp2_session_del(relay->peers[H2_ANSWERER].session);
    while (relay->calls) {
        h2_call_free(relay->calls);
    }
    assert(relay->call_count == 0 && relay->reserved == 0);
    free(relay->fields);
    free(relay);
}

/* The calls of a connection that has come to its end; the other side is told to go. */
static int h2_relay_cut(struct h2_relay *relay, enum h2_side side)
{
    struct h2_peer *other = &relay->peers[h2_other(side)];
    struct h2_call *next = NULL;

    for (struct h2_call *call = relay->calls; call; call = next) {
        next = call->next;
        TRY(h2_call_cut(call, side));
    }
    return h2_error(nghttp2_submit_goaway(other->session, NGHTTP2_FLAG_NONE,
                                          nghttp2_session_get_last_proc_stream_id(other->session),
                                          NGHTTP2_NO_ERROR, NULL, 0));
}

/* After bytes have moved: what follows from them for the other connection. */
static int h2_relay_settle(struct h2_relay *relay)
{
    for (enum h2_side side = H2_OPENER; side <= H2_ANSWERER; side++) {
        struct h2_peer *peer = &relay->peers[side];

        TRY(h2_peer_refund(peer));
        if (!peer->seen_over && (peer->closed || !nghttp2_session_want_read(peer->session))) {
            peer->seen_over = true;
            TRY(h2_relay_cut(relay, side));
        }
    }
    return 0;
}

/* What nghttp2 says of a session as a whole: fatal for the relay, or for that connection. */
static int h2_relay_failed(struct h2_relay *relay, enum h2_side side, ssize_t err)
{
    if (relay->err < 0) {
        return relay->err;
    }
    if (err == NGHTTP2_ERR_NOMEM) {
        return -ENOMEM;
    }
    relay->counts.floods += err == NGHTTP2_ERR_FLOODED;
    relay->peers[side].closed = true;
    return 0;
}

int h2_relay_feed(struct h2_relay *relay, enum h2_side side, struct slice bytes, uint64_t now_ms)
{
    struct h2_peer *peer = &relay->peers[side];

    TRY(relay->err);
    if (h2_relay_over(relay, side)) {
        return 0;
    }
    h2_peer_tick(peer, now_ms);
    ssize_t taken = nghttp2_session_mem_recv(peer->session, (const uint8_t *)bytes.ptr, bytes.len);

    if (taken < 0) {
        TRY(h2_relay_failed(relay, side, taken));
    } else if (peer->credits < 0 ||
               nghttp2_session_get_outbound_queue_size(peer->session) > QUEUE_FLOOD) {
        relay->counts.floods++;
        peer->credits = CREDITS; // counted once
        TRY(h2_error(nghttp2_session_terminate_session(peer->session, NGHTTP2_ENHANCE_YOUR_CALM)));
    }
    return h2_relay_settle(relay);
}

/* Whatever waits for memory, or for what went before it. */
static int h2_relay_advance(struct h2_relay *relay)
{
    for (struct h2_call *call = relay->calls; call; call = call->next) {
        if (call->state == H2_CALL_PASSED) {
            TRY(h2_flow_advance(call, &call->flow[H2_OPENER]));
            TRY(h2_flow_advance(call, &call->flow[H2_ANSWERER]));
        }
    }
    return 0;
}

static int h2_relay_send(struct h2_relay *relay, enum h2_side side, struct buf *out, size_t enough)
{
    const uint8_t *bytes = NULL;
    ssize_t size = 0;

    // Where a session has said its last word, nghttp2 would go on with what is queued.
    while (out->len < enough && h2_relay_has(relay, side) &&
           (size = nghttp2_session_mem_send(relay->peers[side].session, &bytes)) > 0) {
        TRY(buf_append(out, (struct slice){(const char *)bytes, (size_t)size}));
    }
    return size < 0 ? h2_relay_failed(relay, side, size) : 0;
}

int h2_relay_pull(struct h2_relay *relay, enum h2_side side, struct buf *out, size_t enough)
{
    size_t before = 0;

    TRY(relay->err);
    do {
        before = out->len;
        TRY(h2_relay_advance(relay));
        TRY(h2_relay_send(relay, side, out, enough));
    } while (out->len > before && out->len < enough);
    return h2_relay_settle(relay);
}

bool h2_relay_has(const struct h2_relay *relay, enum h2_side side)
{
    const struct h2_peer *peer = &relay->peers[side];

    return !peer->closed && nghttp2_session_want_write(peer->session);
}

bool h2_relay_over(const struct h2_relay *relay, enum h2_side side)
{
    const struct h2_peer *peer = &relay->peers[side];

    return peer->closed || (!nghttp2_session_want_read(peer->session) &&
                            !nghttp2_session_want_write(peer->session));
}

bool h2_relay_reads(const struct h2_relay *relay, enum h2_side side)
{
    const struct h2_peer *peer = &relay->peers[side];

    return !h2_relay_over(relay, side) &&
           nghttp2_session_get_outbound_queue_size(peer->session) < QUEUE_PAUSE;
}

int h2_relay_closed(struct h2_relay *relay, enum h2_side side)
{
    TRY(relay->err);
    relay->peers[side].closed = true;
    return h2_relay_settle(relay);
}

int h2_relay_resume(struct h2_relay *relay, struct h2_call *call)
{
    TRY(relay->err);
    if (call->state == H2_CALL_ASKING) {
        return h2_call_ask(call);
    }
    call->flow[H2_OPENER].held = false;
    call->flow[H2_ANSWERER].held = false;
    if (call->state != H2_CALL_PASSED) {
        return 0;
    }
    TRY(h2_flow_advance(call, &call->flow[H2_OPENER]));
    return h2_flow_advance(call, &call->flow[H2_ANSWERER]);
}

int h2_relay_refuse(struct h2_relay *relay, struct h2_call *call, enum grpc_status status,
                    struct slice text)
{
    TRY(relay->err);
    return h2_call_refuse(call, status, text);
}

struct h2_relay_counts h2_relay_counts(const struct h2_relay *relay)
{
    return relay->counts;
}
