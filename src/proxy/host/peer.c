/*
 * See peer.h. A pid may be given to another process when its owner has ended, so a file of
 * /proc/PID is only believed when the process is still there after reading: a pidfd
 * says so. The kernel hands out one for the peer itself since 6.5; before that it is opened
 * by the pid, and a process that took over the pid since connect() goes unnoticed.
 */
#include "proxy/host/peer.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/parse.h"

#include "base/banned.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 // Linux 6.5; newer than the headers
#endif
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* Version 1 has a dozen lines, each with a path. */
enum {
    CGROUP_MAX_BYTES = 16 * 1024,
    THREADS_MAX = 64,              /* that are looked at */
    STATUS_MAX_BYTES = 512 * 1024, /* mostly its Groups */
    GROUPS_MAX_BYTES = 65536 * sizeof(gid_t)
};

struct sockade_peer peer_read(int fd)
{
    struct ucred credentials = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
    socklen_t size = sizeof(credentials);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) {
        log_debug("peer credentials: %s", strerror(errno));
    }
    return (struct sockade_peer){credentials.uid, credentials.gid, credentials.pid};
}

int peer_groups(int fd, gid_t **out, size_t *count)
{
    socklen_t size = 0;

    *out = NULL;
    *count = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0) {
        return 0; // none
    }
    if (errno != ERANGE || size > GROUPS_MAX_BYTES) {
        return -errno;
    }
    gid_t *groups = malloc(size);

    if (!groups) {
        return -ENOMEM;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) {
        int err = -errno;

        free(groups);
        return err;
    }
    *out = groups;
    *count = size / sizeof(gid_t);
    return 0;
}

static void peer_close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

static int open_peer(int fd, pid_t pid)
{
    int pidfd = -1;
    socklen_t size = sizeof(pidfd);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) {
        return pidfd;
    }
    if (errno != ENOPROTOOPT) {
        return -1; // it has ended; its number may be another's by now
    }
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* A pidfd can be read from when its process has ended. */
static bool is_alive(int pidfd)
{
    struct pollfd wait = {.fd = pidfd, .events = POLLIN};

    return poll(&wait, 1, 0) == 0;
}

static int read_proc(pid_t pid, const char *name, size_t limit_bytes, struct buf *out)
{
    char path[sizeof("/proc/2147483647/task//cgroup") + 256];

    buf_init(out, limit_bytes);
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return buf_read_file(out, path);
}

static int read_cgroup(pid_t pid, struct buf *out)
{
    return read_proc(pid, "cgroup", CGROUP_MAX_BYTES, out);
}

/* The rest of the line that begins with `name`, or an empty slice. */
static struct slice status_line(struct slice status, struct slice name)
{
    bool more = true;

    while (more) {
        struct slice line = {NULL, 0};

        more = slice_cut(status, '\n', &line, &status);
        if (slice_starts_with(line, name)) {
            return slice_trim(slice_from_index(line, name.len));
        }
    }
    return (struct slice){NULL, 0};
}

/*
 * What /proc/PID/status says. Of a process whose main thread has ended, version 1 shows the
 * root group, whatever group the other threads are in. NSpid has a number for each PID namespace
 * that the process is in, from that of /proc on: several, and it is in one of its own.
 * Source: proc(5), pid_namespaces(7), kernel/cgroup/cgroup.c (cgroup_exit).
 */
static enum peer_place place_by_status(struct slice status)
{
    struct slice state = status_line(status, SLICE("State:"));
    struct slice pids = status_line(status, SLICE("NSpid:"));
    uint64_t number = 0;

    if (state.len == 0 || state.ptr[0] == 'Z' || state.ptr[0] == 'X') {
        return PEER_HIDDEN;
    }
    if (pids.len == 0) {
        return PEER_HIDDEN;
    }
    return parse_u64(pids, &number) == 0 ? PEER_ON_HOST : PEER_NESTED;
}

/* By its status, for whom that matters. */
static enum peer_place peer_find_place(pid_t pid, bool closely)
{
    CLEANUP(buf_deinit) struct buf status = {0};

    if (!closely) {
        return PEER_NESTED;
    }
    return read_proc(pid, "status", STATUS_MAX_BYTES, &status) < 0
               ? PEER_HIDDEN
               : place_by_status(buf_slice(&status));
}

/* Whether it is in the root group of every hierarchy. */
static bool is_in_root_group(struct slice cgroup)
{
    bool more = true;

    while (more) {
        struct slice line = {NULL, 0};

        more = slice_cut(cgroup, '\n', &line, &cgroup);
        if (line.len > 0 && !slice_ends_with(line, SLICE(":/"))) {
            return false;
        }
    }
    return true;
}

static void close_dir(DIR **dir)
{
    if (*dir) {
        closedir(*dir);
    }
}

/*
 * Of a process whose main thread has ended, version 1 of control groups shows the root group; its
 * other threads are where they were. Replaces `file` by what the first of them that is in a
 * container says.
 */
static void ask_threads(pid_t pid, struct buf *file)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    CLEANUP(close_dir) DIR *dir = opendir(path);
    const struct dirent *entry = dir ? readdir(dir) : NULL;

    for (int i = 0; entry && i < THREADS_MAX; i++, entry = readdir(dir)) {
        CLEANUP(buf_deinit) struct buf own = {0};
        struct cgroup_container found = {0};
        char name[sizeof("task//cgroup") + sizeof(entry->d_name)];

        snprintf(name, sizeof(name), "task/%s/cgroup", entry->d_name);
        if (entry->d_name[0] != '.' && read_proc(pid, name, CGROUP_MAX_BYTES, &own) == 0 &&
            cgroup_find_container(buf_slice(&own), &found)) {
            struct buf before = *file;

            *file = own;
            own = before;
            return;
        }
    }
}

enum peer_place peer_find(int fd, pid_t pid, bool closely, char **text,
                          struct cgroup_container *out)
{
    CLEANUP(buf_deinit) struct buf file = {0};
    CLEANUP(peer_close_fd) int pidfd = pid > 0 ? open_peer(fd, pid) : -1;
    struct cgroup_container found = {0};

    if (pidfd < 0 || read_cgroup(pid, &file) < 0) {
        return PEER_HIDDEN;
    }
    enum peer_place place = peer_find_place(pid, closely);

    if (!closely && is_in_root_group(buf_slice(&file))) {
        ask_threads(pid, &file);
    }
    if (!is_alive(pidfd)) {
        return PEER_HIDDEN;
    }
    if (place == PEER_HIDDEN || !cgroup_find_container(buf_slice(&file), &found)) {
        return place;
    }
    char *all = NULL;

    if (asprintf(&all, "%.*s:%.*s", SLICE_ARGS(found.hierarchy), SLICE_ARGS(found.path)) < 0) {
        return PEER_HIDDEN;
    }
    const char *copy = all + found.hierarchy.len + 1;

    *text = all;
    out->hierarchy = (struct slice){all, found.hierarchy.len};
    out->path = (struct slice){copy, found.path.len};
    out->id = (struct slice){copy + (found.id.ptr - found.path.ptr), found.id.len};
    out->nested = found.nested;
    out->outer_len = found.outer_len;
    return PEER_IN_CONTAINER;
}

bool peer_is_in(pid_t pid, const struct cgroup_container *container)
{
    CLEANUP(buf_deinit) struct buf file = {0};
    struct cgroup_container found = {0};

    return pid > 0 && read_cgroup(pid, &file) == 0 &&
           cgroup_find_container(buf_slice(&file), &found) && slice_eq(found.path, container->path);
}
