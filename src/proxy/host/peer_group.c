/*
 * See peer_group.h. Who may write a directory may make groups in it (cgroups(7), *Cgroups
 * delegation*). Where the hierarchies are mounted: systemd's own choice, and that of everybody
 * since.
 */
#include "proxy/host/peer_group.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static bool peer_group_stat(const char *mount, struct slice group, struct stat *what)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s%.*s", mount, SLICE_ARGS(group));

    return len > 0 && (size_t)len < sizeof(path) && lstat(path, what) == 0 &&
           S_ISDIR(what->st_mode);
}

static bool peer_group_look(struct slice hierarchy, struct slice group, struct stat *what)
{
    static const struct slice named = SLICE_INIT("name=");
    char mount[sizeof("/sys/fs/cgroup/") + NAME_MAX];

    if (hierarchy.len == 0) {
        return peer_group_stat("/sys/fs/cgroup/unified", group, what) ||
               peer_group_stat("/sys/fs/cgroup", group, what);
    }
    if (slice_starts_with(hierarchy, named)) {
        hierarchy = slice_from_index(hierarchy, named.len);
    }
    int len = snprintf(mount, sizeof(mount), "/sys/fs/cgroup/%.*s", SLICE_ARGS(hierarchy));

    return len > 0 && (size_t)len < sizeof(mount) && peer_group_stat(mount, group, what);
}

bool peer_group_is_a_users(const struct cgroup_container *container)
{
    struct slice above = slice_head(container->path, container->outer_len);
    struct stat what;

    while (above.len > 0 && above.ptr[above.len - 1] != '/') {
        above.len--;
    }
    if (above.len == 0 || !peer_group_look(container->hierarchy, above, &what)) {
        return false;
    }
    return (what.st_uid != 0 && what.st_uid != geteuid()) ||
           (what.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}
