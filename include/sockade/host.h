/*
 * What the engine says of the host that it runs on and of the container that this process is in:
 * by that it is known whether a path that is seen here is the same file there.
 */
#ifndef SOCKADE_HOST_H
#define SOCKADE_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "sockade/arena.h"
#include "sockade/slice.h"

/* From GET /info. */
struct policy_engine_host {
    struct slice name;     /* of the host, as uname(2) has it */
    struct slice kernel;   /* release */
    uint64_t memory_bytes; /* all of it, whole KiB */
};

/* 0; -EBADMSG when it isn't what an engine answers; -ENOMEM. Slices are the arena's. */
int policy_engine_host_read(struct slice body, struct arena *arena, struct policy_engine_host *out)
    __attribute__((warn_unused_result));

/* A directory of the host that a container has, whatever the engine calls the mount. */
struct policy_bind {
    struct slice source;      /* on the host */
    struct slice destination; /* in the container */
};

struct policy_binds {
    const struct policy_bind *item;
    size_t count;
};

/*
 * From the inspection of the container `id` (64 digits): its bind mounts. 0; -EBADMSG when it is
 * not one, or of another container; -ENOMEM.
 */
int policy_binds_read(struct slice body, struct slice id, struct arena *arena,
                      struct policy_binds *out) __attribute__((warn_unused_result));

#endif
