/*
 * What a decision carries beside its verdict: the canonical request, the connection,
 * the header fields, the words of a refusal, the changed answers.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "sockade/evaluate.h"
#include "support/rewrite.h"

struct trial {
    struct policy *policy;
    struct policy_request request;
    struct decision decision;
};

static void begin(struct trial *trial, enum base base, const char *method, const char *target)
{
    *trial = (struct trial){.policy = policy_create(SLICE("ci"), base)};
    cr_assert_not_null(trial->policy);
    trial->request.method = slice_from(method);
    trial->request.target = slice_from(target);
    trial->request.request_id = SLICE("01J9Z3KQ");
    trial->request.engine = (struct sockade_engine){ENGINE_DOCKERD, 26, 1, 5};
    decision_init(&trial->decision);
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* Every container is harmless here. */
static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    (void)context;
    (void)decision;
    cr_assert_eq(fact->kind, FACT_CONTAINER);
    fact->status = 200;
    fact->body = SLICE("{\"Id\":\"" ID "\",\"Config\":{},\"HostConfig\":{}}");
}

/* From the start, whatever of it was decided before. */
static void evaluate(struct trial *trial, const char *body)
{
    decision_deinit(&trial->decision);
    decision_init(&trial->decision);
    policy_evaluate(trial->policy, &trial->request, slice_from(body),
                    &(struct evaluate_source){.look_up = look_up}, &trial->decision);
}

static void head(struct trial *trial, enum base base, const char *method, const char *target)
{
    begin(trial, base, method, target);
    evaluate(trial, "");
}

/* What a create has to hold is free. */
static void hold(struct trial *trial)
{
    if (trial->decision.verdict == VERDICT_NEEDS_HOLDS) {
        policy_decide_held(trial->policy, &trial->request, false, &trial->decision);
    }
}

static void whole(struct trial *trial, enum base base, const char *target, const char *body)
{
    begin(trial, base, "POST", target);
    trial->request.has_body = true;
    trial->request.content_type = SLICE("application/json");
    policy_evaluate(trial->policy, &trial->request, slice_from(body), &(struct evaluate_source){0},
                    &trial->decision);
}

static void end(struct trial *trial)
{
    decision_deinit(&trial->decision);
    policy_unref(trial->policy);
}

static void expect_slice(struct slice got, const char *wanted)
{
    cr_expect(slice_eq(got, slice_from(wanted)), "got    %.*s\nwanted %s", SLICE_ARGS(got), wanted);
}

Test(decide, a_decision_is_a_refusal_until_it_is_made)
{
    struct decision decision;

    decision_init(&decision);
    cr_expect_eq(decision.verdict, VERDICT_DENY);
    decision_deinit(&decision);
}

Test(decide, the_target_is_written_anew)
{
    struct trial trial;

    head(&trial, BASE_BASELINE, "GET", "/v1.41/%63ontainers/json?%61ll=1&filters=%7b%7d");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    expect_slice(trial.decision.forward_target, "/v1.41/containers/json?all=1&filters=%7B%7D");
    expect_slice(trial.decision.path, "/v1.41/containers/json");
    expect_slice(trial.decision.api, "1.41");
    cr_expect_str_eq(trial.decision.operation, "containers.list");
    end(&trial);
}

Test(decide, keys_that_the_engine_ignores_are_taken_off)
{
    struct trial trial;

    head(&trial, BASE_BASELINE, "GET", "/containers/json?trunc_cmd=0&limit=1");
    expect_slice(trial.decision.forward_target, "/containers/json?limit=1");
    end(&trial);
}

/* Debian 12's dockerd takes 1.12 and up; docs/engines.md has what it does there otherwise. */
static void head_old(struct trial *trial, const char *method, const char *target)
{
    begin(trial, BASE_BASELINE, method, target);
    trial->policy->api_min = API_OLDEST_MINOR;
    policy_decide_head(trial->policy, &trial->request, &trial->decision);
}

