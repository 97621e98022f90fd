/*
 * What the kernel says of the process at the other end of a unix socket.
 */
#ifndef SOCKADE_PROXY_PEER_H
#define SOCKADE_PROXY_PEER_H

#include "base/cleanup.h"
#include "sockade/client.h"

/* As of connect(). A pid of 0 is a process that this one can't see. */
struct sockade_peer peer_read(int fd);

/*
 * The supplementary groups, in memory that is the caller's to free; NULL with a count of 0.
 * 0 or a negative errno.
 */
MUST_CHECK int peer_groups(int fd, gid_t **out, size_t *count);

enum peer_place {
    PEER_HIDDEN = 0,  /* nobody can tell: it has ended, or can't be looked at */
    PEER_NESTED,      /* in no container's control group, but in a PID namespace of its own */
    PEER_ON_HOST,     /* in the PID namespace that /proc shows, and in no container's group */
    PEER_IN_CONTAINER /* or in a control group that is named like one */
};

/*
 * Where the connected process is. PEER_IN_CONTAINER: *out is the container, in memory of its own
 * (*text, to be freed). Only `closely` tells PEER_ON_HOST, and calls a process whose main thread
 * has ended hidden; else what is in no container's group is PEER_NESTED, and such a process is
 * where its other threads are. The kernel takes long for the difference (/proc/PID/status).
 */
enum peer_place peer_find(int fd, pid_t pid, bool closely, char **text,
                          struct cgroup_container *out);

/* Whether that process is in a container whose control group is `path`, and the path no lie. */
bool peer_is_in(pid_t pid, const struct cgroup_container *container);

#endif
