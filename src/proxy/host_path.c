/*
 * Follows the symbolic links of a path by hand, so that each of them is seen: who could
 * turn it around, and whether it is one of /proc's, whose text is not where it leads
 * (/proc/1/root says "/" and is the root of another process).
 * Source: path_resolution(7), symlink(7), openat2(2).
 */
#include "proxy/host_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/banned.h"

enum { REST_MAX_BYTES = 2 * PATH_MAX, WRITABLE_BY_OTHERS = S_IWGRP | S_IWOTH };

struct walk {
    int at;          /* O_PATH descriptor of the directory that `done` names */
    struct stat dir; /* of `at` */
    char done[PATH_MAX];
    size_t done_len; /* 0: the root */
    char rest[REST_MAX_BYTES];
    size_t rest_len;
    bool loose[HOST_PATH_MAX_DEPTH]; /* others can replace the directory at that depth */
    size_t depth;
    struct stat last; /* of what was reached */
    bool missing;     /* the rest doesn't exist */
    const char *why;  /* it ends here */
    struct arena *arena;
    struct path_link *link;
    size_t link_count;
};

/* An attacker with the rights of this process needs no symbolic links. */
static bool is_trusted(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

/* Whether others than root can put names into the directory. An ACL shows as group bits. */
static bool is_open(const struct stat *dir)
{
    return !is_trusted(dir->st_uid) || (dir->st_mode & WRITABLE_BY_OTHERS) != 0;
}

/* Whether others can put something else in the place of `entry`, which is in `dir`. */
static bool is_replaceable(const struct stat *dir, const struct stat *entry)
{
    bool kept = (dir->st_mode & S_ISVTX) != 0 && is_trusted(dir->st_uid);

    return is_open(dir) && !(kept && is_trusted(entry->st_uid));
}

/*
 * One component, without following it. RESOLVE_BENEATH and NO_MAGICLINKS are belt and
 * braces here, so an old kernel (ENOSYS) or a seccomp filter (EPERM) is no reason to stop.
 */
static int open_component(int at, const char *name)
{
    struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH};
    long fd = syscall(SYS_openat2, at, name, &how, sizeof(how));

    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    return fd < 0 ? -errno : (int)fd;
}

static const char *problem_of(int err)
{
    switch (-err) {
    case EACCES:
    case EPERM:
        return "cannot be looked at: no permission";
    case ENOTDIR:
        return "goes through something that is no directory";
    case ENAMETOOLONG:
        return "has a name that is too long";
    default:
        return "cannot be looked at";
    }
}

static void close_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

/* Takes over `fd`, which `status` is of. */
static void enter(struct walk *walk, int fd, const struct stat *status)
{
    close_open(walk->at);
    walk->at = fd;
    walk->dir = *status;
    walk->last = *status;
}

static void go_to_root(struct walk *walk)
{
    struct stat status;
    int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) < 0) {
        walk->why = problem_of(-errno);
        close_open(fd);
        return;
    }
    enter(walk, fd, &status);
    walk->done_len = 0;
    walk->depth = 0;
    walk->loose[0] = false;
}

static void go_up(struct walk *walk)
{
    struct stat status;

    if (walk->depth == 0) {
        return; // ".." of the root is the root
    }
    int fd = openat(walk->at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) < 0) {
        walk->why = problem_of(-errno);
        close_open(fd);
        return;
    }
    enter(walk, fd, &status);
    while (walk->done[walk->done_len - 1] != '/') {
        walk->done_len--;
    }
    walk->done_len--;
    walk->depth--;
}

/* False with `why` when the path gets too long. */
static bool append(struct walk *walk, struct slice name)
{
    if (walk->done_len + 1 + name.len >= sizeof(walk->done)) {
        walk->why = "leads to a name that is too long";
        return false;
    }
    walk->done[walk->done_len] = '/';
    memcpy(walk->done + walk->done_len + 1, name.ptr, name.len);
    walk->done_len += 1 + name.len;
    return true;
}

static int keep_link(struct walk *walk, struct slice name, bool foreign)
{
    struct slice place = {0};
    int err = arena_printf(walk->arena, &place, "%.*s/%.*s", (int)walk->done_len, walk->done,
                           SLICE_ARGS(name));

    if (err == 0) {
        walk->link[walk->link_count] = (struct path_link){.place = place, .foreign = foreign};
        walk->link_count++;
    }
    return err;
}

/* What is left becomes the link's text and then what was left behind the link. */
static void put_before_rest(struct walk *walk, struct slice text)
{
    size_t len = text.len + 1 + walk->rest_len;

    if (len > sizeof(walk->rest)) {
        walk->why = "has links that are too long";
        return;
    }
    memmove(walk->rest + text.len + 1, walk->rest, walk->rest_len);
    memcpy(walk->rest, text.ptr, text.len);
    walk->rest[text.len] = '/';
    walk->rest_len = len;
    if (text.ptr[0] == '/') {
        go_to_root(walk);
    }
}

