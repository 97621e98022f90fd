/*
 * The policies in config/ that are for no tool (those are tests/blackbox/test_presets.py's): each
 * loads, refuses what it promises to refuse and allows what its reader wants to do.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "policy/clients/clients.h"
#include "policy/file/loader.h"
#include "sockade/evaluate.h"

static const char plain[] = "{\"Image\":\"bb\",\"User\":\"1000:1000\",\"Cmd\":[\"id\"]}";
static const char as_app[] = "{\"Image\":\"bb\",\"User\":\"app\",\"Cmd\":[\"id\"]}";
static const char as_root[] = "{\"Image\":\"bb\",\"User\":\"0\"}";
static const char privileged[] =
    "{\"Image\":\"bb\",\"User\":\"1000\",\"HostConfig\":{\"Privileged\":true}}";
static const char work[] =
    "{\"Image\":\"bb\",\"User\":\"1000\",\"HostConfig\":{\"Binds\":[\"/srv/ci/work/a:/a\"]}}";
static const char cache[] =
    "{\"Image\":\"bb\",\"User\":\"1000\",\"HostConfig\":{\"Binds\":[\"/srv/ci/cache:/c\"]}}";

static const char hardened[] =
    "{\"Image\":\"bb@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
    "\"User\":\"1000:1000\",\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"]},"
    "\"HostConfig\":{\"NetworkMode\":\"none\"}}";
static const char unwatched[] =
    "{\"Image\":\"bb@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
    "\"User\":\"1000:1000\",\"HostConfig\":{\"NetworkMode\":\"none\"}}";

static const struct {
    const char *file;
    const char *policy;
    const char *method;
    const char *target;
    const char *body; /* NULL: none */
    const char *rule; /* that denies; NULL: allowed */
} cases[] = {
    {"ci-runner.yaml", "ci", "POST", "/v1.41/containers/create", plain, NULL},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/containers/create", as_app, NULL},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/containers/create", work, NULL},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/containers/create", cache, "host_path_mount"},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/containers/create", as_root, "run_as_root"},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/containers/create", privileged, "privileged"},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/build?t=a", NULL, NULL},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/containers/prune", NULL, "operation"},
    {"ci-runner.yaml", "ci", "POST", "/v1.41/images/a/push", NULL, "operation"},
    {"cis.yaml", "cis", "POST", "/v1.41/containers/create", hardened, NULL},
    {"cis.yaml", "cis", "POST", "/v1.41/containers/create", unwatched, "healthcheck"},
    {"cis.yaml", "cis", "POST", "/v1.41/containers/create", plain, "default_bridge"},
    {"cis.yaml", "cis", "POST", "/v1.41/build?t=a", NULL, "default_bridge"},
    {"cis.yaml", "cis", "POST", "/v1.41/build?t=a&networkmode=none", NULL, NULL},
    {"cis.yaml", "cis", "POST", "/v1.41/images/create?fromImage=a&tag=1", NULL, "image_digest"},
    {"one-socket.yaml", "looks", "GET", "/v1.41/events", NULL, NULL},
    {"one-socket.yaml", "looks", "POST", "/v1.41/containers/create", plain, "operation"},
    {"one-socket.yaml", "deploy", "POST", "/v1.41/containers/create", plain, NULL},
    {"one-socket.yaml", "deploy", "POST", "/v1.41/containers/create", privileged, "privileged"},
    {"audit-only.yaml", "trial", "POST", "/v1.41/containers/create", privileged, NULL},
    {"audit-only.yaml", "trial", "GET", "/v1.41/swarm", NULL, NULL},
};

static struct policy *find_policy(const struct policy_file *file, const char *name)
{
    for (size_t i = 0; i < file->listener_count; i++) {
        const struct policy_clients *clients = file->listeners[i].clients;

        if (strcmp(policy_name(file->listeners[i].policy), name) == 0) {
            return file->listeners[i].policy;
        }
        for (size_t j = 0; clients && j < clients->count; j++) {
            if (strcmp(policy_name(clients->entry[j].policy), name) == 0) {
                return clients->entry[j].policy;
            }
        }
    }
    return NULL;
}

static struct policy_file *load(const char *name)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};
    char path[512];
    char line[1024];

    snprintf(path, sizeof(path), "%s/config/%s", SOCKADE_SOURCE_DIR, name);
    int err = policy_file_load(path, &file, &diag);

    diag_format(&diag, line, sizeof(line));
    cr_assert_eq(err, 0, "%s", line);
    return file;
}

/* An engine on which every image names a harmless user and every container is harmless. */
static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    static const struct slice body =
        SLICE_INIT("{\"Id\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
                   "\"Driver\":\"local\",\"Options\":null,\"Name\":\"n\","
                   "\"Config\":{\"User\":\"1000:1000\"},\"HostConfig\":{}}");

    (void)context;
    (void)decision;
    fact->status = 200;
    fact->body = body;
    fact->path = (struct path_answer){.view = PATH_RESOLVED, .resolved = fact->name};
}

static void decide(const struct policy *policy, size_t i, struct decision *decision)
{
    static const struct evaluate_source source = {.look_up = look_up};
    struct policy_request request = {
        .method = slice_from(cases[i].method),
        .target = slice_from(cases[i].target),
        .content_type = cases[i].body ? SLICE("application/json") : SLICE(""),
        .has_body = cases[i].body != NULL,
        .engine = {ENGINE_DOCKERD, 26, 1, 5},
        .request_id = SLICE("0123456789"),
    };

    policy_evaluate(policy, &request, slice_from(cases[i].body), &source, decision);
}

Test(examples, do_what_their_comments_say)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct policy_file *file = load(cases[i].file);
        struct policy *policy = find_policy(file, cases[i].policy);
        struct decision decision;

        cr_assert_not_null(policy, "%s", cases[i].policy);
        decision_init(&decision);
        decide(policy, i, &decision);
        if (cases[i].rule) {
            cr_expect_eq(decision.verdict, VERDICT_DENY, "case %zu", i);
            cr_expect(decision.violations && strcmp(decision.violations->rule, cases[i].rule) == 0,
                      "case %zu: %s", i, decision.violations ? decision.violations->rule : "none");
        } else {
            cr_expect_eq(decision.verdict, VERDICT_ALLOW, "case %zu: %.*s", i,
                         SLICE_ARGS(decision.answer));
        }
        decision_deinit(&decision);
        policy_file_destroy(file);
    }
}

Test(examples, audit_mode_records_what_it_lets_pass)
{
    struct policy_file *file = load("audit-only.yaml");
    struct decision decision;

    decision_init(&decision);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (strcmp(cases[i].file, "audit-only.yaml") == 0 && cases[i].body == privileged) {
            decide(file->listeners[0].policy, i, &decision);
        }
    }
    cr_assert_not_null(decision.violations);
    cr_expect_str_eq(decision.violations->rule, "privileged");
    cr_expect_eq(decision.violations->level, RULE_LEVEL_AUDIT);
    decision_deinit(&decision);
    policy_file_destroy(file);
}
