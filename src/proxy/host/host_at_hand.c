/*
 * See host_at_hand.h.
 */
#include "proxy/host/host_at_hand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/parse.h"
#include "proxy/host/host_seen.h"

#include "base/banned.h"

static void host_at_hand_close_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/*
 * Without waiting: what is in the kernel's memory, on that mount unless `cross`; -EAGAIN or -EXDEV
 * when it isn't.   Source: openat2(2), RESOLVE_CACHED.
 */
static int host_at_hand_open(int mount, const char *path, bool cross)
{
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_CACHED | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |
                                      (cross ? 0 : RESOLVE_NO_XDEV)};
    long fd = syscall(SYS_openat2, mount, path, &how, sizeof(how));

    return fd < 0 ? -errno : (int)fd;
}

/* On which mount it is, without asking its file system. */
static bool host_at_hand_read_mount_id(int fd, uint64_t *out)
{
    char path[64];
    char text[512];

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = info < 0 ? -1 : read(info, text, sizeof(text) - 1);

    host_at_hand_close_open(info);
    text[len > 0 ? len : 0] = '\0';
    const char *found = strstr(text, "mnt_id:\t");

    if (!found) {
        return false;
    }
    found += sizeof("mnt_id:\t") - 1;
    return parse_u64((struct slice){found, strspn(found, "0123456789")}, out) == 0;
}

/* What is known of the mounts has to be so still when the descriptor is open. */
static bool host_at_hand_is_local(struct host_tree *tree, int fd)
{
    const struct mount_table *own = &tree->sight->own;
    uint64_t id = 0;
    bool found = false;

    for (size_t i = 0; host_at_hand_read_mount_id(fd, &id) && !found && i < own->count; i++) {
        found = own->entry[i].id == id && host_tree_is_local_type(own->entry[i].type);
    }
    return found && host_recent_is_current(tree->recent);
}

/* Goes into what is mounted there. -EAGAIN when that may have to be waited for. */
static int host_at_hand_enter_mount(struct host_tree *tree, struct host_node *node,
                                    const char *rest)
{
    int fd = tree->mount_count < HOST_AT_HAND_MAX_MOUNTS
                 ? host_at_hand_open(node->mount, rest, true)
                 : -EAGAIN;

    if (fd < 0) {
        return -EAGAIN;
    }
    tree->mounts[tree->mount_count++] = fd;
    if (!host_at_hand_is_local(tree, fd)) {
        return -EAGAIN;
    }
    node->mount = fd;
    node->mount_len = node->path_len;
    return fd;
}

static void host_at_hand_fill(struct host_tree *tree, struct host_node *node)
{
    const char *rest = host_tree_path(tree, node).ptr + node->mount_len + 1;
    int mount = node->mount;
    int fd = host_at_hand_open(mount, rest, false);
    struct stat status;

    if (fd == -ENOENT) {
        return; // HOST_MISSING
    }
    if (fd == -EXDEV || fd == -EAGAIN) { // a mount is not told from what is not at hand
        fd = host_at_hand_enter_mount(tree, node, rest);
    }
    if (fd >= 0 && fstat(fd, &status) == 0 && !S_ISLNK(status.st_mode) &&
        !S_ISSOCK(status.st_mode)) {
        host_node_take(node, &status);
    } else {
        tree->again = true;
        host_node_fail(node, "cannot be resolved without blocking");
    }
    if (fd != node->mount) {
        host_at_hand_close_open(fd);
    }
}

/* The program itself lies on that file system, or would not run either. */
void host_at_hand_take_root(struct host_tree *tree)
{
    struct stat status;

    tree->root.mount = tree->recent->root;
    if (host_seen_get_root(tree->seen, &tree->root)) {
        return;
    }
    tree->looked = true;
    if (fstat(tree->recent->root, &status) < 0) {
        tree->again = true;
        return;
    }
    host_node_take(&tree->root, &status);
    host_seen_put_root(tree->seen, &tree->root);
}

/* Of another machine's file system, and of one that is made of others, not all is told. */
static bool host_at_hand_open_and_watch(struct host_tree *tree, const struct host_node *directory)
{
    bool is_mount = directory->path_len == directory->mount_len;
    const char *rest = host_tree_path(tree, directory).ptr + directory->mount_len + 1;
    int fd = is_mount ? directory->mount : host_at_hand_open(directory->mount, rest, false);
    bool done =
        fd >= 0 && host_at_hand_is_local(tree, fd) && host_recent_watch_directory(tree->recent, fd);

    if (!is_mount) {
        host_at_hand_close_open(fd);
    }
    return done;
}

/* Whether changes in it are told from now on. What fails once is not tried for each request. */
static bool host_at_hand_watch(struct host_tree *tree, struct host_node *directory)
{
    if (!directory->watched && !tree->seen->unwatchable && tree->seen->count < HOST_SEEN_MAX) {
        directory->watched = host_at_hand_open_and_watch(tree, directory);
        tree->seen->unwatchable = !directory->watched;
    }
    return directory->watched;
}

int host_at_hand_look(struct host_tree *tree, struct host_node *node)
{
    struct slice path = host_tree_path(tree, node);
    struct host_seen *seen = tree->seen;

    if (host_seen_get(seen, path, node)) {
        return 0;
    }
    tree->looked = true;
    enum host_seen_way way = host_seen_way(seen, path, node);

    if (way == HOST_SEEN_IF_WATCHED && !host_at_hand_watch(tree, node->parent)) {
        way = HOST_SEEN_NOT;
    }
    host_at_hand_fill(tree, node);
    return host_seen_put(seen, host_tree_path(tree, node), node, way);
}
