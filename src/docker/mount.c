/*
 * Paths and Binds entries as the engine reads them. Everything here is about the
 * text alone: what a path leads to on the host is not knowable from it.
 */
#include "docker/mount.h"

#include <string.h>

#include "base/ascii.h"
#include "base/try.h"

#include "base/banned.h"

/* Removes the last component of `room`, which is empty or "/a/b". */
static size_t without_last(const char *room, size_t len)
{
    while (len > 0 && room[len - 1] != '/') {
        len--;
    }
    return len > 0 ? len - 1 : 0;
}

/* Whether the component that begins with the dot at `at` is "." or "..". */
static bool is_dots(const char *at, const char *end)
{
    at += at + 1 < end && at[1] == '.' ? 2 : 1;
    return at == end || *at == '/';
}

bool path_is_clean(struct slice path)
{
    if (path.len == 0 || path.ptr[0] != '/') {
        return false;
    }
    const char *end = path.ptr + path.len;

    // Whatever is wrong begins with a slash or a dot, which few names have.
    for (const char *at = path.ptr + 1; at < end; at++) {
        if ((*at == '/' || *at == '.') && at[-1] == '/' && (*at == '/' || is_dots(at, end))) {
            return false;
        }
    }
    return path.len == 1 || end[-1] != '/';
}

int path_clean(struct arena *arena, struct slice path, struct slice *out)
{
    char *room = arena_alloc(arena, path.len + 1);
    struct slice rest = path;
    size_t len = 0;

    TRY_ALLOC(room);
    while (rest.len > 0) {
        struct slice part = {0};
        slice_cut(rest, '/', &part, &rest);
        if (part.len == 0 || slice_eq(part, SLICE("."))) {
            continue;
        }
        if (slice_eq(part, SLICE(".."))) {
            len = without_last(room, len);
            continue;
        }
        room[len] = '/';
        memcpy(room + len + 1, part.ptr, part.len);
        len += part.len + 1;
    }
    if (len == 0) {
        room[0] = '/';
        len = 1;
    }
    *out = (struct slice){room, len};
    return 0;
}

bool object_name_is_valid(struct slice name)
{
    return name.len > 0 && ascii_is_alphanumeric(name.ptr[0]) &&
           ascii_is_made_of(name, SLICE("_.-"));
}

bool volume_name_is_valid(struct slice name)
{
    return name.len >= 2 && object_name_is_valid(name);
}

bool link_name_is_valid(struct slice name)
{
    bool more = slice_find(name, '/') < name.len;
    bool valid = more;

    while (valid && more) {
        struct slice segment = {0};

        more = slice_cut(name, '/', &segment, &name);
        valid = object_name_is_valid(segment);
    }
    return valid;
}

enum mode_group {
    MODE_ACCESS = 0,
    MODE_LABEL,
    MODE_PROPAGATION,
    MODE_COPY,
    MODE_CONSISTENCY,
    MODE_GROUPS
};

struct mode_row {
    struct slice word;
    enum mode_group group;
};

// clang-format off
static const struct mode_row mode_rows[] = {
    {SLICE_INIT("rw"),         MODE_ACCESS},
    {SLICE_INIT("ro"),         MODE_ACCESS},
    {SLICE_INIT("z"),          MODE_LABEL},
    {SLICE_INIT("Z"),          MODE_LABEL},
    {SLICE_INIT("private"),    MODE_PROPAGATION},
    {SLICE_INIT("rprivate"),   MODE_PROPAGATION},
    {SLICE_INIT("slave"),      MODE_PROPAGATION},
    {SLICE_INIT("rslave"),     MODE_PROPAGATION},
    {SLICE_INIT("shared"),     MODE_PROPAGATION},
    {SLICE_INIT("rshared"),    MODE_PROPAGATION},
    {SLICE_INIT("nocopy"),     MODE_COPY},
    {SLICE_INIT("consistent"), MODE_CONSISTENCY},
    {SLICE_INIT("cached"),     MODE_CONSISTENCY},
    {SLICE_INIT("delegated"),  MODE_CONSISTENCY},
};
// clang-format on

struct mode {
    struct slice word[MODE_GROUPS]; /* empty: none of the group */
};

static bool mode_add(struct mode *mode, struct slice word)
{
    for (size_t i = 0; i < sizeof(mode_rows) / sizeof(mode_rows[0]); i++) {
        if (slice_eq(word, mode_rows[i].word)) {
            struct slice *place = &mode->word[mode_rows[i].group];
            bool first = place->len == 0;
            *place = word;
            return first;
        }
    }
    return false;
}

/* False when the engine would not take it: an unknown word, or two of one group. */
static bool mode_parse(struct slice text, struct mode *mode)
{
    bool more = text.len > 0;

    *mode = (struct mode){0};
    while (more) {
        struct slice word = {0};
        more = slice_cut(text, ',', &word, &text);
        if (!mode_add(mode, word)) {
            return false;
        }
    }
    return true;
}

struct bind_parts {
    struct slice source;
    struct slice target;
    struct mode mode;
};

/* "target", "source:target" or "source:target:mode". */
static bool bind_split(struct slice bind, struct bind_parts *out)
{
    struct slice first = {0};
    struct slice second = {0};
    struct slice third = {0};
    struct mode none;

    *out = (struct bind_parts){0};
    if (!slice_cut(bind, ':', &first, &second)) {
        out->target = bind;
        return bind.len > 0;
    }
    bool has_mode = slice_cut(second, ':', &second, &third);
    // "/foo:rw" is taken for a target with a mode, which no volume may have.
    if (first.len == 0 || (!has_mode && mode_parse(second, &none))) {
        return false;
    }
    out->source = first;
    out->target = second;
    return slice_find(third, ':') == third.len && mode_parse(third, &out->mode);
}

