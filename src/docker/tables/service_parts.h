/*
 * What reading a service and writing into it share.
 */
#ifndef SOCKADE_DOCKER_SERVICE_PARTS_H
#define SOCKADE_DOCKER_SERVICE_PARTS_H

#include "docker/tables/service_spec.h"

/* How messages call the members. */
#define TASK "TaskTemplate."
#define CONTAINER TASK "ContainerSpec."

/* A member of TaskTemplate, or NULL. */
struct json *service_task_member(const struct container_spec *spec, struct slice name);

/* Fills spec->security_opt from ContainerSpec.Privileges. 0 or -ENOMEM. */
MUST_CHECK int service_privileges_read(struct container_spec *spec);

/* SwapBytes is beside the memory, a container's MemorySwap both together; -1 is no limit. */
void service_swap_read(struct container_spec *spec);

/* REFUSED: templates that cost the engine more than they seem to. 0 or -ENOMEM. */
MUST_CHECK int service_templates_check(struct spec_reader *reader,
                                       const struct container_spec *spec);

#endif
