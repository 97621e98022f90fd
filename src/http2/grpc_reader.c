/*
 * See grpc_reader.h.
 */
#include "http2/grpc_reader.h"

#include <errno.h>
#include <stdint.h>

#include "base/try.h"

#include "base/banned.h"

void grpc_reader_init(struct grpc_reader *reader, size_t max_bytes)
{
    *reader = (struct grpc_reader){.held = {.limit_bytes = max_bytes + GRPC_FRAME_BYTES}};
}

void grpc_reader_deinit(struct grpc_reader *reader)
{
    buf_deinit(&reader->held);
}

bool grpc_reader_is_idle(const struct grpc_reader *reader)
{
    return reader->held.len == 0 || reader->taken;
}

static const char *grpc_reader_check(const struct grpc_reader *reader, const char *head)
{
    struct grpc_frame frame = grpc_frame_read(head);

    if (frame.flag != 0) {
        return "is compressed";
    }
    return frame.message_bytes > reader->held.limit_bytes - GRPC_FRAME_BYTES ? "is too large"
                                                                             : NULL;
}

/* Moves bytes into the reader until it holds `len`. */
static int grpc_reader_fill(struct grpc_reader *reader, size_t len, struct slice *bytes)
{
    struct slice piece = slice_head(*bytes, len - reader->held.len);

    TRY(buf_append(&reader->held, piece));
    *bytes = slice_from_index(*bytes, piece.len);
    return 0;
}

/* A message of which a part came before. */
static enum grpc_read grpc_reader_take_held(struct grpc_reader *reader, struct slice *bytes,
                                            struct slice *message, const char **why)
{
    struct buf *held = &reader->held;

    if (held->len < GRPC_FRAME_BYTES && grpc_reader_fill(reader, GRPC_FRAME_BYTES, bytes) < 0) {
        return GRPC_READ_NO_MEMORY;
    }
    if (held->len < GRPC_FRAME_BYTES) {
        return GRPC_READ_MORE;
    }
    *why = grpc_reader_check(reader, held->data);
    if (*why) {
        return GRPC_READ_REFUSED;
    }
    size_t whole = (size_t)GRPC_FRAME_BYTES + grpc_frame_read(held->data).message_bytes;

    if (grpc_reader_fill(reader, whole, bytes) < 0) {
        return GRPC_READ_NO_MEMORY;
    }
    if (held->len < whole) {
        return GRPC_READ_MORE;
    }
    *message = slice_from_index(buf_slice(held), GRPC_FRAME_BYTES);
    reader->taken = true;
    return GRPC_READ_MESSAGE;
}

enum grpc_read grpc_read(struct grpc_reader *reader, struct slice *bytes, struct slice *message,
                         const char **why)
{
    if (reader->taken) {
        buf_clear(&reader->held);
        reader->taken = false;
    }
    if (bytes->len == 0) {
        return GRPC_READ_MORE;
    }
    if (reader->held.len > 0 || bytes->len < GRPC_FRAME_BYTES) {
        return grpc_reader_take_held(reader, bytes, message, why);
    }
    *why = grpc_reader_check(reader, bytes->ptr);
    if (*why) {
        return GRPC_READ_REFUSED;
    }
    size_t len = grpc_frame_read(bytes->ptr).message_bytes;

    if (bytes->len - GRPC_FRAME_BYTES < len) {
        return grpc_reader_take_held(reader, bytes, message, why);
    }
    *message = (struct slice){bytes->ptr + GRPC_FRAME_BYTES, len};
    *bytes = slice_from_index(*bytes, GRPC_FRAME_BYTES + len);
    return GRPC_READ_MESSAGE;
}

int grpc_write_begin(struct buf *out, size_t *at)
{
    static const char head[GRPC_FRAME_BYTES];

    *at = out->len;
    return buf_append(out, (struct slice){head, sizeof(head)});
}

int grpc_write_end(struct buf *out, size_t at)
{
    size_t len = out->len - at - GRPC_FRAME_BYTES;

    if (len > UINT32_MAX) {
        return -EMSGSIZE;
    }
    for (size_t i = GRPC_FRAME_BYTES - 1; i > 0; i--) {
        out->data[at + i] = (char)(len & 0xff);
        len >>= 8;
    }
    return 0;
}
