/*
 * The whole evaluation: what is asked of the source, and how it ends without an answer.
 */
#include <criterion/criterion.h>

#include "policy/model/policy_data.h"
#include "sockade/evaluate.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct source {
    unsigned asked;
    unsigned held;
    bool waits;
    bool knows; /* what is asked for */
};

static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    struct source *source = context;

    cr_expect_eq(decision->verdict, VERDICT_NEEDS_FACTS);
    cr_expect_eq(fact->status, 0, "asked twice");
    source->asked++;
    fact->status = !source->knows ? 0 : fact->kind == FACT_VOLUME ? 404 : 200;
    fact->body =
        SLICE("{\"Id\":\"" ID "\",\"Name\":\"n\",\"Config\":{\"User\":\"1:1\"},\"HostConfig\":{}}");
}

static bool hold(void *context, struct decision *decision)
{
    struct source *source = context;

    cr_expect_not_null(decision->holds);
    source->held++;
    return source->waits;
}

static enum verdict evaluate(enum base base, const char *target, const char *body,
                             struct source *context)
{
    struct policy *policy = policy_create(SLICE("ci"), base);
    struct evaluate_source source = {context ? look_up : NULL, context ? hold : NULL, context};
    struct policy_request request = {.method = SLICE("POST"),
                                     .target = slice_from(target),
                                     .content_type = SLICE("application/json"),
                                     .has_body = body != NULL,
                                     .engine = {ENGINE_DOCKERD, 26, 1, 5}};
    struct decision decision;

    cr_assert_not_null(policy);
    decision_init(&decision);
    policy_evaluate(policy, &request, slice_from(body ? body : ""), &source, &decision);
    enum verdict verdict = decision.verdict;

    decision_deinit(&decision);
    policy_unref(policy);
    return verdict;
}

#define CREATE "/v1.41/containers/create"

Test(evaluate, ends_with_the_verdict)
{
    struct source source = {.knows = true};

    cr_expect_eq(evaluate(BASE_RESTRICTED, CREATE, "{\"Image\":\"app\"}", &source), VERDICT_ALLOW);
    cr_expect_gt(source.asked, 0);
    cr_expect_eq(evaluate(BASE_RESTRICTED, "/v1.41/swarm/leave", NULL, &source), VERDICT_DENY);
}

Test(evaluate, asks_for_nothing_when_the_request_alone_is_refused)
{
    struct source source = {.knows = true};

    cr_expect_eq(evaluate(BASE_RESTRICTED, CREATE,
                          "{\"Image\":\"app\",\"HostConfig\":{\"Privileged\":true}}", &source),
                 VERDICT_DENY);
    cr_expect_eq(source.asked, 0);
}

Test(evaluate, does_not_allow_what_the_source_cannot_answer)
{
    struct source source = {.knows = false};

    cr_expect_eq(evaluate(BASE_RESTRICTED, CREATE, "{\"Image\":\"app\"}", &source),
                 VERDICT_NEEDS_FACTS);
    cr_expect_gt(source.asked, 0);
    cr_expect_eq(evaluate(BASE_RESTRICTED, CREATE, "{\"Image\":\"app\"}", NULL),
                 VERDICT_NEEDS_FACTS);
}

Test(evaluate, looks_up_again_what_had_to_wait_for_its_holds)
{
    struct source free = {.knows = true};
    struct source waiting = {.knows = true, .waits = true};
    const char *body = "{\"Image\":\"app\",\"HostConfig\":{\"Binds\":[\"data:/d\"]}}";

    cr_expect_eq(evaluate(BASE_RESTRICTED, CREATE, body, &free), VERDICT_ALLOW);
    cr_expect_eq(evaluate(BASE_RESTRICTED, CREATE, body, &waiting), VERDICT_ALLOW);
    cr_expect_eq(free.held, 1);
    cr_expect_eq(waiting.held, 1);
    cr_expect_gt(waiting.asked, free.asked);
}
