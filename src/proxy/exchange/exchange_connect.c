/*
 * Between the verdict and what is sent. Waiting for a turn, where there is much of it; and for the
 * engine's queue of connections to have room: connect(2) on a unix socket does not
 * wait, but fails with EAGAIN while the listener has not accepted what came before. Many clients at
 * once are enough for that. Whoever drives the exchange says when to try again.
 */
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

enum exchange_state exchange_wait_to_connect(struct exchange *ex)
{
    exchange_read_ahead(ex);
    if (ex->state != EXCHANGE_CONNECTING) {
        ex->io->deadline(ex->context, EXCHANGE_CONNECT_TIMEOUT_MS);
    }
    return EXCHANGE_CONNECTING;
}

enum exchange_state exchange_forward_later(struct exchange *ex)
{
    ex->io->deadline(ex->context, EXCHANGE_CONNECT_TIMEOUT_MS);
    exchange_wait_for_turn(ex);
    return EXCHANGE_CONNECTING;
}

static enum exchange_state connect_timed_out(struct exchange *ex)
{
    static const char sentence[] = "the engine did not accept the connection in time";

    return ex->asking ? exchange_unanswered(ex, 504, sentence)
                      : exchange_refuse(ex, 504, "engine", sentence);
}

enum exchange_state in_connecting(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_RETRY:
    case EVENT_RESUME:
        return ex->asking ? exchange_ask(ex) : exchange_forward(ex);
    case EVENT_TIMEOUT:
        return connect_timed_out(ex);
    case EVENT_BYTES:
    case EVENT_EOF:
    case EVENT_FAILED:
        return in_answering(ex, event);
    case EVENT_WRITTEN: // of "100 Continue"
    case EVENT_MOVED:
    case EVENT_LOOKED:
        break;
    }
    return ex->state;
}
