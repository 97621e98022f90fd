/*
 * A container that can connect to an engine's socket starts privileged containers,
 * past every rule of ours. The directories above it are as good; :ro doesn't help,
 * since connecting writes nothing. A volume's options mount just as Binds do.
 */
#include <errno.h>

#include "policy/paths.h"
#include "policy/rule.h"

#include "base/banned.h"

static int judge_path(struct rule_input *in, struct slice field, struct slice source)
{
    struct slice path = {0};

    if (host_path(in->arena, source, &path) < 0) {
        return -ENOMEM;
    }
    if (!host_path_reaches_engine(path, in->engine_socket)) {
        return 0;
    }
    return rule_object(in, "%.*s: %.*s is or holds a socket of a container engine",
                       SLICE_ARGS(field), SLICE_ARGS(rule_show(in, source)));
}

/* "lowerdir=/run,upperdir=/tmp/u": every absolute path in an option's value. */
static int judge_option(struct rule_input *in, struct slice field, struct slice value)
{
    while (value.len > 0) {
        struct slice part = {0};
        struct slice key = {0};
        struct slice paths = {0};

        slice_cut(value, ',', &part, &value);
        if (!slice_cut(part, '=', &key, &paths)) {
            paths = part;
        }
        while (paths.len > 0) {
            struct slice path = {0};

            slice_cut(paths, ':', &path, &paths);
            if (slice_starts_with(path, SLICE("/")) && judge_path(in, field, path) < 0) {
                return -ENOMEM;
            }
        }
    }
    return 0;
}

static int judge_options(struct rule_input *in, struct slice field,
                         const struct string_map *options)
{
    for (size_t i = 0; i < options->count; i++) {
        if (judge_option(in, field, options->item[i].value) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int judge_mount(struct rule_input *in, const struct mount_spec *mount)
{
    if (mount->problem) {
        return rule_object(in, "%.*s cannot be read as the engine would read it",
                           SLICE_ARGS(mount->field));
    }
    if (mount->kind == MOUNT_BIND) {
        return judge_path(in, mount->field, mount->source);
    }
    return judge_options(in, mount->field, &mount->options);
}

static int check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->mounts.count; i++) {
        if (judge_mount(in, &in->container->mounts.item[i]) < 0) {
            return -ENOMEM;
        }
    }
    for (const struct known_volume *volume = in->volumes; volume; volume = volume->next) {
        if (judge_options(in, volume->name, &volume->answer.options) < 0) {
            return -ENOMEM;
        }
    }
    return in->volume ? judge_options(in, SLICE("DriverOpts"), &in->volume->options) : 0;
}

const struct rule rule_docker_socket_mount = {
    .id = "docker_socket_mount",
    .summary = "Refuses to mount a container engine's socket or a directory above one.",
    .fix = "drop the mount; a container that needs the engine should get a filtered socket",
    .cis = "5.32",
    .pss = "baseline",
    .judges_existing = true,
    .judges_mounts = true,
    .check = check,
};
