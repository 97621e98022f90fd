/*
 * See refusal.h. nghttp2 does the framing; bodies of calls are read and dropped.
 */
#include "http2/refusal.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "base/try.h"

#include "base/banned.h"

enum {
    MAX_CONCURRENT = 2 * HTTP2_REFUSAL_MAX_CALLS, // so that it is the calls that are counted
    MAX_HEADER_LIST = 16 * 1024,
    MAX_CONTINUATIONS = 8,
    MAX_SETTINGS = 16,
    MAX_ACKS = 64,
    RESETS_AT_ONCE = HTTP2_REFUSAL_MAX_CALLS,
    RESETS_PER_S = 8
};

struct http2_refusal {
    nghttp2_session *session;
    struct buf message; /* percent-encoded */
    unsigned calls;
};

/*
 * grpc-message: bytes outside printable ASCII, and the percent sign, as %XX. One that is cut in the
 * middle of a character is still shown.
 */
static int refusal_encode(struct buf *out, struct slice message)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < message.len && out->len + 3 <= HTTP2_REFUSAL_MESSAGE_BYTES; i++) {
        unsigned char byte = (unsigned char)message.ptr[i];
        const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};

        if (byte >= ' ' && byte <= '~' && byte != '%') {
            TRY(buf_append_byte(out, (char)byte));
        } else {
            TRY(buf_append(out, (struct slice){escaped, sizeof(escaped)}));
        }
    }
    return 0;
}

/* nghttp2 copies both, and writes to neither. */
// NOLINTBEGIN(performance-no-int-to-ptr): its type is not const
static nghttp2_nv refusal_field(struct slice name, struct slice value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.ptr, (uint8_t *)(uintptr_t)value.ptr, name.len,
                        value.len, NGHTTP2_NV_FLAG_NONE};
}
// NOLINTEND(performance-no-int-to-ptr)

/*
 * Trailers only: one block of fields, and the end. UNKNOWN is the status whose name clients do not
 * put in front of the message.
 */
static int refusal_answer(nghttp2_session *session, int32_t stream, const struct buf *message)
{
    const nghttp2_nv fields[] = {
        refusal_field(SLICE(":status"), SLICE("200")),
        refusal_field(SLICE("content-type"), SLICE("application/grpc")),
        refusal_field(SLICE("grpc-status"), SLICE("2")),
        refusal_field(SLICE("grpc-message"), buf_slice(message)),
    };

    return nghttp2_submit_response(session, stream, fields, sizeof(fields) / sizeof(fields[0]),
                                   NULL);
}

static int refusal_on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct http2_refusal *refusal = context;

    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0;
    }
    if (++refusal->calls > HTTP2_REFUSAL_MAX_CALLS) {
        return nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    return refusal_answer(session, frame->hd.stream_id, &refusal->message);
}

static nghttp2_session *refusal_session(const nghttp2_session_callbacks *callbacks, void *context)
{
    nghttp2_session *session = NULL;
    nghttp2_option *option = NULL;

    if (nghttp2_option_new(&option) < 0) {
        return NULL;
    }
    nghttp2_option_set_max_continuations(option, MAX_CONTINUATIONS);
    nghttp2_option_set_max_settings(option, MAX_SETTINGS);
    nghttp2_option_set_max_outbound_ack(option, MAX_ACKS);
    nghttp2_option_set_stream_reset_rate_limit(option, RESETS_AT_ONCE, RESETS_PER_S);
    nghttp2_option_set_max_send_header_block_length(option, 4UL * HTTP2_REFUSAL_MESSAGE_BYTES);
    int err = nghttp2_session_server_new2(&session, callbacks, context, option);

    nghttp2_option_del(option);
    return err < 0 ? NULL : session;
}

static int refusal_start(struct http2_refusal *refusal)
{
    static const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_CONCURRENT},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST},
    };
    nghttp2_session_callbacks *callbacks = NULL;

    if (nghttp2_session_callbacks_new(&callbacks) < 0) {
        return -ENOMEM;
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, refusal_on_frame);
    refusal->session = refusal_session(callbacks, refusal);
    nghttp2_session_callbacks_del(callbacks);
    TRY_ALLOC(refusal->session);
    return nghttp2_submit_settings(refusal->session, NGHTTP2_FLAG_NONE, settings,
                                   sizeof(settings) / sizeof(settings[0])) < 0
               ? -ENOMEM
               : 0;
}

struct http2_refusal *http2_refusal_create(struct slice message)
{
    struct http2_refusal *refusal = calloc(1, sizeof(*refusal));

    if (!refusal) {
        return NULL;
    }
    buf_init(&refusal->message, HTTP2_REFUSAL_MESSAGE_BYTES);
    if (refusal_encode(&refusal->message, message) < 0 || refusal_start(refusal) < 0) {
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
