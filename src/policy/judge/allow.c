/*
 * What is forwarded of an allowed request: what was judged, written anew, with names and links
 * replaced by what they meant then.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/try.h"
#include "docker/tables/service_spec.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/registry.h"
#include "policy/response/response.h"
#include "policy/rules/rule.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

/* A canonical body can be longer than what was sent: escapes, defaults. */
enum {
    FORWARD_GROWTH = 8,
    FORWARD_EXTRA_BYTES = 64 * 1024,
    USUAL_BODY_BYTES = 4 * 1024,
    COPIED_BODY_BYTES = 64 * 1024
};

/* The image's user goes into the request: the tag may mean another image by the time of the create.
 */
static int pin_user(struct judgement *judgement, const struct known_facts *facts)
{
    if (!judgement_enforces(judgement, NEED_IMAGE_USER) || !facts->image ||
        facts->image->user.len == 0 || judgement->container.user.len > 0) {
        return 0;
    }
    return container_spec_set_user(&judgement->container, facts->image->user);
}

/* By the time of the create the name may be another network's. */
static int pin_networks(struct judgement *judgement, const struct known_facts *facts)
{
    struct container_spec *spec = &judgement->container;

    for (size_t i = 0; i < spec->endpoint_count; i++) {
        const struct known_network *known = facts->networks;

        while (known && !slice_eq(known->asked, spec->endpoints[i].name)) {
            known = known->next;
        }
        if (known && service_spec_set_network(spec, i, known->answer.id) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

void drop_values(struct judgement *judgement, struct decision *out)
{
    arena_deinit(&out->document);
    out->facts = NULL;
    judgement->tree = NULL;
    judgement->existing = NULL;
    judgement->peers = NULL;
    judgement->names = NULL;
    judgement->images = NULL;
    judgement->image_count = 0;
    if (judgement->read == ROUTE_BODY_NONE && !judgement->exec_known) {
        return; // nothing was read into the others
    }
    judgement->container = (struct container_spec){0};
    judgement->exec = (struct exec_spec){0};
    judgement->volume = (struct volume_spec){0};
    judgement->network = (struct network_spec){0};
    judgement->connect = (struct connect_spec){0};
    judgement->swarm = (struct swarm_spec){0};
    judgement->plugin = (struct plugin_spec){0};
}

/* A large one is not copied, a small one kept in no more than it needs. */
static int keep_written(struct decision *out, struct buf *body)
{
    if (body->len <= COPIED_BODY_BYTES) {
        arena_expect(&out->document, arena_rounded(body->len + 1));
        return arena_copy(&out->document, buf_slice(body), &out->forward_body);
    }
    char *exact = realloc(body->data, body->len);

    body->data = exact ? exact : body->data;
    arena_expect(&out->document, 1);
    TRY(arena_adopt(&out->document, body->data, body->len));
    out->forward_body = buf_slice(body);
    buf_init(body, 0);
    return 0;
}

static int write_body(struct judgement *judgement, struct decision *out)
{
    CLEANUP(buf_deinit) struct buf body = {0};
    bool container =
        judgement_makes_container(judgement) || judgement->read == ROUTE_BODY_CONTAINER_UPDATE;

    buf_init(&body, judgement->policy->limits.body_bytes * FORWARD_GROWTH + FORWARD_EXTRA_BYTES);
    int err = buf_reserve(&body, USUAL_BODY_BYTES + judgement->body_bytes);

    if (err < 0) {
        return -ENOMEM;
    }
    err = container ? container_spec_write(&body, &judgement->container)
                    : json_write(&body, judgement->tree);

    // Nobody looks at the values any more: what was written of them takes their place.
    drop_values(judgement, out);
    if (err == 0) {
        err = keep_written(out, &body);
    }
    if (err < 0) {
        return -ENOMEM;
    }
    out->body = DECISION_BODY_WHOLE;
    out->forward_content_type = SLICE("application/json");
    return 0;
}

static bool warns(const struct decision *out)
{
    for (const struct violation *v = out->violations; v; v = v->next) {
        if (v->level == RULE_LEVEL_WARN) {
            return true;
        }
    }
    return false;
}

/* What was judged goes into what is sent: answers, ids and labels. Answers enum step. */
static int allow_write(struct judgement *judgement, const struct policy_request *request,
                       const struct known_facts *facts, struct decision *out)
{
    if (judgement_makes_container(judgement)) {
        TRY(pin_user(judgement, facts));
        TRY(paths_pin(judgement, out));
    }
    if (judgement->read == ROUTE_BODY_SERVICE) {
        TRY(pin_networks(judgement, facts));
    }
    TRY(scope_write(judgement, out));
    if (judgement_makes_container(judgement)) {
        TRY(scope_write_foreign(judgement, &out->document, judgement->container.config));
        TRY(maker_write(judgement, out));
    }
    TRY(pin_names(judgement, facts, out));
    int step = decide_written(judgement, request, out);

    if (step != STEP_ON) {
        return step;
    }
    if (judgement->read != ROUTE_BODY_NONE) {
        return write_body(judgement, out);
    }
    drop_values(judgement, out);
    if (judgement->keeps) {
        out->body = DECISION_BODY_WHOLE;
        out->forward_body = judgement->kept;
    }
    return 0;
}

int judgement_allow(struct judgement *judgement, const struct policy_request *request,
                    const struct known_facts *facts, struct decision *out)
{
    int step = allow_write(judgement, request, facts, out);

    if (step != STEP_ON) {
        return step < 0 ? step : 0;
    }
    if (judgement->operation == OP_VOLUMES_REMOVE) {
        TRY(arena_copy(&out->arena, judgement->match.name, &out->removes));
    }
    // /version names the API version that clients go on with: no more than is understood here.
    out->rewrites_response = judgement->operation == OP_SYSTEM_VERSION ||
                             (judgement_makes_container(judgement) && warns(out)) ||
                             redact_wanted(judgement) ||
                             scope_filters_stream(judgement->policy, judgement->operation);
    out->verdict = VERDICT_ALLOW;
    out->status = 0;
    return 0;
}
