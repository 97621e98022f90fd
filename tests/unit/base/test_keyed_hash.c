/* A hash by which names are told apart: equal ones never, others nearly always. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/keyed_hash.h"

Test(keyed_hash, equal_texts_have_equal_hashes_wherever_they_stand)
{
    char room[64];

    for (size_t len = 0; len < 24; len++) {
        for (size_t at = 0; at < 9; at++) {
            memset(room, 'x', sizeof(room));
            memset(room + at, 'a', len);
            cr_expect_eq(keyed_hash((struct slice){room + at, len}),
                         keyed_hash(slice_head(SLICE("aaaaaaaaaaaaaaaaaaaaaaaa"), len)));
        }
    }
    cr_expect_eq(keyed_hash((struct slice){NULL, 0}), keyed_hash(SLICE("")));
}

Test(keyed_hash, each_byte_and_the_length_count)
{
    char text[24] = {0};

    for (size_t len = 1; len <= sizeof(text); len++) {
        uint64_t before = keyed_hash((struct slice){text, len});

        cr_expect_neq(keyed_hash((struct slice){text, len - 1}), before, "%zu zeros", len);
        for (size_t i = 0; i < len; i++) {
            text[i] = 1;
            cr_expect_neq(keyed_hash((struct slice){text, len}), before, "byte %zu of %zu", i, len);
            text[i] = 0;
        }
    }
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

Test(keyed_hash, many_names_have_many_hashes)
{
    enum { NAMES = 50000 };
    uint64_t *hash = calloc(NAMES, sizeof(*hash));
    size_t low = 0; // of the last bits, by which a place in a table is found

    cr_assert_not_null(hash);
    for (size_t i = 0; i < NAMES; i++) {
        char name[32];

        snprintf(name, sizeof(name), "name%zu", i);
        hash[i] = keyed_hash(slice_from(name));
        low += (hash[i] & 0xf) == 0;
    }
    cr_expect_lt(low, NAMES / 8);
    cr_expect_gt(low, NAMES / 32);
    qsort(hash, NAMES, sizeof(*hash), compare);
    for (size_t i = 1; i < NAMES; i++) {
        cr_expect_neq(hash[i - 1], hash[i]);
    }
    free(hash);
}
