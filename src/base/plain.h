/*
 * Text that needs no second look in JSON: printable ASCII without quotes and backslashes. Nearly
 * all of a request is, so it is found eight or sixteen bytes at a time.
 */
#ifndef SOCKADE_BASE_PLAIN_H
#define SOCKADE_BASE_PLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* Which of the eight bytes of memory the first high bit of `found`, not zero, belongs to. */
static inline size_t plain_first(uint64_t found)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)__builtin_ctzll(found) / 8;
#else
    return (size_t)__builtin_clzll(found) / 8;
#endif
}

#ifdef __SSE2__
/* A bit for each of the sixteen bytes at `bytes` that is not plain, the first one's lowest. */
static inline unsigned plain_stops(const char *bytes)
{
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)bytes);
    __m128i low = _mm_cmpgt_epi8(_mm_set1_epi8(0x20), all); // signed: those from 0x80 on as well
    __m128i quote = _mm_cmpeq_epi8(all, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(all, _mm_set1_epi8('\\'));
    __m128i delete = _mm_cmpeq_epi8(all, _mm_set1_epi8(0x7f));

    return (unsigned)_mm_movemask_epi8(
        _mm_or_si128(_mm_or_si128(low, quote), _mm_or_si128(backslash, delete)));
}
#endif

/* How many bytes at the front of `text` are plain: all of them, or fewer. */
static inline size_t plain_run(struct slice text)
{
    size_t run = 0;

#ifdef __SSE2__
    for (; run + 16 <= text.len; run += 16) {
        unsigned stops = plain_stops(text.ptr + run);

        if (stops) {
            return run + (size_t)__builtin_ctz(stops);
        }
    }
#endif
    for (uint64_t eight = 0; run + sizeof(eight) <= text.len; run += sizeof(eight)) {
        memcpy(&eight, text.ptr + run, sizeof(eight));
        uint64_t found = (eight & PLAIN_HIGH) | plain_below(eight, 0x20) | plain_equal(eight, '"') |
                         plain_equal(eight, '\\') | plain_equal(eight, 0x7f);

        if (found) {
            return run + plain_first(found);
        }
    }
    while (run < text.len && plain_byte((unsigned char)text.ptr[run])) {
        run++;
    }
    return run;
}

#endif
