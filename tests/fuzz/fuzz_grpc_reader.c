/*
 * Any bytes as what one side of a gRPC call sends: in pieces, they are the same messages as at
 * once, written again they are the same bytes, and no more is held than is allowed. The first byte
 * says how long the pieces are.
 */
#include <assert.h>
#include <stdint.h>

#include "http2/grpc_reader.h"

enum { MAX_BYTES = 200 };

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The messages of `bytes`, framed anew, are appended to `out`. */
static enum grpc_read read_all(struct grpc_reader *reader, struct slice bytes, struct buf *out)
{
    enum grpc_read read = GRPC_READ_MESSAGE;

    while (read == GRPC_READ_MESSAGE) {
        struct slice message = {0};
        const char *why = NULL;

        read = grpc_read(reader, &bytes, &message, &why);
        assert(read != GRPC_READ_NO_MEMORY && (read != GRPC_READ_REFUSED || why));
        assert(reader->held.len <= MAX_BYTES + GRPC_FRAME_BYTES);
        if (read == GRPC_READ_MESSAGE) {
            size_t at = 0;
            int err = grpc_write_begin(out, &at);

            err = err < 0 ? err : buf_append(out, message);
            err = err < 0 ? err : grpc_write_end(out, at);
            assert(err == 0);
        }
    }
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct slice bytes = {(const char *)data + 1, size - 1};
    size_t piece = data[0] + 1U;
    struct buf whole = {.limit_bytes = size};
    struct buf pieces = {.limit_bytes = size};
    struct grpc_reader one;
    struct grpc_reader many;

    grpc_reader_init(&one, MAX_BYTES);
    grpc_reader_init(&many, MAX_BYTES);
    enum grpc_read at_once = read_all(&one, bytes, &whole);
    enum grpc_read in_pieces = GRPC_READ_MORE;

    for (size_t at = 0; at < bytes.len && in_pieces == GRPC_READ_MORE; at += piece) {
        in_pieces = read_all(&many, slice_head(slice_from_index(bytes, at), piece), &pieces);
    }
    assert(at_once == in_pieces);
    assert(slice_eq(buf_slice(&whole), buf_slice(&pieces)));
    assert(slice_starts_with(bytes, buf_slice(&whole)));
    assert(at_once == GRPC_READ_REFUSED || grpc_reader_is_idle(&one) == (whole.len == bytes.len));
    grpc_reader_deinit(&one);
    grpc_reader_deinit(&many);
    buf_deinit(&whole);
    buf_deinit(&pieces);
    return 0;
}
