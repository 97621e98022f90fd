/*
 * A client's connection: turns what libuv reports into events of its exchange, and
 * the exchange's wishes into calls of libuv. No decision is made here.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "proxy/server/conn_internal.h"

#include "base/banned.h"

enum { HELD_LEAST_BYTES = 4096 };

/* Little is nothing, so that most requests change no count. */
static size_t held_now(const struct conn *conn, size_t by_exchange)
{
    size_t held = by_exchange + host_look_bytes(conn->look) + conn->client.pending_bytes +
                  (conn->upstream ? conn->upstream->stream.pending_bytes : 0);

    return held > HELD_LEAST_BYTES ? held : 0;
}

void conn_count_held(struct conn *conn)
{
    size_t held = held_now(conn, exchange_held(&conn->exchange));

    if (held != conn->held_bytes) {
        server_hold(conn->who.listener->server, conn->who.holder, conn->held_bytes, held);
        conn->held_bytes = held;
    }
}

static void send_event(struct conn *conn, enum event_type type, enum side side, struct slice bytes)
{
    exchange_handle(&conn->exchange, &(struct event){.type = type, .side = side, .bytes = bytes});
    conn_count_held(conn);
}

static const struct slice no_bytes = {NULL, 0};

void conn_send(struct conn *conn, enum event_type type, enum side side)
{
    send_event(conn, type, side, no_bytes);
}

static void on_client_bytes(struct stream *stream, struct slice bytes)
{
    send_event(stream->owner, EVENT_BYTES, SIDE_CLIENT, bytes);
    conn_consider_moving(stream->owner, SIDE_CLIENT, bytes.len);
}

static void on_client_eof(struct stream *stream, bool gone)
{
    send_event(stream->owner, gone ? EVENT_FAILED : EVENT_EOF, SIDE_CLIENT, no_bytes);
}

static void on_client_failed(struct stream *stream)
{
    send_event(stream->owner, EVENT_FAILED, SIDE_CLIENT, no_bytes);
}

static void on_client_written(struct stream *stream)
{
    struct conn *conn = stream->owner;

    // A client whose end was read before is heard of by nothing else.
    exchange_handle(&conn->exchange,
                    &(struct event){.type = stream->broken ? EVENT_FAILED : EVENT_WRITTEN,
                                    .side = SIDE_CLIENT,
                                    .cut = stream->broken && !stream->ended});
    conn_count_held(conn);
}

static void on_client_closed(struct stream *stream)
{
    struct conn *conn = stream->owner;
    struct listener *listener = conn->who.listener;

    exchange_deinit(&conn->exchange);
    conn_leave_turns(conn);
    conn_leave_retries(conn);
    server_hold(listener->server, conn->who.holder, conn->held_bytes, 0);
    conn->who.holder->connections--;
    client_deinit(&conn->who);
    if (conn->next) {
        conn->next->previous = conn->previous;
    }
    if (conn->previous) {
        conn->previous->next = conn->next;
    } else {
        listener->server->conns = conn->next;
    }
    free(conn);
    listener->conn_count--;
    listener->server->conn_count--;
    listener->server->conns_changed++;
    listeners_resume(listener->server);
    listener_unused(listener);
}

static const struct stream_events client_events = {
    .bytes = on_client_bytes,
    .eof = on_client_eof,
    .failed = on_client_failed,
    .written = on_client_written,
    .closed = on_client_closed,
};

static void on_upstream_bytes(struct stream *stream, struct slice bytes)
{
    struct conn *conn = stream->owner;

    send_event(conn, EVENT_BYTES, SIDE_UPSTREAM, bytes);
    conn_consider_moving(conn, SIDE_UPSTREAM, bytes.len);
}

static void on_upstream_eof(struct stream *stream, bool gone)
{
    send_event(stream->owner, gone ? EVENT_FAILED : EVENT_EOF, SIDE_UPSTREAM, no_bytes);
}

static void on_upstream_failed(struct stream *stream)
{
    send_event(stream->owner, EVENT_FAILED, SIDE_UPSTREAM, no_bytes);
}

static void on_upstream_written(struct stream *stream)
{
    send_event(stream->owner, EVENT_WRITTEN, SIDE_UPSTREAM, no_bytes);
}

