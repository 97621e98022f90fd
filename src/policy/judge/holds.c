/*
 * Which objects a request holds, so that what the engine does in a tree as root and what runs in
 * that tree never overlap. Containers and volumes are held by what the engine knows them by, so
 * names are looked up first; what was looked up before something was held and may have changed
 * since is looked up again. Sources: docs/races.md.
 */
#include <errno.h>

#include "base/escape.h"
#include "base/try.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "policy/model/violation.h"
#include "policy/response/response.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

/* What an operation does to a container that exists. */
// clang-format off
static const struct {
    enum operation operation;
    enum hold_mode mode;
    bool mounts; /* and to the volumes that it mounts */
} uses[] = {
    {OP_CONTAINERS_START,       HOLD_RUNS,  true},
    {OP_CONTAINERS_RESTART,     HOLD_RUNS,  true},
    {OP_CONTAINERS_UNPAUSE,     HOLD_RUNS,  false},
    // A signal thaws a container that a commit has paused.
    {OP_CONTAINERS_STOP,        HOLD_RUNS,  false},
    {OP_CONTAINERS_KILL,        HOLD_RUNS,  false},
    {OP_CONTAINERS_REMOVE,      HOLD_RUNS,  false},
    {OP_CONTAINERS_UPDATE,      HOLD_RUNS,  false},
    {OP_CHECKPOINTS_CREATE,     HOLD_RUNS,  false},
    {OP_CONTAINERS_COMMIT,      HOLD_WALKS, false},
    {OP_CONTAINERS_FILES_READ,  HOLD_WALKS, true},
    {OP_CONTAINERS_FILES_WRITE, HOLD_WALKS, true},
};
// clang-format on

enum { USE_COUNT = sizeof(uses) / sizeof(uses[0]) };

static bool holds_is_enforced(const struct judgement *judgement)
{
    return judgement_enforces(judgement, NEED_TREES);
}

static int hold_filled(const struct judgement *judgement, struct decision *out,
                       struct decision_hold **list)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        if (trees_mount_is_filled(&mounts->item[i])) {
            TRY(hold_add(out, list, HOLD_VOLUME, HOLD_ALONE, mounts->item[i].source));
        }
    }
    return 0;
}

/*
 * Whoever makes a volume of a path of the host, by itself or with a container: who fills a volume
 * of that name has been told that there is none, or another.
 */
static int hold_bound(const struct judgement *judgement, struct decision *out,
                      struct decision_hold **list)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    if (judgement->operation == OP_VOLUMES_CREATE && judgement->volume.options.count > 0 &&
        judgement->volume.name.len > 0) {
        return hold_add(out, list, HOLD_VOLUME, HOLD_ALONE, judgement->volume.name);
    }
    for (size_t i = 0; judgement_makes_container(judgement) && i < mounts->count; i++) {
        if (mounts->item[i].kind == MOUNT_VOLUME && mounts->item[i].options.count > 0 &&
            !trees_mount_is_filled(&mounts->item[i])) {
            TRY(hold_add(out, list, HOLD_VOLUME, HOLD_ALONE, mounts->item[i].source));
        }
    }
    return 0;
}

static int hold_volumes(const struct judgement *judgement, enum hold_mode mode,
                        struct decision *out, struct decision_hold **list)
{
    static const struct string_list none = {0};
    const struct string_list *volumes = judgement->existing ? &judgement->existing->volumes : &none;

    for (size_t i = 0; i < volumes->count; i++) {
        TRY(hold_add(out, list, HOLD_VOLUME, mode, volumes->item[i]));
    }
    return 0;
}

bool holds_left_by_build(const struct judgement *judgement,
                         const struct container_answer *container)
{
    return holds_is_enforced(judgement) && container && container->left_by_build &&
           !judgement->policy->rule[RULE_live_tree].param[LIVE_TREE_BUILDS].flag;
}

/* Of the container that is used, and of those whose namespaces or mounts are taken. */
static bool uses_left_by_build(const struct judgement *judgement)
{
    const struct peer *peer = judgement->peers;

    while (peer && !holds_left_by_build(judgement, peer->answer)) {
        peer = peer->next;
    }
    return peer || holds_left_by_build(judgement, judgement->existing);
}

/* The builder may still be at it. */
static int hold_left_by_build(const struct judgement *judgement, struct decision *out,
                              struct decision_hold **list)
{
    if (!uses_left_by_build(judgement)) {
        return 0;
    }
    TRY(hold_add(out, list, HOLD_BUILDS, HOLD_RUNS, (struct slice){0}));
    (*list)->momentary = true;
    return 0;
}

