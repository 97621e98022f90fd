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

#include "base/ascii.h"
#include "policy/internal.h"
#include "policy/paths.h"
#include "policy/rule.h"

#include "base/banned.h"

enum { ALLOW, SYMLINKS, STABLE, RELABEL, COPY, TMPFS };

/* In the order of symlinks_words. */
enum { SYMLINKS_RESOLVE, SYMLINKS_ALLOW, SYMLINKS_DENY };

static const char *const symlinks_words[] = {"resolve", "allow", "deny", NULL};

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_PATHS,
     .doc = "directories that may be mounted, with all below: {path, access: ro (preset) or rw}"},
    {.name = "symlinks",
     .type = PARAM_CHOICE,
     .preset = "resolve",
     .choices = symlinks_words,
     .needs = NEED_NO_LINKS,
     .doc = "symbolic links below them: resolve (those that only root can change), allow (all, and "
            "those that sockade cannot see), deny (none); none that is seen may lead out of the "
            "allowed directories"},
    {.name = "stable",
     .type = PARAM_FLAG,
     .doc = "true: only what nobody but root can replace between the verdict and the mount"},
    {.name = "relabel",
     .type = PARAM_FLAG,
     .doc = "true: z and Z are taken for directories that may be written to"},
    {.name = "copy",
     .type = PARAM_FLAG,
     .doc =
         "true: files may be copied into containers that write to them, by the engine: as root on "
         "the host, setuid bits and devices included"},
    {.name = "tmpfs",
     .type = PARAM_FLAG,
     .preset = "true",
     .preset_restricted = "false",
     .doc =
         "true: local volumes may be file systems in memory (type=tmpfs), whose size no limit of "
         "a container bounds"},
    {0}};

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

/* Where an allowed path really is; empty when nobody can rely on it. */
static struct slice real_root(struct rule_input *in, struct slice root)
{
    const struct path_answer *answer = rule_path(in, root);

    if (answer && answer->view == PATH_UNSEEN && in->param[SYMLINKS].number == SYMLINKS_ALLOW) {
        return root;
    }
    if (!answer || answer->view != PATH_RESOLVED) {
        return (struct slice){0};
    }
    for (size_t i = 0; i < answer->link_count; i++) {
        // Whoever can turn that link around could make the root any directory.
        if (answer->link[i].foreign) {
            return (struct slice){0};
        }
    }
    return answer->resolved;
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
        struct slice root = real_root(in, allow->paths[i].path);

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

        if (symlinks == SYMLINKS_DENY && is_in_a_root(in, link->place)) {
            why = "";
        } else if (symlinks == SYMLINKS_RESOLVE && link->foreign) {
            why = ", which others than root can change";
        }
        if (why) {
            return rule_object(in, "%.*s: %.*s goes through the link %.*s%s",
                               SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)),
                               SLICE_ARGS(rule_show(in, link->place)), why);
        }
    }
    return 0;
}

/*
 * Whether `path` is an allowed path itself, and no client can put a link in its place by a
 * container: what lies inside a directory that may be written to can be replaced there.
 */
static bool is_listed(const struct rule_input *in, struct slice path)
{
    const struct param_value *allow = &in->param[ALLOW];
    bool listed = false;

    for (size_t i = 0; i < allow->path_count; i++) {
        const struct allowed_path *root = &allow->paths[i];

        if (slice_eq(root->path, path)) {
            listed = true;
        } else if (root->writable && path_is_within(path, root->path)) {
            return false;
        }
    }
    return listed;
}

/* Nobody sees where it leads: the engine would follow any link that a client has put there. */
static int object_unseen(struct rule_input *in, const struct mount_spec *mount,
                         const struct path_answer *answer)
{
    return rule_object_fix(
        in,
        "mount an allowed directory itself, or use a named volume; for what lies below it, let "
        "sockade see the directory (\"sockade init --view FILE\" shows how) or, if no client can "
        "make links there, set host_path_mount.symlinks: allow",
        "%.*s: sockade does not see where %.*s leads on the engine's host%s%s",
        SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)), answer->why ? ": " : "",
        answer->why ? answer->why : "");
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
    return is_listed(in, path) ? 0 : object_unseen(in, mount, answer);
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
    if (in->param[STABLE].flag && answer->replaceable) {
        return rule_object(in, "%.*s: %.*s could be replaced by others than root",
                           SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)));
    }
    for (size_t i = 0; i < allow->path_count; i++) {
        struct slice root = real_root(in, allow->paths[i].path);

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
    return rule_object(in, "%.*s: %.*s leads to %.*s, which %s%.*s", SLICE_ARGS(mount->field),
                       SLICE_ARGS(rule_show(in, mount->source)),
                       SLICE_ARGS(rule_show(in, answer->resolved)),
                       inside ? "may be mounted read-only (:ro) only" : "is outside ",
                       SLICE_ARGS(inside ? SLICE("") : allowed_roots(in)));
}

