/*
 * From the client's bytes to a verdict: the head, where the policy wants it the
 * whole body, and what the verdict leads to. Nothing is sent to the engine here.
 */
#include <errno.h>

#include "http/head_parser.h"
#include "http/head_writer.h"
#include "http/request_check.h"
#include "proxy/exchange/exchange_internal.h"

#include "base/banned.h"

enum {
    SHOWN_LINE_BYTES = 256,
    /* Little more work than any request is: no turn is waited for. */
    JUDGED_AT_ONCE_BYTES = 8 * 1024,
    RESERVED_AT_ONCE_BYTES = 8 * 1024,
    HEAD_READ_AT_ONCE_BYTES = 64 * 1024
};

/*
 * The first line of a head that could not be read, so that its record shows something;
 * not its query, where secrets may be.
 */
static void show_first_line(struct exchange *ex, struct slice bytes)
{
    size_t end = 0;

    while (end < bytes.len && end < SHOWN_LINE_BYTES && bytes.ptr[end] != '\r' &&
           bytes.ptr[end] != '\n' && bytes.ptr[end] != '?') {
        end++;
    }
    if (ex->request.target.len == 0 &&
        arena_copy(&ex->decision.arena, slice_head(bytes, end), &ex->request.target) < 0) {
        ex->request.target = (struct slice){NULL, 0};
    }
}

static enum exchange_state refuse_head(struct exchange *ex, const struct http_problem *why)
{
    show_first_line(ex, buf_slice(&ex->in));
    ex->keep_alive = false; // where the next request would begin is not known
    ex->head = NULL;
    return exchange_refuse(ex, why->status, "http", why->sentence);
}

static int copy_head(struct exchange *ex, size_t head_len, struct slice *copy)
{
    struct arena *arena = &ex->decision.arena;
    struct slice head = slice_head(buf_slice(&ex->in), head_len);

    ex->head_bytes = head_len;
    return policy_takes_any_line_end(ex->policy) ? head_end_lines(head, arena, copy, &ex->bare_lf)
                                                 : arena_copy(arena, head, copy);
}

/*
 * Takes the head off `in` into the decision's arena, so that slices of it stay
 * valid whatever becomes of the buffer.
 */
static int parse_head(struct exchange *ex, size_t head_len, struct http_problem *why)
{
    struct arena *arena = &ex->decision.arena;
    struct request_head *head = arena_alloc_raw(arena, sizeof(*head));
    struct slice copy = {NULL, 0};
    int err = head ? copy_head(ex, head_len, &copy) : -ENOMEM;

    buf_consume(&ex->in, head_len);
    if (err < 0) {
        return err;
    }
    err = head_parse_request(copy, head, why);
    if (err < 0) {
        show_first_line(ex, copy);
    } else {
        // Known from here on, for the record of a request refused below.
        ex->request.method = head->method;
        ex->request.target = head->target;
        err = request_check(head, why);
    }
    if (err == 0) {
        ex->head = head;
    }
    return err;
}

static void describe_request(struct exchange *ex)
{
    const struct request_head *head = ex->head;

    ex->request.content_type = headers_get(&head->headers, HEADER_CONTENT_TYPE);
    ex->request.content_encoding = headers_get(&head->headers, HEADER_CONTENT_ENCODING);
    ex->request.upgrade = head->upgrade;
    ex->request.content_length = head->framing == BODY_LENGTH ? head->content_length : 0;
    ex->request.has_body = head->framing == BODY_CHUNKED || ex->request.content_length > 0;
    ex->to_head = slice_eq(head->method, SLICE("HEAD"));
    ex->http10 = head->minor == 0;
    ex->keep_alive = head->keep_alive;
    body_reader_init(&ex->body, head->framing, head->content_length);
    ex->body_done = !ex->request.has_body;
}

static enum exchange_state judge_head(struct exchange *ex, size_t head_len)
{
    struct http_problem why = {0};

    exchange_starts_filtering(ex);
    int err = parse_head(ex, head_len, &why);

    if (err == -EBADMSG) {
        return refuse_head(ex, &why);
    }
    if (err < 0) {
        return refuse_head(ex, &(struct http_problem){500, "out of memory"});
    }
    describe_request(ex);
    return exchange_identify(ex);
}

static enum exchange_state refuse_client(struct exchange *ex)
{
    struct slice sentence = {NULL, 0};
    struct slice target = ex->request.target;

