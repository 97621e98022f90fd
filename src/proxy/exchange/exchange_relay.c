/*
 * The judged request goes out: a head written anew, then the body that was
 * judged, or the client's as it comes in a framing that we check piece by piece.
 */
#include <errno.h>
#include <stdio.h>

#include "base/try.h"
#include "http/head_writer.h"
#include "proxy/exchange/exchange_internal.h"
#include "proxy/exchange/pump.h"

#include "base/banned.h"

enum { FORWARD_HEAD_MAX_BYTES = 4 * HTTP_HEAD_MAX_BYTES, USUAL_HEAD_BYTES = 1000 };

static int write_fields(struct buf *out, const struct exchange *ex)
{
    const struct http_headers *headers = &ex->head->headers;

    for (size_t i = 0; i < headers->count; i++) {
        const struct http_header *field = &headers->item[i];

        if (header_is_hop_by_hop(field->id) ||
            !policy_forwards_header(&ex->decision, field->name)) {
            continue;
        }
        int err = head_copy_field(out, field);

        if (err < 0) {
            return err;
        }
    }
    if (ex->decision.forward_content_type.len == 0) {
        return 0;
    }
    return head_write_field(out, SLICE("Content-Type"), ex->decision.forward_content_type);
}

/* Upgrade goes on only where the policy expects a tunnel, and only if the client asked. */
static int write_upgrade(struct buf *out, struct exchange *ex)
{
    bool tunnel =
        ex->decision.connection == DECISION_HIJACK || ex->decision.connection == DECISION_UPGRADE;

    if (!tunnel || ex->head->upgrade.len == 0 || ex->http10) {
        return 0;
    }
    int err = head_write_field(out, SLICE("Connection"), SLICE("Upgrade"));

    ex->upgrade_sent = true;
    return err < 0 ? err : head_write_field(out, SLICE("Upgrade"), ex->head->upgrade);
}

static int write_body_framing(struct buf *out, const struct exchange *ex)
{
    bool needs_length =
        slice_eq(ex->head->method, SLICE("POST")) || slice_eq(ex->head->method, SLICE("PUT"));

    switch (ex->decision.body) {
    case DECISION_BODY_WHOLE:
        return head_write_framing(out, ex->decision.forward_chunked ? BODY_CHUNKED : BODY_LENGTH,
                                  ex->decision.forward_body.len);
    case DECISION_BODY_STREAM:
        if (ex->head->framing != BODY_NONE) {
            return head_write_framing(out, ex->head->framing, ex->head->content_length);
        }
        break;
    case DECISION_BODY_NONE:
        break;
    }
    return needs_length ? head_write_framing(out, BODY_LENGTH, 0) : 0;
}

static int write_request_head(struct buf *out, struct exchange *ex)
{
    int err = head_write_request_line(out, ex->head->method, ex->decision.forward_target);

    if (err == 0) {
        err = write_fields(out, ex);
    }
    if (err == 0) {
        err = write_upgrade(out, ex);
    }
    if (err == 0) {
        err = write_body_framing(out, ex);
    }
    return err == 0 ? head_write_end(out) : err;
}

/* The whole body as one chunk, behind the head. */
static int send_chunk(struct exchange *ex, struct buf *head, struct slice body)
{
    static const struct slice end = SLICE_INIT("\r\n0\r\n\r\n");
    char size[sizeof("ffffffffffffffff\r\n")];

    if (body.len == 0) {
        int err = buf_append(head, slice_from_index(end, 2));
        struct slice part = buf_slice(head);

        return err < 0 ? err : exchange_write(ex, SIDE_UPSTREAM, &part, 1);
    }
    int len = snprintf(size, sizeof(size), "%zx\r\n", body.len);

    TRY(buf_append(head, (struct slice){size, (size_t)len}));
    struct slice parts[] = {buf_slice(head), body, end};

    return exchange_write(ex, SIDE_UPSTREAM, parts, 3);
}

static int send_request(struct exchange *ex)
{
    CLEANUP(buf_deinit) struct buf head = {.limit_bytes = FORWARD_HEAD_MAX_BYTES};
    int err = buf_reserve(&head, USUAL_HEAD_BYTES);

    if (err == 0) {
        err = write_request_head(&head, ex);
    }
    if (err < 0) {
        return err;
    }
    struct slice body = ex->decision.forward_body;
    bool whole = ex->decision.body == DECISION_BODY_WHOLE;

    if (whole && ex->decision.forward_chunked) {
        return send_chunk(ex, &head, body);
    }
    struct slice parts[] = {buf_slice(&head), body};

    return exchange_write(ex, SIDE_UPSTREAM, parts, whole && body.len > 0 ? 2 : 1);
}

