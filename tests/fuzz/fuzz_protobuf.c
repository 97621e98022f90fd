/*
 * Any bytes as a protobuf message: what is read is written, and that is read and written as the
 * same bytes. The first byte says which message it is to be: BuildKit's, or the sample that has
 * every type and shape; the second whether an engine sent it.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "buildkit/messages.h"
#include "support/proto_sample.h"

enum { ARENA_BYTES = 16 * 1024 * 1024 };

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct proto_table *table_of(unsigned number)
{
    size_t count = 0;
    const struct buildkit_method *method = buildkit_methods(&count);

    number %= (unsigned)(2 * count + 1);
    if (number == 0) {
        return &sample_table;
    }
    const struct buildkit_method *chosen = &method[(number - 1) / 2];

    return number % 2 == 1 || !chosen->answered ? chosen->asked : chosen->answered;
}

/* Reads into `message` and writes to `out`. False: refused, with a reason. */
static bool read_and_write(const struct proto_table *table, struct slice bytes, bool drop_unknown,
                           struct buf *out)
{
    struct arena arena;
    void *message = malloc(table->size);

    assert(message);
    arena_init(&arena, ARENA_BYTES);
    struct proto_reader reader = {.arena = &arena, .drop_unknown = drop_unknown};
    int err = proto_read(&reader, table, bytes, message);

    if (err == 0) {
        int wrote = proto_write(out, table, message);

        assert(wrote == 0);
    } else {
        assert(err == -EBADMSG);
        assert(reader.why.sentence && reader.why.sentence[0] && reader.why.field.len > 0);
        assert(!drop_unknown || reader.why.kind != PROTO_PROBLEM_UNKNOWN);
    }
    arena_deinit(&arena);
    free(message);
    return err == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const struct proto_table *table = table_of(data[0]);
    struct slice bytes = {(const char *)data + 2, size - 2};
    bool drop_unknown = data[1] & 1;
    // An entry of a map gets the key and the value that it left out, and its length more bytes.
    struct buf first = {.limit_bytes = 8 * size};
    struct buf again = {.limit_bytes = 8 * size};

    if (read_and_write(table, bytes, drop_unknown, &first)) {
        bool taken = read_and_write(table, buf_slice(&first), false, &again);

        assert(taken);
        assert(slice_eq(buf_slice(&first), buf_slice(&again)));
    }
    buf_deinit(&first);
    buf_deinit(&again);
    return 0;
}
