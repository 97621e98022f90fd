/*
 * Which objects a request holds, so that what the engine does in a tree as root and what runs in
 * that tree never overlap. Containers and volumes are held by what the engine knows them by, so
 * names are looked up first; what was looked up before something was held and may have changed
 * since is looked up again. Sources: docs/races.md.
 */
#include <errno.h>

#include "base/escape.h"
#include "base/try.h"
#include "policy/internal.h"

#include "base/banned.h"

/* More than any request names that a person wrote. */
enum { HOLDS_MAX = 256, USERS_MAX_CONTAINERS = 200, ENGINES_NAME_DIGITS = 64 };

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

static bool is_enforced(const struct judgement *judgement)
{
    return judgement_enforces(judgement, NEED_TREES);
}

bool holds_by_id_only(const struct judgement *judgement)
{
    enum operation operation = judgement->operation;

    return is_enforced(judgement) &&
           (operation == OP_CONTAINERS_STOP || operation == OP_CONTAINERS_KILL ||
            operation == OP_CONTAINERS_REMOVE);
}

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

static enum tree_walk walk_of(const struct judgement *judgement,
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

int hold_add(struct decision *out, struct decision_hold **list, enum hold_kind kind,
             enum hold_mode mode, struct slice key)
{
    size_t count = 0;

    for (; *list; list = &(*list)->next, count++) {
        if ((*list)->kind == kind && slice_eq((*list)->key, key)) {
            return 0;
        }
    }
    if (count >= HOLDS_MAX) {
        return -E2BIG;
    }
    struct decision_hold *hold = arena_alloc(&out->arena, sizeof(*hold));

    TRY_ALLOC(hold);
    const struct judgement *judgement = out->judgement;

    *hold = (struct decision_hold){.kind = kind, .mode = mode, .party = judgement->policy};
    TRY(arena_copy(&out->arena, key, &hold->key));
    *list = hold;
    return 0;
}

/*
 * Whether the engine itself gave a volume this name, as it does for volumes that an image or a
 * create leaves without one. It fills such a volume as well, and shows it before that is done.
 */
static bool is_engines_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (!((name.ptr[i] >= '0' && name.ptr[i] <= '9') ||
              (name.ptr[i] >= 'a' && name.ptr[i] <= 'f'))) {
            return false;
        }
    }
    return name.len == ENGINES_NAME_DIGITS;
}

static bool is_engines_volume(const struct mount_spec *mount)
{
    return mount->kind == MOUNT_VOLUME && is_engines_name(mount->source);
}

static bool has_engines_volume(const struct judgement *judgement)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        if (is_engines_volume(&mounts->item[i])) {
            return true;
        }
    }
    return false;
}

/* Whether the engine would fill the volume with what the image has at the target. */
static bool is_filled(const struct mount_spec *mount)
{
    return mount->kind == MOUNT_VOLUME && !mount->no_copy;
}

static int hold_filled(const struct judgement *judgement, struct decision *out,
                       struct decision_hold **list)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        if (is_filled(&mounts->item[i])) {
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
    return is_enforced(judgement) && container && container->left_by_build &&
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
    if (uses[use].mode == HOLD_WALKS && walk_of(judgement, request) == TREE_UNTOUCHED) {
        // Links that it unpacks into a volume are there for who fills the volume.
        bool writes = judgement->operation == OP_CONTAINERS_FILES_WRITE &&
                      request->engine.kind != ENGINE_PODMAN;

        return writes ? hold_volumes(judgement, HOLD_RUNS, out, list) : 0;
    }
    TRY(hold_add(out, list, HOLD_CONTAINER, uses[use].mode, id));
    return uses[use].mounts ? hold_volumes(judgement, uses[use].mode, out, list) : 0;
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
    if (walk_of(judgement, request) == TREE_FILLED) {
        TRY(hold_add(out, list, HOLD_CREATES, HOLD_WALKS, (struct slice){0}));
    }
    if (!is_enforced(judgement)) {
        return 0;
    }
    TRY(hold_left_by_build(judgement, out, list));
    TRY(hold_used(judgement, request, out, list));
    return walk_of(judgement, request) == TREE_FILLED ? hold_filled(judgement, out, list) : 0;
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
                               "the request uses more objects than can be held", out);
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
    err =
        refuse_malformed(judgement->policy, request, 409, "live_tree",
                         "what the request names became another object meanwhile: try again", out);
    return err < 0 ? err : STEP_DECIDED;
}