    ex->decision.path = slice_head(target, slice_find(target, '?'));
    int err = arena_printf(&ex->decision.arena, &sentence,
                           "no policy on this socket applies to a client with uid %u and gid %u",
                           ex->request.peer.uid, ex->request.peer.gid);

    return exchange_refuse(ex, 403, "client", err < 0 ? "no policy" : sentence.ptr);
}

/* What is wrong with the head by the policy of who the client turned out to be. NULL: nothing. */
static const struct http_problem *judge_lines(const struct exchange *ex)
{
    static const struct http_problem too_long = {
        431, "the head is longer than the policy's limits.head_bytes"};
    static const struct http_problem bare_lf = {
        400, "a line of the head ends with a bare LF instead of CR LF"};

    if (ex->head_bytes > policy_limits(ex->policy)->head_bytes) {
        return &too_long;
    }
    // Where a body follows, the end of the head is what readers must not differ about.
    bool takes_lf = policy_takes_any_line_end(ex->policy) && ex->head->framing == BODY_NONE;

    return ex->bare_lf && !takes_lf ? &bare_lf : NULL;
}

enum exchange_state exchange_judge(struct exchange *ex)
{
    const struct http_problem *why = ex->policy ? judge_lines(ex) : NULL;

    if (why) {
        exchange_has_filtered(ex);
        ex->keep_alive = false;
        return exchange_refuse(ex, why->status, "http", why->sentence);
    }
    if (ex->policy) {
        policy_decide_head(ex->policy, &ex->request, &ex->decision);
    }
    exchange_has_filtered(ex);
    if (!ex->policy) {
        return refuse_client(ex);
    }
    return exchange_act(ex);
}

/* A copy, for a reload may come before the verdict. Without one nothing is substituted. */
static void keep_listener_socket(struct exchange *ex, struct slice socket)
{
    if (arena_copy(&ex->decision.arena, socket, &ex->request.listener_socket) < 0) {
        ex->request.listener_socket = (struct slice){NULL, 0};
    }
}

/* The first byte of a request: from here on there is something to record. */
static void begin_once(struct exchange *ex)
{
    struct slice socket = {NULL, 0};

    if (ex->begun) {
        return;
    }
    ex->begun = true;
    ex->policy = ex->io->begin(ex->context, &ex->request.peer, ex->request_id, &socket);
    ex->request.request_id = (struct slice){ex->request_id, REQUEST_ID_LEN};
    keep_listener_socket(ex, socket);
    ex->io->deadline(ex->context, EXCHANGE_HEAD_TIMEOUT_MS);
}

/* A long one takes milliseconds. */
static enum exchange_state head_is_here(struct exchange *ex, size_t head_len, bool is_turn)
{
    if (is_turn || head_len <= HEAD_READ_AT_ONCE_BYTES) {
        return judge_head(ex, head_len);
    }
    exchange_wait_for_turn(ex);
    return EXCHANGE_READING_HEAD;
}

static enum exchange_state find_head(struct exchange *ex, bool is_turn)
{
    struct http_problem why = {0};
    size_t head_len = 0;
    struct head_limits limits = {.bytes = (size_t)policy_limits(ex->policy)->head_bytes,
                                 .lines = policy_takes_any_line_end(ex->policy) ? HEAD_LINES_ANY
                                                                                : HEAD_LINES_CRLF};

    switch (head_find_end(buf_slice(&ex->in), &limits, &ex->scanned, &head_len, &why)) {
    case HEAD_BAD:
        return refuse_head(ex, &why);
    case HEAD_INCOMPLETE:
        if (ex->client_eof) {
            return refuse_head(ex, &(struct http_problem){400, "the request head is incomplete"});
        }
        return ex->state;
    case HEAD_COMPLETE:
        break;
    }
    return head_is_here(ex, head_len, is_turn);
}

static enum exchange_state take_head_bytes(struct exchange *ex, struct slice bytes)
{
    size_t room = ex->in.cap - ex->in.len;

    begin_once(ex);
    // It will be twice as large, and what is made of a head is some times its size.
    if (bytes.len > room && !exchange_has_room(ex, HEAD_COPIES * ex->in.cap)) {
        ex->keep_alive = false;
        ex->head = NULL;
        show_first_line(ex, buf_slice(&ex->in));
        return exchange_refuse_busy(ex);
    }
    if (buf_append(&ex->in, bytes) < 0) {
        return refuse_head(ex, &(struct http_problem){500, "out of memory"});
    }
    return find_head(ex, false);
}

