/*
 * Sockets of our own or from systemd. Mode and owner are set before anybody can connect, and
 * on nothing but the socket, whatever others put in its place meanwhile;
 * a file that a dead process left is replaced, one that somebody serves is not.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/server/server_internal.h"

#include "base/banned.h"

enum { DIRECTORY_MODE = 0755 };

static int set_address(const char *path, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(out->sun_path)) {
        log_error("%s: longer than %zu bytes, the maximum for the path of a socket", path,
                  sizeof(out->sun_path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(out->sun_path, path, strlen(path) + 1);
    return 0;
}

/* Whether nobody listens on that socket file any more. */
static bool is_stale(const struct sockaddr_un *address)
{
    struct stat status;
    int fd = -1;

    if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    bool refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
                   errno == ECONNREFUSED;

    close(fd);
    return refused;
}

/*
 * The file gets the mode that the socket has: no chmod() of a path, which would follow a link.
 * Nobody can connect before listen().   Source: Linux net/unix/af_unix.c, unix_bind_bsd().
 */
static int bind_exactly(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(0);
    int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
    int err = result < 0 ? -errno : 0;

    umask(before);
    return err;
}

/* Of root or of us, and nobody else may put something there. */
static bool listener_socket_is_trusted(const struct stat *status, mode_t others_may)
{
    return S_ISDIR(status->st_mode) && (status->st_uid == 0 || status->st_uid == geteuid()) &&
           (status->st_mode & (S_IWGRP | S_IWOTH) & ~others_may) == 0;
}

/*
 * An engine that was started before us has made a directory where it was told to mount our socket.
 * It is given up by whoever made it, if it is empty. Only rmdir(2) can tell, and does nothing to
 * anything else.
 */
static bool remove_empty_directory(const struct sockaddr_un *address)
{
    const char *path = address->sun_path;
    struct sockaddr_un parent = *address;
    char *slash = strrchr(parent.sun_path, '/');
    struct stat above;
    struct stat status;

    if (!slash || slash == parent.sun_path || lstat(path, &status) < 0 ||
        !listener_socket_is_trusted(&status, 0)) {
        return false;
    }
    *slash = '\0';
    if (stat(parent.sun_path, &above) < 0) {
        return false;
    }
    // Where others may write, the sticky bit keeps them from replacing what is not theirs.
    mode_t others_may = above.st_mode & S_ISVTX ? S_IWGRP | S_IWOTH : 0;

    return listener_socket_is_trusted(&above, others_may) && rmdir(path) == 0;
}

static int bind_path(int fd, const struct sockaddr_un *address)
{
    int err = bind_exactly(fd, address);

    if (err == -EADDRINUSE && remove_empty_directory(address)) {
        log_warn("%s: replacing an empty directory; engines create one to mount a socket that does "
                 "not exist yet: start sockade before the engine",
                 address->sun_path);
        err = bind_exactly(fd, address);
    }
    if (err == -EADDRINUSE && is_stale(address)) {
        log_info("%s: replacing a stale socket", address->sun_path);
        unlink(address->sun_path);
        err = bind_exactly(fd, address);
    }
    if (err == -EADDRINUSE) {
        log_error("%s: in use by another process, or not a socket", address->sun_path);
    } else if (err < 0) {
        log_error("%s: cannot create the socket: %s", address->sun_path, strerror(-err));
    }
    return err;
}

static void listener_socket_close_fd(const int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}

/* A socket that has no other name and that we own: what bind() made. */
static bool listener_socket_is_ours(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_nlink == 1 &&
           status.st_uid == geteuid();
}

/* Whoever may write to the directory could put another file, or a link to one, in its place. */
static int give_away(const char *path, const struct policy_listener *spec)
{
    CLEANUP(listener_socket_close_fd) int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    int err = fd < 0 ? -errno : 0;

    if (err == 0 && !listener_socket_is_ours(fd)) {
        log_error("%s: another file has taken its place", path);
        return -EEXIST;
    }
    if (err == 0 && fchownat(fd, "", spec->owner, spec->group, AT_EMPTY_PATH) < 0) {
        err = -errno;
    }
    if (err < 0) {
        log_error("%s: cannot change the owner to uid %d, gid %d: %s", path, (int)spec->owner,
                  (int)spec->group, strerror(-err));
    }
    return err;
}

static int set_access(const char *path, const struct policy_listener *spec)
{
    bool owned = spec->owner != (uid_t)-1 || spec->group != (gid_t)-1;

    return owned ? give_away(path, spec) : 0;
}

/* The folder of the socket, and below /run, which is empty after each boot, those above it. */
static void make_directories(const char *path)
{
    bool in_run = strncmp(path, "/run/", strlen("/run/")) == 0;
    char *copy = strdup(path);

    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
        bool last = !strchr(slash + 1, '/');

        *slash = '\0';
        // Elsewhere, two folders that are missing are a path that is wrong.
        if ((last || in_run) && mkdir(copy, DIRECTORY_MODE) == 0) {
            log_info("created the directory %s", copy);
        }
        *slash = '/';
    }
    free(copy);
}

static bool look_at(const char *path, struct socket_file *out)
{
    struct stat status;

    if (lstat(path, &status) < 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    *out = (struct socket_file){.device = status.st_dev, .inode = status.st_ino};
    return true;
}

void listener_socket_remove(const char *path, const struct socket_file *file)
{
    struct socket_file there;

    if (!look_at(path, &there)) {
        return;
    }
    if (there.device == file->device && there.inode == file->inode) {
        unlink(path);
    } else {
        log_warn("%s: another process listens there now; its socket is kept", path);
    }
}

/* Whoever can connect finds the file with its final owner and mode. */
static int publish(int fd, const struct policy_listener *spec)
{
    int err = set_access(spec->socket, spec);

    if (err == 0 && listen(fd, SERVER_BACKLOG) < 0) {
        err = -errno;
    }
    return err;
}

int listener_socket_make(const struct policy_listener *spec, int *out, struct socket_file *file)
{
    struct sockaddr_un address;
    int err = set_address(spec->socket, &address);

    if (err < 0) {
        return err;
    }
    make_directories(spec->socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return -errno;
    }
    err = fchmod(fd, spec->mode) < 0 ? -errno : bind_path(fd, &address);
    if (err < 0) {
        close(fd);
        return err;
    }
    *file = (struct socket_file){0};
    (void)look_at(spec->socket, file);
    err = publish(fd, spec);
    if (err < 0) {
        listener_socket_remove(spec->socket, file);
        close(fd);
        return err;
    }
    *out = fd;
    return 0;
}

static bool has_option(int fd, int option, int wanted)
{
    int value = 0;
    socklen_t size = sizeof(value);

    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

/* Anything else could not be accepted from, or would be reached from other hosts. */
static bool can_be_served(int fd)
{
    return has_option(fd, SO_DOMAIN, AF_UNIX) && has_option(fd, SO_TYPE, SOCK_STREAM) &&
           has_option(fd, SO_ACCEPTCONN, 1);
}

int listener_socket_take(const struct policy_listener *spec, int *out)
{
    int fd = activation_take(spec->systemd);

    if (fd < 0) {
        log_error("no socket named \"%s\" was passed by systemd", spec->systemd);
        return -ENOENT;
    }
    if (!can_be_served(fd)) {
        log_error(
            "the descriptor \"%s\" that systemd passed is not a listening unix stream socket: "
            "use ListenStream= with a path, and Accept=no",
            spec->systemd);
        return -ENOTSUP;
    }
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return -errno;
    }
    *out = fd;
    return 0;
}
