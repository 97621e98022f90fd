/*
 * The body's part of the judgement: strict JSON, then the tables of docker/. Bodies
 * of routes that take none are read as well, and never sent on.
 */
#include <assert.h>
#include <errno.h>

#include "base/try.h"
#include "docker/tables/service_spec.h"
#include "docker/tables/texts.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"
#include "policy/model/violation.h"
#include "policy/response/response.h"

#include "base/banned.h"

/* Memory for a body: the text, its tree, and what is read from that. */
enum {
    USUAL_BODY_BYTES = 8 * 1024,
    BLOCK_BEGINS_BYTES = 4 * 1024,
    TREE_GROWTH = 6,
    MOUNTS_SINCE_MINOR = 25
};

static int ambiguous(const struct judgement *judgement, const struct policy_request *request,
                     const struct json_problem *why, struct decision *out)
{
    struct slice name = {0};
    struct slice text = {0};
    struct slice bound = SLICE("");

    if (why->too_large) {
        TRY(arena_printf(&out->arena, &bound, " (limits.body_members of the policy is %u)",
                         judgement->policy->limits.body_members));
    }
    TRY(show_text(&out->arena, why->name, &name));
    TRY(arena_printf(&out->arena, &text, "%s%.*s%sat byte %zu of the body: %s%.*s",
                     name.len > 0 ? "\"" : "", SLICE_ARGS(name), name.len > 0 ? "\" " : "",
                     why->offset, why->sentence, SLICE_ARGS(bound)));
    int err = refuse_malformed(judgement->policy, request, why->too_large ? 413 : 400,
                               why->too_large ? "body_values" : "ambiguous", text.ptr, out);

    return err < 0 ? err : STEP_DECIDED;
}

/*
 * Credentials, where X-Registry-Auth has none: the engine wants an object then, and nothing else
 * will do. What else is in it nobody reads (dockerode sends all options of the call).
 */
static int read_push(struct spec_reader *reader, struct json *tree)
{
    struct spec_reader credentials = {.arena = reader->arena};

    TRY(plain_spec_read(&credentials, ROUTE_BODY_AUTH, tree));
    for (const struct spec_problem *p = credentials.problems; p; p = p->next) {
        if (p->kind == SPEC_PROBLEM_AMBIGUOUS) {
            TRY(spec_report(reader, p->kind, p->field, p->sentence));
        }
    }
    return 0;
}

static int decide_body_fill(struct judgement *judgement, struct spec_reader *reader,
                            struct json *tree)
{
    enum route_body body = judgement->match.route->body;

    judgement->tree = tree;
    judgement->read = body;
    switch (body) {
    case ROUTE_BODY_CONTAINER_CREATE:
        TRY(container_spec_read_create(reader, tree, &judgement->container));
        judgement->container.binds_only =
            judgement->match.version.given && judgement->match.version.minor < MOUNTS_SINCE_MINOR;
        return 0;
    case ROUTE_BODY_CONTAINER_UPDATE:
        return container_spec_read_update(reader, tree, &judgement->container);
    case ROUTE_BODY_EXEC_CREATE:
        return exec_spec_read(reader, tree, &judgement->exec);
    case ROUTE_BODY_VOLUME_CREATE:
        return volume_spec_read(reader, tree, &judgement->volume);
    case ROUTE_BODY_NETWORK_CREATE:
        return network_spec_read(reader, tree, &judgement->network);
    case ROUTE_BODY_EXEC_START:
    case ROUTE_BODY_NETWORK_CONNECT:
    case ROUTE_BODY_NETWORK_DISCONNECT:
    case ROUTE_BODY_COMMIT:
    case ROUTE_BODY_SWARM_JOIN:
    case ROUTE_BODY_SWARM_UNLOCK:
    case ROUTE_BODY_NODE:
    case ROUTE_BODY_SECRET:
    case ROUTE_BODY_CONFIG:
    case ROUTE_BODY_CHECKPOINT:
        return plain_spec_read(reader, body, tree);
    case ROUTE_BODY_AUTH:
        return judgement->operation == OP_IMAGES_PUSH ? read_push(reader, tree)
                                                      : plain_spec_read(reader, body, tree);
    case ROUTE_BODY_SERVICE:
        return service_spec_read(reader, tree, judgement->match.version.minor,
                                 &judgement->container);
    case ROUTE_BODY_SWARM_INIT:
    case ROUTE_BODY_SWARM_UPDATE:
        return swarm_spec_read(reader, body, tree, &judgement->swarm);
    case ROUTE_BODY_PLUGIN_PRIVILEGES:
    case ROUTE_BODY_PLUGIN_SETTINGS:
        return plugin_spec_read(reader, body, tree, &judgement->plugin);
    case ROUTE_BODY_VOLUME_UPDATE:
        return volume_spec_read_update(reader, tree, &judgement->volume);
    case ROUTE_BODY_NONE:
    case ROUTE_BODY_TAR:
        break;
    }
    return 0;
}