/* A path that passes by its text: where does it lead? */
static int judge_place(struct rule_input *in, const struct mount_spec *mount)
{
    const struct path_answer *answer = rule_path(in, mount->source);
    const char *problem = answer ? rule_path_problem(mount, answer) : "could not be looked at";

    if (!answer && in->facts_missing) {
        return 0; // refused anyway
    }
    if (!problem && in->param[STABLE].flag && answer->view == PATH_UNSEEN) {
        problem = "cannot be looked at, and has to be stable";
    }
    if (problem) {
        return rule_object(in, "%.*s: %.*s %s", SLICE_ARGS(mount->field),
                           SLICE_ARGS(rule_show(in, mount->source)), problem);
    }
    return answer->view == PATH_RESOLVED ? judge_resolved(in, mount, answer)
                                         : judge_unseen(in, mount, answer);
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
        return rule_object(in, "%.*s would relabel files of the host (z, Z)",
                           SLICE_ARGS(mount->field));
    }
    if (passes && in->copies_in && !mount->substituted && !mount->read_only &&
        !in->param[COPY].flag) {
        return rule_object(in, "%.*s: what is copied in could end up in %.*s, as root's",
                           SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)));
    }
    if (passes) {
        return mount->substituted ? 0 : judge_place(in, mount);
    }
    return inside ? rule_object(in, "%.*s: %.*s may be mounted read-only (:ro) only",
                                SLICE_ARGS(mount->field), SLICE_ARGS(rule_show(in, mount->source)))
                  : object_path(in, mount);
}

/* Of `o`: what leaves it a file system of its own. With "bind" the type would not count. */
static bool is_tmpfs_word(struct slice word)
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

/*
 * A volume of memory.
 * Source: moby volume/local, mount.Mount(device, path, type, o); mount(2).
 */
static bool is_tmpfs(const struct string_map *options)
{
    const struct slice *type = string_map_get(options, SLICE("type"));
    const struct slice *o = string_map_get(options, SLICE("o"));
    const struct slice *device = string_map_get(options, SLICE("device"));
    size_t known = (type ? 1U : 0U) + (o ? 1U : 0U) + (device ? 1U : 0U);

    // Podman hands the device to mount(8), which takes what begins with a hyphen for an option.
    if (!type || !slice_eq(*type, SLICE("tmpfs")) || known != options->count ||
        (device && !slice_eq(*device, SLICE("tmpfs")) && !slice_eq(*device, SLICE("none")))) {
        return false;
    }
    for (struct slice rest = o ? *o : SLICE(""); rest.len > 0;) {
        struct slice word = {0};

        slice_cut(rest, ',', &word, &rest);
        if (!is_tmpfs_word(word)) {
            return false;
        }
    }
    return true;
}

static int judge_options(struct rule_input *in, struct slice field, struct slice driver,
                         const struct string_map *options)
{
    bool local = driver.len == 0 || slice_eq(driver, SLICE("local"));

    if (!local || options->count == 0 || (in->param[TMPFS].flag && is_tmpfs(options))) {
        return 0; // other drivers are volume_driver's
    }
    if (is_tmpfs(options)) {
        return rule_object_fix(in,
                               "leave the options out, or mount memory into one container with "
                               "--tmpfs; the policy allows it with host_path_mount: {tmpfs: true}",
                               "%.*s: options make a local volume a file system in memory",
                               SLICE_ARGS(field));
    }
    const struct slice *device = string_map_get(options, SLICE("device"));

    return rule_object_fix(
        in,
        "mount the path itself, as a bind (-v PATH:TARGET), if it lies below an allowed path; or "
        "leave the options out; other file systems can only be mounted on the host, by its "
        "administrator",
        "%.*s: options make a local volume a mount of the host (%s%.*s)", SLICE_ARGS(field),
        device ? "device " : "",
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

bool policy_allowed_path(const struct policy *policy, size_t index, struct slice *path,
                         bool *needs_sight)
{
    const struct rule_settings *settings = &policy->rule[RULE_host_path_mount];
    const struct param_value *allow = &settings->param[ALLOW];

    if (settings->level == RULE_LEVEL_OFF || index >= allow->path_count) {
        return false;
    }
    *path = allow->paths[index].path;
    *needs_sight = settings->param[SYMLINKS].number != SYMLINKS_ALLOW;
    return true;
}

const struct rule rule_host_path_mount = {
    .id = "host_path_mount",
    .summary = "Refuses to mount paths of the host but the listed ones.",
    .fix = "mount below an allowed path, or use a named volume",
    .cis = "5.6",
    .pss = "baseline",
    .judges_existing = true,
    .judges_mounts = true,
    .needs = NEED_VOLUMES | NEED_PATHS | NEED_ROOTS,
    .params = params,
    .check = check,
};
