/*
 * A client's connection, shared by the files that carry it.
 */
#ifndef SOCKADE_PROXY_CONN_INTERNAL_H
#define SOCKADE_PROXY_CONN_INTERNAL_H

#include "proxy/server/server_internal.h"

/* What a client has not taken of its answer, to see whether it takes some. */
struct unread {
    uint64_t since_ms;   /* that nothing changed; 0: nothing waits for the client */
    uint64_t sent_bytes; /* to its socket, or past us */
    size_t pending_bytes;
    size_t in_socket; /* as stream_unread() says */
};

struct conn {
    struct stream client;
    struct upstream *upstream; /* borrowed from the pool, or NULL */
    struct mover *mover;       /* of what comes from `moving`, or NULL; one is enough */
    enum side moving;
    unsigned full_reads;    /* in a row */
    struct host_look *look; /* that is under way, or NULL */
    struct exchange exchange;
    struct client who;
    uint64_t deadline_ms;     /* of the loop's clock; 0: none */
    uint64_t deadline_set_ms; /* when the exchange began to wait for what it waits for */
    uint64_t left_ms;         /* when the client was first seen to have left; 0: it hasn't */
    size_t held_bytes;        /* as the server counts them */
    struct unread unread;
    uint64_t withdrawn_ms; /* when the request of that id has to end; 0: it needn't */
    char withdrawn_id[REQUEST_ID_LEN];
    struct conn *next;
    struct conn *previous;
    struct conn *next_turn; /* of those that wait for one */
    bool waits;
    struct conn *next_retry; /* of those that wait to be connected to the engine */
    bool retries;
};

/* conn.c: tells the server what the exchange and what is still to be written hold. */
void conn_count_held(struct conn *conn);

/* conn.c: an event without bytes. */
void conn_send(struct conn *conn, enum event_type type, enum side side);

/*
 * conn_reclaim.c: whether it may hold `wanted` bytes, when all together may hold `limit`. Bodies
 * that do not come give way to it.
 */
bool conn_make_room(struct conn *conn, size_t wanted, uint64_t limit);

/* conn_retry.c: sends that, once connecting may work. Again is fine; leaving too. */
void conn_retry_later(struct conn *conn);
void conn_leave_retries(struct conn *conn);

/* conn_turns.c: sends EVENT_RESUME when it is the user's turn. Again is fine; leaving too. */
void conn_wait_for_turn(struct conn *conn);
void conn_leave_turns(struct conn *conn);

/* conn_moving.c */

/* Borrowed; there is an upstream when that is asked for. */
struct stream *conn_stream(struct conn *conn, enum side side);

/* After each read of `count` bytes from `from`: whether the rest should go past us. */
void conn_consider_moving(struct conn *conn, enum side from, size_t count);

/* Before one of the two sides is closed. Again is fine. */
void conn_stop_moving(struct conn *conn);

#endif
