/*
 * Containers that exist already: the one a request starts, enters, changes or copies
 * from, the one an exec runs in, and those whose namespaces or mounts are taken by what
 * is made or used. What may not be created may not be used either.
 */
#include <assert.h>
#include <errno.h>

#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

struct use_row {
    enum operation operation;
    enum container_use use;
};

/*
 * What runs something, changes the container or carries its contents out. Not here:
 * what only looks (inspect, logs, top, changes, stats, exec.inspect), and what gets rid of
 * it (stop, kill, pause, remove): a container that must not be used must be stoppable.
 */
// clang-format off
static const struct use_row uses[] = {
    {OP_CONTAINERS_START,       CONTAINER_BY_PATH},
    {OP_CONTAINERS_RESTART,     CONTAINER_BY_PATH},
    {OP_CONTAINERS_UNPAUSE,     CONTAINER_BY_PATH},
    {OP_CONTAINERS_ATTACH,      CONTAINER_BY_PATH}, // by websocket, too
    {OP_CONTAINERS_RESIZE,      CONTAINER_BY_PATH},
    {OP_CONTAINERS_UPDATE,      CONTAINER_BY_PATH},
    {OP_CONTAINERS_RENAME,      CONTAINER_BY_PATH},
    {OP_CONTAINERS_FILES_READ,  CONTAINER_BY_PATH},
    {OP_CONTAINERS_FILES_WRITE, CONTAINER_BY_PATH},
    {OP_CONTAINERS_EXPORT,      CONTAINER_BY_PATH},
    {OP_CHECKPOINTS_CREATE,     CONTAINER_BY_PATH},
    {OP_EXEC_CREATE,            CONTAINER_BY_PATH},
    {OP_CONTAINERS_COMMIT,      CONTAINER_BY_QUERY},
    {OP_EXEC_START,             CONTAINER_BY_EXEC},
    {OP_EXEC_RESIZE,            CONTAINER_BY_EXEC},
};
// clang-format on

enum { USE_COUNT = sizeof(uses) / sizeof(uses[0]) };

enum container_use judgement_uses(const struct judgement *judgement)
{
    size_t use = 0;

    while (use < USE_COUNT && uses[use].operation != judgement->operation) {
        use++;
    }
    return use < USE_COUNT && judgement_needs(judgement, NEED_USED) ? uses[use].use
                                                                    : CONTAINER_UNUSED;
}

bool judgement_may_start(const struct judgement *judgement)
{
    // To be attached to, a container of Podman's is prepared as for a start.
    return judgement->operation == OP_CONTAINERS_START ||
           judgement->operation == OP_CONTAINERS_RESTART ||
           judgement->operation == OP_CONTAINERS_ATTACH;
}

struct slice judgement_used_name(const struct judgement *judgement)
{
    switch (judgement_uses(judgement)) {
    case CONTAINER_BY_PATH:
        return judgement->match.name;
    case CONTAINER_BY_QUERY:
        return query_value(judgement->query, SLICE("container"));
    case CONTAINER_BY_EXEC:
        return judgement->existing ? slice_head(judgement->existing->id, 12) : (struct slice){0};
    case CONTAINER_UNUSED:
        break;
    }
    return (struct slice){0};
}

/* -EAGAIN: not answered yet, or the engine has no such thing. */
static int facts_existing_read_container(const struct fact *fact, struct decision *out,
                                         struct container_answer **answer)
{
    if (fact->status == 0 || fact->status == 404) {
        return -EAGAIN;
    }
    struct container_answer *container = arena_alloc(&out->document, sizeof(*container));

    if (!container) {
        return -ENOMEM;
    }
    int err = fact->status == 200 ? container_answer_read(fact->body, &out->document, container)
                                  : -EBADMSG;

    if (err == 0) {
        *answer = container;
    }
    return err;
}

/* First the container, then, with its answer, the volumes it mounts. */
static int use_container(struct judgement *judgement, struct slice name, struct decision *out)
{
    // A commit may name none, and the engine refuses it.
    if (judgement->existing || name.len == 0) {
        return 0;
    }
    int err = fact_ask(judgement, FACT_CONTAINER, name, out);

    if (err < 0) {
        return err == -EINVAL ? -EBADMSG : err; // a name the route took and nobody can ask for
    }
    err = facts_existing_read_container(fact_find(out, FACT_CONTAINER, name), out,
                                        &judgement->existing);
    if (err == 0) {
        err = facts_ask_volumes(judgement, &judgement->existing->spec, out);
    }
    return err == -EAGAIN ? 0 : err;
}

/* First the exec, which says in which container it is. */
static int use_exec(struct judgement *judgement, struct decision *out)
{
    struct slice id = judgement->match.name;
    struct exec_answer answer = {0};
    int err = fact_ask(judgement, FACT_EXEC, id, out);

    if (err < 0) {
        return err == -EINVAL ? -EBADMSG : err;
    }
    const struct fact *fact = fact_find(out, FACT_EXEC, id);

    if (fact->status == 0 || fact->status == 404) {
        return 0;
    }
    err = fact->status == 200 ? exec_answer_read(fact->body, &out->document, &answer) : -EBADMSG;
    if (err < 0) {
        return err;
    }
    judgement->exec.user = answer.user;
    judgement->exec.privileged = answer.privileged;
    judgement->exec_known = true;
    return use_container(judgement, answer.container, out);
}

