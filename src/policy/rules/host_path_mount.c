/*
 * Mounting /, /etc, /root or /var/lib/docker is root on the host at the first write
 * (and often at the first read). Paths are compared as the engine cleans them, by
 * components: /srv/ci holds /srv/ci/x, not /srv/ci-evil. /proc, /sys and /dev lead
 * elsewhere by links, so a root above them doesn't allow them. A local volume with
 * options (o=bind,device=/) is a mount of the host by another name.
 */
#include <errno.h>

#include "policy/paths.h"
#include "policy/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_PATHS,
     .doc = "directories that may be mounted, with all below: {path, access: ro (preset) or rw}"},
    {0}};

static const struct slice magic_roots[] = {SLICE_INIT("/proc"), SLICE_INIT("/sys"),
                                           SLICE_INIT("/dev")};

/* An allowed root that lies inside the same magic tree, or no magic tree at all. */
static bool covers(struct slice root, struct slice path)
{
    if (!path_is_within(path, root)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(magic_roots) / sizeof(magic_roots[0]); i++) {
        if (path_is_within(path, magic_roots[i]) && !path_is_within(root, magic_roots[i])) {
            return false;
        }
    }
    return true;
}

static struct slice allowed_roots(struct rule_input *in)
{
    const struct param_value *allow = &in->param[ALLOW];
    struct slice *item = arena_alloc(in->arena, allow->path_count * sizeof(*item));
    struct string_list list = {.item = item, .count = item ? allow->path_count : 0};

    for (size_t i = 0; i < list.count; i++) {
        item[i] = allow->paths[i].path;
    }
    return rule_join(in->arena, &list);
}

static int object_path(struct rule_input *in, const struct mount_spec *mount)
{
    struct slice shown = rule_show(in, mount->source);

    if (in->param[ALLOW].path_count == 0) {
        return rule_object(in, "%.*s: %.*s is a path of the host, and none is allowed",
                           SLICE_ARGS(mount->field), SLICE_ARGS(shown));
    }
    return rule_object(in, "%.*s: %.*s is outside %.*s", SLICE_ARGS(mount->field),
                       SLICE_ARGS(shown), SLICE_ARGS(allowed_roots(in)));
}

static int judge_bind(struct rule_input *in, const struct mount_spec *mount)
{
    const struct param_value *allow = &in->param[ALLOW];
    struct slice path = {0};
    bool inside = false;

    if (host_path(in->arena, mount->source, &path) < 0) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < allow->path_count; i++) {
        if (!covers(allow->paths[i].path, path)) {
            continue;
        }
        inside = true;
        if (allow->paths[i].writable || mount->read_only) {
            // z and Z change the labels of the host's files, which outlives the container.
            return mount->relabel ? rule_object(in, "%.*s would relabel files of the host (z, Z)",
                                                SLICE_ARGS(mount->field))
                                  : 0;
        }
    }
    return inside ? rule_object(in, "%.*s: %.*s may be mounted read-only (:ro) only",
                                SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)))
                  : object_path(in, mount);
}

static int judge_options(struct rule_input *in, struct slice field, struct slice driver,
                         const struct string_map *options)
{
    bool local = driver.len == 0 || slice_eq(driver, SLICE("local"));

    if (!local || options->count == 0) {
        return 0; // other drivers are volume_driver's
    }
    const struct slice *device = string_map_get(options, SLICE("device"));

    return rule_object(in, "%.*s: options make a local volume a mount of the host (%s%.*s)",
                       SLICE_ARGS(field), device ? "device " : "",
                       SLICE_ARGS(rule_show(in, device ? *device : options->item[0].key)));
}

static int judge_volume(struct rule_input *in, const struct mount_spec *mount)
{
    for (const struct known_volume *known = in->volumes; known; known = known->next) {
        if (slice_eq(known->name, mount->source)) {
            return judge_options(in, mount->field, known->answer.driver, &known->answer.options);
        }
    }
    // Nobody could ask for it; a request that is refused anyway wasn't asked about.
    return in->facts_missing
               ? 0
               : rule_object(in, "%.*s: nothing is known about volume %.*s",
                             SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)));
}

static int judge_mount(struct rule_input *in, const struct mount_spec *mount)
{
    int err = 0;

    if (mount->problem) {
        return rule_object(in, "%.*s cannot be read as the engine would read it",
                           SLICE_ARGS(mount->field));
    }
    switch (mount->kind) {
    case MOUNT_BIND:
        return judge_bind(in, mount);
    case MOUNT_VOLUME:
        err = judge_options(in, mount->field, mount->driver, &mount->options);
        return err < 0 ? err : judge_volume(in, mount);
    case MOUNT_ANONYMOUS:
        return judge_options(in, mount->field, mount->driver, &mount->options);
    case MOUNT_TMPFS:
    case MOUNT_IMAGE: // image_mount's
        return 0;
    case MOUNT_UNKNOWN:
    case MOUNT_CLUSTER:
    case MOUNT_NPIPE:
        break;
    }
    return rule_object(in, "%.*s is of a type that cannot be judged", SLICE_ARGS(mount->field));
}

static int check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->mounts.count; i++) {
        int err = judge_mount(in, &in->container->mounts.item[i]);

        if (err < 0) {
            return err;
        }
    }
    return in->volume
               ? judge_options(in, SLICE("DriverOpts"), in->volume->driver, &in->volume->options)
               : 0;
}

const struct rule rule_host_path_mount = {
    .id = "host_path_mount",
    .summary = "Refuses to mount paths of the host but the listed ones.",
    .fix = "mount below an allowed path, or use a named volume",
    .cis = "5.6",
    .pss = "baseline",
    .judges_existing = true,
    .judges_mounts = true,
    .params = params,
    .check = check,
};
