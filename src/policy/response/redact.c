/*
 * See redact.h. Which answers hold what is a table here; where in them it is, docker/ knows.
 */
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"
#include "policy/model/scope_data.h"
#include "policy/response/response.h"

#include <errno.h>

#include "base/try.h"

#include "base/banned.h"

/* What an operation's answer may hold. */
enum content { CONTENT_NOTHING = 0, CONTENT_ENV = 1 << 0, CONTENT_PATHS = 1 << 1 };

/*
 * Left as they are: streams (events name command lines, logs and builds say what they say), files
 * and archives, and exec.inspect, which shows a command and no environment. Secrets are never
 * shown by the engine; configs are shown to who may call configs.inspect.
 */
// clang-format off
static const unsigned contents[OP_COUNT] = {
    [OP_CONTAINERS_INSPECT] = CONTENT_ENV | CONTENT_PATHS,
    [OP_CONTAINERS_LIST]    = CONTENT_PATHS,
    [OP_IMAGES_INSPECT]     = CONTENT_ENV | CONTENT_PATHS,
    [OP_IMAGES_LIST]        = CONTENT_PATHS, // labels
    [OP_IMAGES_HISTORY]     = CONTENT_ENV,
    [OP_VOLUMES_CREATE]     = CONTENT_PATHS, // of a name that is taken it is what is there
    [OP_VOLUMES_INSPECT]    = CONTENT_PATHS,
    [OP_VOLUMES_LIST]       = CONTENT_PATHS,
    [OP_NETWORKS_INSPECT]   = CONTENT_PATHS, // labels
    [OP_NETWORKS_LIST]      = CONTENT_PATHS,
    [OP_SYSTEM_DF]          = CONTENT_ENV | CONTENT_PATHS,
    [OP_SYSTEM_INFO]        = CONTENT_PATHS,
    [OP_SERVICES_INSPECT]   = CONTENT_ENV | CONTENT_PATHS,
    [OP_SERVICES_LIST]      = CONTENT_ENV | CONTENT_PATHS,
    [OP_TASKS_INSPECT]      = CONTENT_ENV | CONTENT_PATHS,
    [OP_TASKS_LIST]         = CONTENT_ENV | CONTENT_PATHS,
    [OP_PLUGINS_INSPECT]    = CONTENT_ENV | CONTENT_PATHS,
    [OP_PLUGINS_LIST]       = CONTENT_ENV | CONTENT_PATHS,
};
// clang-format on

static bool redact_hides(const struct policy *policy, enum operation operation)
{
    const struct redact *redact = &policy->redact;
    unsigned content = contents[operation];

    return policy->mode == RULE_LEVEL_DENY &&
           ((redact->env != REDACT_ENV_NONE && (content & CONTENT_ENV) != 0) ||
            (redact->mounts != REDACT_MOUNTS_NONE && (content & CONTENT_PATHS) != 0));
}

bool redact_wanted(const struct judgement *judgement)
{
    return judgement->match.route &&
           (redact_hides(judgement->policy, judgement->operation) ||
            scope_response_wanted(judgement->policy, judgement->operation));
}

static bool is_own(const void *context, const struct json *object)
{
    const struct scope *scope = context;
    const struct json *labels = object_labels(object);

    return scope->on && labels && scope_holds_json(scope, labels);
}

int redact_response(const struct policy *policy, enum operation operation, struct arena *arena,
                    struct json *tree)
{
    struct redaction redaction = {.arena = arena,
                                  .env = policy->redact.env,
                                  .host_paths = policy->redact.mounts != REDACT_MOUNTS_NONE,
                                  .spares = policy->redact.own == REDACT_OWN_SHOWN ? is_own : NULL,
                                  .context = &policy->scope};

    if (redact_hides(policy, operation)) {
        TRY(redact_answer(&redaction, tree));
    }
    if (scope_response_wanted(policy, operation)) {
        TRY(scope_response(policy, operation, arena, tree));
    }
    return 0;
}

int redact_check_service(const struct judgement *judgement, struct decision *out)
{
    const struct string_map *env = &judgement->container.env;

    for (size_t i = 0; i < env->count && judgement->read == ROUTE_BODY_SERVICE; i++) {
        struct slice text = {0};

        if (!slice_eq(env->item[i].value, redacted_text())) {
            continue;
        }
        if (arena_printf(
                &out->arena, &text,
                "TaskTemplate.ContainerSpec.Env[%zu] is the placeholder of a redacted value",
                i) < 0) {
            return -ENOMEM;
        }
        return violation_add_unknown(judgement, "operation", text,
                                     "set the value itself (--env-rm and --env-add)", out);
    }
    return 0;
}
