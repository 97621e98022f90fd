/*
 * What the files of the relay share: h2_relay.c (the two sessions), h2_call.c (pairs of streams),
 * h2_flow.c (the messages of one direction).
 */
#ifndef SOCKADE_HTTP2_H2_INTERNAL_H
#define SOCKADE_HTTP2_H2_INTERNAL_H

#include "http2/h2_relay.h"

struct h2_flow {
    enum h2_side from;
    struct buf in;  /* not judged yet; at most one reserved message and a window */
    struct buf out; /* to be sent, from out_at on */
    size_t out_at;
    size_t in_owed;  /* bytes of `in`, and of what went to `out`, that the window misses */
    size_t out_owed; /* until `out` is sent */
    size_t reserved; /* of the relay's memory, for a message above half a window */
    size_t passing;  /* H2_PIECES: bytes left of a message */
    unsigned messages;
    bool large_out; /* the reserved message is in `out` */
    bool held;
    bool ended; /* the sender has said so */
    bool done;  /* and all of it is in `out` */
};

enum h2_call_state {
    H2_CALL_HEAD = 0, /* its fields are coming */
    H2_CALL_ASKING,   /* held */
    H2_CALL_PASSED,
    H2_CALL_REFUSED
};

struct h2_call {
    struct h2_relay *relay;
    struct h2_call *next;
    struct h2_call *previous;
    enum h2_call_state state;
    int32_t stream[2];      /* by side */
    bool open[2];           /* the stream exists; towards the answerer from its submission on */
    bool reset[2];          /* the relay resets it, and not nghttp2 for the peer's fault */
    bool asked;             /* on_end has to be called */
    bool answered;          /* an answer's head went to the opener */
    bool has_trailers;      /* of the answerer, in `answer` */
    bool ending;            /* the end was submitted to the opener */
    struct h2_head head;    /* of the request, until it ends */
    struct h2_head answer;  /* the answer's head; then its trailers */
    struct h2_flow flow[2]; /* by the side that sends */
    const struct h2_call_rules *rules;
    enum grpc_status status; /* H2_CALL_REFUSED */
    struct buf message;      /* H2_CALL_REFUSED; encoded */
    void *data;
};

struct h2_peer {
    nghttp2_session *session;
    bool closed;            /* its connection is; nothing is read or sent */
    bool seen_over;         /* its calls were ended for it */
    size_t held_bytes;      /* owed to the windows of its streams */
    size_t connection_owed; /* bytes that the connection's window misses */
    int64_t credits;        /* frames that it may send without use */
    uint64_t now_ms;        /* when they were counted */
};

struct h2_relay {
    struct h2_relay_config config;
    struct h2_peer peers[2];
    struct h2_call *calls;
    size_t call_count;
    size_t reserved;    /* of config.memory_bytes */
    nghttp2_nv *fields; /* of the head that is being written */
    size_t field_room;
    struct h2_relay_counts counts;
    int err; /* what ended it */
};

static inline enum h2_side h2_other(enum h2_side side)
{
    return side == H2_OPENER ? H2_ANSWERER : H2_OPENER;
}

/* 0 of nghttp2, or its errors as ours: but for memory, they are about streams that are gone. */
static inline int h2_error(int err)
{
    return err == NGHTTP2_ERR_NOMEM ? -ENOMEM : 0;
}

/* Opens the connection's window by what it misses, unless too much waits. */
MUST_CHECK int h2_peer_refund(struct h2_peer *peer);

/* NULL: out of memory. */
struct h2_call *h2_call_create(struct h2_relay *relay, int32_t stream);
void h2_call_free(struct h2_call *call);

/* The request's head is complete: asks the user. */
MUST_CHECK int h2_call_ask(struct h2_call *call);

/* Opens the stream towards the answerer. */
MUST_CHECK int h2_call_open(struct h2_call *call);

/* An answer's head, or its trailers, are complete in call->answer. */
MUST_CHECK int h2_call_answered(struct h2_call *call, bool trailers_only);
MUST_CHECK int h2_call_trailers(struct h2_call *call);

/* Submits what ends the answer, once its messages are sent. */
MUST_CHECK int h2_call_finish(struct h2_call *call);

MUST_CHECK int h2_call_refuse(struct h2_call *call, enum grpc_status status, struct slice text);

/* Resets one of its streams, if that is open. */
MUST_CHECK int h2_call_reset(struct h2_call *call, enum h2_side side, uint32_t code);

/* The answerer has ended its stream: nothing more of the request goes to it. */
MUST_CHECK int h2_call_answer_ended(struct h2_call *call);

/* That side's connection is gone. May free the call. */
MUST_CHECK int h2_call_cut(struct h2_call *call, enum h2_side side);

/* A stream of it was closed with that code of HTTP/2. May free the call. */
MUST_CHECK int h2_call_closed(struct h2_call *call, enum h2_side side, uint32_t code);

void h2_flow_init(struct h2_flow *flow, enum h2_side from);
void h2_flow_deinit(struct h2_call *call, struct h2_flow *flow);

/* Bytes of the sender. */
MUST_CHECK int h2_flow_take(struct h2_call *call, struct h2_flow *flow, struct slice bytes);

/* Judges and moves what can be; asks to be sent if there is something. */
MUST_CHECK int h2_flow_advance(struct h2_call *call, struct h2_flow *flow);

/* Nothing of it is judged any more. What waits in `out` is still sent. */
MUST_CHECK int h2_flow_stop(struct h2_call *call, struct h2_flow *flow);

/* Copies up to `size` bytes of what is to be sent. */
MUST_CHECK int h2_flow_send(struct h2_call *call, struct h2_flow *flow, uint8_t *to, size_t size,
                            size_t *sent);

static inline size_t h2_flow_waiting(const struct h2_flow *flow)
{
    return flow->out.len - flow->out_at;
}

#endif
