/*
 * The sections `scope` and `redact` of policy files: what is taken, whose objects are whose,
 * and the exact words for what is wrong.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "policy/file/loader.h"
#include "sockade/evaluate.h"

#define HEAD "version: 1\n"

struct wrong {
    const char *text;
    const char *says;
};

// clang-format off
static const struct wrong wrongs[] = {
    {HEAD "policies: {a: {scope: {own: false}}}\n", "f:2:29: own must be true; to have no scope, remove `scope`"},
    {HEAD "policies: {a: {scope: {images: own}}}\n", "f:2:23: scope must have one of own, labels and compose_project"},
    {HEAD "policies: {a: {scope: {own: true, compose_project: w}}}\n", "f:2:23: scope must have one of own, labels and compose_project"},
    {HEAD "policies: {a: {scope: {labels: {a: b}, owner: x}}}\n", "f:2:47: owner must be used together with `own: true`"},
    {HEAD "policies: {a: {scope: {labels: {}}}}\n", "f:2:32: labels must be a map of 1 to 16 labels"},
    {HEAD "policies: {a: {scope: {labels: {a b: c}}}}\n", "f:2:33: a label's name must have only letters, digits and . _ - / : +"},
    {HEAD "policies: {a: {scope: {own: true, owner: \"a\\\"b\"}}}\n", "f:2:42: owner must have only letters, digits and . _ - / : +"},
    {HEAD "policies: {a: {scope: {own: true, images: mine}}}\n", "f:2:43: \"mine\" is not a known value of images"},
    {HEAD "policies: {a: {scope: {own: true, image_names: [\"app:1\"]}}}\n", "f:2:49: this must be a repository without a tag, such as app, app-* or registry.example.org/team/*"},
    {HEAD "policies: {a: {scope: {own: true, image_names: [\"a*b\"]}}}\n", "f:2:49: this must be a repository without a tag, such as app, app-* or registry.example.org/team/*"},
    {HEAD "policies: {a: {scope: {own: true, image_names: app}}}\n", "f:2:48: image_names must be a list in brackets"},
    {HEAD "listen: [{socket: /a b}]\npolicies: {a: {scope: {own: true, owner: \"@listener\"}}}\n", "f:2:10: this must have a path that can be a label, because it identifies the owner of objects: letters, digits and . _ - / : +"},
    {HEAD "policies: {a: {scope: {exclude: {}}}}\n", "f:2:33: exclude must not be empty"},
    {HEAD "policies: {a: {scope: {exclude: {names: []}}}}\n", "f:2:33: exclude must have labels, names or compose_project"},
    {HEAD "policies: {a: {scope: {exclude: {names: [\"a b\"]}}}}\n", "f:2:42: this must be a name of letters, digits and . _ - / : +, optionally ending in *"},
    {HEAD "policies: {a: {scope: {exclude: {names: [\"*\"]}}}}\n", "f:2:42: this must be a name of letters, digits and . _ - / : +, optionally ending in *"},
    {HEAD "policies: {a: {scope: {exclude: {name: [a]}}}}\n", "f:2:34: unknown key \"name\", did you mean \"names\"?"},
    {HEAD "policies: {a: {scope: {exclude: {names: [a]}, images: own}}}\n", "f:2:55: images must be used together with own, labels or compose_project"},
    {HEAD "policies: {a: {redact: {env: some}}}\n", "f:2:30: \"some\" is not a known value of env"},
    {HEAD "policies: {a: {redact: {mount: none}}}\n", "f:2:25: unknown key \"mount\", did you mean \"mounts\"?"},
};
// clang-format on

static int parse(const char *text, struct policy_file **out, struct diag *diag)
{
    *diag = (struct diag){.file = "f"};
    return policy_file_parse(slice_from(text), out, diag);
}

Test(scope_file, says_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct policy_file *file = NULL;
        struct diag diag;
        char said[1024];

        cr_expect_eq(parse(wrongs[i].text, &file, &diag), -EINVAL, "%s", wrongs[i].text);
        diag_format(&diag, said, sizeof(said));
        cr_expect_str_eq(said, wrongs[i].says, "%s\nsays   %s\nwanted %s", wrongs[i].text, said,
                         wrongs[i].says);
        cr_expect_null(file);
    }
}

static struct policy *policy_of(const struct policy_file *file, size_t listener)
{
    return file->listeners[listener].policy;
}

Test(scope_file, an_owner_is_the_policy_or_what_it_says)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(HEAD
                       "listen: [{socket: /a, policy: a}, {socket: /b, policy: b}]\n"
                       "policies:\n"
                       "  a: {scope: {own: true}}\n"
                       "  b: {scope: {own: true, label: x.y, owner: team/z, images: shared}}\n",
                       &file, &diag),
                 0, "%s", diag.sentence);
    const struct scope *scope = &policy_of(file, 0)->scope;

    cr_assert_eq(scope->labels.count, 1);
    cr_expect(slice_eq(scope->labels.item[0].key, SLICE("io.sockade.owner")));
    cr_expect(slice_eq(scope->labels.item[0].value, SLICE("a")));
    cr_expect_eq(scope->images, SCOPE_IMAGES_OWN);
    scope = &policy_of(file, 1)->scope;
    cr_expect(slice_eq(scope->labels.item[0].key, SLICE("x.y")));
    cr_expect(slice_eq(scope->labels.item[0].value, SLICE("team/z")));
    cr_expect_eq(scope->images, SCOPE_IMAGES_SHARED);
    policy_file_destroy(file);
}

Test(scope_file, an_owner_that_is_the_listener_makes_a_policy_for_each)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(HEAD "listen: [{socket: /run/a, policy: p}, {socket: /run/q, policy: q}, "
                            "{systemd: b, policy: p}]\n"
                            "daemon: {api: {min: \"1.30\"}}\n"
                            "policies:\n"
                            "  p: {scope: {own: true, owner: \"@listener\"}}\n"
                            "  q: {base: baseline}\n",
                       &file, &diag),
                 0, "%s", diag.sentence);
    cr_expect_neq(policy_of(file, 0), policy_of(file, 2));
    cr_expect(slice_eq(policy_of(file, 0)->scope.labels.item[0].value, SLICE("/run/a")));
    cr_expect(slice_eq(policy_of(file, 2)->scope.labels.item[0].value, SLICE("systemd:b")));
    cr_expect(slice_eq(policy_of(file, 0)->scope.image_prefix, SLICE("a")));
    cr_expect(slice_eq(policy_of(file, 2)->scope.image_prefix, SLICE("b")));
    cr_expect_str_eq(policy_name(policy_of(file, 2)), "p");
    cr_expect_eq(policy_of(file, 2)->api_min, 30);
    cr_expect(slice_eq(policy_of(file, 2)->engine_socket, policy_of(file, 1)->engine_socket));
    cr_expect_eq(policy_of(file, 1)->scope.reserved.count, 3, "nobody else may set the label");
    policy_file_destroy(file);
}

static const char *verdict_of_create(const struct policy *policy, const char *body)
{
    struct policy_request request = {
        .method = SLICE("POST"), .target = SLICE("/v1.41/networks/create"), .has_body = true};
    struct decision decision;

    decision_init(&decision);
    policy_evaluate(policy, &request, slice_from(body), &(struct evaluate_source){0}, &decision);
    bool allowed = decision.verdict == VERDICT_ALLOW;
    const char *rule = decision.violations ? decision.violations->rule : "denied";

    decision_deinit(&decision);
    return allowed ? "allowed" : rule;
}

/* Of a tag by that name, before the engine is asked whether it is free. */
static bool may_give(const struct policy *policy, const char *name)
{
    struct policy_request request = {.method = SLICE("POST")};
    struct decision decision;
    char target[128];

    snprintf(target, sizeof(target), "/v1.41/images/app/tag?repo=%s&tag=1", name);
    request.target = slice_from(target);
    decision_init(&decision);
    policy_decide_head(policy, &request, &decision);
    bool denied = decision.verdict == VERDICT_DENY;

    cr_expect(!denied || strcmp(decision.violations->rule, "scope") == 0, "%s", name);
    decision_deinit(&decision);
    return !denied;
}

