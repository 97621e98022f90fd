/*
 * Fixes that help. Every refusal of tests/cases/ is followed: what it says for the administrator is
 * taken out of the message, goes into the case's policy, and the request passes; or the fix says
 * that no policy allows it. What it says for the client has a case of its rule with
 *
 *       fixed: {host_config: '{…}'}      what of the case is another when the fix is followed
 *       fixed: '{…}'                     the same, of its body only
 *
 * which passes under the same policy. A fix of a rule without such a case fails here, and so does
 * one that the rule does not list.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"
#include "support/cases.h"
#include "json/json.h"

enum { MAX_FIXES = 24, MAX_ROUNDS = 8, MAX_FILES = 128 };

static const char administrator[] = " in the policy (administrator): ";

/* The member, which is added where there is none. */
static struct tree_node *take_member(struct case_file *file, struct tree_node *map,
                                     struct slice key)
{
    struct tree_node **link = &map->child;

    while (*link && !slice_eq((*link)->key, key)) {
        link = &(*link)->next;
    }
    if (!*link) {
        *link = arena_alloc(&file->arena, sizeof(**link));
        cr_assert_not_null(*link);
        **link = (struct tree_node){.kind = TREE_MAP, .key = key};
    }
    return *link;
}

static struct tree_node *copy_tree(struct case_file *file, const struct tree_node *node)
{
    struct tree_node *copy = arena_alloc(&file->arena, sizeof(*copy));
    struct tree_node **tail = &copy->child;

    cr_assert_not_null(copy);
    *copy = *node;
    copy->child = NULL;
    copy->next = NULL;
    for (const struct tree_node *child = node->child; child; child = child->next) {
        *tail = copy_tree(file, child);
        tail = &(*tail)->next;
    }
    return copy;
}

static void replace(struct tree_node *node, const struct tree_node *value)
{
    node->kind = value->kind;
    node->text = value->text;
    node->plain = value->plain;
    node->child = value->child;
}

static bool is_off(const struct tree_node *node)
{
    return node->kind == TREE_SCALAR && slice_eq(node->text, SLICE("off"));
}

/* As an administrator does: what is there stays, lists that are added to grow. */
static void merge(struct case_file *file, struct tree_node *map, const struct tree_node *change)
{
    struct tree_node *copy = copy_tree(file, change);

    for (struct tree_node *child = copy->child; child; child = child->next) {
        struct tree_node *mine = take_member(file, map, child->key);

        if (mine->kind == TREE_MAP && child->kind == TREE_MAP) {
            merge(file, mine, child);
        } else if (mine->kind == TREE_LIST && child->kind == TREE_LIST) {
            struct tree_node **tail = &mine->child;

            while (*tail) {
                tail = &(*tail)->next;
            }
            *tail = child->child;
        } else if (!is_off(mine)) {
            replace(mine, child);
        }
    }
}

/* Every line of the message that is for the administrator, into the policy. */
static size_t apply_message(struct case_file *file, const struct decision *decision,
                            struct tree_node *policy)
{
    struct json_problem why = {0};
    struct json *answer = NULL;
    size_t applied = 0;

    cr_assert_eq(json_read(decision->answer, &file->arena, &answer, &why), 0, "%.*s",
                 SLICE_ARGS(decision->answer));
    const struct json *message = json_member(answer, SLICE("message"));

    for (struct slice rest = message ? message->text : (struct slice){0}; rest.len > 0;) {
        struct slice line = {0};
        struct tree_node *change = NULL;
        struct diag diag = {0};

        slice_cut(rest, '\n', &line, &rest);
        const char *start = memmem(line.ptr, line.len, administrator, sizeof(administrator) - 1);

        if (!start || !slice_starts_with(line, SLICE("    "))) {
            continue;
        }
        line = slice_from_index(line, (size_t)(start - line.ptr) + sizeof(administrator) - 1);
        int err = yaml_tree_read(line, &file->arena, &change, &diag);

        cr_assert_eq(err, 0, "%s: %.*s: %s", file->name, SLICE_ARGS(line), diag.sentence);
        if (change->kind == TREE_MAP) {
            merge(file, policy, change);
            applied++;
        }
    }
    return applied;
}

/* The case with members that are others. */
static struct tree_node *with_members(struct case_file *file, const struct tree_node *node,
                                      const struct tree_node *members)
{
    struct tree_node *copy = copy_tree(file, node);

    for (const struct tree_node *member = members->child; member; member = member->next) {
        replace(take_member(file, copy, member->key), copy_tree(file, member));
    }
    return copy;
}

static bool says_no_policy(const struct violation *violation)
{
    return case_contains(violation->fix, SLICE("no policy")) ||
           case_contains(violation->text, SLICE("no policy"));
}

/* Whether each thing that is refused has something for the administrator, or says that none has. */
static bool check_lines(const struct case_file *file, const struct tree_node *node,
                        const struct decision *decision)
{
    bool followable = true;

    for (const struct violation *v = decision->violations; v; v = v->next) {
        bool counted = slice_starts_with(v->text, SLICE("and ")); // "and 3 more"

        if (v->level != RULE_LEVEL_DENY || counted) {
            continue;
        }
        cr_expect(v->policy.len > 0 || says_no_policy(v),
                  "%s:%u: %s says nothing for the administrator: %.*s; fix: %.*s", file->name,
                  node->line, v->rule, SLICE_ARGS(v->text), SLICE_ARGS(v->fix));
        cr_expect(v->fix.len > 0 || case_contains(v->policy, SLICE("allow+")),
                  "%s:%u: %s has no fix: %.*s", file->name, node->line, v->rule,
                  SLICE_ARGS(v->text));
        // What is above the policy in the file is the whole service's.
        followable =
            followable && v->policy.len > 0 && !case_contains(v->policy, SLICE("daemon: "));
    }
    return followable;
}

