/*
 * What an exchange asks of the world: two byte streams, a clock, a place for
 * its record. In the daemon this is libuv (conn.c), in the tests arrays.
 */
#ifndef SOCKADE_PROXY_TRANSPORT_H
#define SOCKADE_PROXY_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/record.h"
#include "proxy/exchange/quota.h"
#include "sockade/policy.h"
#include "sockade/slice.h"

struct underway;
struct volume_runs;

enum side { SIDE_CLIENT = 0, SIDE_UPSTREAM };

enum { REQUEST_ID_LEN = 10 };

/* Answers of transport->connect() and transport->write() that are no errors. */
enum { TRANSPORT_DONE = 0, TRANSPORT_REUSED = 1, TRANSPORT_PENDING = 1 };

/* Answers of transport->look(), and with EVENT_LOOKED. */
enum look_result {
    LOOK_FAILED = 0, /* out of memory, or of threads */
    LOOK_HANGS,      /* a file system does not answer, as far as earlier looks can tell */
    LOOK_PENDING,    /* EVENT_LOOKED follows; the paths and the answers are borrowed until then */
    LOOK_DONE
};

struct transport {
    /*
     * Gets a connection to the engine: an idle one (TRANSPORT_REUSED) unless
     * `fresh`, or a new one (TRANSPORT_DONE). -EAGAIN when the engine's queue is full: EVENT_RETRY
     * follows, soon and in the order in which exchanges came. Another negative errno when there is
     * none. Reading is off at first.
     */
    int (*connect)(void *context, bool fresh);

    /*
     * Sends the parts in order. What the socket doesn't take now is copied and
     * TRANSPORT_PENDING returned: EVENT_WRITTEN follows, and until then nothing more
     * should be read from the other side. A negative errno when the peer is gone.
     */
    int (*write)(void *context, enum side side, const struct slice *parts, size_t count);

    void (*read)(void *context, enum side side, bool on);

    /* Ends our direction of the stream, behind what is still pending. */
    void (*shutdown)(void *context, enum side side);

    /* No more events of that side. Closing the client ends the exchange object itself. */
    void (*close)(void *context, enum side side);

    /*
     * The client is gone and its request is not over: nothing more is read from it, nor moved
     * to or from it.
     */
    void (*abandon)(void *context);

    /* The table of what is under way, of all exchanges. */
    struct underway *(*underway)(void *context);
    struct volume_runs *(*volume_runs)(void *context);

    /* The upstream connection is idle and clean: another exchange may have it. */
    void (*release)(void *context);

    /* EVENT_TIMEOUT in about `timeout_ms`, replacing what was set; 0: never. */
    void (*deadline)(void *context, unsigned timeout_ms);

    /*
     * There is work that no event will come for: EVENT_RESUME when it is this client's turn. So
     * that one that has much to do does not keep the others waiting.
     */
    void (*resume)(void *context);

    /*
     * Whether this exchange may hold `bytes` for bodies: false when it and all others
     * together would then hold more than `limit`.
     */
    bool (*room)(void *context, size_t bytes, uint64_t limit);

    uint64_t (*now_us)(void *context);
    uint64_t (*wall_s)(void *context); /* since 1970, as the engine counts */

    /*
     * A request begins: the policy to judge it by (a reference; NULL: none is for this client),
     * its peer, its id, and the listener's socket as the host has it (borrowed until the next
     * call; or empty).
     */
    struct policy *(*begin)(void *context, struct sockade_peer *peer,
                            char request_id[REQUEST_ID_LEN], struct slice *listener_socket);

    /*
     * Which engine the request is for: true, all zero when nobody can tell. False: it is being
     * asked, and exchange_engine_told() follows.
     */
    bool (*engine)(void *context, struct sockade_engine *out);

    /*
     * What the engine has to be asked about the client before its request is judged: the
     * target of a GET, in `arena`, or empty. 0 or -ENOMEM.
     */
    int (*identify)(void *context, struct arena *arena, struct slice *question);

    /*
     * The engine's answer, with status 0 when there was none. 0, and then *policy is the
     * request's, a reference or NULL, once identify() has no further question; a negative errno
     * when it can't be given one.
     */
    int (*identified)(void *context, unsigned status, struct slice body, struct arena *arena,
                      struct policy **policy);

    /* Counts the request against that limit. False, with *why filled, when it is one too many. */
    bool (*admit)(void *context, enum policy_limit limit, struct quota_refusal *why);

    /* The request is over: what was counted at once is given back. */
    void (*leave)(void *context);

    /*
     * Where paths of the host lead. What takes waiting is waited for elsewhere. Adds to *look the
     * sockets of other listeners.
     */
    enum look_result (*look)(void *context, struct path_look *look);

    /* Nobody waits for the pending look any more: no EVENT_LOOKED. */
    void (*stop_looking)(void *context);

    /*
     * Room for the record of a request that is about to be served, instead of what it had:
     * audit_sink_reserve(), with the same answer.
     */
    const char *(*reserve)(void *context, struct audit_record *record);

    /* Completes the record with listener, peer and time, and hands it to the sink. */
    void (*record)(void *context, struct audit_record *record);
};

#endif
