/*
 * Recognises engines' sockets by what they are: device and inode. A bind mount, a link or
 * a path through /proc gives them other names, but not another inode. The directories above
 * them are recognised the same way, and so are bind mounts of either below a directory,
 * since the engine mounts a source with all that is mounted below it (rbind).
 */
#include "proxy/host/host_sockets.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/parse.h"
#include "base/path_text.h"
#include "base/try.h"
#include "proxy/host/host_path.h"
#include "sockade/policy.h"

#include "base/banned.h"

static bool look(const char *path, struct host_place *out)
{
    struct statx got;

    // Of a network's file system what is known already is enough.
    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO, &got) <
        0) {
        return false;
    }
    *out =
        (struct host_place){.device = makedev(got.stx_dev_major, got.stx_dev_minor),
                            .inode = got.stx_ino,
                            .kind = S_ISSOCK(got.stx_mode) ? HOST_PLACE_ENGINE : HOST_PLACE_ABOVE};
    return true;
}

static struct host_place *host_sockets_find_place(struct host_sockets *sockets, dev_t device,
                                                  ino_t inode)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->place[i].device == device && sockets->place[i].inode == inode) {
            return &sockets->place[i];
        }
    }
    return NULL;
}

static void host_sockets_add(struct host_sockets *sockets, const struct host_place *place)
{
    struct host_place *known = host_sockets_find_place(sockets, place->device, place->inode);

    if (known) {
        known->kind = known->kind > place->kind ? known->kind : place->kind;
    } else if (sockets->count < HOST_MAX_PLACES) {
        sockets->place[sockets->count] = *place;
        sockets->count++;
    }
}

/* `path` is cut shorter from component to component. */
static void add_above(struct host_sockets *sockets, char *path)
{
    struct host_place place;
    char *slash = strrchr(path, '/');

    while (slash) {
        bool is_root = slash == path;

        slash[is_root ? 1 : 0] = '\0';
        if (look(path, &place)) {
            host_sockets_add(sockets, &place);
        }
        slash = is_root ? NULL : strrchr(path, '/');
    }
}

static void add_socket(struct host_sockets *sockets, const char *path, enum host_place_kind kind)
{
    struct host_place place;
    char real[PATH_MAX];

    if (!look(path, &place) || place.kind != HOST_PLACE_ENGINE) {
        return;
    }
    place.kind = kind;
    host_sockets_add(sockets, &place);
    if (realpath(path, real)) {
        add_above(sockets, real);
    }
}

int host_sockets_look(struct host_sockets *sockets, const char *upstream,
                      const struct path_look *asked, const struct mount_table *mounts,
                      struct arena *arena)
{
    struct slice path = {0};

    *sockets = (struct host_sockets){.mounts = mounts};
    sockets->mounted = arena_alloc(arena, mounts->count * sizeof(*sockets->mounted));
    TRY_ALLOC(sockets->mounted);
    add_socket(sockets, upstream, HOST_PLACE_UPSTREAM);
    for (size_t i = 0; policy_engine_socket(i, &path); i++) {
        add_socket(sockets, path.ptr, HOST_PLACE_ENGINE); // a literal: it is terminated
    }
    for (size_t i = 0; i < asked->socket_count; i++) {
        add_socket(sockets, asked->socket[i].ptr, HOST_PLACE_ENGINE);
    }
    return 0;
}

/* Files may say another device than their file system's. Source: stat(2) of these. */
static bool hides_device(struct slice type)
{
    return slice_eq(type, SLICE("btrfs")) || slice_eq(type, SLICE("bcachefs")) ||
           slice_eq(type, SLICE("overlay"));
}

/* Whether what is mounted there may be one of the places. If not, it isn't touched. */
static bool may_be_place(const struct host_sockets *sockets, const struct mount_entry *mount)
{
    struct slice text[2] = {{0}, {0}};
    uint64_t number[2] = {0, 0};

    slice_cut(mount->device, ':', &text[0], &text[1]);
    if (hides_device(mount->type) || parse_u64(text[0], &number[0]) < 0 ||
        parse_u64(text[1], &number[1]) < 0) {
        return true;
    }
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->place[i].device == makedev((unsigned)number[0], (unsigned)number[1])) {
            return true;
        }
    }
    return false;
}

/* Looked at once, and only where it may matter. */
static bool is_place_mounted(struct host_sockets *sockets, size_t index)
{
    const struct mount_entry *mount = &sockets->mounts->entry[index];
    enum host_mounted *known = &sockets->mounted[index];
    char point[PATH_MAX];
    struct host_place place;

    if (*known == HOST_MOUNTED_UNKNOWN) {
        bool found = false;

        if (may_be_place(sockets, mount) && mount->point.len < sizeof(point)) {
            memcpy(point, mount->point.ptr, mount->point.len);
            point[mount->point.len] = '\0';
            found =
                look(point, &place) && host_sockets_find_place(sockets, place.device, place.inode);
        }
        *known = found ? HOST_MOUNTED_PLACE : HOST_MOUNTED_OTHER;
    }
    return *known == HOST_MOUNTED_PLACE;
}

static bool is_mounted_below(struct host_sockets *sockets, struct slice directory)
{
    for (size_t i = 0; i < sockets->mounts->count; i++) {
        struct slice point = sockets->mounts->entry[i].point;

        if (point.len > directory.len && path_is_within(point, directory) &&
            is_place_mounted(sockets, i)) {
            return true;
        }
    }
    return false;
}

bool host_sockets_can_find(const struct host_sockets *sockets, const struct host_node *reached,
                           struct slice resolved)
{
    for (size_t i = 0; reached->kind == HOST_DIRECTORY && i < sockets->mounts->count; i++) {
        struct slice point = sockets->mounts->entry[i].point;

        if (sockets->mounted[i] == HOST_MOUNTED_UNKNOWN && point.len > resolved.len &&
            path_is_within(point, resolved)) {
            return false;
        }
    }
    return true;
}

void host_sockets_find(struct host_sockets *sockets, const struct host_node *reached,
                       struct path_answer *answer)
{
    const struct host_place *place =
        host_sockets_find_place(sockets, reached->device, reached->inode);

    answer->is_upstream = place && place->kind == HOST_PLACE_UPSTREAM;
    answer->is_engine = place && place->kind >= HOST_PLACE_ENGINE;
    if (reached->kind == HOST_DIRECTORY) {
        answer->holds_engine = place || is_mounted_below(sockets, answer->resolved);
    }
}
