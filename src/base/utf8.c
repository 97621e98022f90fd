/*
 * See utf8.h. Texts of megabytes are gone through, so the common ranges come first.
 */
#include "base/utf8.h"

#include "base/banned.h"

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

size_t utf8_run(struct slice text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    size_t run = 0;

    while (run < text.len && bytes[run] >= 0x80) {
        size_t len = sequence(bytes + run, text.len - run);

        if (len == 0) {
            break;
        }
        run += len;
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
