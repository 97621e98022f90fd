/*
 * The four ways in which a create body names mounts, in one list.
 * Source: moby daemon/volumes_unix.go and volume/mounts/linux_parser.go.
 */
#include "base/try.h"
#include "docker/tables/container_parts.h"

#include <errno.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "docker/tables/fields.h"

#include "base/banned.h"

/* The kernel takes no more than a page of mount options. */
enum { TMPFS_OPTIONS_MAX = 4096 };

struct type_row {
    struct slice word;
    enum mount_kind kind;
};

/* Exact: the engine refuses "BIND".   Source: moby api/types/mount. */
// clang-format off
static const struct type_row type_rows[] = {
    {SLICE_INIT("bind"),    MOUNT_BIND},
    {SLICE_INIT("volume"),  MOUNT_VOLUME},
    {SLICE_INIT("tmpfs"),   MOUNT_TMPFS},
    {SLICE_INIT("image"),   MOUNT_IMAGE},
    {SLICE_INIT("cluster"), MOUNT_CLUSTER},
    {SLICE_INIT("npipe"),   MOUNT_NPIPE},
};
// clang-format on

static enum mount_kind container_mounts_kind_of(struct slice type)
{
    for (size_t i = 0; i < sizeof(type_rows) / sizeof(type_rows[0]); i++) {
        if (slice_eq(type, type_rows[i].word)) {
            return type_rows[i].kind;
        }
    }
    return MOUNT_UNKNOWN;
}

/* The entry with its source as it was judged: "/srv/../etc:/x:ro" becomes "/etc:/x:ro". */
static int rewrite_bind(struct arena *arena, struct json *entry, const struct mount_spec *mount)
{
    size_t colon = slice_find(entry->text, ':');
    struct slice rest = slice_from_index(entry->text, colon);

    return arena_join(arena, ARENA_PARTS(mount->source, rest), &entry->text);
}

static int read_binds(struct container_spec *spec, const char *prefix)
{
    struct json *list = spec->list.binds;
    size_t index = 0;

    for (struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct mount_spec *mount = &spec->mounts.item[spec->mounts.count];

        TRY(mount_from_bind(spec->arena, entry->text, mount));
        TRY(container_field(spec->arena, prefix, "Binds", index, &mount->field));
        if (mount->kind == MOUNT_BIND) {
            TRY(rewrite_bind(spec->arena, entry, mount));
        }
        if (mount->kind == MOUNT_VOLUME || mount->kind == MOUNT_ANONYMOUS) {
            mount->driver = spec->volume_driver;
        }
        mount->entry = entry;
        spec->mounts.count++;
        index++;
    }
    return 0;
}

static int append_words(struct buf *text, const struct json *list)
{
    if (text->len > 0) {
        TRY(buf_append_byte(text, ','));
    }
    for (const struct json *word = list->child; word; word = word->next) {
        if (word != list->child) {
            TRY(buf_append_byte(text, '='));
        }
        TRY(buf_append(text, word->text));
    }
    return 0;
}

/* TmpfsOptions as mount(8) would have them: "mode=700,noexec". */
static int tmpfs_text(struct container_spec *spec, const struct json *options,
                      struct mount_spec *mount)
{
    CLEANUP(buf_deinit) struct buf text = {0};
    const struct json *lists = json_member(options, SLICE("Options"));
    int64_t mode = field_int(options, SLICE("Mode"));
    int err = 0;

    buf_init(&text, TMPFS_OPTIONS_MAX);
    if (mode != 0) {
        err = buf_printf(&text, "mode=%llo", (unsigned long long)mode);
    }
    for (const struct json *list = lists ? lists->child : NULL; list && err == 0;
         list = list->next) {
        err = append_words(&text, list);
    }
    if (err == -ENOBUFS) {
        mount->problem = true;
        return 0;
    }
    return err < 0 ? err : arena_copy(spec->arena, buf_slice(&text), &mount->tmpfs_options);
}