int mount_set_target(struct arena *arena, struct slice target, struct mount_spec *mount)
{
    if (!slice_starts_with(target, SLICE("/"))) {
        mount->target = target;
        mount->problem = true;
        return 0;
    }
    int err = path_clean(arena, target, &mount->target);
    if (err == 0 && slice_eq(mount->target, SLICE("/"))) {
        mount->problem = true;
    }
    return err;
}

static int set_bind_source(struct arena *arena, const struct bind_parts *parts,
                           struct mount_spec *mount)
{
    if (parts->source.len == 0) {
        mount->kind = MOUNT_ANONYMOUS;
        return 0;
    }
    if (!slice_starts_with(parts->source, SLICE("/"))) {
        mount->kind = MOUNT_VOLUME;
        mount->source = parts->source;
        mount->no_copy = parts->mode.word[MODE_COPY].len > 0;
        mount->problem =
            !volume_name_is_valid(parts->source) || parts->mode.word[MODE_PROPAGATION].len > 0;
        return 0;
    }
    mount->kind = MOUNT_BIND;
    mount->create_mountpoint = true; // the engine makes a missing directory, as root
    mount->problem = parts->mode.word[MODE_COPY].len > 0;
    return path_clean(arena, parts->source, &mount->source);
}

int mount_from_bind(struct arena *arena, struct slice bind, struct mount_spec *out)
{
    struct mount_spec mount = {0};
    struct bind_parts parts;

    if (!bind_split(bind, &parts)) {
        *out = (struct mount_spec){.source = bind, .problem = true};
        return 0;
    }
    mount.read_only = slice_eq(parts.mode.word[MODE_ACCESS], SLICE("ro"));
    mount.relabel = parts.mode.word[MODE_LABEL].len > 0;
    mount.propagation = parts.mode.word[MODE_PROPAGATION];
    TRY(set_bind_source(arena, &parts, &mount));
    TRY(mount_set_target(arena, parts.target, &mount));
    if (mount.problem) {
        mount.kind = MOUNT_UNKNOWN;
    }
    *out = mount;
    return 0;
}

/* Of `o`: what leaves it a file system of its own. With "bind" the type would not count. */
static bool is_memory_word(struct slice word)
{
    static const struct slice words[] = {
        SLICE_INIT("size"),   SLICE_INIT("nr_inodes"), SLICE_INIT("mode"),   SLICE_INIT("uid"),
        SLICE_INIT("gid"),    SLICE_INIT("rw"),        SLICE_INIT("ro"),     SLICE_INIT("noexec"),
        SLICE_INIT("nosuid"), SLICE_INIT("nodev"),     SLICE_INIT("noatime")};
    struct slice name = {0};
    struct slice value = {0};

    slice_cut(word, '=', &name, &value);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_eq(name, words[i])) {
            return ascii_is_made_of(value, SLICE("%"));
        }
    }
    return false;
}

/* What mount(2) is told. Source: moby volume/local, mount.Mount(device, path, type, o). */
struct mount_options {
    struct slice type;
    struct slice words; /* of o */
    struct slice device;
};

/* False where there is more, or no type. */
static bool mount_options_read(const struct string_map *options, struct mount_options *out)
{
    const struct slice *type = string_map_get(options, SLICE("type"));
    const struct slice *o = string_map_get(options, SLICE("o"));
    const struct slice *device = string_map_get(options, SLICE("device"));
    size_t known = (type ? 1U : 0U) + (o ? 1U : 0U) + (device ? 1U : 0U);

    if (!type || known != options->count) {
        return false;
    }
    *out = (struct mount_options){*type, o ? *o : SLICE(""), device ? *device : SLICE("")};
    return true;
}

bool mount_options_are_memory(const struct string_map *options)
{
    struct mount_options read = {0};

    // Podman hands the device to mount(8), which takes what begins with a hyphen for an option.
    if (!mount_options_read(options, &read) || !slice_eq(read.type, SLICE("tmpfs")) ||
        (string_map_get(options, SLICE("device")) && !slice_eq(read.device, SLICE("tmpfs")) &&
         !slice_eq(read.device, SLICE("none")))) {
        return false;
    }
    while (read.words.len > 0) {
        struct slice word = {0};

        slice_cut(read.words, ',', &word, &read.words);
        if (!is_memory_word(word)) {
            return false;
        }
    }
    return true;
}

bool mount_options_are_bind(const struct string_map *options, struct volume_bind *out)
{
    struct mount_options read = {0};
    bool binds = false;
    bool writable = false;
    bool read_only = false;

    if (!mount_options_read(options, &read) || !path_is_clean(read.device) ||
        !(slice_eq(read.type, SLICE("none")) || slice_eq(read.type, SLICE("bind")))) {
        return false;
    }
    while (read.words.len > 0) {
        struct slice word = {0};

        slice_cut(read.words, ',', &word, &read.words);
        if (slice_eq(word, SLICE("bind")) || slice_eq(word, SLICE("rbind"))) {
            binds = true;
        } else if (slice_eq(word, SLICE("ro"))) {
            read_only = true;
        } else if (slice_eq(word, SLICE("rw"))) {
            writable = true;
        } else if (!slice_eq(word, SLICE("nosuid")) && !slice_eq(word, SLICE("nodev")) &&
                   !slice_eq(word, SLICE("noexec"))) {
            return false; // a propagation, "remount", …
        }
    }
    if (binds) {
        *out = (struct volume_bind){read.device, read_only && !writable};
    }
    return binds;
}
