/*
 * Mounting /, /etc, /root or /var/lib/docker is root on the host at the first write
 * (and often at the first read). Paths are compared as the engine cleans them, by
 * components: /srv/ci holds /srv/ci/x, not /srv/ci-evil. /proc, /sys and /dev lead
 * elsewhere by links, so a root above them doesn't allow them. A local volume with
 * options (o=bind,device=/) is a mount of the host by another name, unless it is memory:
 * where it can be read as a bind of one path, it is judged as that, here and at each use.
 *
 * The engine doesn't resolve symbolic links when it takes a path, but the kernel follows
 * them when the container starts. So the path that a source leads to is judged as well,
 * and a link that somebody other than root could turn around is not followed at all.
 * Where that cannot be seen, only the listed paths themselves pass: what lies below one
 * may be a link that a client made.
 */
#include <errno.h>

#include "base/try.h"
#include "docker/tables/container_edit.h"
#include "policy/model/paths.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/host_path.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static const char *const symlinks_words[] = {"resolve", "allow", "deny", NULL};

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_PATHS,
     .doc = "directories that may be mounted, with everything below them: {path, access: ro "
            "(default) or rw}"},
    {.name = "symlinks",
     .type = PARAM_CHOICE,
     .preset = "resolve",
     .choices = symlinks_words,
     .needs = NEED_NO_LINKS,
     .doc = "symbolic links below them: resolve (only those that only root can change), allow "
            "(all, also those that sockade cannot see), deny (none); no link that sockade sees may "
            "lead out of the allowed directories"},
    {.name = "stable",
     .type = PARAM_FLAG,
     .doc = "true: only paths that nobody but root can replace between the verdict and the mount "
            "(TOCTOU)"},
    {.name = "relabel",
     .type = PARAM_FLAG,
     .doc = "true: allows z and Z for directories mounted read-write"},
    {.name = "copy",
     .type = PARAM_FLAG,
     .doc = "true: allows copying files into containers that mount them read-write; the engine "
            "writes as root on the host, including setuid bits and devices"},
    {.name = "tmpfs",
     .type = PARAM_FLAG,
     .preset = "true",
     .preset_restricted = "false",
     .doc =
         "true: allows local volumes in memory (type=tmpfs); no container limit bounds their size"},
    {.name = "bind_volumes",
     .type = PARAM_FLAG,
     .preset = "true",
     .preset_restricted = "false",
     .doc = "true: judges a local volume that binds a path (o=bind) like a mount of that path; "
            "false: denies it"},
    {0}};

const char *const host_path_fixes[] = {
    [HOST_PATH_FIX_NONE] = "use a named volume",
    [HOST_PATH_FIX_READ_ONLY] = "mount it read-only (:ro)",
    [HOST_PATH_FIX_LABEL] = "remove :z and :Z",
    [HOST_PATH_FIX_COPY] = "write the files with docker exec, as in docker exec -i NAME tar x",
    [HOST_PATH_FIX_LINK] = "mount the target of the link, by its real path",
    [HOST_PATH_FIX_STABLE] = "mount a directory that only root can replace, or use a named volume",
    [HOST_PATH_FIX_UNSEEN] =
        // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one text
    "mount an allowed directory itself, or make the path visible to sockade "
    "(sockade init --view)",
    [HOST_PATH_FIX_FOLLOW] = "mount a path that can be resolved, by its real name",
    [HOST_PATH_FIX_TMPFS] = "remove the options, or mount memory into one container with --tmpfs",
    [HOST_PATH_FIX_OPTIONS] =
        "remove the options, or bind an allowed path: type=none, o=bind, device=/PATH without ..",
    [HOST_PATH_FIX_MOUNT] = "mount the path itself (-v PATH:TARGET)",
    [HOST_PATH_FIX_NO_COPY] = "mount it with nocopy (-v NAME:TARGET:nocopy, volume-nocopy)",
    [HOST_PATH_FIX_VOLUME_RO] = "make the volume read-only (o=bind,ro)",
    [HOST_PATH_FIX_VOLUME] = "mount at most 64 volumes, by names that docker volume ls shows",
    [HOST_PATH_FIX_SYNTAX] =
        "write the mount as SOURCE:TARGET or SOURCE:TARGET:OPTIONS, with absolute paths",
    [HOST_PATH_FIX_TYPE] = "use a mount of type bind, volume or tmpfs",
    NULL,
};

static int host_path_mount_object_path(struct rule_input *in, const struct mount_spec *mount,
                                       struct slice path)
{
    struct slice shown = rule_show(in, mount->source);
    struct rule_remedy remedy = {.change = host_path_adding(path, mount)};

    if (in->param[HOST_PATH_ALLOW].path_count == 0) {
        remedy.fix = host_path_fixes[HOST_PATH_FIX_NONE];
        return rule_object_remedy(in, &remedy,
                                  "%.*s: %.*s is a host path, and no host path is allowed",
                                  SLICE_ARGS(mount->field), SLICE_ARGS(shown));
    }
    return rule_object_remedy(in, &remedy, "%.*s: %.*s is outside %.*s", SLICE_ARGS(mount->field),
                              SLICE_ARGS(shown), SLICE_ARGS(host_path_allowed(in)));
}

