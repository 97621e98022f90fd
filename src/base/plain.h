/*
 * Text that needs no second look in JSON: printable ASCII without quotes and backslashes. Nearly
 * all of a request is, so it is found eight bytes at a time.
 */
#ifndef SOCKADE_BASE_PLAIN_H
#define SOCKADE_BASE_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "sockade/slice.h"

static inline bool plain_byte(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/*
 * The high bit of each byte of the answer is set where `eight` has that byte, and perhaps in bytes
 * above one that has it; never nowhere when it is there.   Source: Warren, Hacker's Delight, 6-1.
 */
static inline uint64_t plain_has(uint64_t eight, unsigned char byte)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t zero_where_equal = eight ^ (ones * byte);

    return (zero_where_equal - ones) & ~zero_where_equal;
}

/* How many bytes at the front of `text` are plain: all of them, or fewer. */
static inline size_t plain_run(struct slice text)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    const uint64_t high = ones << 7;
    size_t run = 0;

    for (uint64_t eight = 0; run + sizeof(eight) <= text.len; run += sizeof(eight)) {
        memcpy(&eight, text.ptr + run, sizeof(eight));
        uint64_t control = (eight - ones * 0x20) & ~eight;

        uint64_t found = (eight | control | plain_has(eight, '"') | plain_has(eight, '\\') |
                          plain_has(eight, 0x7f)) &
                         high;

        if (found) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return run + (size_t)__builtin_ctzll(found) / 8; // the first is never a mistake
#else
            break;
#endif
        }
    }
    while (run < text.len && plain_byte((unsigned char)text.ptr[run])) {
        run++;
    }
    return run;
}

#endif
