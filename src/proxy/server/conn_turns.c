/*
 * The run queue: work that no event limits (requests sent ahead, whole bodies to be judged, answers
 * that are rewritten) waits here for the next iteration of the loop, and each user gets its turn.
 */
#include "proxy/server/conn_internal.h"

#include "base/banned.h"

/* Users that have a turn before events are looked at again, and how long all turns may take. */
enum { TURN_MAX_USERS = 16, TURNS_MAX_NS = 5 * 1000 * 1000 };

static bool turns_has_served(const uid_t *list, size_t count, uid_t uid)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == uid) {
            return true;
        }
    }
    return false;
}

/*
 * One turn for each user that waits, whatever number of connections it has. Closing is
 * finished by libuv later, so nothing is freed here.
 */
static void on_idle(uv_idle_t *idle)
{
    struct server *server = idle->data;
    struct conn **link = &server->turns;
    uid_t served[TURN_MAX_USERS];
    size_t count = 0;
    uint64_t begun = uv_hrtime();

    while (*link && count < TURN_MAX_USERS && uv_hrtime() - begun < TURNS_MAX_NS) {
        struct conn *conn = *link;

        if (turns_has_served(served, count, conn->who.peer.uid)) {
            link = &conn->next_turn;
            continue;
        }
        served[count] = conn->who.peer.uid;
        count++;
        *link = conn->next_turn;
        conn->waits = false;
        conn_send(conn, EVENT_RESUME, SIDE_CLIENT);
    }
    if (!server->turns) {
        uv_idle_stop(idle);
    }
}

/* At the end: who came first has its turn first. */
void conn_wait_for_turn(struct conn *conn)
{
    struct server *server = conn->who.listener->server;
    struct conn **link = &server->turns;

    if (conn->waits) {
        return;
    }
    while (*link) {
        link = &(*link)->next_turn;
    }
    conn->waits = true;
    conn->next_turn = NULL;
    *link = conn;
    uv_idle_start(&server->idle, on_idle);
}

void conn_leave_turns(struct conn *conn)
{
    struct conn **link = &conn->who.listener->server->turns;

    while (*link && *link != conn) {
        link = &(*link)->next_turn;
    }
    if (*link) {
        *link = conn->next_turn;
    }
}
