/*
 * What a scope looks at in each operation. What has no row here cannot be kept inside a
 * scope: its answers show everybody's objects, or it makes some that carry no label.
 */
#include "policy/internal.h"

#include "base/banned.h"

static int path_container(struct judgement *judgement, struct decision *out)
{
    return scope_refer(judgement, out,
                       (struct scope_reference){.kind = FACT_CONTAINER,
                                                .name = judgement->match.name,
                                                .pins_path = true});
}

/* Ids of execs are taken in full only, so there is nothing to be pinned. */
static int path_exec(struct judgement *judgement, struct decision *out)
{
    return scope_refer(judgement, out,
                       (struct scope_reference){.kind = FACT_EXEC, .name = judgement->match.name});
}

static int path_network(struct judgement *judgement, struct decision *out)
{
    return scope_refer(judgement, out,
                       (struct scope_reference){
                           .kind = FACT_NETWORK, .name = judgement->match.name, .pins_path = true});
}

static int path_volume(struct judgement *judgement, struct decision *out)
{
    return scope_refer(
        judgement, out,
        (struct scope_reference){.kind = FACT_VOLUME, .name = judgement->match.name});
}

static int connect(struct judgement *judgement, struct decision *out)
{
    int err = path_network(judgement, out);

    return err < 0 ? err : scope_collect_connect(judgement, out);
}

static int claims_body(struct judgement *judgement, struct decision *out)
{
    return scope_check_labels(judgement, out, "Labels",
                              json_member(judgement->tree, SLICE("Labels")));
}

static int claims_container(struct judgement *judgement, struct decision *out)
{
    int err = claims_body(judgement, out);

    return err < 0 ? err : scope_check_mounts(judgement, out);
}

/* Its containers and volumes have labels of their own. */
static int claims_service(struct judgement *judgement, struct decision *out)
{
    int err = claims_body(judgement, out);

    if (err == 0) {
        err = scope_check_labels(judgement, out, "TaskTemplate.ContainerSpec.Labels",
                                 json_member(judgement->container.config, SLICE("Labels")));
    }
    return err < 0 ? err : scope_check_mounts(judgement, out);
}

static int claims_commit(struct judgement *judgement, struct decision *out)
{
    int err = claims_body(judgement, out);

    return err < 0 ? err : scope_check_changes(judgement, out);
}

#define FREE                   \
    {                          \
        true, NULL, NULL, NULL \
    }
#define REFERS(collect)           \
    {                             \
        true, NULL, collect, NULL \
    }
#define FILTERED                                               \
    {                                                          \
        true, NULL, scope_collect_filters, scope_write_filters \
    }
#define MAKES(claims, collect, write) \
    {                                 \
        true, claims, collect, write  \
    }

