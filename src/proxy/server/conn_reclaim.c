/*
 * Who has to give way when connections or memory run short: of the holder that has most, what has
 * been waiting for its client longest. A holder never has to for one that has as much.
 */
#include "base/log.h"
#include "proxy/server/conn_internal.h"

#include "base/banned.h"

enum {
    IDLE_MS = 1000,    /* between requests, before it may be closed for others */
    PARTIAL_MS = 5000, /* within one, before it may be */
    BODY_MS = 1000     /* for a body that has not come, before its memory may be taken */
};

static uint64_t waited_ms(const struct conn *conn)
{
    return uv_now(&conn->who.listener->server->loop) - conn->deadline_set_ms;
}

static bool has_waited(const struct conn *conn)
{
    return waited_ms(conn) >= (exchange_is_idle(&conn->exchange) ? IDLE_MS : PARTIAL_MS);
}

/* Whether `conn` is a better one to close than `best`. */
static bool is_better(const struct conn *conn, const struct conn *best)
{
    size_t has = conn->who.holder->connections;

    if (!best || has != best->who.holder->connections) {
        return !best || has > best->who.holder->connections;
    }
    return waited_ms(conn) >= waited_ms(best); // later in the list: older
}

bool conns_reclaim(struct server *server, const struct client *newcomer,
                   const struct quota_refusal *why)
{
    struct conn *best = NULL;

    for (struct conn *conn = server->conns; conn; conn = conn->next) {
        bool counts = !newcomer || client_competes(&conn->who, newcomer, why->level);
        bool may = !newcomer || conn->who.holder == newcomer->holder ||
                   conn->who.holder->connections > newcomer->holder->connections;

        if (counts && may && &conn->who != newcomer && exchange_waits_for_client(&conn->exchange) &&
            is_better(conn, best)) {
            best = conn;
        }
    }
    // Who has less gives way no sooner because who has more is not idle for long enough.
    if (!best || !has_waited(best)) {
        return false;
    }
    log_debug("%s: closed an idle connection of uid %u to make room", best->who.listener->name,
              best->who.peer.uid);
    exchange_end(&best->exchange);
    client_uncount(&best->who); // closing takes until the loop's next turn
    return true;
}

/* Of the others: whose body has been coming for too long, and its memory is of use to `conn`. */
static struct conn *find_slow_body(const struct conn *conn, size_t own_bytes)
{
    const struct server *server = conn->who.listener->server;
    struct conn *best = NULL;

    for (struct conn *each = server->conns; each; each = each->next) {
        size_t holds = each->who.holder->held_bytes;
        bool may = each->who.holder == conn->who.holder || holds > own_bytes;
        bool slow = each->exchange.state == EXCHANGE_READING_BODY && each->held_bytes > 0 &&
                    exchange_waits_for_client(&each->exchange) && waited_ms(each) >= BODY_MS;

        if (each == conn || !may || !slow) {
            continue;
        }
        if (!best || holds > best->who.holder->held_bytes ||
            (holds == best->who.holder->held_bytes && waited_ms(each) >= waited_ms(best))) {
            best = each;
        }
    }
    return best;
}

static void tell_short(struct server *server, uint64_t limit)
{
    if (server->short_of_bytes == 0) {
        log_warn("refusing large requests: %zu MiB are in use, and another one would exceed "
                 "limits.total_body_bytes or one client's share of it",
                 server->holders.held_bytes >> 20);
    }
    server->short_of_bytes = limit > 0 ? limit : 1;
}

bool conn_make_room(struct conn *conn, size_t wanted, uint64_t limit)
{
    struct server *server = conn->who.listener->server;
    struct holder *holder = conn->who.holder;

    while (!holders_have_room(&server->holders, holder, conn->held_bytes, wanted, limit)) {
        struct conn *slow = find_slow_body(conn, holder->held_bytes - conn->held_bytes + wanted);

        if (!slow) {
            tell_short(server, limit);
            return false;
        }
        exchange_give_way(&slow->exchange);
        conn_count_held(slow);
    }
    return true;
}
