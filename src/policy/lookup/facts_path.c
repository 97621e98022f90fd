/*
 * Which paths of the host have to be looked at before the verdict, and what becomes of
 * the answers. Text alone doesn't say where a path leads: below an allowed directory a
 * client may have put a symbolic link to /, and a bind mount gives an engine's socket
 * another name.
 *
 * What is judged is then what is sent: where links were followed, the path they led to.
 * A link that is turned around later changes nothing any more. What remains is a
 * directory on that path that is replaced between our look and the engine's.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/paths.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

struct collector {
    const struct judgement *judgement;
    struct decision *out;
};

static const struct fact *facts_path_find(const struct fact *fact, struct slice path)
{
    while (fact && !(fact->kind == FACT_PATH && slice_eq(fact->name, path))) {
        fact = fact->next;
    }
    return fact;
}

static size_t facts_path_count_paths(const struct decision *out)
{
    size_t count = 0;

    for (const struct fact *fact = out->facts; fact; fact = fact->next) {
        count += fact->kind == FACT_PATH;
    }
    return count;
}

static int add_path(void *context, struct slice path)
{
    struct collector *to = context;

    if (facts_path_find(to->out->facts, path)) {
        return 0;
    }
    if (facts_path_count_paths(to->out) >=
        PATHS_MAX_SOURCES + 2 * policy_roots(to->judgement->policy)->path_count) {
        return -E2BIG;
    }
    return fact_add(to->out, FACT_PATH, path, (struct slice){0});
}

/*
 * A path that is refused by its text is not looked at: the answer would tell whoever
 * asks what the host's directories hold.
 */
static int add_source(struct collector *to, struct slice source)
{
    const struct param_value *allow = policy_roots(to->judgement->policy);
    struct slice path = {0};

    if (facts_path_find(to->out->facts, source)) {
        return 0;
    }
    if (!judgement_enforces(to->judgement, NEED_ROOTS)) {
        return add_path(to, source);
    }
    if (host_path_borrow(&to->out->document, source, &path) < 0) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < allow->path_count; i++) {
        if (host_path_covers(allow->paths[i].path, path)) {
            return add_path(to, source);
        }
    }
    return 0;
}

static int add_options(struct collector *to, const struct string_map *options)
{
    struct volume_bind bind = {0};
    int err = 0;

    // Any other volume is refused whatever its device is.
    if (judgement_enforces(to->judgement, NEED_ROOTS)) {
        return mount_options_are_bind(options, &bind) ? add_source(to, bind.device) : 0;
    }
    for (size_t i = 0; i < options->count && err == 0; i++) {
        err = host_paths_each(&to->out->document, options->item[i].value, add_path, to);
    }
    return err;
}

static int add_mounts(struct collector *to, const struct container_spec *spec)
{
    int err = 0;

    for (size_t i = 0; i < spec->mounts.count && err == 0; i++) {
        const struct mount_spec *mount = &spec->mounts.item[i];

        if (!mount->problem && !mount->substituted) {
            err = mount->kind == MOUNT_BIND ? add_source(to, mount->source)
                                            : add_options(to, &mount->options);
        }
    }
    return err;
}

/* An answer that cannot be read is found by facts_read(), and refused. */
static int add_known_volumes(struct collector *to)
{
    struct arena *arena = &to->out->document;
    int err = 0;

    for (const struct fact *fact = to->out->facts; fact && err == 0; fact = fact->next) {
        struct volume_answer answer = {0};

        if (fact->kind != FACT_VOLUME || fact->status != 200) {
            continue;
        }
        err = volume_answer_read(fact->body, arena, &answer);
        if (err == -EBADMSG) {
            return 0;
        }
        err = err < 0 ? err : add_options(to, &answer.options);
    }
    return err;
}

/*
 * What the sources are compared with: an allowed path may lie behind a link of the host's. One in a
 * directory that containers write to is compared with that.
 */
static int add_roots(struct collector *to)
{
    const struct param_value *allow = policy_roots(to->judgement->policy);
    int err = 0;

    if (facts_path_count_paths(to->out) == 0 || !judgement_needs(to->judgement, NEED_ROOTS)) {
        return 0;
    }
    for (size_t i = 0; i < allow->path_count && err == 0; i++) {
        const struct written_path *around =
            written_around(&to->judgement->policy->written, allow->paths[i].path, true);

        err = add_path(to, allow->paths[i].path);
        err = err == 0 && around ? add_path(to, around->path) : err;
    }
    return err;
}

/* How each is looked at. */
static void mark_paths(struct collector *to)
{
    const struct param_value *allow = policy_roots(to->judgement->policy);
    bool deny = judgement_enforces(to->judgement, NEED_NO_LINKS);

    for (struct fact *fact = to->out->facts; fact; fact = fact->next) {
        if (fact->kind != FACT_PATH || fact->status != 0) {
            continue;
        }
        for (size_t i = 0; i < allow->path_count; i++) {
            fact->root = fact->root || slice_eq(fact->name, allow->paths[i].path);
        }
        fact->written = written_around(&to->judgement->policy->written, fact->name, true) != NULL;
        fact->deny_links = deny && !fact->root;
    }
}

