/*
 * See escape.h.
 */
#include "base/escape.h"

#include <string.h>

#include "base/plain.h"
#include "base/try.h"
#include "base/utf8.h"

#include "base/banned.h"

enum { HEX_BYTES = 6, /* "\\u0001" */ PIECE_BYTES = 512, FEW_PLAIN = 16 };

int escape_text(struct buf *out, struct slice text, size_t max_bytes)
{
    size_t shown = text.len < max_bytes ? text.len : max_bytes;

    for (size_t i = 0; i < shown; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        bool plain = byte >= 0x20 && byte < 0x7f && byte != '\\';
        int err = plain ? buf_append_byte(out, text.ptr[i]) : buf_printf(out, "\\x%02x", byte);

        if (err < 0) {
            return err;
        }
    }
    return shown < text.len ? buf_append_text(out, "...") : 0;
}

/* Writes an ASCII byte as JSON has it, and answers in how many bytes: HEX_BYTES at most. */
static inline size_t escape_put_escaped(char *to, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[0x80] = {
        ['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

    if (plain_byte(byte)) {
        *to = (char)byte;
        return 1;
    }
    if (letters[byte]) {
        to[0] = '\\';
        to[1] = letters[byte];
        return 2;
    }
    to[0] = '\\';
    to[1] = 'u';
    to[2] = '0';
    to[3] = '0';
    to[4] = digits[byte >> 4];
    to[5] = digits[byte & 0xf];
    return HEX_BYTES;
}

/* All of it in one go, as nearly everything is. */
static int append_quoted(struct buf *out, struct slice plain)
{
    int err = buf_reserve(out, plain.len + 2);

    if (err < 0) {
        return err;
    }
    char *at = out->data + out->len;

    at[0] = '"';
    if (plain.len > 0) {
        memcpy(at + 1, plain.ptr, plain.len);
    }
    at[plain.len + 1] = '"';
    out->len += plain.len + 2;
    return 0;
}

struct point_range {
    uint32_t first;
    uint32_t last;
};

static const struct point_range misleading[] = {
    {0x0080, 0x009f}, // C1 controls
    {0x061c, 0x061c}, // Arabic letter mark
    {0x200e, 0x200f}, // left-to-right and right-to-left marks
    {0x2028, 0x202e}, // separators of lines and paragraphs; embeddings and overrides
    {0x2066, 0x2069}, // isolates
};

/* Of a well-formed sequence of two or three bytes; others are never misleading. */
static uint32_t escape_code_point(const unsigned char *bytes, size_t len)
{
    if (len == 2) {
        return (bytes[0] & 0x1fU) << 6 | (bytes[1] & 0x3fU);
    }
    return len == 3 ? (bytes[0] & 0x0fU) << 12 | (bytes[1] & 0x3fU) << 6 | (bytes[2] & 0x3fU) : 0;
}

static bool is_misleading(uint32_t point)
{
    for (size_t i = 0; i < sizeof(misleading) / sizeof(misleading[0]); i++) {
        if (point >= misleading[i].first && point <= misleading[i].last) {
            return true;
        }
    }
    return false;
}

static int append_sequence(struct buf *out, struct slice sequence)
{
    uint32_t point = escape_code_point((const unsigned char *)sequence.ptr, sequence.len);

    return is_misleading(point) ? buf_printf(out, "\\u%04x", (unsigned)point)
                                : buf_append(out, sequence);
}

/* How much at the front of `text` is written as it is. `shown`: not what misleads. */
static size_t unescaped_run(struct slice text, bool shown)
{
    size_t run = plain_run(text);

    // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there are bytes behind the run
    if (shown || run == text.len || (unsigned char)text.ptr[run] < 0x80) {
        return run;
    }
    return run + utf8_plain_run(slice_from_index(text, run));
}

/* A letter that is not ASCII, as it is. Its bytes, or 0: it is none. */
static size_t put_letter(char *to, struct slice text)
{
    size_t len = utf8_sequence(text);

    for (size_t i = 0; i < len; i++) {
        to[i] = text.ptr[i];
    }
    return len;
}

/*
 * What has to be escaped, and what little stands between: a text may be made of nothing else, so
 * it is put together in pieces. Answers where it ended, which is not at the front of `text`.
 */
static int append_escaped(struct buf *out, struct slice *text, bool shown)
{
    char piece[PIECE_BYTES];
    size_t used = 0;
    size_t at = 0;
    size_t plain = 0; // in a row

    while (at < text->len && plain < FEW_PLAIN && used + HEX_BYTES <= sizeof(piece)) {
        unsigned char byte = (unsigned char)text->ptr[at];
        size_t len = 1;

        if (byte < 0x80) {
            size_t written = escape_put_escaped(piece + used, byte);

            plain = written == 1 ? plain + 1 : 0;
            used += written;
        } else {
            len = shown ? 0 : put_letter(piece + used, slice_from_index(*text, at));
            if (len == 0) {
                break;
            }
            used += len;
            plain++;
        }
        at += len;
    }
    *text = slice_from_index(*text, at);
    return buf_append(out, (struct slice){piece, used});
}

/* What is no ASCII and not written as it is: it misleads, or is no UTF-8. */
static int append_letter(struct buf *out, struct slice *text)
{
    size_t len = utf8_sequence(*text);
    struct slice sequence = slice_head(*text, len);

    *text = slice_from_index(*text, len > 0 ? len : 1);
    return len > 0 ? append_sequence(out, sequence) : buf_append_text(out, "\xef\xbf\xbd");
}

static int escape(struct buf *out, struct slice text, bool shown)
{
    size_t run = unescaped_run(text, shown);

    if (run == text.len) {
        return append_quoted(out, text);
    }
    TRY(buf_append_byte(out, '"'));
    while (text.len > 0) {
        TRY(buf_append(out, slice_head(text, run)));
        text = slice_from_index(text, run);
        if (text.len > 0) {
            TRY((unsigned char)text.ptr[0] < 0x80 ? append_escaped(out, &text, shown)
                                                  : append_letter(out, &text));
        }
        run = unescaped_run(text, shown);
    }
    return buf_append_byte(out, '"');
}

int escape_json(struct buf *out, struct slice text)
{
    return escape(out, text, false);
}

int escape_json_shown(struct buf *out, struct slice text)
{
    return escape(out, text, true);
}
