/*
 * See escape.h.
 */
#include "base/escape.h"

#include <string.h>

#include "base/plain.h"
#include "base/try.h"
#include "base/utf8.h"

#include "base/banned.h"

enum { HEX_BYTES = 6 }; /* "\\u0001" */

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

/* "\\u0001": a text may be made of nothing else. */
static int append_hex(struct buf *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char text[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 0xf]};

    return buf_append(out, (struct slice){text, sizeof(text)});
}

/* How many bytes at the front of `text` are control characters without a letter of their own. */
static size_t controls(struct slice text)
{
    size_t count = 0;

    while (count < text.len) {
        unsigned char byte = (unsigned char)text.ptr[count];

        if (!(byte < 0x20 || byte == 0x7f) || byte == '\n' || byte == '\r' || byte == '\t') {
            break;
        }
        count++;
    }
    return count;
}

/* Room for all of them is made at once. */
static int append_controls(struct buf *out, struct slice text)
{
    TRY(buf_reserve(out, text.len * HEX_BYTES));
    for (size_t i = 0; i < text.len; i++) {
        TRY(append_hex(out, (unsigned char)text.ptr[i]));
    }
    return 0;
}

static int escape_json_byte(struct buf *out, unsigned char byte)
{
    switch (byte) {
    case '"':
        return buf_append_text(out, "\\\"");
    case '\\':
        return buf_append_text(out, "\\\\");
    case '\n':
        return buf_append_text(out, "\\n");
    case '\r':
        return buf_append_text(out, "\\r");
    case '\t':
        return buf_append_text(out, "\\t");
    default:
        return append_hex(out, byte);
    }
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
static uint32_t code_point(const unsigned char *bytes, size_t len)
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

static int append_sequence(struct buf *out, struct slice sequence, bool shown)
{
    uint32_t point = code_point((const unsigned char *)sequence.ptr, sequence.len);

    return shown && is_misleading(point) ? buf_printf(out, "\\u%04x", (unsigned)point)
                                         : buf_append(out, sequence);
}

/* How much at the front of `text` is written as it is. `shown`: not what misleads. */
static size_t unescaped_run(struct slice text, bool shown)
{
    size_t run = plain_run(text);
    size_t more = shown ? 0 : utf8_run(slice_from_index(text, run));

    while (more > 0) {
        run += more;
        more = plain_run(slice_from_index(text, run));
        more += utf8_run(slice_from_index(text, run + more));
    }
    return run;
}

static int escape(struct buf *out, struct slice text, bool shown)
{
    size_t run = unescaped_run(text, shown);

    if (run == text.len) {
        return append_quoted(out, text);
    }
    int err = buf_append_byte(out, '"');

    while (err == 0 && text.len > 0) {
        err = buf_append(out, slice_head(text, run));
        text = slice_from_index(text, run);
        if (err < 0 || text.len == 0) {
            break;
        }
        unsigned char byte = (unsigned char)text.ptr[0];
        size_t len = utf8_sequence(text);

        size_t hex = controls(text);

        if (hex > 0) {
            err = append_controls(out, slice_head(text, hex));
            len = hex;
        } else if (len == 0) {
            err = buf_append_text(out, "\xef\xbf\xbd");
            len = 1;
        } else if (byte < 0x80) {
            err = escape_json_byte(out, byte);
        } else {
            err = append_sequence(out, slice_head(text, len), shown);
        }
        text = slice_from_index(text, len);
        run = unescaped_run(text, shown);
    }
    return err < 0 ? err : buf_append_byte(out, '"');
}

int escape_json(struct buf *out, struct slice text)
{
    return escape(out, text, false);
}

int escape_json_shown(struct buf *out, struct slice text)
{
    return escape(out, text, true);
}
