/*
 * See stream.h. libuv reports a peer's end of data; whether the peer is gone for
 * good is asked with poll(), which tells a half-close (POLLRDHUP) from a full one
 * (POLLHUP).   Source: unix(7), Linux net/unix/af_unix.c, unix_poll().
 */
#include "proxy/net/stream.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/banned.h"

enum { STREAM_MAX_PARTS = 64, SEND_GATHERED_BYTES = 4096 };

/* A write that libuv finishes later, with its own copy of the bytes. */
struct stream_write {
    uv_write_t request;
    struct stream *stream;
    size_t size;
    char bytes[];
};

int stream_open(struct stream *stream, uv_loop_t *loop, int fd, struct stream_buffer *buffer)
{
    int err = uv_pipe_init(loop, &stream->pipe, 0);

    stream->pipe.data = stream;
    stream->buffer = buffer;
    if (err == 0) {
        err = uv_pipe_open(&stream->pipe, fd);
    }
    if (err < 0) {
        close(fd);
    }
    return err;
}

static bool takes_bytes(const struct stream *stream)
{
    return stream->reading && !stream->held;
}

/*
 * Nothing is read without a buffer: on_read() is told UV_ENOBUFS then, and the bytes stay in
 * the socket.
 */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct stream *stream = handle->data;

    (void)suggested;
    *out = takes_bytes(stream)
               ? uv_buf_init(stream->buffer->bytes, (unsigned)stream->buffer->offered)
               : uv_buf_init(NULL, 0);
}

static void unwatch(struct stream *stream)
{
    uv_read_stop((uv_stream_t *)&stream->pipe);
    stream->watched = false;
}

static bool peer_is_gone(const struct stream *stream)
{
    int fd = stream_fd(stream);

    if (fd < 0) {
        return true;
    }
    struct pollfd state = {.fd = fd, .events = 0};

    return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR));
}

bool stream_lost(const struct stream *stream)
{
    return stream->ended && !stream->closing && peer_is_gone(stream);
}

bool stream_left(const struct stream *stream)
{
    return !stream->watched && !stream->ended && !stream->closing && peer_is_gone(stream);
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buffer)
{
    struct stream *stream = handle->data;

    if (count > 0) {
        stream->events->bytes(stream, (struct slice){buffer->base, (size_t)count});
        return;
    }
    if (count == 0) {
        return; // libuv's way to say EAGAIN
    }
    unwatch(stream);
    if (count == UV_ENOBUFS && !takes_bytes(stream)) {
        return; // because on_alloc() had no buffer for it; the system may say so as well
    }
    stream->reading = false;
    stream->ended = true;
    if (count == UV_EOF) {
        stream->events->eof(stream, peer_is_gone(stream));
    } else {
        stream->events->failed(stream);
    }
}

/*
 * Off and on again between a request and its answer is the rule, and each costs libuv two
 * calls of epoll_ctl(): so off is only noted.
 */
void stream_read(struct stream *stream, bool on)
{
    if (on && (stream->ended || stream->closing)) {
        return;
    }
    stream->reading = on;
    if (takes_bytes(stream) && !stream->watched) {
        // Fails only for a handle that is closing or not open, and neither is.
        int err = uv_read_start((uv_stream_t *)&stream->pipe, on_alloc, on_read);

        assert(err == 0);
        stream->watched = true;
    }
}

void stream_hold(struct stream *stream, bool on)
{
    stream->held = on;
    if (!on) {
        stream_read(stream, stream->reading);
    }
}

size_t stream_unread(const struct stream *stream)
{
    int fd = stream_fd(stream);
    int count = 0;

    return fd >= 0 && ioctl(fd, TIOCOUTQ, &count) == 0 && count > 0 ? (size_t)count : 0;
}

int stream_fd(const struct stream *stream)
{
    uv_os_fd_t fd = -1;

    return uv_fileno((const uv_handle_t *)&stream->pipe, &fd) < 0 ? -1 : fd;
}

static void shut_now(struct stream *stream)
{
    int fd = stream_fd(stream);

    if (fd < 0 || shutdown(fd, SHUT_WR) < 0) {
        stream->broken = true; // a peer that is gone needs no goodbye
    }
}

