/*
 * The order of the questions: target, route, version, operation, query, body,
 * facts. Each step either goes on or ends the judgement; running out of memory
 * anywhere is a refusal.
 */
#include <errno.h>
#include <string.h>

#include "policy/internal.h"

#include "base/banned.h"

static int malformed(const struct judgement *judgement, const struct policy_request *request,
                     unsigned status, const char *rule, const char *sentence, struct decision *out)
{
    int err = refuse_malformed(judgement->policy, request, status, rule, sentence, out);

    return err < 0 ? err : STEP_DECIDED;
}

/* "1.55": there are two digits from the oldest to the newest. */
static void write_version(char out[8], unsigned minor)
{
    const char text[] = {'1', '.', (char)('0' + minor / 10 % 10), (char)('0' + minor % 10), '\0'};

    memcpy(out, text, sizeof(text));
}

/* The raw target is what the record shows until there is a better spelling. */
static int start(const struct policy *policy, const struct policy_request *request,
                 struct judgement **out, struct decision *decision)
{
    struct judgement *judgement = arena_alloc(&decision->arena, sizeof(*judgement));

    if (!judgement) {
        return -ENOMEM;
    }
    judgement->policy = policy;
    judgement->engine = request->engine;
    write_version(judgement->api_max, policy->api_max);
    decision->judgement = judgement;
    *out = judgement;
    return arena_copy(&decision->arena, slice_head(request->target, 4096), &decision->path);
}

static int read_target(struct judgement *judgement, const struct policy_request *request,
                       struct decision *out)
{
    struct target target = {0};
    struct http_problem why = {0};
    int err = target_parse(request->target, &out->arena, &target, &why);

    if (err == -EBADMSG) {
        return malformed(judgement, request, why.status, "target", why.sentence, out);
    }
    if (err < 0) {
        return err;
    }
    judgement->path = target.path;
    judgement->query = target.query;
    out->path = target.path;
    return STEP_ON;
}

static int unknown_route(const struct judgement *judgement, const struct policy_request *request,
                         struct decision *out)
{
    struct slice method = {0};
    struct slice path = {0};
    struct slice text = {0};

    if (show_text(&out->arena, request->method, &method) < 0 ||
        show_text(&out->arena, judgement->path, &path) < 0 ||
        arena_printf(&out->arena, &text, "no such operation: %.*s %.*s", SLICE_ARGS(method),
                     SLICE_ARGS(path)) < 0) {
        return -ENOMEM;
    }
    return violation_add(out, "operation", policy_unknown_level(judgement->policy), text,
                         (struct slice){0});
}

static int read_version(struct judgement *judgement, const struct policy_request *request,
                        struct decision *out)
{
    const struct route_version *version = &judgement->match.version;
    const struct policy *policy = judgement->policy;
    struct slice text = {0};

    if (!version->given) {
        return STEP_ON;
    }
    // The route has seen to it that the path begins with "/v1.41" or the like.
    judgement->prefix = slice_head(judgement->path, sizeof("/v1.41") - 1);
    out->api = slice_from_index(judgement->prefix, sizeof("/v") - 1);
    if (version->minor >= policy->api_min && version->minor <= policy->api_max) {
        return STEP_ON;
    }
    if (arena_printf(&out->arena, &text, "API version 1.%u is not taken, 1.%u to 1.%u are",
                     version->minor, policy->api_min, policy->api_max) < 0) {
        return -ENOMEM;
    }
    // Not a matter of the mode: an old version means other things by the same body.
    int err = violation_add(out, "api_version", RULE_LEVEL_DENY, text,
                            SLICE("set DOCKER_API_VERSION to one of these"));

    err = err < 0 ? err : refuse_by_rules(policy, request, 403, out);
    return err < 0 ? err : STEP_DECIDED;
}

