/*
 * What a scope looks at in each operation, and in which order: labels that claim an owner, then
 * what the request names, then, when all of that is inside, what is written into the request.
 */
#include "policy/scope/scope.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/scope_data.h"
#include "policy/model/violation.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/try.h"

#include "base/banned.h"

/*
 * What a scope looks at in an operation; a step that is NULL has nothing to do. What has no row
 * below cannot be kept inside a scope: its answers show everybody's objects, or it makes some
 * that carry no label.
 */
struct scope_use {
    bool allowed;
    const struct scope_reference *path; /* what the name in the path is of; NULL: nothing */
    scope_step *claims; /* labels that claim somebody else's objects; asked of every policy */
    scope_step *collect;
    scope_step *write;
};

static const struct scope_reference container = {.kind = FACT_CONTAINER, .pins_path = true};
// Ids of execs are taken in full only, so there is nothing to be pinned.
static const struct scope_reference exec = {.kind = FACT_EXEC};
static const struct scope_reference network = {.kind = FACT_NETWORK, .pins_path = true};
static const struct scope_reference volume = {.kind = FACT_VOLUME};
static const struct scope_reference service = {.kind = FACT_SERVICE, .pins_path = true};
static const struct scope_reference task = {.kind = FACT_TASK, .pins_path = true};
static const struct scope_reference secret = {.kind = FACT_SECRET, .pins_path = true};
static const struct scope_reference config = {.kind = FACT_CONFIG, .pins_path = true};

static int claims_body(struct judgement *judgement, struct decision *out)
{
    return scope_check_labels(judgement, out, "Labels",
                              json_member(judgement->tree, SLICE("Labels")));
}

static int claims_container(struct judgement *judgement, struct decision *out)
{
    TRY(claims_body(judgement, out));
    return scope_check_mounts(judgement, out);
}

/* Its containers and volumes have labels of their own. */
static int claims_service(struct judgement *judgement, struct decision *out)
{
    TRY(claims_body(judgement, out));
    TRY(scope_check_labels(judgement, out, "TaskTemplate.ContainerSpec.Labels",
                           json_member(judgement->container.config, SLICE("Labels"))));
    return scope_check_mounts(judgement, out);
}

static int write_build(struct judgement *judgement, struct decision *out)
{
    TRY(scope_write_build(judgement, out));
    if (judgement->policy->mode != RULE_LEVEL_DENY) {
        return 0;
    }
    // What a step leaves is in no scope, so that nobody inside could remove it.
    TRY(scope_set_pair(judgement, &out->arena, SLICE("forcerm"), SLICE("1")));
    return scope_write_cache(judgement, out);
}

static int claims_commit(struct judgement *judgement, struct decision *out)
{
    TRY(claims_body(judgement, out));
    return scope_check_changes(judgement, out);
}

// clang-format off
#define FREE                             {true, NULL, NULL, NULL, NULL}
#define NAMES(path)                      {true, &(path), NULL, NULL, NULL}
#define REFERS(collect)                  {true, NULL, NULL, collect, NULL}
#define FILTERED                         {true, NULL, NULL, scope_collect_filters, scope_write_filters}
#define MAKES(claims, collect, write)    {true, NULL, claims, collect, write}
#define CHANGES(path, claims, collect, write) {true, &(path), claims, collect, write}

