/*
 * The parts of a container body that are lists of things, gathered into the spec
 * after fields_read() has checked every type.
 */
#ifndef SOCKADE_DOCKER_CONTAINER_PARTS_H
#define SOCKADE_DOCKER_CONTAINER_PARTS_H

#include "docker/tables/container_spec.h"

/*
 * Each fills its part of `spec` from spec->tree and spec->host_config. `prefix` is
 * put before the names of host configuration fields in messages: "HostConfig." or "".
 * 0 or -ENOMEM.
 */

enum { CONTAINER_MAX_MOUNTS = 500 };

/* Binds, Mounts, Tmpfs and Volumes; rewrites bind sources in the tree as they were judged. */
MUST_CHECK int container_mounts_read(struct spec_reader *reader, struct container_spec *spec,
                                     const char *prefix);

/* Mounts alone, of spec->host_config. */
MUST_CHECK int container_mount_list_read(struct spec_reader *reader, struct container_spec *spec,
                                         const char *prefix);

/* Env and Healthcheck, of spec->config. */
MUST_CHECK int container_env_read(struct container_spec *spec);
void container_healthcheck_read(struct container_spec *spec);

/* Devices, DeviceRequests, the Blkio lists and Ulimits. */
MUST_CHECK int container_devices_read(struct container_spec *spec, const char *prefix);

/* PortBindings and NetworkingConfig. */
MUST_CHECK int container_network_read(struct container_spec *spec, const char *prefix);

/* An entry of EndpointsConfig, or the EndpointConfig of networks.connect; not its name and field.
 */
MUST_CHECK int container_endpoint_read(struct arena *arena, const struct json *entry,
                                       struct network_endpoint *endpoint);

/* Ulimits, as a list; `prefix` as above. */
MUST_CHECK int container_ulimits_read(struct container_spec *spec, const struct json *list,
                                      const char *prefix);

/* "HostConfig.Binds[3]" */
MUST_CHECK int container_field(struct arena *arena, const char *prefix, const char *name,
                               size_t index, struct slice *out);
/* "HostConfig.Tmpfs[/tmp]" */
MUST_CHECK int container_field_key(struct arena *arena, const char *prefix, const char *name,
                                   struct slice key, struct slice *out);

/* An entry of SecurityOpt, split. */
struct security_option security_option_parse(struct slice field, struct slice text);

#endif