// clang-format off
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
    [OP_CONTAINERS_INSPECT]    = REFERS(path_container),
    [OP_CONTAINERS_STATS]      = REFERS(path_container),
    [OP_CONTAINERS_TOP]        = REFERS(path_container),
    [OP_CONTAINERS_CHANGES]    = REFERS(path_container),
    [OP_CONTAINERS_LOGS]       = REFERS(path_container),
    [OP_CONTAINERS_START]      = REFERS(path_container),
    [OP_CONTAINERS_STOP]       = REFERS(path_container),
    [OP_CONTAINERS_RESTART]    = REFERS(path_container),
    [OP_CONTAINERS_KILL]       = REFERS(path_container),
    [OP_CONTAINERS_PAUSE]      = REFERS(path_container),
    [OP_CONTAINERS_UNPAUSE]    = REFERS(path_container),
    [OP_CONTAINERS_WAIT]       = REFERS(path_container),
    [OP_CONTAINERS_RENAME]     = REFERS(path_container),
    [OP_CONTAINERS_UPDATE]     = REFERS(path_container),
    [OP_CONTAINERS_RESIZE]     = REFERS(path_container),
    [OP_CONTAINERS_REMOVE]     = REFERS(path_container),
    [OP_CONTAINERS_ATTACH]     = REFERS(path_container),
    [OP_CONTAINERS_FILES_READ] = REFERS(path_container),
    [OP_CONTAINERS_FILES_WRITE] = REFERS(path_container),
    [OP_CONTAINERS_EXPORT]     = REFERS(path_container),
    [OP_CHECKPOINTS_LIST]      = REFERS(path_container),
    [OP_CHECKPOINTS_REMOVE]    = REFERS(path_container),
    [OP_CHECKPOINTS_CREATE]    = REFERS(path_container),
    [OP_EXEC_CREATE]           = REFERS(path_container),
    [OP_EXEC_START]            = REFERS(path_exec),
    [OP_EXEC_INSPECT]          = REFERS(path_exec),
    [OP_EXEC_RESIZE]           = REFERS(path_exec),

    // Pulled images carry no label and are everybody's: looking and running is free.
    [OP_IMAGES_LIST]           = FREE,
    [OP_IMAGES_INSPECT]        = FREE,
    [OP_IMAGES_HISTORY]        = FREE,
    [OP_IMAGES_SEARCH]         = FREE,
    [OP_IMAGES_PULL]           = FREE,
    [OP_DISTRIBUTION_INSPECT]  = FREE,
    [OP_IMAGES_PUSH]           = REFERS(scope_collect_push),
    [OP_IMAGES_TAG]            = REFERS(scope_collect_tag),
    [OP_IMAGES_REMOVE]         = REFERS(scope_collect_image),
    [OP_IMAGES_SAVE]           = REFERS(scope_collect_save),
    [OP_IMAGES_LOAD]           = REFERS(scope_collect_load),
    [OP_IMAGES_PRUNE]          = FILTERED,
    [OP_IMAGES_IMPORT]         = MAKES(scope_check_changes, scope_collect_import,
                                       scope_write_changes),
    [OP_BUILD_CLASSIC]         = MAKES(scope_check_build, scope_collect_build, scope_write_build),

    [OP_NETWORKS_LIST]         = FILTERED,
    [OP_NETWORKS_PRUNE]        = FILTERED,
    [OP_NETWORKS_CREATE]       = MAKES(claims_body, scope_collect_network, scope_write_body),
    [OP_NETWORKS_INSPECT]      = REFERS(path_network),
    [OP_NETWORKS_REMOVE]       = REFERS(path_network),
    [OP_NETWORKS_CONNECT]      = REFERS(connect),
    [OP_NETWORKS_DISCONNECT]   = REFERS(connect),

    [OP_VOLUMES_LIST]          = FILTERED,
    [OP_VOLUMES_PRUNE]         = FILTERED,
    [OP_VOLUMES_CREATE]        = MAKES(claims_body, scope_collect_volume, scope_write_body),
    [OP_VOLUMES_INSPECT]       = REFERS(path_volume),
    [OP_VOLUMES_REMOVE]        = REFERS(path_volume),

    [OP_SERVICES_LIST]         = FILTERED,
    [OP_SERVICES_CREATE]       = MAKES(claims_service, scope_collect_service, scope_write_service),
    [OP_SERVICES_UPDATE]       = MAKES(claims_service, scope_collect_service_update,
                                       scope_write_service),
    [OP_SERVICES_INSPECT]      = REFERS(scope_collect_service_path),
    [OP_SERVICES_REMOVE]       = REFERS(scope_collect_service_path),
    [OP_SERVICES_LOGS]         = REFERS(scope_collect_service_path),
    [OP_TASKS_LIST]            = FILTERED,
    [OP_TASKS_INSPECT]         = REFERS(scope_collect_task_path),
    [OP_TASKS_LOGS]            = REFERS(scope_collect_task_path),
    [OP_SECRETS_LIST]          = FILTERED,
    [OP_SECRETS_CREATE]        = MAKES(claims_body, NULL, scope_write_body),
    [OP_SECRETS_UPDATE]        = MAKES(claims_body, scope_collect_secret_path, scope_write_body),
    [OP_SECRETS_INSPECT]       = REFERS(scope_collect_secret_path),
    [OP_SECRETS_REMOVE]        = REFERS(scope_collect_secret_path),
    [OP_CONFIGS_LIST]          = FILTERED,
    [OP_CONFIGS_CREATE]        = MAKES(claims_body, NULL, scope_write_body),
    [OP_CONFIGS_UPDATE]        = MAKES(claims_body, scope_collect_config_path, scope_write_body),
    [OP_CONFIGS_INSPECT]       = REFERS(scope_collect_config_path),
    [OP_CONFIGS_REMOVE]        = REFERS(scope_collect_config_path),
};
// clang-format on

const struct scope_use *scope_use_of(const struct judgement *judgement)
{
    return &uses[judgement->operation];
}