Test(decide, old_versions_are_for_open_or_for_who_asks_for_them)
{
    struct trial trial;

    head(&trial, BASE_BASELINE, "GET", "/v1.22/containers/json");
    cr_expect_eq(trial.decision.status, 403);
    end(&trial);
    head(&trial, BASE_OPEN, "GET", "/v1.22/containers/json");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    end(&trial);
    head_old(&trial, "GET", "/v1.12/containers/json");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    expect_slice(trial.decision.forward_target, "/v1.12/containers/json");
    end(&trial);
    head_old(&trial, "GET", "/v1.11/containers/json");
    cr_expect_eq(trial.decision.status, 403);
    end(&trial);
}

Test(decide, lookups_are_made_by_a_version_that_shows_what_is_judged)
{
    struct trial trial;

    head_old(&trial, "POST", "/v1.19/containers/app/start");
    cr_assert_eq(trial.decision.verdict, VERDICT_NEEDS_FACTS);
    expect_slice(trial.decision.facts->target, "/v1.24/containers/app/json");
    evaluate(&trial, "");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    expect_slice(trial.decision.forward_target, "/v1.19/containers/" ID "/start");
    expect_slice(trial.decision.api, "1.19");
    end(&trial);
}

Test(decide, what_old_versions_alone_take_is_refused)
{
    struct trial trial;

    head_old(&trial, "POST", "/v1.19/containers/app/copy"); // files, by a body
    cr_expect_eq(trial.decision.verdict, VERDICT_DENY);
    cr_expect_eq(trial.decision.status, 403);
    end(&trial);
    begin(&trial, BASE_BASELINE, "POST", "/v1.19/containers/app/start");
    trial.policy->api_min = API_OLDEST_MINOR;
    trial.request.has_body = true;
    trial.request.content_type = SLICE("application/json");
    policy_decide_head(trial.policy, &trial.request, &trial.decision);
    cr_assert_eq(trial.decision.verdict, VERDICT_NEEDS_BODY);
    policy_decide_body(trial.policy, &trial.request, SLICE("{\"Binds\":[\"/:/host\"]}"),
                       &trial.decision);
    cr_expect_eq(trial.decision.verdict, VERDICT_DENY);
    cr_expect_eq(trial.decision.status, 403);
    end(&trial);
}

Test(decide, a_tunnel_is_what_the_engine_makes_of_what_nobody_knows)
{
    static const struct {
        const char *method;
        const char *upgrade;
        enum decision_connection connection;
    } cases[] = {{"POST", NULL, DECISION_HIJACK},
                 {"POST", "tcp", DECISION_UPGRADE},
                 {"GET", NULL, DECISION_STREAM},
                 {"GET", "websocket", DECISION_UPGRADE}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial trial;

        begin(&trial, BASE_OPEN, cases[i].method, "/v5.4.0/libpod/exec/0123/start?a%2Fb");
        trial.request.upgrade = slice_from(cases[i].upgrade);
        policy_decide_head(trial.policy, &trial.request, &trial.decision);
        cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW, "%zu", i);
        cr_expect_eq(trial.decision.connection, cases[i].connection, "%zu", i);
        expect_slice(trial.decision.forward_target, "/v5.4.0/libpod/exec/0123/start?a%2Fb");
        end(&trial);
    }
}

Test(decide, the_raw_target_is_recorded_when_it_is_malformed)
{
    struct trial trial;

    head(&trial, BASE_OPEN, "GET", "/v1.41/../etc");
    cr_expect_eq(trial.decision.verdict, VERDICT_DENY);
    cr_expect_eq(trial.decision.status, 400);
    expect_slice(trial.decision.path, "/v1.41/../etc");
    end(&trial);
}

