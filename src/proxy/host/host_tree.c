/*
 * See host_tree.h. A place is opened by its path, of which the kernel follows no component: with
 * RESOLVE_NO_SYMLINKS there is nothing to be turned around on the way.
 * Source: path_resolution(7), symlink(7), openat2(2).
 */
#include "proxy/host/host_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/try.h"
#include "proxy/host/host_at_hand.h"

#include "base/banned.h"

enum { WRITABLE_BY_OTHERS = S_IWGRP | S_IWOTH };

/* An attacker with the rights of this process needs no symbolic links. */
static bool host_tree_is_trusted(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

/* An ACL shows as group bits. */
bool host_node_is_open(const struct host_node *node)
{
    return !host_tree_is_trusted(node->owner) || (node->mode & WRITABLE_BY_OTHERS) != 0;
}

/* Whether others can put something else in the place of `entry`, which is in `directory`. */
static bool is_replaceable(const struct host_node *directory, const struct host_node *entry)
{
    bool kept = entry->kind != HOST_MISSING && (directory->mode & S_ISVTX) != 0 &&
                host_tree_is_trusted(directory->owner);

    return host_node_is_open(directory) && !(kept && host_tree_is_trusted(entry->owner));
}

static void host_tree_close_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/* Without openat2(): one component after the other. */
static int host_tree_open_slowly(const char *path)
{
    int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    while (at >= 0 && *path == '/') {
        char name[NAME_MAX + 1] = "";
        size_t len = strcspn(path + 1, "/");

        if (len >= sizeof(name)) {
            close(at);
            return -ENAMETOOLONG;
        }
        memcpy(name, path + 1, len);
        path += 1 + len;
        int next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        int err = next < 0 ? errno : 0;

        close(at);
        errno = err;
        at = next;
    }
    return at < 0 ? -errno : at;
}

/* An old kernel (ENOSYS) or a seccomp filter (EPERM) is no reason to stop. */
static int host_tree_open(const char *path)
{
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        return host_tree_open_slowly(path);
    }
    return fd < 0 ? -errno : (int)fd;
}

static const char *problem_of(int err)
{
    switch (-err) {
    case EACCES:
    case EPERM:
        return "cannot be resolved: permission denied";
    case ENOTDIR:
        return "goes through something that is not a directory";
    case ENAMETOOLONG:
        return "has a name that is too long";
    case ELOOP:
        return "changed while it was being resolved";
    default:
        return "cannot be resolved";
    }
}

void host_node_fail(struct host_node *node, const char *why)
{
    node->kind = HOST_PROBLEM;
    node->why = why;
}

static int host_node_read_link(struct host_tree *tree, struct host_node *node, int fd)
{
    char text[PATH_MAX];
    struct statfs volume;

    if (fstatfs(fd, &volume) < 0 || volume.f_type == PROC_SUPER_MAGIC) {
        host_node_fail(node, "goes through a link in /proc, whose text is not its target");
        return 0;
    }
    ssize_t len = readlinkat(fd, "", text, sizeof(text));

    if (len <= 0 || (size_t)len == sizeof(text)) {
        host_node_fail(node, "has a link that cannot be read");
        return 0;
    }
    node->kind = HOST_LINK;
    return arena_copy(tree->arena, (struct slice){text, (size_t)len}, &node->text);
}

void host_node_take(struct host_node *node, const struct stat *status)
{
    node->device = status->st_dev;
    node->inode = status->st_ino;
    node->mode = status->st_mode;
    node->owner = status->st_uid;
    node->kind = S_ISDIR(status->st_mode) ? HOST_DIRECTORY : HOST_FILE;
}

/* Takes over `fd`, which may be an error. */
static int host_node_fill(struct host_tree *tree, struct host_node *node, int fd)
{
    struct stat status;
    int err = 0;

    if (fd == -ENOENT) {
        return 0; // HOST_MISSING
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        host_node_fail(node, problem_of(fd < 0 ? fd : -errno));
        host_tree_close_open(fd);
        return 0;
    }
    host_node_take(node, &status);
    if (S_ISLNK(status.st_mode)) {
        err = host_node_read_link(tree, node, fd);
    }
    close(fd);
    return err;
}

/* File systems whose files' attributes are in memory, or on a disk of this machine. */
bool host_tree_is_local_type(struct slice type)
{
    static const struct slice local[] = {
        SLICE_INIT("ext2"),     SLICE_INIT("ext3"),  SLICE_INIT("ext4"),
        SLICE_INIT("xfs"),      SLICE_INIT("btrfs"), SLICE_INIT("tmpfs"),
        SLICE_INIT("devtmpfs"), SLICE_INIT("ramfs"), SLICE_INIT("f2fs"),
    };

    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
        if (slice_eq(type, local[i])) {
            return true;
        }
    }
    return false;
}

/* Its own, when something is mounted just there; else the one above. */
static void host_node_find_file_system(const struct host_tree *tree, struct host_node *node,
                                       struct slice path)
{
    const struct mount_table *own = &tree->sight->own;

    node->file_system = node->parent->file_system;
    node->may_hang = node->parent->may_hang;
    for (size_t i = 0; i < own->count; i++) {
        if (slice_eq(own->entry[i].point, path)) {
            node->file_system = own->entry[i].point;
            node->may_hang = path.len > 1 && !host_tree_is_local_type(own->entry[i].type);
        }
    }
}

