/*
 * The field table of a service's body. Places are in struct container_spec.
 */
#ifndef SOCKADE_DOCKER_SERVICE_TABLES_H
#define SOCKADE_DOCKER_SERVICE_TABLES_H

#include "docker/fields.h"

extern const struct field_table service_table;

#endif
