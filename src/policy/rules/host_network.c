/*
 * In the host's network namespace a container reaches every service that listens on
 * 127.0.0.1 and every abstract unix socket (containerd's was one: CVE-2020-15257). A
 * network is named in three places; a build has one of its own.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static const char *const fixes[] = {"name a network that docker network ls shows", NULL};

static int host_network_judge(struct rule_input *in, const char *field, struct slice mode)
{
    return slice_eq(rule_network_name(in, mode), SLICE("host"))
               ? rule_object(in, "%s is host", field)
               : 0;
}

/* A client that knows swarm sends the network's id, which is not "host". */
static int host_network_judge_network(struct rule_input *in,
                                      const struct network_endpoint *endpoint)
{
    const struct known_network *known = in->networks;

    while (known && !slice_eq(known->asked, endpoint->name)) {
        known = known->next;
    }
    if (!known && in->facts_missing) {
        return 0; // nobody asked, since the request is refused anyway
    }
    if (!known) {
        return rule_object_fix(in, fixes[0], "%.*s: swarm has no network %.*s",
                               SLICE_ARGS(endpoint->field),
                               SLICE_ARGS(rule_show(in, endpoint->name)));
    }
    if (slice_eq(known->answer.name, SLICE("host")) ||
        slice_eq(known->answer.driver, SLICE("host"))) {
        return rule_object(in, "%.*s is host", SLICE_ARGS(endpoint->field));
    }
    return 0;
}

static int judge_service(struct rule_input *in)
{
    int err = 0;

    for (size_t i = 0; i < in->container->endpoint_count && err == 0; i++) {
        err = host_network_judge_network(in, &in->container->endpoints[i]);
    }
    return err;
}

static int host_network_judge_container(struct rule_input *in)
{
    if (in->container->service) {
        return judge_service(in);
    }
    int err = host_network_judge(in, "HostConfig.NetworkMode", in->container->network_mode);

    for (size_t i = 0; i < in->container->endpoint_count && err == 0; i++) {
        err = host_network_judge(in, "NetworkingConfig.EndpointsConfig",
                                 in->container->endpoints[i].name);
    }
    return err;
}

static int host_network_check(struct rule_input *in)
{
    int err = in->container ? host_network_judge_container(in) : 0;

    if (err == 0 && in->build) {
        err = host_network_judge(in, "networkmode", rule_build_query(in, SLICE("networkmode")));
    }
    return err < 0 ? err : host_network_judge(in, "the network to connect to", in->connect_network);
}

const struct rule rule_host_network = {
    .id = "host_network",
    .summary = "Denies the host's network namespace.",
    .fix = "use another network, and publish ports where they are needed",
    .fixes = fixes,
    .cis = "5.10",
    .pss = "baseline",
    .judges_existing = true,
    .needs = NEED_NETWORKS,
    .check = host_network_check,
};
