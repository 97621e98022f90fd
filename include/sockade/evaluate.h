/*
 * A whole evaluation in one call, for whoever has the answers at hand: tests, fuzzers, benchmarks,
 * and commands that evaluate a request without a daemon. The daemon waits for its answers, and
 * calls the steps of sockade/policy.h itself.
 */
#ifndef SOCKADE_EVALUATE_H
#define SOCKADE_EVALUATE_H

#include "sockade/policy.h"

/* Where answers to lookups come from. All zero: nothing is known, and every hold is free. */
struct evaluate_source {
    /*
     * Answers decision->facts, one after the other, each that has no status: fills it, and `body`
     * or `path`, in decision->arena if need be. What it leaves without a status ends the
     * evaluation.
     */
    void (*look_up)(void *context, struct decision *decision, struct fact *fact);
    /* Before decision->holds are taken. Whether they had to be waited for: facts are old then. */
    bool (*hold)(void *context, struct decision *decision);
    void *context;
};

/*
 * Judges as policy_decide_head() and its kin, in their order, to the verdict. `decision` is made
 * by decision_init(). With VERDICT_NEEDS_FACTS at the end those without a status are unknown to
 * the source: the request may not pass.
 */
void policy_evaluate(const struct policy *policy, const struct policy_request *request,
                     struct slice body, const struct evaluate_source *source,
                     struct decision *decision);

#endif
