/*
 * Which of the paths that this process sees are the engine's own files, and how that is known.
 * Seeing the same name says nothing: in a container, in a sandbox, in front of an engine in a
 * container or on another machine it is another file, or none.
 */
#ifndef SOCKADE_PROXY_HOST_SIGHT_H
#define SOCKADE_PROXY_HOST_SIGHT_H

#include <stdatomic.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "proxy/host/mount_table.h"
#include "sockade/policy.h"

/* With HOST_UNDECIDED, of every path. */
#define HOST_UNDECIDED_WHY "cannot be resolved while the engine is down"

enum host_proof {
    HOST_UNDECIDED = 0,
    HOST_UNSEEN,
    HOST_GIVEN,    /* the administrator says so (host_files: yes) */
    HOST_COMPARED, /* the mounts of the engine's process are compared with ours */
    HOST_CONTAINER /* we are in a container of this engine's, which says what it mounted there */
};

/* A directory of the host that the engine says it mounted in our container under its own name. */
struct host_bind {
    char *point;
    char *device; /* what was mounted there when it was asked */
    char *root;
};

/* What is known. It never changes and is counted, for threads use it. */
struct host_proofs {
    atomic_uint references;
    enum host_proof proof;
    const char *why; /* UNSEEN: what is in the way; static */
    bool slow;       /* UNDECIDED: the engine did not answer in time */
    int process;     /* COMPARED: the engine's directory of /proc; else -1 */
    struct host_bind *bind;
    size_t bind_count;
};

/*
 * Asks whoever listens at `path`. Waits for the engine, at most twice HOST_CALL_PATIENCE_MS. What
 * cannot be proved is unseen. NULL when memory is out.
 */
struct host_proofs *host_proofs_find(const char *path);

/* What the policy file says: all is seen, or nothing, and why. NULL when memory is out. */
struct host_proofs *host_proofs_given(bool seen, const char *why);

struct host_proofs *host_proofs_ref(struct host_proofs *proofs);
/* Takes NULL. */
void host_proofs_unref(struct host_proofs *proofs);

/* Which file the engine's socket is: another one is another engine's. */
struct host_socket {
    dev_t device;
    ino_t inode;
    struct timespec changed; /* an inode's number may be given to the next one */
};

/* All zero when there is none. */
struct host_socket host_socket_at(const char *path);
bool host_socket_is_same(const struct host_socket *one, const struct host_socket *other);

/* The mounts at one moment. */
struct host_sight {
    enum host_proof proof;
    const char *why; /* UNSEEN */
    bool whole;      /* every path is the engine's */
    struct mount_table own;
    struct mount_table engine; /* COMPARED */
    bool *shown;               /* CONTAINER: those of our mounts that are the engine's own */
};

/*
 * 0; -ESRCH when the engine's process has ended, or nothing can be read of it any more, so that it
 * has to be asked anew; -EIO when our own mounts cannot be read; -ENOMEM. host_sight_end() takes
 * what failed.
 */
MUST_CHECK int host_sight_begin(struct host_sight *sight, const struct host_proofs *proofs);
void host_sight_end(struct host_sight *sight);

/* Whether what is seen at `path` (absolute, clean, without links) is what the engine has there. */
bool host_sight_has(const struct host_sight *sight, struct slice path);

/* The same, where it is known to be so of the directory that `path` is in: quicker. */
bool host_sight_keeps(const struct host_sight *sight, struct slice path);

#endif
