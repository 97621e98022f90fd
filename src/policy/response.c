/*
 * What of the engine's answers is changed: warnings of rules are shown to who
 * creates a container, and no answer names an API version that isn't understood here.
 */
#include <errno.h>
#include <stdio.h>

#include "base/parse.h"
#include "base/try.h"
#include "http/head_writer.h"
#include "policy/internal.h"

#include "base/banned.h"

enum { RESPONSE_BYTES = 12 * 1024 * 1024 }; // an answer may grow by its escapes

/* Whether `version` ("1.56") is above 1.max. */
static bool is_above(struct slice version, unsigned max)
{
    struct slice major = {0};
    struct slice minor = {0};
    uint64_t number = 0;

    slice_cut(version, '.', &major, &minor);
    return slice_eq(major, SLICE("1")) && parse_u64(minor, &number) == 0 && number > max;
}

struct slice policy_response_api(const struct decision *decision, struct slice version)
{
    const struct judgement *judgement = decision->judgement;

    return judgement && is_above(version, judgement->policy->api_max)
               ? slice_from(judgement->api_max)
               : version;
}

static bool is_ours(struct slice name)
{
    return header_is_hop_by_hop(header_identify(name)) || slice_eq_nocase(name, SLICE("Host")) ||
           slice_eq_nocase(name, SLICE("Content-Type")) ||
           slice_eq_nocase(name, SLICE("Content-Encoding")) ||
           slice_eq_nocase(name, SLICE("Expect"));
}

bool policy_forwards_header(const struct decision *decision, struct slice name)
{
    const struct judgement *judgement = decision->judgement;
    const struct route *route = judgement ? judgement->match.route : NULL;
    unsigned headers = route ? route->headers : 0;

    if (!judgement || is_ours(name)) {
        return false;
    }
    if (slice_eq_nocase(name, SLICE("Accept-Encoding"))) {
        return !decision->rewrites_response; // what is rewritten must come readable
    }
    if (slice_eq_nocase(name, SLICE("User-Agent")) || slice_eq_nocase(name, SLICE("Accept"))) {
        return true;
    }
    if (slice_eq_nocase(name, SLICE("X-Registry-Auth"))) {
        return (headers & ROUTE_HEADERS_REGISTRY_AUTH) != 0 || !route;
    }
    if (slice_eq_nocase(name, SLICE("X-Registry-Config"))) {
        return (headers & ROUTE_HEADERS_REGISTRY_CONFIG) != 0 || !route;
    }
    if (slice_eq_nocase(slice_head(name, sizeof("X-Docker-Expose-Session") - 1),
                        SLICE("X-Docker-Expose-Session"))) {
        return (headers & ROUTE_HEADERS_SESSION) != 0 || !route;
    }
    // WebSocket's own fields, without which attach/ws cannot shake hands.
    if (decision->connection == DECISION_UPGRADE &&
        slice_eq_nocase(slice_head(name, sizeof("Sec-WebSocket-") - 1), SLICE("Sec-WebSocket-"))) {
        return true;
    }
    return judgement->policy->base == BASE_OPEN;
}

static int add_warning(struct decision *decision, struct json *warnings,
                       const struct violation *violation)
{
    const struct judgement *judgement = decision->judgement;
    struct slice text = {0};

    if (arena_printf(&decision->arena, &text, "policy \"%s\": %s: %.*s",
                     policy_name(judgement->policy), violation->rule,
                     SLICE_ARGS(violation->text)) < 0) {
        return -ENOMEM;
    }
    struct json *warning = json_new_string(&decision->arena, text);

    TRY_ALLOC(warning);
    json_append(warnings, warning);
    return 0;
}

static int add_warnings(struct decision *decision, struct json *tree)
{
    struct json *warnings = json_member(tree, SLICE("Warnings"));

    if (!warnings || warnings->type != JSON_ARRAY) {
        warnings = json_new(&decision->arena, JSON_ARRAY);
        TRY_ALLOC(warnings);
        json_set(tree, SLICE("Warnings"), warnings);
    }
    for (const struct violation *v = decision->violations; v; v = v->next) {
        if (v->level == RULE_LEVEL_WARN && add_warning(decision, warnings, v) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* ApiVersion stands at the top and again in Components[].Details. */
static int cap_version(struct decision *decision, struct json *object)
{
    const struct judgement *judgement = decision->judgement;
    const struct json *version = json_member(object, SLICE("ApiVersion"));

    if (!version || version->type != JSON_STRING ||
        !is_above(version->text, judgement->policy->api_max)) {
        return 0;
    }
    struct json *capped = json_new_string(&decision->arena, slice_from(judgement->api_max));

    TRY_ALLOC(capped);
    json_set(object, SLICE("ApiVersion"), capped);
    return 0;
}

static int cap_versions(struct decision *decision, struct json *tree)
{
    const struct json *components = json_member(tree, SLICE("Components"));
    int err = cap_version(decision, tree);

    if (!components || components->type != JSON_ARRAY) {
        return err;
    }
    for (struct json *part = components->child; part && err == 0; part = part->next) {
        struct json *details = json_member(part, SLICE("Details"));

        err = details ? cap_version(decision, details) : 0;
    }
    return err;
}

static int rewrite(struct decision *decision, struct json *tree, struct slice *out)
{
    CLEANUP(buf_deinit) struct buf text = {0};
    const struct judgement *judgement = decision->judgement;
    int err = 0;

    if (redact_wanted(judgement)) {
        err = redact_response(judgement, &decision->arena, tree);
    } else {
        err = judgement->operation == OP_SYSTEM_VERSION ? cap_versions(decision, tree)
                                                        : add_warnings(decision, tree);
    }
    buf_init(&text, RESPONSE_BYTES);
    if (err == 0) {
        err = json_write(&text, tree);
    }
    if (err == 0) {
        err = buf_append_byte(&text, '\n'); // as the engine ends its answers
    }
    if (err < 0) {
        return err == -EBADMSG ? err : -ENOMEM;
    }
    return arena_copy(&decision->arena, buf_slice(&text), out);
}

int policy_rewrite_response(struct decision *decision, struct slice body, struct slice *out)
{
    struct json_problem why = {0};
    struct json *tree = NULL;
    int err = json_read_answer(body, &decision->arena, &tree, &why);

    // What is to be hidden is not passed on unread.
    if (redact_wanted(decision->judgement)) {
        return err < 0 ? err : rewrite(decision, tree, out);
    }
    if (err == -EBADMSG || (err == 0 && tree->type != JSON_OBJECT)) {
        *out = body;
        return 0;
    }
    return err < 0 ? err : rewrite(decision, tree, out);
}
