/*
 * What the last look by a thread has found out (host_known.h), for the looks of the next moment:
 * these need no thread then, where all that they touch is at hand. It is void as soon as anything
 * is mounted or unmounted, here or where the engine is, which the kernel tells, and after
 * HOST_RECENT_MS, for sockets come and go untold. A socket itself is always looked at by a thread.
 * On the loop only.   Source: proc(5), /proc/pid/mountinfo and poll(2).
 */
#ifndef SOCKADE_PROXY_HOST_RECENT_H
#define SOCKADE_PROXY_HOST_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "proxy/host/host_watch.h"

struct host_known;
struct host_proofs;

enum { HOST_RECENT_MS = 1000 };

/* All zero at first. */
struct host_recent {
    struct host_proofs *proofs; /* a reference; NULL: nothing is watched */
    int own;                    /* while it is watched: our mounts, */
    int engine;                 /* and those of the engine's process, or -1 */
    int root;                   /* "/" */
    unsigned changes;           /* of the mounts, or of what is watched */
    bool stale;                 /* `known` is void, and freed when nobody uses it */
    struct host_watch watch;    /* directories of known->seen */
    bool renamed;               /* something has changed there */
    struct host_known *known;
    uint64_t known_ms;
};

/* Before a look by those proofs begins. */
void host_recent_watch(struct host_recent *recent, struct host_proofs *proofs);

/* Whether nothing has been mounted. Else what is known is void, and lives until the next call
 * of another function here. */
bool host_recent_is_current(struct host_recent *recent);

/* Whether changes of that directory, a descriptor, are told from now on. */
bool host_recent_watch_directory(struct host_recent *recent, int directory);

/* What is known, borrowed; NULL: nothing that is recent enough. */
struct host_known *host_recent_get(struct host_recent *recent, uint64_t now_ms);

/* Takes over what a look has found out that began at `changes`, at `began_ms`. */
void host_recent_take(struct host_recent *recent, struct host_known *known, unsigned changes,
                      uint64_t began_ms);

void host_recent_deinit(struct host_recent *recent);

#endif
