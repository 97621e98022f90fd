/*
 * What the engine answered: its head written anew, its body passed on in its own
 * framing, and the one place where a connection becomes a tunnel: only on the
 * engine's word, never on the client's.
 */
#include <errno.h>
#include <string.h>

#include "base/try.h"
#include "http/head_writer.h"
#include "proxy/exchange/exchange_answer.h"
#include "proxy/exchange/exchange_internal.h"
#include "proxy/exchange/pump.h"

#include "base/banned.h"

enum { RESPONSE_HEAD_OUT_MAX_BYTES = 2 * HTTP_RESPONSE_HEAD_MAX_BYTES, USUAL_HEAD_BYTES = 1000 };

static enum exchange_state exchange_response_bad_answer(struct exchange *ex)
{
    if (!ex->answer_begun) {
        return exchange_refuse(ex, 502, "engine", "the engine's answer could not be read");
    }
    return exchange_abort(ex);
}

/* What a field says of the engine's own bytes is not so of those that are written anew. */
static bool is_about_the_body(struct slice name)
{
    return slice_eq_nocase(name, SLICE("ETag")) || slice_eq_nocase(name, SLICE("Content-MD5")) ||
           slice_eq_nocase(name, SLICE("Digest")) || slice_eq_nocase(name, SLICE("Content-Digest"));
}

static int write_response_fields(struct buf *out, const struct exchange *ex,
                                 const struct response_head *head)
{
    for (size_t i = 0; i < head->headers.count; i++) {
        struct http_header field = head->headers.item[i];

        // Framing is our own business, so naming it in Connection changes nothing.
        if (header_is_hop_by_hop(field.id) ||
            headers_have_token(&head->headers, HEADER_CONNECTION, field.name) ||
            (ex->rewriter && is_about_the_body(field.name))) {
            continue;
        }
        if (field.id == HEADER_API_VERSION) {
            field.value = policy_response_api(&ex->decision, field.value);
        }
        int err = head_copy_field(out, &field);

        if (err < 0) {
            return err;
        }
    }
    return 0;
}

/* Content-Length of a response to HEAD describes the body that GET would have. */
static int write_head_length(struct buf *out, const struct response_head *head)
{
    struct slice length = headers_get(&head->headers, HEADER_CONTENT_LENGTH);

    return length.len > 0 ? head_write_field(out, SLICE("Content-Length"), length) : 0;
}

/* `framing` is what the client gets; `close` that no further answer follows. */
static int write_response_head(struct buf *out, struct exchange *ex,
                               const struct response_head *head, enum body_framing framing)
{
    int err = head_write_status_line(out, head->status, head->reason);

    if (err == 0) {
        err = write_response_fields(out, ex, head);
    }
    if (err == 0) {
        err = ex->to_head ? write_head_length(out, head)
                          : head_write_framing(out, framing, head->content_length);
    }
    if (err == 0 && head->status >= 200) {
        // HTTP/1.0 ends the connection unless it says otherwise, and the engine doesn't say it
        // either.
        if (!ex->keep_alive && !ex->http10) {
            err = head_write_field(out, SLICE("Connection"), SLICE("close"));
        } else if (ex->keep_alive && ex->http10) {
            err = head_write_field(out, SLICE("Connection"), SLICE("keep-alive"));
        }
    }
    return err == 0 ? head_write_end(out) : err;
}

int exchange_write_response_head(struct buf *out, struct exchange *ex,
                                 const struct response_head *head, enum body_framing framing)
{
    if (framing == BODY_UNTIL_EOF || (ex->http10 && framing == BODY_CHUNKED)) {
        framing = BODY_UNTIL_EOF; // HTTP/1.0 knows no chunks
        ex->keep_alive = false;
    }
    // An answer before the end of the request: what is left of that can't be skipped safely.
    if (!ex->body_done || ex->draining) {
        ex->keep_alive = false;
    }
    TRY(buf_reserve(out, USUAL_HEAD_BYTES));
    TRY(write_response_head(out, ex, head, framing));
    ex->io->deadline(ex->context, 0);
    ex->answer_begun = true;
    return 0;
}

