/*
 * The character classes of HTTP, see grammar.h. <ctype.h> is not used: it
 * depends on the locale and is undefined for negative chars.
 */
#include "http/grammar.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/parse.h"
#include "base/plain.h"

#include "base/banned.h"

enum { LENGTH_MAX_DIGITS = 15 };

static bool grammar_is_lower(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

bool grammar_is_alphanumeric(char byte)
{
    return grammar_is_lower(byte) || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

int grammar_hex_digit(char byte)
{
    // One more than the digit: megabytes of escapes are made of them.
    static const signed char digits[UCHAR_MAX + 1] = {
        ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,
        ['6'] = 7,  ['7'] = 8,  ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
        ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
        ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16};

    return digits[(unsigned char)byte] - 1;
}

/* One bit for each byte: letters, digits and !#$%&'*+-.^_`|~ */
bool grammar_is_token_byte(char byte)
{
    static const uint64_t tokens[] = {0x03ff6cfa00000000, 0x57ffffffc7fffffe};
    unsigned char index = (unsigned char)byte;

    return index < 128 && (tokens[index / 64] >> index % 64 & 1) != 0;
}

/*
 * Whether `allows` says so of all bytes, eight at a time, or of four from both ends of a short
 * text: some may be looked at twice. Of fewer than four it doesn't say so.
 */
static inline bool all_eights(struct slice text, bool (*allows)(uint64_t eight))
{
    uint64_t eight = 0;
    uint32_t ends[2];

    if (text.len < sizeof(ends[0])) {
        return false;
    }
    if (text.len < sizeof(eight)) {
        memcpy(&ends[0], text.ptr, sizeof(ends[0]));
        memcpy(&ends[1], text.ptr + text.len - sizeof(ends[1]), sizeof(ends[1]));
        memcpy(&eight, ends, sizeof(eight));
        return allows(eight);
    }
    for (size_t at = 0; at + sizeof(eight) < text.len; at += sizeof(eight)) {
        memcpy(&eight, text.ptr + at, sizeof(eight));
        if (!allows(eight)) {
            return false;
        }
    }
    memcpy(&eight, text.ptr + text.len - sizeof(eight), sizeof(eight));
    return allows(eight);
}

/* Letters and '-', as nearly all of a field's name is. */
static inline bool are_letters(uint64_t eight)
{
    uint64_t lower = eight | PLAIN_ONES * 0x20;
    uint64_t others = plain_below(lower, 'a') | (~plain_below(lower, 'z' + 1) & PLAIN_HIGH);

    return (others & ~plain_equal(eight, '-')) == 0;
}

/* No control byte, nor tab. */
static inline bool are_visible(uint64_t eight)
{
    return (plain_below(eight, ' ') | plain_equal(eight, 0x7f)) == 0;
}

bool grammar_is_token(struct slice text)
{
    if (all_eights(text, are_letters)) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!grammar_is_token_byte(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

bool grammar_is_method(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (grammar_is_lower(text.ptr[i])) {
            return false;
        }
    }
    return grammar_is_token(text);
}

bool grammar_is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return false;
        }
    }
    return true;
}

bool grammar_is_value(struct slice text)
{
    if (all_eights(text, are_visible)) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

int grammar_parse_length(struct slice text, uint64_t *out)
{
    uint64_t value = 0;

    if (text.len > LENGTH_MAX_DIGITS || parse_u64(text, &value) < 0) {
        return -EINVAL;
    }
    *out = value;
    return 0;
}
