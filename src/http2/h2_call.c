/*
 * A call: a pair of streams, from the head of the request to the end of both.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/try.h"
#include "http2/h2_internal.h"

#include "base/banned.h"

static nghttp2_session *h2_call_session(const struct h2_call *call, enum h2_side side)
{
    return call->relay->peers[side].session;
}

int h2_call_reset(struct h2_call *call, enum h2_side side, uint32_t code)
{
    call->reset[side] = true;
    return call->open[side]
               ? h2_error(nghttp2_submit_rst_stream(h2_call_session(call, side), NGHTTP2_FLAG_NONE,
                                                    call->stream[side], code))
               : 0;
}

struct h2_call *h2_call_create(struct h2_relay *relay, int32_t stream)
{
    struct h2_call *call = calloc(1, sizeof(*call));

    if (!call) {
        return NULL;
    }
    call->relay = relay;
    call->stream[H2_OPENER] = stream;
    call->open[H2_OPENER] = true;
    h2_head_init(&call->head, relay->config.head_bytes);
    h2_head_init(&call->answer, H2_HEAD_ANSWER_BYTES);
    h2_flow_init(&call->flow[H2_OPENER], H2_OPENER);
    h2_flow_init(&call->flow[H2_ANSWERER], H2_ANSWERER);
    buf_init(&call->message, GRPC_MESSAGE_BYTES);
    call->next = relay->calls;
    if (call->next) {
        call->next->previous = call;
    }
    relay->calls = call;
    relay->call_count++;
    return call;
}

void h2_call_free(struct h2_call *call)
{
    struct h2_relay *relay = call->relay;

    if (call->next) {
        call->next->previous = call->previous;
    }
    if (call->previous) {
        call->previous->next = call->next;
    } else {
        relay->calls = call->next;
    }
    relay->call_count--;
    h2_flow_deinit(call, &call->flow[H2_OPENER]);
    h2_flow_deinit(call, &call->flow[H2_ANSWERER]);
    h2_head_deinit(&call->head);
    h2_head_deinit(&call->answer);
    buf_deinit(&call->message);
    free(call);
}

static int h2_call_end(struct h2_call *call)
{
    const struct h2_relay_config *config = &call->relay->config;

    if (call->asked) {
        config->user->on_end(config->context, call);
    }
    h2_call_free(call);
    return 0;
}

static int h2_call_refuse_for(struct h2_call *call, struct h2_problem problem)
{
    return h2_call_refuse(call, problem.status, slice_from(problem.text));
}

/* nghttp2 takes the messages of one direction. */
static ssize_t h2_call_read(struct h2_call *call, enum h2_side from, uint8_t *to, size_t size,
                            uint32_t *flags)
{
    struct h2_flow *flow = &call->flow[from];
    size_t sent = 0;
    int err = h2_flow_send(call, flow, to, size, &sent);

    if (err == 0 && flow->done && h2_flow_waiting(flow) == 0) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (from == H2_ANSWERER) {
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            err = h2_call_finish(call);
        }
    } else if (err == 0 && sent == 0) {
        return NGHTTP2_ERR_DEFERRED;
    }
    if (err < 0) {
        call->relay->err = err;
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return (ssize_t)sent;
}

/* By the stream's own data: a call may be gone while its session still sends. */
static ssize_t h2_call_on_read(nghttp2_session *session, int32_t stream, enum h2_side from,
                               uint8_t *to, size_t size, uint32_t *flags)
{
    struct h2_call *call = nghttp2_session_get_stream_user_data(session, stream);

    return call ? h2_call_read(call, from, to, size, flags) : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static ssize_t on_request_read(nghttp2_session *session, int32_t stream, uint8_t *to, size_t size,
                               uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)source, (void)context;
    return h2_call_on_read(session, stream, H2_OPENER, to, size, flags);
}

static ssize_t on_answer_read(nghttp2_session *session, int32_t stream, uint8_t *to, size_t size,
                              uint32_t *flags, nghttp2_data_source *source, void *context)
{
    (void)source, (void)context;
    return h2_call_on_read(session, stream, H2_ANSWERER, to, size, flags);
}

/* Room for what is written of a head; nghttp2 copies it. The relay's, until the next one. */
static nghttp2_nv *h2_call_fields(struct h2_relay *relay, const struct h2_head *head)
{
    size_t room = head->count + H2_HEAD_MORE;

    if (room > relay->field_room) {
        nghttp2_nv *fields = realloc(relay->fields, room * sizeof(*fields));

        if (!fields) {
            return NULL;
        }
        relay->fields = fields;
        relay->field_room = room;
    }
    return relay->fields;
}

