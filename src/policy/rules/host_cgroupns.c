/*
 * The host's cgroup namespace shows a container the whole tree of control groups, other
 * containers' names in it; with a writable cgroup file system it can move itself out of limits.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

/*
 * The engine writes its default into what exists: host with version 1 of control groups,
 * private with version 2. Where that can't be seen, nobody is blamed for it.
 */
static bool host_cgroupns_is_default(const struct rule_input *in)
{
    const struct path_answer *unified = rule_path(in, rule_unified_cgroup());

    return in->existing && !(unified && unified->view == PATH_RESOLVED && unified->exists);
}

static int host_cgroupns_check(struct rule_input *in)
{
    if (in->container && slice_eq(in->container->cgroupns_mode, SLICE("host")) &&
        !host_cgroupns_is_default(in)) {
        return rule_object(in, "HostConfig.CgroupnsMode is host");
    }
    return 0;
}

const struct rule rule_host_cgroupns = {
    .id = "host_cgroupns",
    .summary = "Denies the host's cgroup namespace.",
    .fix = "remove --cgroupns=host",
    .pss = "baseline",
    .judges_existing = true,
    .needs = NEED_CGROUPS,
    .check = host_cgroupns_check,
};
