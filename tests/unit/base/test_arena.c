#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sockade/arena.h"

Test(arena, gives_zeroed_aligned_memory)
{
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t size = 0; size < 300; size++) {
        unsigned char *bytes = arena_alloc(&arena, size);

        cr_assert_not_null(bytes);
        cr_assert_eq((uintptr_t)bytes % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++) {
            cr_assert_eq(bytes[i], 0);
        }
        memset(bytes, 0xff, size);
    }
    arena_deinit(&arena);
    cr_assert_eq(arena.used_bytes, 0);
}

Test(arena, stops_at_its_ceiling)
{
    struct arena arena;

    arena_init(&arena, 10000);
    cr_assert_null(arena_alloc(&arena, 10001));
    cr_assert_null(arena_alloc(&arena, SIZE_MAX));
    cr_assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    size_t got = 0;

    while (arena_alloc(&arena, 100)) {
        got += 100;
    }
    cr_assert_gt(got, 5000);
    cr_assert_leq(arena.used_bytes, 10000);
    arena_deinit(&arena);
}

Test(arena, frees_what_it_took_over_and_counts_it)
{
    struct arena arena;
    char *given = malloc(5000);
    char *too_large = malloc(6000);

    cr_assert_not_null(given);
    cr_assert_not_null(too_large);
    arena_init(&arena, 10000);
    arena_expect(&arena, 1);
    cr_assert_eq(arena_adopt(&arena, given, 5000), 0);
    cr_assert_geq(arena.used_bytes, 5000);
    cr_assert_not(arena.full);
    cr_assert_eq(arena_adopt(&arena, too_large, 6000), -ENOMEM);
    cr_assert(arena.full);
    cr_assert_not_null(arena_alloc(&arena, 100));
    arena_deinit(&arena);
    cr_assert_eq(arena.used_bytes, 0);
    free(too_large);
}

Test(arena, copies_and_formats)
{
    struct arena arena;
    struct slice text;

    arena_init(&arena, 1 << 20);
    cr_assert_eq(arena_copy(&arena, SLICE("a\0b"), &text), 0);
    cr_assert(slice_eq(text, SLICE("a\0b")));
    cr_assert_eq(text.ptr[3], '\0');
    cr_assert_eq(arena_printf(&arena, &text, "%s-%d", "x", 7), 0);
    cr_assert(slice_eq(text, SLICE("x-7")));
    cr_assert_eq(arena_join(&arena, ARENA_PARTS(SLICE("a\0"), (struct slice){0}, text), &text), 0);
    cr_assert(slice_eq(text, SLICE("a\0x-7")));
    cr_assert_eq(text.ptr[text.len], '\0');
    cr_assert_eq(arena_join(&arena, NULL, 0, &text), 0);
    cr_assert_eq(text.len, 0);
    arena_deinit(&arena);
    arena_init(&arena, 0);
    cr_assert_eq(arena_copy(&arena, SLICE("a"), &text), -ENOMEM);
    cr_assert_eq(arena_printf(&arena, &text, "a"), -ENOMEM);
    cr_assert_eq(arena_join(&arena, ARENA_PARTS(SLICE("a")), &text), -ENOMEM);
    arena_deinit(&arena);
}
