/*
 * /dev/sda is the host's file systems, /dev/mem its memory, /dev/kmsg its log. Paths of
 * the Blkio lists aren't opened, but the engine says whether they exist.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .values = VALUE_DEVICE,
     .preset = "",
     .doc = "host devices that may be passed, by their full path"},
    {0}};

static const char *const fixes[] = {
    "remove the options that limit it: --blkio-weight-device, --device-read-bps and the like",
    NULL};

static int host_devices_judge(struct rule_input *in, const struct device_spec *device,
                              const char *fix)
{
    struct slice path = device->path_on_host;
    struct slice clean = {0};

    if (slice_starts_with(path, SLICE("/"))) {
        if (path_clean(in->arena, path, &clean) < 0) {
            return -ENOMEM;
        }
        path = clean;
    }
    if (rule_allows_word(in, ALLOW, path)) {
        return 0;
    }
    struct rule_remedy remedy = {
        .fix = fix,
        .detail = rule_allowed(in, ALLOW),
        .change = {.kind = CHANGE_ADD, .param = ALLOW, .word = path},
    };

    return rule_object_remedy(in, &remedy, "%.*s is %.*s", SLICE_ARGS(device->field),
                              SLICE_ARGS(rule_show(in, device->path_on_host)));
}

static int host_devices_check(struct rule_input *in)
{
    int err = 0;

    if (!in->container) {
        return 0;
    }
    for (size_t i = 0; i < in->container->device_count && err == 0; i++) {
        err = host_devices_judge(in, &in->container->devices[i], rule_host_devices.fix);
    }
    for (size_t i = 0; i < in->container->blkio_device_count && err == 0; i++) {
        err = host_devices_judge(in, &in->container->blkio_devices[i], fixes[0]);
    }
    return err;
}

const struct rule rule_host_devices = {
    .id = "host_devices",
    .summary = "Denies host devices not in `allow`.",
    .fix = "remove it from --device",
    .fixes = fixes,
    .cis = "5.18",
    .pss = "baseline",
    .judges_existing = true,
    .params = params,
    .check = host_devices_check,
};
