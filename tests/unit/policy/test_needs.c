/*
 * What a rule has to know is looked up because that rule is on, and its neighbours change nothing.
 * tests/cases/other/needs.yaml has a pair of cases for each need of each rule, in which no other
 * rule is on; sockade-cases runs them.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/model/policy_data.h"
#include "support/cases.h"

enum { NEED_COUNT = 13 };

/* In the order of enum rule_need; NEED_USED, which is last there, has a test of its own. */
static const char *const need_names[NEED_COUNT] = {
    "image_user", "image_health", "image_origin", "volumes", "networks", "joined",  "mounted_from",
    "paths",      "roots",        "cgroups",      "names",   "trees",    "no_links"};

static struct case_file file;

/* The case of that need with that verdict. */
static const struct tree_node *find_case(struct slice need, struct slice expect)
{
    for (const struct tree_node *node = case_file_first(&file); node; node = node->next) {
        if (slice_eq(case_text(node, "need"), need) &&
            slice_eq(case_text(node, "expect"), expect)) {
            return node;
        }
    }
    return NULL;
}

static void check_alone(const struct tree_node *node, enum rule_index rule)
{
    struct diag diag = {0};
    struct loader loader = {.arena = &file.arena, .diag = &diag};
    struct tree_node section = *tree_member(node, "policy");
    struct policy *policy = NULL;

    section.key = SLICE("case");
    cr_assert_eq(load_policy(&loader, &section, &policy), 0, "%s", diag.sentence);
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        cr_expect_eq(policy->rule[i].level, i == rule ? RULE_LEVEL_DENY : RULE_LEVEL_OFF,
                     "needs.yaml:%u: %s", node->line, rule_at(i)->id);
    }
    policy_unref(policy);
}

static void check_pair(enum rule_index rule, const char *need)
{
    static const char *const request[] = {"target", "body", "create", "host_config"};
    char name[128];

    snprintf(name, sizeof(name), "%s %s", rule_at(rule)->id, need);
    const struct tree_node *refused = find_case(slice_from(name), SLICE("deny"));
    const struct tree_node *allowed = find_case(slice_from(name), SLICE("allow"));

    cr_assert(refused && allowed, "%s: no pair of cases", name);
    for (size_t i = 0; i < sizeof(request) / sizeof(request[0]); i++) {
        cr_expect(slice_eq(case_text(refused, request[i]), case_text(allowed, request[i])),
                  "%s: the requests differ", name);
    }
    check_alone(refused, rule);
    check_alone(allowed, rule);
}

Test(needs, of_each_rule_have_a_case_in_which_no_other_rule_is_on)
{
    case_file_open(CASES "other/needs.yaml", &file);
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = rule_at(i);
        unsigned needs = rule->needs;

        for (const struct rule_param *param = rule->params; param && param->name; param++) {
            needs |= param->needs;
            cr_expect_eq(param->spares & ~rule->needs, 0U, "%s.%s", rule->id, param->name);
        }
        cr_expect_eq(needs & ~((1U << NEED_COUNT) - 1U), 0U, "%s: a need without a name", rule->id);
        for (unsigned bit = 0; bit < NEED_COUNT; bit++) {
            if ((needs & 1U << bit) != 0) {
                check_pair(i, need_names[bit]);
            }
        }
    }
    case_file_close(&file);
}

Test(needs, a_rule_that_judges_containers_that_exist_has_them_looked_up)
{
    struct policy_request request = {.method = SLICE("POST"),
                                     .target = SLICE("/v1.41/containers/db/start"),
                                     .request_id = SLICE("R1")};

    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        struct policy *policy = policy_create(SLICE("alone"), BASE_OPEN);
        struct decision decision;

        policy->rule[i].level = RULE_LEVEL_DENY;
        policy_note_needs(policy);
        decision_init(&decision);
        policy_decide_head(policy, &request, &decision);
        cr_expect_eq(decision.verdict,
                     rule_at(i)->judges_existing ? VERDICT_NEEDS_FACTS : VERDICT_ALLOW, "%s",
                     rule_at(i)->id);
        decision_deinit(&decision);
        policy_unref(policy);
    }
}

