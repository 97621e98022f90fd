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

/* One in each byte, and the high bit of each byte. */
#define PLAIN_ONES (UINT64_MAX / 0xff)
#define PLAIN_HIGH (PLAIN_ONES << 7)

/*
 * The high bit of each byte of the answer is set where that byte of `eight` is below `limit` (at
 * most 0x80). Nothing is borrowed from the next byte, since all high bits are set before.
 * Source: Warren, Hacker's Delight, section 6-1.
 */
static inline uint64_t plain_below(uint64_t eight, unsigned char limit)
{
    return ~((eight | PLAIN_HIGH) - PLAIN_ONES * limit) & ~eight & PLAIN_HIGH;
}

static inline uint64_t plain_equal(uint64_t eight, unsigned char byte)
{
    return plain_below(eight ^ (PLAIN_ONES * byte), 1);
}

/*
 * Whether a byte of `eight` is not plain: the lowest one has its high bit set then, and those above
 * it may have theirs set too. A byte below 0x20, a quote or a backslash borrows from the next one,
 * and 0xff carries into it, but each of them is marked itself.
 */
static inline uint64_t plain_stops(uint64_t eight)
{
    return ((eight - PLAIN_ONES * 0x20) | (eight + PLAIN_ONES) |
            ((eight ^ (PLAIN_ONES * '"')) - PLAIN_ONES) |
            ((eight ^ (PLAIN_ONES * '\\')) - PLAIN_ONES)) &
           PLAIN_HIGH;
}

/*
 * How many bytes at the front of `text` are plain: all of them, or fewer. There is room for eight
 * more bytes to be read behind what ends the run.
 */
static inline size_t plain_run_padded(const char *text)
{
    size_t run = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (;; run += sizeof(uint64_t)) {
        uint64_t eight = 0;

        memcpy(&eight, text + run, sizeof(eight));
        uint64_t stops = plain_stops(eight);

        if (stops) {
            return run + (size_t)__builtin_ctzll(stops) / 8;
        }
    }
#else
    while (plain_byte((unsigned char)text[run])) {
        run++;
    }
    return run;
#endif
}

/* How many bytes at the front of `text` are plain: all of them, or fewer. */
static inline size_t plain_run(struct slice text)
{
    size_t run = 0;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (uint64_t eight = 0; run + sizeof(eight) <= text.len; run += sizeof(eight)) {
        memcpy(&eight, text.ptr + run, sizeof(eight));
        uint64_t stops = plain_stops(eight);

        if (stops) {
            return run + (size_t)__builtin_ctzll(stops) / 8;
        }
    }
#endif
    while (run < text.len && plain_byte((unsigned char)text.ptr[run])) {
        run++;
    }
    return run;
}

#endif
