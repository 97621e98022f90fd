/*
 * Where in a body a value is, as messages say it: "HostConfig.Mounts[1].Source".
 */
#ifndef SOCKADE_DOCKER_FIELD_PATH_H
#define SOCKADE_DOCKER_FIELD_PATH_H

#include "base/cleanup.h"
#include "sockade/arena.h"

enum step_kind { STEP_NAME = 0, STEP_KEY, STEP_INDEX };

/* One step; the path is what its innermost step leads up to. */
struct step {
    const struct step *up;
    enum step_kind kind;
    struct slice name;
    size_t index;
};

/* The path as text, in `arena`; "body" for no step at all. 0 or -ENOMEM. */
MUST_CHECK int field_path_write(const struct step *at, struct arena *arena, struct slice *out);

#endif
