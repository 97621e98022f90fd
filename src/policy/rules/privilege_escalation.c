/*
 * Without no-new-privileges a setuid binary in the image makes a process that was
 * started as 1000 root again. Of several entries the last one counts in the engine, so
 * one that says false is refused wherever it stands.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ADD };

static const struct rule_param params[] = {
    {.name = "add",
     .type = PARAM_FLAG,
     .preset_restricted = "true",
     .doc = "adds no-new-privileges to requests that don't mention it"},
    {0}};

enum { FIX_VALUE, FIX_API };

static const char *const fixes[] = {
    [FIX_VALUE] = "use --security-opt no-new-privileges without a value",
    [FIX_API] = "use API 1.44 or later",
    NULL,
};

static bool is_on(const struct security_option *option)
{
    return !option->has_value || slice_eq(option->value, SLICE("true"));
}

static int privilege_escalation_check(struct rule_input *in)
{
    size_t found = 0;

    if (!in->container || in->update) {
        return 0;
    }
    if (in->container->drops_no_new_privileges) {
        return rule_object_fix(in, fixes[FIX_API],
                               "a service can have no-new-privileges only since API 1.44");
    }
    for (size_t i = 0; i < in->container->security_opt_count; i++) {
        const struct security_option *option = &in->container->security_opt[i];

        if (!slice_eq(option->key, SLICE("no-new-privileges"))) {
            continue;
        }
        found++;
        if (!is_on(option) &&
            rule_object_fix(in, fixes[FIX_VALUE], "%.*s is %.*s", SLICE_ARGS(option->field),
                            SLICE_ARGS(rule_show(in, option->text))) < 0) {
            return -ENOMEM;
        }
    }
    if (found > 0) {
        return 0;
    }
    if (!in->param[ADD].flag) {
        return rule_object_set(in, ADD, 1, "HostConfig.SecurityOpt lacks no-new-privileges");
    }
    return in->writes ? container_spec_add_security_opt(in->container, SLICE("no-new-privileges"))
                      : 0;
}

const struct rule rule_privilege_escalation = {
    .id = "privilege_escalation",
    .summary = "Requires no-new-privileges, so that setuid programs gain no privileges.",
    .fix = "use --security-opt no-new-privileges",
    .fixes = fixes,
    .cis = "5.26",
    .pss = "restricted",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = privilege_escalation_check,
};
