#include <criterion/criterion.h>
#include <errno.h>

#include "base/parse.h"

Test(parse, takes_decimal_digits_and_nothing_else)
{
    static const struct {
        const char *text;
        int err;
        uint64_t value;
    } cases[] = {
        {"0", 0, 0},
        {"0007", 0, 7},
        {"18446744073709551615", 0, UINT64_MAX},
        {"18446744073709551616", -ERANGE, 0},
        {"", -EINVAL, 0},
        {"+1", -EINVAL, 0},
        {"-1", -EINVAL, 0},
        {" 1", -EINVAL, 0},
        {"1 ", -EINVAL, 0},
        {"0x10", -EINVAL, 0},
        {"1e3", -EINVAL, 0},
        {"1:", -EINVAL, 0},
        {"/", -EINVAL, 0},
        {"\xd9\xa0", -EINVAL, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 0;

        cr_assert_eq(parse_u64(slice_from(cases[i].text), &value), cases[i].err, "%s",
                     cases[i].text);
        cr_assert_eq(value, cases[i].value, "%s", cases[i].text);
    }
}

Test(parse, knows_the_ends_of_int64)
{
    int64_t value = 0;

    cr_assert_eq(parse_i64(SLICE("9223372036854775807"), &value), 0);
    cr_assert_eq(value, INT64_MAX);
    cr_assert_eq(parse_i64(SLICE("-9223372036854775808"), &value), 0);
    cr_assert_eq(value, INT64_MIN);
    cr_assert_eq(parse_i64(SLICE("9223372036854775808"), &value), -ERANGE);
    cr_assert_eq(parse_i64(SLICE("-9223372036854775809"), &value), -ERANGE);
    cr_assert_eq(parse_i64(SLICE("-0"), &value), 0);
    cr_assert_eq(value, 0);
    cr_assert_eq(parse_i64(SLICE("--1"), &value), -EINVAL);
    cr_assert_eq(parse_i64(SLICE("-"), &value), -EINVAL);
}

Test(parse, reads_sizes_with_binary_units)
{
    uint64_t value = 0;

    cr_assert_eq(parse_size(SLICE("8g"), &value), 0);
    cr_assert_eq(value, (uint64_t)8 << 30);
    cr_assert_eq(parse_size(SLICE("512K"), &value), 0);
    cr_assert_eq(value, 512 * 1024);
    cr_assert_eq(parse_size(SLICE("4m"), &value), 0);
    cr_assert_eq(value, 4 << 20);
    cr_assert_eq(parse_size(SLICE("g"), &value), -EINVAL);
    cr_assert_eq(parse_size(SLICE("1t"), &value), -EINVAL);
    cr_assert_eq(parse_size(SLICE("17179869184g"), &value), -ERANGE);
}

Test(parse, reads_octal_modes)
{
    unsigned value = 0;

    cr_assert_eq(parse_octal(SLICE("0660"), &value), 0);
    cr_assert_eq(value, 0660);
    cr_assert_eq(parse_octal(SLICE("0680"), &value), -EINVAL);
    cr_assert_eq(parse_octal(SLICE("777777777777"), &value), -ERANGE);
}

Test(parse, reads_times)
{
    static const struct {
        const char *text;
        int err;
        uint64_t value;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2026-12-01T04:07:44Z", 0, 1796098064},
        {"2026-12-01T04:07:44.123456789Z", 0, 1796098064},
        {"2026-12-01T05:07:44+01:00", 0, 1796098064},
        {"2026-11-30T23:37:44-04:30", 0, 1796098064},
        {"2024-02-29T23:59:59Z", 0, 1709251199},
        {"2000-03-01T00:00:00Z", 0, 951868800},
        {"9999-12-31T23:59:60Z", 0, 253402300800},
        {"1969-12-31T23:59:59Z", -EINVAL, 7},
        {"1970-01-01T00:00:00+00:01", -EINVAL, 7},
        {"", -EINVAL, 7},
        {"2026-12-01", -EINVAL, 7},
        {"2026-12-01T04:07:44", -EINVAL, 7},
        {"2026-12-01T04:07:44+0100", -EINVAL, 7},
        {"2026-12-01T04:07:44+24:00", -EINVAL, 7},
        {"2026-12-01T04:07:44Zx", -EINVAL, 7},
        {"2026-12-01 04:07:44Z", -EINVAL, 7},
        {"2026-13-01T04:07:44Z", -EINVAL, 7},
        {"2026-00-01T04:07:44Z", -EINVAL, 7},
        {"2026-12-00T04:07:44Z", -EINVAL, 7},
        {"2026-12-01T24:07:44Z", -EINVAL, 7},
        {"-026-12-01T04:07:44Z", -EINVAL, 7},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t value = 7;

        cr_assert_eq(parse_time(slice_from(cases[i].text), &value), cases[i].err, "%s",
                     cases[i].text);
        cr_assert_eq(value, cases[i].value, "%s: %lu", cases[i].text, (unsigned long)value);
    }
}