int h2_call_open(struct h2_call *call)
{
    static const nghttp2_data_provider provider = {.read_callback = on_request_read};
    nghttp2_session *session = h2_call_session(call, H2_ANSWERER);
    nghttp2_nv *fields = h2_call_fields(call->relay, &call->head);

    TRY_ALLOC(fields);
    if (call->relay->peers[H2_ANSWERER].closed || !nghttp2_session_check_request_allowed(session)) {
        return h2_call_refuse(call, GRPC_UNAVAILABLE, SLICE("the connection is closing"));
    }
    size_t count = h2_head_write_request(&call->head, call->rules->fields,
                                         call->relay->config.authority, fields);
    int32_t stream = nghttp2_submit_request(session, NULL, fields, count, &provider, call);

    TRY(h2_error(stream));
    if (stream < 0) {
        return h2_call_refuse(call, GRPC_UNAVAILABLE, SLICE("too many calls on one connection"));
    }
    call->stream[H2_ANSWERER] = stream;
    call->open[H2_ANSWERER] = true;
    return 0;
}

/* Whether the relay's memory is enough for the largest message: else that would wait for ever. */
static bool h2_call_fits(const struct h2_call *call, const struct h2_flow_rules *rules)
{
    return rules->messages == H2_PIECES ||
           rules->max_bytes + GRPC_FRAME_BYTES <= call->relay->config.memory_bytes;
}

static int h2_call_accept(struct h2_call *call, const struct h2_call_rules *rules)
{
    struct h2_problem problem = h2_head_check_fields(&call->head, rules->fields);

    assert(h2_call_fits(call, &rules->from[H2_OPENER]) &&
           h2_call_fits(call, &rules->from[H2_ANSWERER]));
    if (problem.text) {
        return h2_call_refuse_for(call, problem);
    }
    call->rules = rules;
    call->state = H2_CALL_PASSED;
    if (!rules->from[H2_OPENER].single) {
        TRY(h2_call_open(call)); // else with its message: the engine hears of no call that is not
    }
    return h2_flow_advance(call, &call->flow[H2_OPENER]);
}

int h2_call_ask(struct h2_call *call)
{
    const struct h2_relay_config *config = &call->relay->config;
    struct h2_problem problem = h2_head_check_request(&call->head);
    struct h2_answer answer = {0};

    if (problem.text) {
        return h2_call_refuse_for(call, problem);
    }
    call->asked = true;
    call->state = H2_CALL_ASKING;
    TRY(config->user->on_call(config->context, call, &answer));
    if (call->state == H2_CALL_REFUSED || answer.verdict == H2_HOLD) {
        return 0;
    }
    if (answer.verdict == H2_PASS) {
        return h2_call_accept(call, answer.rules);
    }
    assert(answer.verdict == H2_REFUSE);
    return h2_call_refuse(call, answer.status, answer.text);
}

int h2_call_answered(struct h2_call *call, bool trailers_only)
{
    static const nghttp2_data_provider provider = {.read_callback = on_answer_read};
    struct h2_problem problem = h2_head_check_answer(&call->answer, trailers_only);
    nghttp2_nv *fields = h2_call_fields(call->relay, &call->answer);

    TRY_ALLOC(fields);
    if (!problem.text) {
        problem = h2_head_check_fields(&call->answer, call->rules->answer);
    }
    if (problem.text) {
        return h2_call_refuse_for(call, problem);
    }
    size_t count =
        h2_head_write_answer(&call->answer, trailers_only ? NULL : call->rules->answer, fields);

    if (trailers_only) {
        count += h2_head_write_trailers(&call->answer, call->rules->answer, fields + count);
    }
    call->answered = true;
    call->ending = trailers_only;
    call->flow[H2_ANSWERER].done = trailers_only;
    return h2_error(nghttp2_submit_response(h2_call_session(call, H2_OPENER),
                                            call->stream[H2_OPENER], fields, count,
                                            trailers_only ? NULL : &provider));
}

int h2_call_trailers(struct h2_call *call)
{
    struct h2_problem problem = h2_head_check_answer(&call->answer, true);

    if (!problem.text) {
        problem = h2_head_check_fields(&call->answer, call->rules->answer);
    }
    if (problem.text) {
        return h2_call_refuse_for(call, problem);
    }
    call->has_trailers = true;
    return 0;
}

