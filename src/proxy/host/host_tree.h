/*
 * What one request has seen of the host's files. Each place is looked at once, whatever the
 * number of paths that lead through it, and no link is followed by the kernel: what it says is
 * kept, and host_path.c goes there by itself. All paths of a request share the bounds below.
 */
#ifndef SOCKADE_PROXY_HOST_TREE_H
#define SOCKADE_PROXY_HOST_TREE_H

#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "proxy/host/host_recent.h"
#include "proxy/host/host_sight.h"
#include "proxy/host/walkers.h"
#include "sockade/arena.h"

enum {
    HOST_MAX_STEPS = 8192,           /* components gone through, "." and ".." included */
    HOST_MAX_LINKS = 512,            /* followed */
    HOST_MAX_LINK_BYTES = 64 * 1024, /* of what these say */
    HOST_PATH_MAX_LINKS = 40,        /* of one path, as the kernel */
    HOST_PATH_MAX_DEPTH = 256,
    HOST_AT_HAND_MAX_STEPS = 64, /* on the loop */
    HOST_AT_HAND_MAX_MOUNTS = 8  /* on the loop: that are gone into */
};

struct host_seen;

enum host_kind { HOST_MISSING = 0, HOST_DIRECTORY, HOST_FILE, HOST_LINK, HOST_PROBLEM };

struct host_node {
    struct host_node *parent; /* of the root: itself */
    struct host_node *child;  /* those that were looked at */
    struct host_node *sibling;
    struct slice name;
    size_t depth;
    size_t path_len; /* of its path; of the root's: 0 */
    enum host_kind kind;
    dev_t device; /* this and the next: unless it is missing or a problem */
    ino_t inode;
    mode_t mode;
    uid_t owner;
    struct slice text; /* of a link */
    const char *why;   /* of a problem; static */
    bool loose;        /* others than root can put something else in its place, or above */
    bool blind;        /* what is seen there is not known to be the engine's */
    bool unsure; /* so it is of something above: whether others can replace that is not known */
    struct slice file_system; /* where that is mounted; for threads */
    bool may_hang;            /* it is none that is known to answer */
    int mount;                /* on the loop: the root of its mount, */
    size_t mount_len;         /* and how much of the path that is; */
    bool kept;                /* it is one of those in `seen`, */
    bool watched;             /* and changes in it are told */
};

struct host_tree {
    struct arena *arena;
    const struct host_sight *sight;
    struct walk_job *job; /* asked before each step; or NULL */
    struct host_node root;
    size_t steps;
    size_t links;
    size_t link_bytes;
    const char *exceeded;       /* which bound; NULL: none */
    bool hangs;                 /* there is a file system that was not touched, since it hangs */
    struct host_recent *recent; /* on the loop, where nothing may be waited for; else NULL */
    struct host_seen *seen;     /* with `recent`: what may be reused */
    bool again;                 /* a thread has to look */
    bool looked;                /* not all of it was in `seen` */
    int mounts[HOST_AT_HAND_MAX_MOUNTS];
    size_t mount_count;
    char path[PATH_MAX]; /* host_tree_path() */
};

/* All are borrowed. The root is a problem when it cannot be looked at. */
void host_tree_init(struct host_tree *tree, struct arena *arena, const struct host_sight *sight,
                    struct walk_job *job);

/*
 * The same on the loop, with `recent`, for which `sight` and `seen` hold: nothing is touched that
 * may have to be waited for, tree->again is set instead.
 */
void host_tree_init_at_hand(struct host_tree *tree, struct arena *arena,
                            const struct host_sight *sight, struct host_recent *recent,
                            struct host_seen *seen);
void host_tree_deinit(struct host_tree *tree);

/* What `name` (not empty, "." or "..") is in the directory `parent`. 0 or -ENOMEM. */
MUST_CHECK int host_tree_look(struct host_tree *tree, struct host_node *parent, struct slice name,
                              struct host_node **out);

/* Its path, without links; "/" of the root. Valid until the next call with that tree. */
struct slice host_tree_path(struct host_tree *tree, const struct host_node *node);

/* Whether others than root can put names into that directory. */
bool host_node_is_open(const struct host_node *node);

/* For host_at_hand.c. It is what `status` says; it is a problem, for which `why` is static. */
void host_node_take(struct host_node *node, const struct stat *status);
void host_node_fail(struct host_node *node, const char *why);

/* Whether files of that type of file system are in memory, or on a disk of this machine. */
bool host_tree_is_local_type(struct slice type);

/* Counts one step, or a link that is followed. False: that is one too many. */
bool host_tree_may_step(struct host_tree *tree);
bool host_tree_may_follow(struct host_tree *tree, const struct host_node *link);

#endif
