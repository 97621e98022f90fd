/*
 * Threads for work that may not come back: looks at file systems. A network's or a client's own
 * (FUSE) may never answer, and the thread that asked it is lost until it does. So nobody waits for
 * a thread: work that takes too long is abandoned and keeps its memory until it returns. How many
 * threads there are is bounded, how many of them one user has, and how many hang in one place.
 *
 * These are not libuv's: one pool serves all of a process there, and its exit waits for them.
 */
#ifndef SOCKADE_PROXY_WALKERS_H
#define SOCKADE_PROXY_WALKERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

enum {
    WALKERS_MAX = 32,         /* threads; started when there is work */
    WALKERS_PER_USER = 4,     /* that work for one user, or hang for it */
    WALKERS_PER_PLACE = 4,    /* that wait for one file system */
    WALKERS_THAT_HANG = 16,   /* that wait for any file system that may hang */
    WALKERS_PATIENCE_MS = 200 /* a step that takes longer is one that waits */
};

struct walkers;

/* One piece of work, embedded at the start of what it is about. */
struct walk_job {
    uid_t uid;
    void (*work)(struct walk_job *job);    /* on a thread; it touches nothing but the job */
    void (*done)(struct walk_job *job);    /* on the loop, unless abandoned; takes the job over */
    void (*destroy)(struct walk_job *job); /* on any thread: abandoned, and not worked on */

    /* Private. */
    struct walkers *walkers;
    bool running;
    bool abandoned;
    struct slice place; /* that it touches, */
    uint64_t since_ms;  /* and since when */
    bool may_hang;      /* that place */
    struct walk_job *next;
};

enum walkers_answer {
    WALKERS_FAILED = 0, /* no thread can be started */
    WALKERS_HANG,       /* what this user's threads, or all of them, look at does not answer */
    WALKERS_TAKEN       /* done() follows, unless the job is abandoned */
};

/* 0 or a negative errno. */
MUST_CHECK int walkers_create(struct walkers **out, uv_loop_t *loop);

/* All jobs were abandoned. Threads that hang are left behind with what they use. Takes NULL. */
void walkers_destroy(struct walkers *walkers);

/* The job is the walkers' with WALKERS_TAKEN, else still the caller's. */
MUST_CHECK enum walkers_answer walkers_submit(struct walkers *walkers, struct walk_job *job);

/* Nobody waits for it any more. Until it returns it counts as one that hangs. */
void walkers_abandon(struct walk_job *job);

/*
 * On the thread, before each step that takes long: it is going to touch the file system that is
 * known as `place` (borrowed until the next, or the end of the work). No more than
 * WALKERS_PER_PLACE threads touch one that may hang, and WALKERS_THAT_HANG all of those; the others
 * wait here for a moment. False: it had better not touch it, for so many are waiting already.
 */
bool walk_may_touch(struct walk_job *job, struct slice place, bool may_hang);

#endif
