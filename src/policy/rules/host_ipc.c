/*
 * The host's IPC namespace gives a container the shared memory and semaphores of the
 * host's processes: databases keep their pages there.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int host_ipc_check(struct rule_input *in)
{
    if (in->container && slice_eq(in->container->ipc_mode, SLICE("host"))) {
        return rule_object(in, "HostConfig.IpcMode is host");
    }
    return 0;
}

const struct rule rule_host_ipc = {
    .id = "host_ipc",
    .summary = "Denies the host's IPC namespace.",
    .fix = "remove --ipc=host; --ipc=shareable shares with containers only",
    .cis = "5.17",
    .pss = "baseline",
    .judges_existing = true,
    .check = host_ipc_check,
};
