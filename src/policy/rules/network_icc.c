/*
 * Within a bridge network every container reaches every port of every other, published
 * or not, unless the network is made without that. Projects whose containers talk to
 * one another need it, so no base asks.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ADD };

static const struct rule_param params[] = {
    {.name = "add", .type = PARAM_FLAG, .doc = "sets it to false if the request doesn't set it"},
    {0}};

#define ICC "com.docker.network.bridge.enable_icc"

static int network_icc_check(struct rule_input *in)
{
    if (!in->network ||
        (in->network->driver.len > 0 && !slice_eq(in->network->driver, SLICE("bridge")))) {
        return 0; // an option of bridges
    }
    const struct slice *value = string_map_get(&in->network->options, SLICE(ICC));

    if (value && slice_eq(*value, SLICE("false"))) {
        return 0;
    }
    if (value) {
        return rule_object(in, "Options sets " ICC " to %.*s", SLICE_ARGS(rule_show(in, *value)));
    }
    if (!in->param[ADD].flag) {
        return rule_object_set(in, ADD, 1, "Options doesn't set " ICC " to false");
    }
    return in->writes ? network_spec_set_option(in->arena, in->network, SLICE(ICC), SLICE("false"))
                      : 0;
}

const struct rule rule_network_icc = {
    .id = "network_icc",
    .summary = "Requires networks whose containers cannot reach each other.",
    .fix = "use docker network create -o " ICC "=false",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = network_icc_check,
};
