#include <criterion/criterion.h>

#include "sockade/slice.h"

Test(slice, compares_lengths_and_bytes)
{
    cr_assert(slice_eq(SLICE("ab"), SLICE("ab")));
    cr_assert_not(slice_eq(SLICE("ab"), SLICE("abc")));
    cr_assert_not(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
    cr_assert(slice_eq((struct slice){NULL, 0}, SLICE("")));
}

Test(slice, folds_ascii_only)
{
    cr_assert(slice_eq_nocase(SLICE("Content-LENGTH"), SLICE("content-length")));
    cr_assert_not(slice_eq_nocase(SLICE("\xc3\x84"), SLICE("\xc3\xa4")));
    cr_assert_not(slice_eq_nocase(SLICE("["), SLICE("{")));
}

Test(slice, cuts_at_the_first_separator)
{
    struct slice before;
    struct slice after;

    cr_assert(slice_cut(SLICE("a:b:c"), ':', &before, &after));
    cr_assert(slice_eq(before, SLICE("a")));
    cr_assert(slice_eq(after, SLICE("b:c")));
    cr_assert_not(slice_cut(SLICE("abc"), ':', &before, &after));
    cr_assert(slice_eq(before, SLICE("abc")));
    cr_assert_eq(after.len, 0);
    cr_assert(slice_cut(SLICE(":"), ':', &before, &after));
    cr_assert_eq(before.len + after.len, 0);
}

Test(slice, knows_its_ends)
{
    cr_assert(slice_starts_with(SLICE("abc"), SLICE("ab")));
    cr_assert_not(slice_starts_with(SLICE("ab"), SLICE("abc")));
    cr_assert(slice_ends_with(SLICE("abc"), SLICE("bc")));
    cr_assert(slice_ends_with(SLICE("abc"), SLICE("")));
    cr_assert_eq(slice_from_index(SLICE("abc"), 7).len, 0);
    cr_assert_eq(slice_head(SLICE("abc"), 7).len, 3);
}

Test(slice, trims_spaces_and_tabs_only)
{
    cr_assert(slice_eq(slice_trim(SLICE(" \t a b\t ")), SLICE("a b")));
    cr_assert(slice_eq(slice_trim(SLICE("\va")), SLICE("\va")));
    cr_assert_eq(slice_trim(SLICE("  ")).len, 0);
}