/* The container that is made, the one that is used, and those whose mounts are taken over. */
static int add_containers(struct collector *to)
{
    const struct judgement *judgement = to->judgement;
    int err = 0;

    if (judgement_makes_container(judgement)) {
        err = add_mounts(to, &judgement->container);
    }
    if (err == 0 && judgement->existing) {
        err = add_mounts(to, &judgement->existing->spec);
    }
    for (const struct peer *peer = judgement->peers; peer && err == 0; peer = peer->next) {
        err = peer->answer ? add_mounts(to, &peer->answer->spec) : 0;
    }
    return err;
}

/* Whether a container that exists was given the host's cgroup namespace, or got it by itself. */
static int add_cgroup(struct collector *to)
{
    const struct judgement *judgement = to->judgement;
    bool asks =
        judgement->existing && slice_eq(judgement->existing->spec.cgroupns_mode, SLICE("host"));

    for (const struct peer *peer = judgement->peers; peer; peer = peer->next) {
        asks = asks || (peer->answer && slice_eq(peer->answer->spec.cgroupns_mode, SLICE("host")));
    }
    return asks && judgement_needs(judgement, NEED_CGROUPS) ? add_path(to, rule_unified_cgroup())
                                                            : 0;
}

int paths_collect(const struct judgement *judgement, struct decision *out)
{
    struct collector to = {judgement, out};
    int err = add_cgroup(&to);

    if (err < 0) {
        return err;
    }
    if (!judgement_needs(judgement, NEED_PATHS)) {
        return 0;
    }
    err = add_containers(&to);

    if (err == 0 && judgement->read == ROUTE_BODY_VOLUME_CREATE) {
        err = add_options(&to, &judgement->volume.options);
    }
    if (err == 0) {
        err = add_known_volumes(&to);
    }
    if (err == 0) {
        err = add_roots(&to);
    }
    mark_paths(&to);
    return err;
}

/* Whether only root can make an allowed path lead elsewhere than it does. */
static bool is_kept_by_root(const struct fact *fact)
{
    const struct path_answer *root = &fact->path;

    if (fact->written && root->link_count > 0) {
        return false;
    }
    for (size_t i = 0; i < root->link_count; i++) {
        if (root->link[i].foreign) {
            return false;
        }
    }
    return root->view == PATH_RESOLVED;
}

/* The innermost allowed path that holds `resolved`, and where it leads itself; NULL. */
static const struct allowed_path *find_root(const struct judgement *judgement,
                                            const struct decision *out, struct slice resolved,
                                            struct slice *real)
{
    const struct param_value *allow = policy_roots(judgement->policy);
    const struct allowed_path *found = NULL;

    for (size_t i = 0; i < allow->path_count; i++) {
        const struct fact *fact = facts_path_find(out->facts, allow->paths[i].path);

        if (fact && is_kept_by_root(fact) && host_path_covers(fact->path.resolved, resolved) &&
            (!found || fact->path.resolved.len > real->len)) {
            found = &allow->paths[i];
            *real = fact->path.resolved;
        }
    }
    return found;
}

/*
 * Where a source leads, by the name that the policy has for it: an allowed path may lie behind
 * links of the administrator's, which stay. So what is written passes when it is judged again.
 */
static int path_to_write(const struct judgement *judgement, const struct decision *out,
                         const struct mount_spec *mount, struct slice resolved,
                         struct slice *written)
{
    struct slice real = {0};
    struct slice named = resolved;
    const struct allowed_path *root = find_root(judgement, out, resolved, &real);

    if (root && !slice_eq(root->path, real) && !slice_eq(real, SLICE("/"))) {
        TRY(arena_join(judgement->container.arena,
                       ARENA_PARTS(root->path, slice_from_index(resolved, real.len)), &named));
    }
    *written = mount_can_name(mount, named) ? named : resolved;
    return 0;
}

int paths_pin(struct judgement *judgement, const struct decision *out)
{
    struct container_spec *spec = &judgement->container;
    int err = 0;

    if (!judgement_enforces(judgement, NEED_PATHS)) {
        return 0;
    }
    for (size_t i = 0; i < spec->mounts.count && err == 0; i++) {
        struct mount_spec *mount = &spec->mounts.item[i];
        const struct fact *fact =
            mount->kind == MOUNT_BIND ? facts_path_find(out->facts, mount->source) : NULL;

        if (fact && !mount->substituted && fact->path.view == PATH_RESOLVED &&
            !slice_eq(fact->path.resolved, mount->source)) {
            struct slice written = {0};

            TRY(path_to_write(judgement, out, mount, fact->path.resolved, &written));
            err = slice_eq(written, mount->source)
                      ? 0
                      : container_spec_set_source(spec, mount, written);
        }
    }
    return err;
}
