/*
 * Absolute, clean paths compared by their components, as text: "/srv/ci" holds "/srv/ci/x", and not
 * "/srv/ci-evil".
 */
#ifndef SOCKADE_BASE_PATH_TEXT_H
#define SOCKADE_BASE_PATH_TEXT_H

#include "sockade/slice.h"

/* `path` is `directory` or lies beneath it. Most that do not differ where the directory's name
 * ends: no call then. */
static inline bool path_is_within(struct slice path, struct slice directory)
{
    if (directory.len == 1 && directory.ptr[0] == '/') {
        return true;
    }
    if (path.len < directory.len || (path.len > directory.len && path.ptr[directory.len] != '/')) {
        return false;
    }
    return slice_starts_with(path, directory);
}

#endif
