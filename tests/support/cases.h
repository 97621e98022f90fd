/*
 * Cases of tests/cases/, read and decided: for the tests that go through them. test_cases.c says
 * how a file looks.
 */
#ifndef SUPPORT_CASES_H
#define SUPPORT_CASES_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"
#include "policy/file/loader.h"

#define CASES SOCKADE_SOURCE_DIR "/tests/cases/"

struct file {
    char name[128];
    struct arena arena;
    struct tree_node *root;
    struct slice rule;
    size_t refused; /* by the rule */
    size_t allowed;
};

static inline struct slice text_of(const struct tree_node *node, const char *key)
{
    const struct tree_node *member = tree_member(node, key);

    return member ? member->text : (struct slice){0};
}

static inline void load_file(const char *name, struct file *file)
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

static inline struct policy *load_case_policy(struct file *file, const struct tree_node *node)
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
static inline struct sockade_engine engine_of(const struct tree_node *node)
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
static inline struct slice build_request(struct file *file, const struct tree_node *node,
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
static inline void answer_image(struct arena *arena, struct fact *fact)
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

static inline void answer_plainly(struct arena *arena, struct fact *fact)
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

static inline void take_path_word(struct path_answer *answer, struct path_link *links,
                                  struct slice word)
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

static inline void answer_path(struct arena *arena, const struct tree_node *paths,
                               struct fact *fact)
{
    const struct tree_node *node = paths ? paths->child : NULL;
    struct path_link *links = arena_alloc(arena, MAX_LINKS * sizeof(*links));
    struct slice run = SLICE("/var/run");
    bool linked = slice_starts_with(fact->name, run); // as on every host: to /run
    struct path_answer answer = {.view = PATH_RESOLVED,
                                 .resolved = linked ? slice_from_index(fact->name, strlen("/var"))
                                                    : fact->name,
                                 .exists = paths != NULL,
                                 .link = links};

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

static inline void answer_facts(const struct tree_node *node, struct decision *decision)
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

static inline bool contains(struct slice text, struct slice part)
{
    return part.len == 0 ||
           (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len) != NULL);
}

static inline bool has_rule(const struct decision *decision, struct slice rule)
{
    for (const struct violation *v = decision->violations; v; v = v->next) {
        if (slice_eq(slice_from(v->rule), rule)) {
            return true;
        }
    }
    return false;
}

/*
 * `held`: the engine's answers when everything is held are others; `filling`: and other creates are
 * under way.
 */
static inline void find_out(const struct tree_node *node, const struct policy *policy,
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

/* From the first byte to the verdict. The decision is the caller's to free, the policy unref'd. */
static inline struct policy *decide_case(struct file *file, const struct tree_node *node,
                                         struct decision *decision)
{
    struct policy *policy = load_case_policy(file, node);
    struct policy_request request = {0};
    struct slice body = build_request(file, node, &request);

    decision_init(decision);
    policy_decide_head(policy, &request, decision);
    if (decision->verdict == VERDICT_NEEDS_BODY) {
        policy_decide_body(policy, &request, body, decision);
    }
    find_out(node, policy, &request, decision);
    return policy;
}

#endif
