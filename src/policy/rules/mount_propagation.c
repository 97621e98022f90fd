/*
 * With shared propagation what the container mounts appears on the host, and with
 * slave what the host mounts later appears in the container.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {{.name = "allow",
                                            .type = PARAM_WORDS,
                                            .values = VALUE_PROPAGATION,
                                            .preset = "private rprivate",
                                            .doc = "propagation modes that may be requested"},
                                           {0}};

static int mount_propagation_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->mounts.count; i++) {
        const struct mount_spec *mount = &in->container->mounts.item[i];

        if (mount->propagation.len > 0 && !rule_allows_word(in, ALLOW, mount->propagation) &&
            rule_object_list(in, ALLOW, mount->propagation, "%.*s has propagation %.*s",
                             SLICE_ARGS(mount->field),
                             SLICE_ARGS(rule_show(in, mount->propagation))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_mount_propagation = {
    .id = "mount_propagation",
    .summary = "Denies mounts whose propagation reaches the host.",
    .fix = "remove the propagation option",
    .cis = "5.20",
    .judges_existing = true,
    .judges_mounts = true,
    .params = params,
    .check = mount_propagation_check,
};
