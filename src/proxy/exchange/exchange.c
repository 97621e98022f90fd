/*
 * The life of an exchange: which state gets an event, how an exchange ends and
 * how the next one begins. One function changes the state (exchange_handle), one
 * ends a request (exchange_finish or, when nothing can be answered, exchange_abort),
 * and both write its one record.
 */
#include "proxy/exchange/exchange.h"

#include <errno.h>
#include <string.h>

#include "base/try.h"
#include "http2/refusal.h"
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

/* Zero, ready for a request; the connection's own fields stay. */
static void begin_request(struct exchange *ex)
{
    decision_init(&ex->decision);
    ex->recorded = false;
    ex->scanned = 0;
    ex->head_bytes = 0;
    ex->bare_lf = false;
    ex->begun = false;
    ex->resume = false;
    ex->head = NULL;
    ex->request = (struct policy_request){0};
    ex->to_head = false;
    ex->http10 = false;
    ex->keep_alive = false;
    ex->upgrade_sent = false;
    ex->abort_when_written = false;
    ex->client_deaf = false;
    ex->body = (struct body_reader){0};
    ex->body_done = false;
    ex->body_sent = false;
    ex->call = (struct upstream_call){0};
    ex->asking = NULL;
    ex->look = NULL;
    ex->identifying = false;
    ex->awaits_engine = false;
    ex->refusal_counted = false;
    ex->retry_after_s = 0;
    ex->answer_begun = false;
    ex->inside = NULL;
    ex->inside_over = false;
    ex->rewritten_chunked = false;
    ex->rewrite_over = false;
    ex->status = 0;
    ex->outcome = AUDIT_DENY;
    ex->bytes_in = 0;
    ex->bytes_out = 0;
    ex->filter_us = 0;
    ex->sent_at_us = 0;
}

void exchange_leave(struct exchange *ex)
{
    if (ex->admitted) {
        ex->io->leave(ex->context);
        ex->admitted = false;
    }
}

static void end_request(struct exchange *ex)
{
    exchange_leave_upstream(ex, false);
    exchange_stop_looking(ex);
    exchange_release(ex);
    exchange_leave(ex);
    exchange_drop_rewriter(ex);
    http2_refusal_free(ex->inside);
    ex->inside = NULL;
    decision_deinit(&ex->decision);
    buf_deinit(&ex->whole);
    policy_unref(ex->policy);
    ex->policy = NULL;
}

static struct audit_record exchange_describe(const struct exchange *ex)
{
    return (struct audit_record){
        .request_id = {ex->request_id, REQUEST_ID_LEN},
        .outcome = ex->outcome,
        .forwarded = ex->sent_at_us > 0,
        .policy = slice_from(policy_name(ex->policy)),
        .operation = ex->decision.operation ? ex->decision.operation : "unknown",
        .method = ex->request.method,
        .path = ex->decision.path.len > 0 ? ex->decision.path : ex->request.target,
        .api = ex->decision.api,
        .status = ex->status,
        .violations = ex->decision.violations,
        .peer = ex->request.peer,
        .image = ex->decision.image,
        .made_name = ex->decision.made_name,
        .made_service = ex->decision.made_service,
        .bytes_in = ex->bytes_in,
        .bytes_out = ex->bytes_out,
        .filter_us = ex->filter_us,
        .reserved_bytes = ex->record_bytes,
        .unreadable = policy_rewriter_unreadable(ex->rewriter),
    };
}

const char *exchange_reserve_record(struct exchange *ex)
{
    struct audit_record record = exchange_describe(ex);
    const char *why = ex->io->reserve(ex->context, &record);

    ex->record_bytes = record.reserved_bytes;
    return why;
}

void exchange_record(struct exchange *ex)
{
    if (ex->recorded) {
        return;
    }
    struct audit_record record = exchange_describe(ex);

    ex->recorded = true;

    if (ex->sent_at_us > 0) {
        record.upstream_us = ex->io->now_us(ex->context) - ex->sent_at_us;
    }
    ex->io->record(ex->context, &record);
    ex->record_bytes = 0;
}

static enum exchange_state exchange_close_client(struct exchange *ex)
{
    buf_deinit(&ex->in);
    ex->io->deadline(ex->context, 0);
    ex->io->close(ex->context, SIDE_CLIENT);
    return EXCHANGE_CLOSED;
}

static enum exchange_state next_request(struct exchange *ex)
{
    bool more = ex->in.len > 0;

    begin_request(ex);
    if (!more && ex->client_eof) {
        return exchange_close_client(ex);
    }
    ex->io->deadline(ex->context, EXCHANGE_IDLE_TIMEOUT_MS);
    if (more) {
        exchange_wait_for_turn(ex);
    } else {
        ex->io->read(ex->context, SIDE_CLIENT, true);
    }
    return EXCHANGE_READING_HEAD;
}

/*
 * Closing a socket that still has unread bytes resets it, and the client may lose
 * the answer: so our side is closed first, and what comes is thrown away for a while.
 */