static void stream_on_written(uv_write_t *request, int status)
{
    struct stream_write *write = request->data;
    struct stream *stream = write->stream;

    stream->pending_bytes -= write->size;
    stream->pending--;
    free(write);
    if (status < 0) {
        stream->broken = true;
    }
    if (stream->pending > 0 || stream->closing) {
        return;
    }
    if (stream->shut) {
        shut_now(stream);
    }
    stream->events->written(stream);
}

/* Copies what is left of the parts after `skip` bytes and queues it. */
static int stream_queue(struct stream *stream, const struct slice *parts, size_t count, size_t skip)
{
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        total += parts[i].len;
    }
    struct stream_write *write = malloc(sizeof(*write) + total - skip);

    if (!write) {
        return -ENOMEM;
    }
    size_t filled = 0;

    for (size_t i = 0; i < count; i++) {
        size_t from = skip < parts[i].len ? skip : parts[i].len;

        skip -= from;
        if (parts[i].len > from) {
            memcpy(write->bytes + filled, parts[i].ptr + from, parts[i].len - from);
            filled += parts[i].len - from;
        }
    }
    write->stream = stream;
    write->size = filled;
    write->request.data = write;
    uv_buf_t buffer = uv_buf_init(write->bytes, (unsigned)filled);
    int err =
        uv_write(&write->request, (uv_stream_t *)&stream->pipe, &buffer, 1, stream_on_written);

    if (err < 0) {
        free(write);
        return err;
    }
    stream->pending++;
    stream->pending_bytes += filled;
    return 1;
}

/* One call, without libuv's turn around it; few bytes are cheaper to copy than to list. */
static ssize_t send_parts(int fd, const struct slice *parts, size_t count, size_t total)
{
    char gathered[SEND_GATHERED_BYTES];
    struct iovec vector[STREAM_MAX_PARTS];
    size_t filled = 0;

    if (count == 1) {
        return send(fd, parts[0].ptr, parts[0].len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (total <= sizeof(gathered)) {
        for (size_t i = 0; i < count; i++) {
            memcpy(gathered + filled, parts[i].ptr, parts[i].len);
            filled += parts[i].len;
        }
        return send(fd, gathered, filled, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    for (size_t i = 0; i < count; i++) {
        // The type lacks const; it is only read.
        vector[i].iov_base =
            (char *)(uintptr_t)parts[i].ptr; // NOLINT(performance-no-int-to-ptr): const
        vector[i].iov_len = parts[i].len;
    }
    return sendmsg(fd, &(struct msghdr){.msg_iov = vector, .msg_iovlen = count},
                   MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What the socket takes at once; a negative errno when it takes nothing ever again. */
static int try_now(struct stream *stream, const struct slice *parts, size_t count, size_t total,
                   size_t *sent)
{
    ssize_t result = 0;

    *sent = 0;
    if (stream->pending > 0) {
        return 0;
    }
    do {
        result = send_parts(stream_fd(stream), parts, count, total);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        return errno == EAGAIN ? 0 : -errno;
    }
    *sent = (size_t)result;
    return 0;
}

int stream_write(struct stream *stream, const struct slice *parts, size_t count)
{
    size_t total = 0;
    size_t sent = 0;

    assert(count <= STREAM_MAX_PARTS);
    if (stream->broken || stream->shut || stream->closing) {
        return -EPIPE;
    }
    for (size_t i = 0; i < count; i++) {
        total += parts[i].len;
    }
    int err = try_now(stream, parts, count, total, &sent);

    if (err < 0) {
        stream->broken = true;
        return err;
    }
    if (sent == total) {
        return 0;
    }
    int result = stream_queue(stream, parts, count, sent);

    if (result < 0) {
        stream->broken = true; // a message cut in its middle: nothing may follow it
    }
    return result;
}

void stream_shutdown(struct stream *stream)
{
    if (stream->shut || stream->closing) {
        return;
    }
    stream->shut = true;
    if (stream->pending == 0) {
        shut_now(stream);
    }
}

static void stream_on_closed(uv_handle_t *handle)
{
    struct stream *stream = handle->data;

    stream->events->closed(stream);
}

void stream_close(struct stream *stream)
{
    if (stream->closing) {
        return;
    }
    stream->closing = true;
    stream->reading = false;
    uv_close((uv_handle_t *)&stream->pipe, stream_on_closed);
}
