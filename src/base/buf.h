/*
 * A growable byte buffer with a ceiling. What doesn't fit is refused, never
 * truncated.
 */
#ifndef SOCKADE_BASE_BUF_H
#define SOCKADE_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

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

/* 0, -ENOBUFS when the limit would be passed, or -ENOMEM; on error unchanged. */
MUST_CHECK int buf_append(struct buf *buf, struct slice bytes);
MUST_CHECK int buf_append_text(struct buf *buf, const char *text);
MUST_CHECK int buf_append_byte(struct buf *buf, char byte);
MUST_CHECK int buf_append_number(struct buf *buf, uint64_t number); /* in decimal */
MUST_CHECK int buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Room for `size` more bytes at data + len. Same errors as buf_append(). */
MUST_CHECK int buf_reserve(struct buf *buf, size_t size);

/* Drops the first `count` bytes (count <= len); gives the memory back when empty. */
void buf_consume(struct buf *buf, size_t count);

/* Empties it and keeps the memory. */
void buf_clear(struct buf *buf);

/* Borrowed: valid until the next call that changes `buf`. */
struct slice buf_slice(const struct buf *buf);

/*
 * Appends the file's content. 0, -ENOBUFS when it is larger than the limit, or
 * a negative errno from the system.
 */
MUST_CHECK int buf_read_file(struct buf *buf, const char *path);

#endif
