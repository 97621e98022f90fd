/*
 * What no event tells of a connection, looked at once a second: deadlines that have passed, clients
 * that have left or read nothing, streams that a reload has withdrawn.
 */
#include <string.h>

#include "base/log.h"
#include "proxy/server/conn_internal.h"

#include "base/banned.h"

/*
 * A client that has closed, which shows in a read only. One that isn't read has a while: what it
 * sent may still be wanted.
 */
static bool is_lost(struct conn *conn, uint64_t now_ms)
{
    if (!stream_left(&conn->client)) {
        conn->left_ms = 0;
        return stream_lost(&conn->client);
    }
    conn->left_ms = conn->left_ms > 0 ? conn->left_ms : now_ms;
    return now_ms - conn->left_ms >= EXCHANGE_GONE_TIMEOUT_MS;
}

void conns_reloaded(struct server *server)
{
    uint64_t now_ms = uv_now(&server->loop);

    for (struct conn *conn = server->conns; conn; conn = conn->next) {
        const struct exchange *ex = &conn->exchange;
        unsigned limit_s = policy_limits(ex->policy)->withdrawn_timeout_s;
        bool known = conn->withdrawn_ms > 0 &&
                     memcmp(conn->withdrawn_id, ex->request_id, REQUEST_ID_LEN) == 0;

        if (limit_s == 0 || !exchange_streams(ex) || !client_is_withdrawn(&conn->who, ex->policy)) {
            conn->withdrawn_ms = 0;
        } else if (!known) {
            conn->withdrawn_ms = now_ms + 1000ULL * limit_s;
            memcpy(conn->withdrawn_id, ex->request_id, REQUEST_ID_LEN);
        }
    }
}

static void end_withdrawn(struct conn *conn, uint64_t now_ms)
{
    if (conn->withdrawn_ms == 0 || conn->withdrawn_ms > now_ms) {
        return;
    }
    conn->withdrawn_ms = 0;
    if (memcmp(conn->withdrawn_id, conn->exchange.request_id, REQUEST_ID_LEN) == 0 &&
        exchange_withdraw(&conn->exchange)) {
        log_info("%s: ended a stream of uid %u: its listener or policy was removed",
                 conn->who.listener->name, conn->who.peer.uid);
        conn_count_held(conn);
    }
}

/* Whether it reads fast or slowly is its own affair; it has to read. */
static void end_unread(struct conn *conn, uint64_t now_ms)
{
    unsigned limit_s = exchange_read_timeout_s(&conn->exchange);
    size_t in_socket = limit_s > 0 ? stream_unread(&conn->client) : 0;
    struct unread now = {.since_ms = now_ms,
                         .sent_bytes = conn->exchange.bytes_out,
                         .pending_bytes = conn->client.pending_bytes,
                         .in_socket = in_socket};
    struct unread *before = &conn->unread;

    if (in_socket == 0) {
        before->since_ms = 0;
    } else if (before->since_ms == 0 || before->sent_bytes != now.sent_bytes ||
               before->pending_bytes != now.pending_bytes || before->in_socket != now.in_socket) {
        *before = now;
    } else if (now_ms - before->since_ms >= 1000ULL * limit_s) {
        before->since_ms = 0;
        log_info("%s: dropped an answer to uid %u: the client does not read it",
                 conn->who.listener->name, conn->who.peer.uid);
        exchange_unread(&conn->exchange);
        conn_count_held(conn);
    }
}

void conns_tick(struct server *server, uint64_t now_ms)
{
    for (struct conn *conn = server->conns; conn; conn = conn->next) {
        end_withdrawn(conn, now_ms);
        end_unread(conn, now_ms);
        if (conn->deadline_ms > 0 && conn->deadline_ms <= now_ms) {
            conn->deadline_ms = 0;
            // Closing is finished by libuv later, so the list stays as it is here.
            conn_send(conn, EVENT_TIMEOUT, SIDE_CLIENT);
        }
        if (is_lost(conn, now_ms)) {
            conn_send(conn, EVENT_FAILED, SIDE_CLIENT);
        }
    }
}
