/*
 * See volume_runs.h. A balanced tree by name, and a list by time: who chooses the names has no say
 * in how long a step takes.
 */
#include "proxy/exchange/volume_runs.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct volume_run {
    struct slice name; /* in what follows, once it is in the tree */
    uint64_t until_s;
    uint64_t turn;
    struct volume_run *next;
    struct volume_run *previous;
    char text[];
};

static int volume_runs_compare(const void *one, const void *other)
{
    const struct volume_run *a = one;
    const struct volume_run *b = other;

    if (a->name.len != b->name.len) {
        return a->name.len < b->name.len ? -1 : 1;
    }
    return a->name.len > 0 ? memcmp(a->name.ptr, b->name.ptr, a->name.len) : 0;
}

static struct volume_run *volume_runs_get(const struct volume_runs *runs, struct slice name)
{
    const struct volume_run wanted = {.name = name};
    struct volume_run *const *found = tfind(&wanted, &runs->tree, volume_runs_compare);

    return found ? *found : NULL;
}

static void volume_runs_unlink(struct volume_runs *runs, struct volume_run *run)
{
    *(run->previous ? &run->previous->next : &runs->first) = run->next;
    *(run->next ? &run->next->previous : &runs->last) = run->previous;
    run->next = NULL;
    run->previous = NULL;
}

static void volume_runs_append(struct volume_runs *runs, struct volume_run *run)
{
    run->previous = runs->last;
    *(runs->last ? &runs->last->next : &runs->first) = run;
    runs->last = run;
}

static void volume_runs_drop(struct volume_runs *runs, struct volume_run *run)
{
    volume_runs_unlink(runs, run);
    tdelete(run, &runs->tree, volume_runs_compare);
    runs->count--;
    free(run);
}

/* NULL when memory is out. */
static struct volume_run *volume_runs_add(struct volume_runs *runs, struct slice name)
{
    struct volume_run *run = calloc(1, sizeof(*run) + name.len);

    if (!run) {
        return NULL;
    }
    run->name = (struct slice){run->text, name.len};
    if (name.len > 0) {
        memcpy(run->text, name.ptr, name.len);
    }
    if (!tsearch(run, &runs->tree, volume_runs_compare)) {
        free(run);
        return NULL;
    }
    runs->count++;
    return run;
}

static uint64_t volume_runs_time(struct volume_runs *runs, uint64_t now_s)
{
    runs->latest_s = now_s > runs->latest_s ? now_s : runs->latest_s;
    return runs->latest_s;
}

void volume_runs_raise(struct volume_runs *runs, uint64_t now_s)
{
    runs->floor_s = volume_runs_time(runs, now_s);
}

void volume_runs_note(struct volume_runs *runs, struct slice name, uint64_t now_s)
{
    struct volume_run *run = volume_runs_get(runs, name);

    runs->turn++;
    if (run) {
        volume_runs_unlink(runs, run);
    } else {
        run = volume_runs_add(runs, name);
        if (!run) {
            volume_runs_raise(runs, now_s);
            runs->forgot = true;
            return;
        }
    }
    run->until_s = volume_runs_time(runs, now_s);
    run->turn = runs->turn;
    volume_runs_append(runs, run);
    if (runs->count > VOLUME_RUNS_MAX) {
        runs->floor_s = runs->first->until_s;
        runs->forgot = true;
        volume_runs_drop(runs, runs->first);
    }
}

bool volume_runs_find(const struct volume_runs *runs, struct slice name, uint64_t *until_s)
{
    const struct volume_run *run = volume_runs_get(runs, name);

    *until_s = run ? run->until_s : runs->floor_s;
    return run || runs->forgot;
}

void volume_runs_forget(struct volume_runs *runs, struct slice name, uint64_t turn)
{
    struct volume_run *run = volume_runs_get(runs, name);

    // Who made it anew meanwhile, and ran with it, is not forgotten.
    if (run && run->turn <= turn) {
        volume_runs_drop(runs, run);
    }
}

void volume_runs_deinit(struct volume_runs *runs)
{
    while (runs->first) {
        volume_runs_drop(runs, runs->first);
    }
}
