/*
 * The engine walks some trees as root, by paths, while what runs in them may put a link where a
 * directory was: then it reads or writes the host's files. What cannot be kept apart by making one
 * wait for the other (holds.c) is refused here, or asked for in another way. docs/races.md has the
 * whole list.
 */
#include <errno.h>

#include "base/try.h"
#include "docker/tables/container_edit.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

/* In the order of enum live_tree_param. */
static const struct rule_param params[] = {
    {.name = "copy_up",
     .type = PARAM_FLAG,
     .doc =
         "allows filling volumes that are or were in use, or belong to services, with an image's "
         "files. A process that has the volume open can place these files anywhere on the host"},
    {.name = "archive",
     .type = PARAM_FLAG,
     .doc =
         "allows copying files from and to running containers with mounts, even by engines before "
         "29.5.1 (25.0.17). Such a container can have a volume mounted over a host directory"},
    {.name = "commit",
     .type = PARAM_FLAG,
     .doc = "allows committing a container while something can change its files. Any host file can "
            "get into the image"},
    {.name = "builds",
     .type = PARAM_FLAG,
     .doc =
         "allows using containers left by a build, and the volumes of its steps, while a build is "
         "running, which may be committing them, and builds in the network of a container; and "
         "judges these containers by the same rules as others"},
    {.name = "work_dir",
     .type = PARAM_FLAG,
     .doc = "allows Podman before 5.7.1 to start containers in any working directory. Links in the "
            "container can make it create directories anywhere on the host, owned by the "
            "container's user"},
    {0}};

// clang-format off
enum { FIX_WAIT, FIX_OTHERS, FIX_NAMED, FIX_NAMESPACE, FIX_ARCHIVE, FIX_ENGINE, FIX_WORK_DIR,
       FIX_PAUSE, FIX_TASK, FIX_NETWORK, FIX_STOP };
// clang-format on

static const char *const fixes[] = {
    [FIX_WAIT] = "try again when the running creates and builds are done",
    [FIX_OTHERS] = "stop the other containers first",
    [FIX_NAMED] = "mount a volume that you have named",
    [FIX_NAMESPACE] = "recreate it with its own namespaces",
    [FIX_ARCHIVE] =
        "stop it first, or run tar in it with exec; engines since 29.5.1 (25.0.17) can copy",
    [FIX_ENGINE] = "use an engine since 29.5.1 (25.0.17)",
    [FIX_WORK_DIR] =
        "recreate it with --workdir / or with a volume there, or use Podman 5.7.1 or later",
    [FIX_PAUSE] = "remove the query parameter pause",
    [FIX_TASK] = "commit a container that is not a task",
    [FIX_NETWORK] = "build in a network, not in that of a container",
    [FIX_STOP] = NULL, // the rule's own
};

/* The fix is for the container as it is. */
static struct rule_remedy remedy_of(size_t fix, enum live_tree_param flag)
{
    return (struct rule_remedy){
        .fix = fixes[fix],
        .holds = true,
        .change = {.kind = CHANGE_SET, .param = flag, .number = 1},
    };
}

/* Swarm fills volumes when it likes; for requests the engine does so while they are under way. */
static int object_to_filling(struct rule_input *in, const struct mount_spec *mount)
{
    struct rule_remedy remedy =
        remedy_of(in->tree->swarms ? FIX_NAMED : FIX_WAIT, LIVE_TREE_COPY_UP);

    remedy.passes = !in->tree->swarms;
    return rule_object_remedy(in, &remedy,
                              "%.*s: volume %.*s has a name that the engine generated, no "
                              "container mounts it, and the engine may be filling it for %s",
                              SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)),
                              in->tree->swarms ? "a swarm task" : "another request");
}

/*
 * What runs beside a step of a build can be handed the step's files by way of its volume, and
 * change them when the step has ended and the builder commits it.
 */
static int live_tree_check_steps(struct rule_input *in)
{
    struct rule_remedy remedy = remedy_of(FIX_WAIT, LIVE_TREE_BUILDS);
    const struct mount_list *mounts = &in->container->mounts;

    remedy.passes = true;
    for (size_t i = 0; i < mounts->count; i++) {
        const struct mount_spec *mount = &mounts->item[i];

        if (tree_volume_is_of_step(in->tree, mount)) {
            TRY(rule_object_remedy(in, &remedy,
                                   "%.*s: volume %.*s may belong to a step of a running build, "
                                   "whose files could be changed through it",
                                   SLICE_ARGS(mount->field),
                                   SLICE_ARGS(rule_show(in, mount->source))));
        }
    }
    return 0;
}

static int check_copy_up(struct rule_input *in)
{
    struct mount_list *mounts = &in->container->mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        struct mount_spec *mount = &mounts->item[i];

        if (tree_volume_is_being_filled(in->tree, mount)) {
            TRY(object_to_filling(in, mount));
            continue;
        }
        if (mount->kind != MOUNT_VOLUME || mount->no_copy ||
            !(tree_volume_is_used(in->tree, mount->source) ||
              tree_volume_has_run(in->tree, mount->source))) {
            continue;
        }
        TRY(in->writes ? container_edit_no_copy(in->container, mount)
                       : rule_object_set(
                             in, LIVE_TREE_COPY_UP, 1,
                             "%.*s: volume %.*s is in use, and the engine fills it with "
                             "the image's files",
                             SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source))));
    }
    return 0;
}