/* Not when the engine has stopped taking the body: its answer may still come. */
static bool sends_body(const struct exchange *ex)
{
    return !ex->call.shut && ex->decision.body == DECISION_BODY_STREAM;
}

/*
 * Passes on what `bytes` hold of the body and leaves the rest in `in`. `bytes` may
 * be a slice of `in`, which is then emptied.
 */
static enum exchange_state send_body(struct exchange *ex, struct slice bytes)
{
    struct pump pump;
    enum body_piece kind = BODY_PIECE_DATA;

    pump_init(&pump, ex, SIDE_UPSTREAM);
    while (kind != BODY_PIECE_MORE && kind != BODY_PIECE_END) {
        struct slice piece = {NULL, 0};

        kind = body_reader_next(&ex->body, &bytes, &piece);
        if (kind == BODY_PIECE_BAD) {
            return exchange_abort(ex); // half a request is out: nothing can be answered
        }
        if (kind == BODY_PIECE_DATA) {
            ex->bytes_in += piece.len;
        }
        // What the engine doesn't take any more is still read, to find the body's end.
        if (sends_body(ex) && pump_add(&pump, piece) < 0) {
            ex->call.shut = true;
        }
    }
    if (sends_body(ex) && pump_flush(&pump) < 0) {
        ex->call.shut = true;
    }
    ex->body_done = kind == BODY_PIECE_END;
    ex->body_sent = ex->body_done && !ex->call.shut;
    return buf_append(&ex->in, bytes) < 0 ? exchange_abort(ex) : EXCHANGE_RELAYING;
}

/* The beginning of the body came together with the head. */
static enum exchange_state send_early_body(struct exchange *ex)
{
    struct buf early = ex->in;

    if (ex->body_done || early.len == 0) {
        return EXCHANGE_RELAYING;
    }
    buf_init(&ex->in, EXCHANGE_IN_LIMIT);
    ex->state = EXCHANGE_RELAYING;
    enum exchange_state next = send_body(ex, buf_slice(&early));

    buf_deinit(&early);
    return next;
}

/* Whether the client may be read: its bytes have somewhere to go. */
static void read_client(struct exchange *ex)
{
    bool room = ex->body_done ? ex->in.len < EXCHANGE_IN_HIGH : !ex->upstream_pending;

    if (!ex->client_eof) {
        ex->io->read(ex->context, SIDE_CLIENT, room);
    }
}

/* Streams, builds, pulls and whatever else may rightly last have none. */
static unsigned answer_timeout_ms(const struct exchange *ex)
{
    bool finite = ex->decision.connection == DECISION_PLAIN;

    return finite ? policy_limits(ex->policy)->answer_timeout_s * 1000U : 0;
}

static enum exchange_state exchange_relay_client_ended(struct exchange *ex)
{
    ex->client_eof = true;
    if (!ex->body_done) {
        return exchange_abort(ex);
    }
    // A stream would never notice that its reader has nothing more to say, and the
    // engine ends such a stream itself; a finite answer is still wanted.
    if (ex->decision.connection == DECISION_STREAM && ex->in.len == 0 && !ex->call.shut) {
        ex->call.shut = true;
        ex->io->shutdown(ex->context, SIDE_UPSTREAM);
    }
    return ex->state;
}

static enum exchange_state forward(struct exchange *ex, bool fresh)
{
    static const struct slice go_on = SLICE_INIT("HTTP/1.1 100 Continue\r\n\r\n");
    int err = exchange_call(ex, fresh);

    if (err == -EAGAIN) {
        return exchange_wait_to_connect(ex);
    }
    if (err < 0) {
        return exchange_refuse(ex, 502, "engine", "the engine cannot be reached");
    }
    err = send_request(ex);
    if (err < 0 && ex->call.reused && !fresh) {
        // The engine had closed this idle connection: it has read nothing of the request.
        exchange_leave_upstream(ex, false);
        return forward(ex, true);
    }
    if (err < 0) {
        return exchange_refuse(ex, 502, "engine", "the engine closed the connection");
    }
    decision_sent(&ex->decision);
    ex->sent_at_us = ex->io->now_us(ex->context);
    ex->sent_turn = ex->io->volume_runs(ex->context)->turn;
    ex->body_sent = ex->body_done;
    ex->io->deadline(ex->context, answer_timeout_ms(ex));
    ex->io->read(ex->context, SIDE_UPSTREAM, !ex->client_pending);
    if (!ex->body_done && ex->head->expects_continue && !ex->http10 &&
        exchange_write(ex, SIDE_CLIENT, &go_on, 1) < 0) {
        return exchange_abort(ex);
    }
    enum exchange_state next = send_early_body(ex);

