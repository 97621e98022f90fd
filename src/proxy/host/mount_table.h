/*
 * What is mounted where, as one process sees it: by this a path is a place in a file system,
 * whatever it is called. Two processes that have the same place there have the same file.
 * Reading the table of another process takes no rights, only the sight of it in /proc.
 * Source: proc(5), /proc/pid/mountinfo; Linux Documentation/filesystems/proc.rst, 3.5.
 */
#ifndef SOCKADE_PROXY_MOUNT_TABLE_H
#define SOCKADE_PROXY_MOUNT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"

enum { MOUNT_TABLE_MAX_BYTES = 8 * 1024 * 1024 };

struct mount_entry {
    uint64_t id; /* of all mounts of the kernel that exist */
    uint64_t parent;
    struct slice device; /* "254:0" */
    struct slice root;   /* the directory of that file system that is mounted */
    struct slice point;  /* where; what was removed ends with "//deleted" */
    struct slice type;   /* "ext4" */
};

/* Owns its text, which the entries point into. Zero is an empty table. */
struct mount_table {
    struct buf text;
    struct mount_entry *entry;
    size_t count;
    const struct mount_entry *root; /* what is mounted at "/"; NULL: nothing that is in sight */
};

/*
 * Of the process whose directory of /proc `process` is. 0 or a negative errno: -ESRCH when it
 * has ended, -ENOBUFS when it has more than anybody mounts. mount_table_deinit() takes what failed.
 */
MUST_CHECK int mount_table_read(struct mount_table *table, int process);
void mount_table_deinit(struct mount_table *table);

/* A file system's own name of a file. Borrowed from the table and the path. */
struct mount_place {
    const struct mount_entry *mount; /* that shows it */
    struct slice rest;               /* of the path, below the mount point */
};

/*
 * What `path` (absolute, clean, without links) shows. False when it is not known: no table, or two
 * mounts in one place.
 */
bool mount_table_find(const struct mount_table *table, struct slice path, struct mount_place *out);

/* Whether something is mounted just there. */
bool mount_table_has_point(const struct mount_table *table, struct slice path);

bool mount_place_is_same(const struct mount_place *one, const struct mount_place *other);

#endif
