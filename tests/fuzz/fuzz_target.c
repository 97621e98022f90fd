/*
 * Any bytes as a request target: what is accepted is clean, canonical twice is
 * canonical once, and both spellings mean the same.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "http/target.h"

enum { ARENA_BYTES = 4 * 1024 * 1024 };

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(struct slice path)
{
    char before = 0;

    assert(path.len > 0 && path.ptr[0] == '/');
    for (size_t i = 0; i < path.len; i++) {
        unsigned char byte = (unsigned char)path.ptr[i];
        assert(byte >= ' ' && byte != 0x7f && byte != '\\');
        assert(byte != '/' || before != '/');
        before = path.ptr[i];
    }
    struct slice rest = path;
    bool more = true;
    while (more) {
        struct slice segment;
        more = slice_cut(rest, '/', &segment, &rest);
        assert(!slice_eq(segment, SLICE(".")) && !slice_eq(segment, SLICE("..")));
    }
}

static void check_same_query(const struct query_pair *a, const struct query_pair *b)
{
    while (a && b) {
        assert(slice_eq(a->key, b->key) && slice_eq(a->value, b->value));
        a = a->next;
        b = b->next;
    }
    assert(!a && !b);
}

static void check_canonical(const struct target *target, struct arena *arena)
{
    struct target again = {0};
    struct http_problem why = {0};
    CLEANUP(buf_deinit) struct buf once;
    CLEANUP(buf_deinit) struct buf twice;

    buf_init(&once, ARENA_BYTES);
    buf_init(&twice, ARENA_BYTES);
    assert(target_write(&once, target->path, target->query) == 0);
    assert(target_parse(buf_slice(&once), arena, &again, &why) == 0);
    assert(slice_eq(target->path, again.path));
    check_same_query(target->query, again.query);
    assert(target_write(&twice, again.path, again.query) == 0);
    assert(slice_eq(buf_slice(&once), buf_slice(&twice)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct target target = {0};
    struct http_problem why = {0};

    arena_init(&arena, ARENA_BYTES);
    int err = target_parse((struct slice){(const char *)data, size}, &arena, &target, &why);
    if (err == 0) {
        check_clean(target.path);
        check_canonical(&target, &arena);
    } else {
        assert(err == -EBADMSG && why.status >= 400 && why.sentence);
    }
    arena_deinit(&arena);
    return 0;
}
