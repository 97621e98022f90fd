/*
 * What a request leaves open and the engine knows: the user of an image, how an
 * existing volume was made. Asked right before the verdict and never remembered.
 * Where paths of the host lead is facts_path.c's.
 */
#include <errno.h>

#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

/* Names come first in the engine, then ids and their beginnings: those are looked up. */
static int ask_network(const struct judgement *judgement, struct slice name, struct decision *out)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return 0;
        }
    }
    int err = name.len > 0 ? fact_ask(judgement, FACT_NETWORK, name, out) : 0;

    return err == -EINVAL ? 0 : err;
}

/* What the others are isn't known. */
static int too_many_networks(const struct judgement *judgement, struct decision *out)
{
    return needs_object(judgement, NEED_NETWORKS, "the container has more than 16 networks",
                        "connect it to the other networks one by one", out);
}

/* Clients of swarm send ids: each name is asked about, and what isn't found is refused. */
static int ask_swarm_networks(const struct judgement *judgement, struct decision *out)
{
    const struct container_spec *spec = &judgement->container;
    int err = 0;

    if (spec->endpoint_count > POLICY_MAX_PEERS) {
        return too_many_networks(judgement, out);
    }
    for (size_t i = 0; i < spec->endpoint_count && err == 0; i++) {
        err = fact_ask(judgement, FACT_SWARM_NETWORK, spec->endpoints[i].name, out);
        err = err == -EINVAL ? 0 : err;
    }
    return err;
}

/* Of containers that exist: the one that is used, and those that are joined. */
static int ask_networks_of_existing(const struct judgement *judgement, struct decision *out)
{
    int err = judgement->existing
                  ? ask_network(judgement, judgement->existing->spec.network_mode, out)
                  : 0;

    for (const struct peer *peer = judgement->peers; peer && err == 0; peer = peer->next) {
        err = peer->answer ? ask_network(judgement, peer->answer->spec.network_mode, out) : 0;
    }
    return err;
}

static int ask_networks(const struct judgement *judgement, struct decision *out)
{
    const struct container_spec *spec = &judgement->container;
    int err = 0;

    if (!judgement_needs(judgement, NEED_NETWORKS)) {
        return 0;
    }
    err = ask_networks_of_existing(judgement, out);
    if (err < 0) {
        return err;
    }
    if (judgement->operation == OP_NETWORKS_CONNECT) {
        return ask_network(judgement, judgement->match.name, out);
    }
    if (judgement->operation == OP_BUILD_CLASSIC || judgement->operation == OP_BUILD_BUILDKIT) {
        return ask_network(judgement, query_value(judgement->query, SLICE("networkmode")), out);
    }
    if (judgement->read == ROUTE_BODY_SERVICE) {
        return ask_swarm_networks(judgement, out);
    }
    if (judgement->read != ROUTE_BODY_CONTAINER_CREATE) {
        return 0;
    }
    if (spec->endpoint_count > POLICY_MAX_PEERS) {
        return too_many_networks(judgement, out);
    }
    err = ask_network(judgement, spec->network_mode, out);
    for (size_t i = 0; i < spec->endpoint_count && err == 0; i++) {
        err = ask_network(judgement, spec->endpoints[i].name, out);
    }
    return err;
}

int facts_collect(struct judgement *judgement, const struct policy_request *request,
                  struct decision *out)
{
    int err = facts_of_existing(judgement, out);

    if (err == 0 && judgement_makes_container(judgement)) {
        err = facts_ask_volumes(judgement, &judgement->container, out);
    }
    if (err == 0) {
        err = facts_of_peers(judgement, out);
    }
    if (err == 0) {
        err = images_ask(judgement, out);
    }
    if (err == 0) {
        err = ask_networks(judgement, out);
    }
    if (err == 0) {
        err = names_ask(judgement, out);
    }
    if (err == 0) {
        err = trees_ask_users(judgement, request, out);
    }
    return err < 0 ? err : paths_collect(judgement, out);
}

static int read_volume(struct decision *decision, const struct fact *fact,
                       struct known_volume **out)
{
    struct known_volume *volume = arena_alloc(&decision->document, sizeof(*volume));

    if (!volume) {
        return -ENOMEM;
    }
    volume->name = fact->name;
    if (fact->status == 404) {
        volume->answer.driver = SLICE("local"); // the create will make it, with nothing special
    } else {
        int err = fact->status == 200
                      ? volume_answer_read(fact->body, &decision->document, &volume->answer)
                      : -EBADMSG;

        if (err < 0) {
            return err;
        }
    }
    *out = volume;
    return 0;
}

static int facts_read_image(struct decision *decision, const struct fact *fact,
                            struct known_facts *out)
{
    struct known_image *image = arena_alloc(&decision->document, sizeof(*image));

    if (!image) {
        return -ENOMEM;
    }
    int err = fact->status == 200
                  ? image_answer_read(fact->body, &decision->document, &image->answer)
                  : -EBADMSG;

    if (err < 0) {
        return err;
    }
    image->asked = fact->name;
    image->next = out->images;
    out->images = image;
    return 0;
}

static int read_network(struct decision *decision, const struct fact *fact, struct known_facts *out)
{
    struct known_network *network = arena_alloc(&decision->document, sizeof(*network));

    if (!network) {
        return -ENOMEM;
    }
    *network = (struct known_network){.asked = fact->name, .next = out->networks};
    if (fact->status == 404) {
        return 0; // the engine will say so
    }
    int err = fact->status == 200
                  ? network_answer_read(fact->body, &decision->document, &network->answer)
                  : -EBADMSG;

    if (err == 0 && fact->kind == FACT_SWARM_NETWORK && network->answer.id.len == 0) {
        err = -EBADMSG; // it is what will be sent
    }

    if (err == 0) {
        out->networks = network;
    }
    return err;
}

/* What was asked for a scope alone isn't, nor what wasn't asked since the request is refused. */
static bool is_for_rules(const struct fact *fact)
{
    return !fact->scope && fact->status != 0;
}

int facts_read(struct decision *decision, struct known_facts *out)
{
    struct known_volume **tail = &out->volumes;
    int err = 0;

    for (const struct fact *fact = decision->facts; fact && err == 0; fact = fact->next) {
        if (!is_for_rules(fact)) {
            continue;
        }
        switch (fact->kind) {
        case FACT_CONTAINER:
        case FACT_EXEC:
            out->missing = fact->status == 404 ? fact : out->missing;
            break; // facts_collect() has read it
        case FACT_NETWORK:
        case FACT_SWARM_NETWORK:
            err = read_network(decision, fact, out);
            break;
        case FACT_IMAGE:
            if (fact->status == 404) {
                out->missing = fact;
                break;
            }
            err = facts_read_image(decision, fact, out);
            break;
        case FACT_VOLUME:
            err = read_volume(decision, fact, tail);
            tail = err < 0 ? tail : &(*tail)->next;
            break;
        case FACT_PATH:
        case FACT_SERVICE:
        case FACT_TASK:
        case FACT_SECRET:
        case FACT_CONFIG:
        case FACT_VOLUME_USERS:
        case FACT_INFO:
            break; // rule_path() finds the path, trees_show() these two; the others are of scopes
        }
    }
    return err;
}
