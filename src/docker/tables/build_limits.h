/*
 * The limits in a build's query, in the struct that create bodies are read into: the
 * engine gives them to every container that the build runs.
 * Source: moby api/server/router/build/build_routes.go.
 */
#ifndef SOCKADE_DOCKER_BUILD_LIMITS_H
#define SOCKADE_DOCKER_BUILD_LIMITS_H

#include "docker/tables/container_spec.h"
#include "http/target.h"

struct build_limits {
    struct container_spec spec; /* memory, swap, CPU, shm_size, ulimits, extra_hosts; no tree */
    struct slice bad;           /* a key whose value isn't one, or empty */
};

/*
 * The engine takes a number that it can't read for 0, which is no limit; here it is `bad`.
 * 0 or -ENOMEM.
 */
MUST_CHECK int build_limits_read(struct arena *arena, const struct query_pair *query,
                                 struct build_limits *out);

#endif
