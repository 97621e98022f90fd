/*
 * On the default bridge every container reaches every other, whoever made it. A
 * container that names no network is put there, and so are a build's.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { BUILDS };

static const struct rule_param params[] = {
    {.name = "builds", .type = PARAM_FLAG, .doc = "allows builds that run on the default bridge"},
    {0}};

static bool default_bridge_is_default(const struct rule_input *in, struct slice network)
{
    network = rule_network_name(in, network);
    return network.len == 0 || slice_eq(network, SLICE("default")) ||
           slice_eq(network, SLICE("bridge"));
}

static int default_bridge_judge_container(struct rule_input *in)
{
    const struct container_spec *spec = in->container;
    int err = 0;

    if (spec->service && spec->endpoint_count == 0) {
        return rule_object(in, "no network is named, which means the default bridge");
    }
    if (!spec->service && default_bridge_is_default(in, spec->network_mode)) {
        err = rule_object(in, "HostConfig.NetworkMode is %.*s, the default bridge",
                          SLICE_ARGS(rule_show(in, spec->network_mode)));
    }
    for (size_t i = 0; i < spec->endpoint_count && err == 0; i++) {
        if (default_bridge_is_default(in, spec->endpoints[i].name)) {
            err =
                rule_object(in, "%.*s is the default bridge", SLICE_ARGS(spec->endpoints[i].field));
        }
    }
    return err;
}

static int default_bridge_check(struct rule_input *in)
{
    if (in->container && !in->update) {
        return default_bridge_judge_container(in);
    }
    if (in->connect && default_bridge_is_default(in, in->connect_network)) {
        return rule_object(in, "the network to connect to is the default bridge");
    }
    if (in->build_limits && !in->param[BUILDS].flag &&
        default_bridge_is_default(in, rule_build_query(in, SLICE("networkmode")))) {
        return rule_object_set(in, BUILDS, 1, "networkmode is the default bridge");
    }
    return 0;
}

const struct rule rule_default_bridge = {
    .id = "default_bridge",
    .summary = "Denies the default bridge network.",
    .fix = "use --network with a user-defined network, or none",
    .cis = "5.30",
    .start = RULE_ON_REQUEST,
    .needs = NEED_NETWORKS,
    .params = params,
    .check = default_bridge_check,
};
