/*
 * See pool.h.
 */
#include "proxy/net/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/exchange/transport.h"

#include "base/banned.h"

static bool path_fits(const char *path)
{
    return strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

int pool_init(struct pool *pool, uv_loop_t *loop, struct stream_buffer *buffer, const char *path)
{
    *pool = (struct pool){.loop = loop, .buffer = buffer};
    return pool_set_path(pool, path);
}

static void close_idle(struct pool *pool)
{
    while (pool->idle) {
        struct upstream *upstream = pool->idle;

        pool->idle = upstream->next;
        upstream_close(upstream);
    }
    pool->idle_count = 0;
}

int pool_set_path(struct pool *pool, const char *path)
{
    if (!path_fits(path)) {
        return -ENAMETOOLONG;
    }
    char *copy = strdup(path);

    if (!copy) {
        return -ENOMEM;
    }
    close_idle(pool);
    free(pool->path);
    pool->path = copy;
    pool->generation++;
    return 0;
}

void pool_deinit(struct pool *pool)
{
    close_idle(pool);
    free(pool->path);
    pool->path = NULL;
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -errno;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        int err = -errno;

        close(fd);
        return err;
    }
    return fd;
}

static void pool_on_closed(struct stream *stream)
{
    free(stream->owner);
}

void upstream_close(struct upstream *upstream)
{
    static const struct stream_events closing = {.closed = pool_on_closed};

    upstream->stream.events = &closing;
    upstream->stream.owner = upstream;
    stream_close(&upstream->stream);
}

static void drop_idle(struct upstream *upstream)
{
    struct upstream **link = &upstream->pool->idle;

    while (*link != upstream) {
        link = &(*link)->next;
    }
    *link = upstream->next;
    upstream->pool->idle_count--;
    upstream_close(upstream);
}

/* An engine that speaks unasked, or hangs up. */
static void on_idle_bytes(struct stream *stream, struct slice bytes)
{
    (void)bytes;
    drop_idle(stream->owner);
}

static void on_idle_eof(struct stream *stream, bool gone)
{
    (void)gone;
    drop_idle(stream->owner);
}

static void on_idle_failed(struct stream *stream)
{
    drop_idle(stream->owner);
}

static void on_idle_written(struct stream *stream)
{
    (void)stream; // nothing is pending when it is put here
}

static const struct stream_events idle_events = {
    .bytes = on_idle_bytes,
    .eof = on_idle_eof,
    .failed = on_idle_failed,
    .written = on_idle_written,
    .closed = pool_on_closed,
};

static int open_new(struct pool *pool, struct upstream **out)
{
    int fd = dial(pool->path);

    if (fd < 0) {
        return fd;
    }
    struct upstream *upstream = calloc(1, sizeof(*upstream));

    if (!upstream) {
        close(fd);
        return -ENOMEM;
    }
    upstream->pool = pool;
    upstream->generation = pool->generation;
    upstream->stream.owner = upstream;
    upstream->stream.events = &idle_events;
    int err = stream_open(&upstream->stream, pool->loop, fd, pool->buffer);

    if (err < 0) {
        upstream_close(upstream); // the handle is initialised even so
        return err;
    }
    *out = upstream;
    return TRANSPORT_DONE;
}

/*
 * Whether the engine has said nothing since, not even good-bye. The loop may not have
 * seen it yet, and what comes now would be taken for the answer to the next request.
 */
static bool is_silent(struct upstream *upstream)
{
    uv_os_fd_t fd = -1;
    char byte;

    if (uv_fileno((const uv_handle_t *)&upstream->stream.pipe, &fd) < 0) {
        return false;
    }
    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int pool_get(struct pool *pool, bool fresh, struct upstream **out)
{
    while (!fresh && pool->idle) {
        struct upstream *upstream = pool->idle;

        pool->idle = upstream->next;
        pool->idle_count--;
        stream_read(&upstream->stream, false);
        if (is_silent(upstream)) {
            *out = upstream;
            return TRANSPORT_REUSED;
        }
        upstream_close(upstream);
    }
    return open_new(pool, out);
}

void pool_put(struct upstream *upstream)
{
    struct pool *pool = upstream->pool;

    if (pool->idle_count >= POOL_MAX_IDLE || !pool->path ||
        upstream->generation != pool->generation) {
        upstream_close(upstream);
        return;
    }
    upstream->stream.events = &idle_events;
    upstream->stream.owner = upstream;
    upstream->idle_since_ms = uv_now(pool->loop);
    upstream->next = pool->idle;
    pool->idle = upstream;
    pool->idle_count++;
    stream_read(&upstream->stream, true);
}

void pool_sweep(struct pool *pool, uint64_t now_ms)
{
    struct upstream **link = &pool->idle;

    while (*link) {
        struct upstream *upstream = *link;

        if (now_ms - upstream->idle_since_ms < POOL_IDLE_TIMEOUT_MS) {
            link = &upstream->next;
            continue;
        }
        *link = upstream->next;
        pool->idle_count--;
        upstream_close(upstream);
    }
}
