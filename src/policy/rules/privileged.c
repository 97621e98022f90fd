/*
 * A privileged container keeps every capability, sees every device of the host and
 * has no seccomp or AppArmor profile: whoever may create one is root on the host. A
 * privileged exec is the same inside a container that exists already, and a plugin is a
 * process of root's with the mounts, devices and capabilities that it was given.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { FIX_PLUGIN, FIX_SETTING, FIX_ARCHIVE, FIX_TASK };

static const char *const fixes[] = {
    [FIX_PLUGIN] = "use a plugin that asks for no privileges",
    [FIX_SETTING] = "remove the settings with paths",
    [FIX_ARCHIVE] = "push it to a registry and pull it with docker plugin install",
    [FIX_TASK] = "use a service of containers instead",
    NULL,
};

/* Any privilege at all: the engine names only those that a plugin has beyond a container. */
static int judge_privileges(struct rule_input *in)
{
    for (size_t i = 0; i < in->plugin->privilege_count; i++) {
        const struct plugin_privilege *privilege = &in->plugin->privileges[i];
        struct slice value = privilege->values.count > 0 ? privilege->values.item[0] : SLICE("");

        if (rule_object_fix(in, fixes[FIX_PLUGIN], "%.*s gives a plugin %.*s: %.*s",
                            SLICE_ARGS(privilege->field),
                            SLICE_ARGS(rule_show(in, privilege->name)),
                            SLICE_ARGS(rule_show(in, value))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/*
 * "data=/" moves a plugin's mount, "disk=/dev/sda" a device; whether a name is one of these
 * only its configuration says, so that every value that could be a path is refused.
 */
static bool may_be_path(struct slice setting)
{
    struct slice name = {0};
    struct slice value = {0};

    slice_cut(setting, '=', &name, &value);
    return slice_find(value, '/') < value.len || slice_starts_with(value, SLICE("."));
}

static int judge_settings(struct rule_input *in)
{
    for (size_t i = 0; i < in->plugin->settings.count; i++) {
        struct slice setting = in->plugin->settings.item[i];

        if (may_be_path(setting) &&
            rule_object_fix(in, fixes[FIX_SETTING],
                            "body[%zu] sets what may be a path of the host: %.*s", i,
                            SLICE_ARGS(rule_show(in, setting))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int judge_plugin(struct rule_input *in)
{
    int err = judge_privileges(in);

    return err < 0 ? err : judge_settings(in);
}

static int privileged_check(struct rule_input *in)
{
    if (in->plugin) {
        return judge_plugin(in);
    }
    if (in->plugin_archive) {
        return rule_object_fix(
            in, fixes[FIX_ARCHIVE],
            "the plugin names its privileges in the archive, which is not inspected");
    }
    if (in->container && in->container->plugin_task) {
        return rule_object_fix(in, fixes[FIX_TASK],
                               "TaskTemplate.PluginSpec starts a plugin on every node");
    }
    if (in->container && in->container->privileged) {
        return rule_object(in, "HostConfig.Privileged is true");
    }
    if (in->exec && in->exec->privileged) {
        return rule_object(in, "Privileged is true");
    }
    return 0;
}

const struct rule rule_privileged = {
    .id = "privileged",
    .summary = "Denies privileged containers, privileged exec and privileges of plugins.",
    .fix = "remove --privileged; if one capability is needed, use --cap-add",
    .fixes = fixes,
    .cis = "5.5, 5.23",
    .pss = "baseline",
    .judges_existing = true,
    .check = privileged_check,
};
