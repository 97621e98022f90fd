/*
 * See refusal.h. nghttp2 does the framing; bodies of calls are read and dropped.
 */
#include "http2/refusal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/try.h"
#include "http2/grpc.h"
#include "http2/h2_session.h"

#include "base/banned.h"

enum {
    MAX_CONCURRENT = 2 * HTTP2_REFUSAL_MAX_CALLS, // so that it is the calls that are counted
    MAX_HEADER_LIST = 16 * 1024,
    RESETS_AT_ONCE = HTTP2_REFUSAL_MAX_CALLS,
    RESETS_PER_S = 8
};

struct http2_refusal {
    nghttp2_session *session;
    struct buf message; /* percent-encoded */
    unsigned calls;
};

static int refusal_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct http2_refusal *refusal = context;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    if (++refusal->calls > HTTP2_REFUSAL_MAX_CALLS) {
        return nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    return grpc_refuse(session, frame->hd.stream_id, GRPC_UNKNOWN, buf_slice(&refusal->message));
}

static int refusal_start(struct http2_refusal *refusal)
{
    static const struct h2_session_limits limits = {
        .streams = MAX_CONCURRENT,
        .header_bytes = MAX_HEADER_LIST,
        .resets_at_once = RESETS_AT_ONCE,
        .resets_per_s = RESETS_PER_S,
    };
    nghttp2_session_callbacks *callbacks = NULL;

    TRY(nghttp2_session_callbacks_new(&callbacks) < 0 ? -ENOMEM : 0);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, refusal_on_frame);
    int err = h2_session_create(&limits, callbacks, refusal, &refusal->session);

    nghttp2_session_callbacks_del(callbacks);
    return err;
}

struct http2_refusal *http2_refusal_create(struct slice message)
{
    struct http2_refusal *refusal = calloc(1, sizeof(*refusal));

    if (!refusal) {
        return NULL;
    }
    buf_init(&refusal->message, GRPC_MESSAGE_BYTES);
    if (grpc_message_encode(&refusal->message, message) < 0 || refusal_start(refusal) < 0) {
        http2_refusal_free(refusal);
        return NULL;
    }
    return refusal;
}

void http2_refusal_free(struct http2_refusal *refusal)
{
    if (!refusal) {
        return;
    }
    nghttp2_session_del(refusal->session);
    buf_deinit(&refusal->message);
    free(refusal);
}

static int refusal_send(struct http2_refusal *refusal, struct buf *out)
{
    const uint8_t *bytes = NULL;
    ssize_t len;

    while ((len = nghttp2_session_mem_send(refusal->session, &bytes)) > 0) {
        TRY(buf_append(out, (struct slice){(const char *)bytes, (size_t)len}));
    }
    return len == 0 ? 0 : -ENOMEM;
}

int http2_refusal_take(struct http2_refusal *refusal, struct slice bytes, struct buf *out)
{
    ssize_t taken =
        nghttp2_session_mem_recv(refusal->session, (const uint8_t *)bytes.ptr, bytes.len);

    if (taken == NGHTTP2_ERR_NOMEM) {
        return -ENOMEM;
    }
    TRY(refusal_send(refusal, out)); // what says why it ends, too
    return taken < 0 || http2_refusal_over(refusal) ? -EPROTO : 0;
}

bool http2_refusal_over(const struct http2_refusal *refusal)
{
    return !nghttp2_session_want_read(refusal->session) &&
           !nghttp2_session_want_write(refusal->session);
}
