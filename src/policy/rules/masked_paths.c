/*
 * The engine hides /proc/kcore, /proc/keys and others and makes /proc/sys read-only. A
 * list of the client's own replaces that, an empty one most of all: it is what the CLI
 * makes of systempaths=unconfined. Podman makes control groups writable where systemd is to run.
 *
 * Watchtower, Portainer and others make a container anew with what the engine said of the old
 * one, and that has the engine's lists. These are taken out again: the engine, which may be
 * a newer one, then hides what it hides.   Source: oci/defaults.go, of 18.09 and later.
 */
#include <errno.h>

#include "docker/tables/container_edit.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static const char *const masked[] = {"/proc/acpi",
                                     "/proc/asound",
                                     "/proc/kcore",
                                     "/proc/keys",
                                     "/proc/latency_stats",
                                     "/proc/timer_list",
                                     "/proc/timer_stats",
                                     "/proc/scsi",
                                     "/sys/firmware",
                                     "/proc/sched_debug",
                                     NULL};
static const char *const masked_later[] = {"/sys/devices/virtual/powercap", "/proc/interrupts",
                                           NULL};
static const char *const read_only[] = {"/proc/bus",           "/proc/fs", "/proc/irq", "/proc/sys",
                                        "/proc/sysrq-trigger", NULL};
static const char *const nothing[] = {NULL};

enum { FIX_OPTION, FIX_TARGET, FIX_SYSTEMD };

static const char *const fixes[] = {
    [FIX_OPTION] = "remove --security-opt systempaths=... and writable-cgroups",
    [FIX_TARGET] = "mount it somewhere other than /proc, /sys and /dev",
    [FIX_SYSTEMD] = "use a command with another name, such as a link to the program",
    NULL,
};

static bool masked_paths_is_one_of(struct slice path, const char *const *paths)
{
    while (*paths && !slice_eq(path, slice_from(*paths))) {
        paths++;
    }
    return *paths;
}

/* One for each processor. */
static bool is_throttle(struct slice path)
{
    return slice_starts_with(path, SLICE("/sys/devices/system/cpu/")) &&
           slice_ends_with(path, SLICE("/thermal_throttle"));
}

/*
 * Whether an engine has made that list: all that every engine has, and nothing that none has.
 * In a container that exists, more may be hidden: by an engine that is newer than these tables.
 */
static bool is_of_an_engine(const struct string_list *list, const char *const *always,
                            const char *const *later, bool existing)
{
    for (size_t i = 0; always[i]; i++) {
        bool found = false;

        for (size_t j = 0; j < list->count && !found; j++) {
            found = slice_eq(list->item[j], slice_from(always[i]));
        }
        if (!found) {
            return false;
        }
    }
    for (size_t i = 0; i < list->count && !existing; i++) {
        struct slice path = list->item[i];

        if (!masked_paths_is_one_of(path, always) && !masked_paths_is_one_of(path, later) &&
            !is_throttle(path)) {
            return false;
        }
    }
    return true;
}

static int masked_paths_judge_options(struct rule_input *in)
{
    for (size_t i = 0; i < in->container->security_opt_count; i++) {
        const struct security_option *option = &in->container->security_opt[i];

        if ((slice_eq(option->key, SLICE("systempaths")) ||
             slice_eq(option->key, SLICE("writable-cgroups"))) &&
            rule_object_fix(in, fixes[FIX_OPTION], "%.*s is %.*s", SLICE_ARGS(option->field),
                            SLICE_ARGS(rule_show(in, option->text))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/* What is hidden of /proc is hidden nowhere else: a mount over it would be all there is. */
static int judge_targets(struct rule_input *in)
{
    static const struct slice own[] = {SLICE_INIT("/proc"), SLICE_INIT("/sys"), SLICE_INIT("/dev")};

    for (size_t i = 0; i < in->container->mounts.count; i++) {
        const struct mount_spec *mount = &in->container->mounts.item[i];
        bool over = false;

        for (size_t j = 0; j < sizeof(own) / sizeof(own[0]); j++) {
            over = over || slice_eq(mount->target, own[j]);
        }
        // The host's own in that place is host_path_mount's.
        over = over && !(mount->kind == MOUNT_BIND && slice_eq(mount->source, mount->target));
        if (over && rule_object_fix(in, fixes[FIX_TARGET], "%.*s mounts over %.*s",
                                    SLICE_ARGS(mount->field), SLICE_ARGS(mount->target)) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

/*
 * Podman goes by the command. It is known, the image's part of it included, when the container
 * exists, and nothing is mounted before it is started.
 */
static int judge_systemd(struct rule_input *in)
{
    struct slice word = in->container->systemd_word;

    return word.len == 0 || !engine_may_be(in->engine, ENGINE_PODMAN)
               ? 0
               : rule_object_fix(in, fixes[FIX_SYSTEMD],
                                 "its command is %.*s, for which Podman makes control groups "
                                 "writable in the container, on some hosts those of the host",
                                 SLICE_ARGS(rule_show(in, word)));
}

static int masked_paths_check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    struct container_spec *spec = in->container;
    int err = masked_paths_judge_options(in);

    if (err == 0) {
        err = judge_targets(in);
    }
    if (err == 0) {
        err = judge_systemd(in);
    }
    bool masks = spec->masked_paths.present;
    bool reads = spec->readonly_paths.present;
    bool own_masks =
        !masks || is_of_an_engine(&spec->masked_paths, masked, masked_later, in->existing);
    bool own_reads =
        !reads || is_of_an_engine(&spec->readonly_paths, read_only, nothing, in->existing);

    if (err == 0 && !own_masks) {
        err = rule_object(in, "HostConfig.MaskedPaths is not the engine's default");
    }
    if (err == 0 && !own_reads) {
        err = rule_object(in, "HostConfig.ReadonlyPaths is not the engine's default");
    }
    // A level that only warns leaves what it warned of.
    if (err == 0 && in->writes && (masks || reads) && own_masks && own_reads) {
        container_edit_leave_paths(spec);
    }
    return err;
}

const struct rule rule_masked_paths = {
    .id = "masked_paths",
    .summary = "Denies changes to what the engine masks in /proc and /sys.",
    .fix = "remove MaskedPaths and ReadonlyPaths (--security-opt systempaths=unconfined)",
    .fixes = fixes,
    .pss = "baseline",
    .judges_existing = true,
    .check = masked_paths_check,
};