// An upstream is closed through upstream_close(), which sets events of its own.
static const struct stream_events upstream_events = {
    .bytes = on_upstream_bytes,
    .eof = on_upstream_eof,
    .failed = on_upstream_failed,
    .written = on_upstream_written,
};

static int conn_connect(void *context, bool fresh)
{
    struct conn *conn = context;

    assert(!conn->upstream);
    int result = pool_get(&conn->who.listener->server->pool, fresh, &conn->upstream);

    if (result >= 0) {
        conn->upstream->stream.events = &upstream_events;
        conn->upstream->stream.owner = conn;
    }
    if (result == -EAGAIN) {
        conn_retry_later(conn);
    }
    return result;
}

static int conn_write(void *context, enum side side, const struct slice *parts, size_t count)
{
    return stream_write(conn_stream(context, side), parts, count);
}

static void conn_read(void *context, enum side side, bool on)
{
    stream_read(conn_stream(context, side), on);
}

static void conn_shutdown(void *context, enum side side)
{
    stream_shutdown(conn_stream(context, side));
}

/* The descriptor may be another connection's at once, so nobody may still move bytes to it. */
static void conn_close_client(struct conn *conn)
{
    conn_stop_moving(conn);
    stream_close(&conn->client);
}

static void conn_close(void *context, enum side side)
{
    struct conn *conn = context;

    if (side == SIDE_CLIENT) {
        conn_close_client(conn);
        return;
    }
    conn_stop_moving(conn);
    if (conn->upstream) {
        upstream_close(conn->upstream);
        conn->upstream = NULL;
    }
}

static void conn_release(void *context)
{
    struct conn *conn = context;

    assert(conn->upstream && !conn->mover);
    pool_put(conn->upstream);
    conn->upstream = NULL;
}

static void conn_deadline(void *context, unsigned timeout_ms)
{
    struct conn *conn = context;

    conn->deadline_set_ms = uv_now(&conn->who.listener->server->loop);
    conn->deadline_ms = timeout_ms == 0 ? 0 : conn->deadline_set_ms + timeout_ms;
}

static void conn_resume(void *context)
{
    conn_wait_for_turn(context);
}

static bool conn_room(void *context, size_t bytes, uint64_t limit)
{
    struct conn *conn = context;

    return conn_make_room(conn, held_now(conn, bytes), limit);
}

static uint64_t conn_now_us(void *context)
{
    (void)context;
    return uv_hrtime() / 1000;
}

static struct policy *conn_begin(void *context, struct sockade_peer *peer,
                                 char request_id[REQUEST_ID_LEN], struct slice *listener_socket)
{
    struct conn *conn = context;

    *peer = conn->who.peer;
    *listener_socket = slice_from(conn->who.listener->host_path);
    server_request_id(conn->who.listener->server, request_id);
    return client_begin(&conn->who);
}

static bool conn_engine(void *context, struct sockade_engine *out)
{
    struct conn *conn = context;

    return engine_watch_get(&conn->who.listener->server->watch, out);
}

static int conn_identify(void *context, struct arena *arena, struct slice *question)
{
    struct conn *conn = context;

    return client_identify(&conn->who, arena, question);
}

static int conn_identified(void *context, unsigned status, struct slice body, struct arena *arena,
                           struct policy **policy)
{
    struct conn *conn = context;

    return client_identified(&conn->who, status, body, arena, policy);
}

static bool conn_admit(void *context, enum policy_limit limit, struct quota_refusal *why)
{
    struct conn *conn = context;

    return client_admit(&conn->who, limit, why);
}

static void conn_leave(void *context)
{
    struct conn *conn = context;

    client_leave(&conn->who);
}

static void conn_on_looked(void *owner, enum look_result result)
{
    struct conn *conn = owner;

    conn->look = NULL;
    exchange_handle(&conn->exchange, &(struct event){.type = EVENT_LOOKED, .looked = result});
    conn_count_held(conn);
}

/* Who came through one socket may hand on that one; the others have other policies. 0 or -ENOMEM.
 */
