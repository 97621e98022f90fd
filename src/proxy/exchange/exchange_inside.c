/*
 * Refusals that are read inside an upgraded connection. Of any answer to an upgrade but 101 the
 * docker clients show the status alone, and buildx takes it for an engine without BuildKit: it
 * goes on to make a privileged container to build in. So these are answered 101, and then no call
 * gets further than its message.
 * Source: buildx driver/docker/factory.go; moby client/hijack.go; buildx 0.13 tried.
 */
#include "base/try.h"
#include "http/head_writer.h"
#include "http2/refusal.h"
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

enum { MAX_INPUT_BYTES = 1024 * 1024 };

bool exchange_refuses_inside(const struct exchange *ex)
{
    return ex->decision.refusal != DECISION_REFUSE_PLAIN && ex->decision.message.len > 0 &&
           ex->keep_alive && ex->head && ex->body_done && !ex->http10 && !ex->draining;
}

static int inside_write_head(struct buf *out)
{
    TRY(head_write_status_line(out, 101, (struct slice){0}));
    TRY(head_write_field(out, SLICE("Connection"), SLICE("Upgrade")));
    TRY(head_write_field(out, SLICE("Upgrade"), SLICE("h2c")));
    return head_write_end(out);
}

static enum exchange_state inside_wait(struct exchange *ex)
{
    bool over = ex->client_eof || ex->inside_over;

    if (over && !ex->client_pending) {
        return exchange_finish(ex);
    }
    ex->io->read(ex->context, SIDE_CLIENT, !over && !ex->client_pending);
    return EXCHANGE_REFUSING;
}

/* Takes what the client says; `out` may hold what goes before the answer to it. */
static enum exchange_state inside_take(struct exchange *ex, struct slice bytes, struct buf *out)
{
    int err = http2_refusal_take(ex->inside, bytes, out);

    ex->bytes_in += bytes.len;
    struct slice part = buf_slice(out);

    ex->bytes_out += part.len;
    if (part.len > 0 && exchange_write(ex, SIDE_CLIENT, &part, 1) < 0) {
        return exchange_abort(ex);
    }
    ex->inside_over = err < 0 || ex->bytes_in > MAX_INPUT_BYTES;
    return inside_wait(ex);
}

enum exchange_state exchange_refuse_inside(struct exchange *ex)
{
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = 2UL * HTTP2_REFUSAL_MAX_OUT};
    struct buf waiting = ex->in;

    buf_init(&ex->in, EXCHANGE_IN_LIMIT);
    ex->inside = http2_refusal_create(ex->decision.message);
    bool failed = !ex->inside || inside_write_head(&out) < 0;

    ex->keep_alive = false;
    exchange_leave(ex);
    if (failed) {
        buf_deinit(&waiting);
        return exchange_abort(ex);
    }
    ex->status = 101;
    ex->answer_begun = true;
    exchange_record(ex);
    ex->io->deadline(ex->context, EXCHANGE_REFUSING_TIMEOUT_MS);
    enum exchange_state next = inside_take(ex, buf_slice(&waiting), &out);

    buf_deinit(&waiting);
    return next;
}

enum exchange_state in_refusing(struct exchange *ex, const struct event *event)
{
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = HTTP2_REFUSAL_MAX_OUT};

    switch (event->type) {
    case EVENT_BYTES:
        return ex->inside_over ? ex->state : inside_take(ex, event->bytes, &out);
    case EVENT_EOF:
        ex->client_eof = true;
        return inside_wait(ex);
    case EVENT_WRITTEN:
        return inside_wait(ex);
    case EVENT_FAILED:
    case EVENT_TIMEOUT:
        return exchange_finish(ex);
    case EVENT_MOVED:
    case EVENT_RETRY:
    case EVENT_LOOKED:
    case EVENT_RESUME:
        break;
    }
    return ex->state;
}