/* The head of a tunnel's answer, as the engine wrote it but for what it names hop-by-hop. */
static int write_tunnel_head(struct buf *out, struct exchange *ex, const struct response_head *head)
{
    struct slice upgrade = headers_get(&head->headers, HEADER_UPGRADE);
    int err = head_write_status_line(out, head->status, head->reason);

    if (err == 0) {
        err = write_response_fields(out, ex, head);
    }
    if (err == 0 && head->status == 101) {
        err = head_write_field(out, SLICE("Connection"), SLICE("Upgrade"));
    }
    if (err == 0 && head->status == 101 && upgrade.len > 0) {
        err = head_write_field(out, SLICE("Upgrade"), upgrade);
    }
    return err == 0 ? head_write_end(out) : err;
}

/*
 * The hijack without Upgrade: the engine writes a bare 200 with a stream type and no
 * framing, then raw bytes.   Source: moby api/server/router/container/exec.go and
 * container_routes.go, postContainersAttach.
 */
static bool is_raw_stream(const struct exchange *ex, const struct response_head *head)
{
    struct slice type = headers_get(&head->headers, HEADER_CONTENT_TYPE);

    return ex->decision.connection == DECISION_HIJACK && head->status == 200 &&
           head->framing == BODY_UNTIL_EOF &&
           (slice_eq(type, SLICE("application/vnd.docker.raw-stream")) ||
            slice_eq(type, SLICE("application/vnd.docker.multiplexed-stream")));
}

void exchange_settle(struct exchange *ex)
{
    struct slice method = slice_head(ex->request.method, sizeof(ex->method));

    memcpy(ex->method, method.ptr, method.len);
    decision_settle(&ex->decision);
    ex->request.method = (struct slice){ex->method, method.len};
    ex->request.target = (struct slice){NULL, 0};
    ex->request.listener_socket = (struct slice){NULL, 0};
    ex->head = NULL;
}

static enum exchange_state open_tunnel(struct exchange *ex, const struct response_head *head,
                                       struct slice early)
{
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = RESPONSE_HEAD_OUT_MAX_BYTES};
    int err = write_tunnel_head(&out, ex, head);
    struct slice part = buf_slice(&out);

    ex->status = head->status;
    if (err == 0) {
        err = exchange_write(ex, SIDE_CLIENT, &part, 1);
    }
    if (err < 0) {
        return exchange_abort(ex);
    }
    exchange_settle(ex);
    return exchange_tunnel(ex, early);
}

/* 1xx other than 101. We answered Expect ourselves, so 100 is for nobody. */
static enum exchange_state pass_interim(struct exchange *ex, const struct response_head *head)
{
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = RESPONSE_HEAD_OUT_MAX_BYTES};

    if (head->status == 100 || ex->http10) {
        return ex->state;
    }
    int err = write_response_head(&out, ex, head, BODY_NONE);
    struct slice part = buf_slice(&out);

    if (err == 0) {
        err = exchange_write(ex, SIDE_CLIENT, &part, 1);
    }
    if (err < 0) {
        return exchange_abort(ex);
    }
    ex->io->read(ex->context, SIDE_UPSTREAM, !ex->client_pending);
    return ex->state;
}

/* Passes body bytes on; `head` (may be empty) goes out before them in the same write. */
static enum exchange_state pass_body(struct exchange *ex, struct slice head, struct slice bytes)
{
    struct pump pump;
    enum body_piece kind = BODY_PIECE_DATA;
    int err = 0;

    pump_init(&pump, ex, SIDE_CLIENT);
    err = pump_add(&pump, head);
    while (kind != BODY_PIECE_MORE && kind != BODY_PIECE_END && err == 0) {
        struct slice piece = {NULL, 0};

        kind = body_reader_next(&ex->call.body, &bytes, &piece);
        if (kind == BODY_PIECE_BAD) {
            return exchange_abort(ex);
        }
        if (kind == BODY_PIECE_DATA) {
            ex->bytes_out += piece.len;
        }
        if (kind != BODY_PIECE_FRAMING || !ex->http10) {
            err = pump_add(&pump, piece);
        }
    }
    if (err == 0) {
        err = pump_flush(&pump);
    }
    if (err < 0) {
        return exchange_abort(ex);
    }
    ex->io->read(ex->context, SIDE_UPSTREAM, !ex->client_pending);
    if (kind == BODY_PIECE_END) {
        ex->call.keep_alive = ex->call.keep_alive && bytes.len == 0;
        return exchange_response_ended(ex);
    }
    return EXCHANGE_RELAYING;
}

