/*
 * Decodes JSON string literals, strictly. Kept apart from the reader because the
 * ways to spell a byte twice (escapes, overlong forms, surrogates) are the ways
 * past a filter that compares text.
 */
#include "json/json_string.h"

#include <limits.h>
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
    bool changed;
};

enum { FEW_PLAIN = 16 };

static size_t left(const struct decoder *decoder)
{
    return (size_t)(decoder->end - decoder->at);
}

static void json_string_put(struct decoder *decoder, uint32_t byte)
{
    *decoder->to = (char)(unsigned char)byte;
    decoder->to++;
}

static void put_code_point(struct decoder *decoder, uint32_t point)
{
    if (point < 0x80) {
        json_string_put(decoder, point);
        return;
    }
    if (point < 0x800) {
        json_string_put(decoder, 0xC0U | (point >> 6));
    } else if (point < 0x10000) {
        json_string_put(decoder, 0xE0U | (point >> 12));
        json_string_put(decoder, 0x80U | ((point >> 6) & 0x3FU));
    } else {
        json_string_put(decoder, 0xF0U | (point >> 18));
        json_string_put(decoder, 0x80U | ((point >> 12) & 0x3FU));
        json_string_put(decoder, 0x80U | ((point >> 6) & 0x3FU));
    }
    json_string_put(decoder, 0x80U | (point & 0x3FU));
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

/* What the letter behind a backslash means, 0: nothing. */
static inline char meaning(char letter)
{
    static const char meant[UCHAR_MAX + 1] = {
        ['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
        ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};

    return meant[(unsigned char)letter];
}

/* What one byte or more at `at` mean, put to `to`. Answers how many they are, 0: look closer. */
static inline size_t decode_one(const char *at, const char *end, char *to, size_t *put)
{
    unsigned char byte = (unsigned char)*at;

    *put = 1;
    if (byte == '\\') {
        *to = meaning(at[1]);
        return *to ? 2 : 0;
    }
    if (byte < 0x80) {
        *to = *at;
        return plain_byte(byte);
    }
    *put = utf8_sequence((struct slice){at, (size_t)(end - at)});
    for (size_t i = 0; i < *put; i++) {
        to[i] = at[i];
    }
    return *put;
}

/* Escapes with a letter, and what little stands between: a text may be made of nothing else. */
static void decode_letters(struct decoder *decoder)
{
    size_t between = 0;

    while (left(decoder) >= 2 && between < FEW_PLAIN) {
        size_t put = 0;
        size_t taken = decode_one(decoder->at, decoder->end, decoder->to, &put);

        if (taken == 0) {
            break;
        }
        between = taken > put ? 0 : between + 1;
        decoder->at += taken;
        decoder->to += put;
    }
}

static const char *decode_escape(struct decoder *decoder)
{
    decoder->changed = true;
    if (left(decoder) < 2) {
        return "unterminated string";
    }
    if (decoder->at[1] == 'u') {
        return decode_unicode(decoder);
    }
    if (meaning(decoder->at[1]) == 0) {
        return "invalid escape";
    }
    decode_letters(decoder);
    return NULL;
}

/* The bytes that are taken may lie across those that they were. */
static void json_string_take(struct decoder *decoder, size_t len)
{
    if (len < FEW_PLAIN) {
        for (size_t i = 0; i < len; i++) {
            decoder->to[i] = decoder->at[i];
        }
    } else {
        memmove(decoder->to, decoder->at, len);
    }
    decoder->to += len;
    decoder->at += len;
}

/* Everything but the quote and the backslash. */
static const char *decode_plain(struct decoder *decoder)
{
    size_t len = utf8_plain_run((struct slice){decoder->at, left(decoder)});
    unsigned char byte = (unsigned char)decoder->at[0];

    if (len == 0) {
        if (byte < 0x20) {
            return "a string contains a control character";
        }
        // DEL is no plain byte, and stands for itself; but it is written as an escape.
        if (byte != 0x7f) {
            return "a string is not valid UTF-8";
        }
        decoder->changed = true;
        len = 1;
    }
    json_string_take(decoder, len);
    return NULL;
}

const char *json_string_decode(char **at, const char *end, bool nul, struct slice *out, bool *same)
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
    *same = !decoder.changed;
    return wrong;
}
