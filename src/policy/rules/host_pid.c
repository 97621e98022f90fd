/*
 * In the host's process namespace a container sees every process of the host, reads their
 * environments and, as root, their memory and files through /proc/PID/root.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int host_pid_check(struct rule_input *in)
{
    if (in->container && slice_eq(in->container->pid_mode, SLICE("host"))) {
        return rule_object(in, "HostConfig.PidMode is host");
    }
    return 0;
}

const struct rule rule_host_pid = {
    .id = "host_pid",
    .summary = "Denies the host's process namespace.",
    .fix = "remove --pid=host",
    .cis = "5.16",
    .pss = "baseline",
    .judges_existing = true,
    .check = host_pid_check,
};
