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
 *       engine: podman 5.4.2       or dockerd 26.1.5; also once for a file; else, or as unknown, it
 * is none expect: deny | allow status: 403                of a refusal rules: [host_pid] exactly
 * these objected says: text                 in the answer forwards: text             in the body
 * that is sent to: text                   in the target that is sent answers: '{…}'             the
 * engine's answer, then; without it none is to be read shows: text                that the client
 * gets; "nothing": it is not sent
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"
#include "policy/loader.h"
#include "support/rewrite.h"

#define CASES SOCKADE_SOURCE_DIR "/tests/cases/"

struct file {
    char name[128];
    struct arena arena;
    struct tree_node *root;
    struct slice rule;
    size_t refused; /* by the rule */
    size_t allowed;
};

static struct slice text_of(const struct tree_node *node, const char *key)
{
    const struct tree_node *member = tree_member(node, key);

    return member ? member->text : (struct slice){0};
}

static void load_file(const char *name, struct file *file)
{
    struct buf text;
    struct diag diag = {0};
    char path[512];

    snprintf(path, sizeof(path), "%s%s", CASES, name);
    snprintf(file->name, sizeof(file->name), "%s", name);
    buf_init(&text, 1 << 20);
    arena_init(&file->arena, 64 << 20);
    cr_assert_eq(buf_read_file(&text, path), 0, "%s cannot be read", path);
    int err = yaml_tree_read(buf_slice(&text), &file->arena, &file->root, &diag);

    cr_assert_eq(err, 0, "%s:%u:%u: %s", name, diag.line, diag.column, diag.sentence);
    file->rule = text_of(file->root, "rule");
    buf_deinit(&text);
}

/* Of the process. */
static const struct slice listeners[] = {SLICE_INIT("/run/sockade/ci.sock"),
                                         SLICE_INIT("/run/apart/other.sock")};

static struct policy *load_case_policy(struct file *file, const struct tree_node *node)
{
    struct diag diag = {0};
    struct loader loader = {.arena = &file->arena, .diag = &diag};
    const struct tree_node *own = tree_member(node, "policy");
    struct tree_node section = own ? *own : *tree_member(file->root, "policy");
    struct policy *policy = NULL;

    section.key = SLICE("case");
    int err = load_policy(&loader, &section, &policy);

    cr_assert_eq(err, 0, "%s:%u:%u: %s", file->name, diag.line, diag.column, diag.sentence);
    policy->engine_socket = SLICE("/run/docker.sock");
    policy->listener_sockets = (struct string_list){.item = listeners, .count = 2};
    return policy;
}

/* "dockerd 26.1.5"; without it the engine is not known. */
static struct sockade_engine engine_of(const struct tree_node *node)
{
    struct sockade_engine engine = {0};
    struct slice kind = {0};
    struct slice rest = text_of(node, "engine");
    unsigned *const numbers[] = {&engine.major, &engine.minor, &engine.patch};

    if (rest.len == 0 || slice_eq(rest, SLICE("unknown"))) {
        return engine;
    }
    slice_cut(rest, ' ', &kind, &rest);
    engine.kind = slice_eq(kind, SLICE("podman")) ? ENGINE_PODMAN : ENGINE_DOCKERD;
    for (size_t i = 0; i < 3; i++) {
        struct slice number = {0};
        uint64_t value = 0;

        slice_cut(rest, '.', &number, &rest);
        cr_assert_eq(parse_u64(number, &value), 0, "%.*s", SLICE_ARGS(number));
        *numbers[i] = (unsigned)value;
    }
    return engine;
}

/* The request of a case; its texts are the file's. */
static struct slice build_request(struct file *file, const struct tree_node *node,
                                  struct policy_request *request)
{
    struct slice host_config = text_of(node, "host_config");
    struct slice create = text_of(node, "create");
    struct slice body = text_of(node, "body");

