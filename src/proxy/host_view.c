/*
 * Whether the paths that clients name are paths that this process can look at. In a
 * container or a sandbox they are other files, or none; then looking would be worse
 * than not looking, for what is seen there isn't what the engine mounts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/host_path.h"

#include "base/banned.h"

/* The process that listens there, as we see it: 0 when it is out of our sight, or an errno. */
static int listening_process(const char *path, pid_t *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -errno;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    // On the client's side these are the credentials of whoever called listen().
    int result = connect(fd, (const struct sockaddr *)&address, sizeof(address));

    if (result == 0) {
        result = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    }
    int err = result < 0 ? -errno : 0;

    close(fd);
    if (err == 0) {
        *out = peer.pid;
    }
    return err;
}

static bool is_same(const char *one, const char *other)
{
    struct stat first;
    struct stat second;

    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/*
 * The engine's mount namespace and root directory are ours. Reading them takes the rights
 * of ptrace(2), which an unprivileged sockade has not: then it sees too little anyway.
 */
static bool shares_files(pid_t process)
{
    char namespace[64];
    char root[64];

    if (process <= 0) {
        return false;
    }
    snprintf(namespace, sizeof(namespace), "/proc/%d/ns/mnt", (int)process);
    snprintf(root, sizeof(root), "/proc/%d/root/.", (int)process);
    return is_same(namespace, "/proc/self/ns/mnt") && is_same(root, "/");
}

static void decide(struct host_view *view)
{
    pid_t process = 0;

    switch (view->wanted) {
    case HOST_FILES_YES:
        view->sight = HOST_SEEN;
        break;
    case HOST_FILES_NO:
        view->sight = HOST_UNSEEN;
        break;
    case HOST_FILES_AUTO:
        if (listening_process(view->engine_socket, &process) < 0) {
            return; // it may come later; until then nothing is mounted
        }
        view->sight = shares_files(process) ? HOST_SEEN : HOST_UNSEEN;
        break;
    }
    if (view->sight == HOST_SEEN) {
        log_info("host paths: looked at, links and sockets are recognised");
    } else if (view->wanted == HOST_FILES_NO) {
        log_info(
            "host paths: not seen (host_files: no): nothing below an allowed path may be mounted, "
            "but where symlinks: allow is set");
    } else {
        log_warn(
            "host paths: not seen: the engine has other files than this process, or that cannot "
            "be known; nothing below an allowed path may be mounted, but where symlinks: allow "
            "is set");
    }
}

void host_view_init(struct host_view *view, enum policy_host_files wanted,
                    const char *engine_socket)
{
    *view = (struct host_view){.wanted = wanted};
    snprintf(view->engine_socket, sizeof(view->engine_socket), "%s", engine_socket);
    if (wanted == HOST_FILES_AUTO) {
        log_info("host paths: the first one will show whether the engine has the files of this "
                 "process");
    } else {
        decide(view);
    }
}

enum host_sight host_view_sight(struct host_view *view, struct slice path, struct path_answer *out)
{
    (void)path;
    if (view->sight == HOST_UNDECIDED) {
        decide(view);
    }
    if (view->sight == HOST_UNDECIDED) {
        *out = (struct path_answer){.view = PATH_UNRESOLVED,
                                    .why = "cannot be looked at while the engine is down"};
    } else if (view->sight == HOST_UNSEEN) {
        *out = (struct path_answer){.view = PATH_UNSEEN};
    }
    return view->sight;
}
