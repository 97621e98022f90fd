/*
 * Subrequests to the engine before the verdict, one at a time (lookups). The only
 * client data in them is the name to look up, which the policy wrote into a
 * canonical target. Every failure is a refusal. Host paths are resolved in
 * between, all that are known so far at once.
 */
#include <errno.h>

#include "http/head_writer.h"
#include "proxy/exchange/exchange_answer.h"
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

enum { LOOKUP_HEAD_MAX_BYTES = 64 * 1024, LOOKUP_ANSWER_MAX_BYTES = 4 * 1024 * 1024 };

static enum exchange_state exchange_lookup_go_on(struct exchange *ex)
{
    exchange_starts_filtering(ex);
    return exchange_judge(ex);
}

static enum exchange_state identified(struct exchange *ex, const struct fact *fact);

/* Without an answer a request is refused, but a client may remain unknown. */
enum exchange_state exchange_unanswered(struct exchange *ex, unsigned status, const char *sentence)
{
    if (!ex->identifying) {
        return exchange_refuse(ex, status, "engine", sentence);
    }
    exchange_leave_upstream(ex, false);
    buf_deinit(&ex->whole);
    return identified(ex, &(struct fact){.status = 0});
}

static struct fact *next_question(const struct exchange *ex)
{
    struct fact *fact = ex->decision.facts;

    while (fact && fact->status != 0) {
        fact = fact->next;
    }
    return fact;
}

static int exchange_lookup_write_question(struct exchange *ex)
{
    CLEANUP(buf_deinit) struct buf head = {.limit_bytes = LOOKUP_HEAD_MAX_BYTES};
    int err = head_write_request_line(&head, SLICE("GET"), ex->asking->target);

    if (err == 0) {
        err = head_write_end(&head);
    }
    struct slice part = buf_slice(&head);

    return err == 0 ? exchange_write(ex, SIDE_UPSTREAM, &part, 1) : err;
}

static enum exchange_state exchange_lookup_ask(struct exchange *ex, bool fresh)
{
    int err = exchange_call(ex, fresh);

    if (err == -EAGAIN) {
        return exchange_wait_to_connect(ex);
    }
    if (err < 0) {
        return exchange_unanswered(ex, 502, "the engine cannot be reached");
    }
    err = exchange_lookup_write_question(ex);
    if (err < 0 && ex->call.reused && !fresh) {
        exchange_leave_upstream(ex, false);
        return exchange_lookup_ask(ex, true);
    }
    if (err < 0) {
        return exchange_unanswered(ex, 502, "the engine closed the connection");
    }
    buf_deinit(&ex->whole);
    buf_init(&ex->whole, LOOKUP_ANSWER_MAX_BYTES);
    ex->io->read(ex->context, SIDE_UPSTREAM, true);
    exchange_read_ahead(ex);
    ex->io->deadline(ex->context, EXCHANGE_LOOKUP_TIMEOUT_MS);
    return EXCHANGE_LOOKING_UP;
}

enum exchange_state exchange_ask(struct exchange *ex)
{
    return exchange_lookup_ask(ex, false);
}

static bool is_unseen_path(const struct fact *fact)
{
    return fact->kind == FACT_PATH && fact->status == 0;
}

/* The roots again, with whatever is looked at later: it is compared with where they lead. */
static bool is_looked_at(const struct fact *fact)
{
    return is_unseen_path(fact) || (fact->kind == FACT_PATH && fact->root);
}

/* 0 when all are known. */
static size_t exchange_lookup_count_paths(const struct exchange *ex)
{
    size_t count = 0;
    bool unseen = false;

    for (const struct fact *fact = ex->decision.facts; fact; fact = fact->next) {
        count += is_looked_at(fact);
        unseen = unseen || is_unseen_path(fact);
    }
    return unseen ? count : 0;
}

/* NULL when memory is out. */
static struct path_look *make_look(struct exchange *ex, size_t count)
{
    struct arena *arena = &ex->decision.arena;
    struct path_look *look = arena_alloc(arena, sizeof(*look));
    struct path_question *question = arena_alloc(arena, count * sizeof(*question));
    struct path_answer *answer = arena_alloc(arena, count * sizeof(*answer));
    size_t used = 0;

    if (!look || !question || !answer) {
        return NULL;
    }
    *look = (struct path_look){question, answer, count, arena, NULL, 0};
    for (const struct fact *fact = ex->decision.facts; fact; fact = fact->next) {
        if (is_looked_at(fact)) {
            question[used++] = (struct path_question){.path = fact->name,
                                                      .root = fact->root,
                                                      .written = fact->written,
                                                      .deny_links = fact->deny_links};
        }
    }
    return look;
}

/* The facts are those of make_look(), in the same order. */
static void keep_answers(struct exchange *ex, const struct path_look *look)
{
    size_t used = 0;

    for (struct fact *fact = ex->decision.facts; fact; fact = fact->next) {
        if (is_looked_at(fact)) {
            fact->path = look->answer[used++];
            fact->status = 200;
        }
    }
}

static enum exchange_state looked(struct exchange *ex, enum look_result result)
{
    const struct path_look *look = ex->look;

