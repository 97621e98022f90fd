/*
 * See walkers.h. One lock for all of it: what is done under it takes no time. Threads take the
 * oldest job of a user that has few of them at work, so that one user's many jobs wait for
 * each other and not others for them.
 */
#include "proxy/host/walkers.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/banned.h"

enum {
    IDLE_MAX = 2, /* threads that are kept without work */
    STACK_BYTES = 256 * 1024,
    CLOSE_TIMEOUT_S = 1,
    RETURNS_AT_ONCE = 16, /* before the loop sees to others again */
    CROWDED_PAUSE_NS = 1000 * 1000
};

struct walkers {
    pthread_mutex_t lock;
    pthread_cond_t work; /* there is some, or it is over */
    pthread_cond_t gone; /* a thread has ended */
    struct walk_job *waiting;
    struct walk_job *running;
    struct walk_job *returned; /* for done() */
    unsigned threads;
    unsigned idle;
    bool closing;
    uv_async_t async;
};

static uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void walkers_append(struct walk_job **list, struct walk_job *job)
{
    while (*list) {
        list = &(*list)->next;
    }
    job->next = NULL;
    *list = job;
}

/* False when it is not in the list. */
static bool take_out(struct walk_job **list, const struct walk_job *job)
{
    while (*list && *list != job) {
        list = &(*list)->next;
    }
    if (!*list) {
        return false;
    }
    *list = job->next;
    return true;
}

static unsigned count_of(const struct walk_job *job, uid_t uid)
{
    unsigned count = 0;

    for (; job; job = job->next) {
        count += job->uid == uid;
    }
    return count;
}

/* The oldest that may begin, or NULL. It is then running. */
static struct walk_job *next_job(struct walkers *walkers)
{
    struct walk_job *job = walkers->waiting;

    while (job && count_of(walkers->running, job->uid) >= WALKERS_PER_USER) {
        job = job->next;
    }
    if (job) {
        take_out(&walkers->waiting, job);
        walkers_append(&walkers->running, job);
        job->running = true;
        job->since_ms = clock_ms();
    }
    return job;
}

static void work_off(struct walkers *walkers, struct walk_job *job)
{
    pthread_mutex_unlock(&walkers->lock);
    job->work(job);
    pthread_mutex_lock(&walkers->lock);
    take_out(&walkers->running, job);
    job->running = false;
    if (!job->abandoned) {
        walkers_append(&walkers->returned, job);
        uv_async_send(&walkers->async);
        return;
    }
    pthread_mutex_unlock(&walkers->lock);
    job->destroy(job);
    pthread_mutex_lock(&walkers->lock);
}

static void *walker(void *argument)
{
    struct walkers *walkers = argument;

    pthread_mutex_lock(&walkers->lock);
    for (;;) {
        struct walk_job *job = walkers->closing ? NULL : next_job(walkers);

        if (job) {
            work_off(walkers, job);
        } else if (walkers->closing || walkers->idle >= IDLE_MAX) {
            break;
        } else {
            walkers->idle++;
            pthread_cond_wait(&walkers->work, &walkers->lock);
            walkers->idle--;
        }
    }
    walkers->threads--;
    pthread_cond_signal(&walkers->gone);
    pthread_mutex_unlock(&walkers->lock);
    return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct walkers *walkers)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int err = pthread_attr_init(&attributes);

    if (err != 0) {
        return -err;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    err = pthread_create(&thread, &attributes, walker, walkers);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    walkers->threads += err == 0;
    return -err;
}

static void on_returned(uv_async_t *async)
{
    struct walkers *walkers = async->data;

    for (unsigned i = 0; i < RETURNS_AT_ONCE; i++) {
        pthread_mutex_lock(&walkers->lock);
        struct walk_job *job = walkers->returned;

        if (job) {
            take_out(&walkers->returned, job);
        }
        pthread_mutex_unlock(&walkers->lock);
        if (!job) {
            return;
        }
        job->done(job);
    }
    uv_async_send(async); // there may be more
}

int walkers_create(struct walkers **out, uv_loop_t *loop)
{
    struct walkers *walkers = calloc(1, sizeof(*walkers));

    if (!walkers) {
        return -ENOMEM;
    }
    int err = uv_async_init(loop, &walkers->async, on_returned);

    if (err < 0) {
        free(walkers);
        return err;
    }
    walkers->async.data = walkers;
    pthread_mutex_init(&walkers->lock, NULL);
    pthread_cond_init(&walkers->work, NULL);
    pthread_cond_init(&walkers->gone, NULL);
    *out = walkers;
    return 0;
}

static void on_async_closed(uv_handle_t *handle)
{
    struct walkers *walkers = handle->data;
    struct timespec until;
    int err = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLOSE_TIMEOUT_S;
    pthread_mutex_lock(&walkers->lock);
    while (walkers->threads > 0 && !walkers->running && err == 0) {
        err = pthread_cond_timedwait(&walkers->gone, &walkers->lock, &until);
    }
    bool left = walkers->threads > 0; // it is theirs then
    pthread_mutex_unlock(&walkers->lock);
    if (!left) {
        free(walkers);
    }
}

