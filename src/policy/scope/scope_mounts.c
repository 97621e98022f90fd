/*
 * Volumes that the engine makes along with a container. For an entry of Binds, of Volumes or
 * of the image it makes them without labels, for one of Mounts with the labels given there.
 * So these become entries of Mounts, with the scope's labels.
 * Source: moby daemon/volumes.go registerMountPoints, daemon/create_unix.go.
 */
#include <errno.h>

#include "base/try.h"
#include "docker/tables/container_parts.h"
#include "policy/lookup/judgement.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

int scope_check_mounts(struct judgement *judgement, struct decision *out)
{
    const struct json *list = json_member(judgement->container.host_config, SLICE("Mounts"));

    for (const struct json *mount = list ? list->child : NULL; mount; mount = mount->next) {
        const struct json *options = json_member(mount, SLICE("VolumeOptions"));

        TRY(scope_check_labels(judgement, out,
                               judgement->container.service ? "TaskTemplate.ContainerSpec.Mounts"
                                                            : "HostConfig.Mounts",
                               json_member(options, SLICE("Labels"))));
    }
    return 0;
}

struct volume_wish {
    struct slice source; /* empty: anonymous */
    struct slice target;
    struct slice mode; /* of an entry of Binds: "ro,nocopy" */
};

static bool mode_has(struct slice mode, struct slice word)
{
    struct slice next = {0};

    while (mode.len > 0) {
        slice_cut(mode, ',', &next, &mode);
        if (slice_eq(next, word)) {
            return true;
        }
    }
    return false;
}

/* `value` is NULL where memory was out. */
static int set(struct json *object, struct slice name, struct json *value)
{
    TRY_ALLOC(value);
    json_set(object, name, value);
    return 0;
}

/* What a bind's mode says, in the words of Mounts. */
static int set_mode(struct arena *arena, struct slice mode, struct json *mount,
                    struct json *options)
{
    static const struct slice consistencies[] = {SLICE_INIT("consistent"), SLICE_INIT("cached"),
                                                 SLICE_INIT("delegated")};

    if (mode_has(mode, SLICE("ro"))) {
        TRY(set(mount, SLICE("ReadOnly"), json_new_bool(arena, true)));
    }
    if (mode_has(mode, SLICE("nocopy"))) {
        TRY(set(options, SLICE("NoCopy"), json_new_bool(arena, true)));
    }
    for (size_t i = 0; i < sizeof(consistencies) / sizeof(consistencies[0]); i++) {
        if (mode_has(mode, consistencies[i])) {
            TRY(set(mount, SLICE("Consistency"), json_new_string(arena, consistencies[i])));
        }
    }
    return 0;
}

static int set_labels(const struct judgement *judgement, struct arena *arena, struct json *mount)
{
    return scope_write_labels(judgement, arena,
                              spec_member(arena, mount, SLICE("VolumeOptions"), JSON_OBJECT));
}

static int set_driver(const struct judgement *judgement, struct arena *arena, struct json *options)
{
    struct slice driver = judgement->container.volume_driver;

    if (driver.len == 0) {
        return 0;
    }
    struct json *config = spec_member(arena, options, SLICE("DriverConfig"), JSON_OBJECT);

    return config ? set(config, SLICE("Name"), json_new_string(arena, driver)) : -ENOMEM;
}

static int add_mount(struct judgement *judgement, struct arena *arena,
                     const struct volume_wish *wish)
{
    struct json *list =
        spec_member(arena, judgement->container.host_config, SLICE("Mounts"), JSON_ARRAY);
    struct json *mount = json_new(arena, JSON_OBJECT);
    struct json *options = json_new(arena, JSON_OBJECT);

    if (!list || !mount || !options) {
        return -ENOMEM;
    }
    TRY(set(mount, SLICE("Type"), json_new_string(arena, SLICE("volume"))));
    if (wish->source.len > 0) {
        TRY(set(mount, SLICE("Source"), json_new_string(arena, wish->source)));
    }
    TRY(set(mount, SLICE("Target"), json_new_string(arena, wish->target)));
    json_set(mount, SLICE("VolumeOptions"), options);
    TRY(set_mode(arena, wish->mode, mount, options));
    TRY(set_driver(judgement, arena, options));
    TRY(set_labels(judgement, arena, mount));
    json_append(list, mount);
    return 0;
}

static bool exists(const struct judgement *judgement, struct slice volume)
{
    const struct scope_reference *reference = judgement->scope.references;

    for (; reference; reference = reference->next) {
        if (reference->kind == FACT_VOLUME && slice_eq(reference->name, volume)) {
            return reference->fact && reference->fact->status == 200;
        }
    }
    return true; // not asked about: left as it is
}

/* The part behind the second colon. */
static struct slice bind_mode(struct slice bind)
{
    struct slice part = {0};

    slice_cut(bind, ':', &part, &bind);
    slice_cut(bind, ':', &part, &bind);
    return bind;
}

