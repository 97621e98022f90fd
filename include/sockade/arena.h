/*
 * Memory of one decision: everything that is parsed, decoded or written while
 * one request is judged lives in one arena and goes away with it. An arena has
 * a ceiling, so a hostile request cannot make it grow without end.
 */
#ifndef SOCKADE_ARENA_H
#define SOCKADE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "sockade/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;          /* taken from the system so far */
    size_t limit_bytes;
    size_t first_bytes; /* of the first block; 0: the usual */
    bool full;          /* the ceiling was reached, which is not the system's being out of memory */
};

/* No allocation happens before the first use. */
void arena_init(struct arena *arena, size_t limit_bytes);

/* The first block, taken by the next allocation, is to be of that size: what will be needed. */
void arena_expect(struct arena *arena, size_t size);

/* What an allocation of that size takes. */
size_t arena_rounded(size_t size);

/* Frees all of it; the arena is then as after arena_init(). */
void arena_deinit(struct arena *arena);

/*
 * `size` zeroed bytes aligned for any object, valid until arena_deinit(). NULL
 * when the ceiling is reached or memory is out. A size of 0 gives a valid pointer.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* The same with bytes of any value, for what is overwritten at once. */
void *arena_alloc_raw(struct arena *arena, size_t size);

/*
 * Takes over `size` bytes that are malloc()'s, and frees them with the rest. 0 or -ENOMEM, and they
 * are the caller's still.
 */
int arena_adopt(struct arena *arena, void *bytes, size_t size) __attribute__((warn_unused_result));

/* Copies `text` (out->ptr is terminated as well). Returns 0 or -ENOMEM. */
int arena_copy(struct arena *arena, struct slice text, struct slice *out);

/* The parts, one after the other, terminated as well: cheaper than arena_printf(). 0 or -ENOMEM. */
int arena_join(struct arena *arena, const struct slice *part, size_t count, struct slice *out);
#define ARENA_PARTS(...)                   \
    ((const struct slice[]){__VA_ARGS__}), \
        sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice)

/* Formats into the arena. Returns 0 or -ENOMEM; *out is written on success. */
int arena_printf(struct arena *arena, struct slice *out, const char *format, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));

#endif