Test(decide, a_body_that_is_judged_is_written_anew)
{
    struct trial trial;

    whole(&trial, BASE_BASELINE, "/v1.41/containers/create?name=a",
          "{ \"Image\" : \"app\", \"HostConfig\": {\"Memory\": 67108864, \"Binds\": null} }");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    cr_expect_eq(trial.decision.body, DECISION_BODY_WHOLE);
    expect_slice(trial.decision.forward_content_type, "application/json");
    expect_slice(trial.decision.forward_body,
                 "{\"Image\":\"app\",\"HostConfig\":{\"Memory\":67108864}}");
    expect_slice(trial.decision.image, "app");
    cr_expect_not(trial.decision.rewrites_response);
    end(&trial);
}

Test(decide, an_unused_body_is_never_sent)
{
    struct trial trial;

    whole(&trial, BASE_BASELINE, "/v1.41/containers/a/stop", "{\"t\":0}");
    evaluate(&trial, "{\"t\":0}");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    cr_expect_eq(trial.decision.body, DECISION_BODY_NONE);
    cr_expect_eq(trial.decision.forward_content_type.len, 0);
    end(&trial);
}

Test(decide, an_archive_is_passed_on_under_a_type_of_ours)
{
    struct trial trial;

    begin(&trial, BASE_BASELINE, "PUT", "/v1.41/containers/a/archive?path=/tmp");
    trial.request.has_body = true;
    trial.request.content_type = SLICE("application/octet-stream");
    evaluate(&trial, "");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    cr_expect_eq(trial.decision.body, DECISION_BODY_STREAM);
    expect_slice(trial.decision.forward_content_type, "application/x-tar");
    end(&trial);
}

Test(decide, a_container_that_was_judged_is_named_by_its_id)
{
    struct trial trial;

    begin(&trial, BASE_BASELINE, "GET", "/v1.41/containers/web/archive?path=/tmp");
    policy_decide_head(trial.policy, &trial.request, &trial.decision);
    cr_assert_eq(trial.decision.verdict, VERDICT_NEEDS_FACTS);
    expect_slice(trial.decision.facts->target, "/v1.41/containers/web/json");
    evaluate(&trial, "");
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    expect_slice(trial.decision.forward_target, "/v1.41/containers/" ID "/archive?path=%2Ftmp");
    expect_slice(trial.decision.path, "/v1.41/containers/web/archive");
    end(&trial);
}

Test(decide, a_body_above_the_limit_is_413)
{
    struct trial trial;

    begin(&trial, BASE_BASELINE, "POST", "/v1.41/containers/create");
    trial.policy->limits.body_bytes = 4;
    trial.request.has_body = true;
    policy_decide_head(trial.policy, &trial.request, &trial.decision);
    cr_expect_eq(trial.decision.body_limit_bytes, 4);
    policy_decide_body(trial.policy, &trial.request, SLICE("{    }"), &trial.decision);
    cr_expect_eq(trial.decision.verdict, VERDICT_DENY);
    cr_expect_eq(trial.decision.status, 413);
    end(&trial);
}

Test(decide, says_what_becomes_of_the_connection)
{
    static const struct {
        const char *method;
        const char *target;
        enum decision_connection connection;
    } cases[] = {
        {"GET", "/v1.41/containers/json", DECISION_PLAIN},
        {"GET", "/v1.41/events", DECISION_STREAM},
        {"POST", "/v1.41/containers/a/attach", DECISION_HIJACK},
        {"GET", "/v1.41/containers/a/attach/ws", DECISION_UPGRADE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial trial;

        head(&trial, BASE_BASELINE, cases[i].method, cases[i].target);
        cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW, "%s", cases[i].target);
        cr_expect_eq(trial.decision.connection, cases[i].connection, "%s", cases[i].target);
        end(&trial);
    }
}