int h2_call_finish(struct h2_call *call)
{
    nghttp2_session *session = h2_call_session(call, H2_OPENER);
    nghttp2_nv *fields = h2_call_fields(call->relay, &call->answer);

    TRY_ALLOC(fields);
    if (call->ending || !call->open[H2_OPENER]) {
        return 0;
    }
    call->ending = true;
    if (call->state == H2_CALL_REFUSED) {
        return h2_error(
            grpc_end(session, call->stream[H2_OPENER], call->status, buf_slice(&call->message)));
    }
    assert(call->has_trailers);
    size_t count = h2_head_write_trailers(&call->answer, call->rules->answer, fields);

    return h2_error(nghttp2_submit_trailer(session, call->stream[H2_OPENER], fields, count));
}

int h2_call_refuse(struct h2_call *call, enum grpc_status status, struct slice text)
{
    nghttp2_session *opener = h2_call_session(call, H2_OPENER);

    if (call->state == H2_CALL_REFUSED) {
        return 0;
    }
    call->state = H2_CALL_REFUSED;
    call->status = status == GRPC_OK ? GRPC_UNKNOWN : status;
    call->relay->counts.refused++;
    TRY(grpc_message_encode(&call->message, text));
    TRY(h2_flow_stop(call, &call->flow[H2_OPENER]));
    TRY(h2_flow_stop(call, &call->flow[H2_ANSWERER]));
    TRY(h2_call_reset(call, H2_ANSWERER, NGHTTP2_CANCEL));
    if (!call->open[H2_OPENER] || call->ending) {
        return 0;
    }
    if (call->answered) { // messages that were judged before are sent before its end
        return h2_error(nghttp2_session_resume_data(opener, call->stream[H2_OPENER]));
    }
    call->answered = call->ending = true;
    return h2_error(
        grpc_refuse(opener, call->stream[H2_OPENER], call->status, buf_slice(&call->message)));
}

/* The answerer's stream is closed: with all that it had to say, or before. */
static int h2_call_lost_answer(struct h2_call *call, uint32_t code)
{
    if (call->ending || call->has_trailers || call->state == H2_CALL_REFUSED) {
        return 0;
    }
    return h2_call_reset(call, H2_OPENER, code == NGHTTP2_NO_ERROR ? NGHTTP2_INTERNAL_ERROR : code);
}

int h2_call_closed(struct h2_call *call, enum h2_side side, uint32_t code)
{
    call->open[side] = false;
    if (call->open[h2_other(side)]) {
        if (side == H2_ANSWERER) {
            return h2_call_lost_answer(call, code);
        }
        TRY(h2_flow_stop(call, &call->flow[H2_OPENER]));
        TRY(h2_flow_stop(call, &call->flow[H2_ANSWERER]));
        return h2_call_reset(call, H2_ANSWERER, code == NGHTTP2_NO_ERROR ? NGHTTP2_CANCEL : code);
    }
    return h2_call_end(call);
}

int h2_call_cut(struct h2_call *call, enum h2_side side)
{
    if (!call->open[side]) {
        return 0;
    }
    // The session may still send; it is not to name the call any more.
    nghttp2_session_set_stream_user_data(h2_call_session(call, side), call->stream[side], NULL);
    if (side == H2_OPENER || !call->open[H2_OPENER]) {
        return h2_call_closed(call, side, NGHTTP2_CANCEL);
    }
    call->open[side] = false;
    return call->has_trailers ? 0
                              : h2_call_refuse(call, GRPC_UNAVAILABLE,
                                               SLICE("the other side closed the connection"));
}

int h2_call_answer_ended(struct h2_call *call)
{
    nghttp2_session *session = h2_call_session(call, H2_ANSWERER);
    struct h2_flow *answer = &call->flow[H2_ANSWERER];

    answer->ended = true;
    if (call->state == H2_CALL_PASSED) {
        TRY(h2_flow_stop(call, &call->flow[H2_OPENER]));
        TRY(h2_flow_advance(call, answer));
    }
    return nghttp2_session_get_stream_local_close(session, call->stream[H2_ANSWERER]) == 0
               ? h2_call_reset(call, H2_ANSWERER, NGHTTP2_NO_ERROR)
               : 0;
}

struct slice h2_call_path(const struct h2_call *call)
{
    struct slice path;

    h2_head_find(&call->head, SLICE(":path"), &path);
    return path;
}

const struct h2_head *h2_call_head(const struct h2_call *call)
{
    return &call->head;
}

void h2_call_set(struct h2_call *call, void *data)
{
    call->data = data;
}

void *h2_call_get(const struct h2_call *call)
{
    return call->data;
}