/*
 * Links that an archive holds are there for who walks the files: who fills a volume that they are
 * unpacked into; and Podman, which resolves the working directory before it makes it, at each
 * start, and locks the container for neither. Source: podman libpod/container_api.go
 * CopyFromArchive, container_internal_common.go resolveWorkDir.
 */
static int hold_unpacked(const struct judgement *judgement, const struct policy_request *request,
                         struct slice id, struct decision *out, struct decision_hold **list)
{
    return request->engine.kind == ENGINE_PODMAN
               ? hold_add(out, list, HOLD_CONTAINER, HOLD_WALKS, id)
               : hold_volumes(judgement, HOLD_RUNS, out, list);
}

static int hold_used(const struct judgement *judgement, const struct policy_request *request,
                     struct decision *out, struct decision_hold **list)
{
    struct slice id = judgement->existing ? judgement->existing->id : judgement->held_id;
    size_t use = 0;

    while (use < USE_COUNT && uses[use].operation != judgement->operation) {
        use++;
    }
    if (use == USE_COUNT || id.len == 0) {
        return 0;
    }
    if (uses[use].mode == HOLD_WALKS && trees_walk_of(judgement, request) == TREE_UNTOUCHED) {
        return judgement->operation == OP_CONTAINERS_FILES_WRITE
                   ? hold_unpacked(judgement, request, id, out, list)
                   : 0;
    }
    TRY(hold_add(out, list, HOLD_CONTAINER, uses[use].mode, id));
    return uses[use].mounts ? hold_volumes(judgement, uses[use].mode, out, list) : 0;
}

/*
 * The volumes of a create in a scope have its owner's label, so nobody but who has the same owner,
 * or none, can name them.
 */
static int hold_creates(const struct judgement *judgement, struct decision *out,
                        struct decision_hold **list)
{
    const struct scope *scope = &judgement->policy->scope;
    struct slice key = SLICE(HOLD_CREATES_UNOWNED);

    out->fillers = (struct slice){0};
    if (scope->owner && scope->labels.count == 1 && judgement->policy->mode == RULE_LEVEL_DENY) {
        TRY(arena_printf(&out->arena, &key, "%.*s=%.*s", SLICE_ARGS(scope->labels.item[0].key),
                         SLICE_ARGS(scope->labels.item[0].value)));
        out->fillers = key;
    }
    TRY(hold_add(out, list, HOLD_CREATES, HOLD_WALKS, (struct slice){0}));
    return hold_add(out, list, HOLD_CREATES, HOLD_WALKS, key);
}

static int list_holds(const struct judgement *judgement, const struct policy_request *request,
                      struct decision *out, struct decision_hold **list)
{
    TRY(holds_list_names(judgement, out, list));
    // Whatever the policy of who builds: others may not use what the builder is at. It never waits.
    if (judgement->operation == OP_BUILD_CLASSIC) {
        return hold_add(out, list, HOLD_BUILDS, HOLD_WALKS, (struct slice){0});
    }
    // Nor does this, whose volumes without a name others may not mount before they are filled.
    if (trees_walk_of(judgement, request) == TREE_FILLED) {
        TRY(hold_creates(judgement, out, list));
    }
    if (!holds_is_enforced(judgement)) {
        return 0;
    }
    TRY(hold_left_by_build(judgement, out, list));
    TRY(hold_used(judgement, request, out, list));
    TRY(hold_bound(judgement, out, list));
    return trees_walk_of(judgement, request) == TREE_FILLED ? hold_filled(judgement, out, list) : 0;
}

