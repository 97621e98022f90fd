/*
 * What of the engine's answers is changed, beside what is hidden: warnings of rules are shown to
 * who creates a container, and no answer names an API version that isn't understood here.
 */
#include <errno.h>

#include "base/parse.h"
#include "base/try.h"
#include "http/head_writer.h"
#include "policy/lookup/judgement.h"
#include "policy/model/registry.h"
#include "policy/response/response.h"

#include "base/banned.h"

/* Whether `version` ("1.56") is above 1.max. */
static bool response_is_above(struct slice version, unsigned max)
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

    return judgement && response_is_above(version, judgement->policy->api_max)
               ? slice_from(judgement->api_max)
               : version;
}

static bool response_is_ours(struct slice name)
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

    if (!judgement || response_is_ours(name)) {
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

static int add_warning(const struct decision *decision, struct arena *arena, struct json *warnings,
                       const struct violation *violation)
{
    const struct judgement *judgement = decision->judgement;
    struct slice text = {0};

    if (arena_printf(arena, &text, "policy \"%s\": %s: %.*s", policy_name(judgement->policy),
                     violation->rule, SLICE_ARGS(violation->text)) < 0) {
        return -ENOMEM;
    }
    struct json *warning = json_new_string(arena, text);

    TRY_ALLOC(warning);
    json_append(warnings, warning);
    return 0;
}

static int add_warnings(const struct decision *decision, struct arena *arena, struct json *tree)
{
    struct json *warnings = json_member(tree, SLICE("Warnings"));

    if (!warnings || warnings->type != JSON_ARRAY) {
        warnings = json_new(arena, JSON_ARRAY);
        TRY_ALLOC(warnings);
        json_set(tree, SLICE("Warnings"), warnings);
    }
    for (const struct violation *v = decision->violations; v; v = v->next) {
        if (v->level == RULE_LEVEL_WARN && add_warning(decision, arena, warnings, v) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* ApiVersion stands at the top and again in Components[].Details. */
static int cap_version(const struct decision *decision, struct arena *arena, struct json *object)
{
    const struct judgement *judgement = decision->judgement;
    const struct json *version = json_member(object, SLICE("ApiVersion"));

    if (!version || version->type != JSON_STRING ||
        !response_is_above(version->text, judgement->policy->api_max)) {
        return 0;
    }
    struct json *capped = json_new_string(arena, slice_from(judgement->api_max));

    TRY_ALLOC(capped);
    json_set(object, SLICE("ApiVersion"), capped);
    return 0;
}

static int cap_versions(const struct decision *decision, struct arena *arena, struct json *tree)
{
    const struct json *components = json_member(tree, SLICE("Components"));
    int err = cap_version(decision, arena, tree);

    if (!components || components->type != JSON_ARRAY) {
        return err;
    }
    for (struct json *part = components->child; part && err == 0; part = part->next) {
        struct json *details = json_member(part, SLICE("Details"));

        err = details ? cap_version(decision, arena, details) : 0;
    }
    return err;
}

int response_edit(const struct decision *decision, struct arena *arena, struct json *tree)
{
    const struct judgement *judgement = decision->judgement;

    return judgement->operation == OP_SYSTEM_VERSION ? cap_versions(decision, arena, tree)
                                                     : add_warnings(decision, arena, tree);
}