/* What gets rid of a container is judged by nothing, but may have to wait. */
static int hold_container(struct judgement *judgement, struct decision *out)
{
    struct slice name = judgement->match.name;
    struct object_answer answer = {0};
    int err = fact_ask_for_scope(judgement, FACT_CONTAINER, name, out);

    if (err < 0) {
        return err == -EINVAL ? 0 : err;
    }
    const struct fact *fact = fact_find(out, FACT_CONTAINER, name);

    if (fact->status != 200) {
        return 0; // not asked yet, or not there: the engine says so itself
    }
    err = object_answer_read(fact->body, &out->arena, OBJECT_CONTAINER, &answer);
    judgement->held_id = answer.id;
    return err == -ENOMEM ? err : 0; // what cannot be read is stoppable all the same
}

int facts_of_existing(struct judgement *judgement, struct decision *out)
{
    switch (judgement_uses(judgement)) {
    case CONTAINER_BY_PATH:
    case CONTAINER_BY_QUERY:
        return use_container(judgement, judgement_used_name(judgement), out);
    case CONTAINER_BY_EXEC:
        return use_exec(judgement, out);
    case CONTAINER_UNUSED:
        break;
    }
    return holds_by_id_only(judgement) ? hold_container(judgement, out) : 0;
}

static int add_peer(struct judgement *judgement, struct slice name, bool mounts_only,
                    struct decision *out)
{
    struct peer **tail = &judgement->peers;
    size_t count = 0;

    for (; *tail; tail = &(*tail)->next, count++) {
        // One that is taken as a whole is judged for its mounts as well.
        if (slice_eq((*tail)->name, name) && (mounts_only || !(*tail)->mounts_only)) {
            return 0;
        }
    }
    if (count >= POLICY_MAX_PEERS) {
        return 0; // the rule doesn't find it, and objects
    }
    int err = fact_ask(judgement, FACT_CONTAINER, name, out);

    if (err < 0) {
        return err == -EINVAL ? 0 : err;
    }
    struct peer *peer = arena_alloc(&out->arena, sizeof(*peer));

    if (!peer) {
        return -ENOMEM;
    }
    *peer = (struct peer){.name = name, .mounts_only = mounts_only};
    *tail = peer;
    return 0;
}

static int facts_existing_join(struct judgement *judgement, struct slice mode, struct decision *out)
{
    struct slice prefix = SLICE("container:");

    if (!slice_starts_with(mode, prefix)) {
        return 0;
    }
    return add_peer(judgement, slice_from_index(mode, prefix.len), false, out);
}

static int join_all(struct judgement *judgement, const struct container_spec *spec,
                    struct decision *out)
{
    if (!judgement_needs(judgement, NEED_JOINED)) {
        return 0;
    }
    int err = facts_existing_join(judgement, spec->network_mode, out);

    if (err == 0) {
        err = facts_existing_join(judgement, spec->pid_mode, out);
    }
    return err < 0 ? err : facts_existing_join(judgement, spec->ipc_mode, out);
}

static int take_mounts(struct judgement *judgement, struct decision *out)
{
    const struct string_list *list = &judgement->container.volumes_from;
    int err = 0;

    if (!judgement_needs(judgement, NEED_MOUNTED_FROM)) {
        return 0;
    }
    for (size_t i = 0; i < list->count && err == 0; i++) {
        struct slice name = {0};
        struct slice mode = {0};

        slice_cut(list->item[i], ':', &name, &mode);
        err = add_peer(judgement, name, true, out);
    }
    return err;
}

static int read_peer(struct judgement *judgement, struct peer *peer, struct decision *out)
{
    if (peer->answer) {
        return 0;
    }
    int err = facts_existing_read_container(fact_find(out, FACT_CONTAINER, peer->name), out,
                                            &peer->answer);

    if (err < 0) {
        return err == -EAGAIN ? 0 : err;
    }
    assert(peer->answer);
    err = facts_ask_volumes(judgement, &peer->answer->spec, out);
    return err < 0 || peer->mounts_only ? err : join_all(judgement, &peer->answer->spec, out);
}

int facts_of_peers(struct judgement *judgement, struct decision *out)
{
    int err = 0;

    if (judgement->read == ROUTE_BODY_CONTAINER_CREATE) {
        err = join_all(judgement, &judgement->container, out);
        err = err < 0 ? err : take_mounts(judgement, out);
    } else if (judgement->existing) {
        err = join_all(judgement, &judgement->existing->spec, out);
    } else if (judgement->operation == OP_BUILD_CLASSIC &&
               judgement_needs(judgement, NEED_JOINED)) {
        err = facts_existing_join(judgement, query_value(judgement->query, SLICE("networkmode")),
                                  out);
    }
    // The list grows at its end while it is read: peers have peers.
    for (struct peer *peer = judgement->peers; peer && err == 0; peer = peer->next) {
        err = read_peer(judgement, peer, out);
    }
    return err;
}
