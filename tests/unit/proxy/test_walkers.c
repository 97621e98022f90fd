/*
 * Threads whose work may never return: who gets one, who does not, and what is left of a job that
 * nobody waits for.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/host/walkers.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool gate_open;
static unsigned at_work;
static unsigned most_at_work;
static unsigned done;
static unsigned destroyed;

/* A file system that does not answer until the gate opens. */
static void on_hanging_work(struct walk_job *job)
{
    (void)job;
    pthread_mutex_lock(&lock);
    at_work++;
    most_at_work = at_work > most_at_work ? at_work : most_at_work;
    while (!gate_open) {
        pthread_cond_wait(&opened, &lock);
    }
    at_work--;
    pthread_mutex_unlock(&lock);
}

static void on_quick_work(struct walk_job *job)
{
    (void)job;
}

static void on_done(struct walk_job *job)
{
    done++;
    free(job);
}

static void on_destroy(struct walk_job *job)
{
    pthread_mutex_lock(&lock);
    destroyed++;
    pthread_mutex_unlock(&lock);
    free(job);
}

static struct walk_job *job_for(uid_t uid, void (*work)(struct walk_job *))
{
    struct walk_job *job = calloc(1, sizeof(*job));

    cr_assert_not_null(job);
    job->uid = uid;
    job->work = work;
    job->done = on_done;
    job->destroy = on_destroy;
    return job;
}

static unsigned read_of(const unsigned *value)
{
    pthread_mutex_lock(&lock);
    unsigned read = *value;

    pthread_mutex_unlock(&lock);
    return read;
}

static void open_gate(void)
{
    pthread_mutex_lock(&lock);
    gate_open = true;
    pthread_cond_broadcast(&opened);
    pthread_mutex_unlock(&lock);
}

static void wait_for(uv_loop_t *loop, const unsigned *value, unsigned wanted)
{
    for (int i = 0; i < 1000 && read_of(value) != wanted; i++) {
        uv_run(loop, UV_RUN_NOWAIT);
        usleep(5000);
    }
    cr_assert_eq(read_of(value), wanted);
}

struct place {
    uv_loop_t loop;
    struct walkers *walkers;
};

static void begin(struct place *place)
{
    cr_assert_eq(uv_loop_init(&place->loop), 0);
    cr_assert_eq(walkers_create(&place->walkers, &place->loop), 0);
}

static void end(struct place *place)
{
    open_gate();
    walkers_destroy(place->walkers);
    uv_run(&place->loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&place->loop), 0);
}

static enum walkers_answer submit(struct place *place, struct walk_job *job)
{
    enum walkers_answer answer = walkers_submit(place->walkers, job);

    if (answer != WALKERS_TAKEN) {
        free(job);
    }
    return answer;
}

