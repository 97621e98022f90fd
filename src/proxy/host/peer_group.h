/*
 * Whose word the name of a control group is. Engines name the groups of their containers, and who
 * may make groups below its own, as users may below their session, can name them alike. Who does so
 * gains no policy by it (see peer_is_in()), but must not be counted as many containers either.
 */
#ifndef SOCKADE_PROXY_PEER_GROUP_H
#define SOCKADE_PROXY_PEER_GROUP_H

#include <stdbool.h>

#include "sockade/client.h"

/*
 * Whether a user can have made the outermost container's group: the group that it is in belongs to
 * somebody else than root and who we run as, or somebody else may write there. False also if that
 * can't be seen: in a container with control groups of its own, or where none are mounted below
 * /sys/fs/cgroup.
 */
bool peer_group_is_a_users(const struct cgroup_container *container);

#endif
