/*
 * The server's parts, shared by its files: listeners accept, connections carry
 * exchanges, the server ticks, reloads and drains.
 */
#ifndef SOCKADE_PROXY_SERVER_INTERNAL_H
#define SOCKADE_PROXY_SERVER_INTERNAL_H

#include <stdint.h>
#include <uv.h>

#include "proxy/exchange/exchange.h"
#include "proxy/exchange/underway.h"
#include "proxy/exchange/volume_runs.h"
#include "proxy/host/host_report.h"
#include "proxy/host/subordinate.h"
#include "proxy/net/mover.h"
#include "proxy/net/pool.h"
#include "proxy/net/stream.h"
#include "proxy/server/client.h"
#include "proxy/server/engine_watch.h"
#include "proxy/server/server.h"

enum {
    SERVER_TICK_MS = 1000,
    SERVER_DRAIN_TICK_MS = 20,
    SERVER_AUDIT_RETRY_MS = 100,
    SERVER_DRAIN_MS = 10 * 1000, /* for requests in flight; streams are closed then */
    SERVER_BACKLOG = 4096,       /* the engine's, where the kernel lets it */
    SERVER_READS_LESS_BYTES = 32 * 1024 * 1024, /* held: reads are small from there on, */
    SERVER_SMALL_READ_BYTES = 8 * 1024,         /* so that little is queued for slow readers */
    SERVER_OWN_DESCRIPTORS = 32 /* listeners, the loop's, the records, a look at a path */
};

struct server;
struct conn;

/* Which file bind() has made: another process may have put its own in that place since. */
struct socket_file {
    dev_t device;
    ino_t inode; /* 0: not known */
};

struct listener {
    struct server *server;
    struct listener *next;
    char *name;      /* path, or systemd's name */
    char *host_path; /* where the host has the socket; NULL: nowhere */
    bool passed;     /* by systemd: the file isn't ours to remove */
    struct socket_file file;
    int fd;
    uv_poll_t poll;
    bool polling;
    bool closing;
    struct policy *policy;          /* a reference; for new requests */
    struct policy_clients *clients; /* who gets another one, or NULL */
    unsigned generation;            /* of these two */
    struct share *shares;           /* what is used of each policy's limits */
    size_t conn_count;              /* connections that point here */
    uint64_t told_full_ms;          /* when the log was last told that some are turned away */
};

struct server {
    uv_loop_t loop;
    struct stream_buffer buffer;
    struct pool pool;
    struct engine_watch watch;
    struct movers movers;
    struct audit_sink audit;
    struct host_view host;
    struct subordinates subordinates; /* as of the start or the last reload */
    struct host_report report;
    struct walkers *walkers;
    struct underway underway;
    struct volume_runs volume_runs;
    const struct server_options *options;
    struct listener *listeners;
    struct conn *conns;
    uv_signal_t signal_term;
    uv_signal_t signal_int;
    uv_signal_t signal_hup;
    uv_timer_t tick;
    uv_prepare_t turn_over;
    uv_timer_t audit_retry; /* wakes the loop while records are kept */
    uv_idle_t idle;         /* runs while somebody waits for a turn */
    struct conn *turns;     /* who, in order */
    uv_timer_t connect_retry;
    struct conn *retries; /* who waits to be connected to the engine, in order */
    struct conn *retries_last;
    uint64_t drain_until_ms; /* 0: not draining */
    uint64_t next_request;
    size_t conn_count;
    size_t conns_changed;        /* opened or closed since memory was last given back, */
    size_t conns_changed_before; /* and at the tick before */
    size_t conn_max;     /* what there are descriptors for, with the engine's side of each */
    bool accept_paused;  /* out of descriptors */
    bool accept_starved; /* and that was said; until all who wait are in */
    bool losing_records;
    bool refusing;            /* since records cannot be written */
    uint64_t dropped_records; /* of the sink's, as far as the log was told */
    struct holders holders;   /* of connections and their memory: what is read, judged, written */
    uint64_t unreadable_ms;   /* when the log was last told of an answer's values; 0: never */
    uint64_t short_of_bytes;  /* the limit that a request was refused by; 0: that is over */
};

/* conn.c */

/* Takes over `client` and its descriptor (closed on error). 0 or a negative errno. */
MUST_CHECK int conn_open(const struct client *client);
/* Deadlines that have passed. */
void conns_tick(struct server *server, uint64_t now_ms);
/* Those that wait for the answer may go on. */
void conns_engine_told(struct server *server);
/* No further requests; with `now`, closes those under way as well. */
void conns_drain(struct server *server, bool now);
/* After a reload: streams whose listener or policy is gone have a while. */
void conns_reloaded(struct server *server);
/* The same for the connections of one listener that is closed: its policy is revoked. */
void conns_revoke(struct listener *listener);

/*
 * conn_reclaim.c: closes an idle connection, so that `newcomer` can be counted where *why says that
 * it can't; NULL: any. Whether there was one.
 */
bool conns_reclaim(struct server *server, const struct client *newcomer,
                   const struct quota_refusal *why);

/* listener.c */

/*
 * Opens or takes over the socket that `spec` names. 0 or a negative errno, logged.
 */
MUST_CHECK int listener_open(struct server *server, const struct policy_listener *spec);
/* A new policy and a new path on the host, for new requests. 0 or -ENOMEM, then unchanged. */
MUST_CHECK int listener_update(struct listener *listener, const struct policy_listener *spec);
/* Stops listening and removes the socket file; freed when its last connection is gone. */
void listener_close(struct listener *listener);
/* Frees it when closed and unused. */
void listener_unused(struct listener *listener);
/* Accepts again, after it ran out of descriptors and one came back or some time passed. */
void listeners_resume(struct server *server);

/* listener_socket.c: both give a listening descriptor. 0 or a negative errno, logged. */

MUST_CHECK int listener_socket_make(const struct policy_listener *spec, int *out,
                                    struct socket_file *file);
MUST_CHECK int listener_socket_take(const struct policy_listener *spec, int *out);
/* Nothing where the file is another one by now. */
void listener_socket_remove(const char *path, const struct socket_file *file);

/* activation.c: systemd's protocols. */

/* The descriptor passed under that name (LISTEN_FDS), or -1; each is given once. */
int activation_take(const char *name);
/* How many descriptors were passed, and the name of the i-th ("" without one). */
size_t activation_count(void);
const char *activation_name(size_t index);
/* sd_notify(3): nothing without NOTIFY_SOCKET. */
void activation_notify(const char *state);

/* server.c */

/* A connection of `holder` that held `before` bytes holds `now`. */
void server_hold(struct server *server, struct holder *holder, size_t before, size_t now);
/* server_engine.c: tells the log and the audit, and who waits for it. */
extern const struct engine_watch_events server_engine_events;

/* Seconds since 1970. */
uint64_t server_wall_s(void);

/* The next one: Crockford's base 32, as in ULIDs, where no letter is taken for another. */
void server_request_id(struct server *server, char out[REQUEST_ID_LEN]);

#endif