Test(walkers, return_each_job_once_on_the_loop)
{
    struct place place;

    begin(&place);
    for (unsigned i = 0; i < 300; i++) {
        cr_assert_eq(submit(&place, job_for(i % 7, on_quick_work)), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &done, 300);
    cr_expect_eq(destroyed, 0);
    end(&place);
}

Test(walkers, give_one_user_no_more_than_its_share)
{
    struct place place;

    begin(&place);
    for (unsigned i = 0; i < 20; i++) {
        cr_assert_eq(submit(&place, job_for(1000, on_hanging_work)), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &at_work, WALKERS_PER_USER);
    // Another user does not wait behind them.
    cr_assert_eq(submit(&place, job_for(1001, on_quick_work)), WALKERS_TAKEN);
    wait_for(&place.loop, &done, 1);
    open_gate();
    wait_for(&place.loop, &done, 21);
    cr_expect_eq(most_at_work, WALKERS_PER_USER);
    end(&place);
}

Test(walkers, refuse_a_user_whose_jobs_hang_until_they_return)
{
    struct place place;
    struct walk_job *hanging[WALKERS_PER_USER];

    begin(&place);
    for (unsigned i = 0; i < WALKERS_PER_USER; i++) {
        hanging[i] = job_for(1000, on_hanging_work);
        cr_assert_eq(submit(&place, hanging[i]), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &at_work, WALKERS_PER_USER);
    for (unsigned i = 0; i < WALKERS_PER_USER; i++) {
        walkers_abandon(hanging[i]);
    }
    cr_expect_eq(read_of(&destroyed), 0, "a thread still uses them");
    for (unsigned i = 0; i < 1000; i++) {
        cr_assert_eq(submit(&place, job_for(1000, on_quick_work)), WALKERS_HANG);
    }
    cr_assert_eq(submit(&place, job_for(1001, on_quick_work)), WALKERS_TAKEN);
    wait_for(&place.loop, &done, 1);
    open_gate();
    wait_for(&place.loop, &destroyed, WALKERS_PER_USER);
    cr_assert_eq(submit(&place, job_for(1000, on_quick_work)), WALKERS_TAKEN);
    wait_for(&place.loop, &done, 2);
    end(&place);
}

Test(walkers, are_bounded_for_all_users_together)
{
    struct place place;
    struct walk_job *hanging[WALKERS_MAX];

    begin(&place);
    for (unsigned i = 0; i < WALKERS_MAX; i++) {
        hanging[i] = job_for(i, on_hanging_work);
        cr_assert_eq(submit(&place, hanging[i]), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &at_work, WALKERS_MAX);
    cr_assert_eq(submit(&place, job_for(2000, on_quick_work)), WALKERS_TAKEN, "one may return");
    for (unsigned i = 0; i < WALKERS_MAX; i++) {
        walkers_abandon(hanging[i]);
    }
    cr_expect_eq(submit(&place, job_for(2001, on_quick_work)), WALKERS_HANG);
    open_gate();
    wait_for(&place.loop, &done, 1);
    wait_for(&place.loop, &destroyed, WALKERS_MAX);
    end(&place);
}

Test(walkers, forget_a_job_that_is_abandoned_before_it_begins)
{
    struct place place;
    struct walk_job *job = NULL;

    begin(&place);
    for (unsigned i = 0; i < WALKERS_PER_USER; i++) {
        cr_assert_eq(submit(&place, job_for(1000, on_hanging_work)), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &at_work, WALKERS_PER_USER);
    job = job_for(1000, on_quick_work);
    cr_assert_eq(submit(&place, job), WALKERS_TAKEN);
    walkers_abandon(job);
    cr_expect_eq(destroyed, 1);
    open_gate();
    wait_for(&place.loop, &done, WALKERS_PER_USER);
    end(&place);
}

/* Waits in one place, as `place` says. */
static void on_waiting_work(struct walk_job *job)
{
    cr_expect(walk_may_touch(job, SLICE("/net"), true));
    on_hanging_work(job);
}

static bool elsewhere;
static bool there;

static void on_asking_work(struct walk_job *job)
{
    elsewhere = walk_may_touch(job, SLICE("/srv"), true);
    there = walk_may_touch(job, SLICE("/net"), true);
}

Test(walkers, keep_away_from_a_place_where_others_wait)
{
    struct place place;

    begin(&place);
    for (unsigned i = 0; i < WALKERS_PER_PLACE; i++) {
        cr_assert_eq(submit(&place, job_for(i, on_waiting_work)), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &at_work, WALKERS_PER_PLACE);
    usleep((WALKERS_PATIENCE_MS + 50) * 1000);
    cr_assert_eq(submit(&place, job_for(100, on_asking_work)), WALKERS_TAKEN);
    wait_for(&place.loop, &done, 1);
    cr_expect(elsewhere);
    cr_expect_not(there);
    open_gate();
    wait_for(&place.loop, &done, WALKERS_PER_PLACE + 1);
    cr_assert_eq(submit(&place, job_for(100, on_asking_work)), WALKERS_TAKEN);
    wait_for(&place.loop, &done, WALKERS_PER_PLACE + 2);
    cr_expect(there, "it answers again");
    end(&place);
}

static void on_crowding_work(struct walk_job *job)
{
    if (walk_may_touch(job, SLICE("/net"), true)) {
        on_hanging_work(job);
    }
}

/* However many come at once, and whoever they are for. */
Test(walkers, do_not_all_wait_for_one_place)
{
    struct place place;

    begin(&place);
    for (unsigned i = 0; i < 3 * WALKERS_MAX; i++) {
        cr_assert_eq(submit(&place, job_for(i, on_crowding_work)), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &done, 3 * WALKERS_MAX - WALKERS_PER_PLACE);
    cr_expect_eq(most_at_work, WALKERS_PER_PLACE);
    cr_assert_eq(submit(&place, job_for(2000, on_quick_work)), WALKERS_TAKEN);
    wait_for(&place.loop, &done, 3 * WALKERS_MAX - WALKERS_PER_PLACE + 1);
    open_gate();
    wait_for(&place.loop, &done, 3 * WALKERS_MAX + 1);
    end(&place);
}

static struct slice places[2 * WALKERS_MAX];

static void on_scattered_work(struct walk_job *job)
{
    if (walk_may_touch(job, places[job->uid], true)) {
        on_hanging_work(job);
    }
}

/* Each in a place of its own. */
Test(walkers, do_not_all_wait_for_places_that_may_hang)
{
    static const char names[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct place place;
    unsigned count = sizeof(names) - 1;

    begin(&place);
    for (unsigned i = 0; i < count; i++) {
        places[i] = (struct slice){&names[i], 1};
        cr_assert_eq(submit(&place, job_for(i, on_scattered_work)), WALKERS_TAKEN);
    }
    wait_for(&place.loop, &done, count - WALKERS_THAT_HANG);
    cr_expect_eq(most_at_work, WALKERS_THAT_HANG);
    cr_assert_eq(submit(&place, job_for(2000, on_quick_work)), WALKERS_TAKEN);
    wait_for(&place.loop, &done, count - WALKERS_THAT_HANG + 1);
    open_gate();
    wait_for(&place.loop, &done, count + 1);
    end(&place);
}
