/*
 * Mounting /, /etc, /root or /var/lib/docker is root on the host at the first write
 * (and often at the first read). Paths are compared as the engine cleans them, by
 * components: /srv/ci holds /srv/ci/x, not /srv/ci-evil. /proc, /sys and /dev lead
 * elsewhere by links, so a root above them doesn't allow them. A local volume with
 * options (o=bind,device=/) is a mount of the host by another name, unless it is memory.
 *
 * The engine doesn't resolve symbolic links when it takes a path, but the kernel follows
 * them when the container starts. So the path that a source leads to is judged as well,
 * and a link that somebody other than root could turn around is not followed at all.
 * Where that cannot be seen, only the listed paths themselves pass: what lies below one
 * may be a link that a client made.
 */
#include <errno.h>

#include "policy/model/paths.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/host_roots.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW, SYMLINKS, STABLE, RELABEL, COPY, TMPFS };

/* In the order of symlinks_words. */
enum { SYMLINKS_RESOLVE, SYMLINKS_ALLOW, SYMLINKS_DENY };

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
    {0}};

// clang-format off
enum { FIX_NONE, FIX_READ_ONLY, FIX_LABEL, FIX_COPY, FIX_LINK, FIX_STABLE, FIX_UNSEEN, FIX_FOLLOW,
       FIX_TMPFS, FIX_OPTIONS, FIX_VOLUME, FIX_SYNTAX, FIX_TYPE };
// clang-format on

static const char *const fixes[] = {
    [FIX_NONE] = "use a named volume",
    [FIX_READ_ONLY] = "mount it read-only (:ro)",
    [FIX_LABEL] = "remove :z and :Z",
    [FIX_COPY] = "write the files with docker exec, as in docker exec -i NAME tar x",
    [FIX_LINK] = "mount the target of the link, by its real path",
    [FIX_STABLE] = "mount a directory that only root can replace, or use a named volume",
    [FIX_UNSEEN] = "mount an allowed directory itself, or make the path visible to sockade "
                   "(sockade init --view)",
    [FIX_FOLLOW] = "mount a path that can be resolved, by its real name",
    [FIX_TMPFS] = "remove the options, or mount memory into one container with --tmpfs",
    [FIX_OPTIONS] = "remove the options, or mount an allowed path itself (-v PATH:TARGET)",
    [FIX_VOLUME] = "mount at most 64 volumes, by names that docker volume ls shows",
    [FIX_SYNTAX] = "write the mount as SOURCE:TARGET or SOURCE:TARGET:OPTIONS, with absolute paths",
    [FIX_TYPE] = "use a mount of type bind, volume or tmpfs",
    NULL,
};

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

/* Labels of the host's files are changed by writing them. */
static bool is_written(const struct mount_spec *mount)
{
    return !mount->read_only || mount->relabel;
}

static struct rule_change adding(struct slice path, const struct mount_spec *mount)
{
    return (struct rule_change){
        .kind = CHANGE_ADD, .param = ALLOW, .word = path, .writable = is_written(mount)};
}

static struct rule_change setting(size_t param, uint64_t number)
{
    return (struct rule_change){.kind = CHANGE_SET, .param = param, .number = number};
}

static int object_path(struct rule_input *in, const struct mount_spec *mount, struct slice path)
{
    struct slice shown = rule_show(in, mount->source);
    struct rule_remedy remedy = {.change = adding(path, mount)};

    if (in->param[ALLOW].path_count == 0) {
        remedy.fix = fixes[FIX_NONE];
        return rule_object_remedy(in, &remedy,
                                  "%.*s: %.*s is a host path, and no host path is allowed",
                                  SLICE_ARGS(mount->field), SLICE_ARGS(shown));
    }
    return rule_object_remedy(in, &remedy, "%.*s: %.*s is outside %.*s", SLICE_ARGS(mount->field),
                              SLICE_ARGS(shown), SLICE_ARGS(allowed_roots(in)));
}

/* z and Z change the labels of the host's files, which outlives the container: it is writing. */
static bool suffices(const struct allowed_path *root, const struct mount_spec *mount)
{
    return root->writable || (mount->read_only && !mount->relabel);
}

static bool is_in_a_root(struct rule_input *in, struct slice path)
{
    const struct param_value *allow = &in->param[ALLOW];

    for (size_t i = 0; i < allow->path_count; i++) {
        struct slice root =
            host_roots_real(in, allow->paths[i].path, in->param[SYMLINKS].number == SYMLINKS_ALLOW);

        if (root.len > 0 && host_path_covers(root, path)) {
            return true;
        }
    }
    return false;
}