static const char *problem_rule(enum spec_problem_kind kind)
{
    switch (kind) {
    case SPEC_PROBLEM_AMBIGUOUS:
        return "ambiguous";
    case SPEC_PROBLEM_REPARSED:
        return "engine_syntax";
    case SPEC_PROBLEM_UNKNOWN:
    case SPEC_PROBLEM_REFUSED:
        break;
    }
    return "unknown_field";
}

static int add_problem(const struct judgement *judgement, const struct spec_problem *problem,
                       struct slice text, struct decision *out)
{
    const char *rule = problem_rule(problem->kind);

    switch (problem->kind) {
    case SPEC_PROBLEM_AMBIGUOUS:
        return violation_add(out, rule, RULE_LEVEL_DENY, text, slice_from(problem->fix));
    case SPEC_PROBLEM_REFUSED:
        return violation_add(out, rule, policy_unknown_level(judgement->policy), text,
                             SLICE("remove it; no policy allows it"));
    case SPEC_PROBLEM_UNKNOWN:
    case SPEC_PROBLEM_REPARSED:
        break;
    }
    return violation_add_unknown(judgement, rule, text, problem->fix, out);
}

/* "Field sentence", as it is shown. 0 or -ENOMEM. */
static int problem_text(const struct spec_problem *problem, struct decision *out,
                        struct slice *text)
{
    struct slice field = {0};

    TRY(show_text(&out->arena, problem->field, &field));
    return arena_printf(&out->arena, text, "%.*s %s", SLICE_ARGS(field), problem->sentence);
}

/* Answers enum step: an ambiguous body ends it, whatever the policy. */
static int decide_body_report(const struct judgement *judgement,
                              const struct policy_request *request,
                              const struct spec_reader *reader, struct decision *out)
{
    bool is_ambiguous = false;

    for (const struct spec_problem *p = reader->problems; p; p = p->next) {
        is_ambiguous = is_ambiguous || p->kind == SPEC_PROBLEM_AMBIGUOUS;
    }
    for (const struct spec_problem *p = reader->problems; p; p = p->next) {
        struct slice text = {0};

        if (is_ambiguous && p->kind != SPEC_PROBLEM_AMBIGUOUS) {
            continue;
        }
        if (problem_text(p, out, &text) < 0 || add_problem(judgement, p, text, out) < 0) {
            return -ENOMEM;
        }
    }
    if (!is_ambiguous) {
        return STEP_ON;
    }
    int err = refuse_by_rules(judgement->policy, request, 400, out);

    return err < 0 ? err : STEP_DECIDED;
}

/* Answers enum step. `keep`: unknown fields stay and are not reported. */
static int read_once(struct judgement *judgement, const struct policy_request *request,
                     struct slice body, bool keep, struct spec_reader *reader, struct decision *out)
{
    struct json_problem why = {0};
    struct json *tree = NULL;