/* The socket that takes the engine's place keeps its label. */
static int object_label(struct rule_input *in, const struct mount_spec *mount, struct slice path,
                        bool passes)
{
    struct rule_remedy remedy = {.fix = host_path_fixes[HOST_PATH_FIX_LABEL]};

    if (!mount->substituted) {
        remedy.change =
            passes ? host_path_setting(HOST_PATH_RELABEL, 1) : host_path_adding(path, mount);
        remedy.change.also = passes ? 0 : HOST_PATH_RELABEL + 1;
    }
    return rule_object_remedy(in, &remedy, "%.*s would relabel host files (z, Z)",
                              SLICE_ARGS(mount->field));
}

static int host_path_mount_judge_bind(struct rule_input *in, const struct mount_spec *mount)
{
    const struct param_value *allow = &in->param[HOST_PATH_ALLOW];
    struct slice path = {0};
    bool inside = mount->substituted;
    bool passes = mount->substituted;

    if (host_path_borrow(in->arena, mount->source, &path) < 0) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < allow->path_count; i++) {
        if (host_path_covers(allow->paths[i].path, path)) {
            inside = true;
            passes = passes || host_path_suffices(&allow->paths[i], mount);
        }
    }
    if (inside && mount->relabel &&
        (!passes || mount->substituted || !in->param[HOST_PATH_RELABEL].flag)) {
        return object_label(in, mount, path, passes);
    }
    if (passes && in->copies_in && !mount->substituted && !mount->read_only &&
        !in->param[HOST_PATH_COPY].flag) {
        struct rule_remedy remedy = {.fix = host_path_fixes[HOST_PATH_FIX_COPY],
                                     .holds = true,
                                     .change = host_path_setting(HOST_PATH_COPY, 1)};

        return rule_object_remedy(
            in, &remedy, "%.*s: copied files could end up in %.*s, owned by root",
            SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)));
    }
    if (passes) {
        return mount->substituted ? 0 : host_path_judge_place(in, mount);
    }
    struct rule_remedy remedy = {
        .fix = host_path_fixes[in->volume ? HOST_PATH_FIX_VOLUME_RO : HOST_PATH_FIX_READ_ONLY],
        .change = host_path_adding(path, mount)};

    return inside
               ? rule_object_remedy(in, &remedy, "%.*s: %.*s may be mounted read-only (:ro) only",
                                    SLICE_ARGS(mount->field),
                                    SLICE_ARGS(rule_show(in, mount->source)))
               : host_path_mount_object_path(in, mount, path);
}

/* The engine fills an empty volume with the image's files, as root: the directory of the host. */
static int leave_unfilled(struct rule_input *in, struct mount_spec *mount)
{
    struct rule_remedy remedy = {.fix = host_path_fixes[HOST_PATH_FIX_NO_COPY],
                                 .change = host_path_setting(HOST_PATH_COPY, 1)};

    if (in->writes && mount->kind == MOUNT_VOLUME && mount->entry) {
        return container_edit_no_copy(in->container, mount);
    }
    return rule_object_remedy(in, &remedy,
                              "%.*s: the engine would copy the image's files to a path of the host",
                              SLICE_ARGS(mount->field));
}

/* `mount` is NULL where the volume is made. It is judged as a bind of its device would be. */
static int judge_volume_bind(struct rule_input *in, struct mount_spec *mount,
                             const struct volume_bind *bind)
{
    bool filled = mount && !in->existing && !mount->no_copy && !bind->read_only;

    if (filled && !in->param[HOST_PATH_COPY].flag) {
        TRY(leave_unfilled(in, mount));
        filled = !mount->no_copy;
    }
    const struct mount_spec seen = {
        .kind = MOUNT_BIND,
        .field = mount ? mount->field : SLICE("DriverOpts"),
        .source = bind->device,
        .read_only = bind->read_only || (mount && mount->read_only && !filled),
        .relabel = mount && mount->relabel,
        .by_volume = true,
    };

    return host_path_mount_judge_bind(in, &seen);
}

static int object_bind_volume(struct rule_input *in, struct slice field,
                              const struct volume_bind *bind)
{
    struct rule_remedy remedy = {.fix = host_path_fixes[HOST_PATH_FIX_MOUNT],
                                 .change = host_path_setting(HOST_PATH_BIND_VOLUMES, 1)};

    return rule_object_remedy(in, &remedy, "%.*s: the options make a local volume a bind of %.*s",
                              SLICE_ARGS(field), SLICE_ARGS(rule_show(in, bind->device)));
}

static int host_path_mount_judge_options(struct rule_input *in, struct mount_spec *mount,
                                         struct slice driver, const struct string_map *options)
{
    bool local = driver.len == 0 || slice_eq(driver, SLICE("local"));
    struct slice field = mount ? mount->field : SLICE("DriverOpts");
    struct volume_bind bind = {0};