/* The options are read whatever the type is: which of them count is the engine's affair. */
static int container_mounts_read_options(struct container_spec *spec, const struct json *entry,
                                         struct mount_spec *mount)
{
    const struct json *bind = json_member(entry, SLICE("BindOptions"));
    const struct json *volume = json_member(entry, SLICE("VolumeOptions"));
    const struct json *image = json_member(entry, SLICE("ImageOptions"));
    const struct json *tmpfs = json_member(entry, SLICE("TmpfsOptions"));
    const struct json *driver = json_member(volume, SLICE("DriverConfig"));

    mount->read_only = field_bool(entry, SLICE("ReadOnly"));
    mount->propagation = field_string(bind, SLICE("Propagation"));
    mount->create_mountpoint = field_bool(bind, SLICE("CreateMountpoint"));
    mount->no_copy = field_bool(volume, SLICE("NoCopy"));
    mount->subpath = field_string(volume, SLICE("Subpath"));
    if (mount->subpath.len == 0) {
        mount->subpath = field_string(image, SLICE("Subpath"));
    }
    mount->driver = field_string(driver, SLICE("Name"));
    mount->tmpfs_size_bytes = field_int(tmpfs, SLICE("SizeBytes"));
    int err = field_string_map(spec->arena, json_member(driver, SLICE("Options")), &mount->options);
    return err < 0 ? err : tmpfs_text(spec, tmpfs, mount);
}

static int clean_bind_source(struct arena *arena, struct json *entry, struct mount_spec *mount)
{
    struct json *source = json_member(entry, SLICE("Source"));

    if (!slice_starts_with(mount->source, SLICE("/"))) {
        mount->problem = true;
        return 0;
    }
    int err = path_clean(arena, mount->source, &mount->source);
    if (err == 0 && source) {
        source->text = mount->source;
    }
    return err;
}

static int read_source(struct arena *arena, struct json *entry, struct mount_spec *mount)
{
    mount->source = field_string(entry, SLICE("Source"));
    switch (mount->kind) {
    case MOUNT_BIND:
        return clean_bind_source(arena, entry, mount);
    case MOUNT_VOLUME:
        if (mount->source.len == 0) {
            mount->kind = MOUNT_ANONYMOUS;
        } else {
            mount->problem |= !volume_name_is_valid(mount->source);
        }
        return 0;
    case MOUNT_TMPFS:
        mount->problem |= mount->source.len > 0;
        return 0;
    case MOUNT_IMAGE:
    case MOUNT_CLUSTER:
    case MOUNT_NPIPE:
        mount->problem |= mount->source.len == 0;
        return 0;
    case MOUNT_UNKNOWN:
    case MOUNT_ANONYMOUS:
        break;
    }
    mount->problem = true;
    return 0;
}

static bool holds_template(struct slice text)
{
    for (size_t at = slice_find(text, '{'); at < text.len; at = slice_find(text, '{')) {
        text = slice_from_index(text, at + 1);
        if (slice_starts_with(text, SLICE("{"))) {
            return true;
        }
    }
    return false;
}

/*
 * A service's mounts are templates, which its task fills in when it starts:
 * "/srv/{{slice `../etc` 0}}" is another path by then. Source: swarmkit template/expand.go.
 */
static bool is_template(const struct json *entry, const struct mount_spec *mount)
{
    bool found = holds_template(field_string(entry, SLICE("Source"))) ||
                 holds_template(field_string(entry, SLICE("Target")));

    for (size_t i = 0; i < mount->options.count; i++) {
        found = found || holds_template(mount->options.item[i].value);
    }
    return found;
}

static int container_mounts_read_mount(struct container_spec *spec, struct json *entry,
                                       struct mount_spec *mount)
{
    mount->entry = entry;
    mount->kind = container_mounts_kind_of(field_string(entry, SLICE("Type")));
    TRY(container_mounts_read_options(spec, entry, mount));
    mount->expands = spec->service;
    mount->problem |= mount->expands && is_template(entry, mount);
    TRY(read_source(spec->arena, entry, mount));
    TRY(mount_set_target(spec->arena, field_string(entry, SLICE("Target")), mount));
    if (mount->problem) {
        mount->kind = MOUNT_UNKNOWN;
    }
    return 0;
}