Test(scope_file, names_of_an_owner_that_begins_with_another_are_its_own)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(HEAD "listen: [{socket: /a, policy: web}, {socket: /b, policy: web-db}, "
                            "{socket: /c, policy: free}, {socket: /d, policy: listed}]\n"
                            "policies:\n"
                            "  web: {base: baseline, scope: {own: true}}\n"
                            "  web-db: {base: baseline, scope: {own: true}}\n"
                            "  free: {base: baseline}\n"
                            "  listed: {base: baseline, scope: {own: true, owner: web, "
                            "image_names: [web-db-*]}}\n",
                       &file, &diag),
                 0, "%s", diag.sentence);
    struct policy *web = policy_ref(policy_of(file, 0));

    cr_expect(may_give(policy_of(file, 1), "web-db-app"));
    cr_expect_not(may_give(policy_of(file, 1), "web-app"));
    cr_expect(may_give(policy_of(file, 3), "web-db-app"), "the policy says so");
    policy_file_destroy(file); // a policy may outlive it
    cr_expect(may_give(web, "web-app"));
    cr_expect(may_give(web, "web-db"), "a service of the project web");
    cr_expect_not(may_give(web, "web-db-app"));
    cr_expect_not(may_give(web, "docker.io/library/web-db_app"));
    cr_expect_not(may_give(web, "web-db/app"));
    policy_unref(web);
}