static bool is_denied_by_policy(const struct decision *decision)
{
    bool passes = decision->violations && decision->violations->passes;

    return decision->verdict == VERDICT_DENY && (decision->status == 403 || passes);
}

/* What lookups show is refused after what the request says: so there may be several messages. */
static void follow_policy(struct case_file *file, const struct tree_node *node)
{
    const struct tree_node *own = tree_member(node, "policy");
    struct tree_node *changed = copy_tree(file, node);
    struct tree_node *policy = take_member(file, changed, SLICE("policy"));
    struct decision decision;

    if (!own) {
        replace(policy, copy_tree(file, tree_member(file->root, "policy")));
    }
    for (unsigned round = 0; round <= MAX_ROUNDS; round++) {
        struct policy *used = case_decide(file, changed, &decision);
        bool denied = is_denied_by_policy(&decision);
        bool more = denied && check_lines(file, node, &decision) &&
                    apply_message(file, &decision, policy) > 0;

        cr_expect(!denied || !more || round < MAX_ROUNDS,
                  "%s:%u: what the policy is told does not help: %.*s", file->name, node->line,
                  SLICE_ARGS(decision.answer));
        decision_deinit(&decision);
        policy_unref(used);
        if (!more) {
            break;
        }
    }
}

/* The fixes of a rule, and whether a case follows them. */
struct known {
    struct slice text[MAX_FIXES];
    bool followed[MAX_FIXES];
    size_t count;
};

static struct known fixes_of(const struct rule *rule)
{
    struct known known = {.text = {slice_from(rule->fix)}, .count = 1};

    for (size_t i = 0; rule->fixes && rule->fixes[i]; i++) {
        cr_assert_lt(known.count, MAX_FIXES);
        known.text[known.count++] = slice_from(rule->fixes[i]);
    }
    return known;
}

/* Which of them it is: the longest that it begins with. */
static size_t find_fix(const struct known *known, struct slice fix)
{
    size_t found = known->count;

    if (slice_starts_with(fix, SLICE(RULE_FIX_EXISTING))) {
        fix = slice_from_index(fix, strlen(RULE_FIX_EXISTING));
    }
    for (size_t i = 0; i < known->count; i++) {
        if (slice_starts_with(fix, known->text[i]) &&
            (found == known->count || known->text[i].len > known->text[found].len)) {
            found = i;
        }
    }
    return found;
}

/* The request as the fix says passes under the same policy. */
static void follow_fix(struct case_file *file, const struct tree_node *node, struct slice name)
{
    const struct tree_node *fixed = tree_member(node, "fixed");
    const char *bodies[] = {"host_config", "create", "body", "target"};
    struct tree_node body = {.kind = TREE_MAP};
    struct decision decision;
    size_t i = 0;

    if (fixed->kind == TREE_SCALAR) {
        while (!tree_member(node, bodies[i])) {
            i++;
        }
        body.child = copy_tree(file, fixed);
        body.child->key = slice_from(bodies[i]);
        fixed = &body;
    }
    struct tree_node *changed = with_members(file, node, fixed);
    struct policy *used = case_decide(file, changed, &decision);

    cr_expect_eq(decision.verdict, VERDICT_ALLOW, "%s:%u: the fix of \"%.*s\" does not help: %.*s",
                 file->name, node->line, SLICE_ARGS(name), SLICE_ARGS(decision.answer));
    decision_deinit(&decision);
    policy_unref(used);
}

static void check_case(struct case_file *file, const struct tree_node *node, struct known *known)
{
    struct decision decision;
    struct policy *used = case_decide(file, node, &decision);
    bool denied = is_denied_by_policy(&decision);
    bool fixed = tree_member(node, "fixed") != NULL;

    for (const struct violation *v = decision.violations; v && denied && known; v = v->next) {
        if (!slice_eq(slice_from(v->rule), file->rule) || v->level != RULE_LEVEL_DENY ||
            slice_starts_with(v->text, SLICE("and "))) {
            continue;
        }
        size_t found = find_fix(known, v->fix);

        cr_expect_lt(found, known->count, "%s:%u: the rule does not list its fix: %.*s", file->name,
                     node->line, SLICE_ARGS(v->fix));
        if (found < known->count && fixed) {
            known->followed[found] = true;
        }
    }
    decision_deinit(&decision);
    policy_unref(used);
    cr_expect(denied || !fixed, "%s:%u: nothing to be fixed", file->name, node->line);
    if (fixed) {
        follow_fix(file, node, case_text(node, "name"));
    }
    if (denied) {
        follow_policy(file, node);
    }
}

static void check_file(struct case_file *file, struct known *known)
{
    for (const struct tree_node *node = case_file_first(file); node; node = node->next) {
        check_case(file, node, known);
    }
    case_file_close(file);
}

Test(fixes, of_every_rule_help_when_they_are_followed)
{
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        struct known known = fixes_of(rule_at(i));
        struct case_file file;
        char name[128];

        snprintf(name, sizeof(name), CASES "%s.yaml", rule_at(i)->id);
        case_file_open(name, &file);
        check_file(&file, &known);
        for (size_t fix = 0; fix < known.count; fix++) {
            cr_expect(known.followed[fix], "%s: no case with `fixed` follows: %.*s", name,
                      SLICE_ARGS(known.text[fix]));
        }
    }
}

Test(fixes, of_other_refusals_help_when_they_are_followed)
{
    struct case_file file;

    for (size_t i = 0; case_file_at(i, &file); i++) {
        if (rule_find(file.rule) == RULE_COUNT) {
            check_file(&file, NULL);
        } else {
            case_file_close(&file);
        }
    }
}