static int judge_links(struct rule_input *in, const struct mount_spec *mount,
                       const struct path_answer *answer)
{
    uint64_t symlinks = in->param[SYMLINKS].number;

    for (size_t i = 0; i < answer->link_count; i++) {
        const struct path_link *link = &answer->link[i];
        const char *why = NULL;
        struct rule_remedy remedy = {
            .fix = fixes[FIX_LINK],
            .change =
                setting(SYMLINKS, host_roots_foreign(answer) ? SYMLINKS_ALLOW : SYMLINKS_RESOLVE),
        };

        if (symlinks == SYMLINKS_DENY && is_in_a_root(in, link->place)) {
            why = "";
        } else if (symlinks == SYMLINKS_RESOLVE && link->foreign) {
            why = ", which users other than root can change";
        }
        if (why) {
            return rule_object_remedy(in, &remedy, "%.*s: %.*s goes through the link %.*s%s",
                                      SLICE_ARGS(mount->field),
                                      SLICE_ARGS(rule_show(in, mount->source)),
                                      SLICE_ARGS(rule_show(in, link->place)), why);
        }
    }
    return 0;
}

/* Nobody sees where it leads: the engine would follow any link that a client has put there. */
static int object_unseen(struct rule_input *in, const struct mount_spec *mount,
                         const struct path_answer *answer)
{
    struct rule_remedy remedy = {
        .fix = fixes[FIX_UNSEEN],
        .change = setting(SYMLINKS, SYMLINKS_ALLOW),
    };

    return rule_object_remedy(in, &remedy,
                              "%.*s: sockade cannot see where %.*s leads on the engine's host%s%s",
                              SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)),
                              answer->why ? ": " : "", answer->why ? answer->why : "");
}

static int judge_unseen(struct rule_input *in, const struct mount_spec *mount,
                        const struct path_answer *answer)
{
    struct slice path = {0};

    if (in->param[SYMLINKS].number == SYMLINKS_ALLOW) {
        return 0; // the policy knows
    }
    if (host_path_borrow(in->arena, mount->source, &path) < 0) {
        return -ENOMEM;
    }
    return host_roots_lists(in, &in->param[ALLOW], path) ? 0 : object_unseen(in, mount, answer);
}

/* The answer about an allowed path around `path` that is not seen, or NULL. */
static const struct path_answer *unseen_root(const struct rule_input *in, struct slice path)
{
    const struct param_value *allow = &in->param[ALLOW];

    for (size_t i = 0; i < allow->path_count; i++) {
        const struct path_answer *answer = rule_path(in, allow->paths[i].path);

        if (answer && answer->view == PATH_UNSEEN && path_is_within(path, allow->paths[i].path)) {
            return answer;
        }
    }
    return NULL;
}

static int judge_resolved(struct rule_input *in, const struct mount_spec *mount,
                          const struct path_answer *answer)
{
    const struct param_value *allow = &in->param[ALLOW];
    struct violation *const *before = in->tail;
    bool inside = false;
    int err = judge_links(in, mount, answer);

    if (err < 0 || in->tail != before) {
        return err;
    }
    struct slice path = {0};

    if (host_path_borrow(in->arena, mount->source, &path) < 0) {
        return -ENOMEM;
    }
    if (in->param[STABLE].flag && host_roots_lets_replace(in, path, answer)) {
        struct rule_remedy remedy = {.fix = fixes[FIX_STABLE], .change = setting(STABLE, 0)};

        return rule_object_remedy(
            in, &remedy, "%.*s: %.*s could be replaced by users other than root",
            SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)));
    }
    for (size_t i = 0; i < allow->path_count; i++) {
        struct slice root =
            host_roots_real(in, allow->paths[i].path, in->param[SYMLINKS].number == SYMLINKS_ALLOW);

        if (root.len == 0 || !host_path_covers(root, answer->resolved)) {
            continue;
        }
        if (suffices(&allow->paths[i], mount)) {
            return 0;
        }
        inside = true;
    }
    const struct path_answer *unseen = unseen_root(in, answer->resolved);

    if (!inside && unseen) {
        return object_unseen(in, mount, unseen);
    }
    struct rule_remedy remedy = {
        .fix = inside ? fixes[FIX_READ_ONLY] : NULL,
        .change = adding(answer->resolved, mount),
    };

    return rule_object_remedy(in, &remedy, "%.*s: %.*s leads to %.*s, which %s%.*s",
                              SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)),
                              SLICE_ARGS(rule_show(in, answer->resolved)),
                              inside ? "may be mounted read-only (:ro) only" : "is outside ",
                              SLICE_ARGS(inside ? SLICE("") : allowed_roots(in)));
}

/* A path that passes by its text: where does it lead? */
static int judge_place(struct rule_input *in, const struct mount_spec *mount)
{
    const struct path_answer *answer = rule_path(in, mount->source);
    const char *problem = answer ? rule_path_problem(mount, answer) : "could not be resolved";

    if (!answer && in->facts_missing) {
        return 0; // refused anyway
    }
    struct rule_remedy remedy = {.fix = fixes[FIX_FOLLOW]};

    if (!problem && in->param[STABLE].flag && answer->view == PATH_UNSEEN) {
        problem = "cannot be resolved, but must be stable";
        remedy = (struct rule_remedy){.fix = fixes[FIX_STABLE], .change = setting(STABLE, 0)};
    }
    if (problem) {
        return rule_object_remedy(in, &remedy, "%.*s: %.*s %s", SLICE_ARGS(mount->field),
                                  SLICE_ARGS(rule_show(in, mount->source)), problem);
    }
    return answer->view == PATH_RESOLVED ? judge_resolved(in, mount, answer)
                                         : judge_unseen(in, mount, answer);
}

