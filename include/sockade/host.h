/*
 * What the engine says about its host and about the container of this process. It proves whether a
 * path that this process sees is the same file for the engine.
 */
#ifndef SOCKADE_HOST_H
#define SOCKADE_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "sockade/arena.h"
#include "sockade/slice.h"

/* From GET /info. */
struct policy_engine_host {
    struct slice name;     /* of the host, as uname(2) returns it */
    struct slice kernel;   /* release */
    uint64_t memory_bytes; /* all of it, whole KiB */
};

/* 0; -EBADMSG if `body` is not such an answer; -ENOMEM. Slices belong to the arena. */
int policy_engine_host_read(struct slice body, struct arena *arena, struct policy_engine_host *out)
    __attribute__((warn_unused_result));

/* A host directory that is mounted into a container, whatever type the engine gives the mount. */
struct policy_bind {
    struct slice source;      /* on the host */
    struct slice destination; /* in the container */
};

struct policy_binds {
    const struct policy_bind *item;
    size_t count;
};

/*
 * Reads the bind mounts of the container `id` (64 digits) from its inspection. 0; -EBADMSG if
 * `body` is not an inspection, or is that of another container; -ENOMEM.
 */
int policy_binds_read(struct slice body, struct slice id, struct arena *arena,
                      struct policy_binds *out) __attribute__((warn_unused_result));

#endif
