/*
 * Paths of the host, as far as they can be compared without looking at the host:
 * sockade may run where its own /var/run is not the engine's, so symbolic links
 * are not resolved here, but for the aliases that every distribution has.
 */
#ifndef SOCKADE_POLICY_PATHS_H
#define SOCKADE_POLICY_PATHS_H

#include "base/cleanup.h"
#include "docker/mount.h"

enum { PATHS_MAX_SOURCES = 256 }; /* that are looked at for one request */

/* Cleaned, and /var/run/... written as /run/…. 0 or -ENOMEM. */
MUST_CHECK int host_path(struct arena *arena, struct slice path, struct slice *out);

/* The same without a copy of what is clean: *out may be a part of `path`. */
MUST_CHECK int host_path_borrow(struct arena *arena, struct slice path, struct slice *out);

/*
 * Whether mounting `path` (as host_path() leaves it) gives a socket of a container
 * engine: it is one or a directory above one. `own` is this process' engine socket.
 */
bool host_path_reaches_engine(struct slice path, struct slice own);

/* Whether `path` is a socket by which a Docker client expects its engine: ours may stand in. */
bool host_path_is_docker_socket(struct slice path, struct slice own);

/* An allowed root that holds `path`, and lies inside the same magic tree (/proc, /sys, /dev). */
bool host_path_covers(struct slice root, struct slice path);

/* 0 or a negative errno, which ends it. */
typedef int path_user(void *context, struct slice path);

/*
 * Everything in the value of a volume's option that may be a path ("lowerdir=/run:/x,upperdir=u"),
 * absolute: a relative one begins where the engine runs, in /.   Source: mount(2).
 */
MUST_CHECK int host_paths_each(struct arena *arena, struct slice value, path_user *use,
                               void *context);

#endif