static int read_mounts(struct container_spec *spec, const struct json *list, const char *prefix)
{
    size_t index = 0;

    for (struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct mount_spec *mount = &spec->mounts.item[spec->mounts.count];

        TRY(container_mounts_read_mount(spec, entry, mount));
        TRY(container_field(spec->arena, prefix, "Mounts", index, &mount->field));
        spec->mounts.count++;
        index++;
    }
    return 0;
}

/*
 * Each is compared with paths, volumes and other mounts by several rules. Nothing real has
 * a tenth of this. Whatever the policy, such a body is refused, so its mounts need not be read.
 */
static int make_room(struct spec_reader *reader, struct container_spec *spec, size_t count,
                     bool *fits)
{
    spec->mounts = (struct mount_list){0};
    *fits = count <= CONTAINER_MAX_MOUNTS;
    if (!*fits) {
        return spec_report(reader, SPEC_PROBLEM_AMBIGUOUS, SLICE("Mounts"),
                           "are more than 500, with Binds, Tmpfs and Volumes");
    }
    spec->mounts.item = arena_alloc(spec->arena, count * sizeof(*spec->mounts.item));
    return spec->mounts.item ? 0 : -ENOMEM;
}

int container_mount_list_read(struct spec_reader *reader, struct container_spec *spec,
                              const char *prefix)
{
    const struct json *list = json_member(spec->host_config, SLICE("Mounts"));
    bool fits = false;
    int err = make_room(reader, spec, field_count(list), &fits);

    return err == 0 && fits ? read_mounts(spec, list, prefix) : err;
}

static int read_target_map(struct container_spec *spec, const struct json *map, const char *prefix,
                           const char *name, enum mount_kind kind)
{
    for (const struct json *entry = map ? map->child : NULL; entry; entry = entry->next) {
        struct mount_spec *mount = &spec->mounts.item[spec->mounts.count];
        mount->kind = kind;
        TRY(mount_set_target(spec->arena, entry->name, mount));
        TRY(container_field_key(spec->arena, prefix, name, entry->name, &mount->field));
        if (kind == MOUNT_TMPFS) {
            mount->tmpfs_options = entry->text;
        } else {
            mount->driver = spec->volume_driver;
        }
        if (mount->problem) {
            mount->kind = MOUNT_UNKNOWN;
        }
        spec->mounts.count++;
    }
    return 0;
}

int container_mounts_read(struct spec_reader *reader, struct container_spec *spec,
                          const char *prefix)
{
    const struct json *tmpfs = spec->list.tmpfs;
    const struct json *volumes = spec->list.volumes;
    size_t count = field_count(spec->list.binds) + field_count(spec->list.mounts) +
                   field_count(tmpfs) + field_count(volumes);
    bool fits = false;

    TRY(make_room(reader, spec, count, &fits));
    if (!fits) {
        return 0;
    }
    TRY(read_binds(spec, prefix));
    TRY(read_mounts(spec, spec->list.mounts, prefix));
    TRY(read_target_map(spec, tmpfs, prefix, "Tmpfs", MOUNT_TMPFS));
    return read_target_map(spec, volumes, "", "Volumes", MOUNT_ANONYMOUS);
}

bool mount_can_name(const struct mount_spec *mount, struct slice source)
{
    bool in_binds = mount->entry && mount->entry->type == JSON_STRING;

    return !(in_binds && slice_find(source, ':') < source.len) &&
           !(mount->expands && holds_template(source)) && utf8_is_valid(source) &&
           slice_find(source, '\0') == source.len;
}

int container_spec_set_source(struct container_spec *spec, struct mount_spec *mount,
                              struct slice source)
{
    struct json *member = json_member(mount->entry, SLICE("Source"));

    if (mount->kind != MOUNT_BIND || !mount->entry || !mount_can_name(mount, source)) {
        return -EINVAL;
    }
    mount->source = source;
    if (mount->entry->type == JSON_STRING) {
        return rewrite_bind(spec->arena, mount->entry, mount);
    }
    if (member) {
        member->text = source;
    }
    return member ? 0 : -EINVAL;
}
