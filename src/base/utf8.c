/*
 * See utf8.h. Texts of megabytes are gone through, so the common ranges come first.
 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

#include "base/plain.h"

#include "base/banned.h"

enum { FEW_PLAIN = 16 };

/* Eight bytes of text, as one number that is only compared with others of its kind. */
#define EIGHT(...) ((const unsigned char[8]){__VA_ARGS__})

static inline bool in_range(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

static inline bool continues(unsigned char byte)
{
    return (byte & 0xc0U) == 0x80;
}

/* `first` is 0xe0 to 0xef. */
static inline bool is_second_of_three(unsigned char first, unsigned char second)
{
    return in_range(second, first == 0xe0 ? 0xa0 : 0x80, // below a0: overlong
                    first == 0xed ? 0x9f : 0xbf);        // above 9f: surrogates
}

/* `first` is 0xf0 to 0xf4. */
static inline bool is_second_of_four(unsigned char first, unsigned char second)
{
    return in_range(second, first == 0xf0 ? 0x90 : 0x80, // below 90: overlong
                    first == 0xf4 ? 0x8f : 0xbf);        // above 8f: past U+10FFFF
}

/* `first` is 0x80 or more. */
static inline size_t sequence(const unsigned char *bytes, size_t len)
{
    unsigned char first = bytes[0];

    if (first < 0xe0) { // from c2 on: c0 and c1 are overlong
        return first >= 0xc2 && len >= 2 && continues(bytes[1]) ? 2 : 0;
    }
    if (first < 0xf0) {
        return len >= 3 && is_second_of_three(first, bytes[1]) && continues(bytes[2]) ? 3 : 0;
    }
    return first <= 0xf4 && len >= 4 && is_second_of_four(first, bytes[1]) && continues(bytes[2]) &&
                   continues(bytes[3])
               ? 4
               : 0;
}

size_t utf8_sequence(struct slice text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;

    if (text.len == 0) {
        return 0;
    }
    return bytes[0] < 0x80 ? 1 : sequence(bytes, text.len);
}

static inline uint64_t eight(const unsigned char *bytes)
{
    uint64_t number = 0;

    memcpy(&number, bytes, sizeof(number));
    return number;
}

/* Whether each of the bytes that `ones` has a 1 for is not zero in `bytes`, all below 0x80. */
static inline bool none_is_zero(uint64_t bytes, uint64_t ones)
{
    return ((bytes + ones * 0x7f) & (ones * 0x80)) == ones * 0x80;
}

/* Four sequences of two bytes at a time. */
static size_t run_of_two(const unsigned char *bytes, size_t len)
{
    const uint64_t kind = eight(EIGHT(0xe0, 0xc0, 0xe0, 0xc0, 0xe0, 0xc0, 0xe0, 0xc0));
    const uint64_t wanted = eight(EIGHT(0xc0, 0x80, 0xc0, 0x80, 0xc0, 0x80, 0xc0, 0x80));
    const uint64_t first = eight(EIGHT(1, 0, 1, 0, 1, 0, 1, 0));
    size_t run = 0;

    while (run + sizeof(kind) <= len) {
        uint64_t four = eight(bytes + run);

        // c0 and c1 are overlong
        if ((four & kind) != wanted || !none_is_zero(four & (first * 0x1e), first)) {
            break;
        }
        run += sizeof(kind);
    }
    return run;
}

/* Two sequences of three bytes at a time, but for those that begin with e0 or ed. */
static size_t run_of_three(const unsigned char *bytes, size_t len)
{
    const uint64_t kind = eight(EIGHT(0xf0, 0xc0, 0xc0, 0xf0, 0xc0, 0xc0, 0, 0));
    const uint64_t wanted = eight(EIGHT(0xe0, 0x80, 0x80, 0xe0, 0x80, 0x80, 0, 0));
    const uint64_t first = eight(EIGHT(1, 0, 0, 1, 0, 0, 0, 0));
    size_t run = 0;

    while (run + sizeof(kind) <= len) {
        uint64_t two = eight(bytes + run);
        uint64_t low = two & (first * 0x0f);

        if ((two & kind) != wanted || !none_is_zero(low, first) ||
            !none_is_zero(low ^ (first * 0x0d), first)) {
            break;
        }
        run += 6;
    }
    return run;
}

/* One sequence, and what follows of its kind. */
static size_t run_of_kind(const unsigned char *bytes, size_t len)
{
    size_t one = sequence(bytes, len);

    if (one == 0 || one == len || bytes[one] < 0x80) {
        return one;
    }
    return one + (one == 2   ? run_of_two(bytes + one, len - one)
                  : one == 3 ? run_of_three(bytes + one, len - one)
                             : 0);
}

size_t utf8_plain_run(struct slice text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    size_t run = 0;
    size_t plain = 0; // in a row

    while (run < text.len) {
        bool high = bytes[run] >= 0x80;
        size_t more = high ? run_of_kind(bytes + run, text.len - run) : plain_byte(bytes[run]);

        if (more == 0) {
            break;
        }
        run += more;
        plain = high ? 0 : plain + 1;
        if (plain == FEW_PLAIN) {
            run += plain_run(slice_from_index(text, run));
            plain = 0;
        }
    }
    return run;
}

bool utf8_is_valid(struct slice text)
{
    while (text.len > 0) {
        size_t len = utf8_sequence(text);

        if (len == 0) {
            return false;
        }
        text = slice_from_index(text, len);
    }
    return true;
}
