/*
 * See buf.h. Growth doubles, never past the ceiling.
 */
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    BUF_FIRST_BYTES = 256,
    BUF_READ_BYTES = 16 * 1024,
    BUF_KEPT_BYTES = 64 * 1024,
    PRINTF_USUAL_BYTES = 256,
    NUMBER_MAX_DIGITS = 20,
    BUF_PATIENCE_MS = 5000
};

void buf_init(struct buf *buf, size_t limit_bytes)
{
    *buf = (struct buf){.limit_bytes = limit_bytes};
}

void buf_deinit(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->limit_bytes);
}

int buf_grow(struct buf *buf, size_t size)
{
    if (buf->len > buf->limit_bytes || size > buf->limit_bytes - buf->len) {
        return -ENOBUFS;
    }
    size_t need = buf->len + size;
    size_t cap = buf->cap > BUF_FIRST_BYTES ? buf->cap : BUF_FIRST_BYTES;

    while (cap < need) {
        cap = cap > buf->limit_bytes / 2 ? buf->limit_bytes : cap * 2;
    }
    // Never past the limit: what fits needs no other check.
    cap = cap < buf->limit_bytes ? cap : buf->limit_bytes;
    char *data = realloc(buf->data, cap);

    if (!data) {
        return -ENOMEM;
    }
    buf->data = data;
    buf->cap = cap;
    return 0;
}

int buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, slice_from(text));
}

int buf_append_texts(struct buf *buf, const char *const *texts)
{
    size_t before = buf->len;

    for (size_t i = 0; texts[i]; i++) {
        int err = buf_append_text(buf, texts[i]);

        if (err < 0) {
            buf->len = before;
            return err;
        }
    }
    return 0;
}

int buf_printf(struct buf *buf, const char *format, ...)
{
    char usual[PRINTF_USUAL_BYTES];
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(usual, sizeof(usual), format, arguments);
    va_end(arguments);
    assert(len >= 0);
    if ((size_t)len < sizeof(usual)) {
        return buf_append(buf, (struct slice){usual, (size_t)len});
    }
    // vsnprintf terminates; the byte is there for the moment only.
    int err = buf_reserve(buf, (size_t)len + 1);

    if (err < 0) {
        return err;
    }
    va_start(arguments, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, arguments);
    va_end(arguments);
    buf->len += (size_t)len;
    return 0;
}

int buf_append_number(struct buf *buf, uint64_t number)
{
    char digits[NUMBER_MAX_DIGITS];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return buf_append(buf, (struct slice){digits + at, sizeof(digits) - at});
}

/* What was large and is little now. */
static void give_back(struct buf *buf)
{
    char *data =
        buf->cap > BUF_KEPT_BYTES && buf->len < buf->cap / 4 ? realloc(buf->data, buf->len) : NULL;

    if (data) {
        buf->data = data;
        buf->cap = buf->len;
    }
}

void buf_consume(struct buf *buf, size_t count)
{
    assert(count <= buf->len);
    if (count == buf->len) {
        buf_deinit(buf);
        return;
    }
    memmove(buf->data, buf->data + count, buf->len - count);
    buf->len -= count;
    give_back(buf);
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->data, buf->len};
}

static void buf_close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

/* A file is always ready; a pipe whose other end says nothing is given up. */
static int wait_for_bytes(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int count = poll(&ready, 1, BUF_PATIENCE_MS);

    if (count == 0) {
        return -ETIMEDOUT;
    }
    return count < 0 && errno != EINTR ? -errno : 0;
}

/* How much was read, 0 at the end, or a negative errno. */
static ssize_t read_some(int fd, char *chunk, size_t size)
{
    for (;;) {
        ssize_t count = read(fd, chunk, size);

        if (count >= 0) {
            return count;
        }
        int err = errno == EAGAIN ? wait_for_bytes(fd) : errno == EINTR ? 0 : -errno;

        if (err < 0) {
            return err;
        }
    }
}

/* Opening a pipe waits for who writes to it, unless told not to. */
int buf_read_file(struct buf *buf, const char *path)
{
    CLEANUP(buf_close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        return -errno;
    }
    for (;;) {
        char chunk[BUF_READ_BYTES];
        ssize_t count = read_some(fd, chunk, sizeof(chunk));

        if (count <= 0) {
            return (int)count;
        }
        int err = buf_append(buf, (struct slice){chunk, (size_t)count});

        if (err < 0) {
            return err;
        }
    }
}