static enum exchange_state linger(struct exchange *ex)
{
    if (ex->client_eof) {
        return exchange_close_client(ex);
    }
    buf_deinit(&ex->in);
    ex->io->shutdown(ex->context, SIDE_CLIENT);
    ex->io->deadline(ex->context, EXCHANGE_LINGER_TIMEOUT_MS);
    ex->io->read(ex->context, SIDE_CLIENT, true);
    return EXCHANGE_LINGERING;
}

enum exchange_state exchange_finish(struct exchange *ex)
{
    exchange_record(ex);
    end_request(ex);
    return ex->keep_alive && !ex->draining ? next_request(ex) : linger(ex);
}

enum exchange_state exchange_abort(struct exchange *ex)
{
    if (exchange_must_outlive(ex)) {
        return exchange_outlive(ex);
    }
    ex->outcome = AUDIT_ERROR;
    exchange_record(ex);
    end_request(ex);
    return exchange_close_client(ex);
}

int exchange_write(struct exchange *ex, enum side side, const struct slice *parts, size_t count)
{
    int result = ex->io->write(ex->context, side, parts, count);

    if (result == TRANSPORT_PENDING) {
        if (side == SIDE_CLIENT) {
            ex->client_pending = true;
        } else {
            ex->upstream_pending = true;
        }
    }
    return result < 0 ? result : 0;
}

int exchange_call(struct exchange *ex, bool fresh)
{
    int result = ex->io->connect(ex->context, fresh);

    if (result < 0) {
        return result;
    }
    ex->upstream_pending = false;
    ex->call = (struct upstream_call){.open = true, .reused = result == TRANSPORT_REUSED};
    buf_init(&ex->call.head, HTTP_RESPONSE_HEAD_MAX_BYTES);
    return 0;
}

void exchange_leave_upstream(struct exchange *ex, bool clean)
{
    if (!ex->call.open) {
        return;
    }
    if (clean) {
        ex->io->release(ex->context);
    } else {
        ex->io->close(ex->context, SIDE_UPSTREAM);
    }
    buf_deinit(&ex->call.head);
    ex->call.open = false;
    ex->upstream_pending = false;
}

size_t exchange_held(const struct exchange *ex)
{
    size_t whole = ex->state == EXCHANGE_READING_BODY ? 3 * ex->whole.cap : ex->whole.cap;
    size_t in = ex->state == EXCHANGE_READING_HEAD ? HEAD_COPIES * ex->in.cap : ex->in.cap;

    return in + whole + ex->call.head.cap + ex->decision.arena.used_bytes +
           ex->decision.document.used_bytes + policy_rewriter_held(ex->rewriter);
}

bool exchange_has_room(struct exchange *ex, size_t more)
{
    size_t held = exchange_held(ex) + more;

    return held <= EXCHANGE_SMALL_BYTES ||
           ex->io->room(ex->context, held, policy_limits(ex->policy)->total_body_bytes);
}

enum exchange_state in_answering(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_BYTES:
        if (buf_append(&ex->in, event->bytes) < 0) {
            return exchange_abort(ex);
        }
        exchange_read_ahead(ex);
        return ex->state;
    case EVENT_EOF:
        ex->client_eof = true;
        return ex->state;
    case EVENT_WRITTEN:
        return exchange_finish(ex);
    case EVENT_FAILED:
    case EVENT_TIMEOUT:
        return exchange_abort(ex);
    case EVENT_MOVED:
    case EVENT_RETRY:
    case EVENT_LOOKED:
    case EVENT_RESUME:
        break;
    }
    return ex->state;
}

static enum exchange_state in_lingering(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_BYTES:
    case EVENT_WRITTEN:
    case EVENT_MOVED:
    case EVENT_RETRY:
    case EVENT_LOOKED:
    case EVENT_RESUME:
        return ex->state;
    case EVENT_EOF:
    case EVENT_FAILED:
    case EVENT_TIMEOUT:
        break;
    }
    return exchange_close_client(ex);
}

static enum exchange_state dispatch(struct exchange *ex, const struct event *event)
{
    switch (ex->state) {
    case EXCHANGE_CLOSED:
        return EXCHANGE_CLOSED;
    case EXCHANGE_READING_HEAD:
        return in_reading_head(ex, event);
    case EXCHANGE_READING_BODY:
        return in_reading_body(ex, event);
    case EXCHANGE_CONNECTING:
        return in_connecting(ex, event);
    case EXCHANGE_LOOKING_UP:
        return in_looking_up(ex, event);
    case EXCHANGE_WAITING:
        return in_waiting(ex, event);
    case EXCHANGE_RELAYING:
        return in_relaying(ex, event);
    case EXCHANGE_TUNNELLING:
        return in_tunnelling(ex, event);
    case EXCHANGE_OUTLIVING:
        return in_outliving(ex, event);
    case EXCHANGE_SLOWED:
        return in_slowed(ex, event);
    case EXCHANGE_REFUSING:
        return in_refusing(ex, event);
    case EXCHANGE_ANSWERING:
        return in_answering(ex, event);
    case EXCHANGE_LINGERING:
        return in_lingering(ex, event);
    }
    return EXCHANGE_CLOSED;
}

