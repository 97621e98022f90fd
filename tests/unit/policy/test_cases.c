/*
 * Which cases there have to be. What they say is compared by sockade-cases, one test for each file.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/model/registry.h"
#include "support/cases.h"

static bool names_rule(const struct tree_node *node, struct slice rule)
{
    const struct tree_node *rules = tree_member(node, "rules");

    for (const struct tree_node *named = rules ? rules->child : NULL; named; named = named->next) {
        if (slice_eq(named->text, rule)) {
            return true;
        }
    }
    return false;
}

Test(cases, every_rule_has_a_refused_and_an_allowed_case)
{
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        struct slice rule = slice_from(rule_at(i)->id);
        struct case_file file;
        size_t refused = 0;
        size_t allowed = 0;
        char name[128];

        snprintf(name, sizeof(name), CASES "%s.yaml", rule_at(i)->id);
        case_file_open(name, &file);
        for (const struct tree_node *node = case_file_first(&file); node; node = node->next) {
            bool deny = slice_eq(case_text(node, "expect"), SLICE("deny"));

            refused += deny && names_rule(node, rule);
            allowed += !deny;
        }
        cr_expect(slice_eq(file.rule, rule), "%s is about %.*s", name, SLICE_ARGS(file.rule));
        cr_expect_gt(refused, 0, "%s: the rule refuses nothing", name);
        cr_expect_gt(allowed, 0, "%s: the rule allows nothing", name);
        case_file_close(&file);
    }
}

Test(cases, no_file_is_about_something_that_is_no_rule)
{
    struct case_file file;
    size_t i = 0;

    for (; case_file_at(i, &file); i++) {
        bool other = strncmp(file.name, CASES "other/", strlen(CASES "other/")) == 0;

        cr_expect_eq(other, rule_find(file.rule) == RULE_COUNT, "%s", file.name);
        case_file_close(&file);
    }
    cr_expect_gt(i, RULE_COUNT);
}