enum exchange_state in_reading_head(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_BYTES:
        return take_head_bytes(ex, event->bytes);
    case EVENT_RESUME:
        begin_once(ex);
        return find_head(ex, true);
    case EVENT_EOF:
        ex->client_eof = true;
        if (ex->begun) {
            return find_head(ex, false);
        }
        ex->keep_alive = false;
        ex->io->deadline(ex->context, 0);
        ex->io->close(ex->context, SIDE_CLIENT);
        return EXCHANGE_CLOSED;
    case EVENT_FAILED:
    case EVENT_TIMEOUT:
        break;
    case EVENT_WRITTEN:
    case EVENT_MOVED:
    case EVENT_RETRY:
    case EVENT_LOOKED:
        return ex->state;
    }
    if (ex->begun && event->type == EVENT_TIMEOUT) {
        return refuse_head(ex, &(struct http_problem){408, "the request head took too long"});
    }
    if (ex->begun) {
        return exchange_abort(ex);
    }
    ex->io->deadline(ex->context, 0);
    ex->io->close(ex->context, SIDE_CLIENT);
    return EXCHANGE_CLOSED;
}

/* A large one is read in one turn, judged in the next, and sent in one of its own. */
static enum exchange_state judge_body(struct exchange *ex)
{
    struct slice body = buf_slice(&ex->whole);

    exchange_starts_filtering(ex);
    if (ex->body_read) {
        ex->body_read = false;
        policy_decide_read(&ex->request, &ex->decision);
    } else if (body.len > EXCHANGE_LARGE_BYTES) {
        ex->body_read = policy_read_body(&ex->request, body, &ex->decision);
    } else {
        policy_decide_body(ex->policy, &ex->request, body, &ex->decision);
    }
    exchange_has_filtered(ex);
    ex->bytes_in += body.len;
    buf_deinit(&ex->whole);
    if (ex->body_read) {
        exchange_wait_for_turn(ex);
        return EXCHANGE_READING_BODY;
    }
    return exchange_act(ex);
}

static enum exchange_state exchange_request_refuse_body(struct exchange *ex, unsigned status,
                                                        const char *sentence)
{
    ex->keep_alive = false;
    return exchange_refuse(ex, status, "http", sentence);
}

static enum exchange_state refuse_large_body(struct exchange *ex)
{
    ex->keep_alive = false;
    return exchange_refuse(ex, 413, "limits.body_bytes",
                           "the body is larger than the policy's limits.body_bytes");
}

/* Room is asked for as the buffer grows. */
static bool may_grow(struct exchange *ex, size_t more)
{
    size_t room = ex->whole.cap - ex->whole.len;

    return more <= room || exchange_has_room(ex, 3 * (more > ex->whole.cap ? more : ex->whole.cap));
}

static enum exchange_state body_is_here(struct exchange *ex)
{
    if (ex->whole.len <= JUDGED_AT_ONCE_BYTES && !ex->body_read) {
        return judge_body(ex);
    }
    exchange_wait_for_turn(ex); // judging a large one takes milliseconds
    return EXCHANGE_READING_BODY;
}

static enum exchange_state refuse_rest(struct exchange *ex, int err)
{
    return err == -ENOBUFS ? refuse_large_body(ex)
                           : exchange_request_refuse_body(ex, 500, "out of memory");
}

/* Moves what `in` holds of the body into `whole`. */
static enum exchange_state collect_body(struct exchange *ex)
{
    struct slice input = buf_slice(&ex->in);
    size_t before = input.len;
    enum body_piece kind = BODY_PIECE_DATA;

    while (!ex->body_done && kind != BODY_PIECE_MORE) {
        struct slice piece = {NULL, 0};

        kind = body_reader_next(&ex->body, &input, &piece);
        if (kind == BODY_PIECE_BAD) {
            return exchange_request_refuse_body(ex, 400, "the chunked body is malformed");
        }
        ex->body_done = kind == BODY_PIECE_END;
        if (kind == BODY_PIECE_DATA && !may_grow(ex, piece.len)) {
            return exchange_refuse_busy(ex);
        }
        int err = kind == BODY_PIECE_DATA ? buf_append(&ex->whole, piece) : 0;

        if (err < 0) {
            return refuse_rest(ex, err);
        }
    }
    buf_consume(&ex->in, before - input.len);
    if (ex->body_done) {
        return body_is_here(ex);
    }
    // The end may have come in a state that could do nothing with it.
    return ex->client_eof ? exchange_request_refuse_body(ex, 400, "the body is incomplete")
                          : EXCHANGE_READING_BODY;
}