    if (next != EXCHANGE_RELAYING) {
        return next;
    }
    if (ex->client_eof) {
        ex->state = EXCHANGE_RELAYING;
        return exchange_relay_client_ended(ex); // it came in a state that could do nothing with it
    }
    read_client(ex);
    return next;
}

enum exchange_state exchange_forward(struct exchange *ex)
{
    return forward(ex, false);
}

static enum exchange_state take_client_bytes(struct exchange *ex, struct slice bytes)
{
    enum exchange_state next = EXCHANGE_RELAYING;

    if (ex->body_done) {
        // The next request, or the first input of a tunnel that isn't open yet: kept
        // back until the engine's answer says which.
        if (buf_append(&ex->in, bytes) < 0) {
            return exchange_abort(ex);
        }
    } else {
        next = send_body(ex, bytes);
    }
    if (next == EXCHANGE_RELAYING) {
        read_client(ex);
    }
    return next;
}

static enum exchange_state exchange_relay_upstream_ended(struct exchange *ex)
{
    ex->call.eof = true; // a new call begins without
    if (ex->rewrite_over) {
        return ex->state; // nothing of the answer is missing
    }
    bool untouched = ex->call.reused && !ex->call.any_bytes && !ex->call.head_done;
    bool repeatable = ex->decision.body == DECISION_BODY_NONE &&
                      (ex->to_head || slice_eq(ex->request.method, SLICE("GET")));

    if (untouched && repeatable) {
        exchange_leave_upstream(ex, false);
        return forward(ex, true);
    }
    return exchange_response_broken(ex);
}

static enum exchange_state exchange_relay_written(struct exchange *ex, enum side side)
{
    if (side == SIDE_CLIENT) {
        ex->io->read(ex->context, SIDE_UPSTREAM, !ex->resume && !ex->rewrite_over);
    } else {
        read_client(ex);
    }
    return ex->state;
}

struct body_reader *exchange_bulk_body(struct exchange *ex, enum side from)
{
    if (from == SIDE_CLIENT) {
        return !ex->body_done && sends_body(ex) && ex->in.len == 0 ? &ex->body : NULL;
    }
    // HTTP/1.0 gets a chunked body without its framing.
    bool as_it_is = !ex->rewriter && !(ex->http10 && ex->call.framing == BODY_CHUNKED);

    return ex->call.head_done && as_it_is ? &ex->call.body : NULL;
}

static enum exchange_state exchange_relay_moved(struct exchange *ex, const struct event *event)
{
    bool client = event->side == SIDE_CLIENT;
    struct slice none = {NULL, 0};
    struct slice piece = {NULL, 0};

    *(client ? &ex->bytes_in : &ex->bytes_out) += event->count;
    if (!event->over) {
        return ex->state;
    }
    if (event->cut && !client) {
        return exchange_abort(ex);
    }
    // The engine takes no more of the body: its answer may still come.
    ex->call.shut = ex->call.shut || event->cut;
    enum body_piece kind = body_reader_next(client ? &ex->body : &ex->call.body, &none, &piece);

    if (kind == BODY_PIECE_BAD) {
        return exchange_abort(ex);
    }
    if (kind != BODY_PIECE_END) {
        return ex->state;
    }
    if (!client) {
        return exchange_response_ended(ex);
    }
    ex->body_done = true;
    ex->body_sent = !ex->call.shut;
    read_client(ex);
    return ex->state;
}

enum exchange_state in_relaying(struct exchange *ex, const struct event *event)
{
    bool client = event->side == SIDE_CLIENT;

    switch (event->type) {
    case EVENT_BYTES:
        return client ? take_client_bytes(ex, event->bytes)
                      : exchange_take_response(ex, event->bytes);
    case EVENT_EOF:
        return client ? exchange_relay_client_ended(ex) : exchange_relay_upstream_ended(ex);
    case EVENT_FAILED:
        return client ? exchange_abort(ex) : exchange_relay_upstream_ended(ex);
    case EVENT_WRITTEN:
        return exchange_relay_written(ex, event->side);
    case EVENT_MOVED:
        return exchange_relay_moved(ex, event);
    case EVENT_TIMEOUT:
        // Set for as long as no answer has begun; half of one is never followed by another.
        return ex->answer_begun
                   ? exchange_abort(ex)
                   : exchange_refuse(ex, 504, "engine",
                                     "the engine did not answer in time (limits.answer_timeout)");
    case EVENT_RESUME:
        if (ex->rewrite_over) {
            return exchange_response_ended(ex);
        }
        ex->io->read(ex->context, SIDE_UPSTREAM, !ex->client_pending);
        read_client(ex);
        break;
    case EVENT_LOOKED:
    case EVENT_RETRY:
        break;
    }
    return ex->state;
}
