/*
 * What the rules have to know of the trees that an engine walks for a request: how it walks them,
 * who uses the volumes, which of these the engine may be filling. Sources: docs/races.md.
 */
#include <errno.h>

#include "base/escape.h"
#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { USERS_MAX_CONTAINERS = 200 };

/*
 * Whether the engine resolves the targets of a container's mounts in the container's own tree when
 * it copies files. Since 29.5.1, and 25.0.17 of the branch that is maintained, it does so
 * beneath the container's root only; Podman copies in a process confined to it.
 */
static bool archives_safely(const struct sockade_engine *engine)
{
    if (engine->kind == ENGINE_PODMAN) {
        return true;
    }
    return !engine_is_before(engine, 29, 5, 1) ||
           (engine->kind == ENGINE_DOCKERD && engine->major == 25 &&
            !engine_is_before(engine, 25, 0, 17));
}

enum tree_walk trees_walk_of(const struct judgement *judgement,
                             const struct policy_request *request)
{
    switch (judgement->operation) {
    case OP_CONTAINERS_COMMIT:
        return TREE_COMMITTED;
    case OP_CONTAINERS_FILES_READ:
    case OP_CONTAINERS_FILES_WRITE:
        return archives_safely(&request->engine) ? TREE_UNTOUCHED : TREE_ARCHIVED;
    case OP_CONTAINERS_CREATE:
        // Podman fills a volume from a process confined to it.
        return request->engine.kind == ENGINE_PODMAN ? TREE_UNTOUCHED : TREE_FILLED;
    default:
        return TREE_UNTOUCHED;
    }
}

static bool has_engines_volume(const struct judgement *judgement)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        if (tree_volume_is_engines(&mounts->item[i])) {
            return true;
        }
    }
    return false;
}

bool trees_mount_is_filled(const struct mount_spec *mount)
{
    return mount->kind == MOUNT_VOLUME && !mount->no_copy;
}

/* The volumes that the engine is about to fill or may be filling, or those of the container whose
 * files it walks. */
static int list_volumes(const struct judgement *judgement, const struct policy_request *request,
                        struct decision *out, struct string_list *list)
{
    enum tree_walk walk = trees_walk_of(judgement, request);
    const struct mount_list *mounts = &judgement->container.mounts;

    *list = (struct string_list){0};
    if (judgement->existing && walk != TREE_UNTOUCHED) {
        *list = judgement->existing->volumes;
    }
    if (walk != TREE_FILLED) {
        return 0;
    }
    struct slice *item = arena_alloc(&out->document, (mounts->count + 1) * sizeof(*item));

    TRY_ALLOC(item);
    list->item = item;
    for (size_t i = 0; i < mounts->count; i++) {
        if (trees_mount_is_filled(&mounts->item[i]) || tree_volume_is_engines(&mounts->item[i])) {
            item[list->count] = mounts->item[i].source;
            list->count++;
        }
    }
    return 0;
}

/* Of a volume that the engine named, whoever mounts it shows that it is filled. */
static const char *users_states(const struct judgement *judgement, bool podman)
{
    if (has_engines_volume(judgement)) {
        return "\"created\",\"dead\",\"exited\",\"paused\",\"removing\",\"restarting\",";
    }
    // Podman has no such state, and refuses the word.
    return podman ? "\"paused\"," : "\"paused\",\"restarting\",";
}

static int users_target(const struct judgement *judgement, const struct string_list *volumes,
                        bool podman, struct decision *out, struct slice *target)
{
    CLEANUP(buf_deinit) struct buf filters = {.limit_bytes = 128UL * 1024};
    CLEANUP(buf_deinit) struct buf written = {.limit_bytes = 384UL * 1024};
    struct slice path = {0};
    const char *separator = "";

    TRY(buf_append_texts(&filters, BUF_TEXTS("{\"status\":[", users_states(judgement, podman),
                                             "\"running\"],\"volume\":[")));
    for (size_t i = 0; i < volumes->count; i++) {
        TRY(buf_append_text(&filters, separator));
        TRY(escape_json(&filters, volumes->item[i]));
        separator = ",";
    }
    TRY(buf_append_text(&filters, "]}"));
    TRY(arena_printf(&out->document, &path, "%.*s/containers/json", SLICE_ARGS(judgement->prefix)));
    struct query_pair pair = {.key = SLICE("filters"), .value = buf_slice(&filters)};
    struct query_pair limit = {.key = SLICE("limit"), .value = SLICE("200"), .next = &pair};

    TRY(target_write(&written, path, &limit));
    return arena_copy(&out->arena, buf_slice(&written), target);
}

/* Tasks of services are made at any time, and are shown when their volumes have been filled. */
static int ask_info(const struct judgement *judgement, struct decision *out)
{
    struct slice target = {0};

    if (!has_engines_volume(judgement)) {
        return 0;
    }
    TRY(arena_printf(&out->arena, &target, "%.*s/info", SLICE_ARGS(judgement->prefix)));
    return fact_add(out, FACT_INFO, (struct slice){0}, target);
}

int trees_ask_users(const struct judgement *judgement, const struct policy_request *request,
                    struct decision *out)
{
    struct string_list volumes = {0};
    struct slice target = {0};