Test(decide, an_open_policy_lets_unknown_routes_upgrade_when_they_ask)
{
    struct trial trial;

    begin(&trial, BASE_OPEN, "POST", "/v1.41/frobnicate?a=1&a=2");
    trial.request.upgrade = SLICE("tcp");
    trial.request.has_body = true;
    trial.request.content_type = SLICE("text/x-thing");
    policy_decide_head(trial.policy, &trial.request, &trial.decision);
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    cr_expect_eq(trial.decision.connection, DECISION_UPGRADE);
    cr_expect_eq(trial.decision.body, DECISION_BODY_STREAM);
    expect_slice(trial.decision.forward_content_type, "text/x-thing");
    cr_expect_str_eq(trial.decision.operation, "unknown");
    cr_assert_not_null(trial.decision.violations);
    cr_expect_eq(trial.decision.violations->level, RULE_LEVEL_AUDIT);
    end(&trial);
}

Test(decide, header_fields_pass_by_the_route)
{
    static const struct {
        const char *target;
        const char *name;
        bool passes;
    } cases[] = {
        {"/v1.41/containers/json", "User-Agent", true},
        {"/v1.41/containers/json", "accept", true},
        {"/v1.41/containers/json", "X-Registry-Auth", false},
        {"/v1.41/containers/json", "X-Meta-Anything", false},
        {"/v1.41/containers/json", "Connection", false},
        {"/v1.41/containers/json", "Content-Length", false},
        {"/v1.41/containers/json", "Host", false},
        {"/v1.41/containers/json", "Accept-Encoding", true},
        {"/v1.41/version", "Accept-Encoding", false},
        {"/v1.41/distribution/alpine/json", "x-registry-auth", true},
        {"/v1.41/containers/a/attach/ws", "Sec-WebSocket-Key", true},
        {"/v1.41/containers/a/attach/ws", "Upgrade", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct trial trial;

        head(&trial, BASE_BASELINE, "GET", cases[i].target);
        cr_assert_eq(trial.decision.verdict, VERDICT_ALLOW, "%s", cases[i].target);
        cr_expect_eq(policy_forwards_header(&trial.decision, slice_from(cases[i].name)),
                     cases[i].passes, "%s on %s", cases[i].name, cases[i].target);
        end(&trial);
    }
}

Test(decide, a_refusal_names_every_rule_with_value_and_fix)
{
    struct trial trial;

    whole(&trial, BASE_BASELINE, "/v1.41/containers/create",
          "{\"Image\":\"app\",\"HostConfig\":{\"Privileged\":true,\"CapAdd\":[\"NET\\tADMIN\"],"
          "\"UTSMode\":\"host\"}}");
    expect_slice(
        trial.decision.answer,
        "{\"message\":\"denied by policy \\\"ci\\\" (request 01J9Z3KQ)\\n"
        "  - privileged: HostConfig.Privileged is true\\n"
        "    fix: remove --privileged; if one capability is needed, use --cap-add\\n"
        "    or in the policy (administrator): rules: {privileged: off}\\n"
        "  - added_capabilities: HostConfig.CapAdd[0] is \\\"NET\\\\x09ADMIN\\\"\\n"
        "    fix: remove it from --cap-add (allowed: AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, "
        "FSETID, "
        "KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT)\\n"
        "    or in the policy (administrator): rules: {added_capabilities: off}\\n"
        "  - host_uts: HostConfig.UTSMode is host\\n"
        "    fix: remove --uts=host and set --hostname\\n"
        "    or in the policy (administrator): rules: {host_uts: off}\","
        "\"code\":\"denied\",\"request_id\":\"01J9Z3KQ\",\"rules\":["
        "{\"id\":\"privileged\",\"text\":\"HostConfig.Privileged is true\","
        "\"fix\":\"remove --privileged; if one capability is needed, use --cap-add\","
        "\"policy\":\"rules: {privileged: off}\"},"
        "{\"id\":\"added_capabilities\",\"text\":\"HostConfig.CapAdd[0] is "
        "\\\"NET\\\\x09ADMIN\\\"\",\"fix\":\"remove it from --cap-add (allowed: AUDIT_WRITE, "
        "CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, "
        "SETPCAP, "
        "SETUID, SYS_CHROOT)\",\"policy\":\"rules: {added_capabilities: off}\"},"
        "{\"id\":\"host_uts\",\"text\":\"HostConfig.UTSMode is host\","
        "\"fix\":\"remove --uts=host and set --hostname\",\"policy\":\"rules: {host_uts: "
        "off}\"}]}");
    end(&trial);
}

/* Its user would be the image's, its volume may be anything, and the path leads somewhere. */
Test(decide, what_is_refused_for_what_it_says_asks_nobody_anything)
{
    static const char *const bodies[] = {
        "{\"Image\":\"app\",\"HostConfig\":{\"Privileged\":true,\"Binds\":[\"v:/v\"]}}",
        "{\"Image\":\"app\",\"HostConfig\":{\"Binds\":[\"/:/host\",\"v:/v\"]}}",
        "{\"Image\":\"app\",\"HostConfig\":{\"Binds\":[\"/run/docker.sock:/s\",\"v:/v\"]}}",
        "{\"Image\":\"app\",\"HostConfig\":{\"VolumesFrom\":[\"b\"],\"PidMode\":\"host\"}}",
    };
    struct trial trial;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        whole(&trial, BASE_RESTRICTED, "/v1.41/containers/create", bodies[i]);
        cr_expect_eq(trial.decision.verdict, VERDICT_DENY, "%s", bodies[i]);
        cr_expect_eq(trial.decision.status, 403, "%s", bodies[i]);
        for (struct violation *v = trial.decision.violations; v; v = v->next) {
            cr_expect_str_neq(v->rule, "run_as_root", "nobody knows the image's user");
        }
        end(&trial);
    }
}

