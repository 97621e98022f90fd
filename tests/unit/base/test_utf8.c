#include <criterion/criterion.h>

#include "base/utf8.h"

Test(utf8, takes_each_length_at_its_ends)
{
    static const struct {
        struct slice text;
        size_t len;
    } cases[] = {
        {SLICE_INIT(""), 0},
        {SLICE_INIT("\0"), 1},
        {SLICE_INIT("\x7f"), 1},
        {SLICE_INIT("\xc2\x80"), 2},
        {SLICE_INIT("\xdf\xbf"), 2},
        {SLICE_INIT("\xe0\xa0\x80"), 3},
        {SLICE_INIT("\xed\x9f\xbf"), 3},
        {SLICE_INIT("\xee\x80\x80"), 3},
        {SLICE_INIT("\xf0\x90\x80\x80"), 4},
        {SLICE_INIT("\xf4\x8f\xbf\xbf"), 4},
        {SLICE_INIT("\x80"), 0},
        {SLICE_INIT("\xc1\xbf"), 0},         // overlong
        {SLICE_INIT("\xe0\x9f\xbf"), 0},     // overlong
        {SLICE_INIT("\xf0\x8f\xbf\xbf"), 0}, // overlong
        {SLICE_INIT("\xed\xa0\x80"), 0},     // surrogate
        {SLICE_INIT("\xf4\x90\x80\x80"), 0}, // past U+10FFFF
        {SLICE_INIT("\xf5\x80\x80\x80"), 0},
        {SLICE_INIT("\xe2\x82"), 0}, // cut
        {SLICE_INIT("\xe2\x82\x41"), 0},
        {SLICE_INIT("\xff"), 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_expect_eq(utf8_sequence(cases[i].text), cases[i].len, "case %zu", i);
    }
}

Test(utf8, judges_whole_texts)
{
    cr_expect(utf8_is_valid(SLICE("")));
    cr_expect(utf8_is_valid(SLICE("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z")));
    cr_expect_not(utf8_is_valid(SLICE("a\xc3")));
    cr_expect_not(utf8_is_valid(SLICE("\xc3\xa4\x80")));
}

Test(utf8, runs_over_all_that_is_not_ascii_and_well_formed)
{
    static const struct {
        struct slice text;
        size_t len;
    } cases[] = {
        {SLICE_INIT(""), 0},
        {SLICE_INIT("a\xc2\x80"), 0},
        {SLICE_INIT("\xc2\x80\xe2\x82\xac\xf0\x9f\x98\x80"
                    "a"),
         9},
        {SLICE_INIT("\xc2\x80\xed\xa0\x80"), 2},
        {SLICE_INIT("\xc2\x80\xe2\x82"), 2},
        {SLICE_INIT("\xc2\x80\x80"), 2},
        {SLICE_INIT("\xff"), 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_expect_eq(utf8_run(cases[i].text), cases[i].len, "case %zu", i);
    }
}
