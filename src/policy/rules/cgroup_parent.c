/*
 * Below another control group a container leaves the limits that were meant for it, or
 * joins those of the host's services; ".." goes up.
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
     .doc = "control groups that may be named, compared exactly"},
    {0}};

static int cgroup_parent_judge(struct rule_input *in, const char *field, struct slice parent)
{
    if (parent.len == 0 || rule_allows_word(in, ALLOW, parent)) {
        return 0;
    }
    return rule_object_list(in, ALLOW, parent, "%s is %.*s", field,
                            SLICE_ARGS(rule_show(in, parent)));
}

static int cgroup_parent_check(struct rule_input *in)
{
    int err = in->container
                  ? cgroup_parent_judge(in, "HostConfig.CgroupParent", in->container->cgroup_parent)
                  : 0;

    if (err == 0 && in->build) {
        err = cgroup_parent_judge(in, "cgroupparent", rule_build_query(in, SLICE("cgroupparent")));
    }
    return err;
}

const struct rule rule_cgroup_parent = {
    .id = "cgroup_parent",
    .summary = "Denies placing containers below another control group.",
    .fix = "remove --cgroup-parent",
    .cis = "5.25",
    .judges_existing = true,
    .params = params,
    .check = cgroup_parent_check,
};
