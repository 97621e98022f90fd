/*
 * sockade-cases FILE [NAME]: decides the cases of one file of tests/cases/ and compares. With NAME
 * only those whose name holds it, and shows what was decided. tests/cases/README.md says how a file
 * looks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/parse.h"
#include "policy/model/registry.h"
#include "support/cases.h"
#include "support/rewrite.h"

enum { EXIT_OK, EXIT_DIFFERS, EXIT_USAGE, SHOWN_MAX_BYTES = 1 << 20, FORBIDDEN = 403 };

struct run {
    struct case_file file;
    size_t count;
    size_t wrong; /* things that differ */
    bool denied;  /* by the file's rule */
    bool allowed;
};

#define EXPECT(run, node, condition, ...)                     \
    do {                                                      \
        if (!(condition)) {                                   \
            case_complain(&(run)->file, (node), __VA_ARGS__); \
            (run)->wrong++;                                   \
        }                                                     \
    } while (0)

/* A key that nobody reads is a slip of the pen: an expectation that holds whatever happens. */
static void check_keys(struct run *run, const struct tree_node *node)
{
    static const char *const known[] = {
        "name",     "target",  "host_config", "create", "body",    "type",   "upgrade",
        "policy",   "facts",   "paths",       "held",   "filling", "engine", "listener",
        "expect",   "status",  "rules",       "says",   "fixed",   "to",     "need",
        "forwards", "answers", "shows",       "ran",    "building"};

    for (const struct tree_node *member = node->child; member; member = member->next) {
        bool found = false;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            found = found || slice_eq(member->key, slice_from(known[i]));
        }
        EXPECT(run, member, found, "unknown key \"%.*s\"", SLICE_ARGS(member->key));
    }
    EXPECT(run, node, case_text(node, "name").len > 0, "a case without a name");
}

/* Exactly the rules that it names object. */
static void check_rules(struct run *run, const struct tree_node *node,
                        const struct decision *decision)
{
    const struct tree_node *rules = tree_member(node, "rules");

    for (const struct tree_node *rule = rules ? rules->child : NULL; rule; rule = rule->next) {
        EXPECT(run, node, case_has_rule(decision, rule->text), "no violation of %.*s",
               SLICE_ARGS(rule->text));
    }
    for (const struct violation *v = decision->violations; v; v = v->next) {
        bool expected = false;

        for (const struct tree_node *rule = rules ? rules->child : NULL; rule; rule = rule->next) {
            expected = expected || slice_eq(rule->text, slice_from(v->rule));
        }
        EXPECT(run, node, expected, "violates %s: %.*s", v->rule, SLICE_ARGS(v->text));
    }
}

static void check_contains(struct run *run, const struct tree_node *node, const char *key,
                           struct slice text)
{
    struct slice part = case_text(node, key);

    EXPECT(run, node, case_contains(text, part), "%s: expected \"%.*s\" in: %.*s", key,
           SLICE_ARGS(part), SLICE_ARGS(text));
}

static void check_verdict(struct run *run, const struct tree_node *node,
                          const struct decision *decision)
{
    struct slice expect = case_text(node, "expect");
    struct slice status = case_text(node, "status");
    bool deny = slice_eq(expect, SLICE("deny"));
    uint64_t expected = FORBIDDEN;

    EXPECT(run, node, deny || slice_eq(expect, SLICE("allow")), "expect is neither deny nor allow");
    EXPECT(run, node, decision->verdict == (deny ? VERDICT_DENY : VERDICT_ALLOW),
           "expected %.*s: %u %.*s", SLICE_ARGS(expect), decision->status,
           SLICE_ARGS(decision->answer));
    if (deny) {
        EXPECT(run, node, status.len == 0 || parse_u64(status, &expected) == 0, "status: %.*s",
               SLICE_ARGS(status));
        EXPECT(run, node, decision->status == expected, "expected status %u: %u",
               (unsigned)expected, decision->status);
        run->denied = run->denied || case_has_rule(decision, run->file.rule);
    } else {
        run->allowed = true;
    }
    check_contains(run, node, "says", decision->answer);
    check_contains(run, node, "forwards", decision->forward_body);
    check_contains(run, node, "to", decision->forward_target);
}

