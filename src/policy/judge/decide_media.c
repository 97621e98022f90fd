/*
 * The Content-Type, and what becomes of the body. The engine takes parameters out of
 * form bodies on every route that doesn't insist on JSON, so these are refused
 * everywhere; and what is judged is sent with a type of ours.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/response/response.h"

#include "base/banned.h"

enum { SHORT_BODY_BYTES = 64 * 1024 };

/* "application/json" of "Application/JSON; charset=utf-8" (still to be compared without case). */
static struct slice media_type(const struct policy_request *request)
{
    struct slice type = {0};
    struct slice parameters = {0};

    slice_cut(request->content_type, ';', &type, &parameters);
    return slice_trim(type);
}

static bool starts_nocase(struct slice text, struct slice prefix)
{
    return slice_eq_nocase(slice_head(text, prefix.len), prefix);
}

static bool decide_media_is_form(struct slice type)
{
    return slice_eq_nocase(type, SLICE("application/x-www-form-urlencoded")) ||
           starts_nocase(type, SLICE("multipart/"));
}

static bool is_json(struct slice type)
{
    return type.len == 0 || slice_eq_nocase(type, SLICE("application/json"));
}

static int refuse_type(const struct judgement *judgement, const struct policy_request *request,
                       const char *sentence, struct decision *out)
{
    int err = refuse_malformed(judgement->policy, request, 400, "content_type", sentence, out);

    return err < 0 ? err : STEP_DECIDED;
}

/*
 * Answers enum step. dockerd ignores Content-Encoding and reads the plain bytes: judging either
 * reading would be a guess. Archives are judged by nobody, and unpacked by their first bytes
 * (docker-py's build(gzip=True) names the encoding of one).
 */
static int needs_body(const struct judgement *judgement, const struct policy_request *request,
                      struct decision *out)
{
    struct slice encoding = request->content_encoding;

    if (request->has_body && encoding.len > 0 && !slice_eq_nocase(encoding, SLICE("identity"))) {
        int err = refuse_malformed(judgement->policy, request, 415, "content_type",
                                   "Content-Encoding is not identity", out);

        return err < 0 ? err : STEP_DECIDED;
    }
    out->verdict = VERDICT_NEEDS_BODY;
    out->body_limit_bytes = judgement->policy->limits.body_bytes;
    return STEP_ON;
}

/*
 * Whatever the type: the engine looks at the first bytes, and clients say all kinds of things
 * (go-dockerclient "plain/text", curl -T nothing). What is sent carries ours.
 */
static void decide_tar(const struct judgement *judgement, const struct policy_request *request,
                       struct decision *out)
{
    // A pull has no body; images/create reads one for fromSrc=- only.
    bool used = judgement->match.route->operation != OP_IMAGES_PULL ||
                slice_eq(query_value(judgement->query, SLICE("fromSrc")), SLICE("-"));

    if (used && request->has_body) {
        out->body = DECISION_BODY_STREAM;
        out->forward_content_type = SLICE("application/x-tar");
    }
}

/*
 * The body is sent as it came, with its type. Archives and what is long go on as they come. The
 * rest is waited for: behind it a tunnel may begin, an engine that answers before it has read
 * everything would cost the client its connection, and chunks that are malformed can be answered
 * while nothing is sent.
 */
static int relay_body(struct judgement *judgement, const struct policy_request *request,
                      struct decision *out)
{
    bool tunnel = out->connection == DECISION_HIJACK || out->connection == DECISION_UPGRADE;
    bool is_long = request->content_length > SHORT_BODY_BYTES;

    judgement->relays = true;
    TRY(arena_copy(&out->arena, request->content_type, &out->forward_content_type));
    if (!request->has_body) {
        return STEP_ON;
    }
    if (!tunnel && (is_long || judgement->match.route->body == ROUTE_BODY_TAR)) {
        out->body = DECISION_BODY_STREAM;
        return STEP_ON;
    }
    out->verdict = VERDICT_NEEDS_BODY;
    out->body_limit_bytes = judgement->policy->limits.body_bytes;
    return STEP_ON;
}

/* A route of which nothing is known, let pass by an open policy. */
static int decide_unknown(const struct judgement *judgement, const struct policy_request *request,
                          struct decision *out)
{
    int err = 0;

    if (request->has_body && method_takes_no_body(request->method)) {
        return refuse_body(judgement, request, out);
    }
    if (request->has_body) {
        out->body = DECISION_BODY_STREAM;
        err = arena_copy(&out->arena, request->content_type, &out->forward_content_type);
    }
    return err;
}

int decide_media(struct judgement *judgement, const struct policy_request *request,
                 struct decision *out)
{
    const struct route *route = judgement->match.route;
    struct slice type = media_type(request);

    if (request->has_body && decide_media_is_form(type)) {
        return refuse_type(
            judgement, request,
            "form bodies are not accepted: the engine would read them as query parameters", out);
    }
    if (!route) {
        return decide_unknown(judgement, request, out);
    }
    // Behind a GET it may be a request to some reader, whatever the policy.
    if (!judgement_reads_body(judgement) &&
        !(request->has_body && method_takes_no_body(request->method))) {
        return relay_body(judgement, request, out);
    }
    switch (route->body) {
    case ROUTE_BODY_NONE:
        // Never sent on, but read: a start must not carry a HostConfig, not even in vain.
        return request->has_body ? needs_body(judgement, request, out) : STEP_ON;
    case ROUTE_BODY_TAR:
        decide_tar(judgement, request, out);
        return STEP_ON;
    case ROUTE_BODY_CONTAINER_CREATE:
    case ROUTE_BODY_CONTAINER_UPDATE:
    case ROUTE_BODY_EXEC_CREATE:
    case ROUTE_BODY_EXEC_START:
    case ROUTE_BODY_VOLUME_CREATE:
    case ROUTE_BODY_NETWORK_CREATE:
    case ROUTE_BODY_NETWORK_CONNECT:
    case ROUTE_BODY_NETWORK_DISCONNECT:
    case ROUTE_BODY_COMMIT:
    case ROUTE_BODY_AUTH:
    case ROUTE_BODY_SERVICE:
    case ROUTE_BODY_SWARM_INIT:
    case ROUTE_BODY_SWARM_JOIN:
    case ROUTE_BODY_SWARM_UPDATE:
    case ROUTE_BODY_SWARM_UNLOCK:
    case ROUTE_BODY_NODE:
    case ROUTE_BODY_SECRET:
    case ROUTE_BODY_CONFIG:
    case ROUTE_BODY_PLUGIN_PRIVILEGES:
    case ROUTE_BODY_PLUGIN_SETTINGS:
    case ROUTE_BODY_VOLUME_UPDATE:
    case ROUTE_BODY_CHECKPOINT:
        break;
    }
    if (request->has_body && !is_json(type)) {
        return refuse_type(judgement, request, "this route requires application/json", out);
    }
    return needs_body(judgement, request, out);
}
