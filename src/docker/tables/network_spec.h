/*
 * The parts of network bodies that are more than a place in a table: who is connected
 * how, and the options that a rule writes in.
 */
#ifndef SOCKADE_DOCKER_NETWORK_SPEC_H
#define SOCKADE_DOCKER_NETWORK_SPEC_H

#include "docker/tables/container_spec.h"
#include "docker/tables/other_specs.h"

/* POST /networks/{id}/connect */
struct connect_spec {
    struct slice container;
    struct network_endpoint endpoint; /* `name` is left empty: the path has it */
};

/* `tree` has been read by plain_spec_read(). 0 or -ENOMEM. */
MUST_CHECK int connect_spec_read(struct arena *arena, const struct json *tree,
                                 struct connect_spec *out);

/* Sets Options[key] in spec and tree. 0 or -ENOMEM. */
MUST_CHECK int network_spec_set_option(struct arena *arena, struct network_spec *spec,
                                       struct slice key, struct slice value);

#endif
