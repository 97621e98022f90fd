/*
 * When a body goes past its connection's exchange, and how that ends. Whether it may is the
 * exchange's to say (exchange_bulk()); how it is done, the mover's.
 */
#include <assert.h>

#include "proxy/server/conn_internal.h"

#include "base/banned.h"

/* Reads that fill the buffer, one after the other, are a body worth moving. */
enum {
    MOVE_FULL_READS = 2,
    MOVE_LEAST_BYTES = 16 * 1024, /* that are known to come: chunks of less are copied */
    MOVE_SHARE = 8                /* the part of all connections that movers may take */
};

struct stream *conn_stream(struct conn *conn, enum side side)
{
    if (side == SIDE_CLIENT) {
        return &conn->client;
    }
    assert(conn->upstream);
    return &conn->upstream->stream;
}

void conn_stop_moving(struct conn *conn)
{
    if (!conn->mover) {
        return;
    }
    mover_stop(conn->mover);
    conn->mover = NULL;
    conn->who.holder->movers--;
    stream_hold(conn_stream(conn, conn->moving), false);
    listeners_resume(conn->who.listener->server);
}

static void on_moved(void *owner, uint64_t content_bytes, enum mover_state state)
{
    struct conn *conn = owner;
    enum side from = conn->moving;

    if (state == MOVER_BROKEN) {
        // Some of it is lost: nothing may be written behind the gap.
        conn_stream(conn, from == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT)->broken = true;
    }
    if (state != MOVER_GOES_ON) {
        conn_stop_moving(conn);
    }
    exchange_handle(&conn->exchange, &(struct event){.type = EVENT_MOVED,
                                                     .side = from,
                                                     .count = content_bytes,
                                                     .over = state != MOVER_GOES_ON,
                                                     .cut = state == MOVER_BROKEN});
    conn_count_held(conn);
}

/*
 * A client may have half of what the others leave, so that one that takes all it can leaves as much
 * to others. Who gets none is served by copying.
 */
static bool has_share(const struct server *server, const struct conn *conn)
{
    size_t most =
        server->conn_max / MOVE_SHARE < MOVER_MAX ? server->conn_max / MOVE_SHARE : MOVER_MAX;
    size_t own = conn->who.holder->movers;
    size_t left = most - (server->movers.count < most ? server->movers.count : most);

    return left > 0 && own <= (own + left) / 2;
}

/*
 * A mover has as many descriptors as a connection, and takes the place of one. Nor does it move to
 * a client that could make it wait.
 */
static bool may_move(const struct server *server, const struct conn *conn, enum side to)
{
    return server->conn_count + server->movers.count < server->conn_max &&
           (to == SIDE_UPSTREAM || server->movers.never_waits) && has_share(server, conn);
}

void conn_consider_moving(struct conn *conn, enum side from, size_t count)
{
    conn->full_reads = count == conn->client.buffer->offered ? conn->full_reads + 1 : 0;
    if (conn->full_reads < MOVE_FULL_READS || conn->mover) {
        return;
    }
    struct server *server = conn->who.listener->server;
    struct body_reader *reader = exchange_bulk(&conn->exchange, from);
    enum side to = from == SIDE_CLIENT ? SIDE_UPSTREAM : SIDE_CLIENT;

    if (!reader || body_reader_content(reader) < MOVE_LEAST_BYTES || !may_move(server, conn, to)) {
        return;
    }
    // The engine has nothing to win by changing what it has sent.
    enum mover_framing framing = from == SIDE_UPSTREAM ? MOVER_MOVES_FRAMING : MOVER_WRITES_FRAMING;

    conn->full_reads = 0;
    conn->mover = mover_start(&server->movers, stream_fd(conn_stream(conn, from)),
                              stream_fd(conn_stream(conn, to)), reader, framing, on_moved, conn);
    if (conn->mover) {
        conn->moving = from;
        conn->who.holder->movers++;
        stream_hold(conn_stream(conn, from), true);
    }
}
