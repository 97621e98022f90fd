/*
 * See peer.h. A pid may be given to another process when its owner has ended, so a file of
 * /proc/PID is only believed when the process is still there after reading: a pidfd
 * says so. The kernel hands out one for the peer itself since 6.5; before that it is opened
 * by the pid, and a process that took over the pid since connect() goes unnoticed.
 */
#include "proxy/peer.h"

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

#include "base/banned.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 // Linux 6.5; newer than the headers
#endif
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

/* Version 1 has a dozen lines, each with a path. */
enum { CGROUP_MAX_BYTES = 16 * 1024, GROUPS_MAX_BYTES = 65536 * sizeof(gid_t) };

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

static void close_fd(const int *fd)
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

static int read_cgroup(pid_t pid, struct buf *out)
{
    char path[64];

    buf_init(out, CGROUP_MAX_BYTES);
    snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
    return buf_read_file(out, path);
}

int peer_container(int fd, pid_t pid, char **text, struct cgroup_container *out)
{
    CLEANUP(buf_deinit) struct buf file = {0};
    CLEANUP(close_fd) int pidfd = pid > 0 ? open_peer(fd, pid) : -1;
    struct cgroup_container found = {0};

    if (pidfd < 0 || read_cgroup(pid, &file) < 0 || !is_alive(pidfd)) {
        return -ESRCH;
    }
    if (!cgroup_find_container(buf_slice(&file), &found)) {
        return -ENOENT;
    }
    char *copy = strndup(found.path.ptr, found.path.len);

    if (!copy) {
        return -ENOMEM;
    }
    *text = copy;
    out->path = (struct slice){copy, found.path.len};
    out->id = (struct slice){copy + (found.id.ptr - found.path.ptr), found.id.len};
    return 0;
}

bool peer_is_in(pid_t pid, const struct cgroup_container *container)
{
    CLEANUP(buf_deinit) struct buf file = {0};
    struct cgroup_container found = {0};

    return pid > 0 && read_cgroup(pid, &file) == 0 &&
           cgroup_find_container(buf_slice(&file), &found) && slice_eq(found.path, container->path);
}