    switch (result) {
    case LOOK_PENDING:
        if (!exchange_has_room(ex, 0)) {
            return exchange_refuse_busy(ex);
        }
        exchange_read_ahead(ex);
        ex->io->deadline(ex->context, EXCHANGE_LOOK_TIMEOUT_MS);
        return EXCHANGE_LOOKING_UP;
    case LOOK_DONE:
        ex->look = NULL;
        keep_answers(ex, look);
        return exchange_look_up(ex);
    case LOOK_HANGS:
        ex->look = NULL;
        ex->retry_after_s = EXCHANGE_LOOK_TIMEOUT_MS / 1000;
        return exchange_refuse(ex, 503, "host_path_mount",
                               "host paths cannot be resolved: a file system that an earlier "
                               "request needed does not respond");
    case LOOK_FAILED:
        break;
    }
    ex->look = NULL;
    return exchange_refuse(ex, 500, "internal", "out of memory or threads");
}

void exchange_stop_looking(struct exchange *ex)
{
    if (ex->look) {
        ex->io->stop_looking(ex->context);
        ex->look = NULL;
    }
}

static enum exchange_state look_at_paths(struct exchange *ex, size_t count)
{
    exchange_starts_filtering(ex);
    ex->look = make_look(ex, count);
    enum look_result result = ex->look ? ex->io->look(ex->context, ex->look) : LOOK_FAILED;

    exchange_has_filtered(ex);
    return looked(ex, result);
}

static enum exchange_state look_timed_out(struct exchange *ex)
{
    return exchange_refuse(
        ex, 504, "host_path_mount",
        "a host path could not be resolved in time: its file system does not respond");
}

enum exchange_state exchange_look_up(struct exchange *ex)
{
    size_t paths = exchange_lookup_count_paths(ex);

    if (paths > 0) {
        return look_at_paths(ex, paths);
    }
    ex->asking = next_question(ex);
    if (ex->asking) {
        // It may take the engine a while: what is held meanwhile has to fit.
        return exchange_has_room(ex, 0) ? exchange_lookup_ask(ex, false) : exchange_refuse_busy(ex);
    }
    exchange_starts_filtering(ex);
    policy_decide_facts(ex->policy, &ex->request, &ex->decision);
    exchange_has_filtered(ex);
    if (ex->decision.verdict == VERDICT_NEEDS_FACTS && !next_question(ex)) {
        return exchange_refuse(ex, 500, "internal", "the request could not be evaluated");
    }
    return exchange_act(ex);
}

static enum exchange_state identify_client(struct exchange *ex, bool waited)
{
    struct arena *arena = &ex->decision.arena;
    struct slice target = {NULL, 0};
    int err = ex->io->identify(ex->context, arena, &target);

    if (err == 0 && target.len == 0) {
        return waited ? exchange_lookup_go_on(ex) : exchange_judge(ex);
    }
    struct fact *question = err == 0 ? arena_alloc(arena, sizeof(*question)) : NULL;

    if (!question) {
        return exchange_refuse(ex, 500, "internal", "out of memory");
    }
    question->target = target;
    ex->asking = question;
    ex->identifying = true;
    return exchange_lookup_ask(ex, false);
}

/* What the engine says of the client, status 0 when it says nothing. */
static enum exchange_state identified(struct exchange *ex, const struct fact *fact)
{
    struct policy *policy = NULL;
    int err =
        ex->io->identified(ex->context, fact->status, fact->body, &ex->decision.arena, &policy);

    ex->identifying = false;
    ex->asking = NULL;
    if (err < 0) {
        return exchange_refuse(
            ex, 502, "engine",
            "the engine did not identify this client, and its policy depends on that");
    }
    policy_unref(ex->policy);
    ex->policy = policy;
    ex->io->deadline(ex->context, EXCHANGE_BODY_TIMEOUT_MS);
    ex->io->read(ex->context, SIDE_CLIENT, !ex->client_eof);
    return identify_client(ex, true); // which may have a further question
}

/* As the answer, or without one as the worst. */
static enum exchange_state engine_told(struct exchange *ex)
{
    if (!ex->io->engine(ex->context, &ex->request.engine)) {
        ex->request.engine = (struct sockade_engine){0};
    }
    ex->awaits_engine = false;
    ex->io->deadline(ex->context, EXCHANGE_BODY_TIMEOUT_MS);
    ex->io->read(ex->context, SIDE_CLIENT, !ex->client_eof);
    return identify_client(ex, true);
}

void exchange_engine_told(struct exchange *ex)
{
    if (ex->state == EXCHANGE_LOOKING_UP && ex->awaits_engine) {
        exchange_wait_for_turn(ex);
    }
}

enum exchange_state exchange_identify(struct exchange *ex)
{
    if (ex->io->engine(ex->context, &ex->request.engine)) {
        return identify_client(ex, false);
    }
    exchange_has_filtered(ex);
    ex->awaits_engine = true;
    exchange_read_ahead(ex);
    ex->io->deadline(ex->context, EXCHANGE_LOOKUP_TIMEOUT_MS);
    return EXCHANGE_LOOKING_UP;
}

