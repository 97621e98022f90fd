/*
 * The engine hides /proc/kcore, /proc/keys and others and makes /proc/sys read-only. A
 * list of the client's own replaces that, an empty one most of all: it is what the CLI
 * makes of systempaths=unconfined.
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

static int judge_options(struct rule_input *in)
{
    for (size_t i = 0; i < in->container->security_opt_count; i++) {
        const struct security_option *option = &in->container->security_opt[i];

        if ((slice_eq(option->key, SLICE("systempaths")) ||
             slice_eq(option->key, SLICE("writable-cgroups"))) &&
            rule_object(in, "%.*s is %.*s", SLICE_ARGS(option->field),
                        SLICE_ARGS(rule_show(in, option->text))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    int err = judge_options(in);

    if (err == 0 && in->container->masked_paths.present) {
        err = rule_object(in, "HostConfig.MaskedPaths is given");
    }
    if (err == 0 && in->container->readonly_paths.present) {
        err = rule_object(in, "HostConfig.ReadonlyPaths is given");
    }
    return err;
}

const struct rule rule_masked_paths = {
    .id = "masked_paths",
    .summary = "Refuses to change what the engine hides of /proc and /sys.",
    .fix = "drop --security-opt systempaths=... and writable-cgroups",
    .pss = "baseline",
    .check = check,
};