/*
 * Swarm makes the containers of a service when it likes, whatever else is under way: with a volume
 * that anybody may mount meanwhile, and fills it each time that it is empty.
 * Source: moby daemon/cluster/executor/container/container.go convertMount, and daemon/create.go.
 */
static int check_tasks(struct rule_input *in)
{
    const struct rule_remedy named = remedy_of(FIX_NAMED, LIVE_TREE_COPY_UP);
    struct mount_list *mounts = &in->container->mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        struct mount_spec *mount = &mounts->item[i];

        if (tree_volume_is_engines(mount)) {
            TRY(rule_object_remedy(in, &named,
                                   "%.*s: volume %.*s has a name such as the engine generates, and "
                                   "the engine may be filling it when a task starts",
                                   SLICE_ARGS(mount->field),
                                   SLICE_ARGS(rule_show(in, mount->source))));
            continue;
        }
        if (mount->kind != MOUNT_VOLUME || mount->no_copy) {
            continue;
        }
        TRY(in->writes ? container_edit_no_copy(in->container, mount)
                       : rule_object_set(
                             in, LIVE_TREE_COPY_UP, 1,
                             "%.*s: the engine fills volume %.*s with the image's files "
                             "when a task starts, whatever else mounts it",
                             SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source))));
    }
    return 0;
}

/* A volume by which another container that runs may reach into the files, or NULL. */
static const struct slice *find_used(const struct tree_use *tree)
{
    const struct string_list *volumes = &tree->container->volumes;

    for (size_t i = 0; i < volumes->count; i++) {
        if (tree_volume_is_used(tree, volumes->item[i])) {
            return &volumes->item[i];
        }
    }
    return NULL;
}

/* Through each of them what is beside it can get at its files. */
static bool has_namespace(const struct container_spec *spec, struct slice prefix)
{
    return slice_starts_with(spec->pid_mode, prefix) ||
           slice_starts_with(spec->network_mode, prefix) ||
           slice_starts_with(spec->ipc_mode, prefix);
}

/* A user-defined network may have any name that begins so. */
static bool has_hosts_namespace(const struct container_spec *spec)
{
    return slice_eq(spec->pid_mode, SLICE("host")) || slice_eq(spec->network_mode, SLICE("host")) ||
           slice_eq(spec->ipc_mode, SLICE("host"));
}

/* Nobody else has its tmpfs. */
static bool has_mounts(const struct rule_input *in)
{
    for (size_t i = 0; i < in->container->mounts.count; i++) {
        if (in->container->mounts.item[i].kind != MOUNT_TMPFS) {
            return true;
        }
    }
    return in->tree->container->has_mounts;
}

static int object_to_users(struct rule_input *in, const struct slice *volume,
                           enum live_tree_param flag)
{
    const struct rule_remedy remedy = remedy_of(FIX_OTHERS, flag);

    return rule_object_remedy(
        in, &remedy,
        "another running container mounts its volume %.*s and can change its files meanwhile",
        SLICE_ARGS(rule_show(in, *volume)));
}

/*
 * Paused by the engine, which gives up when the container is about to start again. What was beside
 * it while it ran may have opened its files, and be there still.
 */
static int check_commit(struct rule_input *in)
{
    const struct tree_use *tree = in->tree;
    const struct slice *used = find_used(tree);
    const struct rule_remedy stop = remedy_of(FIX_STOP, LIVE_TREE_COMMIT);

    if (used) {
        return object_to_users(in, used, LIVE_TREE_COMMIT);
    }
    if (has_namespace(in->container, SLICE("container:"))) {
        const struct rule_remedy anew = remedy_of(FIX_NAMESPACE, LIVE_TREE_COMMIT);

        return rule_object_remedy(in, &anew,
                                  "it shares a namespace with another container, which may have "
                                  "its files open and change them meanwhile");
    }
    if (!tree->container->running) {
        return 0;
    }
    if (tree->container->is_task) {
        const struct rule_remedy other = remedy_of(FIX_TASK, LIVE_TREE_COMMIT);

        return rule_object_remedy(in, &other,
                                  "it is running as a swarm task, which swarm can stop at any "
                                  "time, and then the engine does not keep it paused");
    }
    if (tree->container->restarts) {
        return rule_object_remedy(
            in, &stop,
            "it is running and restarts when it ends, and then the engine does not pause it");
    }
    if (has_mounts(in) || has_hosts_namespace(in->container)) {
        return rule_object_remedy(in, &stop,
                                  "it is running and shares mounts or namespaces: its files can be "
                                  "changed even while it is paused");
    }
    return tree->joinable
               ? rule_object_remedy(
                     in, &stop,
                     "it is running, and the policy lets others join its namespaces "
                     "(namespace_sharing): they can change its files even while it is paused")
               : 0;
}