static size_t count_of(struct slice text, const char *part)
{
    size_t count = 0;

    while (text.len >= strlen(part)) {
        count += slice_starts_with(text, slice_from(part));
        text = slice_from_index(text, 1);
    }
    return count;
}

/* The rules are asked before the lookups and after them. */
Test(decide, what_rules_write_is_written_once)
{
    struct trial trial;

    whole(&trial, BASE_RESTRICTED, "/v1.41/containers/create",
          "{\"Image\":\"app\",\"HostConfig\":{\"NetworkMode\":\"none\"}}");
    cr_assert_eq(trial.decision.verdict, VERDICT_NEEDS_FACTS, "%.*s",
                 SLICE_ARGS(trial.decision.answer));
    cr_expect_null(trial.decision.violations);
    trial.decision.facts->status = 200;
    trial.decision.facts->body = SLICE("{\"Id\":\"sha256:1\",\"Config\":{\"User\":\"1:1\"}}");
    policy_decide_facts(trial.policy, &trial.request, &trial.decision);
    hold(&trial);
    cr_assert_eq(trial.decision.verdict, VERDICT_ALLOW, "%.*s", SLICE_ARGS(trial.decision.answer));
    cr_expect_eq(count_of(trial.decision.forward_body, "no-new-privileges"), 1);
    cr_expect_eq(count_of(trial.decision.forward_body, "PidsLimit"), 1);
    cr_expect_eq(count_of(trial.decision.forward_body, "\"User\":\"1:1\""), 1);
    end(&trial);
}

Test(decide, a_refusal_from_outside_is_one_sentence)
{
    struct trial trial;

    begin(&trial, BASE_BASELINE, "POST", "/");
    policy_refuse(trial.policy, &trial.request, 431, "head", "the head is too long",
                  &trial.decision);
    cr_expect_eq(trial.decision.verdict, VERDICT_DENY);
    cr_expect_eq(trial.decision.status, 431);
    expect_slice(trial.decision.answer,
                 "{\"message\":\"refused: the head is too long (request 01J9Z3KQ)\","
                 "\"code\":\"malformed\",\"request_id\":\"01J9Z3KQ\",\"rules\":[{\"id\":\"head\","
                 "\"text\":\"the head is too long\",\"fix\":\"\"}]}");
    end(&trial);
}