static const struct scope_use uses[OP_COUNT] = {
    [OP_SYSTEM_PING]           = FREE,
    [OP_SYSTEM_VERSION]        = FREE,
    [OP_SYSTEM_INFO]           = FREE, // counts everybody's objects, names none
    [OP_SYSTEM_EVENTS]         = FILTERED,
    [OP_AUTH_LOGIN]            = FREE,

    [OP_CONTAINERS_LIST]       = FILTERED,
    [OP_CONTAINERS_PRUNE]      = FILTERED,
    [OP_CONTAINERS_CREATE]     = MAKES(claims_container, scope_collect_container,
                                       scope_write_container),
    [OP_CONTAINERS_COMMIT]     = MAKES(claims_commit, scope_collect_commit, scope_write_changes),
    [OP_CONTAINERS_INSPECT]    = NAMES(container),
    [OP_CONTAINERS_STATS]      = NAMES(container),
    [OP_CONTAINERS_TOP]        = NAMES(container),
    [OP_CONTAINERS_CHANGES]    = NAMES(container),
    [OP_CONTAINERS_LOGS]       = NAMES(container),
    [OP_CONTAINERS_START]      = NAMES(container),
    [OP_CONTAINERS_STOP]       = NAMES(container),
    [OP_CONTAINERS_RESTART]    = NAMES(container),
    [OP_CONTAINERS_KILL]       = NAMES(container),
    [OP_CONTAINERS_PAUSE]      = NAMES(container),
    [OP_CONTAINERS_UNPAUSE]    = NAMES(container),
    [OP_CONTAINERS_WAIT]       = NAMES(container),
    [OP_CONTAINERS_RENAME]     = NAMES(container),
    [OP_CONTAINERS_UPDATE]     = NAMES(container),
    [OP_CONTAINERS_RESIZE]     = NAMES(container),
    [OP_CONTAINERS_REMOVE]     = NAMES(container),
    [OP_CONTAINERS_ATTACH]     = NAMES(container),
    [OP_CONTAINERS_FILES_READ] = NAMES(container),
    [OP_CONTAINERS_FILES_WRITE] = NAMES(container),
    [OP_CONTAINERS_EXPORT]     = NAMES(container),
    [OP_CHECKPOINTS_LIST]      = NAMES(container),
    [OP_CHECKPOINTS_REMOVE]    = NAMES(container),
    [OP_CHECKPOINTS_CREATE]    = NAMES(container),
    [OP_EXEC_CREATE]           = NAMES(container),
    [OP_EXEC_START]            = NAMES(exec),
    [OP_EXEC_INSPECT]          = NAMES(exec),
    [OP_EXEC_RESIZE]           = NAMES(exec),

    // Pulled images carry no label and are everybody's: looking and running is free. A pull takes
    // a name from the image that has it.
    [OP_IMAGES_LIST]           = FREE,
    [OP_IMAGES_INSPECT]        = FREE,
    [OP_IMAGES_HISTORY]        = FREE,
    [OP_IMAGES_SEARCH]         = FREE,
    [OP_IMAGES_PULL]           = REFERS(scope_collect_pull),
    [OP_DISTRIBUTION_INSPECT]  = FREE,
    [OP_IMAGES_PUSH]           = REFERS(scope_collect_push),
    [OP_IMAGES_TAG]            = REFERS(scope_collect_target),
    [OP_IMAGES_REMOVE]         = MAKES(NULL, scope_collect_image, scope_write_removal),
    [OP_IMAGES_SAVE]           = REFERS(scope_collect_save),
    [OP_IMAGES_LOAD]           = REFERS(scope_collect_load),
    [OP_IMAGES_PRUNE]          = REFERS(scope_collect_image_prune),
    [OP_IMAGES_IMPORT]         = MAKES(scope_check_changes, scope_collect_target,
                                       scope_write_changes),
    [OP_BUILD_CLASSIC]         = MAKES(scope_check_build, scope_collect_build, write_build),

    [OP_NETWORKS_LIST]         = FILTERED,
    [OP_NETWORKS_PRUNE]        = FILTERED,
    [OP_NETWORKS_CREATE]       = MAKES(claims_body, scope_collect_network, scope_write_body),
    [OP_NETWORKS_INSPECT]      = NAMES(network),
    [OP_NETWORKS_REMOVE]       = NAMES(network),
    [OP_NETWORKS_CONNECT]      = CHANGES(network, NULL, scope_collect_connect, NULL),
    [OP_NETWORKS_DISCONNECT]   = CHANGES(network, NULL, scope_collect_connect, NULL),

    [OP_VOLUMES_LIST]          = FILTERED,
    [OP_VOLUMES_PRUNE]         = FILTERED,
    [OP_VOLUMES_CREATE]        = MAKES(claims_body, scope_collect_volume, scope_write_body),
    [OP_VOLUMES_INSPECT]       = NAMES(volume),
    [OP_VOLUMES_REMOVE]        = NAMES(volume),

    [OP_SERVICES_LIST]         = FILTERED,
    [OP_SERVICES_CREATE]       = MAKES(claims_service, scope_collect_service, scope_write_service),
    [OP_SERVICES_UPDATE]       = CHANGES(service, claims_service, scope_collect_service,
                                         scope_write_service),
    [OP_SERVICES_INSPECT]      = NAMES(service),
    [OP_SERVICES_REMOVE]       = NAMES(service),
    [OP_SERVICES_LOGS]         = NAMES(service),
    [OP_TASKS_LIST]            = FILTERED,
    [OP_TASKS_INSPECT]         = NAMES(task),
    [OP_TASKS_LOGS]            = NAMES(task),
    [OP_SECRETS_LIST]          = FILTERED,
    [OP_SECRETS_CREATE]        = MAKES(claims_body, NULL, scope_write_body),
    [OP_SECRETS_UPDATE]        = CHANGES(secret, claims_body, NULL, scope_write_body),
    [OP_SECRETS_INSPECT]       = NAMES(secret),
    [OP_SECRETS_REMOVE]        = NAMES(secret),
    [OP_CONFIGS_LIST]          = FILTERED,
    [OP_CONFIGS_CREATE]        = MAKES(claims_body, NULL, scope_write_body),
    [OP_CONFIGS_UPDATE]        = CHANGES(config, claims_body, NULL, scope_write_body),
    [OP_CONFIGS_INSPECT]       = NAMES(config),
    [OP_CONFIGS_REMOVE]        = NAMES(config),
};
// clang-format on

