/*
 * Answers of our own: refusals, and what goes wrong before the engine has answered.
 */
#include "base/try.h"
#include "http/head_writer.h"
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

enum { ANSWER_MAX_BYTES = 1024 * 1024 + 4096, ANSWER_HEAD_BYTES = 400 /* usually */ };

/* Whether the rest of the request's body is here already and can be taken off. */
static bool body_taken(struct exchange *ex)
{
    struct slice input = buf_slice(&ex->in);
    size_t before = input.len;

    while (!ex->body_done) {
        struct slice piece;
        enum body_piece kind = body_reader_next(&ex->body, &input, &piece);

        if (kind == BODY_PIECE_BAD || kind == BODY_PIECE_MORE) {
            return false;
        }
        ex->body_done = kind == BODY_PIECE_END;
    }
    buf_consume(&ex->in, before - input.len);
    return true;
}

static int exchange_refuse_write_answer(const struct exchange *ex, struct buf *out)
{
    const struct answer answer = {.status = ex->status,
                                  .retry_after_s = ex->retry_after_s,
                                  .close = !ex->keep_alive,
                                  .to_head = ex->to_head};

    TRY(buf_reserve(out, ANSWER_HEAD_BYTES + ex->decision.answer.len));
    return head_write_answer(out, &answer, ex->decision.answer);
}

/* What the engine or our memory is to blame for is not the client's to pay. */
static bool is_refusal(const struct exchange *ex)
{
    unsigned status = ex->decision.status;

    return ex->decision.violations && status != 500 && status != 502 && status != 504;
}

/*
 * One refusal too many: it costs its sender a while, in which nothing more is read, and says so.
 * What was found is of no interest any more, but the memory is.
 */
static enum exchange_state slow_down(struct exchange *ex, const struct quota_refusal *why)
{
    char sentence[QUOTA_SENTENCE_BYTES];

    quota_sentence(why, sentence);
    ex->retry_after_s = why->retry_after_s;
    ex->decision.violations = NULL;
    policy_refuse(ex->policy, &ex->request, 429, quota_rule(why), sentence, &ex->decision);
    ex->resume = false; // a turn would read on
    ex->io->read(ex->context, SIDE_CLIENT, false);
    ex->io->deadline(ex->context, EXCHANGE_SLOWED_MS);
    return EXCHANGE_SLOWED;
}

enum exchange_state in_slowed(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_TIMEOUT:
        return exchange_answer(ex);
    case EVENT_BYTES:
        return buf_append(&ex->in, event->bytes) < 0 ? exchange_abort(ex) : ex->state;
    case EVENT_EOF:
        ex->client_eof = true;
        return ex->state;
    case EVENT_FAILED:
        return exchange_abort(ex);
    case EVENT_WRITTEN:
    case EVENT_MOVED:
    case EVENT_RETRY:
    case EVENT_LOOKED:
    case EVENT_RESUME:
        break;
    }
    return ex->state;
}

/* Whether it may be answered now, or is slowed down for *why. */
static bool count_refusal(struct exchange *ex, struct quota_refusal *why)
{
    if (ex->refusal_counted || !is_refusal(ex)) {
        return true;
    }
    ex->refusal_counted = true;
    return ex->io->admit(ex->context, LIMIT_REFUSALS, why);
}

static void take_outcome(struct exchange *ex)
{
    ex->status = ex->decision.status;
    // A refusal without objections is the engine's own answer, passed on (404 of an image).
    ex->outcome = ex->decision.violations ? AUDIT_DENY : AUDIT_ALLOW;
    if (ex->status >= 500 && ex->status != 503 && ex->status != 505) {
        ex->outcome = AUDIT_ERROR; // ours or the engine's; 503 is a limit, 505 the client's
    }
}

enum exchange_state exchange_answer(struct exchange *ex)
{
    CLEANUP(buf_deinit) struct buf answer = {.limit_bytes = ANSWER_MAX_BYTES};
    struct quota_refusal why = {0};

    // What is held stays held until the engine is done, whatever the client is told.
    bool outlives = exchange_must_outlive(ex);

    if (!outlives) {
        exchange_leave_upstream(ex, false);
        exchange_release(ex);
    }
    exchange_stop_looking(ex);
    buf_deinit(&ex->whole);
    decision_sent(&ex->decision); // nothing will be
    if (!outlives && !count_refusal(ex, &why)) {
        exchange_leave(ex);
        return slow_down(ex, &why);
    }
    take_outcome(ex);
    if (!ex->head || !body_taken(ex) || ex->draining || outlives) {
        ex->keep_alive = false;
    }
    if (!outlives && exchange_refuses_inside(ex)) {
        return exchange_refuse_inside(ex);
    }
    int err = exchange_refuse_write_answer(ex, &answer);

    if (err == 0) {
        struct slice part = buf_slice(&answer);

        ex->answer_begun = true;
        ex->bytes_out += ex->to_head ? 0 : ex->decision.answer.len;
        err = exchange_write(ex, SIDE_CLIENT, &part, 1);
    }
    if (err < 0) {
        return exchange_abort(ex);
    }
    if (outlives) {
        exchange_record(ex);
        ex->io->shutdown(ex->context, SIDE_CLIENT);
        return exchange_outlive(ex);
    }
    if (ex->client_pending) {
        exchange_read_ahead(ex);
        ex->io->deadline(ex->context, EXCHANGE_ANSWER_TIMEOUT_MS);
        return EXCHANGE_ANSWERING;
    }
    return exchange_finish(ex);
}

enum exchange_state exchange_refuse(struct exchange *ex, unsigned status, const char *rule,
                                    const char *sentence)
{
    policy_refuse(ex->policy, &ex->request, status, rule, sentence, &ex->decision);
    return exchange_answer(ex);
}

enum exchange_state exchange_refuse_busy(struct exchange *ex)
{
    ex->keep_alive = ex->keep_alive && ex->body_done;
    ex->retry_after_s = 1;
    return exchange_refuse(ex, 503, "limits.total_body_bytes",
                           "too many large requests at once (limits.total_body_bytes): try again");
}

enum exchange_state exchange_refuse_for_limit(struct exchange *ex, const struct quota_refusal *why)
{
    char sentence[QUOTA_SENTENCE_BYTES];
    bool crowded = why->limit == LIMIT_CONNECTIONS;

    quota_sentence(why, sentence);
    ex->retry_after_s = why->retry_after_s;
    if (crowded) {
        ex->keep_alive = false; // it is this connection that is one too many
    }
    return exchange_refuse(ex, crowded ? 503 : 429, quota_rule(why), sentence);
}

enum exchange_state exchange_refuse_unrecorded(struct exchange *ex, const char *why)
{
    struct slice sentence = {NULL, 0};
    int err =
        arena_printf(&ex->decision.arena, &sentence,
                     "audit records cannot be written (%s), and no request is served without one: "
                     "make them writable again, or set audit.on_error to drop in the policy file",
                     why);

    ex->retry_after_s = 1;
    return exchange_refuse(ex, 503, "audit", err < 0 ? "no audit" : sentence.ptr);
}
