/*
 * The field tables of the bodies that describe a container. Places are in struct
 * container_spec.
 */
#ifndef SOCKADE_DOCKER_CONTAINER_TABLES_H
#define SOCKADE_DOCKER_CONTAINER_TABLES_H

#include "docker/tables/fields.h"

extern const struct field_table container_create_table;
extern const struct field_table container_update_table;
extern const struct field_table container_host_config_table;

/* Parts that services have as well; place none. */
extern const struct field_table container_mount_table;
extern const struct field_table container_ulimit_table;
extern const struct field_table container_healthcheck_table;

/* The body of a commit: the configuration without a host configuration. */
extern const struct field_table container_commit_table;

/* One network's part of a container; places none. */
extern const struct field_table container_endpoint_table;

#endif
