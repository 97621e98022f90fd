/*
 * The host's cgroup namespace shows a container the whole tree of control groups, other
 * containers' names in it; with a writable cgroup file system it can move itself out of limits.
 */
#include "policy/rule.h"

#include "base/banned.h"

static int check(struct rule_input *in)
{
    if (in->container && slice_eq(in->container->cgroupns_mode, SLICE("host"))) {
        return rule_object(in, "HostConfig.CgroupnsMode is host");
    }
    return 0;
}

const struct rule rule_host_cgroupns = {
    .id = "host_cgroupns",
    .summary = "Refuses the host's cgroup namespace.",
    .fix = "drop --cgroupns=host",
    .pss = "baseline",
    .check = check,
};