static bool refuses_two_readings(struct policy *policy)
{
    struct policy_request request = {.method = SLICE("POST"),
                                     .target = SLICE("/v1.41/containers/create"),
                                     .content_type = SLICE("application/json"),
                                     .has_body = true,
                                     .content_length = 23,
                                     .request_id = SLICE("R1")};
    struct decision decision;

    decision_init(&decision);
    policy_decide_head(policy, &request, &decision);
    cr_assert_eq(decision.verdict, VERDICT_NEEDS_BODY);
    policy_decide_body(policy, &request, SLICE("{\"Image\":1,\"Image\":\"a\"}"), &decision);
    bool refused = decision.verdict == VERDICT_DENY;

    decision_deinit(&decision);
    return refused;
}

Test(needs, a_body_is_read_strictly_as_soon_as_one_rule_is_on)
{
    for (enum rule_index i = 0; i <= RULE_COUNT; i++) {
        struct policy *policy = policy_create(SLICE("alone"), BASE_OPEN);

        if (i < RULE_COUNT) {
            policy->rule[i].level = RULE_LEVEL_AUDIT;
        }
        policy_note_needs(policy);
        cr_expect_eq(refuses_two_readings(policy), i < RULE_COUNT, "%s",
                     i < RULE_COUNT ? rule_at(i)->id : "none");
        policy_unref(policy);
    }
}

Test(needs, a_body_is_read_for_what_is_written_into_it_or_held)
{
    struct policy *policy = policy_create(SLICE("alone"), BASE_OPEN);

    policy->marks = true;
    cr_expect(refuses_two_readings(policy), "the label of the maker");
    policy->marks = false;
    policy->scope.names_held = true;
    cr_expect(refuses_two_readings(policy), "names that a scope guards");
    policy->scope.names_held = false;
    policy->redact.env = REDACT_ENV_SECRETS;
    cr_expect(refuses_two_readings(policy), "what may hold a hidden value");
    policy_unref(policy);
}

static bool is_looked_at_without_links(const char *symlinks)
{
    static const char text[] =
        "policies: {a: {base: open, rules: {host_path_mount: {symlinks: %s, allow: "
        "[{path: /srv}]}}}}\nlisten: [{socket: /run/a.sock, policy: a}]\nversion: 1\n";
    struct policy_request request = {.method = SLICE("POST"),
                                     .target = SLICE("/v1.41/containers/create"),
                                     .content_type = SLICE("application/json"),
                                     .has_body = true};
    struct policy_file *file = NULL;
    struct diag diag = {0};
    struct decision decision;
    char yaml[256];
    bool denied = false;

    snprintf(yaml, sizeof(yaml), text, symlinks);
    cr_assert_eq(policy_file_parse(slice_from(yaml), &file, &diag), 0, "%s", diag.sentence);
    decision_init(&decision);
    policy_decide_head(file->listeners[0].policy, &request, &decision);
    policy_decide_body(file->listeners[0].policy, &request,
                       SLICE("{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[\"/srv/x:/x:ro\"]}}"),
                       &decision);
    cr_assert_eq(decision.verdict, VERDICT_NEEDS_FACTS);
    for (const struct fact *fact = decision.facts; fact; fact = fact->next) {
        denied = denied || (fact->kind == FACT_PATH && fact->deny_links);
    }
    decision_deinit(&decision);
    policy_file_destroy(file);
    return denied;
}

Test(needs, paths_are_looked_at_without_links_where_these_are_denied)
{
    cr_expect(is_looked_at_without_links("deny"));
    cr_expect(!is_looked_at_without_links("allow"));
    cr_expect(!is_looked_at_without_links("resolve"));
}
