/*
 * What bodies name: networks to join, containers to share with, volumes to mount. Used
 * objects are refused with a reason (403) and not hidden (404): on a 404 the docker CLI
 * would pull the image and try again.
 */
#include <errno.h>

#include "base/try.h"
#include "docker/tables/fields.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

static const struct slice container_prefix = SLICE_INIT("container:");

static bool is_builtin_mode(struct slice mode)
{
    return mode.len == 0 || scope_is_builtin(mode);
}

/* "container:x" */
static int refer_container_mode(struct judgement *judgement, struct decision *out,
                                const char *field, struct slice *place)
{
    if (!slice_starts_with(*place, container_prefix)) {
        return 0;
    }
    return SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER,
                       .name = slice_from_index(*place, container_prefix.len), .field = field,
                       .pin = place, .before = container_prefix);
}

int scope_refer_network_mode(struct judgement *judgement, struct decision *out, const char *field,
                             struct slice *place, bool pins_network)
{
    if (is_builtin_mode(*place)) {
        return 0;
    }
    if (slice_starts_with(*place, container_prefix)) {
        return refer_container_mode(judgement, out, field, place);
    }
    return SCOPE_REFER(judgement, out, .kind = FACT_NETWORK, .name = *place, .field = field,
                       .pin = pins_network ? place : NULL);
}

static int refer_modes(struct judgement *judgement, struct decision *out)
{
    static const struct {
        struct slice name;
        const char *field;
    } modes[] = {
        {SLICE_INIT("PidMode"), "HostConfig.PidMode"},
        {SLICE_INIT("IpcMode"), "HostConfig.IpcMode"},
        {SLICE_INIT("UTSMode"), "HostConfig.UTSMode"},
        {SLICE_INIT("UsernsMode"), "HostConfig.UsernsMode"},
        {SLICE_INIT("CgroupnsMode"), "HostConfig.CgroupnsMode"},
        {SLICE_INIT("Cgroup"), "HostConfig.Cgroup"},
    };
    struct json *host_config = judgement->container.host_config;

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct json *node = json_member(host_config, modes[i].name);

        if (node) {
            TRY(refer_container_mode(judgement, out, modes[i].field, &node->text));
        }
    }
    struct json *network = json_member(host_config, SLICE("NetworkMode"));

    if (network) {
        // Not pinned: the names of networks are what a container's inspection shows. A start looks
        // again, since the engine does.
        TRY(scope_refer_network_mode(judgement, out, "HostConfig.NetworkMode", &network->text,
                                     false));
    }
    return 0;
}

/* "/name" and "name" are one container. */
static struct slice scope_create_without_slash(struct slice name)
{
    return slice_starts_with(name, SLICE("/")) ? slice_from_index(name, 1) : name;
}

/* "name", "name:mode" */
static int refer_volumes_from(struct judgement *judgement, struct decision *out)
{
    struct json *list = json_member(judgement->container.host_config, SLICE("VolumesFrom"));

    for (struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        size_t colon = slice_find(entry->text, ':');

        TRY(SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER,
                        .name = scope_create_without_slash(slice_head(entry->text, colon)),
                        .field = "HostConfig.VolumesFrom", .pin = &entry->text,
                        .after = slice_from_index(entry->text, colon)));
    }
    return 0;
}

/* "name:alias", or "name", which is its own alias. */
static int refer_links(struct judgement *judgement, struct decision *out, struct json *list,
                       const char *field)
{
    for (struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        size_t colon = slice_find(entry->text, ':');

        // Not pinned: in a network of its own a link is an alias for the name, and no more.
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER,
                        .name = scope_create_without_slash(slice_head(entry->text, colon)),
                        .field = field));
    }
    return 0;
}

/*
 * ":alias". An inspection writes "/name:/web/alias", of which engines take what is behind the last
 * slash, but only where the name has one, too.   Source: moby opts/opts.go, ParseLink.
 */
static int link_alias(struct arena *arena, struct slice link, struct slice name, struct slice *out)
{
    struct slice alias = slice_from_index(link, slice_find(link, ':'));

    if (alias.len == 0) {
        return arena_printf(arena, out, ":%.*s", SLICE_ARGS(name));
    }
    for (size_t i = alias.len; i > 0 && slice_starts_with(link, SLICE("/")); i--) {
        if (alias.ptr[i - 1] == '/') {
            return arena_printf(arena, out, ":%.*s", SLICE_ARGS(slice_from_index(alias, i)));
        }
    }
    *out = alias;
    return 0;
}

/* On the default bridge, where a link hands out the container's address and its variables. */
static int refer_bridge_links(struct judgement *judgement, struct decision *out)
{
    struct json *list = json_member(judgement->container.host_config, SLICE("Links"));

    for (struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct slice name =
            scope_create_without_slash(slice_head(entry->text, slice_find(entry->text, ':')));
        struct slice alias = {0};

        TRY(link_alias(&out->arena, entry->text, name, &alias));
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER, .name = name,
                        .field = "HostConfig.Links", .pin = &entry->text, .after = alias));
    }
    return 0;
}

