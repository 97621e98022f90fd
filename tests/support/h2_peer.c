/*
 * See h2_peer.h.
 */
#include "support/h2_peer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FIELDS = 512 };

struct h2_test_stream *h2_test_find(struct h2_test_peer *peer, int32_t id)
{
    for (unsigned i = 0; i < peer->count; i++) {
        if (peer->streams[i].id == id) {
            return &peer->streams[i];
        }
    }
    return NULL;
}

static struct h2_test_stream *stream_of(struct h2_test_peer *peer, int32_t id)
{
    struct h2_test_stream *stream = h2_test_find(peer, id);

    if (!stream) {
        assert(peer->count < H2_TEST_STREAMS);
        stream = &peer->streams[peer->count++];
        *stream = (struct h2_test_stream){.peer = peer, .id = id};
        buf_init(&stream->fields, SIZE_MAX);
        buf_init(&stream->data, SIZE_MAX);
        buf_init(&stream->say, SIZE_MAX);
    }
    return stream;
}

static void append(struct buf *buf, struct slice bytes)
{
    int err = buf_append(buf, bytes);

    assert(err == 0);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    struct buf *fields = &stream_of(context, frame->hd.stream_id)->fields;

    (void)session, (void)flags;
    append(fields, (struct slice){(const char *)name, name_len});
    append(fields, SLICE(": "));
    append(fields, (struct slice){(const char *)value, value_len});
    append(fields, SLICE("\n"));
    return 0;
}

static void keep_settings(struct h2_test_peer *peer, const nghttp2_settings *settings)
{
    for (size_t i = 0; i < settings->niv; i++) {
        if (settings->iv[i].settings_id == NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) {
            peer->max_streams = settings->iv[i].value;
        }
        if (settings->iv[i].settings_id == NGHTTP2_SETTINGS_ENABLE_PUSH) {
            peer->push = settings->iv[i].value;
        }
    }
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct h2_test_peer *peer = context;

    (void)session;
    switch (frame->hd.type) {
    case NGHTTP2_PING:
        peer->pongs += frame->hd.flags & NGHTTP2_FLAG_ACK;
        break;
    case NGHTTP2_GOAWAY:
        peer->goaways++;
        peer->goaway_code = frame->goaway.error_code;
        break;
    case NGHTTP2_SETTINGS:
        keep_settings(peer, &frame->settings);
        break;
    case NGHTTP2_DATA:
    case NGHTTP2_HEADERS:
        stream_of(peer, frame->hd.stream_id)->ended |= frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
        break;
    default:
        break;
    }
    return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t size, void *context)
{
    (void)session, (void)flags;
    append(&stream_of(context, id)->data, (struct slice){(const char *)data, size});
    return 0;
}

static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *context)
{
    struct h2_test_stream *stream = stream_of(context, id);

    (void)session;
    stream->closed = true;
    stream->code = code;
    return 0;
}

void h2_test_open(struct h2_test_peer *peer, bool server, bool keeps_windows)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    int err = nghttp2_session_callbacks_new(&callbacks) | nghttp2_option_new(&option);

    assert(err == 0);
    peer->keeps_windows = keeps_windows;
    peer->push = 1;
    nghttp2_option_set_no_auto_window_update(option, keeps_windows);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    err = server ? nghttp2_session_server_new2(&peer->session, callbacks, peer, option)
                 : nghttp2_session_client_new2(&peer->session, callbacks, peer, option);
    assert(err == 0);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    err = nghttp2_submit_settings(peer->session, NGHTTP2_FLAG_NONE, NULL, 0);
    assert(err == 0);
}

void h2_test_close(struct h2_test_peer *peer)
{
    nghttp2_session_del(peer->session);
    for (unsigned i = 0; i < peer->count; i++) {
        buf_deinit(&peer->streams[i].fields);
        buf_deinit(&peer->streams[i].data);
        buf_deinit(&peer->streams[i].say);
    }
    memset(peer, 0, sizeof(*peer));
}

/* The fields of "name: value\n" lines, borrowed from them. */
static size_t fields_of(const char *lines, nghttp2_nv *fields)
{
    size_t count = 0;

    while (*lines) {
        const char *value = strstr(lines, ": ");
        const char *end = strchr(lines, '\n');

        assert(value && end && value < end && count < MAX_FIELDS);
        fields[count++] = (nghttp2_nv){(uint8_t *)lines, (uint8_t *)value + 2,
                                       (size_t)(value - lines), (size_t)(end - value) - 2, 0};
        lines = end + 1;
    }
    return count;
}

