/*
 * The product's behaviour as data: every file of tests/cases/ is a policy and requests
 * with the verdict they get. A rule without a refused and an allowed case fails here.
 *
 *   rule: host_pid                 the rule the file is about (its name)
 *   policy: {base: baseline}       as below `policies:`
 *   cases:
 *     - name: a sentence           what is tried
 *       target: POST /v1.41/…      unless host_config or create is given
 *       host_config: '{…}'         a create by user 1000:1000 with this HostConfig
 *       create: '{…}'              a create with this body
 *       body: '{…}'                with target
 *       type: application/json     the Content-Type, unless it goes without saying
 *       policy: {…}                instead of the file's
 *       facts: {/v1.41/images/app/json: '{…}'}   the engine's answers; a number is a status
 *       paths: {/srv/a: 'to=/etc foreign=/srv/a'} where paths of the host lead: to=, a link= or
 *                                  foreign= link on the way, upstream, engine, holds, missing,
 *                                  replaceable, unresolved, unseen; others lead nowhere else.
 *                                  `paths: unseen`: none is seen. Without it none exists.
 *       listener: /run/sockade/ci.sock    the socket it comes through; /run/apart/other.sock is
 *                                  another one
 *       engine: podman 5.4.2       or dockerd 26.1.5; also once for a file; else it is unknown,
 *                                  and where a case says so
 *       expect: deny | allow
 *       status: 403                of a refusal
 *       rules: [host_pid]          exactly these objected
 *       says: text                 in the answer
 *       fixed: '{…}'               its body when the fix is followed, or a map of members that are
 *                                  others then: test_fixes.c
 *       forwards: text             in the body that is sent
 *       to: text                   in the target that is sent
 *       answers: '{…}'             the engine's answer, then; without it none is to be read
 *       shows: text                that the client gets; "nothing": it is not sent
 */
#include <dirent.h>

#include "support/cases.h"
#include "support/rewrite.h"

static void check_rules(const struct file *file, const struct tree_node *node,
                        const struct decision *decision)
{
    const struct tree_node *rules = tree_member(node, "rules");

    if (!rules) {
        cr_expect_null(decision->violations, "%s:%u: %s objects: %.*s", file->name, node->line,
                       decision->violations ? decision->violations->rule : "",
                       decision->violations ? (int)decision->violations->text.len : 0,
                       decision->violations ? decision->violations->text.ptr : "");
        return;
    }
    for (const struct tree_node *rule = rules->child; rule; rule = rule->next) {
        cr_expect(has_rule(decision, rule->text), "%s:%u: %s doesn't object", file->name,
                  node->line, rule->text.ptr);
    }
    for (const struct violation *v = decision->violations; v; v = v->next) {
        bool expected = false;

        for (const struct tree_node *rule = rules->child; rule; rule = rule->next) {
            expected = expected || slice_eq(rule->text, slice_from(v->rule));
        }
        cr_expect(expected, "%s:%u: %s objects too: %.*s", file->name, node->line, v->rule,
                  SLICE_ARGS(v->text));
    }
}

static void check_verdict(struct file *file, const struct tree_node *node,
                          const struct decision *decision)
{
    bool deny = slice_eq(text_of(node, "expect"), SLICE("deny"));
    struct slice status = text_of(node, "status");
    uint64_t expected = 403;

    cr_expect(deny || slice_eq(text_of(node, "expect"), SLICE("allow")), "%s:%u: expect",
              file->name, node->line);
    cr_expect_eq(decision->verdict, deny ? VERDICT_DENY : VERDICT_ALLOW, "%s:%u: verdict %d %.*s",
                 file->name, node->line, decision->verdict, SLICE_ARGS(decision->answer));
    if (deny) {
        cr_expect(status.len == 0 || parse_u64(status, &expected) == 0);
        cr_expect_eq(decision->status, expected, "%s:%u: status %u", file->name, node->line,
                     decision->status);
        file->refused += has_rule(decision, file->rule);
    } else {
        file->allowed++;
    }
    cr_expect(contains(decision->answer, text_of(node, "says")), "%s:%u: says %.*s", file->name,
              node->line, SLICE_ARGS(decision->answer));
    cr_expect(contains(decision->forward_body, text_of(node, "forwards")), "%s:%u: forwards %.*s",
              file->name, node->line, SLICE_ARGS(decision->forward_body));
    cr_expect(contains(decision->forward_target, text_of(node, "to")), "%s:%u: to %.*s", file->name,
              node->line, SLICE_ARGS(decision->forward_target));
}

