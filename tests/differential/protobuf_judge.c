/*
 * The C half of the differential test of src/protobuf: reads messages from its input and answers
 * what the writer makes of them.
 *   in:  number of the table (2 bytes), length (4 bytes), message; the number FLUSH asks for all
 *        answers there are
 *   out: 1 for read or 0 for refused, length (4 bytes), what was written or the reason
 * Numbers are little-endian.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "protobuf_tables.h"

#include "base/banned.h"

enum { HEAD_BYTES = 6, FLUSH = 0xffff, ARENA_BYTES = 64 * 1024 * 1024 };

static uint32_t number_of(const unsigned char *bytes, size_t len)
{
    uint32_t number = 0;

    for (size_t i = len; i > 0; i--) {
        number = number << 8 | bytes[i - 1];
    }
    return number;
}

static void answer(unsigned char read, struct slice bytes)
{
    unsigned char head[5] = {read};

    for (size_t i = 0; i < 4; i++) {
        head[i + 1] = (unsigned char)(bytes.len >> (8 * i));
    }
    fwrite(head, 1, sizeof(head), stdout);
    fwrite(bytes.ptr, 1, bytes.len, stdout);
}

static int judge(const struct proto_table *table, struct slice bytes)
{
    struct arena arena;
    struct buf out = {.limit_bytes = 8 * PROTO_MAX_BYTES};
    void *message = malloc(table->size);

    arena_init(&arena, ARENA_BYTES);
    struct proto_reader reader = {.arena = &arena};
    int err = message ? proto_read(&reader, table, bytes, message) : -ENOMEM;

    if (err == -EBADMSG) {
        answer(0, slice_from(reader.why.sentence));
        err = 0;
    } else if (err == 0) {
        err = proto_write(&out, table, message);
        answer(1, buf_slice(&out));
    }
    buf_deinit(&out);
    arena_deinit(&arena);
    free(message);
    return err;
}

int main(void)
{
    struct tables tables = {0};
    unsigned char head[HEAD_BYTES];
    int err = 0;

    tables_collect(&tables);
    while (err == 0 && fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
        size_t index = number_of(head, 2);
        size_t len = number_of(head + 2, 4);

        if (index == FLUSH) {
            fflush(stdout);
            continue;
        }
        // Of exactly its size, so that a sanitizer sees a read past it.
        char *bytes = malloc(len > 0 ? len : 1);

        if (!bytes || index >= tables.count || fread(bytes, 1, len, stdin) != len) {
            free(bytes);
            return 1;
        }
        err = judge(tables.table[index], (struct slice){bytes, len});
        free(bytes);
    }
    return err == 0 && fflush(stdout) == 0 ? 0 : 1;
}
