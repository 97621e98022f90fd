/*
 * What the engine says about an exec and about a network.
 */
#ifndef SOCKADE_DOCKER_ENGINE_ANSWERS_H
#define SOCKADE_DOCKER_ENGINE_ANSWERS_H

#include "docker/spec.h"

/* GET /exec/{id}/json */
struct exec_answer {
    struct slice container; /* its full id */
    struct slice user;      /* empty: the container's */
    bool privileged;
};

/* GET /networks/{name} */
struct network_answer {
    struct slice id; /* may be empty */
    struct slice name;
    struct slice driver;
};

/* GET /info */
struct info_answer {
    bool no_swarm; /* it says so */
};

/* 0, -EBADMSG when it isn't what the engine answers, or -ENOMEM. Slices are the arena's. */
MUST_CHECK int info_answer_read(struct slice body, struct arena *arena, struct info_answer *out);
MUST_CHECK int exec_answer_read(struct slice body, struct arena *arena, struct exec_answer *out);
MUST_CHECK int network_answer_read(struct slice body, struct arena *arena,
                                   struct network_answer *out);

/* 64 hexadecimal digits in lower case. */
bool engine_id_is_full(struct slice id);

#endif