struct body_reader *exchange_bulk(struct exchange *ex, enum side from)
{
    if (from == SIDE_CLIENT ? ex->upstream_pending : ex->client_pending) {
        return NULL;
    }
    if (ex->state == EXCHANGE_RELAYING) {
        return exchange_bulk_body(ex, from);
    }
    return ex->state == EXCHANGE_TUNNELLING ? exchange_bulk_tunnel(ex, from) : NULL;
}

void exchange_wait_for_turn(struct exchange *ex)
{
    ex->resume = true;
    ex->io->read(ex->context, SIDE_CLIENT, false);
    ex->io->resume(ex->context);
}

static void take_turn(struct exchange *ex)
{
    if (ex->state == EXCHANGE_WAITING) {
        ex->state = dispatch(ex, &(struct event){.type = EVENT_RESUME});
        return;
    }
    if (!ex->resume) {
        return; // what it was wanted for is over
    }
    ex->resume = false;
    if (!ex->client_eof) {
        ex->io->read(ex->context, SIDE_CLIENT, true);
    }
    ex->state = dispatch(ex, &(struct event){.type = EVENT_RESUME});
}

void exchange_handle(struct exchange *ex, const struct event *event)
{
    if (event->type == EVENT_WRITTEN) {
        if (event->side == SIDE_CLIENT) {
            ex->client_pending = false;
        } else {
            ex->upstream_pending = false;
        }
    }
    if (event->type == EVENT_RESUME) {
        take_turn(ex);
        return;
    }
    // What came before the end comes first, whoever's turn it is.
    while (ex->resume && event->type == EVENT_EOF && event->side == SIDE_CLIENT) {
        take_turn(ex);
    }
    ex->state = dispatch(ex, event);
}

void exchange_init(struct exchange *ex, const struct transport *io, void *context)
{
    *ex = (struct exchange){.io = io, .context = context};
    buf_init(&ex->in, EXCHANGE_IN_LIMIT);
    buf_init(&ex->whole, 0);
    ex->state = next_request(ex);
}

void exchange_deinit(struct exchange *ex)
{
    if (exchange_busy(ex)) {
        ex->outcome = AUDIT_ERROR;
        exchange_record(ex);
    }
    end_request(ex);
    buf_deinit(&ex->in);
    ex->state = EXCHANGE_CLOSED;
}

void exchange_drain(struct exchange *ex)
{
    ex->draining = true;
    if (ex->state == EXCHANGE_READING_HEAD && !ex->begun) {
        ex->state = exchange_close_client(ex);
    }
}

bool exchange_streams(const struct exchange *ex)
{
    return ex->state == EXCHANGE_TUNNELLING ||
           (ex->state == EXCHANGE_RELAYING && ex->decision.connection != DECISION_PLAIN);
}

unsigned exchange_read_timeout_s(const struct exchange *ex)
{
    bool answers = ex->state == EXCHANGE_RELAYING && ex->answer_begun && ex->decision.finite_answer;

    return answers ? policy_limits(ex->policy)->read_timeout_s : 0;
}

void exchange_unread(struct exchange *ex)
{
    policy_refuse(ex->policy, &ex->request, ex->status, "limits.read_timeout",
                  "the client has not read the answer for too long", &ex->decision);
    ex->state = exchange_abort(ex);
}

bool exchange_withdraw(struct exchange *ex)
{
    if (!exchange_streams(ex)) {
        return false;
    }
    ex->state = exchange_abort(ex);
    return true;
}

void exchange_end(struct exchange *ex)
{
    ex->draining = true;
    ex->call.eof = true; // not even what outlives its client is waited for
    if (exchange_busy(ex)) {
        ex->state = exchange_abort(ex);
    } else if (ex->state != EXCHANGE_CLOSED) {
        ex->state = exchange_close_client(ex);
    }
}

bool exchange_is_idle(const struct exchange *ex)
{
    return ex->state == EXCHANGE_READING_HEAD && !ex->begun && !ex->resume;
}

bool exchange_waits_for_client(const struct exchange *ex)
{
    return (ex->state == EXCHANGE_READING_HEAD || ex->state == EXCHANGE_READING_BODY) &&
           !ex->resume;
}

void exchange_give_way(struct exchange *ex)
{
    if (ex->state == EXCHANGE_READING_BODY) {
        ex->state = exchange_refuse_busy(ex);
    }
}

bool exchange_busy(const struct exchange *ex)
{
    switch (ex->state) {
    case EXCHANGE_CLOSED:
    case EXCHANGE_REFUSING: // its record is written
    case EXCHANGE_LINGERING:
        return false;
    case EXCHANGE_READING_HEAD:
        return ex->begun;
    case EXCHANGE_READING_BODY:
    case EXCHANGE_CONNECTING:
    case EXCHANGE_LOOKING_UP:
    case EXCHANGE_WAITING:
    case EXCHANGE_RELAYING:
    case EXCHANGE_TUNNELLING:
    case EXCHANGE_OUTLIVING:
    case EXCHANGE_SLOWED:
    case EXCHANGE_ANSWERING:
        break;
    }
    return true;
}