static int add_other_listeners(const struct listener *own, struct path_look *look)
{
    size_t count = 0;

    for (const struct listener *each = own->server->listeners; each; each = each->next) {
        count++;
    }
    struct slice *socket = arena_alloc(look->arena, count * sizeof(*socket));

    if (!socket) {
        return -ENOMEM;
    }
    look->socket = socket;
    look->socket_count = 0;
    for (const struct listener *each = own->server->listeners; each; each = each->next) {
        const char *path = each->passed ? each->host_path : each->name;

        if (each == own || !path) {
            continue;
        }
        if (arena_copy(look->arena, slice_from(path), &socket[look->socket_count]) < 0) {
            return -ENOMEM;
        }
        look->socket_count++;
    }
    return 0;
}

static enum look_result conn_look(void *context, struct path_look *look)
{
    struct conn *conn = context;
    struct server *server = conn->who.listener->server;

    assert(!conn->look);
    if (add_other_listeners(conn->who.listener, look) < 0) {
        return LOOK_FAILED;
    }
    return host_look_start(server->walkers, &server->host, conn->who.peer.uid, look, conn_on_looked,
                           conn, &conn->look);
}

static void conn_stop_looking(void *context)
{
    struct conn *conn = context;

    if (conn->look) {
        host_look_stop(conn->look);
        conn->look = NULL;
    }
}

static const char *conn_reserve(void *context, struct audit_record *record)
{
    struct conn *conn = context;

    return client_reserve(&conn->who, record);
}

static void conn_record(void *context, struct audit_record *record)
{
    struct conn *conn = context;

    client_record(&conn->who, record);
}

static void conn_abandon(void *context)
{
    struct conn *conn = context;

    conn_stop_moving(conn);
    stream_read(&conn->client, false);
}

static struct underway *conn_underway(void *context)
{
    const struct conn *conn = context;

    return &conn->who.listener->server->underway;
}

static struct volume_runs *conn_volume_runs(void *context)
{
    const struct conn *conn = context;

    return &conn->who.listener->server->volume_runs;
}

static uint64_t conn_wall_s(void *context)
{
    (void)context;
    return server_wall_s();
}

static const struct transport conn_transport = {
    .connect = conn_connect,
    .write = conn_write,
    .read = conn_read,
    .shutdown = conn_shutdown,
    .close = conn_close,
    .abandon = conn_abandon,
    .underway = conn_underway,
    .volume_runs = conn_volume_runs,
    .release = conn_release,
    .deadline = conn_deadline,
    .resume = conn_resume,
    .room = conn_room,
    .now_us = conn_now_us,
    .wall_s = conn_wall_s,
    .begin = conn_begin,
    .engine = conn_engine,
    .identify = conn_identify,
    .identified = conn_identified,
    .admit = conn_admit,
    .leave = conn_leave,
    .look = conn_look,
    .stop_looking = conn_stop_looking,
    .reserve = conn_reserve,
    .record = conn_record,
};

int conn_open(const struct client *client)
{
    struct listener *listener = client->listener;
    struct server *server = listener->server;
    struct conn *conn = calloc(1, sizeof(*conn));

    if (!conn) {
        struct client dropped = *client;

        client_deinit(&dropped);
        close(client->fd);
        return -ENOMEM;
    }
    conn->who = *client;
    conn->client.owner = conn;
    conn->client.events = &client_events;
    conn->next = server->conns;
    if (server->conns) {
        server->conns->previous = conn;
    }
    server->conns = conn;
    listener->conn_count++;
    conn->who.holder->connections++;
    server->conn_count++;
    server->conns_changed++;
    int err = stream_open(&conn->client, &server->loop, client->fd, &server->buffer);

    if (err < 0) {
        stream_close(&conn->client);
        return err;
    }
    exchange_init(&conn->exchange, &conn_transport, conn);
    return 0;
}

void conns_engine_told(struct server *server)
{
    for (struct conn *conn = server->conns; conn; conn = conn->next) {
        exchange_engine_told(&conn->exchange);
    }
}

void conns_drain(struct server *server, bool now)
{
    for (struct conn *conn = server->conns; conn; conn = conn->next) {
        if (now) {
            exchange_end(&conn->exchange);
        } else {
            exchange_drain(&conn->exchange);
        }
    }
}

void conns_revoke(struct listener *listener)
{
    for (struct conn *conn = listener->server->conns; conn; conn = conn->next) {
        if (conn->who.listener == listener) {
            exchange_drain(&conn->exchange);
        }
    }
}