    judgement->body_bytes = body.len;
    // One block instead of several for what a body of the usual size becomes.
    if (!out->document.blocks && body.len < USUAL_BODY_BYTES) {
        arena_expect(&out->document, BLOCK_BEGINS_BYTES + body.len * TREE_GROWTH);
    }
    *reader = (struct spec_reader){
        .arena = &out->document, .engine = &request->engine, .keep_unknown = keep};
    int err =
        json_read_within(body, &out->document, judgement->policy->limits.body_members, &tree, &why);

    if (err == -EBADMSG) {
        return ambiguous(judgement, request, &why, out);
    }
    return err < 0 ? err : decide_body_fill(judgement, reader, tree);
}

/*
 * A policy that doesn't deny unknown fields reads twice: what they are, for the record,
 * and then again so that they stay in what is forwarded.
 */
static int read_json(struct judgement *judgement, const struct policy_request *request,
                     struct slice body, struct decision *out)
{
    struct spec_reader reader = {0};
    int step = read_once(judgement, request, body, false, &reader, out);

    if (step == STEP_ON) {
        step = decide_body_report(judgement, request, &reader, out);
    }
    if (step != STEP_ON || !reader.problems ||
        policy_unknown_level(judgement->policy) == RULE_LEVEL_DENY) {
        return step;
    }
    arena_deinit(&out->document); // what is wrong is told by now
    judgement->tree = NULL;
    step = read_once(judgement, request, body, true, &reader, out);
    for (const struct spec_problem *p = reader.problems; p && step == STEP_ON; p = p->next) {
        if (p->kind == SPEC_PROBLEM_AMBIGUOUS) {
            step = decide_body_report(judgement, request, &reader, out);
            break;
        }
    }
    return step;
}

bool method_takes_no_body(struct slice method)
{
    return slice_eq(method, SLICE("GET")) || slice_eq(method, SLICE("HEAD")) ||
           slice_eq(method, SLICE("DELETE"));
}

int refuse_body(const struct judgement *judgement, const struct policy_request *request,
                struct decision *out)
{
    int err = refuse_malformed(judgement->policy, request, 400, "ambiguous",
                               "GET, HEAD and DELETE must not have a body", out);

    return err < 0 ? err : STEP_DECIDED;
}

static bool decide_body_is_blank(struct slice body)
{
    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];

        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            return false;
        }
    }
    return true;
}

/* Where the engine takes an empty body for an empty object. */
static bool may_be_empty(enum route_body body)
{
    return body == ROUTE_BODY_EXEC_START || body == ROUTE_BODY_COMMIT || body == ROUTE_BODY_AUTH ||
           body == ROUTE_BODY_VOLUME_CREATE;
}

static int empty_body(struct judgement *judgement, const struct policy_request *request,
                      struct decision *out)
{
    if (may_be_empty(judgement->match.route->body)) {
        return STEP_ON;
    }
    int err = refuse_malformed(judgement->policy, request, 400, "ambiguous",
                               "this route requires a JSON body, but the body is empty", out);

    return err < 0 ? err : STEP_DECIDED;
}

/*
 * A body where the engine reads none. Clients send their options here too (dockerode
 * sends {"t":0} to stop); but a start's body was a HostConfig once, and old engines take it.
 */
static int unused_body(struct judgement *judgement, const struct policy_request *request,
                       struct slice body, struct decision *out)
{
    struct json_problem why = {0};
    struct json *tree = NULL;
    int err =
        json_read_within(body, &out->document, judgement->policy->limits.body_members, &tree, &why);

    if (err == -EBADMSG && (why.too_large || body.ptr[0] == '{' || body.ptr[0] == '[')) {
        return ambiguous(judgement, request, &why, out);
    }
    if (err < 0 && err != -EBADMSG) {
        return err;
    }
    if (judgement->operation != OP_CONTAINERS_START || (tree && json_is_zero(tree))) {
        return STEP_ON;
    }
    return violation_add_unknown(
        judgement, "unknown_field",
        SLICE("containers.start must not have a body: put HostConfig into containers.create"),
        "send it without a body", out);
}

