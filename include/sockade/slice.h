/*
 * A slice is text from outside: a pointer and a length, borrowed from whoever
 * owns the bytes. It is never terminated and may hold NUL. An empty slice may
 * have a NULL pointer.
 */
#ifndef SOCKADE_SLICE_H
#define SOCKADE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* A slice of a string literal; SLICE_INIT is the same for static tables. */
#define SLICE_INIT(literal)                \
    {                                      \
        "" literal "", sizeof(literal) - 1 \
    }
#define SLICE(literal) ((struct slice)SLICE_INIT(literal))

/* For printf's "%.*s". Only for text known to be short and printable. */
#define SLICE_ARGS(s) (int)(s).len, (s).ptr

/* `text` may be NULL, which is the empty slice. Borrowed from `text`. */
static inline struct slice slice_from(const char *text)
{
    return (struct slice){text, text ? strlen(text) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    // Most that differ differ in their first byte: no call then.
    return a.len == b.len && (a.len == 0 || (*a.ptr == *b.ptr && memcmp(a.ptr, b.ptr, a.len) == 0));
}

/* Both are `len` bytes long. ASCII letters are folded. */
bool slice_same_letters(const char *a, const char *b, size_t len);

/* Compares with ASCII letters folded, as HTTP header names are. */
static inline bool slice_eq_nocase(struct slice a, struct slice b)
{
    return a.len == b.len && slice_same_letters(a.ptr, b.ptr, a.len);
}

/* The part from `from` on (empty when `from` is past the end). */
static inline struct slice slice_from_index(struct slice s, size_t from)
{
    return from >= s.len ? (struct slice){NULL, 0} : (struct slice){s.ptr + from, s.len - from};
}

/* At most the first `len` bytes. */
static inline struct slice slice_head(struct slice s, size_t len)
{
    return (struct slice){s.ptr, len < s.len ? len : s.len};
}

static inline bool slice_starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && slice_eq(slice_head(s, prefix.len), prefix);
}

static inline bool slice_ends_with(struct slice s, struct slice suffix)
{
    return s.len >= suffix.len && slice_eq(slice_from_index(s, s.len - suffix.len), suffix);
}

/* Index of `byte`, or s.len when it isn't there. */
size_t slice_find(struct slice s, char byte);

/*
 * Cuts at the first `separator`: *before gets what precedes it, *after what
 * follows. Without a separator *before is all of `s`, *after is empty and the
 * answer is false. The outputs may alias `s`.
 */
bool slice_cut(struct slice s, char separator, struct slice *before, struct slice *after);

/* Without the spaces and tabs at both ends (HTTP's optional white space). */
struct slice slice_trim(struct slice s);

#endif