/* What becomes of the engine's answer to an allowed request. */
static void check_answer(const struct file *file, const struct tree_node *node,
                         struct decision *decision)
{
    const struct tree_node *answers = tree_member(node, "answers");
    struct slice shows = text_of(node, "shows");
    CLEANUP(buf_deinit) struct buf text = {.limit_bytes = 1 << 20};

    if (!answers) {
        return;
    }
    cr_expect(decision->rewrites_response, "%s:%u: the answer is not read", file->name, node->line);
    int err = rewrite_whole(decision, answers->text, &text);
    struct slice sent = buf_slice(&text);

    if (slice_eq(shows, SLICE("nothing"))) {
        cr_expect_eq(err, -EBADMSG, "%s:%u: sends %.*s", file->name, node->line, SLICE_ARGS(sent));
        return;
    }
    cr_assert_eq(err, 0, "%s:%u: the answer is not sent", file->name, node->line);
    cr_expect(contains(sent, shows), "%s:%u: sends %.*s", file->name, node->line, SLICE_ARGS(sent));
}

static void run_case(struct file *file, const struct tree_node *node)
{
    struct decision decision;
    struct policy *policy = decide_case(file, node, &decision);

    check_verdict(file, node, &decision);
    check_rules(file, node, &decision);
    if (decision.verdict == VERDICT_ALLOW) {
        check_answer(file, node, &decision);
    }
    decision_deinit(&decision);
    policy_unref(policy);
}

static void run_file(const char *name, struct file *file)
{
    load_file(name, file);
    const struct tree_node *cases = tree_member(file->root, "cases");

    cr_assert(cases && cases->child, "%s has no cases", name);
    for (const struct tree_node *node = cases->child; node; node = node->next) {
        run_case(file, node);
    }
}

Test(cases, every_rule_has_a_refused_and_an_allowed_case)
{
    for (enum rule_index i = 0; i < RULE_COUNT; i++) {
        struct file file = {0};
        char name[128];

        snprintf(name, sizeof(name), "%s.yaml", rule_at(i)->id);
        run_file(name, &file);
        cr_expect(slice_eq(file.rule, slice_from(rule_at(i)->id)), "%s is about %.*s", name,
                  SLICE_ARGS(file.rule));
        cr_expect_gt(file.refused, 0, "%s: the rule refuses nothing", name);
        cr_expect_gt(file.allowed, 0, "%s: the rule allows nothing", name);
        arena_deinit(&file.arena);
    }
}

/* What is no rule's: files in a folder of their own. */
Test(cases, everything_else_is_decided_as_written_down)
{
    DIR *folder = opendir(CASES "other");
    size_t count = 0;

    cr_assert_not_null(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        struct file file = {0};
        char name[512];

        if (!slice_ends_with(slice_from(entry->d_name), SLICE(".yaml"))) {
            continue;
        }
        snprintf(name, sizeof(name), "other/%s", entry->d_name);
        run_file(name, &file);
        arena_deinit(&file.arena);
        count++;
    }
    closedir(folder);
    cr_expect_gt(count, 0);
}

Test(cases, no_file_is_about_something_that_is_no_rule)
{
    DIR *folder = opendir(CASES);

    cr_assert_not_null(folder);
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        struct slice name = slice_from(entry->d_name);

        if (slice_ends_with(name, SLICE(".yaml"))) {
            name = slice_head(name, name.len - strlen(".yaml"));
            cr_expect_neq(rule_find(name), RULE_COUNT, "%s", entry->d_name);
        }
    }
    closedir(folder);
}
