/*
 * What the rules that are on have to know. Lookups are made for a need, never because of a
 * certain rule: a rule that is on must not depend on its neighbour's being on.
 */
#include "base/try.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"

#include "base/banned.h"

/* Whether the parameter has the value that its needs are for. */
static bool is_set(const struct rule_param *param, const struct param_value *value)
{
    return value->flag ||
           (param->type == PARAM_CHOICE && value->number > 0 && !param->choices[value->number + 1]);
}

unsigned rule_needs(const struct rule *rule, const struct rule_settings *settings)
{
    unsigned needs = rule->needs | (rule->judges_existing ? NEED_USED : 0U);

    for (size_t i = 0; rule->params && rule->params[i].name; i++) {
        if (is_set(&rule->params[i], &settings->param[i])) {
            needs = (needs | rule->params[i].needs) & ~rule->params[i].spares;
        }
    }
    return needs;
}

static const struct param_value *find_roots(const struct policy *policy)
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
        unsigned known = rule_needs(rule_at(i), settings);

        needs.known |= known;
        if (policy_rule_level(policy, settings->level) == RULE_LEVEL_DENY) {
            needs.enforced |= known;
        }
    }
    policy->needs = needs;
    policy->roots = find_roots(policy);
}

const struct param_value *policy_roots(const struct policy *policy)
{
    return policy->roots;
}
