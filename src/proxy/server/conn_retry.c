/*
 * Who waits for the engine's queue of connections to have room, in order. Nothing tells when it
 * has, so it is tried a hundred times a second, by one after the other until one is put off again.
 */
#include "proxy/server/conn_internal.h"

#include "base/banned.h"

enum { RETRY_MS = 10 };

void conn_leave_retries(struct conn *conn)
{
    struct server *server = conn->who.listener->server;
    struct conn *before = NULL;
    struct conn *each = conn->retries ? server->retries : NULL;

    while (each && each != conn) {
        before = each;
        each = each->next_retry;
    }
    if (!each) {
        return;
    }
    *(before ? &before->next_retry : &server->retries) = conn->next_retry;
    if (server->retries_last == conn) {
        server->retries_last = before;
    }
    conn->retries = false;
}

static void on_retry(uv_timer_t *timer)
{
    struct server *server = timer->data;

    while (server->retries) {
        struct conn *conn = server->retries;

        conn_send(conn, EVENT_RETRY, SIDE_UPSTREAM);
        if (conn->exchange.state == EXCHANGE_CONNECTING) {
            uv_timer_start(timer, on_retry, RETRY_MS, 0);
            return; // it keeps its place
        }
        conn_leave_retries(conn);
    }
}

void conn_retry_later(struct conn *conn)
{
    struct server *server = conn->who.listener->server;

    if (conn->retries) {
        return;
    }
    *(server->retries ? &server->retries_last->next_retry : &server->retries) = conn;
    server->retries_last = conn;
    conn->next_retry = NULL;
    conn->retries = true;
    if (!uv_is_active((uv_handle_t *)&server->connect_retry)) {
        uv_timer_start(&server->connect_retry, on_retry, RETRY_MS, 0);
    }
}
