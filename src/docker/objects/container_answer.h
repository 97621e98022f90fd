/*
 * A container that exists already, as GET /containers/{name}/json shows it: what of it
 * may lead to the host, in the struct that create bodies are read into, so that the same
 * rules judge both.
 */
#ifndef SOCKADE_DOCKER_CONTAINER_ANSWER_H
#define SOCKADE_DOCKER_CONTAINER_ANSWER_H

#include "docker/tables/container_spec.h"

struct container_answer {
    struct slice id;
    struct slice image_id;      /* of the image it was made of; empty: unknown */
    bool running;               /* or paused, or the engine does not say */
    bool restarts;              /* the engine restarts it when it ends, or is about to */
    bool is_task;               /* of a service: swarm stops it when it likes */
    bool has_mounts;            /* of volumes or of the host's paths */
    bool mounts_into_path;      /* one of them lies below a mount of the host's path */
    struct slice working_dir;   /* the image's, where the request named none; empty: / */
    struct string_list volumes; /* the names of those volumes, the unnamed ones' as well */
    /*
     * It may be a step of a classic build, which has the labels of a Dockerfile and nothing of what
     * rules demand: then `spec` is everything that it has. The builder turns its log off and
     * names its image by the id; both say so as long as the container exists.
     * Source: moby builder/dockerfile/internals.go, hostConfigFromOptions (since 1.10), create.
     */
    bool left_by_build;
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

/* Whether an inspection shows the marks that `left_by_build` speaks of. */
bool container_is_left_by_build(const struct json *inspected);

/* What the containers of a list mount. */
struct container_list_use {
    struct string_list volumes; /* their names */
    /* The same of those whose image is named by its id, as the steps of a build name theirs. */
    struct string_list of_steps;
};

/*
 * The volumes that the containers of a list mount, but for one of them. As GET /containers/json
 * answers it. 0; -EBADMSG when it is something else, or has `limit` containers, so that there may
 * be more; or -ENOMEM.
 */
MUST_CHECK int container_list_volumes(struct slice body, struct arena *arena,
                                      struct slice except_id, size_t limit,
                                      struct container_list_use *out);

#endif
