/*
 * VolumesFrom takes over every mount of another container, its docker.sock and host
 * paths included, without naming one of them.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { JUDGED };

static const struct rule_param params[] = {
    {.name = "judged",
     .type = PARAM_FLAG,
     .doc = "looks the other container up, and allows its mounts if the policy would allow them",
     .needs = NEED_MOUNTED_FROM},
    {0}};

/* With what is known of the other container the rules about mounts object themselves. */
static bool volumes_from_is_judged(const struct rule_input *in, struct slice entry)
{
    if (!in->param[JUDGED].flag) {
        return false;
    }
    // An existing container's own list of mounts has what it took over.
    return in->existing || in->facts_missing || in->image_missing ||
           rule_peer(in, slice_head(entry, slice_find(entry, ':')));
}

static int volumes_from_check(struct rule_input *in)
{
    // Judged already, it is none that the engine has.
    struct rule_remedy remedy = {
        .change = {.kind = in->param[JUDGED].flag ? CHANGE_OFF : CHANGE_SET,
                   .param = JUDGED,
                   .number = 1}};

    for (size_t i = 0; in->container && i < in->container->volumes_from.count; i++) {
        struct slice entry = in->container->volumes_from.item[i];

        if (!volumes_from_is_judged(in, entry) &&
            rule_object_remedy(in, &remedy, "HostConfig.VolumesFrom[%zu] takes the mounts of %.*s",
                               i, SLICE_ARGS(rule_show(in, entry))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_volumes_from = {
    .id = "volumes_from",
    .summary = "Denies taking over another container's mounts.",
    .fix = "remove --volumes-from and mount the volumes by name",
    .judges_existing = true,
    .params = params,
    .check = volumes_from_check,
};
