/*
 * Who is at the other end of a connection, and which policy it gets: by user, by group, by
 * the container that the process is in. This reads what the kernel and the engine say
 * about a client; the caller asks them.
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
    bool nested;       /* the path goes through another container's, */
    size_t outer_len;  /* whose own group is this much of it; else all */
    /* Whose path it is: "pids", "cpu,cpuacct", "name=systemd"; empty: of version 2. */
    struct slice hierarchy;
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
    /*
     * The label that names the policy it was created through; empty: it was created without
     * sockade. With both of these, policy_container_check_image() must tell whether the label is
     * the image's.
     */
    struct slice made_by;
    struct slice image; /* its id, for a path; empty: not known */
};

/* From its inspection. 0; -EBADMSG when that is not one, or of another container; -ENOMEM. */
int policy_container_read(struct slice body, struct slice id, struct arena *arena,
                          struct policy_container *out) __attribute__((warn_unused_result));

/*
 * What the kernel and the engine say of where a process is. Unknown: it can't be told, it is in
 * namespaces of its own, or its control group names a container that the engine does not confirm.
 */
enum client_place { CLIENT_PLACE_UNKNOWN = 0, CLIENT_ON_HOST, CLIENT_IN_CONTAINER };

/*
 * From the answer about its image: empties `made_by` where the container has it from there. 0;
 * -EBADMSG when it is no answer about an image; -ENOMEM.
 */
int policy_container_check_image(unsigned status, struct slice body, struct arena *arena,
                                 struct policy_container *container)
    __attribute__((warn_unused_result));

/* Users and groups are those of the host for a client that is on the host, and only for that. */
struct policy_client {
    struct sockade_peer peer;
    enum client_place place;
    const gid_t *groups; /* supplementary ones */
    size_t group_count;
    const struct policy_container *container; /* with CLIENT_IN_CONTAINER */
};

/* Whether a client's groups must be known to choose its policy. `clients` may be NULL. */
bool policy_clients_want_groups(const struct policy_clients *clients);

/* Whether an entry has a policy of that name. `clients` may be NULL. */
bool policy_clients_have(const struct policy_clients *clients, const char *name);

/*
 * The policy of the first entry that matches this client, borrowed; else `otherwise`. NULL:
 * refused. An entry by uid or gid alone matches only clients on the host; a client whose place is
 * unknown is refused if such an entry would match it. A client in a container that was created
 * through a policy has that policy, if this listener has it. An entry gives it another policy only
 * if its `made_by` names that policy; otherwise the client is refused.
 */
struct policy *policy_choose(const struct policy_clients *clients, struct policy *otherwise,
                             const struct policy_client *client);

/* Counted as policies are. Both take NULL. */
struct policy_clients *policy_clients_ref(struct policy_clients *clients);
void policy_clients_unref(struct policy_clients *clients);

#endif
