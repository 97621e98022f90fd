/*
 * Comparing and cutting slices.
 */
#include "sockade/slice.h"

#include <string.h>

#include "base/banned.h"

static char fold(char byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return (char)(byte - 'A' + 'a');
    }
    return byte;
}

bool slice_same_letters(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (fold(a[i]) != fold(b[i])) {
            return false;
        }
    }
    return true;
}

size_t slice_find(struct slice s, char byte)
{
    const char *at = s.len > 0 ? memchr(s.ptr, byte, s.len) : NULL;

    return at ? (size_t)(at - s.ptr) : s.len;
}

bool slice_cut(struct slice s, char separator, struct slice *before, struct slice *after)
{
    size_t at = slice_find(s, separator);

    *before = slice_head(s, at);
    *after = slice_from_index(s, at + 1);
    return at < s.len;
}

static bool slice_is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

struct slice slice_trim(struct slice s)
{
    while (s.len > 0 && slice_is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && slice_is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}
