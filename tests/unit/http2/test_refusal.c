/*
 * What a client of HTTP/2 reads of a refusal, nghttp2 being that client.
 */
#include "http2/refusal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <string.h>

#include "http2/grpc.h"

struct seen {
    unsigned answers;
    unsigned goaways;
    char status[8];
    char message[GRPC_MESSAGE_BYTES + 1];
    bool ended; /* with the last block of fields */
};

static void keep(char *to, size_t size, const uint8_t *value, size_t len)
{
    snprintf(to, size, "%.*s", (int)len, (const char *)value);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    struct seen *seen = context;

    (void)session, (void)frame, (void)flags;
    if (name_len == 11 && memcmp(name, "grpc-status", 11) == 0) {
        keep(seen->status, sizeof(seen->status), value, value_len);
    }
    if (name_len == 12 && memcmp(name, "grpc-message", 12) == 0) {
        keep(seen->message, sizeof(seen->message), value, value_len);
    }
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct seen *seen = context;

    (void)session;
    if (frame->hd.type == NGHTTP2_HEADERS) {
        seen->answers++;
        seen->ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
    }
    seen->goaways += frame->hd.type == NGHTTP2_GOAWAY;
    return 0;
}

static nghttp2_session *client(struct seen *seen)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_session *session = NULL;

    cr_assert_eq(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    cr_assert_eq(nghttp2_session_client_new(&session, callbacks, seen), 0);
    nghttp2_session_callbacks_del(callbacks);
    cr_assert_eq(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, NULL, 0), 0);
    return session;
}

static void call(nghttp2_session *session)
{
    static const char *const text[] = {
        ":method",   "POST",  ":scheme", "http",         ":authority",
        "localhost", ":path", "/x",      "content-type", "application/grpc"};
    nghttp2_nv fields[5];

    for (size_t i = 0; i < 5; i++) {
        fields[i] = (nghttp2_nv){(uint8_t *)text[2 * i], (uint8_t *)text[2 * i + 1],
                                 strlen(text[2 * i]), strlen(text[2 * i + 1]), 0};
    }
    cr_assert_gt(nghttp2_submit_request(session, NULL, fields, 5, NULL, NULL), 0);
}

/* Bytes both ways, one by one, until neither has more to say. */
static int talk(nghttp2_session *session, struct http2_refusal *refusal)
{
    struct buf out = {.limit_bytes = HTTP2_REFUSAL_MAX_OUT};
    const uint8_t *bytes = NULL;
    ssize_t len = 0;
    int err = 0;

    while (err == 0 && (len = nghttp2_session_mem_send(session, &bytes)) > 0) {
        for (ssize_t i = 0; i < len && err == 0; i++) {
            err = http2_refusal_take(refusal, (struct slice){(const char *)bytes + i, 1}, &out);
        }
        if (out.len > 0) {
            cr_assert_eq(nghttp2_session_mem_recv(session, (uint8_t *)out.data, out.len),
                         (ssize_t)out.len);
            buf_clear(&out);
        }
    }
    buf_deinit(&out);
    return err;
}

Test(refusal, every_call_gets_the_message_and_its_end)
{
    struct seen seen = {0};
    struct http2_refusal *refusal = http2_refusal_create(SLICE("no: 100 %\n  - \xc3\xa9"));
    nghttp2_session *session = client(&seen);

    call(session);
    call(session);
    cr_assert_eq(talk(session, refusal), 0);
    cr_assert_eq(seen.answers, 2);
    cr_assert(seen.ended);
    cr_assert_str_eq(seen.status, "2");
    cr_assert_str_eq(seen.message, "no: 100 %25%0A  - %C3%A9");
    cr_assert_not(http2_refusal_over(refusal));
    nghttp2_session_del(session);
    http2_refusal_free(refusal);
}

Test(refusal, a_long_message_is_cut)
{
    char text[3 * GRPC_MESSAGE_BYTES];
    struct seen seen = {0};
    nghttp2_session *session = client(&seen);

    memset(text, '\n', sizeof(text));
    struct http2_refusal *refusal = http2_refusal_create((struct slice){text, sizeof(text)});

    call(session);
    cr_assert_eq(talk(session, refusal), 0);
    cr_assert_eq(seen.answers, 1);
    cr_assert_eq(strlen(seen.message), GRPC_MESSAGE_BYTES / 3 * 3);
    nghttp2_session_del(session);
    http2_refusal_free(refusal);
}

Test(refusal, who_goes_on_calling_is_told_to_go)
{
    struct seen seen = {0};
    struct http2_refusal *refusal = http2_refusal_create(SLICE("no"));
    nghttp2_session *session = client(&seen);
    int err = 0;

    for (unsigned i = 0; i <= HTTP2_REFUSAL_MAX_CALLS && err == 0; i++) {
        call(session);
        err = talk(session, refusal);
    }
    cr_assert_eq(err, -EPROTO);
    cr_assert_eq(seen.answers, HTTP2_REFUSAL_MAX_CALLS);
    cr_assert_eq(seen.goaways, 1);
    cr_assert(http2_refusal_over(refusal));
    nghttp2_session_del(session);
    http2_refusal_free(refusal);
}

Test(refusal, what_is_no_http2_ends_it)
{
    struct buf out = {.limit_bytes = HTTP2_REFUSAL_MAX_OUT};
    struct http2_refusal *refusal = http2_refusal_create(SLICE("no"));

    cr_assert_eq(http2_refusal_take(refusal, SLICE(""), &out), 0);
    cr_assert_gt(out.len, 0, "the settings come first");
    cr_assert_eq(http2_refusal_take(refusal, SLICE("GET / HTTP/1.1\r\n\r\n"), &out), -EPROTO);
    http2_refusal_free(refusal);
    buf_deinit(&out);
}
