/*
 * Decodes JSON string literals, strictly. Kept apart from the reader because the
 * ways to spell a byte twice (escapes, overlong forms, surrogates) are the ways
 * past a filter that compares text.
 */
#include "docker/json_string.h"

#include <stdint.h>
#include <string.h>

#include "base/plain.h"
#include "base/utf8.h"
#include "http/grammar.h"

#include "base/banned.h"

struct decoder {
    struct slice text;
    size_t at;
    char *room;
    size_t used;
};

static unsigned char byte_at(const struct decoder *decoder, size_t index)
{
    return (unsigned char)decoder->text.ptr[index];
}

static void put(struct decoder *decoder, uint32_t byte)
{
    decoder->room[decoder->used] = (char)(unsigned char)byte;
    decoder->used++;
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
    size_t at = decoder->at;
    uint32_t value = 0;

    if (decoder->text.len - at < 6 || byte_at(decoder, at) != '\\' ||
        byte_at(decoder, at + 1) != 'u') {
        return false;
    }
    for (size_t i = at + 2; i < at + 6; i++) {
        int digit = grammar_hex_digit(decoder->text.ptr[i]);
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
    static const char surrogate[] = "a surrogate stands alone";
    uint32_t point = 0;
    uint32_t low = 0;

    if (!take_unicode_escape(decoder, &point)) {
        return "an escape is not one of JSON";
    }
    if (point == 0) {
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

    if (decoder->text.len - decoder->at < 2) {
        return "a string does not end";
    }
    unsigned char letter = byte_at(decoder, decoder->at + 1);
    if (letter == 'u') {
        return decode_unicode(decoder);
    }
    for (size_t i = 0; i < sizeof(letters) - 1; i++) {
        if (letter == (unsigned char)letters[i]) {
            put(decoder, (unsigned char)meant[i]);
            decoder->at += 2;
            return NULL;
        }
    }
    return "an escape is not one of JSON";
}

/* Everything but the quote and the backslash. */
static const char *decode_plain(struct decoder *decoder)
{
    size_t len = plain_run(slice_from_index(decoder->text, decoder->at));

    if (len == 0) {
        if (byte_at(decoder, decoder->at) < 0x20) {
            return "a string contains a control character";
        }
        len = utf8_sequence(slice_from_index(decoder->text, decoder->at));
        if (len == 0) {
            return "a string is not valid UTF-8";
        }
    }
    memcpy(decoder->room + decoder->used, decoder->text.ptr + decoder->at, len);
    decoder->used += len;
    decoder->at += len;
    return NULL;
}

const char *json_string_decode(struct slice text, size_t *at, char *room, struct slice *out)
{
    struct decoder decoder = {.text = text, .at = *at + 1, .room = room};
    const char *wrong = NULL;

    while (!wrong && decoder.at < text.len && text.ptr[decoder.at] != '"') {
        if (text.ptr[decoder.at] == '\\') {
            wrong = decode_escape(&decoder);
        } else {
            wrong = decode_plain(&decoder);
        }
    }
    *at = decoder.at;
    if (wrong) {
        return wrong;
    }
    if (decoder.at == text.len) {
        return "a string does not end";
    }
    *at = decoder.at + 1;
    *out = (struct slice){room, decoder.used};
    return NULL;
}
