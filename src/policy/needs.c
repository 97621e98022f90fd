/*
 * What the rules that are on have to know. Lookups are made for a need, never because of a
 * certain rule: a rule that is on must not depend on its neighbour's being on.
 */
#include "base/try.h"
#include "policy/internal.h"

#include "base/banned.h"

/* Whether the parameter has the value that its needs are for. */
static bool is_set(const struct rule_param *param, const struct param_value *value)
{
    return value->flag ||
           (param->type == PARAM_CHOICE && value->number > 0 && !param->choices[value->number + 1]);
}

static unsigned needs_of(const struct rule *rule, const struct rule_settings *settings)
{
    unsigned needs = rule->needs | (rule->judges_existing ? NEED_USED : 0U);

    for (size_t i = 0; rule->params && rule->params[i].name; i++) {
        if (is_set(&rule->params[i], &settings->param[i])) {
            needs = (needs | rule->params[i].needs) & ~rule->params[i].spares;
        }
    }
    return needs;
}

void policy_note_needs(struct policy *policy)
{
    struct needs needs = {0};

    policy->has_rules = false;
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        const struct rule_settings *settings = &policy->rule[i];

        if (settings->level == RULE_LEVEL_OFF) {
            continue;
        }
        policy->has_rules = true;
        unsigned known = needs_of(rule_at(i), settings);

        needs.known |= known;
        if (policy_rule_level(policy, settings->level) == RULE_LEVEL_DENY) {
            needs.enforced |= known;
        }
    }
    policy->needs = needs;
}

bool judgement_needs(const struct judgement *judgement, enum rule_need need)
{
    return (judgement->policy->needs.known & need) != 0;
}

bool judgement_enforces(const struct judgement *judgement, enum rule_need need)
{
    return (judgement->policy->needs.enforced & need) != 0;
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

int needs_object(const struct judgement *judgement, enum rule_need need, const char *text,
                 const char *fix, struct decision *out)
{
    const struct policy *policy = judgement->policy;
    enum rule_index strictest = RULE_COUNT;

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        const struct rule_settings *settings = &policy->rule[i];

        if (settings->level != RULE_LEVEL_OFF && (needs_of(rule_at(i), settings) & need) != 0 &&
            (strictest == RULE_COUNT || settings->level < policy->rule[strictest].level)) {
            strictest = i;
        }
    }
    if (strictest == RULE_COUNT) {
        return 0;
    }
    const char *id = rule_at(strictest)->id;
    struct violation **added = violation_tail(out);

    TRY(violation_add(out, id, policy_rule_level(policy, policy->rule[strictest].level),
                      slice_from(text), slice_from(fix)));
    return arena_join(&out->arena, ARENA_PARTS(SLICE("rules: {"), slice_from(id), SLICE(": off}")),
                      &(*added)->policy);
}

const struct param_value *policy_roots(const struct policy *policy)
{
    static const struct param_value none;

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = rule_at(i);

        for (size_t p = 0; (rule->needs & NEED_ROOTS) != 0 && rule->params[p].name; p++) {
            if (rule->params[p].type == PARAM_PATHS) {
                return &policy->rule[i].param[p];
            }
        }
    }
    return &none;
}
