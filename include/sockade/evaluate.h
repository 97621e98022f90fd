/*
 * A whole evaluation in one call, for callers that have the answers to lookups already: tests,
 * fuzzers, benchmarks, and commands that evaluate a request without a daemon. The daemon waits for
 * its answers, and calls the steps of sockade/policy.h itself.
 */
#ifndef SOCKADE_EVALUATE_H
#define SOCKADE_EVALUATE_H

#include "sockade/policy.h"

/* Where answers to lookups come from. All zero: nothing is known, and every hold is free. */
struct evaluate_source {
    /*
     * Answers one fact of decision->facts that has no status: sets the status, and `body` or
     * `path`, in decision->arena if it needs memory. A fact that it leaves without a status ends
     * the evaluation.
     */
    void (*look_up)(void *context, struct decision *decision, struct fact *fact);
    /* Called before decision->holds are taken. True: it waited, so the lookups are repeated. */
    bool (*hold)(void *context, struct decision *decision);
    void *context;
};

/*
 * Calls policy_decide_head() and the functions that follow it, up to the verdict. `decision` has
 * been initialized by decision_init(). If the verdict is VERDICT_NEEDS_FACTS, the source does not
 * know the facts without a status, and the request must not pass.
 */
void policy_evaluate(const struct policy *policy, const struct policy_request *request,
                     struct slice body, const struct evaluate_source *source,
                     struct decision *decision);

#endif
