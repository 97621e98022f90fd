/*
 * Paths of the host, as far as they can be compared without looking at the host:
 * sockade may run where its own /var/run is not the engine's, so symbolic links
 * are not resolved here, but for the aliases that every distribution has.
 */
#ifndef SOCKADE_POLICY_PATHS_H
#define SOCKADE_POLICY_PATHS_H

#include "base/cleanup.h"
#include "docker/mount.h"

/* Cleaned, and /var/run/... written as /run/…. 0 or -ENOMEM. */
MUST_CHECK int host_path(struct arena *arena, struct slice path, struct slice *out);

/*
 * Whether mounting `path` (as host_path() leaves it) gives a socket of a container
 * engine: it is one or a directory above one. `own` is this process' engine socket.
 */
bool host_path_reaches_engine(struct slice path, struct slice own);

#endif