static int read_route(struct judgement *judgement, const struct policy_request *request,
                      struct decision *out)
{
    switch (route_find(request->method, judgement->path, &judgement->match)) {
    case ROUTE_UNKNOWN:
        judgement->match.route = NULL;
        return unknown_route(judgement, request, out);
    case ROUTE_BAD_VERSION:
        // Podman's own API has versions of its own ("/v4.0.0"): not malformed, just not ours.
        return malformed(
            judgement, request, slice_starts_with(judgement->path, SLICE("/v1.")) ? 400 : 403,
            "api_version", "the API version in the path must be written like v1.41", out);
    case ROUTE_BAD_NAME:
        // `docker inspect alpine:3.20` asks for a container of that name first, and goes on
        // to images only after a 404.
        return malformed(judgement, request, slice_eq(request->method, SLICE("GET")) ? 404 : 400,
                         "target", "the path names an object by something that is no name", out);
    case ROUTE_FOUND:
        break;
    }
    return read_version(judgement, request, out);
}

static bool names_h2c(struct slice upgrade)
{
    while (upgrade.len > 0) {
        struct slice token = {0};

        slice_cut(upgrade, ',', &token, &upgrade);
        if (slice_eq_nocase(slice_trim(token), SLICE("h2c"))) {
            return true;
        }
    }
    return false;
}

/* Archives may take their time to begin, but then nobody waits for more to happen. */
static bool is_finite(const struct route *route)
{
    enum operation operation = route->operation;

    return route->connection == CONNECTION_PLAIN || operation == OP_CONTAINERS_FILES_READ ||
           operation == OP_CONTAINERS_EXPORT || operation == OP_IMAGES_SAVE;
}

/* What becomes of the connection. h2c carries the whole API again, judged by nobody. */
static int decide_connection(const struct judgement *judgement,
                             const struct policy_request *request, struct decision *out)
{
    const struct route *route = judgement->match.route;
    enum connection_kind kind = route ? route->connection : CONNECTION_PLAIN;

    if (!route && request->upgrade.len > 0) {
        out->connection = DECISION_UPGRADE;
    }
    out->finite_answer = route && is_finite(route);
    switch (kind) {
    case CONNECTION_PLAIN:
        break;
    case CONNECTION_STREAM:
        out->connection = DECISION_STREAM;
        break;
    case CONNECTION_HIJACK:
        out->connection = DECISION_HIJACK;
        break;
    case CONNECTION_WEBSOCKET:
    case CONNECTION_H2C:
        out->connection = DECISION_UPGRADE;
        break;
    }
    if (kind == CONNECTION_H2C || !names_h2c(request->upgrade)) {
        return STEP_ON;
    }
    return violation_add(
        out, "operation", policy_unknown_level(judgement->policy),
        SLICE("an upgrade to h2c is not allowed: what follows could not be judged"),
        (struct slice){0});
}

static int decide_head(const struct policy *policy, const struct policy_request *request,
                       struct decision *out)
{
    struct judgement *judgement = NULL;
    int step = start(policy, request, &judgement, out);

    if (step == STEP_ON) {
        step = read_target(judgement, request, out);
    }
    if (step == STEP_ON) {
        step = read_route(judgement, request, out);
    }
    if (step == STEP_ON) {
        step = decide_connection(judgement, request, out);
    }
    if (step == STEP_ON) {
        step = decide_operation(judgement, out);
    }
    if (step == STEP_ON) {
        step = decide_query(judgement, request, out);
    }
    if (step == STEP_ON && violation_denies(out)) {
        int err = refuse_by_rules(policy, request, 403, out);

        return err;
    }
    if (step == STEP_ON) {
        step = decide_target(judgement, out);
    }
    if (step == STEP_ON) {
        step = decide_media(judgement, request, out);
    }
    if (step == STEP_ON && out->verdict != VERDICT_NEEDS_BODY) {
        step = judge(judgement, request, out);
    }
    return step < 0 ? step : 0;
}

void policy_decide_head(const struct policy *policy, const struct policy_request *request,
                        struct decision *out)
{
    if (decide_head(policy, request, out) < 0) {
        refuse_without_memory(request, out);
    }
}

void policy_decide_facts(const struct policy *policy, const struct policy_request *request,
                         struct decision *out)
{
    (void)policy; // the one that the head was judged by
    out->verdict = VERDICT_DENY;
    if (judge(out->judgement, request, out) < 0) {
        refuse_without_memory(request, out);
    }
    if (out->verdict == VERDICT_DENY) {
        drop_values(out->judgement, out);
    }
}
