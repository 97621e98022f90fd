/*
 * A volume driver is a program on the host that mounts what it is told to; its options
 * are its own language, which no rule reads. Cluster volumes are swarm's.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {{.name = "allow",
                                            .type = PARAM_WORDS,
                                            .preset = "local",
                                            .doc = "volume drivers that may be used; the options "
                                                   "of drivers other than local are not inspected"},
                                           {0}};

static const char *const fixes[] = {
    "create a volume outside the cluster: remove --type and --scope", NULL};

static int volume_driver_judge(struct rule_input *in, struct slice field, struct slice driver)
{
    if (driver.len == 0 || rule_allows_word(in, ALLOW, driver)) {
        return 0;
    }
    return rule_object_list(in, ALLOW, driver, "%.*s: volume driver %.*s", SLICE_ARGS(field),
                            SLICE_ARGS(rule_show(in, driver)));
}

static int volume_driver_judge_container(struct rule_input *in)
{
    int err =
        volume_driver_judge(in, SLICE("HostConfig.VolumeDriver"), in->container->volume_driver);

    for (size_t i = 0; i < in->container->mounts.count && err == 0; i++) {
        const struct mount_spec *mount = &in->container->mounts.item[i];

        // An entry of Binds has HostConfig.VolumeDriver, which has been judged.
        if (!slice_eq(mount->driver, in->container->volume_driver)) {
            err = volume_driver_judge(in, mount->field, mount->driver);
        }
    }
    for (const struct known_volume *known = in->volumes; known && err == 0; known = known->next) {
        err = volume_driver_judge(in, known->name, known->answer.driver);
    }
    return err;
}

static int volume_driver_check(struct rule_input *in)
{
    if (in->container) {
        return volume_driver_judge_container(in);
    }
    if (in->volume && in->volume->cluster) {
        return rule_object_fix(in, fixes[0], "ClusterVolumeSpec is set");
    }
    return in->volume ? volume_driver_judge(in, SLICE("Driver"), in->volume->driver) : 0;
}

const struct rule rule_volume_driver = {
    .id = "volume_driver",
    .summary = "Denies volume drivers not in `allow`.",
    .fix = "use the local driver",
    .fixes = fixes,
    .judges_existing = true,
    .judges_mounts = true,
    .needs = NEED_VOLUMES,
    .params = params,
    .check = volume_driver_check,
};
