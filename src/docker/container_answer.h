/*
 * A container that exists already, as GET /containers/{name}/json shows it: what of it
 * may lead to the host, in the struct that create bodies are read into, so that the same
 * rules judge both.
 */
#ifndef SOCKADE_DOCKER_CONTAINER_ANSWER_H
#define SOCKADE_DOCKER_CONTAINER_ANSWER_H

#include "docker/container_spec.h"

struct container_answer {
    struct slice id;
    struct slice image_id; /* of the image it was made of; empty: unknown */
    /* Mounts of other containers that it took over are in spec.mounts as well. */
    /*
     * What a client chose. What the engine fills in by itself is left out (the log driver,
     * limits) or left to the rules: masked and read-only paths, runtime and cgroup namespace
     * may be the engine's.
     */
    struct container_spec spec;
};

/* 0, -EBADMSG when it isn't what the engine answers, or -ENOMEM. */
MUST_CHECK int container_answer_read(struct slice body, struct arena *arena,
                                     struct container_answer *out);

#endif
