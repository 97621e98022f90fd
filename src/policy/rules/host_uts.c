/*
 * In the host's UTS namespace a container with SYS_ADMIN renames the host; what identifies
 * machines by name then trusts another one.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int host_uts_check(struct rule_input *in)
{
    if (in->container && slice_eq(in->container->uts_mode, SLICE("host"))) {
        return rule_object(in, "HostConfig.UTSMode is host");
    }
    return 0;
}

const struct rule rule_host_uts = {
    .id = "host_uts",
    .summary = "Denies the host's UTS namespace.",
    .fix = "remove --uts=host and set --hostname",
    .cis = "5.21",
    .pss = "baseline",
    .judges_existing = true,
    .check = host_uts_check,
};
