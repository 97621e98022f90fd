/*
 * Identifies the client of a connection and chooses its policy: by user, by group, by the
 * container of its process. This module reads what the kernel and the engine say about a
 * client; the caller asks them.
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
    bool nested;       /* the path goes through another container's group */
    size_t outer_len;  /* length of the outermost container's group; not nested: the whole path */
    /* The hierarchy of `path`: "pids", "cpu,cpuacct", "name=systemd"; empty: version 2. */
    struct slice hierarchy;
};

/*
 * Reads the text of /proc/PID/cgroup: the innermost container of the first line that
 * names one. False if there is none. The name proves nothing by itself: anyone who may create
 * control groups, such as a user below the own session, can choose one. It is proved if the
 * container's first process has the same `path`.
 */
bool cgroup_find_container(struct slice text, struct cgroup_container *out);

/* What the engine says about a container. Slices belong to the arena. */
struct policy_container {
    struct slice name; /* without the leading slash */
    const struct string_map *labels;
    pid_t pid; /* of its first process; 0: not running */
    /*
     * The label that names the policy it was created through; empty: it was created without
     * sockade. If `made_by` and `image` are set, policy_container_check_image() must find out
     * whether the label comes from the image.
     */
    struct slice made_by;
    struct slice image; /* the image's id, for a path; empty: unknown */
};

/*
 * Reads an inspection of the container `id`. 0; -EBADMSG if `body` is not an inspection, or is that
 * of another container; -ENOMEM.
 */
int policy_container_read(struct slice body, struct slice id, struct arena *arena,
                          struct policy_container *out) __attribute__((warn_unused_result));

/*
 * Where a process runs, according to the kernel and the engine. UNKNOWN: this cannot be found out,
 * the process has its own namespaces, or its control group names a container that the engine does
 * not confirm.
 */
enum client_place { CLIENT_PLACE_UNKNOWN = 0, CLIENT_ON_HOST, CLIENT_IN_CONTAINER };

/*
 * Reads the answer about the container's image. Empties `made_by` if the label comes from the
 * image. 0; -EBADMSG if `body` is not an answer about an image; -ENOMEM.
 */
int policy_container_check_image(unsigned status, struct slice body, struct arena *arena,
                                 struct policy_container *container)
    __attribute__((warn_unused_result));

/* Users and groups are those of the host only if the client is on the host. */
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

/* Reference-counted like policies. Both take NULL. */
struct policy_clients *policy_clients_ref(struct policy_clients *clients);
void policy_clients_unref(struct policy_clients *clients);

#endif
