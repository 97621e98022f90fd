/*
 * A growable byte buffer with a ceiling. What doesn't fit is refused, never
 * truncated.
 */
#ifndef SOCKADE_BASE_BUF_H
#define SOCKADE_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    size_t limit_bytes; /* 0: every append fails */
};

void buf_init(struct buf *buf, size_t limit_bytes);

/* Frees the memory and keeps the limit; also right for a zeroed struct. */
void buf_deinit(struct buf *buf);

/* Makes room for `size` more bytes where there is none. Same errors as buf_append(). */
MUST_CHECK int buf_grow(struct buf *buf, size_t size);

/* Room for `size` more bytes at data + len. Same errors as buf_append(). */
MUST_CHECK static inline int buf_reserve(struct buf *buf, size_t size)
{
    return size <= buf->cap - buf->len ? 0 : buf_grow(buf, size);
}

/* 0, -ENOBUFS when the limit would be passed, or -ENOMEM; on error unchanged. */
MUST_CHECK static inline int buf_append(struct buf *buf, struct slice bytes)
{
    int err = buf_reserve(buf, bytes.len);

    if (err == 0 && bytes.len > 0) {
        memcpy(buf->data + buf->len, bytes.ptr, bytes.len);
        buf->len += bytes.len;
    }
    return err;
}

MUST_CHECK static inline int buf_append_byte(struct buf *buf, char byte)
{
    return buf_append(buf, (struct slice){&byte, 1});
}

MUST_CHECK int buf_append_text(struct buf *buf, const char *text);
/* Several of them, up to a NULL, or nothing. Much cheaper than buf_printf(). */
MUST_CHECK int buf_append_texts(struct buf *buf, const char *const *texts);
#define BUF_TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})
MUST_CHECK int buf_append_number(struct buf *buf, uint64_t number); /* in decimal */
MUST_CHECK int buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Drops the first `count` bytes (count <= len); gives the memory back when empty. */
void buf_consume(struct buf *buf, size_t count);

/* Empties it and keeps the memory. */
void buf_clear(struct buf *buf);

/* Borrowed: valid until the next call that changes `buf`. */
struct slice buf_slice(const struct buf *buf);

/*
 * Appends the file's content, or what comes through a pipe. 0, -ENOBUFS when it is larger than the
 * limit, -ETIMEDOUT when nothing comes for 5 seconds, or a negative errno from the system.
 */
MUST_CHECK int buf_read_file(struct buf *buf, const char *path);

#endif