static int refer_endpoints(struct judgement *judgement, struct decision *out)
{
    const struct json *networking =
        json_member(judgement->container.tree, SLICE("NetworkingConfig"));
    const struct json *endpoints = json_member(networking, SLICE("EndpointsConfig"));

    for (struct json *endpoint = endpoints ? endpoints->child : NULL; endpoint;
         endpoint = endpoint->next) {
        if (!is_builtin_mode(endpoint->name)) {
            TRY(SCOPE_REFER(judgement, out, .kind = FACT_NETWORK, .name = endpoint->name,
                            .field = "NetworkingConfig"));
        }
        TRY(refer_links(judgement, out, json_member(endpoint, SLICE("Links")), "NetworkingConfig"));
    }
    return 0;
}

/*
 * The engine makes a missing one while it makes the container. For a service that may be much
 * later, and by then it may have been made by somebody else. Podman leaves out the labels of an
 * entry of Mounts, so what it makes would be nobody's, and its name taken (tried with 5.4.2).
 */
static int refer_volume(struct judgement *judgement, struct decision *out,
                        const struct mount_spec *mount)
{
    const char *because = NULL;

    if (judgement->container.service) {
        because = "is not in the scope, and volumes of services must be";
    } else if (mount->relabel) { // what becomes an entry of Mounts cannot be relabelled
        because = "is not in the scope, and volumes to be relabelled must be";
    } else if (judgement->engine.kind == ENGINE_PODMAN &&
               judgement->policy->scope.labels.count > 0) {
        because = "is not in the scope, and Podman labels no volumes that it makes for a container";
    }
    return SCOPE_REFER(judgement, out, .kind = FACT_VOLUME, .name = mount->source,
                       .field = mount->field.ptr, .may_be_missing = !because, .because = because);
}

static int refer_mount(struct judgement *judgement, struct decision *out,
                       const struct mount_spec *mount)
{
    switch (mount->kind) {
    case MOUNT_VOLUME:
        return refer_volume(judgement, out, mount);
    case MOUNT_UNKNOWN:
    case MOUNT_CLUSTER:
    case MOUNT_NPIPE:
        return scope_object(judgement, out, "use a named volume",
                            "%.*s: this kind of mount cannot be restricted to a scope",
                            SLICE_ARGS(mount->field));
    case MOUNT_BIND: // of the host: for the rules
    case MOUNT_ANONYMOUS:
    case MOUNT_TMPFS:
    case MOUNT_IMAGE:
        break;
    }
    return 0;
}

/* For the volumes that the engine will make because the image says so. */
static int scope_create_ask_image(struct judgement *judgement, struct decision *out)
{
    if (judgement->policy->scope.labels.count == 0) {
        return 0; // they get no labels
    }
    int err = fact_ask_for_scope(judgement, FACT_IMAGE, judgement->container.image, out);

    return err == -EINVAL ? 0 : err;
}

int scope_refer_volumes(struct judgement *judgement, struct decision *out)
{
    const struct container_spec *spec = &judgement->container;
    int err = scope_create_ask_image(judgement, out);

    for (size_t i = 0; i < spec->mounts.count && err == 0; i++) {
        err = refer_mount(judgement, out, &spec->mounts.item[i]);
    }
    return err;
}

int scope_collect_container(struct judgement *judgement, struct decision *out)
{
    TRY(refer_modes(judgement, out));
    TRY(refer_volumes_from(judgement, out));
    TRY(refer_bridge_links(judgement, out));
    TRY(refer_endpoints(judgement, out));
    return scope_refer_volumes(judgement, out);
}

/*
 * The engine looks for these by name when it joins a swarm, and puts every container of the swarm's
 * into the one that it finds.   Source: moby libnetwork/default_gateway.go, daemon/network.go.
 */
static bool is_engines_network(struct slice name)
{
    return slice_eq(name, SLICE("docker_gwbridge")) || slice_eq(name, SLICE("ingress"));
}

int scope_collect_network(struct judgement *judgement, struct decision *out)
{
    const struct network_spec *network = &judgement->network;

    if (is_engines_network(network->name)) {
        return scope_object(judgement, out, "give it another name",
                            "Name: the engine takes the network of that name for its own, and "
                            "puts everybody's containers into it");
    }

    if (network->config_from.len > 0) {
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_NETWORK, .name = network->config_from,
                        .field = "ConfigFrom"));
    }
    // Some engines make a second network of that name, and then neither is found by it.
    if (network->name.len > 0) {
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_NETWORK, .name = network->name,
                        .created = true));
    }
    return 0;
}

/* A create of a volume that exists answers with that one. */
int scope_collect_volume(struct judgement *judgement, struct decision *out)
{
    if (judgement->volume.cluster) {
        return scope_object(judgement, out, "remove ClusterVolumeSpec",
                            "ClusterVolumeSpec: a cluster volume cannot be restricted to a scope");
    }
    if (judgement->volume.name.len == 0) {
        return 0;
    }
    return SCOPE_REFER(judgement, out, .kind = FACT_VOLUME, .name = judgement->volume.name,
                       .created = true);
}

int scope_collect_connect(struct judgement *judgement, struct decision *out)
{
    struct json *container = json_member(judgement->tree, SLICE("Container"));
    const struct json *endpoint = json_member(judgement->tree, SLICE("EndpointConfig"));

    if (container && container->text.len > 0) {
        TRY(SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER, .name = container->text,
                        .pin = &container->text));
    }
    return refer_links(judgement, out, json_member(endpoint, SLICE("Links")),
                       "EndpointConfig.Links");
}
