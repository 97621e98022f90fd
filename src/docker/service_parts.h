/*
 * What reading a service and writing into it share.
 */
#ifndef SOCKADE_DOCKER_SERVICE_PARTS_H
#define SOCKADE_DOCKER_SERVICE_PARTS_H

#include "docker/service_spec.h"

/* The member, an object, which is made if it isn't there. NULL when memory is out. */
struct json *service_object_ensure(struct arena *arena, struct json *parent, struct slice name);

/* Fills spec->security_opt from ContainerSpec.Privileges. 0 or -ENOMEM. */
MUST_CHECK int service_privileges_read(struct container_spec *spec);

/* SwapBytes is beside the memory, a container's MemorySwap both together; -1 is no limit. */
void service_swap_read(struct container_spec *spec);

/* REFUSED: templates that cost the engine more than they seem to. 0 or -ENOMEM. */
MUST_CHECK int service_templates_check(struct spec_reader *reader,
                                       const struct container_spec *spec);

#endif