static enum exchange_state exchange_lookup_bad_answer(struct exchange *ex)
{
    exchange_drop_rewriter(ex);
    return exchange_unanswered(ex, 502, "the engine's answer could not be read");
}

static enum exchange_state answered(struct exchange *ex, bool clean)
{
    struct fact *fact = ex->asking;
    int err = ex->rewriter ? policy_rewriter_end(ex->rewriter, &ex->whole) : 0;

    if (err < 0) {
        return exchange_lookup_bad_answer(ex);
    }
    exchange_drop_rewriter(ex);
    err = arena_copy(&ex->decision.document, buf_slice(&ex->whole), &fact->body);
    buf_deinit(&ex->whole);
    exchange_leave_upstream(ex, clean && ex->call.keep_alive);
    if (err < 0) {
        return exchange_unanswered(ex, 502, "the engine's answer is too large");
    }
    fact->status = ex->call.status;
    return ex->identifying ? identified(ex, fact) : exchange_look_up(ex);
}

/* All of it, or what says whose the object is. */
static int exchange_lookup_keep(struct exchange *ex, struct slice piece)
{
    return ex->rewriter ? policy_rewriter_feed(ex->rewriter, piece, &ex->whole)
                        : buf_append(&ex->whole, piece);
}

static enum exchange_state exchange_lookup_take_body(struct exchange *ex, struct slice bytes)
{
    enum body_piece kind = BODY_PIECE_DATA;

    while (kind != BODY_PIECE_MORE) {
        struct slice piece = {NULL, 0};

        kind = body_reader_next(&ex->call.body, &bytes, &piece);
        if (kind == BODY_PIECE_DATA && !exchange_has_room(ex, piece.len)) {
            return exchange_refuse_busy(ex);
        }
        if (kind == BODY_PIECE_BAD ||
            (kind == BODY_PIECE_DATA && exchange_lookup_keep(ex, piece) < 0)) {
            return exchange_lookup_bad_answer(ex);
        }
        if (kind == BODY_PIECE_END) {
            return answered(ex, bytes.len == 0);
        }
    }
    buf_deinit(&ex->call.head);
    return EXCHANGE_LOOKING_UP;
}

static enum exchange_state exchange_lookup_take_answer(struct exchange *ex, struct slice bytes)
{
    struct upstream_call *call = &ex->call;
    struct response_head head;

    call->any_bytes = true;
    if (call->head_done) {
        return exchange_lookup_take_body(ex, bytes);
    }
    switch (answer_head_read(call, false, &bytes, &head)) {
    case ANSWER_HEAD_BAD:
        return exchange_lookup_bad_answer(ex);
    case ANSWER_HEAD_MORE:
        return EXCHANGE_LOOKING_UP;
    case ANSWER_HEAD_DONE:
        break;
    }
    if (head.status < 200) {
        return exchange_lookup_bad_answer(ex); // nothing that we ask is answered in two steps
    }
    call->head_done = true;
    call->status = head.status;
    call->framing = head.framing;
    call->keep_alive = head.keep_alive && head.framing != BODY_UNTIL_EOF;
    body_reader_init(&call->body, head.framing, head.content_length);
    if (head.status == 200 && ex->asking->owner_only &&
        policy_owner_reader_create(&ex->decision, &ex->rewriter) < 0) {
        return exchange_lookup_bad_answer(ex);
    }
    return exchange_lookup_take_body(ex, bytes);
}

static enum exchange_state exchange_lookup_upstream_ended(struct exchange *ex)
{
    if (ex->call.head_done && ex->call.framing == BODY_UNTIL_EOF) {
        return answered(ex, false);
    }
    if (ex->call.reused && !ex->call.any_bytes) {
        exchange_leave_upstream(ex, false);
        return exchange_lookup_ask(ex, true);
    }
    return exchange_unanswered(ex, 502, "the engine closed the connection");
}

enum exchange_state in_looking_up(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_BYTES:
        return event->side == SIDE_UPSTREAM ? exchange_lookup_take_answer(ex, event->bytes)
                                            : in_answering(ex, event);
    case EVENT_EOF:
        if (event->side == SIDE_UPSTREAM) {
            return exchange_lookup_upstream_ended(ex);
        }
        ex->client_eof = true;
        return ex->state;
    case EVENT_FAILED:
        return event->side == SIDE_UPSTREAM ? exchange_lookup_upstream_ended(ex)
                                            : exchange_abort(ex);
    case EVENT_LOOKED:
        return ex->look ? looked(ex, event->looked) : ex->state;
    case EVENT_TIMEOUT:
        if (ex->awaits_engine) {
            return engine_told(ex);
        }
        return ex->look ? look_timed_out(ex)
                        : exchange_unanswered(ex, 504, "the engine did not answer in time");
    case EVENT_RESUME:
        return ex->awaits_engine ? engine_told(ex) : ex->state;
    case EVENT_WRITTEN:
    case EVENT_RETRY:
    case EVENT_MOVED:
        break;
    }
    return ex->state;
}
