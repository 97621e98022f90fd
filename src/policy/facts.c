/*
 * What a request leaves open and the engine knows: the user of an image, how an
 * existing volume was made. Asked right before the verdict and never remembered.
 * Where paths of the host lead is facts_path.c's.
 */
#include <errno.h>

#include "policy/internal.h"

#include "base/banned.h"

enum { FACT_TARGET_BYTES = 8192 };

/* `kind` and then the name, as one path that is clean and stays one. */
static int fact_target(const struct judgement *judgement, const char *before, struct slice name,
                       const char *after, struct decision *out, struct slice *target)
{
    CLEANUP(buf_deinit) struct buf written = {0};
    struct slice path = {0};
    struct slice clean = {0};
    int err = arena_printf(&out->arena, &path, "%.*s%s%.*s%s", SLICE_ARGS(judgement->prefix),
                           before, SLICE_ARGS(name), after);

    if (err == 0) {
        err = path_clean(&out->arena, path, &clean);
    }
    if (err < 0) {
        return err;
    }
    // "../containers/x/json#" would ask about something else: such a name is none.
    if (!slice_eq(path, clean)) {
        return -EINVAL;
    }
    buf_init(&written, FACT_TARGET_BYTES);
    err = target_write(&written, path, NULL);
    if (err == -ENOBUFS) {
        return -EINVAL;
    }
    return err < 0 ? err : arena_copy(&out->arena, buf_slice(&written), target);
}

int fact_add(struct decision *out, enum fact_kind kind, struct slice name, struct slice target)
{
    struct fact *fact = arena_alloc(&out->arena, sizeof(*fact));
    struct fact **tail = &out->facts;

    if (!fact) {
        return -ENOMEM;
    }
    *fact = (struct fact){.kind = kind, .name = name, .target = target};
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = fact;
    return 0;
}

/* Letters, digits and what references are made of: nothing that a path could trip over. */
static bool is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];

        if (c <= ' ' || c >= 127 || c == '?' || c == '#' || c == '%' || c == '\\') {
            return false;
        }
    }
    return name.len > 0 && name.len <= 1024;
}

static struct fact *find(const struct decision *decision, enum fact_kind kind, struct slice name)
{
    struct fact *fact = decision->facts;

    while (fact && (fact->kind != kind || !slice_eq(fact->name, name))) {
        fact = fact->next;
    }
    return fact;
}

const struct fact *fact_find(const struct decision *decision, enum fact_kind kind,
                             struct slice name)
{
    return find(decision, kind, name);
}

struct question {
    const char *before;
    const char *after;
    const char *query;
};

// clang-format off
static const struct question questions[] = {
    [FACT_IMAGE]     = {"/images/", "/json", ""},
    [FACT_VOLUME]    = {"/volumes/", "", ""},
    [FACT_CONTAINER] = {"/containers/", "/json", ""},
    [FACT_EXEC]      = {"/exec/", "/json", ""},
    [FACT_NETWORK]   = {"/networks/", "", ""},
    // Only with this scope does the engine look as it does for a service, and finds host.
    // Source: moby api/server/router/network, daemon/cluster/networks.go populateNetworkID.
    [FACT_SWARM_NETWORK] = {"/networks/", "", "?scope=swarm"},
    [FACT_SERVICE]   = {"/services/", "", ""},
    [FACT_TASK]      = {"/tasks/", "", ""},
    [FACT_SECRET]    = {"/secrets/", "", ""},
    [FACT_CONFIG]    = {"/configs/", "", ""},
};
// clang-format on

int fact_ask(const struct judgement *judgement, enum fact_kind kind, struct slice name,
             struct decision *out)
{
    struct fact *asked = find(out, kind, name);
    struct slice target = {0};

    if (asked) {
        asked->scope = false;
        // The rules want all of it: asked once more.
        asked->status = asked->owner_only ? 0 : asked->status;
        asked->owner_only = false;
        return 0;
    }
    // Only images have names with slashes in them, and containers that are named by a link.
    if (!is_plain_name(name) || (kind != FACT_IMAGE && slice_find(name, '/') < name.len &&
                                 !(kind == FACT_CONTAINER && link_name_is_valid(name)))) {
        return -EINVAL;
    }
    int err =
        fact_target(judgement, questions[kind].before, name, questions[kind].after, out, &target);

    if (err == 0) {
        err =
            arena_printf(&out->arena, &target, "%.*s%s", SLICE_ARGS(target), questions[kind].query);
    }

    return err < 0 ? err : fact_add(out, kind, name, target);
}

/* What takes an object away needs nothing else of it, and must not fail for what it says. */
static bool facts_want_owner(enum operation operation)
{
    switch (operation) {
    case OP_CONTAINERS_REMOVE:
    case OP_CONTAINERS_STOP:
    case OP_CONTAINERS_KILL:
    case OP_IMAGES_REMOVE:
    case OP_NETWORKS_REMOVE:
    case OP_VOLUMES_REMOVE:
    case OP_SERVICES_REMOVE:
    case OP_SECRETS_REMOVE:
    case OP_CONFIGS_REMOVE:
        return true;
    default:
        return false;
    }
}

int fact_ask_for_scope(const struct judgement *judgement, enum fact_kind kind, struct slice name,
                       struct decision *out)
{
    if (find(out, kind, name)) {
        return 0;
    }
    int err = fact_ask(judgement, kind, name, out);

    if (err == 0) {
        struct fact *asked = find(out, kind, name);

        asked->scope = true; // the rules may ask the same later
        asked->owner_only = facts_want_owner(judgement->operation) && kind != FACT_EXEC;
    }
    return err;
}

int facts_ask_volumes(const struct judgement *judgement, const struct container_spec *spec,
                      struct decision *out)
{
    size_t volumes = 0;

    if (!judgement_needs(judgement, NEED_VOLUMES)) {
        return 0;
    }
    for (size_t i = 0; i < spec->mounts.count && volumes < POLICY_MAX_VOLUME_FACTS; i++) {
        if (spec->mounts.item[i].kind == MOUNT_VOLUME) {
            // A name that can't be asked about: the rules will find no answer, and object.
            int err = fact_ask(judgement, FACT_VOLUME, spec->mounts.item[i].source, out);

            if (err < 0 && err != -EINVAL) {
                return err;
            }
            volumes++;
        }
    }
    return 0;
}

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
    return needs_object(judgement, NEED_NETWORKS, "it is to be in more than 16 networks",
                        "connect it to the others one by one", out);
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

bool facts_wanted(const struct decision *decision)
{
    for (const struct fact *fact = decision->facts; fact; fact = fact->next) {
        if (fact->status == 0) {
            return true;
        }
    }
    return false;
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

static int read_image(struct decision *decision, const struct fact *fact, struct known_facts *out)
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
            err = read_image(decision, fact, out);
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
