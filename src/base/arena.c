/*
 * A list of blocks, each filled from its front; the first is what a request without a
 * body needs, so that it costs one allocation, and they double from there.
 */
#include "sockade/arena.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

enum { ARENA_FIRST_BLOCK = 8 * 1024 - 64, ARENA_MAX_BLOCK = 256 * 1024, PRINTF_USUAL_BYTES = 256 };

struct arena_block {
    struct arena_block *older;
    size_t size; /* of `bytes` */
    size_t used;
    void *adopted; /* goes with the block */
    _Alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){.limit_bytes = limit_bytes};
}

void arena_deinit(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;

        arena->blocks = block->older;
        free(block->adopted);
        free(block);
    }
    arena->used_bytes = 0;
    arena->first_bytes = 0;
    arena->full = false;
}

void arena_expect(struct arena *arena, size_t size)
{
    assert(!arena->blocks);
    arena->first_bytes = size;
}

static struct arena_block *add_block(struct arena *arena, size_t need)
{
    size_t first = arena->first_bytes > 0 ? arena->first_bytes : ARENA_FIRST_BLOCK;
    size_t size = arena->blocks ? arena->blocks->size * 2 : first;

    if (size > ARENA_MAX_BLOCK) {
        size = ARENA_MAX_BLOCK;
    }
    if (size < need || size > arena->limit_bytes - arena->used_bytes) {
        size = need;
    }
    if (size > arena->limit_bytes || arena->used_bytes > arena->limit_bytes - size) {
        arena->full = true;
        return NULL;
    }
    struct arena_block *block = malloc(sizeof(*block) + size);

    if (!block) {
        return NULL;
    }
    block->older = arena->blocks;
    block->size = size;
    block->used = 0;
    block->adopted = NULL;
    arena->blocks = block;
    arena->used_bytes += size;
    return block;
}

size_t arena_rounded(size_t size)
{
    const size_t align = _Alignof(max_align_t);

    return (size + align - 1) / align * align;
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size_t need = arena_rounded(size);
    struct arena_block *block = arena->blocks;

    if (!block || block->size - block->used < need) {
        block = add_block(arena, need);
    }
    if (!block) {
        return NULL;
    }
    char *bytes = block->bytes + block->used;

    block->used += need;
    return bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *bytes = arena_alloc_raw(arena, size);

    if (bytes) {
        memset(bytes, 0, size);
    }
    return bytes;
}

int arena_adopt(struct arena *arena, void *bytes, size_t size)
{
    if (size > arena->limit_bytes || arena->used_bytes > arena->limit_bytes - size) {
        arena->full = true;
        return -ENOMEM;
    }
    struct arena_block *block = add_block(arena, 0);

    if (!block) {
        return -ENOMEM;
    }
    block->adopted = bytes;
    arena->used_bytes += size;
    return 0;
}

int arena_copy(struct arena *arena, struct slice text, struct slice *out)
{
    char *copy = text.len < SIZE_MAX ? arena_alloc_raw(arena, text.len + 1) : NULL;

    if (!copy) {
        return -ENOMEM;
    }
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    copy[text.len] = '\0';
    *out = (struct slice){copy, text.len};
    return 0;
}

int arena_join(struct arena *arena, const struct slice *part, size_t count, struct slice *out)
{
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (part[i].len >= SIZE_MAX / 2 - len) {
            return -ENOMEM;
        }
        len += part[i].len;
    }
    char *text = arena_alloc_raw(arena, len + 1);

    if (!text) {
        return -ENOMEM;
    }
    *out = (struct slice){text, len};
    for (size_t i = 0; i < count; i++) {
        if (part[i].len > 0) {
            memcpy(text, part[i].ptr, part[i].len);
            text += part[i].len;
        }
    }
    *text = '\0';
    return 0;
}

int arena_printf(struct arena *arena, struct slice *out, const char *format, ...)
{
    char shown[PRINTF_USUAL_BYTES];
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(shown, sizeof(shown), format, arguments);
    va_end(arguments);
    assert(len >= 0);
    if ((size_t)len < sizeof(shown)) {
        return arena_copy(arena, (struct slice){shown, (size_t)len}, out);
    }
    char *text = arena_alloc_raw(arena, (size_t)len + 1);

    if (!text) {
        return -ENOMEM;
    }
    va_start(arguments, format);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    *out = (struct slice){text, (size_t)len};
    return 0;
}