enum exchange_state in_reading_body(struct exchange *ex, const struct event *event)
{
    switch (event->type) {
    case EVENT_BYTES:
        if (buf_append(&ex->in, event->bytes) < 0) {
            return exchange_request_refuse_body(ex, 500, "out of memory");
        }
        return collect_body(ex); // the deadline is for the whole body, not renewed by a drip
    case EVENT_RESUME:
        return judge_body(ex);
    case EVENT_EOF:
        ex->client_eof = true;
        return exchange_request_refuse_body(ex, 400, "the body is incomplete");
    case EVENT_TIMEOUT:
        return exchange_request_refuse_body(ex, 408, "the request body took too long");
    case EVENT_FAILED:
        return exchange_abort(ex);
    case EVENT_WRITTEN:
    case EVENT_MOVED:
    case EVENT_RETRY:
    case EVENT_LOOKED:
        break;
    }
    return ex->state;
}

static enum exchange_state exchange_request_read_body(struct exchange *ex)
{
    static const struct slice go_on = SLICE_INIT("HTTP/1.1 100 Continue\r\n\r\n");
    uint64_t limit = ex->decision.body_limit_bytes;

    if (ex->request.content_length > limit) {
        return refuse_large_body(ex);
    }
    ex->body_read = false;
    buf_deinit(&ex->whole);
    // What is known to be all there is takes no room for more.
    buf_init(&ex->whole,
             (size_t)(ex->request.content_length > 0 ? ex->request.content_length : limit));
    // What is announced is not held: a large one grows as it comes.
    if (ex->request.content_length <= RESERVED_AT_ONCE_BYTES &&
        buf_reserve(&ex->whole, (size_t)ex->request.content_length) < 0) {
        return exchange_request_refuse_body(ex, 500, "out of memory");
    }
    if (ex->head->expects_continue && !ex->http10 && !ex->body_done &&
        exchange_write(ex, SIDE_CLIENT, &go_on, 1) < 0) {
        return exchange_abort(ex);
    }
    ex->io->deadline(ex->context, EXCHANGE_BODY_TIMEOUT_MS);
    return collect_body(ex);
}

/* Who is refused for what it asks costs nothing of its limits. */
static bool admit(struct exchange *ex, struct quota_refusal *why)
{
    const struct decision *decision = &ex->decision;
    bool streams = decision->connection != DECISION_PLAIN;

    if (decision->verdict == VERDICT_DENY) {
        return true;
    }
    if (!ex->admitted) {
        ex->admitted = ex->io->admit(ex->context, streams ? LIMIT_STREAMS : LIMIT_REQUESTS, why);
        if (!ex->admitted) {
            return false;
        }
    }
    return decision->verdict != VERDICT_ALLOW || !decision->creates ||
           ex->io->admit(ex->context, LIMIT_CREATES, why);
}

/* What was looked up for the verdict is to be as it was: then nothing comes in between. */
static bool sends_later(const struct exchange *ex)
{
    return ex->state == EXCHANGE_READING_BODY &&
           ex->decision.forward_body.len > EXCHANGE_LARGE_BYTES;
}

enum exchange_state exchange_act(struct exchange *ex)
{
    struct quota_refusal why = {0};
    const char *unrecorded =
        ex->decision.verdict == VERDICT_DENY ? NULL : exchange_reserve_record(ex);

    if (unrecorded) {
        return exchange_refuse_unrecorded(ex, unrecorded);
    }

    if (!admit(ex, &why)) {
        return exchange_refuse_for_limit(ex, &why);
    }
    switch (ex->decision.verdict) {
    case VERDICT_DENY:
        return exchange_answer(ex);
    case VERDICT_ALLOW:
        exchange_give_spare(ex);
        return sends_later(ex) ? exchange_forward_later(ex) : exchange_forward(ex);
    case VERDICT_NEEDS_BODY:
        return exchange_request_read_body(ex);
    case VERDICT_NEEDS_FACTS:
        return exchange_look_up(ex);
    case VERDICT_NEEDS_HOLDS:
        return exchange_hold(ex);
    }
    return exchange_answer(ex);
}