    if (!local || options->count == 0 ||
        (in->param[HOST_PATH_TMPFS].flag && mount_options_are_memory(options))) {
        return 0; // other drivers are volume_driver's
    }
    if (mount_options_are_memory(options)) {
        struct rule_remedy remedy = {.fix = host_path_fixes[HOST_PATH_FIX_TMPFS],
                                     .change = host_path_setting(HOST_PATH_TMPFS, 1)};

        return rule_object_remedy(in, &remedy,
                                  "%.*s: the options make a local volume a file system in memory",
                                  SLICE_ARGS(field));
    }
    // Podman fills it when a container starts; the tasks of a service run on any host.
    if (in->engine->kind == ENGINE_DOCKERD && !(mount && mount->expands) &&
        mount_options_are_bind(options, &bind)) {
        return in->param[HOST_PATH_BIND_VOLUMES].flag ? judge_volume_bind(in, mount, &bind)
                                                      : object_bind_volume(in, field, &bind);
    }
    const struct slice *device = string_map_get(options, SLICE("device"));

    return rule_object_fix(in, host_path_fixes[HOST_PATH_FIX_OPTIONS],
                           "%.*s: the options make a local volume a mount of the host (%s%.*s)",
                           SLICE_ARGS(field), device ? "device " : "",
                           SLICE_ARGS(rule_show(in, device ? *device : options->item[0].key)));
}

static int judge_volume(struct rule_input *in, struct mount_spec *mount)
{
    for (const struct known_volume *known = in->volumes; known; known = known->next) {
        if (slice_eq(known->name, mount->source)) {
            return host_path_mount_judge_options(in, mount, known->answer.driver,
                                                 &known->answer.options);
        }
    }
    // Nobody could ask for it; a request that is refused anyway wasn't asked about.
    return in->facts_missing ? 0
                             : rule_object_fix(in, host_path_fixes[HOST_PATH_FIX_VOLUME],
                                               "%.*s: there is no information about volume %.*s",
                                               SLICE_ARGS(mount->field),
                                               SLICE_ARGS(rule_show(in, mount->source)));
}

static int host_path_mount_judge_mount(struct rule_input *in, struct mount_spec *mount)
{
    int err = 0;

    if (mount->problem) {
        return rule_object_fix(in, host_path_fixes[HOST_PATH_FIX_SYNTAX],
                               "%.*s cannot be parsed as the engine would parse it",
                               SLICE_ARGS(mount->field));
    }
    switch (mount->kind) {
    case MOUNT_BIND:
        return host_path_mount_judge_bind(in, mount);
    case MOUNT_VOLUME:
        err = host_path_mount_judge_options(in, mount, mount->driver, &mount->options);
        return err < 0 ? err : judge_volume(in, mount);
    case MOUNT_ANONYMOUS:
        return host_path_mount_judge_options(in, mount, mount->driver, &mount->options);
    case MOUNT_TMPFS:
    case MOUNT_IMAGE: // image_mount's
        return 0;
    case MOUNT_UNKNOWN:
    case MOUNT_CLUSTER:
    case MOUNT_NPIPE:
        break;
    }
    return rule_object_fix(in, host_path_fixes[HOST_PATH_FIX_TYPE],
                           "%.*s has a type that cannot be judged", SLICE_ARGS(mount->field));
}

static int host_path_mount_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->mounts.count; i++) {
        int err = host_path_mount_judge_mount(in, &in->container->mounts.item[i]);

        if (err < 0) {
            return err;
        }
    }
    return in->volume
               ? host_path_mount_judge_options(in, NULL, in->volume->driver, &in->volume->options)
               : 0;
}

bool policy_allowed_path(const struct policy *policy, size_t index, struct policy_root *out)
{
    const struct rule_settings *settings = &policy->rule[RULE_host_path_mount];
    const struct param_value *allow = &settings->param[HOST_PATH_ALLOW];

    if (settings->level == RULE_LEVEL_OFF || index >= allow->path_count) {
        return false;
    }
    *out = (struct policy_root){.path = allow->paths[index].path,
                                .needs_sight = settings->param[HOST_PATH_SYMLINKS].number !=
                                               HOST_PATH_SYMLINKS_ALLOW,
                                .writable = allow->paths[index].writable,
                                .copies = settings->param[HOST_PATH_COPY].flag};
    return true;
}

const struct rule rule_host_path_mount = {
    .id = "host_path_mount",
    .summary = "Denies mounts of host paths not in `allow`.",
    .fix = "mount a path below an allowed one, or use a named volume",
    .fixes = host_path_fixes,
    .cis = "5.6",
    .pss = "baseline",
    .judges_existing = true,
    .judges_mounts = true,
    .needs = NEED_VOLUMES | NEED_PATHS | NEED_ROOTS,
    .params = params,
    .check = host_path_mount_check,
};