/* The socket that takes the engine's place keeps its label. */
static int object_label(struct rule_input *in, const struct mount_spec *mount, struct slice path,
                        bool passes)
{
    struct rule_remedy remedy = {.fix = fixes[FIX_LABEL]};

    if (!mount->substituted) {
        remedy.change = passes ? setting(RELABEL, 1) : adding(path, mount);
        remedy.change.also = passes ? 0 : RELABEL + 1;
    }
    return rule_object_remedy(in, &remedy, "%.*s would relabel host files (z, Z)",
                              SLICE_ARGS(mount->field));
}

static int judge_bind(struct rule_input *in, const struct mount_spec *mount)
{
    const struct param_value *allow = &in->param[ALLOW];
    struct slice path = {0};
    bool inside = mount->substituted;
    bool passes = mount->substituted;

    if (host_path_borrow(in->arena, mount->source, &path) < 0) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < allow->path_count; i++) {
        if (host_path_covers(allow->paths[i].path, path)) {
            inside = true;
            passes = passes || suffices(&allow->paths[i], mount);
        }
    }
    if (inside && mount->relabel && (!passes || mount->substituted || !in->param[RELABEL].flag)) {
        return object_label(in, mount, path, passes);
    }
    if (passes && in->copies_in && !mount->substituted && !mount->read_only &&
        !in->param[COPY].flag) {
        struct rule_remedy remedy = {
            .fix = fixes[FIX_COPY], .holds = true, .change = setting(COPY, 1)};

        return rule_object_remedy(
            in, &remedy, "%.*s: copied files could end up in %.*s, owned by root",
            SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)));
    }
    if (passes) {
        return mount->substituted ? 0 : judge_place(in, mount);
    }
    struct rule_remedy remedy = {.fix = fixes[FIX_READ_ONLY], .change = adding(path, mount)};

    return inside
               ? rule_object_remedy(in, &remedy, "%.*s: %.*s may be mounted read-only (:ro) only",
                                    SLICE_ARGS(mount->field),
                                    SLICE_ARGS(rule_show(in, mount->source)))
               : object_path(in, mount, path);
}

static int judge_options(struct rule_input *in, struct slice field, struct slice driver,
                         const struct string_map *options)
{
    bool local = driver.len == 0 || slice_eq(driver, SLICE("local"));

    if (!local || options->count == 0 ||
        (in->param[TMPFS].flag && mount_options_are_memory(options))) {
        return 0; // other drivers are volume_driver's
    }
    if (mount_options_are_memory(options)) {
        struct rule_remedy remedy = {.fix = fixes[FIX_TMPFS], .change = setting(TMPFS, 1)};

        return rule_object_remedy(in, &remedy,
                                  "%.*s: the options make a local volume a file system in memory",
                                  SLICE_ARGS(field));
    }
    const struct slice *device = string_map_get(options, SLICE("device"));

    return rule_object_fix(in, fixes[FIX_OPTIONS],
                           "%.*s: the options make a local volume a mount of the host (%s%.*s)",
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
    return in->facts_missing ? 0
                             : rule_object_fix(in, fixes[FIX_VOLUME],
                                               "%.*s: there is no information about volume %.*s",
                                               SLICE_ARGS(mount->field),
                                               SLICE_ARGS(rule_show(in, mount->source)));
}

static int judge_mount(struct rule_input *in, const struct mount_spec *mount)
{
    int err = 0;

    if (mount->problem) {
        return rule_object_fix(in, fixes[FIX_SYNTAX],
                               "%.*s cannot be parsed as the engine would parse it",
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
    return rule_object_fix(in, fixes[FIX_TYPE], "%.*s has a type that cannot be judged",
                           SLICE_ARGS(mount->field));
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

bool policy_allowed_path(const struct policy *policy, size_t index, struct policy_root *out)
{
    const struct rule_settings *settings = &policy->rule[RULE_host_path_mount];
    const struct param_value *allow = &settings->param[ALLOW];

    if (settings->level == RULE_LEVEL_OFF || index >= allow->path_count) {
        return false;
    }
    *out = (struct policy_root){.path = allow->paths[index].path,
                                .needs_sight = settings->param[SYMLINKS].number != SYMLINKS_ALLOW,
                                .writable = allow->paths[index].writable,
                                .copies = settings->param[COPY].flag};
    return true;
}

const struct rule rule_host_path_mount = {
    .id = "host_path_mount",
    .summary = "Denies mounts of host paths not in `allow`.",
    .fix = "mount a path below an allowed one, or use a named volume",
    .fixes = fixes,
    .cis = "5.6",
    .pss = "baseline",
    .judges_existing = true,
    .judges_mounts = true,
    .needs = NEED_VOLUMES | NEED_PATHS | NEED_ROOTS,
    .params = params,
    .check = check,
};
