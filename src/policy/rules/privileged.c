/*
 * A privileged container keeps every capability, sees every device of the host and
 * has no seccomp or AppArmor profile: whoever may create one is root on the host. A
 * privileged exec is the same inside a container that exists already.
 */
#include "policy/rule.h"

#include "base/banned.h"

static int check(struct rule_input *in)
{
    if (in->container && in->container->privileged) {
        return rule_object(in, "HostConfig.Privileged is true");
    }
    if (in->exec && in->exec->privileged) {
        return rule_object(in, "Privileged is true");
    }
    return 0;
}

const struct rule rule_privileged = {
    .id = "privileged",
    .summary = "Refuses privileged containers and privileged exec.",
    .fix = "drop --privileged; if one capability is needed, use --cap-add",
    .cis = "5.5, 5.23",
    .pss = "baseline",
    .judges_existing = true,
    .check = check,
};
