/*
 * See escape.h.
 */
#include "base/escape.h"

#include <stdint.h>

#include "base/banned.h"

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

/*
 * Length of the valid UTF-8 sequence at the front of `text`, 0 when there is
 * none.   Source: RFC 3629, section 4.
 */
static size_t utf8_len(struct slice text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t len = 0;

    if (p[0] < 0x80) {
        return 1;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        len = 2;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        len = 3;
        low = p[0] == 0xe0 ? 0xa0 : 0x80;
        high = p[0] == 0xed ? 0x9f : 0xbf;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        len = 4;
        low = p[0] == 0xf0 ? 0x90 : 0x80;
        high = p[0] == 0xf4 ? 0x8f : 0xbf;
    }
    if (len == 0 || text.len < len || p[1] < low || p[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
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
        return buf_printf(out, "\\u%04x", byte);
    }
}

static bool json_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

int escape_json(struct buf *out, struct slice text)
{
    int err = buf_append_byte(out, '"');

    while (err == 0 && text.len > 0) {
        size_t run = 0;

        while (run < text.len && json_plain((unsigned char)text.ptr[run])) {
            run++;
        }
        err = buf_append(out, slice_head(text, run));
        text = slice_from_index(text, run);
        if (err < 0 || text.len == 0) {
            break;
        }
        unsigned char byte = (unsigned char)text.ptr[0];
        size_t len = utf8_len(text);

        if (len == 0) {
            err = buf_append_text(out, "\xef\xbf\xbd");
            len = 1;
        } else if (byte < 0x80) {
            err = escape_json_byte(out, byte);
        } else {
            err = buf_append(out, slice_head(text, len));
        }
        text = slice_from_index(text, len);
    }
    return err < 0 ? err : buf_append_byte(out, '"');
}
