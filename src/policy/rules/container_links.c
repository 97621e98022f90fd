/*
 * A link on the default bridge copies the other container's environment, passwords and
 * all, into this one. Within a network of one's own it is only another name.
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

enum { NETWORKS };

static const struct rule_param params[] = {
    {.name = "networks",
     .type = PARAM_FLAG,
     .preset_restricted = "true",
     .doc = "takes links within a network of its own, which are names only"},
    {0}};

/*
 * Only in a network of its own the engine makes a name of a link. Those of "none" it keeps, for
 * when the container gets into the default bridge.   Source: moby daemon/container_operations.go.
 */
static bool is_legacy(const struct rule_input *in, struct slice network)
{
    static const struct slice engines[] = {SLICE_INIT("bridge"), SLICE_INIT("default"),
                                           SLICE_INIT("none"), SLICE_INIT("host")};
    struct slice name = rule_network_name(in, network);

    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        if (slice_eq(name, engines[i])) {
            return true;
        }
    }
    return name.len == 0 || slice_starts_with(name, SLICE("container:"));
}

static int judge_endpoint(struct rule_input *in, const struct network_endpoint *endpoint)
{
    bool legacy = is_legacy(in, endpoint->name);

    return endpoint->links && (legacy || !in->param[NETWORKS].flag)
               ? rule_object(in, "%.*s has Links", SLICE_ARGS(endpoint->field))
               : 0;
}

/* HostConfig.Links are of the default bridge, unless there is another network for them. */
static int judge_links(struct rule_input *in)
{
    const struct container_spec *spec = in->container;
    bool legacy = is_legacy(in, spec->network_mode);

    for (size_t i = 0; i < spec->links.count && (legacy || !in->param[NETWORKS].flag); i++) {
        if (rule_object(in, "HostConfig.Links[%zu] is %.*s", i,
                        SLICE_ARGS(rule_show(in, spec->links.item[i]))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int check(struct rule_input *in)
{
    if (in->connect) {
        struct network_endpoint endpoint = in->connect->endpoint;

        endpoint.name = in->connect_network;
        return judge_endpoint(in, &endpoint);
    }
    if (!in->container || in->update) {
        return 0;
    }
    int err = judge_links(in);

    for (size_t i = 0; i < in->container->endpoint_count && err == 0; i++) {
        err = judge_endpoint(in, &in->container->endpoints[i]);
    }
    return err;
}

const struct rule rule_container_links = {
    .id = "container_links",
    .summary = "Refuses links to other containers on the default bridge.",
    .fix = "put both into one network; names are resolved there",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = check,
};