static int check_archive(struct rule_input *in)
{
    const struct slice *used = find_used(in->tree);
    const struct rule_remedy stop = remedy_of(FIX_ARCHIVE, LIVE_TREE_ARCHIVE);
    const struct rule_remedy upgrade = remedy_of(FIX_ENGINE, LIVE_TREE_ARCHIVE);

    if (used) {
        return object_to_users(in, used, LIVE_TREE_ARCHIVE);
    }
    if (in->tree->container->running && has_mounts(in)) {
        return rule_object_remedy(in, &stop,
                                  "it is running and has mounts, and this engine follows the "
                                  "container's links when it mounts them again");
    }
    if (in->tree->container->mounts_into_path) {
        return rule_object_remedy(
            in, &upgrade,
            "it has a mount below a mounted host path, and this engine follows links there");
    }
    return 0;
}

/* What lies on a mount is left to the runtime, which resolves it in the container. */
static bool is_on_mount(const struct container_spec *spec, struct slice path)
{
    for (size_t i = 0; i < spec->mounts.count; i++) {
        const struct mount_spec *mount = &spec->mounts.item[i];

        if (!mount->problem && mount->kind != MOUNT_IMAGE && path_is_within(path, mount->target)) {
            return true;
        }
    }
    return false;
}

/*
 * Made where it is missing, by a path of the host that nothing keeps beneath the container's root:
 * at each start, also those of a restart policy.
 * Source: podman libpod/container_internal_common.go resolveWorkDir, by SecureJoin from 5.7.1 on.
 */
static int check_work_dir(struct rule_input *in)
{
    const struct rule_remedy remedy = remedy_of(FIX_WORK_DIR, LIVE_TREE_WORK_DIR);
    struct slice path = {0};

    if (!engine_may_be(in->engine, ENGINE_PODMAN) || !engine_is_before(in->engine, 5, 7, 1)) {
        return 0;
    }
    TRY(path_clean(in->arena, in->tree->container->working_dir, &path));
    return slice_eq(path, SLICE("/")) || is_on_mount(in->container, path)
               ? 0
               : rule_object_remedy(in, &remedy,
                                    "its working directory is %.*s, and this engine follows the "
                                    "container's links on the host when it creates it",
                                    SLICE_ARGS(rule_show(in, path)));
}

static int check_existing(struct rule_input *in)
{
    if (!in->tree || !in->tree->container) {
        return 0;
    }
    if (in->tree->starts && !in->param[LIVE_TREE_WORK_DIR].flag) {
        TRY(check_work_dir(in));
    }
    switch (in->tree->walk) {
    case TREE_COMMITTED:
        return in->param[LIVE_TREE_COMMIT].flag ? 0 : check_commit(in);
    case TREE_ARCHIVED:
        return in->param[LIVE_TREE_ARCHIVE].flag ? 0 : check_archive(in);
    case TREE_FILLED:
    case TREE_UNTOUCHED:
        break;
    }
    return 0;
}

static int live_tree_check_create(struct rule_input *in)
{
    if (!in->param[LIVE_TREE_BUILDS].flag) {
        TRY(live_tree_check_steps(in));
    }
    return in->param[LIVE_TREE_COPY_UP].flag ? 0 : check_copy_up(in);
}

/* Nobody else is in the network of a step, by which a container could be handed its files. */
static int live_tree_check_build(struct rule_input *in)
{
    const struct rule_remedy remedy = remedy_of(FIX_NETWORK, LIVE_TREE_BUILDS);
    struct slice network = rule_build_query(in, SLICE("networkmode"));

    if (in->param[LIVE_TREE_BUILDS].flag || in->engine->kind == ENGINE_PODMAN ||
        !slice_starts_with(network, SLICE("container:"))) {
        return 0;
    }
    return rule_object_remedy(in, &remedy,
                              "networkmode is that of a container, which could change the files of "
                              "a build's step when the builder commits them");
}

static int live_tree_check(struct rule_input *in)
{
    if (in->existing) {
        return check_existing(in);
    }
    if (in->build) {
        return live_tree_check_build(in);
    }
    if (in->tree && in->tree->unpaused && !in->param[LIVE_TREE_COMMIT].flag) {
        const struct rule_remedy remedy = remedy_of(FIX_PAUSE, LIVE_TREE_COMMIT);

        return rule_object_remedy(
            in, &remedy, "the commit would not pause the container (query parameter pause)");
    }
    if (in->container && in->container->service && !in->param[LIVE_TREE_COPY_UP].flag) {
        return check_tasks(in);
    }
    return in->container && in->tree && in->tree->walk == TREE_FILLED ? live_tree_check_create(in)
                                                                      : 0;
}

const struct rule rule_live_tree = {
    .id = "live_tree",
    .summary =
        "Denies engine operations on a container's files while something can change them (TOCTOU).",
    .fix = "stop the container first",
    .fixes = fixes,
    .judges_existing = true,
    .needs = NEED_TREES | NEED_VOLUMES,
    .params = params,
    .check = live_tree_check,
};
