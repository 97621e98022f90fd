/*
 * The body of services/create and services/{id}/update: swarm's ServiceSpec. What it says
 * about containers goes into struct container_spec, so that the rules which guard a
 * create guard services as well.   Source: moby api/types/swarm.
 */
#ifndef SOCKADE_DOCKER_SERVICE_SPEC_H
#define SOCKADE_DOCKER_SERVICE_SPEC_H

#include "docker/tables/container_spec.h"
#include "docker/tables/fields.h"

/* The body's table; places are in struct container_spec. */
extern const struct field_table service_table;

/*
 * Reads the whole body, as container_spec_read_create() does. `api_minor` is that of the
 * request, 0 when its path has none: engines take out of a service what the version did
 * not have, limits and protections included.
 */
MUST_CHECK int service_spec_read(struct spec_reader *reader, struct json *tree, unsigned api_minor,
                                 struct container_spec *out);

/* What container_spec_set_host_int() and container_spec_add_security_opt() do for services. */
MUST_CHECK int service_spec_set_int(struct container_spec *spec, struct slice name, int64_t value);
MUST_CHECK int service_spec_add_security_opt(struct container_spec *spec, struct slice text);

/* Where the body names the network of spec->endpoints[index]; NULL: it doesn't. */
struct slice *service_spec_network(const struct container_spec *spec, size_t index);

/* The network of spec->endpoints[index] by its id, which stays what it is. 0 or -ENOMEM. */
MUST_CHECK int service_spec_set_network(struct container_spec *spec, size_t index, struct slice id);

/*
 * `text` begins with a create body's field ("HostConfig.CapAdd[0] is ..."): *rest gets what
 * follows the field, and the answer is what a service calls it. Empty when there is none.
 */
struct slice service_field_name(struct slice text, struct slice *rest);

#endif