static int host_node_look(struct host_tree *tree, struct host_node *node)
{
    struct slice path = host_tree_path(tree, node);

    if (tree->recent) {
        return host_at_hand_look(tree, node);
    }
    host_node_find_file_system(tree, node, path);
    if (tree->job && !walk_may_touch(tree->job, node->file_system, node->may_hang)) {
        tree->hangs = true;
        host_node_fail(node, "is on a file system that does not respond");
        return 0;
    }
    return host_node_fill(tree, node, host_tree_open(path.ptr));
}

/* All but the path, which is large. */
static void host_tree_clear(struct host_tree *tree, struct arena *arena,
                            const struct host_sight *sight)
{
    memset(tree, 0, offsetof(struct host_tree, path));
    tree->arena = arena;
    tree->sight = sight;
    tree->root.parent = &tree->root;
    tree->root.blind = !host_sight_has(sight, SLICE("/"));
}

void host_tree_init(struct host_tree *tree, struct arena *arena, const struct host_sight *sight,
                    struct walk_job *job)
{
    host_tree_clear(tree, arena, sight);
    tree->job = job;
    if (host_node_look(tree, &tree->root) < 0 || tree->root.kind != HOST_DIRECTORY) {
        host_node_fail(&tree->root, "cannot be resolved");
    }
}

void host_tree_init_at_hand(struct host_tree *tree, struct arena *arena,
                            const struct host_sight *sight, struct host_recent *recent,
                            struct host_seen *seen)
{
    host_tree_clear(tree, arena, sight);
    tree->recent = recent;
    tree->seen = seen;
    host_at_hand_take_root(tree);
    if (tree->root.kind != HOST_DIRECTORY) {
        host_node_fail(&tree->root, "cannot be resolved");
    }
}

void host_tree_deinit(struct host_tree *tree)
{
    for (size_t i = 0; i < tree->mount_count; i++) {
        close(tree->mounts[i]);
    }
    tree->mount_count = 0;
}

struct slice host_tree_path(struct host_tree *tree, const struct host_node *node)
{
    size_t len = node->path_len;

    if (len == 0) {
        tree->path[0] = '/';
        tree->path[1] = '\0';
        return (struct slice){tree->path, 1};
    }
    tree->path[len] = '\0';
    for (; node->path_len > 0; node = node->parent) {
        size_t begin = node->path_len - node->name.len;

        memcpy(tree->path + begin, node->name.ptr, node->name.len);
        tree->path[begin - 1] = '/';
    }
    return (struct slice){tree->path, len};
}

static struct host_node *find_child(const struct host_node *parent, struct slice name)
{
    struct host_node *child = parent->child;

    while (child && !slice_eq(child->name, name)) {
        child = child->sibling;
    }
    return child;
}

/* What can be said without a look, or NULL. */
static const char *host_node_problem(const struct host_node *parent, const struct host_node *node)
{
    if (node->name.len > NAME_MAX || memchr(node->name.ptr, '\0', node->name.len)) {
        return problem_of(-ENAMETOOLONG);
    }
    if (parent->kind != HOST_DIRECTORY) {
        return problem_of(-ENOTDIR);
    }
    if (node->path_len >= PATH_MAX) {
        return "leads to a name that is too long";
    }
    return node->depth >= HOST_PATH_MAX_DEPTH ? "is nested too deeply" : NULL;
}

/* Whether it can be relied on. Where an allowed directory lies is the administrator's, who named
 * it. */
static void host_node_judge(struct host_tree *tree, const struct host_node *parent,
                            struct host_node *node)
{
    struct slice path = host_tree_path(tree, node);

    node->unsure = parent->unsure || parent->blind;
    node->loose = !parent->blind && (parent->loose || is_replaceable(parent, node));
    if (parent->blind) {
        node->blind = node->kind == HOST_MISSING || !host_sight_has(tree->sight, path);
    } else {
        node->blind = !host_sight_keeps(tree->sight, path);
    }
}

int host_tree_look(struct host_tree *tree, struct host_node *parent, struct slice name,
                   struct host_node **out)
{
    struct host_node *node = find_child(parent, name);

    if (node) {
        *out = node;
        return 0;
    }
    node = arena_alloc(tree->arena, sizeof(*node));
    TRY_ALLOC(node);
    TRY(arena_copy(tree->arena, name, &node->name));
    node->parent = parent;
    node->mount = parent->mount;
    node->mount_len = parent->mount_len;
    node->depth = parent->depth + 1;
    node->path_len = parent->path_len + 1 + name.len;
    const char *problem = host_node_problem(parent, node);

    if (problem) {
        host_node_fail(node, problem);
    } else {
        TRY(host_node_look(tree, node));
        host_node_judge(tree, parent, node);
    }
    node->sibling = parent->child;
    parent->child = node;
    *out = node;
    return 0;
}

bool host_tree_may_step(struct host_tree *tree)
{
    if (tree->recent && tree->steps >= HOST_AT_HAND_MAX_STEPS) {
        tree->again = true;
        return false;
    }
    if (!tree->exceeded && tree->steps >= HOST_MAX_STEPS) {
        tree->exceeded = "cannot be resolved: the paths of this request, including their links, "
                         "have more than 8192 components";
    }
    tree->steps++;
    return !tree->exceeded;
}

bool host_tree_may_follow(struct host_tree *tree, const struct host_node *link)
{
    tree->links++;
    tree->link_bytes += link->text.len;
    if (!tree->exceeded && tree->links > HOST_MAX_LINKS) {
        tree->exceeded =
            "cannot be resolved: the paths of this request go through more than 512 links";
    }
    if (!tree->exceeded && tree->link_bytes > HOST_MAX_LINK_BYTES) {
        tree->exceeded =
            "cannot be resolved: the links of this request's paths have more than 64 KiB of text";
    }
    return !tree->exceeded;
}
