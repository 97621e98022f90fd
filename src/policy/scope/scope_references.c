/*
 * The objects that a request names: asked about, told from other people's, and answered
 * as if those did not exist. One that isn't there and one of somebody else get the same
 * words, so that nothing can be learnt by guessing names.
 */
#include <errno.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/model/scope_data.h"
#include "policy/model/violation.h"
#include "policy/response/response.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

enum { NOT_FOUND_BYTES = 8 * 1024 };

/*
 * What objects are called, what reads their inspections, and the engine's own words for one that
 * isn't there.   Source: moby errors of daemon/, daemon/cluster/helpers.go, libnetwork and
 * volume/service.
 */
// clang-format off
static const struct {
    const char *word;
    enum object_kind object;
    const char *before;
    const char *after;
} kinds[] = {
    [FACT_IMAGE]         = {"image",     OBJECT_IMAGE,     "No such image: ", ""},
    [FACT_VOLUME]        = {"volume",    OBJECT_VOLUME,    "get ", ": no such volume"},
    [FACT_CONTAINER]     = {"container", OBJECT_CONTAINER, "No such container: ", ""},
    [FACT_EXEC]          = {"exec",      OBJECT_CONTAINER, "No such exec instance: ", ""},
    [FACT_NETWORK]       = {"network",   OBJECT_NETWORK,   "network ", " not found"},
    [FACT_SWARM_NETWORK] = {"network",   OBJECT_NETWORK,   "network ", " not found"},
    [FACT_SERVICE]       = {"service",   OBJECT_SWARM,     "service ", " not found"},
    [FACT_TASK]          = {"task",      OBJECT_TASK,      "task ", " not found"},
    [FACT_SECRET]        = {"secret",    OBJECT_SWARM,     "secret ", " not found"},
    [FACT_CONFIG]        = {"config",    OBJECT_SWARM,     "config ", " not found"},
};
// clang-format on

const char *scope_word(enum fact_kind kind)
{
    return kinds[kind].word;
}

static int answer_with(struct decision *out, unsigned status, const char *before, struct slice name,
                       const char *after)
{
    CLEANUP(buf_deinit) struct buf answer = {0};
    struct slice message = {0};
    int err = arena_printf(&out->arena, &message, "%s%.*s%s", before,
                           SLICE_ARGS(slice_head(name, 1024)), after);

    buf_init(&answer, NOT_FOUND_BYTES);
    if (err == 0) {
        err = escape_json(&answer, message);
    }
    if (err == 0) {
        err = arena_printf(&out->arena, &out->answer, "{\"message\":%.*s}\n",
                           SLICE_ARGS(buf_slice(&answer)));
    }
    if (err < 0) {
        return -ENOMEM;
    }
    out->verdict = VERDICT_DENY;
    out->status = status;
    return STEP_DECIDED;
}

static int not_found(const struct scope_reference *reference, bool exists, struct decision *out)
{
    const char *after = kinds[reference->shown_kind].after;

    // That an image exists is no secret, so its reader may know what is the matter.
    if (reference->shown_kind == FACT_IMAGE && exists) {
        after = " (it is outside this policy's scope)";
    }
    return answer_with(out, 404, kinds[reference->shown_kind].before, reference->shown_name, after);
}

static int outside(const struct judgement *judgement, const struct scope_reference *reference,
                   struct decision *out)
{
    struct slice shown = {0};

    TRY(show_text(&out->arena, reference->shown_name, &shown));
    return scope_object(judgement, out, NULL, "%s \"%.*s\" is outside the scope",
                        kinds[reference->shown_kind].word, SLICE_ARGS(shown));
}

/* Used by the request: refused with a reason, the same whether it exists or not. */
static int refuse_use(const struct judgement *judgement, const struct scope_reference *reference,
                      struct decision *out)
{
    struct slice shown = {0};

    TRY(show_text(&out->arena, reference->name, &shown));
    return scope_object(judgement, out, "use one that was created through this socket",
                        "%s: %s \"%.*s\" %s", reference->field, kinds[reference->kind].word,
                        SLICE_ARGS(shown),
                        reference->because ? reference->because : "is not in the scope");
}

/* The name of something new, and another's already. Names are everybody's: it can't be hidden. */
static int taken(const struct judgement *judgement, const struct scope_reference *reference,
                 bool enforced, struct decision *out)
{
    TRY(outside(judgement, reference, out));
    if (!enforced) {
        return 0;
    }
    if (reference->kind == FACT_NETWORK) {
        return answer_with(out, 409, "network with name ", reference->name, " already exists");
    }
    return answer_with(out, 409, "create ", reference->name,
                       ": conflict: volume name must be unique");
}

static bool is_in_another(const struct scope *scope, const struct string_map *labels)
{
    size_t i = 0;

    while (i < scope->foreign_count && !scope_labels_hold(&scope->foreign[i], labels)) {
        i++;
    }
    return i < scope->foreign_count;
}

static int judge_outside(const struct judgement *judgement, const struct scope_reference *reference,
                         bool in_another, struct decision *out)
{
    bool enforced = judgement->policy->mode == RULE_LEVEL_DENY;

    if (reference->may_be_others || (reference->may_be_nobodys && !in_another)) {
        return STEP_ON;
    }
    if (reference->created) {
        return taken(judgement, reference, enforced, out);
    }
    if (reference->field) {
        return refuse_use(judgement, reference, out);
    }
    TRY(outside(judgement, reference, out));
    return enforced ? not_found(reference, true, out) : 0;
}

