/*
 * Any bytes as JSON: what the strict reader takes, cJSON takes too, and what it
 * writes reads back as the same tree and is written in the same way again.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdint.h>

#include "json/json.h"

enum { ARENA_LIMIT = 64 * 1024 * 1024 };

static void check_oracle(struct slice text)
{
    cJSON *oracle = cJSON_ParseWithLength(text.ptr, text.len);

    assert(oracle);
    cJSON_Delete(oracle);
}

/* Also that no slice of the tree needs the text any more: `text` may be freed before. */
static void check_same(const struct json *a, const struct json *b)
{
    assert(a->type == b->type);
    assert(slice_eq(a->name, b->name));
    assert(slice_eq(a->text, b->text));
    const struct json *other = b->child;
    for (const struct json *child = a->child; child; child = child->next) {
        assert(other);
        check_same(child, other);
        other = other->next;
    }
    assert(!other);
}

static void check_written(struct arena *arena, const struct json *tree)
{
    struct json_problem why = {0};
    struct json *again = NULL;
    struct buf first;
    struct buf second;

    buf_init(&first, ARENA_LIMIT);
    buf_init(&second, ARENA_LIMIT);
    assert(json_write(&first, tree) == 0);
    assert(json_read(buf_slice(&first), arena, &again, &why) == 0);
    check_same(tree, again);
    assert(json_write(&second, again) == 0);
    assert(slice_eq(buf_slice(&first), buf_slice(&second)));
    buf_deinit(&first);
    buf_deinit(&second);
}

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct json_problem why = {0};
    struct json *tree = NULL;
    struct arena arena;

    arena_init(&arena, ARENA_LIMIT);
    if (json_read(text, &arena, &tree, &why) == 0) {
        check_oracle(text);
        check_written(&arena, tree);
    } else {
        assert(why.sentence && why.offset <= size && !tree);
    }
    arena_deinit(&arena);
    return 0;
}
