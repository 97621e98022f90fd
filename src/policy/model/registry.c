/*
 * The rules there are.
 */
#include "policy/model/registry.h"

#include "base/banned.h"

#define X(id) [RULE_##id] = &rule_##id,
static const struct rule *const all_rules[RULE_COUNT] = {RULES(X)};
#undef X

const struct rule *rule_at(enum rule_index index)
{
    return all_rules[index];
}

enum rule_index rule_find(struct slice id)
{
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        if (slice_eq(id, slice_from(all_rules[i]->id))) {
            return i;
        }
    }
    return RULE_COUNT;
}

bool rule_is_textual(const struct rule *rule)
{
    unsigned needs = rule->needs;

    for (size_t i = 0; rule->params && rule->params[i].name; i++) {
        needs |= rule->params[i].needs;
    }
    return needs == 0;
}
