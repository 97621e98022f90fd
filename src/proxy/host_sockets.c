/*
 * Recognises engines' sockets by what they are: device and inode. A bind mount, a link or
 * a path through /proc gives them other names, but not another inode. The directories above
 * them are recognised the same way, and so are bind mounts of either below a directory,
 * since the engine mounts a source with all that is mounted below it (rbind).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "proxy/host_path.h"

#include "base/banned.h"

enum { MAX_PLACES = 256 };

struct place {
    dev_t device;
    ino_t inode;
};

/* The sockets that exist, and every directory above them. */
struct places {
    struct place item[MAX_PLACES];
    size_t count;
};

static bool look(const char *path, struct stat *out)
{
    struct statx got;

    // Of a network's file system what is known already is enough.
    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO, &got) <
        0) {
        return false;
    }
    *out = (struct stat){.st_dev = makedev(got.stx_dev_major, got.stx_dev_minor),
                         .st_ino = got.stx_ino,
                         .st_mode = got.stx_mode};
    return true;
}

static bool is_at(const struct place *place, const struct stat *status)
{
    return place->device == status->st_dev && place->inode == status->st_ino;
}

static bool has(const struct places *places, const struct stat *status)
{
    for (size_t i = 0; i < places->count; i++) {
        if (is_at(&places->item[i], status)) {
            return true;
        }
    }
    return false;
}

static void add(struct places *places, const struct stat *status)
{
    if (places->count < MAX_PLACES && !has(places, status)) {
        places->item[places->count] = (struct place){status->st_dev, status->st_ino};
        places->count++;
    }
}

/* `path` is cut shorter from component to component. */
static void add_above(struct places *places, char *path)
{
    struct stat status;
    char *slash = strrchr(path, '/');

    while (slash) {
        bool is_root = slash == path;

        slash[is_root ? 1 : 0] = '\0';
        if (look(path, &status)) {
            add(places, &status);
        }
        slash = is_root ? NULL : strrchr(path, '/');
    }
}

/* Whether there is a socket, and `status` is it. */
static bool add_socket(struct places *places, const char *path, const struct stat *status)
{
    struct stat socket;
    char *real = NULL;

    if (!look(path, &socket) || !S_ISSOCK(socket.st_mode)) {
        return false;
    }
    real = realpath(path, NULL);
    add(places, &socket);
    if (real) {
        add_above(places, real);
    }
    free(real);
    return is_at(&(struct place){socket.st_dev, socket.st_ino}, status);
}

static char octal_byte(const char *digits)
{
    unsigned value = 0;

    for (int i = 0; i < 3; i++) {
        value = value * 8 + (unsigned)(digits[i] - '0');
    }
    return (char)(unsigned char)value;
}

/* "\040" is a space.   Source: proc(5), mountinfo. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; to++) {
        bool octal = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
                     from[2] <= '7' && from[3] >= '0' && from[3] <= '7';

        if (octal) {
            *to = octal_byte(from + 1);
        } else {
            *to = *from;
        }
        from += octal ? 4 : 1;
    }
    *to = '\0';
}

/* The mount point is the fifth field, cut out of the line in place. NULL when there is none. */
static char *mount_point(char *line)
{
    for (int i = 1; line && i < 5; i++) {
        line = strchr(line, ' ');
        line = line ? line + 1 : NULL;
    }
    char *end = line ? strchr(line, ' ') : NULL;

    if (!end) {
        return NULL;
    }
    *end = '\0';
    unescape(line);
    return line;
}

static bool is_below(const char *path, struct slice directory)
{
    struct slice rest = slice_from(path);

    if (slice_eq(directory, SLICE("/"))) {
        return rest.len > 1;
    }
    return slice_starts_with(rest, directory) && rest.len > directory.len &&
           rest.ptr[directory.len] == '/';
}

static bool is_mounted_below(const struct places *places, struct slice directory)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    bool found = false;

    while (mounts && !found && getline(&line, &size, mounts) > 0) {
        const char *point = mount_point(line);
        struct stat status;

        found = point && is_below(point, directory) && look(point, &status) && has(places, &status);
    }
    free(line);
    if (mounts) {
        fclose(mounts);
    }
    return found;
}

void host_sockets_find(const char *upstream, const struct stat *status, struct path_answer *answer)
{
    struct places places = {.count = 0};
    struct slice path = {0};

    answer->is_upstream = add_socket(&places, upstream, status);
    answer->is_engine = answer->is_upstream;
    for (size_t i = 0; policy_engine_socket(i, &path); i++) {
        answer->is_engine |= add_socket(&places, path.ptr, status); // a literal: it is terminated
    }
    if (S_ISDIR(status->st_mode)) {
        answer->holds_engine = has(&places, status) || is_mounted_below(&places, answer->resolved);
    }
}