static enum exchange_state begin_response(struct exchange *ex, const struct response_head *head,
                                          struct slice bytes)
{
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = RESPONSE_HEAD_OUT_MAX_BYTES};
    struct upstream_call *call = &ex->call;
    enum body_framing framing = head->framing;

    call->head_done = true;
    call->status = head->status;
    call->framing = framing;
    call->keep_alive = head->keep_alive && framing != BODY_UNTIL_EOF;
    ex->status = head->status;
    body_reader_init(&call->body, framing, head->content_length);
    if (ex->decision.rewrites_response && head->status < 300 && !ex->to_head) {
        return exchange_begin_rewrite(ex, head, bytes);
    }
    if (exchange_write_response_head(&out, ex, head, framing) < 0) {
        return exchange_response_bad_answer(ex);
    }
    enum exchange_state next = pass_body(ex, buf_slice(&out), bytes);

    if (next == EXCHANGE_RELAYING || next == EXCHANGE_ANSWERING) {
        exchange_settle(ex); // there is more to come or to go out, and that may take days
    }
    return next;
}

static enum exchange_state take_head(struct exchange *ex, const struct response_head *head,
                                     struct slice bytes)
{
    if (head->status == 101) {
        // Only where the policy sees a tunnel, and only if we asked for one.
        return ex->upgrade_sent ? open_tunnel(ex, head, bytes) : exchange_response_bad_answer(ex);
    }
    if (head->status < 200) {
        return pass_interim(ex, head);
    }
    if (is_raw_stream(ex, head)) {
        return open_tunnel(ex, head, bytes);
    }
    return begin_response(ex, head, bytes);
}

enum exchange_state exchange_take_response(struct exchange *ex, struct slice bytes)
{
    struct response_head head;
    enum exchange_state next = ex->state;

    ex->call.any_bytes = true;
    while (!ex->call.head_done && next == EXCHANGE_RELAYING) {
        struct slice rest = bytes;

        switch (answer_head_read(&ex->call, ex->to_head, &rest, &head)) {
        case ANSWER_HEAD_BAD:
            return exchange_response_bad_answer(ex);
        case ANSWER_HEAD_MORE:
            return next;
        case ANSWER_HEAD_DONE:
            break;
        }
        // The head's bytes stay until it and what follows it have been used.
        struct buf used = ex->call.head;

        buf_init(&ex->call.head, HTTP_RESPONSE_HEAD_MAX_BYTES);
        next = take_head(ex, &head, rest);
        bool interim = next == EXCHANGE_RELAYING && !ex->call.head_done;
        int err = interim ? buf_append(&ex->call.head, rest) : 0;

        buf_deinit(&used);
        if (err < 0) {
            return exchange_response_bad_answer(ex);
        }
        if (!interim) {
            return next;
        }
        bytes = (struct slice){NULL, 0};
    }
    if (next != EXCHANGE_RELAYING) {
        return next;
    }
    return ex->rewriter ? exchange_rewrite(ex, bytes)
                        : pass_body(ex, (struct slice){NULL, 0}, bytes);
}

enum exchange_state exchange_response_ended(struct exchange *ex)
{
    if (ex->rewriter && exchange_end_rewrite(ex) < 0) {
        return exchange_give_up_rewrite(ex);
    }
    bool clean = ex->call.keep_alive && ex->body_sent && !ex->upgrade_sent && !ex->call.shut &&
                 !ex->upstream_pending;

    exchange_leave_upstream(ex, clean);
    exchange_note_removed(ex);
    exchange_release(ex); // however long the client takes to read what is left
    ex->outcome = AUDIT_ALLOW;
    if (!ex->body_done) {
        ex->keep_alive = false;
    }
    if (ex->client_pending) {
        ex->io->deadline(ex->context, EXCHANGE_ANSWER_TIMEOUT_MS);
        return EXCHANGE_ANSWERING;
    }
    return exchange_finish(ex);
}

enum exchange_state exchange_response_broken(struct exchange *ex)
{
    if (ex->call.head_done && ex->call.framing == BODY_UNTIL_EOF) {
        return exchange_response_ended(ex);
    }
    if (!ex->answer_begun) {
        return exchange_refuse(ex, 502, "engine",
                               "the engine closed the connection without an answer");
    }
    // The client must not take half an answer for a whole one: closed without its end.
    return exchange_abort(ex);
}