static int scope_begin(struct judgement *judgement, const struct scope_use *use,
                       struct decision *out)
{
    const struct scope *scope = &judgement->policy->scope;
    int err = use->claims ? use->claims(judgement, out) : 0;

    if (err < 0 || !scope->on || violation_denies(out)) {
        return err;
    }
    if (scope_excludes_operation(scope, judgement->operation)) {
        return scope_object(judgement, out, "use a policy without `exclude`",
                            "operation %s cannot leave out objects that the scope excludes",
                            operation_name(judgement->operation));
    }
    if (!use->allowed) {
        return scope_object(judgement, out, "use a policy without a scope",
                            "operation %s cannot be restricted to a scope",
                            operation_name(judgement->operation));
    }
    if (use->path) {
        struct scope_reference reference = *use->path;

        reference.name = judgement->match.name;
        err = scope_add_reference(judgement, out, &reference);
    }
    return err == 0 && use->collect ? use->collect(judgement, out) : err;
}

int scope_judge(struct judgement *judgement, const struct policy_request *request,
                struct decision *out)
{
    const struct scope *scope = &judgement->policy->scope;
    struct scope_state *state = &judgement->scope;
    const struct scope_use *use = &uses[judgement->operation];
    int step = STEP_ON;

    if ((!scope->on && scope->reserved.count == 0) || violation_denies(out)) {
        return STEP_ON;
    }
    if (!state->begun) {
        state->begun = true;
        step = scope_begin(judgement, use, out);
    }
    // Without facts yet, or refused already, there is nothing more to be seen.
    return step == STEP_ON && !violation_denies(out) && !facts_wanted(out)
               ? scope_check(judgement, request, out)
               : step;
}

bool scope_allows(enum operation operation)
{
    return uses[operation].allowed;
}

const struct scope_reference *scope_path(enum operation operation)
{
    return uses[operation].path;
}

int scope_write(struct judgement *judgement, struct decision *out)
{
    const struct scope_use *use = &uses[judgement->operation];

    // Without labels nothing is written: what is made is in no scope.
    return judgement->policy->scope.labels.count > 0 && use->write ? use->write(judgement, out) : 0;
}
