/*
 * label=disable and label=type:spc_t take SELinux's separation off; another user, role
 * or level reaches what belongs to other containers. A bare "disable" is the old
 * spelling of label=disable.
 */
#include "base/try.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .values = VALUE_SELINUX,
     .preset = "type:container_t type:container_init_t type:container_kvm_t",
     .doc = "values of label= that may be requested"},
    {0}};

static int selinux_options_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->security_opt_count; i++) {
        const struct security_option *option = &in->container->security_opt[i];
        bool label = slice_eq(option->key, SLICE("label"));

        if (!label && !slice_eq(option->key, SLICE("disable"))) {
            continue;
        }
        if (label && option->has_value && rule_allows_word(in, ALLOW, option->value)) {
            continue;
        }
        // The old spelling has nothing that could be listed.
        TRY(rule_object_option(in, ALLOW, option, label && option->value.len > 0));
    }
    return 0;
}

const struct rule rule_selinux_options = {
    .id = "selinux_options",
    .summary = "Denies SELinux labels not in `allow`.",
    .fix = "remove --security-opt label=...",
    .cis = "5.3",
    .pss = "baseline",
    .judges_existing = true,
    .params = params,
    .check = selinux_options_check,
};