    request->method = SLICE("POST");
    request->target = SLICE("/v1.41/containers/create");
    request->request_id = SLICE("R1");
    if (host_config.len > 0) {
        int err = arena_printf(&file->arena, &body,
                               "{\"Image\":\"app\",\"User\":\"1000:1000\",\"HostConfig\":%.*s}",
                               SLICE_ARGS(host_config));

        cr_assert_eq(err, 0);
    } else if (create.len > 0) {
        body = create;
    } else {
        slice_cut(text_of(node, "target"), ' ', &request->method, &request->target);
    }
    request->has_body = body.len > 0;
    request->content_length = body.len;
    request->content_type = text_of(node, "type");
    request->upgrade = text_of(node, "upgrade");
    request->engine = engine_of(node);
    request->listener_socket = text_of(node, "listener");
    request->engine = engine_of(tree_member(node, "engine") ? node : file->root);
    if (request->has_body && !tree_member(node, "type")) {
        request->content_type = SLICE("application/json");
    }
    return body;
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Without an answer in the case: images and containers are harmless, volumes don't exist. */
#define DIGEST "sha256:fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* An image that was pulled under the name that is asked for. */
static void answer_image(struct arena *arena, struct fact *fact)
{
    struct slice name = slice_head(fact->name, slice_find(fact->name, '@'));
    size_t end = name.len;

    while (end > 0 && name.ptr[end - 1] != ':' && name.ptr[end - 1] != '/') {
        end--;
    }
    if (end > 0 && name.ptr[end - 1] == ':') {
        name = slice_head(name, end - 1);
    }
    cr_assert_eq(arena_printf(arena, &fact->body,
                              "{\"Id\":\"sha256:0\",\"RepoDigests\":[\"%.*s@" DIGEST
                              "\"],\"Config\":{\"User\":\"1000:1000\"}}",
                              SLICE_ARGS(name)),
                 0);
}

static void answer_plainly(struct arena *arena, struct fact *fact)
{
    fact->status = 200;
    switch (fact->kind) {
    case FACT_IMAGE:
        answer_image(arena, fact);
        break;
    case FACT_CONTAINER:
        fact->body = SLICE("{\"Id\":\"" ID "\",\"Config\":{\"User\":\"1000:1000\"},"
                           "\"HostConfig\":{\"NetworkMode\":\"none\"}}");
        break;
    case FACT_EXEC:
        fact->body = SLICE("{\"ID\":\"e\",\"ContainerID\":\"" ID "\","
                           "\"ProcessConfig\":{\"privileged\":false,\"user\":\"1000:1000\"}}");
        break;
    case FACT_NETWORK:
        fact->body = SLICE("{\"Name\":\"app-net\",\"Driver\":\"bridge\"}");
        break;
    case FACT_VOLUME:
        fact->status = 404;
        break;
    case FACT_PATH: // answer_path()
        break;
    case FACT_VOLUME_USERS:
        fact->body = SLICE("[]");
        break;
    case FACT_INFO:
        fact->body = SLICE("{\"Swarm\":{\"LocalNodeState\":\"inactive\"}}");
        break;
    case FACT_SERVICE:
    case FACT_TASK:
    case FACT_SECRET:
    case FACT_CONFIG:
        fact->status = 404;
        break;
    case FACT_SWARM_NETWORK:
        fact->body = SLICE("{\"Id\":\"net1\",\"Name\":\"back\",\"Driver\":\"overlay\"}");
        break;
    }
}

enum { MAX_LINKS = 4 };

static void take_path_word(struct path_answer *answer, struct path_link *links, struct slice word)
{
    struct slice key = {0};
    struct slice value = {0};

    slice_cut(word, '=', &key, &value);
    if (slice_eq(key, SLICE("to"))) {
        answer->resolved = value;
    } else if (slice_eq(key, SLICE("link")) || slice_eq(key, SLICE("foreign"))) {
        cr_assert_lt(answer->link_count, MAX_LINKS);
        links[answer->link_count] =
            (struct path_link){.place = value, .foreign = slice_eq(key, SLICE("foreign"))};
        answer->link_count++;
    } else if (slice_eq(key, SLICE("upstream"))) {
        answer->is_upstream = true;
        answer->is_engine = true;
    } else if (slice_eq(key, SLICE("engine"))) {
        answer->is_engine = true;
    } else if (slice_eq(key, SLICE("holds"))) {
        answer->holds_engine = true;
    } else if (slice_eq(key, SLICE("missing"))) {
        answer->exists = false;
    } else if (slice_eq(key, SLICE("replaceable"))) {
        answer->replaceable = true;
    } else if (slice_eq(key, SLICE("unseen"))) {
        answer->view = PATH_UNSEEN;
    } else {
        cr_assert(slice_eq(key, SLICE("unresolved")), "%.*s", SLICE_ARGS(key));
        answer->view = PATH_UNRESOLVED;
        answer->why = "goes in a circle";
    }
}

static void answer_path(struct arena *arena, const struct tree_node *paths, struct fact *fact)
{
    const struct tree_node *node = paths ? paths->child : NULL;
    struct path_link *links = arena_alloc(arena, MAX_LINKS * sizeof(*links));
    struct path_answer answer = {
        .view = PATH_RESOLVED, .resolved = fact->name, .exists = paths != NULL, .link = links};

    while (node && !slice_eq(node->key, fact->name)) {
        node = node->next;
    }
    if (!node && paths && paths->kind == TREE_SCALAR) {
        node = paths; // of all paths
    }
    for (struct slice words = node ? node->text : (struct slice){0}; words.len > 0;) {
        struct slice word = {0};

        slice_cut(words, ' ', &word, &words);
        take_path_word(&answer, links, word);
    }
    fact->path = answer;
}

static void answer_facts(const struct tree_node *node, struct decision *decision)
{
    const struct tree_node *facts = tree_member(node, "facts");

    for (struct fact *fact = decision->facts; fact; fact = fact->next) {
        if (fact->status != 0) {
            continue;
        }
        const struct tree_node *answer = NULL;
        uint64_t status = 0;

        for (answer = facts ? facts->child : NULL; answer; answer = answer->next) {
            if (slice_eq(answer->key, fact->target)) {
                break;
            }
        }
        answer_plainly(&decision->arena, fact);
        if (fact->kind == FACT_PATH) {
            answer_path(&decision->arena, tree_member(node, "paths"), fact);
        }
        if (answer && answer->plain && parse_u64(answer->text, &status) == 0) {
            fact->status = (unsigned)status;
            fact->body = SLICE("{\"message\":\"the engine's words\"}");
        } else if (answer) {
            fact->status = 200;
            fact->body = answer->text;
        }
    }
}

static bool contains(struct slice text, struct slice part)
{
    return part.len == 0 ||
           (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

static bool has_rule(const struct decision *decision, struct slice rule)
{
    for (const struct violation *v = decision->violations; v; v = v->next) {
        if (slice_eq(slice_from(v->rule), rule)) {
            return true;
        }
    }
    return false;
}

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

/*
 * `held`: the engine's answers when everything is held are others; `filling`: and other creates are
 * under way.
 */
static void find_out(const struct tree_node *node, const struct policy *policy,
                     const struct policy_request *request, struct decision *decision)
{
    const struct tree_node *held = tree_member(node, "held");

    while (decision->verdict == VERDICT_NEEDS_FACTS || decision->verdict == VERDICT_NEEDS_HOLDS) {
        if (decision->verdict == VERDICT_NEEDS_HOLDS) {
            decision->filling = tree_member(node, "filling") != NULL;
            node = held ? held : node;
            policy_decide_held(policy, request, held != NULL, decision);
            continue;
        }
        answer_facts(node, decision);
        policy_decide_facts(policy, request, decision);
    }
}

static void run_case(struct file *file, const struct tree_node *node)
{
    struct policy *policy = load_case_policy(file, node);
    struct policy_request request = {0};
    struct slice body = build_request(file, node, &request);
    struct decision decision;

    decision_init(&decision);
    policy_decide_head(policy, &request, &decision);
    if (decision.verdict == VERDICT_NEEDS_BODY) {
        policy_decide_body(policy, &request, body, &decision);
    }
    find_out(node, policy, &request, &decision);
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
