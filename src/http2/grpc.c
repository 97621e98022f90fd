/*
 * See grpc.h.
 */
#include "http2/grpc.h"

#include <stdio.h>

#include "base/try.h"

#include "base/banned.h"

struct grpc_frame grpc_frame_read(const char *frame)
{
    const unsigned char *at = (const unsigned char *)frame;

    return (struct grpc_frame){
        .flag = at[0],
        .message_bytes =
            (uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4],
    };
}

int grpc_frame_write(struct buf *out, uint32_t message_bytes)
{
    const char frame[GRPC_FRAME_BYTES] = {
        0,
        (char)(message_bytes >> 24),
        (char)(message_bytes >> 16 & 0xff),
        (char)(message_bytes >> 8 & 0xff),
        (char)(message_bytes & 0xff),
    };

    return buf_append(out, (struct slice){frame, sizeof(frame)});
}

int grpc_message_encode(struct buf *out, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t end = out->len + GRPC_MESSAGE_BYTES;

    for (size_t i = 0; i < text.len && out->len + 3 <= end; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        const char escaped[] = {'%', digits[byte >> 4], digits[byte & 15]};

        if (byte >= ' ' && byte <= '~' && byte != '%') {
            TRY(buf_append_byte(out, (char)byte));
        } else {
            TRY(buf_append(out, (struct slice){escaped, sizeof(escaped)}));
        }
    }
    return 0;
}

// NOLINTBEGIN(performance-no-int-to-ptr): nghttp2's type is not const
nghttp2_nv grpc_field(struct slice name, struct slice value, uint8_t flags)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.ptr, (uint8_t *)(uintptr_t)value.ptr, name.len,
                        value.len, flags};
}
// NOLINTEND(performance-no-int-to-ptr)

/* The fields that every end has; `number` is what the status is written to. */
static void grpc_end_fields(nghttp2_nv *fields, char number[4], enum grpc_status status,
                            struct slice message)
{
    int len = snprintf(number, 4, "%u", (unsigned)status % 100);

    fields[0] = grpc_field(SLICE("grpc-status"), (struct slice){number, (size_t)len}, 0);
    fields[1] = grpc_field(SLICE("grpc-message"), message, 0);
}

int grpc_refuse(nghttp2_session *session, int32_t stream, enum grpc_status status,
                struct slice message)
{
    char number[4];
    nghttp2_nv fields[4] = {
        grpc_field(SLICE(":status"), SLICE("200"), 0),
        grpc_field(SLICE("content-type"), SLICE("application/grpc"), 0),
    };

    grpc_end_fields(fields + 2, number, status, message);
    return nghttp2_submit_response(session, stream, fields, 4, NULL);
}

int grpc_end(nghttp2_session *session, int32_t stream, enum grpc_status status,
             struct slice message)
{
    char number[4];
    nghttp2_nv fields[2];

    grpc_end_fields(fields, number, status, message);
    return nghttp2_submit_trailer(session, stream, fields, 2);
}
