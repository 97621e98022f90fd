/*
 * "a *:* rwm" lets a container use every device that it can make a node for, and MKNOD is
 * among the default capabilities: raw disks without a single entry in Devices.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "device rules that may be requested, compared exactly"},
    {0}};

static int device_cgroup_rules_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->device_cgroup_rules.count; i++) {
        struct slice text = in->container->device_cgroup_rules.item[i];

        if (!rule_allows_word(in, ALLOW, text) &&
            rule_object_list(in, ALLOW, text, "HostConfig.DeviceCgroupRules[%zu] is %.*s", i,
                             SLICE_ARGS(rule_show(in, text))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_device_cgroup_rules = {
    .id = "device_cgroup_rules",
    .summary = "Denies device rules for the container's control group.",
    .fix = "remove --device-cgroup-rule",
    .pss = "baseline",
    .judges_existing = true,
    .params = params,
    .check = device_cgroup_rules_check,
};
