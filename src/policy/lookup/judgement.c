/*
 * What steps of a judgement ask of its state.
 */

#include "policy/lookup/judgement.h"
#include "base/try.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "policy/model/violation.h"

#include "base/banned.h"

bool judgement_makes_container(const struct judgement *judgement)
{
    return judgement->read == ROUTE_BODY_CONTAINER_CREATE || judgement->read == ROUTE_BODY_SERVICE;
}

bool holds_by_id_only(const struct judgement *judgement)
{
    enum operation operation = judgement->operation;

    return judgement_enforces(judgement, NEED_TREES) &&
           (operation == OP_CONTAINERS_STOP || operation == OP_CONTAINERS_KILL ||
            operation == OP_CONTAINERS_REMOVE);
}

/* Names that are held for a scope, and the label that says who made a container, are in these. */
static bool makes_object(const struct route *route)
{
    return route->body == ROUTE_BODY_CONTAINER_CREATE || route->body == ROUTE_BODY_SERVICE ||
           route->body == ROUTE_BODY_VOLUME_CREATE || route->body == ROUTE_BODY_NETWORK_CREATE;
}

bool judgement_reads_body(const struct judgement *judgement)
{
    const struct policy *policy = judgement->policy;
    const struct route *route = judgement->match.route;

    if (policy->base != BASE_OPEN || policy->scope.on || policy->has_rules ||
        policy->redact.env != REDACT_ENV_NONE || policy->redact.mounts != REDACT_MOUNTS_NONE) {
        return true;
    }
    return (policy->marks || policy->scope.names_held) && route && makes_object(route);
}

int violation_add_unknown(const struct judgement *judgement, const char *rule, struct slice text,
                          const char *fix, struct decision *out)
{
    enum rule_level level = policy_unknown_level(judgement->policy);
    struct slice advice = {0};

    if (level == RULE_LEVEL_DENY) {
        TRY(arena_join(&out->arena,
                       ARENA_PARTS(slice_from(fix ? fix : "remove it"),
                                   SLICE("; no policy except base: open allows it")),
                       &advice));
    }
    return violation_add(out, rule, level, text, advice);
}
