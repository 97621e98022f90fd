/*
 * See container_edit.h.
 */
#include "docker/tables/container_edit.h"

#include <errno.h>

#include "base/try.h"
#include "docker/tables/fields.h"

#include "base/banned.h"

static int set_string(struct arena *arena, struct json *object, struct slice name,
                      struct slice value, struct slice *place)
{
    struct json *node = json_new_string(arena, value);

    TRY_ALLOC(node);
    json_set(object, name, node);
    *place = node->text;
    return 0;
}

int container_edit_image(struct container_spec *spec, struct slice image)
{
    return set_string(spec->arena, spec->config, SLICE("Image"), image, &spec->image);
}

int container_edit_read_only(struct container_spec *spec)
{
    struct json *node = json_new_bool(spec->arena, true);

    TRY_ALLOC(node);
    json_set(spec->host_config, spec->service ? SLICE("ReadOnly") : SLICE("ReadonlyRootfs"), node);
    spec->readonly_rootfs = true;
    return 0;
}

void container_edit_leave_paths(struct container_spec *spec)
{
    json_remove(spec->host_config, SLICE("MaskedPaths"));
    json_remove(spec->host_config, SLICE("ReadonlyPaths"));
    spec->masked_paths = (struct string_list){0};
    spec->readonly_paths = (struct string_list){0};
}

static int ensure_list(struct container_spec *spec, struct slice name, struct json **out)
{
    struct json *list = json_member(spec->host_config, name);

    if (!list) {
        list = json_new(spec->arena, JSON_ARRAY);
        TRY_ALLOC(list);
        json_set(spec->host_config, name, list);
    }
    *out = list;
    return 0;
}

int container_edit_drop(struct container_spec *spec, struct slice capability)
{
    struct json *list = NULL;
    struct json *node = json_new_string(spec->arena, capability);

    struct slice name = spec->service ? SLICE("CapabilityDrop") : SLICE("CapDrop");

    if (!node || ensure_list(spec, name, &list) < 0) {
        return -ENOMEM;
    }
    json_append(list, node);
    return field_strings(spec->arena, list, &spec->cap_drop);
}

/* The order of entries is nothing that the engine goes by. */
static void remove_entry(struct json *object, struct slice name, const struct json *entry)
{
    struct json *list = json_member(object, name);
    struct json **link = list ? &list->child : NULL;

    while (link && *link && *link != entry) {
        link = &(*link)->next;
    }
    if (link && *link) {
        *link = entry->next;
    }
    if (list && !list->child) {
        json_remove(object, name);
    }
}

static bool is_one_word(struct slice text)
{
    return slice_find(text, ',') == text.len && slice_find(text, '"') == text.len;
}

static int make_entry(struct arena *arena, const struct mount_spec *mount, struct json **out)
{
    struct json *entry = json_new(arena, JSON_OBJECT);
    struct json *options = json_new(arena, JSON_OBJECT);
    struct json *read_only = json_new_bool(arena, true);
    struct slice written = {0};

    if (!entry || !options || !read_only) {
        return -ENOMEM;
    }
    TRY(set_string(arena, entry, SLICE("Type"), SLICE("bind"), &written));
    TRY(set_string(arena, entry, SLICE("Source"), mount->source, &written));
    TRY(set_string(arena, entry, SLICE("Target"), mount->target, &written));
    if (mount->read_only) {
        json_set(entry, SLICE("ReadOnly"), read_only);
    }
    if (mount->propagation.len > 0) {
        TRY(set_string(arena, options, SLICE("Propagation"), mount->propagation, &written));
        json_set(entry, SLICE("BindOptions"), options);
    }
    *out = entry;
    return 0;
}

