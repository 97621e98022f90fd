/*
 * Decodes JSON string literals, strictly. Kept apart from the reader because the
 * ways to spell a byte twice (escapes, overlong forms, surrogates) are the ways
 * past a filter that compares text.
 */
#include "json/json_string.h"

#include <stdint.h>
#include <string.h>

#include "base/plain.h"
#include "base/utf8.h"
#include "http/grammar.h"

#include "base/banned.h"

struct decoder {
    const char *at;
    const char *end;
    char *to; /* never past `at` */
    bool nul; /* may stand in it */
};

static size_t left(const struct decoder *decoder)
{
    return (size_t)(decoder->end - decoder->at);
}

static void put(struct decoder *decoder, uint32_t byte)
{
    *decoder->to = (char)(unsigned char)byte;
    decoder->to++;
}

static void put_code_point(struct decoder *decoder, uint32_t point)
{
    if (point < 0x80) {
        put(decoder, point);
        return;
    }
    if (point < 0x800) {
        put(decoder, 0xC0U | (point >> 6));
    } else if (point < 0x10000) {
        put(decoder, 0xE0U | (point >> 12));
        put(decoder, 0x80U | ((point >> 6) & 0x3FU));
    } else {
        put(decoder, 0xF0U | (point >> 18));
        put(decoder, 0x80U | ((point >> 12) & 0x3FU));
        put(decoder, 0x80U | ((point >> 6) & 0x3FU));
    }
    put(decoder, 0x80U | (point & 0x3FU));
}

/* Reads "\uXXXX" at decoder->at and steps over it. */
static bool take_unicode_escape(struct decoder *decoder, uint32_t *out)
{
    const char *at = decoder->at;
    uint32_t value = 0;

    if (left(decoder) < 6 || at[0] != '\\' || at[1] != 'u') {
        return false;
    }
    for (size_t i = 2; i < 6; i++) {
        int digit = grammar_hex_digit(at[i]);

        if (digit < 0) {
            return false;
        }
        value = value * 16 + (uint32_t)digit;
    }
    decoder->at = at + 6;
    *out = value;
    return true;
}

static const char *decode_unicode(struct decoder *decoder)
{
    static const char surrogate[] = "unpaired surrogate";
    uint32_t point = 0;
    uint32_t low = 0;

    if (!take_unicode_escape(decoder, &point)) {
        return "invalid escape";
    }
    if (point == 0 && !decoder->nul) {
        return "a string contains NUL";
    }
    if (point >= 0xDC00 && point <= 0xDFFF) {
        return surrogate;
    }
    if (point >= 0xD800 && point <= 0xDBFF) {
        if (!take_unicode_escape(decoder, &low) || low < 0xDC00 || low > 0xDFFF) {
            return surrogate;
        }
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    put_code_point(decoder, point);
    return NULL;
}

static const char *decode_escape(struct decoder *decoder)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";

    if (left(decoder) < 2) {
        return "unterminated string";
    }
    char letter = decoder->at[1];

    if (letter == 'u') {
        return decode_unicode(decoder);
    }
    for (size_t i = 0; i < sizeof(letters) - 1; i++) {
        if (letter == letters[i]) {
            put(decoder, (unsigned char)meant[i]);
            decoder->at += 2;
            return NULL;
        }
    }
    return "invalid escape";
}

/* Everything but the quote and the backslash. */
static const char *decode_plain(struct decoder *decoder)
{
    struct slice rest = {decoder->at, left(decoder)};
    size_t len = plain_run(rest);

    if (len == 0) {
        if ((unsigned char)decoder->at[0] < 0x20) {
            return "a string contains a control character";
        }
        // DEL is no plain byte, and stands for itself.
        len = (unsigned char)decoder->at[0] < 0x80 ? 1 : utf8_run(rest);
        if (len == 0) {
            return "a string is not valid UTF-8";
        }
    }
    memmove(decoder->to, decoder->at, len);
    decoder->to += len;
    decoder->at += len;
    return NULL;
}

const char *json_string_decode(char **at, const char *end, bool nul, struct slice *out)
{
    char *begin = *at + 1;
    struct decoder decoder = {.at = begin, .end = end, .to = begin, .nul = nul};
    const char *wrong = NULL;

    while (!wrong && decoder.at < end && *decoder.at != '"') {
        wrong = *decoder.at == '\\' ? decode_escape(&decoder) : decode_plain(&decoder);
    }
    if (!wrong && decoder.at == end) {
        wrong = "unterminated string";
    }
    *out = (struct slice){begin, (size_t)(decoder.to - begin)};
    *at = begin + (decoder.at - begin) + (wrong ? 0 : 1);
    return wrong;
}
