/*
 * The engine's AppArmor profile keeps a container from mounting, from writing below
 * /proc and /sys and from tracing others. "unconfined" takes it off; another profile may
 * be as loose, so it has to be named by the policy.
 */
#include "base/try.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {{.name = "allow",
                                            .type = PARAM_WORDS,
                                            .preset = "docker-default",
                                            .doc = "profiles that may be requested by name"},
                                           {0}};

static int apparmor_profile_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->security_opt_count; i++) {
        const struct security_option *option = &in->container->security_opt[i];

        if (!slice_eq(option->key, SLICE("apparmor")) ||
            (option->has_value && option->value.len == 0) ||
            rule_allows_word(in, ALLOW, option->value)) {
            continue;
        }
        TRY(rule_object_option(in, ALLOW, option, option->value.len > 0));
    }
    return 0;
}

const struct rule rule_apparmor_profile = {
    .id = "apparmor_profile",
    .summary = "Denies AppArmor profiles not in `allow`.",
    .fix = "remove --security-opt apparmor=...",
    .cis = "5.2",
    .pss = "baseline",
    .judges_existing = true,
    .params = params,
    .check = apparmor_profile_check,
};
