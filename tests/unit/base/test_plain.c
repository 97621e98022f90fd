/* Eight bytes at a time, and one after the other: the same. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/plain.h"

static size_t one_by_one(const unsigned char *bytes, size_t len)
{
    size_t run = 0;

    while (run < len && plain_byte(bytes[run])) {
        run++;
    }
    return run;
}

Test(plain, run_ends_where_the_first_byte_that_is_not_plain_stands)
{
    unsigned char bytes[40];

    // Each byte at each place, behind plain ones and before any.
    for (unsigned value = 0; value < 256; value++) {
        for (size_t at = 0; at < sizeof(bytes); at++) {
            for (size_t i = 0; i < sizeof(bytes); i++) {
                bytes[i] = (unsigned char)(i < at ? 'a' + i % 26 : (i * 37 + value) % 256);
            }
            bytes[at] = (unsigned char)value;
            for (size_t len = at; len <= sizeof(bytes); len++) {
                cr_assert_eq(plain_run((struct slice){(const char *)bytes, len}),
                             one_by_one(bytes, len), "byte %02x at %zu of %zu", value, at, len);
            }
        }
    }
}

Test(plain, each_byte_of_eight_is_looked_at_by_itself)
{
    static const unsigned char limits[] = {1, 0x20, 0x7f, 0x80};
    unsigned char bytes[8];
    unsigned seed = 1;

    for (unsigned round = 0; round < 20000; round++) {
        uint64_t eight = 0;

        for (size_t i = 0; i < sizeof(bytes); i++) {
            seed =
                (unsigned)(((uint64_t)seed * 48271U) % 2147483647U); // minimal standard generator
            bytes[i] = (unsigned char)(seed / 128 % 256);
        }
        memcpy(&eight, bytes, sizeof(eight));
        for (size_t l = 0; l < sizeof(limits); l++) {
            unsigned char limit = limits[l];
            uint64_t below = plain_below(eight, limit);
            uint64_t equal = plain_equal(eight, limit);

            for (size_t i = 0; i < sizeof(bytes); i++) {
                unsigned char flags[8];

                memcpy(flags, &below, sizeof(flags));
                cr_assert_eq(flags[i], bytes[i] < limit ? 0x80 : 0);
                memcpy(flags, &equal, sizeof(flags));
                cr_assert_eq(flags[i], bytes[i] == limit ? 0x80 : 0);
            }
        }
    }
}
