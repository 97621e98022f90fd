/*
 * Messages of a gRPC call, in pieces of every size.
 */
#include "http2/grpc_reader.h"

#include <criterion/criterion.h>
#include <errno.h>

enum { MAX_BYTES = 300 };

/* Takes all of `bytes`; the messages are appended to `out` with a bar behind each. */
static enum grpc_read take(struct grpc_reader *reader, struct slice bytes, struct buf *out,
                           const char **why)
{
    enum grpc_read read = GRPC_READ_MESSAGE;

    while (read == GRPC_READ_MESSAGE) {
        struct slice message = {0};

        read = grpc_read(reader, &bytes, &message, why);
        if (read == GRPC_READ_MESSAGE) {
            cr_assert_eq(buf_append(out, message), 0);
            cr_assert_eq(buf_append_byte(out, '|'), 0);
        }
    }
    cr_assert(read != GRPC_READ_MORE || bytes.len == 0);
    return read;
}

static const char stream[] = "\0\0\0\0\x03one\0\0\0\0\0\0\0\0\0\x05three\0\0\0\0\x01x";

Test(grpc_reader, messages_come_whole_from_pieces_of_any_size)
{
    for (size_t piece = 1; piece < sizeof(stream); piece++) {
        struct grpc_reader reader = {0};
        struct buf out = {.limit_bytes = 4096};
        const char *why = NULL;

        grpc_reader_init(&reader, MAX_BYTES);
        for (size_t at = 0; at < sizeof(stream) - 1; at += piece) {
            struct slice rest = {stream + at, sizeof(stream) - 1 - at};

            cr_assert_eq(take(&reader, slice_head(rest, piece), &out, &why), GRPC_READ_MORE);
        }
        cr_expect(slice_eq(buf_slice(&out), SLICE("one||three|x|")), "%zu", piece);
        cr_expect(grpc_reader_is_idle(&reader));
        grpc_reader_deinit(&reader);
        buf_deinit(&out);
    }
}

Test(grpc_reader, begins_anew_whatever_the_memory_held)
{
    struct grpc_reader reader;
    struct buf out = {.limit_bytes = 4096};
    const char *why = NULL;

    memset(&reader, 1, sizeof(reader));
    grpc_reader_init(&reader, MAX_BYTES);
    cr_expect(grpc_reader_is_idle(&reader));
    cr_assert_eq(take(&reader, (struct slice){stream, 7}, &out, &why), GRPC_READ_MORE);
    cr_assert_eq(take(&reader, SLICE("e"), &out, &why), GRPC_READ_MORE);
    cr_expect(slice_eq(buf_slice(&out), SLICE("one|")));
    grpc_reader_deinit(&reader);
    buf_deinit(&out);
}

Test(grpc_reader, half_a_message_is_not_idle)
{
    for (size_t len = 1; len < 8; len++) {
        struct grpc_reader reader = {0};
        struct buf out = {.limit_bytes = 4096};
        const char *why = NULL;

        grpc_reader_init(&reader, MAX_BYTES);
        cr_expect(grpc_reader_is_idle(&reader));
        cr_assert_eq(take(&reader, (struct slice){stream, len}, &out, &why), GRPC_READ_MORE);
        cr_expect_not(grpc_reader_is_idle(&reader), "%zu", len);
        grpc_reader_deinit(&reader);
        buf_deinit(&out);
    }
}

struct refused {
    struct slice bytes;
    const char *why;
};

Test(grpc_reader, compressed_and_large_messages_are_refused_by_their_heads)
{
    static const struct refused refused[] = {
        {SLICE_INIT("\1\0\0\0\x03"), "is compressed"},
        {SLICE_INIT("\xff\0\0\0\0"), "is compressed"},
        {SLICE_INIT("\0\0\0\x01\x2d"), "is too large"},
        {SLICE_INIT("\0\xff\xff\xff\xff"), "is too large"},
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        for (size_t cut = 0; cut < refused[i].bytes.len; cut++) {
            struct grpc_reader reader = {0};
            struct buf out = {.limit_bytes = 4096};
            const char *why = NULL;

            grpc_reader_init(&reader, MAX_BYTES);
            cr_assert_eq(take(&reader, slice_head(refused[i].bytes, cut), &out, &why),
                         GRPC_READ_MORE);
            cr_assert_eq(take(&reader, slice_from_index(refused[i].bytes, cut), &out, &why),
                         GRPC_READ_REFUSED);
            cr_expect_str_eq(why, refused[i].why);
            cr_expect_eq(out.len, 0);
            grpc_reader_deinit(&reader);
            buf_deinit(&out);
        }
    }
}

Test(grpc_reader, the_largest_message_is_taken_and_written_again)
{
    char message[MAX_BYTES];
    struct buf framed = {.limit_bytes = 4096};
    struct grpc_reader reader = {0};
    struct slice seen = {0};
    const char *why = NULL;
    size_t at = 0;

    memset(message, 'm', sizeof(message));
    cr_assert_eq(buf_append(&framed, SLICE("before")), 0);
    cr_assert_eq(grpc_write_begin(&framed, &at), 0);
    cr_assert_eq(buf_append(&framed, (struct slice){message, sizeof(message)}), 0);
    cr_assert_eq(grpc_write_end(&framed, at), 0);
    struct slice bytes = slice_from_index(buf_slice(&framed), 6);

    cr_assert(slice_starts_with(bytes, SLICE("\0\0\0\x01\x2c")));
    grpc_reader_init(&reader, MAX_BYTES);
    cr_assert_eq(grpc_read(&reader, &bytes, &seen, &why), GRPC_READ_MESSAGE);
    cr_expect(slice_eq(seen, (struct slice){message, sizeof(message)}));
    cr_expect_eq(reader.held.cap, 0); // nothing was copied
    grpc_reader_deinit(&reader);
    buf_deinit(&framed);
}
