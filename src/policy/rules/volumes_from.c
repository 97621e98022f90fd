/*
 * VolumesFrom takes over every mount of another container, its docker.sock and host
 * paths included, without naming one of them.
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

static int check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->volumes_from.count; i++) {
        if (rule_object(in, "HostConfig.VolumesFrom[%zu] takes the mounts of %.*s", i,
                        SLICE_ARGS(rule_show(in, in->container->volumes_from.item[i]))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_volumes_from = {
    .id = "volumes_from",
    .summary = "Refuses to take over another container's mounts.",
    .fix = "drop --volumes-from and name the volumes",
    .judges_existing = true,
    .check = check,
};
