/*
 * See engine_watch.h.
 */
#include "proxy/server/engine_watch.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/try.h"
#include "http/head_writer.h"
#include "proxy/exchange/exchange_answer.h"

#include "base/banned.h"

enum { QUESTION_MAX_BYTES = 1024, ANSWER_ARENA_BYTES = 1024 * 1024 };

static uint64_t engine_watch_now_ms(const struct engine_watch *watch)
{
    return uv_now(watch->pool->loop);
}

static void hang_up(struct engine_watch *watch)
{
    if (watch->upstream) {
        upstream_close(watch->upstream);
        watch->upstream = NULL;
    }
    buf_deinit(&watch->call.head);
    buf_deinit(&watch->body);
}

static void engine_watch_forget(struct engine_watch *watch)
{
    hang_up(watch);
    watch->state = ENGINE_UNASKED;
}

static bool is_news(const struct engine_watch *watch, const struct engine_answer *answer)
{
    const struct engine_answer *before = &watch->answer;

    return !watch->told || before->engine.kind != answer->engine.kind ||
           !slice_eq(before->version, answer->version) || !slice_eq(before->api, answer->api);
}

/* What the engine says of itself holds, and the administrator's word where it says nothing. */
static struct sockade_engine known(const struct engine_watch *watch,
                                   const struct sockade_engine *told)
{
    bool unnumbered = told->major == 0 && told->minor == 0 && told->patch == 0;

    return told->kind == ENGINE_UNKNOWN || (told->kind == watch->assumed.kind && unnumbered)
               ? watch->assumed
               : *told;
}

/* Takes `arena` over, which owns the answer. */
static void engine_watch_take(struct engine_watch *watch, const struct engine_answer *answer,
                              struct arena *arena)
{
    bool news = is_news(watch, answer);
    bool lost = watch->lost;

    arena_deinit(&watch->arena);
    watch->arena = *arena;
    watch->answer = *answer;
    if (news) {
        watch->told = true;
        watch->events->changed(watch);
    }
    if (lost) {
        watch->lost = false;
        watch->events->lost(watch);
    }
    watch->events->decided(watch);
}

/* The worst is assumed until it answers. */
static void engine_watch_give_up(struct engine_watch *watch, bool silent)
{
    struct arena none;

    arena_init(&none, ANSWER_ARENA_BYTES);
    engine_watch_forget(watch);
    watch->silent = silent;
    watch->retry_ms = silent ? engine_watch_now_ms(watch) + ENGINE_RETRY_MS : 0;
    engine_watch_take(watch, &(struct engine_answer){0}, &none);
}

static void engine_watch_read_version(struct engine_watch *watch)
{
    struct engine_answer answer = {0};
    struct arena arena;

    arena_init(&arena, ANSWER_ARENA_BYTES);
    // Whoever has no such answer is an engine of no known kind, however often it is asked.
    if (watch->call.status == 200 &&
        engine_answer_read(buf_slice(&watch->body), &arena, &answer) < 0) {
        answer = (struct engine_answer){0};
    }
    watch->state = ENGINE_TOLD;
    watch->silent = false;
    buf_deinit(&watch->body);
    engine_watch_take(watch, &answer, &arena);
}

static void engine_watch_ended(struct engine_watch *watch)
{
    bool complete = watch->call.head_done && watch->call.framing == BODY_UNTIL_EOF;

    if (watch->state == ENGINE_ASKING && !complete) {
        engine_watch_give_up(watch, true);
        return;
    }
    if (watch->state == ENGINE_ASKING) {
        engine_watch_read_version(watch);
    }
    log_debug("lost the connection to the engine: its version will be checked again");
    watch->lost = true;
    engine_watch_forget(watch);
}

static void engine_watch_take_body(struct engine_watch *watch, struct slice bytes)
{
    enum body_piece kind = BODY_PIECE_DATA;

    while (kind == BODY_PIECE_DATA || kind == BODY_PIECE_FRAMING) {
        struct slice piece = {NULL, 0};

        kind = body_reader_next(&watch->call.body, &bytes, &piece);
        if (kind == BODY_PIECE_BAD ||
            (kind == BODY_PIECE_DATA && buf_append(&watch->body, piece) < 0)) {
            engine_watch_give_up(watch, true);
            return;
        }
    }
    if (kind == BODY_PIECE_END) {
        engine_watch_read_version(watch);
    }
}

static void engine_watch_take_answer(struct engine_watch *watch, struct slice bytes)
{
    struct upstream_call *call = &watch->call;
    struct response_head head;

    if (call->head_done) {
        engine_watch_take_body(watch, bytes);
        return;
    }
    switch (answer_head_read(call, false, &bytes, &head)) {
    case ANSWER_HEAD_BAD:
        engine_watch_give_up(watch, true);
        return;
    case ANSWER_HEAD_MORE:
        return;
    case ANSWER_HEAD_DONE:
        break;
    }
    if (head.status < 200) {
        engine_watch_give_up(watch, true);
        return;
    }
    call->head_done = true;
    call->status = head.status;
    call->framing = head.framing;
    body_reader_init(&call->body, head.framing, head.content_length);
    engine_watch_take_body(watch, bytes);
    buf_deinit(&call->head);
}

