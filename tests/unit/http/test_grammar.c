/* The character classes. */
#include "http/grammar.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(grammar, takes_exactly_the_token_bytes_of_rfc_9110)
{
    static const char all[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (int byte = 0; byte < 256; byte++) {
        char text = (char)(unsigned char)byte;
        cr_expect_eq(grammar_is_token((struct slice){&text, 1}),
                     memchr(all, text, sizeof(all) - 1) != NULL, "byte %d", byte);
    }
    cr_assert_not(grammar_is_token(SLICE("")));
    cr_assert_not(grammar_is_token(SLICE("Content Length")));
    cr_assert(grammar_is_token(SLICE("Content-Length")));
}

/* Long texts are looked at in pieces of four and eight bytes. */
Test(grammar, finds_the_one_wrong_byte_wherever_it_is)
{
    char text[20];

    for (size_t len = 1; len <= sizeof(text); len++) {
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                char alone = (char)(unsigned char)byte;
                bool control = (byte < 32 && byte != '\t') || byte == 127;

                memset(text, 'x', len);
                text[at] = alone;
                cr_assert_eq(grammar_is_token((struct slice){text, len}),
                             grammar_is_token((struct slice){&alone, 1}), "byte %d at %zu of %zu",
                             byte, at, len);
                cr_assert_eq(grammar_is_value((struct slice){text, len}), !control,
                             "byte %d at %zu of %zu", byte, at, len);
            }
        }
    }
}

Test(grammar, wants_methods_in_upper_case)
{
    cr_assert(grammar_is_method(SLICE("GET")));
    cr_assert(grammar_is_method(SLICE("M-SEARCH")));
    cr_assert_not(grammar_is_method(SLICE("get")));
    cr_assert_not(grammar_is_method(SLICE("GETx")));
    cr_assert_not(grammar_is_method(SLICE("")));
    cr_assert_not(grammar_is_method(SLICE("GE T")));
}

Test(grammar, refuses_every_control_byte_but_tab_in_a_value)
{
    for (int byte = 0; byte < 256; byte++) {
        char text[] = {'a', (char)(unsigned char)byte, 'b'};
        bool control = (byte < 32 && byte != '\t') || byte == 127;
        cr_expect_eq(grammar_is_value((struct slice){text, 3}), !control, "byte %d", byte);
    }
    cr_assert(grammar_is_value(SLICE("")));
}

Test(grammar, knows_visible_ascii_and_hex_digits)
{
    static const char hex[] = "0123456789abcdefABCDEF";

    for (int byte = 0; byte < 256; byte++) {
        char text = (char)(unsigned char)byte;
        const char *at = memchr(hex, text, sizeof(hex) - 1);
        long value = !at ? -1 : at - hex < 16 ? at - hex : at - hex - 6;
        cr_expect_eq(grammar_is_printable((struct slice){&text, 1}), byte > 32 && byte < 127);
        cr_expect_eq(grammar_hex_digit(text), value, "byte %d", byte);
    }
}

Test(grammar, takes_lengths_of_one_to_fifteen_digits)
{
    static const struct {
        struct slice text;
        int err;
        uint64_t value;
    } cases[] = {
        {SLICE_INIT("0"), 0, 0},
        {SLICE_INIT("0005"), 0, 5},
        {SLICE_INIT("999999999999999"), 0, 999999999999999},
        {SLICE_INIT("1000000000000000"), -EINVAL, 0},
        {SLICE_INIT(""), -EINVAL, 0},
        {SLICE_INIT("+5"), -EINVAL, 0},
        {SLICE_INIT("-1"), -EINVAL, 0},
        {SLICE_INIT("0x10"), -EINVAL, 0},
        {SLICE_INIT("5.0"), -EINVAL, 0},
        {SLICE_INIT("5, 5"), -EINVAL, 0},
        {SLICE_INIT("5 "), -EINVAL, 0},
        {SLICE_INIT("5\0"), -EINVAL, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 77;
        cr_expect_eq(grammar_parse_length(cases[i].text, &value), cases[i].err, "%s",
                     cases[i].text.ptr);
        cr_expect_eq(value, cases[i].err ? 77 : cases[i].value, "%s", cases[i].text.ptr);
    }
}