Test(scope_file, no_policy_sets_the_owner_label_of_another)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(
        parse(
            HEAD
            "listen: [{socket: /a, policy: a}, {socket: /b, policy: b}, {socket: /c, policy: c}]\n"
            "policies:\n"
            "  a: {base: baseline, scope: {own: true}}\n"
            "  b: {base: baseline}\n"
            "  c: {base: open}\n",
            &file, &diag),
        0, "%s", diag.sentence);
    const char *claim = "{\"Name\":\"n\",\"Labels\":{\"io.sockade.owner\":\"a\"}}";

    cr_expect_str_eq(verdict_of_create(policy_of(file, 1), claim), "scope");
    cr_expect_str_eq(verdict_of_create(policy_of(file, 1), "{\"Name\":\"n\"}"), "allowed");
    cr_expect_str_eq(verdict_of_create(policy_of(file, 2), claim), "allowed");
    policy_file_destroy(file);
}

/* The Labels that are sent of a create of user 1000, whose body has these. */
static void assert_labels(const struct policy *policy, const char *labels, const char *sent)
{
    struct policy_request request = {
        .method = SLICE("POST"), .target = SLICE("/v1.41/containers/create"), .has_body = true};
    struct decision decision;
    char body[512];
    char wanted[512];

    snprintf(body, sizeof(body), "{\"Image\":\"app\",\"Labels\":{%s}}", labels);
    snprintf(wanted, sizeof(wanted), "\"Labels\":{%s}", sent);
    decision_init(&decision);
    policy_evaluate(policy, &request, slice_from(body), &(struct evaluate_source){0}, &decision);
    cr_assert_eq(decision.verdict, VERDICT_ALLOW, "%s", labels);
    cr_expect_not_null(
        memmem(decision.forward_body.ptr, decision.forward_body.len, wanted, strlen(wanted)),
        "%s: %.*s\nwithout %s", labels, SLICE_ARGS(decision.forward_body), wanted);
    decision_deinit(&decision);
}

/* The engine gives a container those of its image's labels that the create does not say. */
Test(scope_file, no_image_puts_a_container_into_a_scope)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(HEAD "listen: [{socket: /a, policy: a}, {socket: /o, policy: o}]\n"
                            "policies:\n"
                            "  o: {base: open}\n"
                            "  a: {base: open, scope: {own: true}}\n"
                            "  b: {base: open, scope: {own: true}}\n"
                            "  t: {base: open, scope: {labels: {team: a, env: test}}}\n"
                            "  w: {base: open, scope: {compose_project: web}}\n",
                       &file, &diag),
                 0, "%s", diag.sentence);
    struct policy *open = policy_ref(policy_of(file, 1));

    policy_file_destroy(file); // a policy may outlive it
#define OWNER "\"io.sockade.owner\":\"\""
#define PROJECT "\"com.docker.compose.project\":\"\""
    assert_labels(open, "", OWNER ",\"env\":\"\"," PROJECT);
    assert_labels(open, "\"team\":\"b\"", "\"team\":\"b\"," OWNER "," PROJECT);
    assert_labels(open, "\"env\":\"test\"", "\"env\":\"test\"," OWNER ",\"team\":\"\"," PROJECT);
    assert_labels(open, "\"com.docker.compose.project\":\"shop\",\"env\":\"live\"",
                  "\"com.docker.compose.project\":\"shop\",\"env\":\"live\"," OWNER);
    assert_labels(open, OWNER "," PROJECT ",\"env\":\"\"", OWNER "," PROJECT ",\"env\":\"\"");
    policy_unref(open);
}

Test(scope_file, nothing_is_written_where_no_other_scope_is)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(HEAD "policies: {o: {base: open}}\n", &file, &diag), 0, "%s", diag.sentence);
    assert_labels(policy_of(file, 0), "\"a\":\"b\"", "\"a\":\"b\"");
    policy_file_destroy(file);
}

Test(scope_file, an_empty_owner_is_nobodys)
{
    struct policy_file *file = NULL;
    struct diag diag;
    const char *copied = "{\"Name\":\"n\",\"Labels\":{\"io.sockade.owner\":\"\"}}";

    cr_assert_eq(parse(HEAD "listen: [{socket: /a, policy: a}, {socket: /b, policy: b}]\n"
                            "policies:\n"
                            "  a: {base: baseline, scope: {own: true}}\n"
                            "  b: {base: baseline}\n",
                       &file, &diag),
                 0, "%s", diag.sentence);
    cr_expect_str_eq(verdict_of_create(policy_of(file, 0), copied), "scope");
    cr_expect_str_eq(verdict_of_create(policy_of(file, 1), copied), "allowed");
    policy_file_destroy(file);
}
