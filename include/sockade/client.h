/*
 * Who is at the other end of a connection, and which policy that gives: by user, by group, by
 * the container that the process is in. What the kernel and the engine say of a client
 * is read here; asking them is somebody else's business.
 */
#ifndef SOCKADE_CLIENT_H
#define SOCKADE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sockade/arena.h"
#include "sockade/request.h"
#include "sockade/slice.h"

struct policy;
struct policy_clients;
struct string_map;

enum { CONTAINER_ID_DIGITS = 64 };

/* The container that a process is in, by its control group. Borrowed from the text. */
struct cgroup_container {
    struct slice path; /* of the container's own group; a process may be in one below */
    struct slice id;   /* the 64 digits in it */
};

/*
 * Reads the text of /proc/PID/cgroup: the innermost container of the first line that
 * names one. False when there is none. A name is a claim: who may make control groups, as
 * users may below their own session, can choose one. It is true when the container's first
 * process has the same `path`.
 */
bool cgroup_find_container(struct slice text, struct cgroup_container *out);

/* What the engine says of a container. Slices are the arena's. */
struct policy_container {
    struct slice name; /* without the leading slash */
    const struct string_map *labels;
    pid_t pid; /* of its first process; 0: not running */
};

/* From its inspection. 0; -EBADMSG when that is not one, or of another container; -ENOMEM. */
int policy_container_read(struct slice body, struct slice id, struct arena *arena,
                          struct policy_container *out) __attribute__((warn_unused_result));

struct policy_client {
    struct sockade_peer peer;
    const gid_t *groups; /* supplementary ones */
    size_t group_count;
    const struct policy_container *container; /* confirmed; NULL: none, or not known */
};

/* What has to be known of a client before it can be given a policy. `clients` may be NULL. */
bool policy_clients_want_groups(const struct policy_clients *clients);
bool policy_clients_want_container(const struct policy_clients *clients);

/* Whether an entry has a policy of that name. `clients` may be NULL. */
bool policy_clients_have(const struct policy_clients *clients, const char *name);

/* The policy of the first entry that is for this client, borrowed; else `otherwise`. */
struct policy *policy_choose(const struct policy_clients *clients, struct policy *otherwise,
                             const struct policy_client *client);

/* Counted as policies are. Both take NULL. */
struct policy_clients *policy_clients_ref(struct policy_clients *clients);
void policy_clients_unref(struct policy_clients *clients);

#endif
