/*
 * The order of the questions: target, route, version, operation, query, body,
 * facts. Each step either goes on or ends the judgement; running out of memory
 * anywhere is a refusal.
 */
#include <errno.h>
#include <string.h>

#include "base/try.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/model/policy_data.h"
#include "policy/model/violation.h"
#include "policy/response/response.h"

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
static int decide_start(const struct policy *policy, const struct policy_request *request,
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

    if (err == -EBADMSG && policy_judges_nothing(judgement->policy)) {
        err = target_parse_raw(request->target, &out->arena, &target, &why);
        judgement->raw_target = request->target;
    }
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

/* Podman's second API, "/v5.4.0/libpod/containers/json": with doors of its own, all unjudged. */
static bool is_libpod(struct slice path)
{
    struct slice first = {0};
    struct slice rest = slice_from_index(path, 1);

    slice_cut(rest, '/', &first, &rest);
    if (slice_starts_with(first, SLICE("v"))) {
        slice_cut(rest, '/', &first, &rest);
    }
    return slice_eq(first, SLICE("libpod"));
}

static int unknown_route(struct judgement *judgement, const struct policy_request *request,
                         struct decision *out)
{
    struct slice method = {0};
    struct slice path = {0};
    struct slice text = {0};

    judgement->match = (struct route_match){0};
    if (policy_judges_nothing(judgement->policy)) {
        judgement->raw_target = request->target;
    } else if (is_libpod(judgement->path)) {
        // Not even where unknown routes pass: it does all that the rules are about.
        return violation_add(
            out, "operation", judgement->policy->mode,
            SLICE("/libpod is Podman's own API, which this policy does not support"),
            SLICE("use a client of the Docker API (docker --host, DOCKER_HOST), which Podman "
                  "serves as well; no policy except base: open without rules allows it"));
    }
    if (show_text(&out->arena, request->method, &method) < 0 ||
        show_text(&out->arena, judgement->path, &path) < 0 ||
        arena_printf(&out->arena, &text, "no such operation: %.*s %.*s", SLICE_ARGS(method),
                     SLICE_ARGS(path)) < 0) {
        return -ENOMEM;
    }
    return violation_add_unknown(judgement, "operation", text,
                                 "use an operation of the engine's API", out);
}

/* Not a matter of the mode: an old version means other things by the same body. */
static int version_object(const struct policy *policy, unsigned minor, struct slice text,
                          struct decision *out)
{
    struct violation **added = violation_tail(out);
    bool old = minor < policy->api_min;
    bool known = minor >= API_OLDEST_MINOR && minor <= API_NEWEST_MINOR;
    struct slice fix = {0};

    TRY(arena_printf(&out->arena, &fix, "set DOCKER_API_VERSION=1.%u%s",
                     old ? policy->api_min : policy->api_max,
                     known ? "" : "; no policy allows other versions"));
    TRY(violation_add(out, "api_version", RULE_LEVEL_DENY, text, fix));
    return known ? arena_printf(&out->arena, &(*added)->policy, "daemon: {api: {%s: \"1.%u\"}}",
                                old ? "min" : "max", minor)
                 : 0;
}

/* Where nothing is judged, and the file says nothing of versions, the engine says which it takes.
 */
static bool leaves_versions(const struct policy *policy)
{
    return policy_judges_nothing(policy) && policy->api_min == API_OLDEST_MINOR &&
           policy->api_max == API_NEWEST_MINOR;
}

static int decide_read_version(struct judgement *judgement, const struct policy_request *request,
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
    if (version->minor < API_USUAL_OLDEST_MINOR) {
        // An inspection below 1.21 lacks what rules judge.   Source: moby daemon/inspect.go.
        judgement->prefix = SLICE("/v1.24");
    }
    if ((version->minor >= policy->api_min && version->minor <= policy->api_max) ||
        leaves_versions(policy)) {
        return STEP_ON;
    }
    if (arena_printf(&out->arena, &text,
                     "API version 1.%u is not supported (supported: 1.%u to 1.%u)", version->minor,
                     policy->api_min, policy->api_max) < 0) {
        return -ENOMEM;
    }
    TRY(version_object(policy, version->minor, text, out));
    TRY(refuse_by_rules(policy, request, 403, out));
    return STEP_DECIDED;
}

static int bad_version(struct judgement *judgement, const struct policy_request *request,
                       struct decision *out)
{
    // Podman's own API has versions of its own ("/v5.4.0").
    if (policy_judges_nothing(judgement->policy) || is_libpod(judgement->path)) {
        return unknown_route(judgement, request, out);
    }
    return malformed(judgement, request, 400, "api_version",
                     "the API version in the path must have the form v1.41", out);
}

/*
 * `docker inspect alpine:3.20` asks for a container of that name first, and goes on to images only
 * after a 404.
 */
static int bad_name(struct judgement *judgement, const struct policy_request *request,
                    struct decision *out)
{
    if (policy_judges_nothing(judgement->policy)) {
        judgement->raw_target = request->target; // the engine says what it thinks of it
        return STEP_ON;
    }
    return malformed(judgement, request, slice_eq(request->method, SLICE("GET")) ? 404 : 400,
                     "target", "the path has an invalid object name", out);
}

/*
 * The name of a link: dockerd alone has them. Podman's routes take one segment there, and others
 * than ours might fit. A link is removed by its name, which cannot be pinned to an id.
 */
static int read_link(struct judgement *judgement, const struct policy_request *request,
                     struct decision *out)
{
    struct slice link = query_value(judgement->query, SLICE("link"));

    if (request->engine.kind != ENGINE_DOCKERD) {
        return bad_name(judgement, request, out);
    }
    judgement->unlinks =
        judgement->match.route->operation == OP_CONTAINERS_REMOVE && query_flag(link);
    if (!judgement->unlinks || !judgement->policy->scope.on) {
        return STEP_ON;
    }
    return violation_add(
        out, "scope", judgement->policy->mode,
        SLICE("a link is removed by its name, which may belong to another container by then"),
        SLICE("remove the container that has the link, and recreate it without it; no "
              "policy with a scope allows it"));
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

static enum decision_refusal where_to_refuse(const struct route *route, struct slice upgrade)
{
    if (route->connection != CONNECTION_H2C || !names_h2c(upgrade)) {
        return DECISION_REFUSE_PLAIN;
    }
    return route->operation == OP_SESSION_GRPC ? DECISION_REFUSE_GRPC : DECISION_REFUSE_PLAIN;
}

static int read_route(struct judgement *judgement, const struct policy_request *request,
                      struct decision *out)
{
    int step = STEP_ON;

    if (judgement->raw_target.len > 0) {
        return unknown_route(judgement, request, out);
    }
    switch (route_find(request->method, judgement->path, &judgement->match)) {
    case ROUTE_UNKNOWN:
        return unknown_route(judgement, request, out);
    case ROUTE_BAD_VERSION:
        return bad_version(judgement, request, out);
    case ROUTE_BAD_NAME:
        step = bad_name(judgement, request, out);
        break;
    case ROUTE_FOUND:
        step = judgement->match.by_link ? read_link(judgement, request, out) : STEP_ON;
        out->refusal = where_to_refuse(judgement->match.route, request->upgrade);
        break;
    }
    return step == STEP_ON ? decide_read_version(judgement, request, out) : step;
}

/* Archives may take their time to begin, but then nobody waits for more to happen. */
static bool is_finite(const struct route *route)
{
    enum operation operation = route->operation;

    return route->connection == CONNECTION_PLAIN || operation == OP_CONTAINERS_FILES_READ ||
           operation == OP_CONTAINERS_EXPORT || operation == OP_IMAGES_SAVE;
}

/*
 * Of a route of which nothing is known: as long as it lasts, and a tunnel if the engine makes one.
 * Podman's remote client starts an exec by POST without asking for an upgrade.
 */
static enum decision_connection unknown_connection(const struct policy_request *request)
{
    if (request->upgrade.len > 0) {
        return DECISION_UPGRADE;
    }
    return slice_eq(request->method, SLICE("POST")) ? DECISION_HIJACK : DECISION_STREAM;
}

/* What becomes of the connection. h2c carries the whole API again, judged by nobody. */
static int decide_connection(const struct judgement *judgement,
                             const struct policy_request *request, struct decision *out)
{
    const struct route *route = judgement->match.route;
    enum connection_kind kind = route ? route->connection : CONNECTION_STREAM;

    out->finite_answer = route && is_finite(route);
    switch (kind) {
    case CONNECTION_PLAIN:
        break;
    case CONNECTION_STREAM:
        out->connection = route ? DECISION_STREAM : unknown_connection(request);
        break;
    case CONNECTION_HIJACK:
        out->connection = DECISION_HIJACK;
        break;
    case CONNECTION_WEBSOCKET:
    case CONNECTION_H2C:
        out->connection = DECISION_UPGRADE;
        break;
    }
    // Where no tunnel may begin the request goes on without its Upgrade, as HTTP/1.1.
    if (kind == CONNECTION_H2C || out->connection == DECISION_PLAIN ||
        out->connection == DECISION_STREAM || !names_h2c(request->upgrade)) {
        return STEP_ON;
    }
    return violation_add_unknown(
        judgement, "operation",
        SLICE("an upgrade to h2c is not allowed: what follows could not be inspected"),
        "send the request without the upgrade", out);
}

static int decide_head(const struct policy *policy, const struct policy_request *request,
                       struct decision *out)
{
    struct judgement *judgement = NULL;
    int step = decide_start(policy, request, &judgement, out);

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
        step = whole_names_of_head(judgement, out);
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

void policy_decide_held(const struct policy *policy, const struct policy_request *request,
                        bool waited, struct decision *out)
{
    holds_taken(out->judgement, waited, out);
    policy_decide_facts(policy, request, out);
}