static bool covers(const struct decision_hold *held, const struct decision_hold *wanted)
{
    for (; wanted; wanted = wanted->next) {
        const struct decision_hold *found = held;

        while (found && (found->kind != wanted->kind || found->mode != wanted->mode ||
                         !slice_eq(found->key, wanted->key))) {
            found = found->next;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

int holds_judge(const struct judgement *judgement, const struct policy_request *request,
                struct decision *out)
{
    struct decision_hold *wanted = NULL;

    if (violation_denies(out)) {
        return STEP_ON;
    }
    int err = list_holds(judgement, request, out, &wanted);

    if (err == -E2BIG) {
        err = refuse_malformed(judgement->policy, request, 413, "live_tree",
                               "the request uses too many objects", out);
        return err < 0 ? err : STEP_DECIDED;
    }
    if (err < 0 || !wanted) {
        return err;
    }
    if (!judgement->holds) {
        out->holds = wanted;
        out->verdict = VERDICT_NEEDS_HOLDS;
        return STEP_DECIDED;
    }
    if (covers(out->holds, wanted)) {
        return STEP_ON;
    }
    err = refuse_malformed(judgement->policy, request, 409, "live_tree",
                           "an object named in the request has been replaced meanwhile: try again",
                           out);
    return err < 0 ? err : STEP_DECIDED;
}

/* Whether the engine is to say all again that it said before something was held. */
static bool holds_ask_all_again(const struct judgement *judgement, const struct decision *out)
{
    // Where a volume may be made of a path of the host, one that is filled may have become such.
    bool binds = judgement->policy->written.count > 0;

    for (const struct decision_hold *hold = out->holds; hold; hold = hold->next) {
        const struct fact *fact =
            hold->kind == HOLD_VOLUME ? fact_find(out, FACT_VOLUME, hold->key) : NULL;

        // Something has run with a volume that was said not to exist: before that, or since.
        if ((hold->ran && hold->mode == HOLD_ALONE && fact && fact->status == 404) ||
            (hold->kind == HOLD_CONTAINER && hold->mode == HOLD_WALKS) ||
            (hold->kind == HOLD_VOLUME && hold->mode == HOLD_ALONE && binds)) {
            return true;
        }
    }
    return false;
}

/* Whether the engine's answer may be another, now that nobody else gives that name any more. */
static bool holds_fact_is_about(const struct fact *fact, const struct decision_hold *hold)
{
    bool gives = hold->mode == HOLD_GIVES;

    switch ((int)hold->kind) {
    case HOLD_IMAGE_NAME:
        return gives && fact->kind == FACT_IMAGE;
    case HOLD_VOLUME_NAME:
        return (gives || hold->mode == HOLD_ALONE) &&
               (fact->kind == FACT_VOLUME || fact->kind == FACT_VOLUME_USERS);
    case HOLD_NETWORK_NAME: // of a container that starts they are what it says of itself
        return gives && (fact->kind == FACT_NETWORK || fact->kind == FACT_SWARM_NETWORK ||
                         fact->kind == FACT_CONTAINER);
    }
    return false;
}

/*
 * Where paths lead costs the engine nothing, and is looked at with what is asked again. True: some
 * answer is gone.
 */
static bool holds_forget_names(struct decision *out)
{
    struct fact **link = &out->facts;
    bool forgot = false;

    for (const struct decision_hold *hold = out->holds; hold; hold = hold->next) {
        forgot = forgot || hold->mode == HOLD_GIVES ||
                 (hold->kind == HOLD_VOLUME_NAME && hold->mode == HOLD_ALONE);
    }
    while (forgot && *link) {
        const struct decision_hold *hold = out->holds;

        while (hold && !holds_fact_is_about(*link, hold)) {
            hold = hold->next;
        }
        if (hold || (*link)->kind == FACT_PATH) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
    return forgot;
}

/* As it was when the body was read, but for the answers that there are. */
static void holds_judge_anew(struct judgement *judgement, struct decision *out)
{
    struct violation **tail = &out->violations;

    for (size_t i = 0; *tail && i < judgement->violations_before; i++) {
        tail = &(*tail)->next;
    }
    *tail = NULL;
    judgement->existing = NULL;
    judgement->held_id = (struct slice){0};
    judgement->exec_known = false;
    judgement->peers = NULL;
    judgement->names = NULL;
    judgement->scope = (struct scope_state){0};
    if (judgement->committed.len > 0) {
        pin_query(judgement, SLICE("container"), judgement->committed);
    }
}

/* What was not asked about a name that is held is as old as it would be without holding anything.
 */
void holds_taken(struct judgement *judgement, bool waited, struct decision *out)
{
    bool all = waited || holds_ask_all_again(judgement, out);

    judgement->holds = true;
    if (all) {
        out->facts = NULL;
    }
    if (all || holds_forget_names(out)) {
        holds_judge_anew(judgement, out);
    }
}

static bool is_filled_still(const struct judgement *judgement, struct slice volume)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        if (trees_mount_is_filled(&mounts->item[i]) && slice_eq(mounts->item[i].source, volume)) {
            return true;
        }
    }
    return false;
}

void holds_spare(const struct judgement *judgement, const struct decision *out)
{
    for (struct decision_hold *hold = out->holds; hold; hold = hold->next) {
        bool running = judgement->existing && judgement->existing->running;

        // What runs keeps running: nothing that may be asked for would change that. But Podman
        // walks the files of what it starts anew.
        hold->spare = (hold->kind == HOLD_VOLUME && hold->mode == HOLD_ALONE &&
                       !is_filled_still(judgement, hold->key)) ||
                      (hold->mode == HOLD_WALKS && hold->kind == HOLD_CONTAINER && running &&
                       judgement->operation != OP_CONTAINERS_COMMIT &&
                       !(judgement->operation == OP_CONTAINERS_FILES_WRITE &&
                         engine_may_be(&judgement->engine, ENGINE_PODMAN)));
    }
}