Test(decide, values_that_are_shown_are_cut)
{
    struct trial trial;
    char body[4096];

    snprintf(body, sizeof(body), "{\"Image\":\"app\",\"HostConfig\":{\"Runtime\":\"%0*d\"}}", 3000,
             0);
    whole(&trial, BASE_BASELINE, "/v1.41/containers/create", body);
    cr_expect_eq(trial.decision.status, 403);
    cr_expect_lt(trial.decision.answer.len, 1200);
    end(&trial);
}

Test(response, warnings_reach_who_creates)
{
    struct trial trial;
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = 1 << 20};

    begin(&trial, BASE_BASELINE, "POST", "/v1.41/containers/create");
    trial.policy->rule[RULE_privileged].level = RULE_LEVEL_WARN;
    policy_note_needs(trial.policy);
    trial.request.has_body = true;
    policy_decide_head(trial.policy, &trial.request, &trial.decision);
    policy_decide_body(trial.policy, &trial.request,
                       SLICE("{\"Image\":\"a\",\"HostConfig\":{\"Privileged\":true}}"),
                       &trial.decision);
    hold(&trial);
    cr_assert_eq(trial.decision.verdict, VERDICT_ALLOW);
    cr_assert(trial.decision.rewrites_response);
    cr_assert_eq(
        rewrite_whole(&trial.decision, SLICE("{\"Id\":\"1\",\"Warnings\":[\"w\"]}\n"), &out), 0);
    expect_slice(buf_slice(&out),
                 "{\"Id\":\"1\",\"Warnings\":[\"w\",\"policy \\\"ci\\\": privileged: "
                 "HostConfig.Privileged is true\"]}\n");
    buf_clear(&out);
    cr_assert_eq(rewrite_whole(&trial.decision, SLICE("{\"Id\":\"1\"}"), &out), 0);
    expect_slice(buf_slice(&out), "{\"Id\":\"1\",\"Warnings\":[\"policy \\\"ci\\\": privileged: "
                                  "HostConfig.Privileged is true\"]}\n");
    buf_clear(&out);
    cr_assert_eq(rewrite_whole(&trial.decision, SLICE("not json"), &out), 0);
    expect_slice(buf_slice(&out), "not json");
    end(&trial);
}

Test(response, no_version_above_the_window_is_named)
{
    struct trial trial;
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = 1 << 20};

    head(&trial, BASE_READ_ONLY, "GET", "/version");
    cr_assert(trial.decision.rewrites_response);
    expect_slice(policy_response_api(&trial.decision, SLICE("1.99")), "1.55");
    expect_slice(policy_response_api(&trial.decision, SLICE("1.41")), "1.41");
    cr_assert_eq(rewrite_whole(&trial.decision,
                               SLICE("{\"Components\":[{\"Details\":{\"ApiVersion\":\"1.56\"}}],"
                                     "\"ApiVersion\":\"1.56\",\"MinAPIVersion\":\"1.24\"}"),
                               &out),
                 0);
    expect_slice(buf_slice(&out), "{\"Components\":[{\"Details\":{\"ApiVersion\":\"1.55\"}}],"
                                  "\"ApiVersion\":\"1.55\",\"MinAPIVersion\":\"1.24\"}\n");
    end(&trial);
}

Test(decide, beyond_its_ceiling_a_request_is_too_large)
{
    // Each ceiling in turn: no step may let a request pass because it could not allocate.
    for (size_t i = 0; i < 2 * 64 * 2; i++) {
        struct trial trial;
        size_t limit = i / 2 * 512;

        begin(&trial, BASE_BASELINE, "POST", "/v1.41/containers/create");
        trial.request.request_id = SLICE("01J9Z3KQ");
        if (i % 2 == 0) {
            trial.decision.arena.limit_bytes = limit;
        } else {
            trial.decision.document.limit_bytes = limit;
        }
        trial.request.has_body = true;
        policy_decide_head(trial.policy, &trial.request, &trial.decision);
        if (trial.decision.verdict == VERDICT_NEEDS_BODY) {
            policy_decide_body(trial.policy, &trial.request,
                               SLICE("{\"Image\":\"a\",\"HostConfig\":{\"Privileged\":true,"
                                     "\"PidMode\":\"host\",\"Binds\":[\"/etc:/e\"]}}"),
                               &trial.decision);
        }
        hold(&trial);
        cr_expect_eq(trial.decision.verdict, VERDICT_DENY, "limit %zu", limit);
        cr_expect(trial.decision.status == 413 || trial.decision.status == 403, "limit %zu: %u",
                  limit, trial.decision.status);
        cr_expect(memmem(trial.decision.answer.ptr, trial.decision.answer.len, "01J9Z3KQ", 8));
        cr_expect_eq(trial.decision.document.used_bytes, 0);
        end(&trial);
    }
}