/* Whether the engine is to say again what it said before something was held. */
static bool asks_again(const struct decision *out)
{
    for (const struct decision_hold *hold = out->holds; hold; hold = hold->next) {
        if ((hold->kind == HOLD_CONTAINER && hold->mode == HOLD_WALKS) ||
            hold->mode == HOLD_GIVES) {
            return true;
        }
    }
    return false;
}

/* As it was when the body was read: nothing is known of the engine's objects. */
static void forget_facts(struct judgement *judgement, struct decision *out)
{
    struct violation **tail = &out->violations;

    for (size_t i = 0; *tail && i < judgement->violations_before; i++) {
        tail = &(*tail)->next;
    }
    *tail = NULL;
    out->facts = NULL;
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

void policy_decide_held(const struct policy *policy, const struct policy_request *request,
                        bool waited, struct decision *out)
{
    struct judgement *judgement = out->judgement;

    (void)policy; // the one that the head was judged by
    judgement->holds = true;
    if (waited || asks_again(out)) {
        forget_facts(judgement, out);
    }
    policy_decide_facts(policy, request, out);
}

/* The volumes that the engine is about to fill or may be filling, or those of the container whose
 * files it walks. */
static int list_volumes(const struct judgement *judgement, const struct policy_request *request,
                        struct decision *out, struct string_list *list)
{
    enum tree_walk walk = walk_of(judgement, request);
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
        if (is_filled(&mounts->item[i]) || is_engines_volume(&mounts->item[i])) {
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

int holds_ask_users(const struct judgement *judgement, const struct policy_request *request,
                    struct decision *out)
{
    struct string_list volumes = {0};
    struct slice target = {0};

    if (!judgement_needs(judgement, NEED_TREES) || (is_enforced(judgement) && !judgement->holds) ||
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
    return err < 0 ? err : fact_add(out, FACT_VOLUME_USERS, (struct slice){0}, target);
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
    int err = container_list_volumes(fact->body, &out->document, self, USERS_MAX_CONTAINERS,
                                     &tree->users);

    return err == -ENOMEM ? err : 0;
}

int holds_show(const struct judgement *judgement, const struct policy_request *request,
               struct decision *out, struct tree_use *tree)
{
    struct slice pause = query_value(judgement->query, SLICE("pause"));

    if (!judgement_needs(judgement, NEED_TREES)) {
        return 0;
    }
    tree->walk = walk_of(judgement, request);
    // Engines differ in what else they read as false. docker-py says True.
    tree->unpaused = tree->walk == TREE_COMMITTED && pause.len > 0 &&
                     !slice_eq(pause, SLICE("1")) && !slice_eq_nocase(pause, SLICE("true"));
    tree->container = judgement->existing;
    tree->starts = judgement_may_start(judgement);
    tree->filling = out->filling;
    return read_users(judgement, out, tree);
}

static bool has_users(const struct tree_use *tree, struct slice volume)
{
    for (size_t i = 0; i < tree->users.count; i++) {
        if (slice_eq(tree->users.item[i], volume)) {
            return true;
        }
    }
    return false;
}

bool tree_volume_is_used(const struct tree_use *tree, struct slice volume)
{
    return has_users(tree, volume) || !tree->users.present;
}

bool tree_volume_is_being_filled(const struct tree_use *tree, const struct mount_spec *mount)
{
    return tree->filling && is_engines_volume(mount) && !has_users(tree, mount->source);
}

static bool is_filled_still(const struct judgement *judgement, struct slice volume)
{
    const struct mount_list *mounts = &judgement->container.mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        if (is_filled(&mounts->item[i]) && slice_eq(mounts->item[i].source, volume)) {
            return true;
        }
    }
    return false;
}

void holds_spare(const struct judgement *judgement, const struct decision *out)
{
    for (struct decision_hold *hold = out->holds; hold; hold = hold->next) {
        bool running = judgement->existing && judgement->existing->running;

        // What runs keeps running: nothing that may be asked for would change that.
        hold->spare = (hold->mode == HOLD_ALONE && !is_filled_still(judgement, hold->key)) ||
                      (hold->mode == HOLD_WALKS && hold->kind == HOLD_CONTAINER && running &&
                       judgement->operation != OP_CONTAINERS_COMMIT);
    }
}