static ssize_t on_read(nghttp2_session *session, int32_t id, uint8_t *to, size_t size,
                       uint32_t *flags, nghttp2_data_source *source, void *context)
{
    struct h2_test_stream *stream = stream_of(context, id);
    size_t left = stream->say.len - stream->said;
    nghttp2_nv fields[MAX_FIELDS];

    (void)source;
    size = size < left ? size : left;
    if (size > 0) {
        memcpy(to, stream->say.data + stream->said, size);
        stream->said += size;
    }
    if (size < left || !stream->finish) {
        return size > 0 ? (ssize_t)size : NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->trailers) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        int err = nghttp2_submit_trailer(session, id, fields, fields_of(stream->trailers, fields));

        assert(err == 0);
    }
    return (ssize_t)size;
}

static const nghttp2_data_provider provider = {.read_callback = on_read};

int32_t h2_test_request(struct h2_test_peer *peer, const char *lines)
{
    nghttp2_nv fields[MAX_FIELDS];
    int32_t id = nghttp2_submit_request(peer->session, NULL, fields, fields_of(lines, fields),
                                        &provider, NULL);

    assert(id > 0);
    stream_of(peer, id);
    return id;
}

int32_t h2_test_call(struct h2_test_peer *peer, const char *path, const char *more)
{
    struct buf lines = {.limit_bytes = SIZE_MAX};
    static const char *const rest =
        "\n:authority: elsewhere\ncontent-type: application/grpc\nte: trailers\n";
    int err = buf_append_texts(
        &lines, BUF_TEXTS(":method: POST\n:scheme: http\n:path: ", path, rest, more));

    assert(err == 0);
    append(&lines, (struct slice){"", 1});
    int32_t id = h2_test_request(peer, lines.data);

    buf_deinit(&lines);
    return id;
}

void h2_test_say(struct h2_test_peer *peer, int32_t id, struct slice bytes)
{
    append(&stream_of(peer, id)->say, bytes);
    nghttp2_session_resume_data(peer->session, id);
}

void h2_test_message(struct h2_test_peer *peer, int32_t id, struct slice message)
{
    const char frame[] = {0, (char)(message.len >> 24), (char)(message.len >> 16),
                          (char)(message.len >> 8), (char)message.len};

    h2_test_say(peer, id, (struct slice){frame, sizeof(frame)});
    h2_test_say(peer, id, message);
}

void h2_test_finish(struct h2_test_peer *peer, int32_t id)
{
    stream_of(peer, id)->finish = true;
    nghttp2_session_resume_data(peer->session, id);
}

void h2_test_answer(struct h2_test_peer *peer, int32_t id, const char *more)
{
    struct buf lines = {.limit_bytes = SIZE_MAX};
    nghttp2_nv fields[MAX_FIELDS];
    int err =
        buf_append_texts(&lines, BUF_TEXTS(":status: 200\ncontent-type: application/grpc\n", more));

    assert(err == 0);
    append(&lines, (struct slice){"", 1});
    err = nghttp2_submit_response(peer->session, id, fields, fields_of(lines.data, fields),
                                  &provider);
    assert(err == 0);
    buf_deinit(&lines);
}

void h2_test_trailers(struct h2_test_peer *peer, int32_t id, const char *fields)
{
    stream_of(peer, id)->trailers = fields;
    h2_test_finish(peer, id);
}

void h2_test_respond(struct h2_test_peer *peer, int32_t id, const char *lines)
{
    nghttp2_nv fields[MAX_FIELDS];
    int err = nghttp2_submit_response(peer->session, id, fields, fields_of(lines, fields), NULL);

    assert(err == 0);
}

bool h2_test_told(struct h2_test_peer *peer, int32_t id, const char *line)
{
    struct h2_test_stream *stream = h2_test_find(peer, id);
    struct slice rest = stream ? buf_slice(&stream->fields) : (struct slice){0};
    struct slice one;

    while (rest.len > 0) {
        slice_cut(rest, '\n', &one, &rest);
        if (slice_eq(one, slice_from(line))) {
            return true;
        }
    }
    return false;
}