int container_edit_require_source(struct container_spec *spec, struct mount_spec *mount)
{
    struct json *list = NULL;
    struct json *entry = NULL;

    if (mount->entry->type == JSON_OBJECT) {
        struct json *options = json_member(mount->entry, SLICE("BindOptions"));

        if (options) {
            json_remove(options, SLICE("CreateMountpoint"));
        }
        mount->create_mountpoint = false;
        return 0;
    }
    if (spec->binds_only || mount->relabel || !is_one_word(mount->source) ||
        !is_one_word(mount->target)) {
        return 0;
    }
    TRY(make_entry(spec->arena, mount, &entry));
    TRY(ensure_list(spec, SLICE("Mounts"), &list));
    remove_entry(spec->host_config, SLICE("Binds"), mount->entry);
    json_append(list, entry);
    mount->entry = entry;
    mount->create_mountpoint = false;
    return 0;
}

static int set_addresses(struct container_spec *spec, struct json *list, struct slice address)
{
    struct slice written = {0};

    for (struct json *binding = list->child; binding; binding = binding->next) {
        if (field_string(binding, SLICE("HostIp")).len == 0) {
            TRY(set_string(spec->arena, binding, SLICE("HostIp"), address, &written));
        }
    }
    return 0;
}

/* A port without any binding stays so: what it means depends on the engine's age. */
int container_edit_addresses(struct container_spec *spec, struct slice address)
{
    struct json *map = NULL;

    if (!spec->service) { // its ports have no addresses, and what is called so there is unknown
        map = json_member(spec->host_config, SLICE("PortBindings"));
    }
    for (struct json *list = map ? map->child : NULL; list; list = list->next) {
        TRY(set_addresses(spec, list, address));
    }
    for (size_t i = 0; i < spec->port_count; i++) {
        if (spec->ports[i].host_ip.len == 0 && spec->ports[i].bound) {
            spec->ports[i].host_ip = address;
        }
    }
    return 0;
}

/* "data:/data:ro" becomes "data:/data:ro,nocopy". */
static int add_no_copy(struct arena *arena, struct json *bind)
{
    struct slice mode = slice_from_index(bind->text, slice_find(bind->text, ':') + 1);
    bool has_mode = slice_find(mode, ':') < mode.len;

    return arena_join(arena,
                      ARENA_PARTS(bind->text, has_mode ? SLICE(",") : SLICE(":"), SLICE("nocopy")),
                      &bind->text);
}

int container_edit_no_copy(struct container_spec *spec, struct mount_spec *mount)
{
    if (mount->kind != MOUNT_VOLUME || !mount->entry) {
        return -EINVAL;
    }
    if (mount->entry->type == JSON_STRING) {
        TRY(add_no_copy(spec->arena, mount->entry));
    } else {
        struct json *options = json_member(mount->entry, SLICE("VolumeOptions"));
        struct json *node = json_new_bool(spec->arena, true);

        TRY_ALLOC(node);
        if (!options) {
            options = json_new(spec->arena, JSON_OBJECT);
            TRY_ALLOC(options);
            json_set(mount->entry, SLICE("VolumeOptions"), options);
        }
        json_set(options, SLICE("NoCopy"), node);
    }
    mount->no_copy = true;
    return 0;
}

int container_edit_mode(struct container_spec *spec, enum container_mode mode, struct slice value)
{
    switch (mode) {
    case CONTAINER_MODE_NETWORK:
        return set_string(spec->arena, spec->host_config, SLICE("NetworkMode"), value,
                          &spec->network_mode);
    case CONTAINER_MODE_PID:
        return set_string(spec->arena, spec->host_config, SLICE("PidMode"), value, &spec->pid_mode);
    case CONTAINER_MODE_IPC:
        return set_string(spec->arena, spec->host_config, SLICE("IpcMode"), value, &spec->ipc_mode);
    }
    return -EINVAL;
}

int container_edit_volumes_from(struct container_spec *spec, size_t index, struct slice value)
{
    struct json *list = json_member(spec->host_config, SLICE("VolumesFrom"));
    struct json *entry = list ? list->child : NULL;
    struct slice copy = {0};

    for (size_t i = 0; entry && i < index; i++) {
        entry = entry->next;
    }
    if (!entry) {
        return -EINVAL;
    }
    TRY(arena_copy(spec->arena, value, &copy));
    entry->text = copy;
    return field_strings(spec->arena, list, &spec->volumes_from);
}
