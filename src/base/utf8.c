/*
 * See utf8.h.
 */
#include "base/utf8.h"

#include "base/banned.h"

// clang-format off
static const struct utf8_row {
    unsigned char first_low, first_high;
    unsigned char len;
    unsigned char second_low, second_high;
} rows[] = {
    {0xc2, 0xdf, 2, 0x80, 0xbf}, // from c2 on: c0 and c1 are overlong
    {0xe0, 0xe0, 3, 0xa0, 0xbf}, // below a0: overlong
    {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, // above 9f: surrogates
    {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, // below 90: overlong
    {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f}, // above 8f: past U+10FFFF
};
// clang-format on

static bool in_range(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

static bool continues(const struct utf8_row *row, struct slice text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;

    if (text.len < row->len || !in_range(bytes[1], row->second_low, row->second_high)) {
        return false;
    }
    for (size_t i = 2; i < row->len; i++) {
        if (!in_range(bytes[i], 0x80, 0xbf)) {
            return false;
        }
    }
    return true;
}

size_t utf8_sequence(struct slice text)
{
    unsigned char first = text.len > 0 ? (unsigned char)text.ptr[0] : 0xff;

    if (first < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (in_range(first, rows[i].first_low, rows[i].first_high)) {
            return continues(&rows[i], text) ? rows[i].len : 0;
        }
    }
    return 0;
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