static int follow(struct walk *walk, int fd, struct slice name)
{
    char text[PATH_MAX];
    struct statfs volume;
    bool foreign = walk->loose[walk->depth] || is_open(&walk->dir);

    if (walk->link_count == HOST_PATH_MAX_LINKS) {
        walk->why = "has too many links, or they lead in a circle";
        return 0;
    }
    if (fstatfs(fd, &volume) < 0 || volume.f_type == PROC_SUPER_MAGIC) {
        walk->why = "goes through a link of /proc, which is not what it says";
        return 0;
    }
    ssize_t len = readlinkat(fd, "", text, sizeof(text));

    if (len <= 0 || (size_t)len == sizeof(text)) {
        walk->why = "has a link that cannot be read";
        return 0;
    }
    int err = keep_link(walk, name, foreign);

    if (err == 0) {
        put_before_rest(walk, (struct slice){text, (size_t)len});
    }
    return err;
}

static void go_down(struct walk *walk, int fd, const struct stat *status, struct slice name)
{
    bool loose = walk->loose[walk->depth] || is_replaceable(&walk->dir, status);

    if (walk->depth + 1 == HOST_PATH_MAX_DEPTH) {
        walk->why = "leads too deep";
    }
    if (walk->why || !append(walk, name)) {
        close(fd);
        return;
    }
    walk->depth++;
    walk->loose[walk->depth] = loose;
    enter(walk, fd, status);
}

/* Nothing is there: what is left is taken as it is, unless it climbs. */
static void end_missing(struct walk *walk, struct slice name)
{
    struct slice rest = {walk->rest, walk->rest_len};

    walk->missing = true;
    while (append(walk, name)) {
        do {
            if (rest.len == 0) {
                return;
            }
            slice_cut(rest, '/', &name, &rest);
        } while (name.len == 0 || slice_eq(name, SLICE(".")));
        if (slice_eq(name, SLICE(".."))) {
            walk->why = "goes through a directory that isn't there";
            return;
        }
    }
}

static int step(struct walk *walk, struct slice name)
{
    char component[NAME_MAX + 1];
    struct stat status;

    if (name.len >= sizeof(component) || memchr(name.ptr, '\0', name.len)) {
        walk->why = problem_of(-ENAMETOOLONG);
        return 0;
    }
    memcpy(component, name.ptr, name.len);
    component[name.len] = '\0';
    int fd = open_component(walk->at, component);

    if (fd == -ENOENT) {
        end_missing(walk, (struct slice){component, name.len});
        return 0;
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        walk->why = problem_of(fd < 0 ? fd : -errno);
        close_open(fd);
        return 0;
    }
    if (!S_ISLNK(status.st_mode)) {
        go_down(walk, fd, &status, (struct slice){component, name.len});
        return 0;
    }
    int err = follow(walk, fd, (struct slice){component, name.len});

    close(fd);
    return err;
}

/* The first component of what is left, which is taken off. It is valid until the next. */
static struct slice take_component(struct walk *walk, char room[NAME_MAX + 2])
{
    struct slice rest = {walk->rest, walk->rest_len};
    struct slice name = {0};

    slice_cut(rest, '/', &name, &rest);
    name = slice_head(name, NAME_MAX + 1);
    memcpy(room, name.ptr, name.len);
    size_t len = name.len;

    memmove(walk->rest, rest.ptr ? rest.ptr : walk->rest, rest.len);
    walk->rest_len = rest.len;
    return (struct slice){room, len};
}

static int walk_on(struct walk *walk)
{
    char room[NAME_MAX + 2];
    int err = 0;

    while (walk->rest_len > 0 && !walk->why && !walk->missing && err == 0) {
        struct slice name = take_component(walk, room);

        if (name.len == 0 || slice_eq(name, SLICE("."))) {
            continue;
        }
        if (slice_eq(name, SLICE(".."))) {
            go_up(walk);
        } else {
            err = step(walk, name);
        }
    }
    return err;
}

/* What isn't there yet can be put there by whoever writes to the directory, sticky or not. */
static bool is_place_replaceable(const struct walk *walk)
{
    return walk->loose[walk->depth] || (walk->missing && is_open(&walk->dir));
}

static int answer(const struct walk *walk, struct path_answer *out)
{
    struct path_answer made = {.view = PATH_UNRESOLVED, .why = walk->why};
    struct slice done = {walk->done, walk->done_len};

    if (!walk->why) {
        made = (struct path_answer){.view = PATH_RESOLVED,
                                    .exists = !walk->missing,
                                    .link = walk->link,
                                    .link_count = walk->link_count,
                                    .replaceable = is_place_replaceable(walk)};
        int err = arena_copy(walk->arena, done.len > 0 ? done : SLICE("/"), &made.resolved);

        if (err < 0) {
            return err;
        }
    }
    *out = made;
    return 0;
}

int host_path_resolve(struct slice path, struct arena *arena, struct path_answer *out,
                      struct stat *status)
{
    struct walk walk = {.at = -1, .arena = arena, .rest_len = path.len};

    walk.link = arena_alloc(arena, HOST_PATH_MAX_LINKS * sizeof(*walk.link));
    if (!walk.link) {
        return -ENOMEM;
    }
    if (path.len > sizeof(walk.rest)) {
        *out = (struct path_answer){.view = PATH_UNRESOLVED, .why = problem_of(-ENAMETOOLONG)};
        return 0;
    }
    memcpy(walk.rest, path.ptr, path.len);
    go_to_root(&walk);
    int err = walk.why ? 0 : walk_on(&walk);

    close_open(walk.at);
    if (err == 0) {
        err = answer(&walk, out);
    }
    *status = walk.last;
    return err;
}
