/*
 * Memory of one decision: everything that is parsed, decoded or written while
 * one request is judged lives in one arena and goes away with it. An arena has
 * a limit, so a hostile request cannot make it grow without end.
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
    bool full;          /* the limit was reached, as opposed to the system being out of memory */
};

/* No allocation happens before the first use. */
void arena_init(struct arena *arena, size_t limit_bytes);

/* Sets the size of the first block, which the next allocation takes, to the expected need. */
void arena_expect(struct arena *arena, size_t size);

/* The bytes that an allocation of that size uses. */
size_t arena_rounded(size_t size);

/* Frees all of it; the arena is then as after arena_init(). */
void arena_deinit(struct arena *arena);

/*
 * `size` zeroed bytes aligned for any object, valid until arena_deinit(). NULL
 * if the limit is reached or memory is out. A size of 0 gives a valid pointer.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* The same without zeroing, for memory that is overwritten at once. */
void *arena_alloc_raw(struct arena *arena, size_t size);

/*
 * Takes ownership of `size` bytes from malloc(), and frees them with the arena. 0; -ENOMEM: the
 * caller still owns them.
 */
int arena_adopt(struct arena *arena, void *bytes, size_t size) __attribute__((warn_unused_result));

/* Copies `text` (out->ptr is terminated as well). Returns 0 or -ENOMEM. */
int arena_copy(struct arena *arena, struct slice text, struct slice *out);

/* Joins the parts; the result is terminated as well. Cheaper than arena_printf(). 0 or -ENOMEM. */
int arena_join(struct arena *arena, const struct slice *part, size_t count, struct slice *out);
#define ARENA_PARTS(...)                   \
    ((const struct slice[]){__VA_ARGS__}), \
        sizeof((const struct slice[]){__VA_ARGS__}) / sizeof(struct slice)

/* Formats into the arena. Returns 0 or -ENOMEM; *out is written on success. */
int arena_printf(struct arena *arena, struct slice *out, const char *format, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));

#endif
