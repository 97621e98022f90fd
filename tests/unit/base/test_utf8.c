#include <criterion/criterion.h>
#include <string.h>

#include "base/plain.h"
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

Test(utf8, runs_over_what_is_plain_and_all_that_is_well_formed)
{
    static const struct {
        struct slice text;
        size_t len;
    } cases[] = {
        {SLICE_INIT(""), 0},
        {SLICE_INIT("a\xc2\x80"), 3},
        {SLICE_INIT("\xc2\x80\xe2\x82\xac\xf0\x9f\x98\x80"
                    "a"),
         10},
        {SLICE_INIT("\xc2\x80\xed\xa0\x80"), 2},
        {SLICE_INIT("\xc2\x80\xe2\x82"), 2},
        {SLICE_INIT("\xc2\x80\x80"), 2},
        {SLICE_INIT("\xff"), 0},
        {SLICE_INIT("abc\"d"), 3},
        {SLICE_INIT("\xc3\xa4\\"), 2},
        {SLICE_INIT("\xc3\xa4\x7f"), 2},
        {SLICE_INIT("\xc3\xa4\n"), 2},
        {SLICE_INIT("\xc3\xa4 0123456789012345678901234567890123456789\xc3\xa4\t"), 45},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_expect_eq(utf8_plain_run(cases[i].text), cases[i].len, "case %zu", i);
    }
}

/* One sequence after the other, as utf8_plain_run() has several at a time. */
static size_t run_slowly(struct slice text)
{
    size_t run = 0;
    size_t more = 1;

    while (run < text.len && more > 0) {
        more = (unsigned char)text.ptr[run] >= 0x80 ? utf8_sequence(slice_from_index(text, run))
                                                    : plain_byte((unsigned char)text.ptr[run]);
        run += more;
    }
    return run;
}

/* `bytes` stand in `text` at each place in turn. */
static void replace_bytes(struct slice text, const char *bytes, size_t count)
{
    char changed[64];

    for (size_t at = 0; at + count <= text.len; at++) {
        memcpy(changed, text.ptr, text.len);
        memcpy(changed + at, bytes, count);
        struct slice all = {changed, text.len};

        cr_assert_eq(utf8_plain_run(all), run_slowly(all), "%02x %02x at %zu",
                     (unsigned char)bytes[0], (unsigned char)bytes[1], at);
    }
}

Test(utf8, is_as_strict_with_several_sequences_at_a_time)
{
    static const struct slice texts[] = {
        SLICE_INIT("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"),
        SLICE_INIT("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (unsigned pair = 0; pair < 0x10000; pair++) {
            replace_bytes(texts[i], (const char[]){(char)(pair >> 8), (char)(pair & 0xff)}, 2);
        }
    }
}