void walkers_destroy(struct walkers *walkers)
{
    if (!walkers) {
        return;
    }
    pthread_mutex_lock(&walkers->lock);
    assert(!walkers->waiting && !walkers->returned);
    walkers->closing = true;
    pthread_cond_broadcast(&walkers->work);
    pthread_mutex_unlock(&walkers->lock);
    uv_close((uv_handle_t *)&walkers->async, on_async_closed);
}

/* Those that nobody waits for any more, of one user's or of all. */
static bool all_hang(const struct walkers *walkers, uid_t uid)
{
    unsigned of_user = 0;
    unsigned all = 0;

    for (const struct walk_job *job = walkers->running; job; job = job->next) {
        all += job->abandoned;
        of_user += job->abandoned && job->uid == uid;
    }
    return of_user >= WALKERS_PER_USER || all >= WALKERS_MAX;
}

/* Sees to it that somebody takes the job, now or when one of its user's has returned. */
static enum walkers_answer find_walker(struct walkers *walkers, const struct walk_job *job)
{
    unsigned waiting = 0;

    if (count_of(walkers->running, job->uid) + count_of(walkers->waiting, job->uid) >
        WALKERS_PER_USER) {
        return WALKERS_TAKEN;
    }
    for (const struct walk_job *other = walkers->waiting; other; other = other->next) {
        waiting++;
    }
    if (waiting <= walkers->idle) {
        pthread_cond_signal(&walkers->work);
        return WALKERS_TAKEN;
    }
    bool started = walkers->threads < WALKERS_MAX && start_thread(walkers) == 0;

    return started || walkers->threads > 0 ? WALKERS_TAKEN : WALKERS_FAILED;
}

enum walkers_answer walkers_submit(struct walkers *walkers, struct walk_job *job)
{
    enum walkers_answer answer = WALKERS_HANG;

    job->walkers = walkers;
    job->running = false;
    job->abandoned = false;
    job->place = (struct slice){NULL, 0};
    job->may_hang = false;
    pthread_mutex_lock(&walkers->lock);
    if (!all_hang(walkers, job->uid)) {
        walkers_append(&walkers->waiting, job);
        answer = find_walker(walkers, job);
        if (answer != WALKERS_TAKEN) {
            take_out(&walkers->waiting, job);
        }
    }
    pthread_mutex_unlock(&walkers->lock);
    return answer;
}

void walkers_abandon(struct walk_job *job)
{
    struct walkers *walkers = job->walkers;

    pthread_mutex_lock(&walkers->lock);
    bool running = job->running;

    job->abandoned = true;
    if (!running && !take_out(&walkers->waiting, job)) {
        take_out(&walkers->returned, job);
    }
    pthread_mutex_unlock(&walkers->lock);
    if (!running) {
        job->destroy(job);
    }
}

struct crowd {
    unsigned there; /* that touch the same place, */
    unsigned stuck; /* and those of them that have been at it for long */
    unsigned all;   /* the same of all places that may hang */
    unsigned all_stuck;
};

static struct crowd crowd_of(const struct walk_job *job, struct slice place)
{
    struct crowd crowd = {0};
    uint64_t now_ms = clock_ms();

    for (const struct walk_job *other = job->walkers->running; other; other = other->next) {
        bool there = other != job && slice_eq(other->place, place);
        bool stuck = now_ms - other->since_ms > WALKERS_PATIENCE_MS;

        crowd.there += there;
        crowd.stuck += there && stuck;
        crowd.all += other->may_hang;
        crowd.all_stuck += other->may_hang && stuck;
    }
    return crowd;
}

/* Who is there leaves, or has been there for long: waiting ends. */
bool walk_may_touch(struct walk_job *job, struct slice place, bool may_hang)
{
    struct walkers *walkers = job->walkers;
    const struct timespec pause = {.tv_nsec = CROWDED_PAUSE_NS};

    for (;;) {
        pthread_mutex_lock(&walkers->lock);
        job->place = (struct slice){NULL, 0};
        job->may_hang = false;
        struct crowd crowd = crowd_of(job, place);
        bool hangs = crowd.stuck >= WALKERS_PER_PLACE || job->abandoned ||
                     (may_hang && crowd.all_stuck >= WALKERS_THAT_HANG);
        bool full =
            may_hang && (crowd.there >= WALKERS_PER_PLACE || crowd.all >= WALKERS_THAT_HANG);

        if (!hangs && !full) {
            job->place = place;
            job->may_hang = may_hang;
            job->since_ms = clock_ms();
        }
        pthread_mutex_unlock(&walkers->lock);
        if (hangs || !full) {
            return !hangs;
        }
        nanosleep(&pause, NULL);
    }
}
