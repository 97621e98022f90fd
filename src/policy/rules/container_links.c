/*
 * A link on the default bridge copies the other container's environment, passwords and
 * all, into this one. Within a network of one's own it is only another name.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { NETWORKS };

static const struct rule_param params[] = {
    {.name = "networks",
     .type = PARAM_FLAG,
     .preset_restricted = "true",
     .doc = "allows links within a user-defined network, where they are only names"},
    {0}};

static const struct rule_remedy *container_links_remedy_for(bool legacy)
{
    static const struct rule_remedy of_bridge;
    static const struct rule_remedy of_network = {
        .change = {.kind = CHANGE_SET, .param = NETWORKS, .number = 1}};

    return legacy ? &of_bridge : &of_network;
}

static int container_links_judge_endpoint(struct rule_input *in,
                                          const struct network_endpoint *endpoint)
{
    struct slice network = rule_network_name(in, endpoint->name);
    bool legacy = slice_eq(network, SLICE("bridge")) || slice_eq(network, SLICE("default"));

    return endpoint->links && (legacy || !in->param[NETWORKS].flag)
               ? rule_object_remedy(in, container_links_remedy_for(legacy), "%.*s has Links",
                                    SLICE_ARGS(endpoint->field))
               : 0;
}

/* HostConfig.Links are of the default bridge, unless there is another network for them. */
static int container_links_judge_links(struct rule_input *in)
{
    const struct container_spec *spec = in->container;
    struct slice network = rule_network_name(in, spec->network_mode);
    bool legacy = network.len == 0 || slice_eq(network, SLICE("bridge")) ||
                  slice_eq(network, SLICE("default"));

    for (size_t i = 0; i < spec->links.count && (legacy || !in->param[NETWORKS].flag); i++) {
        if (rule_object_remedy(in, container_links_remedy_for(legacy),
                               "HostConfig.Links[%zu] is %.*s", i,
                               SLICE_ARGS(rule_show(in, spec->links.item[i]))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int container_links_check(struct rule_input *in)
{
    if (in->connect) {
        struct network_endpoint endpoint = in->connect->endpoint;

        endpoint.name = in->connect_network;
        return container_links_judge_endpoint(in, &endpoint);
    }
    if (!in->container || in->update) {
        return 0;
    }
    int err = container_links_judge_links(in);

    for (size_t i = 0; i < in->container->endpoint_count && err == 0; i++) {
        err = container_links_judge_endpoint(in, &in->container->endpoints[i]);
    }
    return err;
}

const struct rule rule_container_links = {
    .id = "container_links",
    .summary = "Denies links to other containers on the default bridge.",
    .fix = "remove --link and put both containers into one network, where names are resolved",
    .start = RULE_FROM_RESTRICTED,
    .needs = NEED_NETWORKS,
    .params = params,
    .check = container_links_check,
};