/* What a list of `count` containers may look like. */
static void append_containers(struct buf *text, size_t count)
{
    cr_assert_eq(buf_append_byte(text, '['), 0);
    for (size_t i = 0; i < count; i++) {
        int err = buf_printf(
            text,
            "%s{\"Id\":\"%064zx\",\"Names\":[\"/c%zu\"],\"Image\":\"app\",\"Command\":\"run\","
            "\"Ports\":[{\"IP\":\"0.0.0.0\",\"PrivatePort\":80,\"PublicPort\":%zu,\"Type\":\"tcp\"}"
            "],"
            "\"Labels\":{\"com.docker.compose.project\":\"p\",\"com.docker.compose.service\":\"s\"}"
            ","
            "\"State\":\"running\",\"HostConfig\":{\"NetworkMode\":\"n\"},"
            "\"NetworkSettings\":{\"Networks\":{\"n\":{\"IPAMConfig\":null,\"Links\":null,"
            "\"Aliases\":null,\"NetworkID\":\"%064zx\",\"Gateway\":\"10.0.0.1\",\"IPPrefixLen\":16}"
            "}},"
            "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/secret\",\"Destination\":\"/d\"}]}",
            i > 0 ? "," : "", i, i, i, i);

        cr_assert_eq(err, 0);
    }
    cr_assert_eq(buf_append_byte(text, ']'), 0);
}

Test(decide, hides_paths_in_long_lists)
{
    struct trial trial;
    struct buf text;
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = 8UL << 20};

    buf_init(&text, 8UL << 20);
    append_containers(&text, 8000);
    begin(&trial, BASE_BASELINE, "GET", "/v1.41/containers/json");
    trial.policy->redact.mounts = REDACT_MOUNTS_HOST_PATHS;
    policy_decide_head(trial.policy, &trial.request, &trial.decision);
    cr_assert(trial.decision.rewrites_response);
    cr_assert_eq(rewrite_whole(&trial.decision, buf_slice(&text), &out), 0);
    cr_expect_null(memmem(out.data, out.len, "/srv/secret", 11));
    cr_expect_not_null(memmem(out.data, out.len, "/c7999", 6));
    buf_deinit(&text);
    end(&trial);
}

Test(decide, an_answer_is_read_only_where_something_is_hidden)
{
    static const struct {
        enum base base;
        const char *target;
        bool read;
    } rows[] = {
        {BASE_RESTRICTED, "/v1.41/containers/c/json", true},
        {BASE_READ_ONLY, "/v1.41/images/a/json", true},
        {BASE_RESTRICTED, "/v1.41/images/a/history", true},
        {BASE_RESTRICTED, "/v1.41/containers/json", false},
        {BASE_RESTRICTED, "/v1.41/events", false},
        {BASE_RESTRICTED, "/v1.41/containers/c/logs", false},
        {BASE_BASELINE, "/v1.41/containers/c/json", false},
        {BASE_OPEN, "/v1.41/containers/c/json", false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct trial trial;

        head(&trial, rows[i].base, "GET", rows[i].target);
        cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW, "%s", rows[i].target);
        cr_expect_eq(trial.decision.rewrites_response, rows[i].read, "%s", rows[i].target);
        end(&trial);
    }
}
