/*
 * See sockade/evaluate.h.
 */
#include "sockade/evaluate.h"

#include <assert.h>

#include "base/banned.h"

/* Lookups lead to others (an exec to its container, to its network), but not without an end. */
enum { EVALUATE_MAX_ROUNDS = 64 };

/* False when one stays unknown. */
static bool evaluate_look_up(const struct evaluate_source *source, struct decision *decision)
{
    bool known = true;

    for (struct fact *fact = decision->facts; fact; fact = fact->next) {
        if (fact->status == 0 && source->look_up) {
            source->look_up(source->context, decision, fact);
        }
        known = known && fact->status != 0;
    }
    return known;
}

void policy_evaluate(const struct policy *policy, const struct policy_request *request,
                     struct slice body, const struct evaluate_source *source,
                     struct decision *decision)
{
    bool held = false;

    policy_decide_head(policy, request, decision);
    if (decision->verdict == VERDICT_NEEDS_BODY) {
        policy_decide_body(policy, request, body, decision);
    }
    for (unsigned round = 0;; round++) {
        switch (decision->verdict) {
        case VERDICT_NEEDS_FACTS:
            if (!evaluate_look_up(source, decision)) {
                return;
            }
            assert(round < EVALUATE_MAX_ROUNDS);
            policy_decide_facts(policy, request, decision);
            break;
        case VERDICT_NEEDS_HOLDS:
            assert(!held);
            held = true;
            policy_decide_held(policy, request,
                               source->hold && source->hold(source->context, decision), decision);
            break;
        case VERDICT_NEEDS_BODY:
        case VERDICT_DENY:
        case VERDICT_ALLOW:
            return;
        }
    }
}
