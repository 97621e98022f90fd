/*
 * Looks that were answered by nothing but what had been seen before (host_seen.h), and these
 * answers: the same questions have them again, without a step, until what was seen is void. One
 * that goes through a link, or to what does not exist, is never among them, since these are looked
 * at each time.
 */
#ifndef SOCKADE_PROXY_HOST_ANSWERS_H
#define SOCKADE_PROXY_HOST_ANSWERS_H

#include "base/cleanup.h"
#include "sockade/path.h"

enum { HOST_ANSWERS_MAX = 8, HOST_ANSWERS_MAX_PATHS = 16 }; /* looks, and paths of one */

struct host_answers {
    struct path_look look[HOST_ANSWERS_MAX]; /* without sockets and arena */
    size_t count;
};

/*
 * Answers all of `look`, in its arena, if the same was asked: what a path is, and which
 * directories are allowed beside it. 0 or -ENOMEM.
 */
MUST_CHECK int host_answers_get(const struct host_answers *answers, const struct path_look *look,
                                bool *found);

/* Keeps what was answered, in `arena`, where there is room for it. 0 or -ENOMEM. */
MUST_CHECK int host_answers_keep(struct host_answers *answers, struct arena *arena,
                                 const struct path_look *look);

#endif
