/*
 * What of the lookups the policy's rules need.
 */
#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/violation.h"

#include "base/banned.h"

bool judgement_needs(const struct judgement *judgement, enum rule_need need)
{
    return (judgement->policy->needs.known & need) != 0;
}

bool judgement_enforces(const struct judgement *judgement, enum rule_need need)
{
    return (judgement->policy->needs.enforced & need) != 0;
}

int needs_object(const struct judgement *judgement, enum rule_need need, const char *text,
                 const char *fix, struct decision *out)
{
    const struct policy *policy = judgement->policy;
    enum rule_index strictest = RULE_COUNT;

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        const struct rule_settings *settings = &policy->rule[i];

        if (settings->level != RULE_LEVEL_OFF && (rule_needs(rule_at(i), settings) & need) != 0 &&
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
