/*
 * Which engine this process is connected to. One connection is kept for that: GET /version goes out
 * on it, and while it stays open the answer holds, for the engine's process is still the one that
 * gave it. When it ends, or the socket's file is another one, the engine is asked again by the
 * next request. The question carries nothing of a client's.
 */
#ifndef SOCKADE_PROXY_ENGINE_WATCH_H
#define SOCKADE_PROXY_ENGINE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proxy/exchange/exchange.h"
#include "proxy/net/pool.h"
#include "sockade/engine.h"

enum {
    ENGINE_ANSWER_MAX_BYTES = 64 * 1024,
    ENGINE_TIMEOUT_MS = 5 * 1000,
    ENGINE_RETRY_MS = 5 * 1000 /* an engine that does not answer is asked again after this */
};

enum engine_watch_state {
    ENGINE_UNASKED = 0,
    ENGINE_ASKING, /* requests wait, but not twice for an engine that does not answer */
    ENGINE_TOLD    /* `answer` holds as long as the connection does */
};

struct engine_watch;

/* What the watch tells its owner, who may not call it back from here. */
struct engine_watch_events {
    /* Another engine than last time, or the first one, or none that can be known. */
    void (*changed)(struct engine_watch *watch);
    /* The connection to it has ended: it may have begun anew, and started what it had. */
    void (*lost)(struct engine_watch *watch);
    /* Whoever waits need wait no longer. */
    void (*decided)(struct engine_watch *watch);
};

struct engine_watch {
    enum engine_watch_state state;
    const struct engine_watch_events *events;
    void *owner;
    struct pool *pool; /* borrowed; dials */
    struct upstream *upstream;
    struct upstream_call call;
    struct buf body;
    bool lost;            /* since it last answered */
    uint64_t deadline_ms; /* of ASKING */
    uint64_t retry_ms;    /* not asked before */
    bool silent;          /* the last question had no answer */
    dev_t device;         /* of the socket's file that was dialled */
    ino_t inode;
    struct arena arena; /* owns the answer */
    struct engine_answer answer;
    bool told;                     /* `changed` was called since the last reset */
    struct sockade_engine assumed; /* instead of an unknown one */
};

/* Everything borrowed outlives the watch. Asks at once. */
void engine_watch_init(struct engine_watch *watch, struct pool *pool,
                       const struct sockade_engine *assumed,
                       const struct engine_watch_events *events, void *owner);

/* Another engine, perhaps: forgets, and asks at once. */
void engine_watch_reset(struct engine_watch *watch, const struct sockade_engine *assumed);
void engine_watch_deinit(struct engine_watch *watch);

/*
 * True: *out is the engine, or `assumed` when it can't be known now. False: it is being asked, and
 * events->decided() follows within ENGINE_TIMEOUT_MS.
 */
bool engine_watch_get(struct engine_watch *watch, struct sockade_engine *out);

void engine_watch_tick(struct engine_watch *watch, uint64_t now_ms);

#endif