static int scope_references_judge_missing(const struct judgement *judgement,
                                          const struct scope_reference *reference,
                                          struct decision *out)
{
    // Where nothing is enforced the engine says itself that it doesn't have it.
    if (reference->created || reference->may_be_missing ||
        judgement->policy->mode != RULE_LEVEL_DENY) {
        return STEP_ON;
    }
    return reference->field ? refuse_use(judgement, reference, out)
                            : not_found(reference, false, out);
}

/* Podman starts what a container joins as well, with the networks that have those names then. */
static int follow_joined(struct judgement *judgement, const struct object_answer *answer,
                         struct decision *out)
{
    for (size_t i = 0; i < answer->joined.count; i++) {
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER, .name = answer->joined.item[i],
                        .field = "the container's namespaces", .may_be_missing = true,
                        .follows = true));
    }
    return 0;
}

/* A network that a container has by its name only: the engine looks it up when it starts. */
static int follow_networks(struct judgement *judgement, const struct object_answer *answer,
                           struct decision *out)
{
    bool podman = engine_may_be(&judgement->engine, ENGINE_PODMAN);
    const struct string_list *networks = podman ? &answer->networks : &answer->loose_networks;

    if (judgement->operation != OP_CONTAINERS_START &&
        judgement->operation != OP_CONTAINERS_RESTART) {
        return 0;
    }
    for (size_t i = 0; i < networks->count; i++) {
        struct slice name = networks->item[i];

        if (!scope_is_builtin(name)) {
            TRY(SCOPE_REFER(judgement, out, .kind = FACT_NETWORK, .name = name,
                            .field = "the container's networks", .may_be_missing = true));
        }
    }
    return podman ? follow_joined(judgement, answer, out) : 0;
}

/* By the time of the request the name may be another's: what was judged is what is sent. */
static int pin(struct judgement *judgement, const struct scope_reference *reference,
               const struct object_answer *answer, struct decision *out)
{
    struct slice id = answer->id;

    if (reference->pins_name) {
        TRY(scope_pinned_image(judgement, reference->name, answer->id, out, &id));
    }
    if (reference->pins_path) {
        judgement->scope.path_id = id;
        return follow_networks(judgement, answer, out);
    }
    if (reference->follows) {
        return follow_networks(judgement, answer, out);
    }
    if (!reference->pin) {
        return 0;
    }
    return arena_printf(&out->arena, reference->pin, "%.*s%.*s%.*s", SLICE_ARGS(reference->before),
                        SLICE_ARGS(id), SLICE_ARGS(reference->after));
}

/* From an exec to its container, which is as much hidden as the exec. */
static int follow_exec(struct judgement *judgement, const struct scope_reference *reference,
                       struct decision *out)
{
    struct exec_answer exec = {0};

    TRY(exec_answer_read(reference->fact->body, &out->arena, &exec));
    return SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER, .name = exec.container,
                       .shown_kind = FACT_EXEC, .shown_name = reference->name);
}

/* From a task to its service, whose labels say whose it is. Without one it is swarm's own. */
static int follow_task(struct judgement *judgement, const struct scope_reference *reference,
                       const struct object_answer *task, struct decision *out)
{
    judgement->scope.path_id = task->id;
    return SCOPE_REFER(judgement, out, .kind = FACT_SERVICE, .name = task->service,
                       .shown_kind = FACT_TASK, .shown_name = reference->name);
}

/* Answers enum step; -EBADMSG when the answer cannot be used. */
static int judge_reference(struct judgement *judgement, const struct scope_reference *reference,
                           struct decision *out)
{
    const struct fact *fact = reference->fact;
    enum object_kind kind = kinds[reference->kind].object;
    struct object_answer answer = {0};

    // 4xx: not there, or a beginning that fits several ids, of which most are others'.
    if (!fact || (fact->status >= 400 && fact->status < 500)) {
        return scope_references_judge_missing(judgement, reference, out);
    }
    if (fact->status != 200) {
        return -EBADMSG;
    }
    if (reference->kind == FACT_EXEC) {
        return follow_exec(judgement, reference, out);
    }
    TRY(object_answer_read(fact->body, &out->arena, kind, &answer));
    if (kind == OBJECT_TASK) {
        return follow_task(judgement, reference, &answer, out);
    }
    const struct scope *scope = &judgement->policy->scope;

    // Labels that anybody may have written into a Dockerfile say nothing of whose it is.
    if ((scope_contains(scope, &answer.labels, answer.name) &&
         (scope->labels.count == 0 || !answer.left_by_build)) ||
        (kind == OBJECT_NETWORK && scope_is_builtin(answer.name))) {
        return pin(judgement, reference, &answer, out);
    }
    // The name of a new network may be the beginning of another's id.
    if (reference->created && kind == OBJECT_NETWORK && !slice_eq(answer.name, reference->name)) {
        return scope_references_judge_missing(judgement, reference, out);
    }
    bool in_another = is_in_another(scope, &answer.labels);

    if (reference->may_be_nobodys && !in_another) {
        TRY(scope_gave_name(judgement, reference, out, &in_another));
    }
    return judge_outside(judgement, reference, in_another, out);
}

int scope_check(struct judgement *judgement, const struct policy_request *request,
                struct decision *out)
{
    for (struct scope_reference *reference = judgement->scope.references; reference;
         reference = reference->next) {
        if (reference->judged || (reference->fact && reference->fact->status == 0)) {
            continue;
        }
        reference->judged = true;
        int step = judge_reference(judgement, reference, out);

        if (step == -EBADMSG && reference->may_be_others) {
            continue; // nothing is pinned to it
        }
        if (step == -EBADMSG) {
            step = refuse_malformed(judgement->policy, request, 502, "engine",
                                    "the engine gave no usable answer about the owner of an object",
                                    out);
            return step < 0 ? step : STEP_DECIDED;
        }
        if (step != STEP_ON) {
            return step;
        }
    }
    return STEP_ON;
}
