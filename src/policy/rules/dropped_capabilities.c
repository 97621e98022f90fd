/*
 * What a container could do that it never needs: of the engine's set of capabilities
 * a process that isn't root has none, but a root process by mistake has them all.
 * CapDrop: [ALL] says most, yet it breaks images whose programs have file
 * capabilities: a kernel refuses to run ping (cap_net_raw) or caddy
 * (cap_net_bind_service) when the bounding set lacks what the file asks for, even
 * under no-new-privileges, where the program would get nothing. So `restricted`
 * names all others of the engine's set and leaves these two.
 */
#include <errno.h>

#include "docker/tables/container_edit.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { REQUIRE, ADD };

static const struct rule_param params[] = {
    {.name = "require",
     .type = PARAM_WORDS,
     .preset = "ALL",
     .preset_restricted = "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD SETFCAP SETGID "
                          "SETPCAP SETUID SYS_CHROOT",
     .doc = "capabilities that must be dropped, without CAP_; ALL means every one"},
    {.name = "add",
     .type = PARAM_FLAG,
     .preset_restricted = "true",
     .doc = "drops them if the request doesn't, except those that it adds"},
    {0}};

static const char *const fixes[] = {"use API 1.41 or later", NULL};

static bool names(const struct string_list *list, struct slice capability)
{
    for (size_t i = 0; i < list->count; i++) {
        if (slice_eq_nocase(rule_capability(list->item[i]), rule_capability(capability))) {
            return true;
        }
    }
    return false;
}

/* What is added is added_capabilities' affair: in the engine CapAdd wins over CapDrop. */
static int dropped_capabilities_judge(struct rule_input *in, struct slice capability)
{
    if (names(&in->container->cap_drop, capability) || names(&in->container->cap_add, capability)) {
        return 0;
    }
    if (!in->param[ADD].flag) {
        return rule_object_set(in, ADD, 1, "HostConfig.CapDrop doesn't drop %.*s",
                               SLICE_ARGS(rule_show(in, capability)));
    }
    return in->writes ? container_edit_drop(in->container, capability) : 0;
}

static int dropped_capabilities_check(struct rule_input *in)
{
    if (!in->container || in->update || names(&in->container->cap_drop, SLICE("ALL"))) {
        return 0;
    }
    if (in->container->drops_cap_drop) {
        return rule_object_fix(in, fixes[0], "a service can drop capabilities only since API 1.41");
    }
    for (size_t i = 0; i < in->param[REQUIRE].words.count; i++) {
        if (dropped_capabilities_judge(in, in->param[REQUIRE].words.item[i]) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_dropped_capabilities = {
    .id = "dropped_capabilities",
    .summary = "Requires capabilities to be dropped, or drops them.",
    .fix = "use --cap-drop ALL",
    .fixes = fixes,
    .cis = "5.4",
    .pss = "restricted",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = dropped_capabilities_check,
};