static void on_bytes(struct stream *stream, struct slice bytes)
{
    struct engine_watch *watch = stream->owner;

    if (watch->state == ENGINE_ASKING) {
        engine_watch_take_answer(watch, bytes);
    } else {
        engine_watch_forget(watch); // an engine that speaks unasked
    }
}

static void on_eof(struct stream *stream, bool gone)
{
    (void)gone;
    engine_watch_ended(stream->owner);
}

static void on_failed(struct stream *stream)
{
    engine_watch_ended(stream->owner);
}

static void engine_watch_on_written(struct stream *stream)
{
    (void)stream; // an answer is awaited either way
}

static const struct stream_events watch_events = {
    .bytes = on_bytes,
    .eof = on_eof,
    .failed = on_failed,
    .written = engine_watch_on_written,
};

static int engine_watch_write_question(struct engine_watch *watch)
{
    CLEANUP(buf_deinit) struct buf head = {.limit_bytes = QUESTION_MAX_BYTES};

    TRY(head_write_request_line(&head, SLICE("GET"), SLICE("/version")));
    TRY(head_write_field(&head, SLICE("User-Agent"), SLICE("sockade/" SOCKADE_VERSION)));
    TRY(head_write_end(&head));
    struct slice part = buf_slice(&head);
    int result = stream_write(&watch->upstream->stream, &part, 1);

    return result < 0 ? result : 0;
}

static bool same_file(struct engine_watch *watch, bool note)
{
    struct stat file;

    if (stat(watch->pool->path, &file) < 0) {
        return false;
    }
    if (note) {
        watch->device = file.st_dev;
        watch->inode = file.st_ino;
    }
    return watch->device == file.st_dev && watch->inode == file.st_ino;
}

/* Looks at the file before and after: what was dialled is one of the two, or the same. */
static int call_engine(struct engine_watch *watch)
{
    (void)same_file(watch, true);
    TRY(pool_get(watch->pool, true, &watch->upstream) < 0 ? -ECONNREFUSED : 0);
    watch->upstream->stream.events = &watch_events;
    watch->upstream->stream.owner = watch;
    watch->call = (struct upstream_call){.open = true};
    buf_init(&watch->call.head, HTTP_RESPONSE_HEAD_MAX_BYTES);
    buf_init(&watch->body, ENGINE_ANSWER_MAX_BYTES);
    TRY(engine_watch_write_question(watch));
    stream_read(&watch->upstream->stream, true);
    return 0;
}

static void engine_watch_ask(struct engine_watch *watch)
{
    if (call_engine(watch) < 0) {
        engine_watch_give_up(watch, false);
        return;
    }
    watch->state = ENGINE_ASKING;
    watch->deadline_ms = engine_watch_now_ms(watch) + ENGINE_TIMEOUT_MS;
}

void engine_watch_init(struct engine_watch *watch, struct pool *pool,
                       const struct sockade_engine *assumed,
                       const struct engine_watch_events *events, void *owner)
{
    *watch =
        (struct engine_watch){.pool = pool, .events = events, .owner = owner, .assumed = *assumed};
    arena_init(&watch->arena, ANSWER_ARENA_BYTES);
    engine_watch_ask(watch);
}

void engine_watch_reset(struct engine_watch *watch, const struct sockade_engine *assumed)
{
    engine_watch_forget(watch);
    watch->assumed = *assumed;
    watch->told = false;
    watch->silent = false;
    engine_watch_ask(watch);
}

void engine_watch_deinit(struct engine_watch *watch)
{
    hang_up(watch);
    arena_deinit(&watch->arena);
    *watch = (struct engine_watch){0};
}

bool engine_watch_get(struct engine_watch *watch, struct sockade_engine *out)
{
    if (watch->state == ENGINE_UNASKED && engine_watch_now_ms(watch) >= watch->retry_ms) {
        engine_watch_ask(watch);
    }
    *out = known(watch,
                 watch->state == ENGINE_TOLD ? &watch->answer.engine : &(struct sockade_engine){0});
    return watch->state != ENGINE_ASKING || watch->silent;
}

void engine_watch_tick(struct engine_watch *watch, uint64_t now_ms)
{
    if (watch->state == ENGINE_ASKING && now_ms >= watch->deadline_ms) {
        log_warn("the engine does not report its name and version");
        engine_watch_give_up(watch, true);
    } else if (watch->state == ENGINE_TOLD && !same_file(watch, false)) {
        watch->lost = true; // another one listens there now
        engine_watch_forget(watch);
    }
}