/* Whether an entry of Binds would make a volume. */
static bool makes_volume(const struct judgement *judgement, const struct mount_spec *mount)
{
    return mount->kind == MOUNT_ANONYMOUS ||
           (mount->kind == MOUNT_VOLUME && !exists(judgement, mount->source));
}

static int move_bind(struct judgement *judgement, struct arena *arena,
                     const struct mount_spec *mount, struct slice bind)
{
    struct volume_wish wish = {.source = mount->source,
                               .target = mount->target,
                               .mode = mount->kind == MOUNT_VOLUME ? bind_mode(bind)
                                                                   : (struct slice){0}};

    return add_mount(judgement, arena, &wish);
}

/* container_spec.h lists the entries of Binds first, in their order. */
static int move_binds(struct judgement *judgement, struct arena *arena)
{
    struct json *list = json_member(judgement->container.host_config, SLICE("Binds"));
    struct json **link = list ? &list->child : NULL;

    for (size_t i = 0; link && *link && i < judgement->container.mounts.count; i++) {
        const struct mount_spec *mount = &judgement->container.mounts.item[i];

        if (makes_volume(judgement, mount)) {
            TRY(move_bind(judgement, arena, mount, (*link)->text));
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
    return 0;
}

static int label_mounts(struct judgement *judgement, struct arena *arena)
{
    struct json *list = json_member(judgement->container.host_config, SLICE("Mounts"));

    for (struct json *mount = list ? list->child : NULL; mount; mount = mount->next) {
        const struct json *type = json_member(mount, SLICE("Type"));

        if (type && slice_eq(type->text, SLICE("volume"))) {
            TRY(set_labels(judgement, arena, mount));
        }
    }
    return 0;
}

/* `target` is clean, and so is what it is compared with. False as well when memory is out. */
static bool has_target(const struct judgement *judgement, struct arena *arena, struct slice target)
{
    const struct json *list = json_member(judgement->container.host_config, SLICE("Mounts"));

    for (const struct json *mount = list ? list->child : NULL; mount; mount = mount->next) {
        struct mount_spec taken = {0};

        if (mount_set_target(arena, field_string(mount, SLICE("Target")), &taken) == 0 &&
            slice_eq(taken.target, target)) {
            return true;
        }
    }
    for (size_t i = 0; i < judgement->container.mounts.count; i++) {
        const struct mount_spec *mount = &judgement->container.mounts.item[i];

        // An anonymous one of Volumes is what is to be made here.
        if (mount->kind != MOUNT_ANONYMOUS && slice_eq(mount->target, target)) {
            return true;
        }
    }
    return false;
}

static int add_anonymous(struct judgement *judgement, struct decision *out, struct slice target)
{
    struct mount_spec cleaned = {0};
    int err = mount_set_target(&out->document, target, &cleaned);

    if (err < 0 || cleaned.problem || has_target(judgement, &out->document, cleaned.target)) {
        return err; // what isn't a path is for the engine to refuse
    }
    return add_mount(judgement, &out->document, &(struct volume_wish){.target = cleaned.target});
}

/* The image's answer is among the facts: scope_collect_container() has asked for it. */
static int add_image_volumes(struct judgement *judgement, struct decision *out)
{
    struct object_answer image = {0};
    const struct fact *fact = out->facts;
    int err = 0;

    while (fact && fact->kind != FACT_IMAGE) {
        fact = fact->next;
    }
    if (fact && fact->status == 200) {
        err = object_answer_read(fact->body, &out->document, OBJECT_IMAGE, &image);
    }
    if (image.volume_targets.count > CONTAINER_MAX_MOUNTS) {
        return -E2BIG; // each is compared with each
    }
    for (size_t i = 0; i < image.volume_targets.count && err == 0; i++) {
        err = add_anonymous(judgement, out, image.volume_targets.item[i]);
    }
    return err == -EBADMSG ? 0 : err;
}

static int scope_mounts_add_volumes(struct judgement *judgement, struct decision *out)
{
    const struct json *volumes = json_member(judgement->container.tree, SLICE("Volumes"));

    // Another container's volumes come before the image's, but would yield to Mounts.
    if (judgement->container.volumes_from.count > 0) {
        return 0;
    }
    for (const struct json *volume = volumes ? volumes->child : NULL; volume;
         volume = volume->next) {
        TRY(add_anonymous(judgement, out, volume->name));
    }
    return add_image_volumes(judgement, out);
}

int scope_write_container(struct judgement *judgement, struct decision *out)
{
    TRY(scope_write_labels(judgement, &out->document, judgement->container.tree));
    TRY(label_mounts(judgement, &out->document));
    if (judgement->container.service) {
        // What is called Binds or Volumes there is nothing that the engine knows.
        return add_image_volumes(judgement, out);
    }
    TRY(move_binds(judgement, &out->document));
    return scope_mounts_add_volumes(judgement, out);
}
