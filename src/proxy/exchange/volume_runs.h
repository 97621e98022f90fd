/*
 * With which volumes something ran, and until when. What ran may have handed an open directory of a
 * volume to somebody who does not mount it, and has it still (SCM_RIGHTS): the engine must not copy
 * files into such a volume, by paths, as root. One table for the whole process, bounded; what is
 * not in it, because it is older than the table or had to make room, is as old as `floor_s` says.
 * Pure: no clock. Times are in seconds since 1970.
 */
#ifndef SOCKADE_PROXY_VOLUME_RUNS_H
#define SOCKADE_PROXY_VOLUME_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockade/slice.h"

enum { VOLUME_RUNS_MAX = 16384 };

struct volume_run;

/* All zero is an empty table of a process that began in 1970: volume_runs_raise(). */
struct volume_runs {
    void *tree; /* of volumes, as tsearch(3) keeps it */
    size_t count;
    struct volume_run *first; /* by when they ran last, the longest ago first */
    struct volume_run *last;
    uint64_t floor_s;  /* until then anything may have run with any volume */
    uint64_t latest_s; /* of all that was noted: a clock that is set back changes nothing */
    uint64_t turn;     /* counts what was noted */
    bool forgot;       /* what ran had to make room: any other volume may be such a one */
};

/* Until `now_s` anything may have happened: the process has just begun, or the engine has. */
void volume_runs_raise(struct volume_runs *runs, uint64_t now_s);

/* Something is about to run with the volume. Without memory it is as if it had run with all. */
void volume_runs_note(struct volume_runs *runs, struct slice name, uint64_t now_s);

/*
 * Whether something ran with a volume of that name, or is no longer known not to have since the
 * table began; and until when that may be.
 */
bool volume_runs_find(const struct volume_runs *runs, struct slice name, uint64_t *until_s);

/* The engine has removed the volume, by a request that was sent when runs->turn was `turn`. */
void volume_runs_forget(struct volume_runs *runs, struct slice name, uint64_t turn);

void volume_runs_deinit(struct volume_runs *runs);

#endif