/* What becomes of the engine's answer to an allowed request. */
static void check_answer(struct run *run, const struct tree_node *node,
                         const struct decision *decision)
{
    const struct tree_node *answers = tree_member(node, "answers");
    CLEANUP(buf_deinit) struct buf text = {.limit_bytes = SHOWN_MAX_BYTES};

    if (!answers) {
        return;
    }
    EXPECT(run, node, decision->rewrites_response, "the engine's answer is not read");
    int err = rewrite_whole(decision, answers->text, &text);
    struct slice sent = buf_slice(&text);

    if (slice_eq(case_text(node, "shows"), SLICE("nothing"))) {
        EXPECT(run, node, err == -EBADMSG, "shows: expected nothing: %.*s", SLICE_ARGS(sent));
        return;
    }
    EXPECT(run, node, err == 0, "the engine's answer is not sent: %s", strerror(-err));
    check_contains(run, node, "shows", sent);
}

static void show(const struct run *run, const struct tree_node *node,
                 const struct decision *decision)
{
    bool allowed = decision->verdict == VERDICT_ALLOW;

    printf("%s:%u: %.*s\n", run->file.name, node->line, SLICE_ARGS(case_text(node, "name")));
    printf("  %s %s", decision->operation, allowed ? "allow" : "deny");
    if (allowed) {
        printf("\n  target: %.*s\n  body:   %.*s\n", SLICE_ARGS(decision->forward_target),
               SLICE_ARGS(decision->forward_body));
    } else {
        printf(" %u\n  answer: %.*s\n", decision->status, SLICE_ARGS(decision->answer));
    }
    for (const struct fact *fact = decision->facts; fact; fact = fact->next) {
        printf("  lookup: %.*s: %u %.*s\n",
               SLICE_ARGS(fact->target.len > 0 ? fact->target : fact->name), fact->status,
               SLICE_ARGS(fact->body));
    }
    for (const struct violation *v = decision->violations; v; v = v->next) {
        printf("  violation: %s: %.*s\n", v->rule, SLICE_ARGS(v->text));
    }
}

static void run_case(struct run *run, const struct tree_node *node, bool shown)
{
    struct decision decision;
    struct policy *policy = case_decide(&run->file, node, &decision);

    run->count++;
    if (shown) {
        show(run, node, &decision);
    }
    check_keys(run, node);
    check_verdict(run, node, &decision);
    check_rules(run, node, &decision);
    if (decision.verdict == VERDICT_ALLOW) {
        check_answer(run, node, &decision);
    }
    decision_deinit(&decision);
    policy_unref(policy);
}

static void run_file(struct run *run, const char *name)
{
    for (const struct tree_node *node = case_file_first(&run->file); node; node = node->next) {
        if (!name || case_contains(case_text(node, "name"), slice_from(name))) {
            run_case(run, node, name != NULL);
        }
    }
    if (!name && rule_find(run->file.rule) != RULE_COUNT) {
        const struct tree_node *root = run->file.root;

        EXPECT(run, root, run->denied, "no case in which the rule denies");
        EXPECT(run, root, run->allowed, "no case that is allowed");
    }
}

/* Takes a path as it is, and else the name of a file: "host_pid", "other/scope". */
static void open_file(struct run *run, const char *word)
{
    char path[512];
    char *full = access(word, R_OK) == 0 ? realpath(word, NULL) : NULL;

    snprintf(path, sizeof(path), CASES "%s.yaml", word);
    case_file_open(full ? full : path, &run->file);
    free(full);
}

int main(int argc, char **argv)
{
    struct run run = {0};

    if (argc < 2 || argc > 3 || argv[1][0] == '-') {
        fputs("Usage: sockade-cases FILE [NAME]\n"
              "FILE: a path, or a name in tests/cases/ (host_pid, other/scope)\n"
              "NAME: only the cases whose name contains it; shows what is decided\n",
              stderr);
        return EXIT_USAGE;
    }
    open_file(&run, argv[1]);
    run_file(&run, argv[2]);
    if (run.count == 0) {
        fprintf(stderr, "%s: no case has \"%s\" in its name\n", run.file.name, argv[2]);
        return EXIT_USAGE;
    }
    printf("%s: %zu cases, %zu differences\n", run.file.name, run.count, run.wrong);
    case_file_close(&run.file);
    return run.wrong == 0 ? EXIT_OK : EXIT_DIFFERS;
}
