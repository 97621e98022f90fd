/*
 * Directories of the host that containers write to, by any policy of the file. A container that
 * runs as root makes links and moves directories there like the host's root, whoever owns them:
 * what lies in one is not the administrator's any more.
 */
#ifndef SOCKADE_POLICY_MODEL_WRITTEN_H
#define SOCKADE_POLICY_MODEL_WRITTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

struct policy;

struct written_path {
    struct slice path; /* of an allowed directory, as the policy says it */
    bool by_root;      /* no rule keeps containers from writing there as root */
};

struct written_paths {
    const struct written_path *item;
    size_t count;
};

/* Tells each of these policies of all of them. 0 or -ENOMEM. */
MUST_CHECK int written_join(struct policy *const *policies, size_t count);

/* The outermost that `path` lies in, and is not itself; `by_root`: of those alone. NULL. */
const struct written_path *written_around(const struct written_paths *written, struct slice path,
                                          bool by_root);

/* Whether `path` lies in `directory`, and is not itself that. */
bool written_holds(struct slice directory, struct slice path);

#endif
