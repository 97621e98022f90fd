/*
 * The ladder of bases, and what the rules say of themselves.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "policy/model/bases.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

static const enum base all[] = {BASE_RESTRICTED, BASE_BASELINE, BASE_READ_ONLY, BASE_OPEN};

static struct policy *make(enum base base)
{
    struct policy *policy = policy_create(SLICE("p"), base);

    cr_assert_not_null(policy);
    return policy;
}

Test(bases, every_step_keeps_the_rules_of_the_one_before)
{
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        bool baseline = base_rule_level(BASE_BASELINE, rule_at(i)) == RULE_LEVEL_DENY;
        bool restricted = base_rule_level(BASE_RESTRICTED, rule_at(i)) == RULE_LEVEL_DENY;

        cr_expect(restricted || !baseline, "%s", rule_at(i)->id);
        cr_expect_eq(base_rule_level(BASE_OPEN, rule_at(i)), RULE_LEVEL_OFF, "%s", rule_at(i)->id);
    }
}

Test(bases, what_a_user_does_every_day_is_allowed_by_two)
{
    static const enum operation usual[] = {OP_CONTAINERS_CREATE,     OP_CONTAINERS_START,
                                           OP_CONTAINERS_ATTACH,     OP_CONTAINERS_WAIT,
                                           OP_CONTAINERS_LOGS,       OP_CONTAINERS_REMOVE,
                                           OP_CONTAINERS_FILES_READ, OP_CONTAINERS_FILES_WRITE,
                                           OP_EXEC_CREATE,           OP_EXEC_START,
                                           OP_IMAGES_PULL,           OP_BUILD_CLASSIC,
                                           OP_IMAGES_SAVE,           OP_IMAGES_LOAD,
                                           OP_NETWORKS_CREATE,       OP_VOLUMES_CREATE,
                                           OP_SYSTEM_EVENTS};
    struct policy *baseline = make(BASE_BASELINE);
    struct policy *restricted = make(BASE_RESTRICTED);

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        cr_expect(operation_set_has(&baseline->allowed, usual[i]), "%s", operation_name(usual[i]));
        cr_expect(operation_set_has(&restricted->allowed, usual[i]), "%s",
                  operation_name(usual[i]));
    }
    policy_unref(baseline);
    policy_unref(restricted);
}

Test(bases, ways_around_are_allowed_by_none_but_open)
{
    static const enum operation dangerous[] = {
        OP_SWARM_INIT,       OP_SERVICES_CREATE, OP_PLUGINS_PULL, OP_SESSION_OPEN,
        OP_SESSION_GRPC,     OP_SYSTEM_DEBUG,    OP_CONFIGS_LIST, OP_SECRETS_CREATE,
        OP_IMAGES_PUSH,      OP_BUILD_BUILDKIT,  OP_NODES_LIST,   OP_CHECKPOINTS_CREATE,
        OP_CONTAINERS_PRUNE, OP_VOLUMES_UPDATE};

    for (size_t b = 0; b < sizeof(all) / sizeof(all[0]); b++) {
        struct policy *policy = make(all[b]);

        for (size_t i = 0; i < sizeof(dangerous) / sizeof(dangerous[0]); i++) {
            cr_expect_eq(operation_set_has(&policy->allowed, dangerous[i]), all[b] == BASE_OPEN,
                         "%s: %s", base_name(all[b]), operation_name(dangerous[i]));
        }
        policy_unref(policy);
    }
}

Test(bases, read_only_changes_nothing)
{
    struct policy *policy = make(BASE_READ_ONLY);

    cr_expect(operation_set_has(&policy->allowed, OP_CONTAINERS_LOGS));
    cr_expect(operation_set_has(&policy->allowed, OP_SYSTEM_PING));
    cr_expect_not(operation_set_has(&policy->allowed, OP_CONTAINERS_START));
    cr_expect_not(operation_set_has(&policy->allowed, OP_CONTAINERS_CREATE));
    cr_expect_not(operation_set_has(&policy->allowed, OP_CONTAINERS_ATTACH));
    policy_unref(policy);
}

Test(bases, a_base_is_found_by_its_name_only)
{
    cr_expect_eq(base_find(SLICE("restricted")), BASE_RESTRICTED);
    cr_expect_eq(base_find(SLICE("Restricted")), BASE_COUNT);
    cr_expect_eq(base_find((struct slice){0}), BASE_COUNT);
}

Test(catalogue, every_rule_says_what_it_is)
{
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = rule_at(i);
        size_t length = strlen(rule->summary);
        size_t count = 0;

        cr_expect_eq(rule->summary[length - 1], '.', "%s", rule->id);
        cr_expect_gt(strlen(rule->fix), 0, "%s", rule->id);
        cr_expect_eq(rule_find(slice_from(rule->id)), i);
        for (; rule->params && rule->params[count].name; count++) {
            cr_expect_gt(strlen(rule->params[count].doc), 0, "%s.%s", rule->id,
                         rule->params[count].name);
        }
        cr_expect_leq(count, RULE_MAX_PARAMS);
    }
    cr_expect_eq(rule_find(SLICE("privilege")), RULE_COUNT);
}

/* So requests that show them nothing need not be shown to them. */
Test(catalogue, no_rule_objects_to_nothing)
{
    struct policy *policy = make(BASE_RESTRICTED);
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        struct violation *objections = NULL;
        size_t count = 0;
        struct rule_input in = {.arena = &arena,
                                .kept = &arena,
                                .rule = rule_at(i),
                                .param = policy->rule[i].param,
                                .level = RULE_LEVEL_DENY,
                                .writes = true,
                                .tail = &objections,
                                .objections = &count};

        cr_expect_eq(rule_at(i)->check(&in), 0, "%s", rule_at(i)->id);
        cr_expect_null(objections, "%s", rule_at(i)->id);
    }
    arena_deinit(&arena);
    policy_unref(policy);
}

Test(catalogue, shows_the_bases_as_they_are)
{
    for (enum base base = 0; base < BASE_COUNT; base++) {
        cr_expect_eq(base_rule_level(base, rule_at(RULE_privileged)) != RULE_LEVEL_OFF,
                     strcmp(base_name(base), "open") != 0, "%s", base_name(base));
    }
    cr_expect_eq(BASE_COUNT, 4);
}
