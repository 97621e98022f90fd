/*
 * macvlan and ipvlan put a container on the host's own network beside the host; other
 * drivers are programs. A bridge's options name interfaces of the host
 * (com.docker.network.bridge.name joins one that exists).
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

enum { ALLOW, OPTIONS };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "bridge",
     .doc = "drivers that networks may be created with"},
    {.name = "options",
     .type = PARAM_WORDS,
     .preset = "com.docker.network.driver.mtu com.docker.network.bridge.enable_icc "
               "com.docker.network.bridge.enable_ip_masquerade com.docker.network.enable_ipv4 "
               "com.docker.network.enable_ipv6",
     .doc = "driver options that may be given"},
    {0}};

static int judge_options(struct rule_input *in)
{
    for (size_t i = 0; i < in->network->options.count; i++) {
        const struct string_pair *pair = &in->network->options.item[i];

        if (!rule_allows_word(in, OPTIONS, pair->key) &&
            rule_object_list(in, OPTIONS, "Options sets %.*s to %.*s",
                             SLICE_ARGS(rule_show(in, pair->key)),
                             SLICE_ARGS(rule_show(in, pair->value))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* Address management is a program as well, and swarm's networks reach other hosts. */
static int judge_rest(struct rule_input *in)
{
    const struct network_spec *network = in->network;
    int err = 0;

    if (network->ipam_driver.len > 0 && !slice_eq(network->ipam_driver, SLICE("default"))) {
        err =
            rule_object(in, "IPAM.Driver is %.*s", SLICE_ARGS(rule_show(in, network->ipam_driver)));
    }
    if (err == 0 && network->ipam_options.count > 0) {
        err = rule_object(in, "IPAM.Options are given");
    }
    if (err == 0 && network->scope.len > 0 && !slice_eq(network->scope, SLICE("local"))) {
        err = rule_object(in, "Scope is %.*s", SLICE_ARGS(rule_show(in, network->scope)));
    }
    if (err == 0 && network->ingress) {
        err = rule_object(in, "Ingress is true");
    }
    if (err == 0 && network->config_from.len > 0) {
        err = rule_object(in, "ConfigFrom takes the options of %.*s",
                          SLICE_ARGS(rule_show(in, network->config_from)));
    }
    return err;
}

static int check(struct rule_input *in)
{
    int err = 0;

    if (!in->network) {
        return 0;
    }
    if (in->network->driver.len > 0 && !rule_allows_word(in, ALLOW, in->network->driver)) {
        err = rule_object_list(in, ALLOW, "Driver is %.*s",
                               SLICE_ARGS(rule_show(in, in->network->driver)));
    }
    if (err == 0) {
        err = judge_options(in);
    }
    return err < 0 ? err : judge_rest(in);
}

const struct rule rule_network_driver = {
    .id = "network_driver",
    .summary = "Refuses to create networks with drivers and options but the listed ones.",
    .fix = "use the bridge driver without special options",
    .params = params,
    .check = check,
};
