/*
 * The engine mounts tmpfs noexec, nosuid and nodev unless the request says otherwise:
 * exec makes a writable place to run things from in a container that has none, suid
 * and dev give away more.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "exec",
     .preset_restricted = "",
     .doc = "options to allow besides the harmless ones: exec, suid, dev"},
    {0}};

static const struct slice harmless[] = {
    SLICE_INIT("rw"),         SLICE_INIT("ro"),        SLICE_INIT("noexec"),
    SLICE_INIT("nosuid"),     SLICE_INIT("nodev"),     SLICE_INIT("noatime"),
    SLICE_INIT("nodiratime"), SLICE_INIT("relatime"),  SLICE_INIT("size"),
    SLICE_INIT("mode"),       SLICE_INIT("uid"),       SLICE_INIT("gid"),
    SLICE_INIT("nr_inodes"),  SLICE_INIT("nr_blocks"),
};

static bool tmpfs_options_is_harmless(const struct rule_input *in, struct slice option)
{
    struct slice name = {0};
    struct slice value = {0};

    slice_cut(option, '=', &name, &value);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        if (slice_eq(name, harmless[i])) {
            return true;
        }
    }
    return name.len == 0 || rule_allows_word(in, ALLOW, option);
}

static int tmpfs_options_judge(struct rule_input *in, const struct mount_spec *mount)
{
    struct slice options = mount->tmpfs_options;

    while (options.len > 0) {
        struct slice option = {0};

        slice_cut(options, ',', &option, &options);
        if (!tmpfs_options_is_harmless(in, option) &&
            rule_object_list(in, ALLOW, option, "%.*s has option %.*s", SLICE_ARGS(mount->field),
                             SLICE_ARGS(rule_show(in, option))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int tmpfs_options_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->mounts.count; i++) {
        if (in->container->mounts.item[i].kind == MOUNT_TMPFS &&
            tmpfs_options_judge(in, &in->container->mounts.item[i]) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_tmpfs_options = {
    .id = "tmpfs_options",
    .summary = "Denies tmpfs options that remove protection.",
    .fix = "remove the option",
    .params = params,
    .check = tmpfs_options_check,
};
