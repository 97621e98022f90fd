/*
 * The engine's seccomp profile refuses system calls that have been ways out (mount,
 * bpf, keyctl, userfaultfd). "unconfined" takes it off, and so does a profile of the
 * client's own: seccomp={} allows everything. Options of SecurityOpt that no rule
 * knows are refused here.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

/* Keys that are the business of another rule. */
static const struct slice known_keys[] = {
    SLICE_INIT("no-new-privileges"), SLICE_INIT("apparmor"),    SLICE_INIT("label"),
    SLICE_INIT("disable"),           SLICE_INIT("systempaths"), SLICE_INIT("writable-cgroups"),
};

static bool is_known(struct slice key)
{
    for (size_t i = 0; i < sizeof(known_keys) / sizeof(known_keys[0]); i++) {
        if (slice_eq(key, known_keys[i])) {
            return true;
        }
    }
    return false;
}

static bool seccomp_profile_is_harmless(const struct security_option *option)
{
    if (!slice_eq(option->key, SLICE("seccomp"))) {
        return is_known(option->key);
    }
    return option->has_value &&
           (option->value.len == 0 || slice_eq(option->value, SLICE("builtin")));
}

static int seccomp_profile_judge_container(struct rule_input *in)
{
    for (size_t i = 0; i < in->container->security_opt_count; i++) {
        const struct security_option *option = &in->container->security_opt[i];

        if (!seccomp_profile_is_harmless(option) &&
            rule_object(in, "%.*s is %.*s", SLICE_ARGS(option->field),
                        SLICE_ARGS(rule_show(in, option->text))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* The key may be repeated, and each one counts. */
static int seccomp_profile_judge_build(struct rule_input *in)
{
    for (const struct query_pair *pair = in->build; pair; pair = pair->next) {
        if (slice_eq(pair->key, SLICE("securityopt")) && pair->value.len > 0 &&
            rule_object(in, "securityopt is %.*s", SLICE_ARGS(rule_show(in, pair->value))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int seccomp_profile_check(struct rule_input *in)
{
    return in->container ? seccomp_profile_judge_container(in) : seccomp_profile_judge_build(in);
}

const struct rule rule_seccomp_profile = {
    .id = "seccomp_profile",
    .summary = "Denies seccomp profiles other than the engine's default.",
    .fix = "remove --security-opt seccomp=...",
    .cis = "5.22",
    .pss = "baseline",
    .judges_existing = true,
    .check = seccomp_profile_check,
};
