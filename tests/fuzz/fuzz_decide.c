/*
 * One request under `restricted`, under every rule, and where every operation is allowed,
 * once more inside a scope: "METHOD TARGET" in the first line, the body behind it. A refusal names
 * a rule and has an answer; what is allowed is allowed again, unchanged, when it is sent as it
 * would be forwarded.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/violation.h"
#include "sockade/evaluate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    (void)context;
    (void)decision;
    fact->status = fact->kind == FACT_VOLUME ? 404 : 200;
    if (fact->kind == FACT_PATH) {
        assert(fact->name.len > 0 && fact->name.ptr[0] == '/');
        fact->path.view = PATH_UNSEEN;
        return;
    }
    assert(fact->target.len > 0 && fact->target.ptr[0] == '/');
    // What an image, a container, an exec, a network, a service and a task have in common.
    fact->body = SLICE("{\"Id\":\"" ID "\",\"ID\":\"" ID "\",\"ServiceID\":\"" ID
                       "\",\"Name\":\"n\",\"ContainerID\":\"" ID "\","
                       "\"ProcessConfig\":{\"user\":\"1000\"},"
                       "\"Labels\":{\"io.sockade.owner\":\"fuzz\"},"
                       "\"Config\":{\"User\":\"1000:1000\",\"Volumes\":{\"/v\":{}}},"
                       "\"HostConfig\":{\"Binds\":[\"data:/d\"]}}");
    if (fact->kind == FACT_VOLUME_USERS) {
        fact->body = SLICE("[{\"Id\":\"x\",\"Mounts\":[{\"Name\":\"used\"}]}]");
    }
}

static bool hold(void *context, struct decision *decision)
{
    (void)context;
    (void)decision;
    return true;
}

static void decide(const struct policy *policy, struct policy_request request, struct slice body,
                   struct decision *decision)
{
    static const struct evaluate_source source = {.look_up = look_up, .hold = hold};

    request.has_body = body.len > 0;
    request.content_length = body.len;
    decision_init(decision);
    policy_evaluate(policy, &request, body, &source, decision);
    assert(decision->verdict == VERDICT_DENY || decision->verdict == VERDICT_ALLOW);
}

static void check_refusal(const struct decision *decision)
{
    assert(decision->status >= 400 && decision->status < 600);
    assert(decision->answer.len > 0);
    // 404: what the engine doesn't have is nobody's fault.
    assert(decision->status == 500 || decision->status == 404 || violation_denies(decision));
    for (const struct violation *v = decision->violations; v; v = v->next) {
        assert(v->rule && v->text.len > 0);
    }
}

static void check_again(const struct policy *policy, struct policy_request request,
                        struct slice body, const struct decision *first)
{
    struct decision again;

    request.target = first->forward_target;
    if (first->body == DECISION_BODY_WHOLE) {
        body = first->forward_body;
    }
    decide(policy, request, body, &again);
    assert(again.verdict == VERDICT_ALLOW);
    assert(slice_eq(again.forward_target, first->forward_target));
    assert(slice_eq(again.forward_body, first->forward_body));
    decision_deinit(&again);
}

static struct policy *make_policy(bool scoped)
{
    static const struct string_pair label = {SLICE_INIT("io.sockade.owner"), SLICE_INIT("fuzz")};
    struct policy *policy = policy_create(SLICE("fuzz"), BASE_RESTRICTED);

    assert(policy);
    policy->scope.on = scoped;
    policy->scope.labels = (struct string_map){.item = &label, .count = 1};
    return policy;
}

/* Every rule there is, writing in what it can and judging whom it can. */
static struct policy *make_picky(void)
{
    struct policy *policy = make_policy(false);

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        const struct rule_param *param = rule_at(i)->params;
        // As they are they refuse every image there is, and with it every create.
        bool images = i >= RULE_image_registry && i <= RULE_image_digest;

        policy->rule[i].level = images ? RULE_LEVEL_OFF : RULE_LEVEL_DENY;
        for (size_t p = 0; param && param[p].name; p++) {
            if (strcmp(param[p].name, "add") == 0 || strcmp(param[p].name, "judged") == 0) {
                policy->rule[i].param[p].flag = true;
            }
        }
    }
    policy_note_needs(policy);
    return policy;
}

static void try_policy(const struct policy *policy, struct policy_request request,
                       struct slice body)
{
    struct decision decision;

    decide(policy, request, body, &decision);
    if (decision.verdict == VERDICT_ALLOW) {
        check_again(policy, request, body, &decision);
    } else {
        check_refusal(&decision);
    }
    decision_deinit(&decision);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy *policy;
    static struct policy *scoped;
    static struct policy *picky;
    static struct policy *everything;
    struct policy_request request = {.engine.kind = (enum engine_kind)(size % 3)};
    struct slice input = {(const char *)data, size};
    struct slice line = {0};
    struct slice body = {0};

    if (!policy) {
        policy = make_policy(false);
        scoped = make_policy(true);
        picky = make_picky();
        everything = make_policy(false);
        assert(operation_set_add_word(&everything->allowed, SLICE("*")));
        assert(operation_set_add_word(&scoped->allowed, SLICE("*")));
    }
    slice_cut(input, '\n', &line, &body);
    slice_cut(line, ' ', &request.method, &request.target);
    try_policy(policy, request, body);
    try_policy(scoped, request, body);
    try_policy(picky, request, body);
    try_policy(everything, request, body);
    return 0;
}
