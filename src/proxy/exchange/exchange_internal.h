/*
 * What the files of the exchange share. Each state has one function that takes
 * an event and returns the next state.
 */
#ifndef SOCKADE_PROXY_EXCHANGE_INTERNAL_H
#define SOCKADE_PROXY_EXCHANGE_INTERNAL_H

#include "base/cleanup.h"
#include "proxy/exchange/exchange.h"

/* Times that a head is in memory while it is read: as it came, decoded, written anew. */
enum { HEAD_COPIES = 4 };

/* exchange_request.c: from the client's bytes to a verdict. */
enum exchange_state in_reading_head(struct exchange *ex, const struct event *event);
enum exchange_state in_reading_body(struct exchange *ex, const struct event *event);
enum exchange_state exchange_act(struct exchange *ex); /* on the verdict */

/* The head is read and the client known. */
enum exchange_state exchange_judge(struct exchange *ex);

/* Takes what the client sends meanwhile, as long as there is room for one read more. */
static inline void exchange_read_ahead(struct exchange *ex)
{
    ex->io->read(ex->context, SIDE_CLIENT, !ex->client_eof && ex->in.len < EXCHANGE_IN_HIGH);
}

/* The time between these two is the request's filter_us; it may be several times. */
static inline void exchange_starts_filtering(struct exchange *ex)
{
    ex->filtering_since_us = ex->io->now_us(ex->context);
}

static inline void exchange_has_filtered(struct exchange *ex)
{
    ex->filter_us += ex->io->now_us(ex->context) - ex->filtering_since_us;
}

/* exchange_lookup.c: questions of ours. */
enum exchange_state exchange_look_up(struct exchange *ex);
enum exchange_state exchange_identify(struct exchange *ex); /* then exchange_judge() */
enum exchange_state in_looking_up(struct exchange *ex, const struct event *event);
enum exchange_state exchange_ask(struct exchange *ex); /* what ex->asking says */
enum exchange_state exchange_unanswered(struct exchange *ex, unsigned status, const char *sentence);

/* exchange_connect.c: exchange_forward() in a turn of its own; and after -EAGAIN of
 * exchange_call(). */
enum exchange_state exchange_forward_later(struct exchange *ex);
enum exchange_state exchange_wait_to_connect(struct exchange *ex);
enum exchange_state in_connecting(struct exchange *ex, const struct event *event);
void exchange_stop_looking(struct exchange *ex);

/* exchange_hold.c: what excludes each other, on VERDICT_NEEDS_HOLDS. */
enum exchange_state exchange_hold(struct exchange *ex);
enum exchange_state in_waiting(struct exchange *ex, const struct event *event);
/* What the verdict did not need after all. */
void exchange_give_spare(struct exchange *ex);
/* Gives everything back, or waits no more. Again is fine. */
void exchange_release(struct exchange *ex);

/* Of a volume that the engine has removed, nothing need be known any more. */
void exchange_note_removed(struct exchange *ex);
/* Whether the engine may still be at it for a client that is gone; then it is waited for. */
bool exchange_must_outlive(const struct exchange *ex);
enum exchange_state exchange_outlive(struct exchange *ex);
enum exchange_state in_outliving(struct exchange *ex, const struct event *event);

/* exchange_relay.c: the judged request out, the response back. */
enum exchange_state exchange_forward(struct exchange *ex);
struct body_reader *exchange_bulk_body(struct exchange *ex, enum side from);
enum exchange_state in_relaying(struct exchange *ex, const struct event *event);

/* exchange_response.c: what the engine answered. */
enum exchange_state exchange_take_response(struct exchange *ex, struct slice bytes);
enum exchange_state exchange_response_ended(struct exchange *ex);
/* The engine closed or broke before the response was complete. */
enum exchange_state exchange_response_broken(struct exchange *ex);

/*
 * The head of the response, in that framing or what HTTP/1.0 has for it; decides whether another
 * request may follow. 0 or a negative errno.
 */
MUST_CHECK int exchange_write_response_head(struct buf *out, struct exchange *ex,
                                            const struct response_head *head,
                                            enum body_framing framing);

/* exchange_rewrite.c: the response through the policy's rewriter. */
enum exchange_state exchange_begin_rewrite(struct exchange *ex, const struct response_head *head,
                                           struct slice bytes);
enum exchange_state exchange_rewrite(struct exchange *ex, struct slice bytes);
MUST_CHECK int exchange_end_rewrite(struct exchange *ex);
/* It cannot be read: 502, or nothing more when some of it is out. */
enum exchange_state exchange_give_up_rewrite(struct exchange *ex);
void exchange_drop_rewriter(struct exchange *ex);

/* The engine answers: the head and what the decision held to be sent are freed. */
void exchange_settle(struct exchange *ex);

/* exchange_tunnel.c */
enum exchange_state exchange_tunnel(struct exchange *ex, struct slice early);
struct body_reader *exchange_bulk_tunnel(struct exchange *ex, enum side from);
enum exchange_state in_tunnelling(struct exchange *ex, const struct event *event);

/* exchange.c */
enum exchange_state in_answering(struct exchange *ex, const struct event *event);

/* Whether the record of this request will be written; NULL, or why not. */
const char *exchange_reserve_record(struct exchange *ex);

/* Goes on with EVENT_RESUME, when others have had their turn. */
void exchange_wait_for_turn(struct exchange *ex);

/* Writes the record of the request, once: a request that is answered may outlive it. */
void exchange_record(struct exchange *ex);

/*
 * exchange_refuse.c: sends decision.answer with decision.status. Of a client that was refused too
 * often, after a while: 429 instead.
 */
enum exchange_state exchange_answer(struct exchange *ex);
enum exchange_state in_slowed(struct exchange *ex, const struct event *event);

/* exchange_inside.c: whether a refusal is to be read in the protocol that is upgraded to. */
bool exchange_refuses_inside(const struct exchange *ex);
enum exchange_state exchange_refuse_inside(struct exchange *ex);
enum exchange_state in_refusing(struct exchange *ex, const struct event *event);

/* Whether it may take `more` bytes for bodies. */
bool exchange_has_room(struct exchange *ex, size_t more);

/* Answers that it may not. */
enum exchange_state exchange_refuse_busy(struct exchange *ex);

/* Gives back what it was admitted for. Again is fine. */
void exchange_leave(struct exchange *ex);

/* Refuses for a reason of the proxy's own, and answers. */
enum exchange_state exchange_refuse(struct exchange *ex, unsigned status, const char *rule,
                                    const char *sentence);
/* For a limit of the client's, with when to try again. */
enum exchange_state exchange_refuse_for_limit(struct exchange *ex, const struct quota_refusal *why);
/* While audit records cannot be written: `why`. */
enum exchange_state exchange_refuse_unrecorded(struct exchange *ex, const char *why);

/* The answer is complete: records, then goes on to the next request or closes. */
enum exchange_state exchange_finish(struct exchange *ex);

/* Records as an error and closes both sides at once. */
enum exchange_state exchange_abort(struct exchange *ex);

/* Writes; keeps the pending flags. 0 or a negative errno. */
MUST_CHECK int exchange_write(struct exchange *ex, enum side side, const struct slice *parts,
                              size_t count);

/* Gives up the upstream connection, to the pool when `clean`. */
void exchange_leave_upstream(struct exchange *ex, bool clean);

/* Connects and prepares `call` for an answer. 0 or a negative errno. */
MUST_CHECK int exchange_call(struct exchange *ex, bool fresh);

#endif