    if (!judgement_needs(judgement, NEED_TREES) ||
        (judgement_enforces(judgement, NEED_TREES) && !judgement->holds) ||
        fact_find(out, FACT_VOLUME_USERS, (struct slice){0})) {
        return 0;
    }
    TRY(list_volumes(judgement, request, out, &volumes));
    if (volumes.count == 0) {
        return 0;
    }
    bool podman = request->engine.kind == ENGINE_PODMAN;
    int err = users_target(judgement, &volumes, podman, out, &target);

    if (err == -ENOBUFS) {
        return 0; // nobody knows, so all of them are used
    }
    err = err < 0 ? err : fact_add(out, FACT_VOLUME_USERS, (struct slice){0}, target);
    return err < 0 || podman ? err : ask_info(judgement, out);
}

/* An answer that cannot be used leaves `users` unknown. */
static int read_users(const struct judgement *judgement, struct decision *out,
                      struct tree_use *tree)
{
    const struct fact *fact = fact_find(out, FACT_VOLUME_USERS, (struct slice){0});
    struct slice self = judgement->existing ? judgement->existing->id : (struct slice){0};

    if (!fact || fact->status != 200) {
        return 0;
    }
    struct container_list_use use = {0};
    int err = container_list_volumes(fact->body, &out->document, self, USERS_MAX_CONTAINERS, &use);

    tree->users = use.volumes;
    tree->steps = use.of_steps;
    return err == -ENOMEM ? err : 0;
}

static const struct decision_hold *trees_find_hold(const struct decision *out, struct slice volume)
{
    const struct decision_hold *hold = out->holds;

    while (hold && (hold->kind != HOLD_VOLUME || !slice_eq(hold->key, volume))) {
        hold = hold->next;
    }
    return hold;
}

/* Whether the engine's word for when a volume was made cannot be changed by what runs with it. */
static bool trees_shows_birth(const struct sockade_engine *engine)
{
    return engine->kind == ENGINE_DOCKERD && !engine_is_before(engine, 23, 0, 0);
}

/*
 * Whether nothing has run with the volume since it was made. What ran with it may have handed an
 * open directory on to somebody who does not mount it, and whom no list shows. 0 or -ENOMEM.
 */
static int trees_is_untouched(struct decision *out, const struct sockade_engine *engine,
                              struct slice name, bool *untouched)
{
    const struct fact *fact = fact_find(out, FACT_VOLUME, name);
    const struct decision_hold *hold = trees_find_hold(out, name);
    struct volume_answer volume = {0};

    *untouched = fact && fact->status == 404; // this request makes it
    if (*untouched || !fact || fact->status != 200 || !hold) {
        return 0;
    }
    int err = volume_answer_read(fact->body, &out->document, &volume);

    *untouched =
        err == 0 && volume.created_s > hold->ran_s && (!hold->ran || trees_shows_birth(engine));
    return err == -ENOMEM ? err : 0;
}

static int trees_show_runs(const struct judgement *judgement, const struct sockade_engine *engine,
                           struct decision *out, struct tree_use *tree)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    if (tree->walk != TREE_FILLED || !judgement_enforces(judgement, NEED_TREES)) {
        return 0;
    }
    struct slice *item = arena_alloc(&out->document, (mounts->count + 1) * sizeof(*item));

    TRY_ALLOC(item);
    tree->run.item = item;
    for (size_t i = 0; i < mounts->count; i++) {
        bool untouched = true;

        if (trees_mount_is_filled(&mounts->item[i])) {
            TRY(trees_is_untouched(out, engine, mounts->item[i].source, &untouched));
        }
        if (!untouched) {
            item[tree->run.count] = mounts->item[i].source;
            tree->run.count++;
        }
    }
    return 0;
}

/* Unless the engine says that it is in none. */
static int read_swarms(struct decision *out, struct tree_use *tree)
{
    const struct fact *fact = fact_find(out, FACT_INFO, (struct slice){0});
    struct info_answer answer = {0};

    if (!fact) {
        return 0; // nobody wants to know
    }
    int err = fact->status == 200 ? info_answer_read(fact->body, &out->document, &answer) : 0;

    tree->swarms = !answer.no_swarm;
    return err == -ENOMEM ? err : 0;
}

/* Whether others may be in the namespaces of a container: its inspection does not show them. */
static bool allows_joining(const struct judgement *judgement)
{
    const struct policy *policy = judgement->policy;
    enum rule_level level = policy->rule[RULE_namespace_sharing].level;

    return policy_rule_level(policy, level) != RULE_LEVEL_DENY ||
           judgement_needs(judgement, NEED_JOINED);
}

int trees_show(const struct judgement *judgement, const struct policy_request *request,
               struct decision *out, struct tree_use *tree)
{
    struct slice pause = query_value(judgement->query, SLICE("pause"));

    if (!judgement_needs(judgement, NEED_TREES)) {
        return 0;
    }
    tree->walk = trees_walk_of(judgement, request);
    // Engines differ in what else they read as false. docker-py says True.
    tree->unpaused = tree->walk == TREE_COMMITTED && pause.len > 0 &&
                     !slice_eq(pause, SLICE("1")) && !slice_eq_nocase(pause, SLICE("true"));
    tree->container = judgement->existing;
    tree->starts = judgement_may_start(judgement);
    tree->joinable = allows_joining(judgement);
    tree->filling = out->filling;
    tree->building = out->building;
    TRY(read_swarms(out, tree));
    TRY(trees_show_runs(judgement, &request->engine, out, tree));
    return read_users(judgement, out, tree);
}
