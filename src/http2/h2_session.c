/*
 * See h2_session.h.
 */
#include "http2/h2_session.h"

#include <errno.h>

#include "base/try.h"

#include "base/banned.h"

enum {
    MAX_CONTINUATIONS = 8,
    MAX_SETTINGS = 16,
    MAX_ACKS = 64, /* that wait to be sent: of PING and SETTINGS */
    MAX_SEND_HEADERS = 256 * 1024,
    MAX_FRAME = 16384,
    HEADER_TABLE = 4096
};

static nghttp2_option *h2_session_options(const struct h2_session_limits *limits)
{
    nghttp2_option *option = NULL;

    if (nghttp2_option_new(&option) < 0) {
        return NULL;
    }
    nghttp2_option_set_max_continuations(option, MAX_CONTINUATIONS);
    nghttp2_option_set_max_settings(option, MAX_SETTINGS);
    nghttp2_option_set_max_outbound_ack(option, MAX_ACKS);
    nghttp2_option_set_stream_reset_rate_limit(option, limits->resets_at_once,
                                               limits->resets_per_s);
    nghttp2_option_set_max_send_header_block_length(option, MAX_SEND_HEADERS);
    nghttp2_option_set_no_closed_streams(option, 1); // kept for priorities, which gRPC has not
    nghttp2_option_set_no_auto_window_update(option, limits->manual_windows);
    return option;
}

static int h2_session_settings(nghttp2_session *session, const struct h2_session_limits *limits)
{
    nghttp2_settings_entry settings[6] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits->header_bytes},
        {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, HEADER_TABLE},
        {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, MAX_FRAME},
    };
    size_t count = 4;

    if (limits->client) { // a client opens all streams there are: none is pushed to it
        settings[0] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
    }
    if (limits->stream_window > 0) {
        settings[count++] = (nghttp2_settings_entry){NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                                                     (uint32_t)limits->stream_window};
    }
    TRY(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, count));
    return limits->connection_window > 0
               ? nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                                       limits->connection_window)
               : 0;
}

int h2_session_create(const struct h2_session_limits *limits,
                      const nghttp2_session_callbacks *callbacks, void *context,
                      nghttp2_session **out)
{
    nghttp2_session *session = NULL;
    nghttp2_option *option = h2_session_options(limits);

    TRY_ALLOC(option);
    int err = limits->client ? nghttp2_session_client_new2(&session, callbacks, context, option)
                             : nghttp2_session_server_new2(&session, callbacks, context, option);

    nghttp2_option_del(option);
    TRY(err < 0 ? -ENOMEM : 0);
    if (h2_session_settings(session, limits) < 0) {
        nghttp2_session_del(session);
        return -ENOMEM;
    }
    *out = session;
    return 0;
}