/* Nobody reads it: it stays until it is sent. Answers enum step. */
static int keep_body(struct judgement *judgement, const struct policy_request *request,
                     struct slice body, struct decision *out)
{
    TRY(arena_copy(&out->arena, body, &judgement->kept));
    judgement->keeps = true;
    out->forward_chunked = request->content_length == 0;
    return STEP_ON;
}

/* Answers enum step. */
static int decide_body_read_body(struct judgement *judgement, const struct policy_request *request,
                                 struct slice body, struct decision *out)
{
    if (judgement->relays) {
        return keep_body(judgement, request, body, out);
    }
    // An object is no harm: the engine would not read it, and isn't sent it. Else it may be a
    // request.
    if (body.len > 0 && body.ptr[0] != '{' && method_takes_no_body(request->method)) {
        return refuse_body(judgement, request, out);
    }
    if (body.len > judgement->policy->limits.body_bytes) {
        int err = refuse_malformed(judgement->policy, request, 413, "limits.body_bytes",
                                   "the body is larger than the policy's limits.body_bytes", out);

        return err < 0 ? err : STEP_DECIDED;
    }
    if (!decide_body_is_blank(body)) {
        return judgement->match.route->body == ROUTE_BODY_NONE
                   ? unused_body(judgement, request, body, out)
                   : read_json(judgement, request, body, out);
    }
    return judgement->match.route->body == ROUTE_BODY_NONE ? STEP_ON
                                                           : empty_body(judgement, request, out);
}

bool policy_read_body(const struct policy_request *request, struct slice body, struct decision *out)
{
    assert(out->judgement);
    out->verdict = VERDICT_DENY;
    int step = decide_body_read_body(out->judgement, request, body, out);

    if (step < 0) {
        refuse_without_memory(request, out);
    }
    if (step != STEP_ON) {
        drop_values(out->judgement, out);
    }
    return step == STEP_ON;
}

static int decide_read(struct judgement *judgement, const struct policy_request *request,
                       struct decision *out)
{
    int step = STEP_ON;

    if (!judgement->relays) {
        step = redact_check_service(judgement, out);
        step = step == STEP_ON ? whole_names_of_body(judgement, out) : step;
    }
    return step == STEP_ON ? judge(judgement, request, out) : step;
}

void policy_decide_read(const struct policy_request *request, struct decision *out)
{
    out->verdict = VERDICT_DENY;
    if (decide_read(out->judgement, request, out) < 0) {
        refuse_without_memory(request, out);
    }
    if (out->verdict == VERDICT_DENY) {
        drop_values(out->judgement, out);
    }
}

static bool is_reported(const struct decision *out, struct slice text)
{
    for (const struct violation *v = out->violations; v; v = v->next) {
        if (slice_eq(v->text, text)) {
            return true;
        }
    }
    return false;
}

int decide_written(const struct judgement *judgement, const struct policy_request *request,
                   struct decision *out)
{
    struct spec_reader reader = {
        .arena = &out->document, .engine = &request->engine, .keep_unknown = true};
    struct container_spec written = {0};

    if (judgement->read != ROUTE_BODY_CONTAINER_CREATE ||
        text_passes(TEXT_MOUNT, &request->engine)) {
        return STEP_ON;
    }
    TRY(container_spec_read_create(&reader, judgement->container.tree, &written));
    for (const struct spec_problem *p = reader.problems; p; p = p->next) {
        struct slice text = {0};

        TRY(problem_text(p, out, &text));
        if (p->kind == SPEC_PROBLEM_REPARSED && !is_reported(out, text)) {
            TRY(add_problem(judgement, p, text, out));
        }
    }
    if (!violation_denies(out)) {
        return STEP_ON;
    }
    int err = refuse_by_rules(judgement->policy, request, 403, out);

    return err < 0 ? err : STEP_DECIDED;
}

void policy_decide_body(const struct policy *policy, const struct policy_request *request,
                        struct slice body, struct decision *out)
{
    (void)policy; // the one that the head was judged by
    if (policy_read_body(request, body, out)) {
        policy_decide_read(request, out);
    }
}
