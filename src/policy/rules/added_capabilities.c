/*
 * SYS_ADMIN, SYS_MODULE, SYS_PTRACE, DAC_READ_SEARCH and others are each as good as
 * root on the host, and ALL is all of them. The engine upper-cases names with Unicode
 * rules, so that U+017F becomes an S: only ASCII is compared, and the rest refused.
 * CapDrop: [ALL] takes nothing of CapAdd away.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .values = VALUE_CAPABILITY,
     .preset = "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE "
               "SETFCAP SETGID SETPCAP SETUID SYS_CHROOT",
     .preset_restricted = "NET_BIND_SERVICE",
     .doc = "capabilities that may be added, without CAP_; ALL allows only ALL itself"},
    {0}};

static bool added_capabilities_allows(const struct rule_input *in, struct slice name)
{
    const struct string_list *allowed = &in->param[ALLOW].words;

    for (size_t i = 0; i < allowed->count; i++) {
        if (slice_eq_nocase(rule_capability(allowed->item[i]), rule_capability(name))) {
            return true;
        }
    }
    return false;
}

static int added_capabilities_check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    for (size_t i = 0; i < in->container->cap_add.count; i++) {
        struct slice name = in->container->cap_add.item[i];

        if (!added_capabilities_allows(in, name) &&
            rule_object_list(in, ALLOW, rule_capability(name), "HostConfig.CapAdd[%zu] is %.*s", i,
                             SLICE_ARGS(rule_show(in, name))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_added_capabilities = {
    .id = "added_capabilities",
    .summary = "Denies added capabilities not in `allow`.",
    .fix = "remove it from --cap-add",
    .cis = "5.4",
    .pss = "baseline, restricted",
    .judges_existing = true,
    .params = params,
    .check = added_capabilities_check,
};
