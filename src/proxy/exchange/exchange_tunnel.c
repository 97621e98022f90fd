/*
 * Raw bytes both ways once the engine has switched protocols. The two directions
 * end on their own: the end of one is passed on as a half-close, the tunnel is
 * over when both have ended. No timeout while both are there: a quiet terminal is a living one.
 */
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

static bool exchange_tunnel_ended(const struct exchange *ex)
{
    return ex->call.eof && (ex->client_eof || ex->call.shut);
}

/* Over when both directions have ended and nothing is pending towards the client. */
static enum exchange_state next_state(struct exchange *ex)
{
    if (!exchange_tunnel_ended(ex) || ex->client_pending) {
        return EXCHANGE_TUNNELLING;
    }
    ex->outcome = AUDIT_ALLOW;
    return exchange_finish(ex);
}

static enum exchange_state to_engine(struct exchange *ex, struct slice bytes)
{
    ex->bytes_in += bytes.len;
    if (ex->call.shut) {
        return EXCHANGE_TUNNELLING;
    }
    if (bytes.len > 0 && exchange_write(ex, SIDE_UPSTREAM, &bytes, 1) < 0) {
        // The engine takes no more input; its last output is still to be read.
        ex->call.shut = true;
        return next_state(ex);
    }
    if (ex->upstream_pending) {
        ex->io->read(ex->context, SIDE_CLIENT, false);
    }
    return EXCHANGE_TUNNELLING;
}

/*
 * The client is gone for good. What it said last still belongs to the engine, so the
 * connection is given up only when that is out, or the engine takes it no more.
 */
static enum exchange_state client_gone(struct exchange *ex)
{
    ex->client_eof = true;
    if (ex->call.eof && !ex->upstream_pending && !ex->client_pending) {
        return next_state(ex); // it has all there was: the engine ended first
    }
    if (!ex->upstream_pending) {
        return exchange_abort(ex);
    }
    if (!ex->abort_when_written) {
        ex->io->read(ex->context, SIDE_UPSTREAM, false);
        ex->io->deadline(ex->context, EXCHANGE_GONE_TIMEOUT_MS);
        ex->abort_when_written = true;
    }
    return EXCHANGE_TUNNELLING;
}

/*
 * The client takes nothing any more: it has closed, and what it said before is still in its socket
 * and belongs to the engine. It is read to its end, for a while, and the engine's output is not.
 */
static enum exchange_state client_deaf(struct exchange *ex)
{
    if (!ex->client_deaf && !ex->abort_when_written) {
        ex->client_deaf = true;
        ex->client_pending = false;
        ex->io->read(ex->context, SIDE_UPSTREAM, false);
        ex->io->deadline(ex->context, EXCHANGE_GONE_TIMEOUT_MS);
        ex->io->read(ex->context, SIDE_CLIENT, !ex->upstream_pending && !ex->client_eof);
    }
    return ex->client_eof ? client_gone(ex) : EXCHANGE_TUNNELLING;
}

static enum exchange_state to_client(struct exchange *ex, struct slice bytes)
{
    if (ex->client_deaf) {
        return EXCHANGE_TUNNELLING;
    }
    ex->bytes_out += bytes.len;
    if (bytes.len > 0 && exchange_write(ex, SIDE_CLIENT, &bytes, 1) < 0) {
        return client_deaf(ex);
    }
    if (ex->client_pending) {
        ex->io->read(ex->context, SIDE_UPSTREAM, false);
    }
    return EXCHANGE_TUNNELLING;
}

static enum exchange_state exchange_tunnel_client_ended(struct exchange *ex)
{
    ex->client_eof = true;
    if (ex->client_deaf) {
        return client_gone(ex);
    }
    if (!ex->call.shut) {
        ex->call.shut = true;
        ex->io->shutdown(ex->context, SIDE_UPSTREAM);
    }
    return next_state(ex);
}

static enum exchange_state engine_ended(struct exchange *ex, bool gone)
{
    ex->call.eof = true;
    if (gone) {
        ex->call.shut = true; // nobody reads what the client still says
    } else {
        ex->io->shutdown(ex->context, SIDE_CLIENT);
    }
    return next_state(ex);
}

static enum exchange_state exchange_tunnel_written(struct exchange *ex, enum side side)
{
    if (ex->abort_when_written) {
        return side == SIDE_UPSTREAM ? exchange_abort(ex) : EXCHANGE_TUNNELLING;
    }
    if (side == SIDE_UPSTREAM) {
        if (!ex->client_eof) {
            ex->io->read(ex->context, SIDE_CLIENT, true);
        }
        return EXCHANGE_TUNNELLING;
    }
    if (!ex->call.eof && !ex->client_deaf) {
        ex->io->read(ex->context, SIDE_UPSTREAM, true);
    }
    return next_state(ex);
}

enum exchange_state exchange_tunnel(struct exchange *ex, struct slice early)
{
    struct buf waiting = ex->in;

    ex->keep_alive = false;
    exchange_release(ex); // what was to begin has begun
    ex->io->deadline(ex->context, 0);
    body_reader_init(&ex->body, BODY_UNTIL_EOF, 0);
    body_reader_init(&ex->call.body, BODY_UNTIL_EOF, 0);
    buf_init(&ex->in, EXCHANGE_IN_LIMIT);
    enum exchange_state next = to_client(ex, early);

    if (next == EXCHANGE_TUNNELLING) {
        next = to_engine(ex, buf_slice(&waiting));
    }
    buf_deinit(&waiting);
    if (next != EXCHANGE_TUNNELLING) {
        return next;
    }
    if (ex->client_eof) {
        return exchange_tunnel_client_ended(ex);
    }
    ex->io->read(ex->context, SIDE_CLIENT, !ex->upstream_pending);
    return next;
}

static enum exchange_state exchange_tunnel_moved(struct exchange *ex, const struct event *event)
{
    bool client = event->side == SIDE_CLIENT;

    *(client ? &ex->bytes_in : &ex->bytes_out) += event->count;
    if (!event->cut) {
        return ex->state;
    }
    if (!client) {
        return client_deaf(ex);
    }
    ex->call.shut = true;
    return next_state(ex);
}

struct body_reader *exchange_bulk_tunnel(struct exchange *ex, enum side from)
{
    if (from == SIDE_CLIENT) {
        return !ex->client_eof && !ex->call.shut ? &ex->body : NULL;
    }
    bool wanted = !ex->abort_when_written && !ex->client_deaf;

    return !ex->call.eof && wanted ? &ex->call.body : NULL;
}

enum exchange_state in_tunnelling(struct exchange *ex, const struct event *event)
{
    bool client = event->side == SIDE_CLIENT;

    switch (event->type) {
    case EVENT_BYTES:
        return client ? to_engine(ex, event->bytes) : to_client(ex, event->bytes);
    case EVENT_EOF:
        return client ? exchange_tunnel_client_ended(ex) : engine_ended(ex, false);
    case EVENT_FAILED:
        if (client) {
            return event->cut ? client_deaf(ex) : client_gone(ex);
        }
        return engine_ended(ex, true);
    case EVENT_WRITTEN:
        return exchange_tunnel_written(ex, event->side);
    case EVENT_MOVED:
        return exchange_tunnel_moved(ex, event);
    case EVENT_TIMEOUT:
        return exchange_abort(ex); // set for clients that are gone alone
    case EVENT_RETRY:
    case EVENT_LOOKED:
    case EVENT_RESUME:
        break;
    }
    return ex->state;
}
