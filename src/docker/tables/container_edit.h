/*
 * What sockade changes in the body of a create or a service after it has been judged, or because a
 * rule writes a default in: the spec and the tree that is sent change together. All are 0, -ENOMEM,
 * or -EINVAL for a name that is no such field.
 */
#ifndef SOCKADE_DOCKER_CONTAINER_EDIT_H
#define SOCKADE_DOCKER_CONTAINER_EDIT_H

#include "docker/tables/container_spec.h"

MUST_CHECK int container_edit_image(struct container_spec *spec, struct slice image);
MUST_CHECK int container_edit_read_only(struct container_spec *spec);

/* Without HostConfig.MaskedPaths and ReadonlyPaths, which the engine then has as it likes. */
void container_edit_leave_paths(struct container_spec *spec);

/* Adds to HostConfig.CapDrop, or what a service has for it. */
MUST_CHECK int container_edit_drop(struct container_spec *spec, struct slice capability);

/* The address into every port that names none. A service's ports have none to be written. */
MUST_CHECK int container_edit_addresses(struct container_spec *spec, struct slice address);

/*
 * A bind that the engine refuses to start, instead of making a directory where its source is
 * missing: what is in Binds becomes an entry of Mounts, and says the same otherwise. It stays as it
 * is where Mounts cannot say it: below API version 1.25, or relabelled. What Podman would take
 * apart again in Mounts stays as well.   Source: moby volume/mounts/linux_parser.go; Podman
 * cmd/podman/common/create_opts.go.
 */
MUST_CHECK int container_edit_require_source(struct container_spec *spec, struct mount_spec *mount);

/* A volume of Binds or Mounts, which the engine then does not fill with the image's files. */
MUST_CHECK int container_edit_no_copy(struct container_spec *spec, struct mount_spec *mount);

enum container_mode { CONTAINER_MODE_NETWORK = 0, CONTAINER_MODE_PID, CONTAINER_MODE_IPC };

/* "container:NAME" becomes "container:ID". */
MUST_CHECK int container_edit_mode(struct container_spec *spec, enum container_mode mode,
                                   struct slice value);

/* Entry `index` of HostConfig.VolumesFrom, which exists. */
MUST_CHECK int container_edit_volumes_from(struct container_spec *spec, size_t index,
                                           struct slice value);

#endif
