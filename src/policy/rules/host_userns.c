/*
 * Where the engine maps containers' root to an unprivileged user, UsernsMode host takes the
 * mapping away: root in the container is root of the host again.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int host_userns_check(struct rule_input *in)
{
    if (in->container && slice_eq(in->container->userns_mode, SLICE("host"))) {
        return rule_object(in, "HostConfig.UsernsMode is host");
    }
    return 0;
}

const struct rule rule_host_userns = {
    .id = "host_userns",
    .summary = "Denies disabling user namespace remapping.",
    .fix = "remove --userns=host",
    .cis = "5.31",
    .pss = "baseline",
    .judges_existing = true,
    .check = host_userns_check,
};
