/*
 * A device request asks a driver for devices: GPUs, or anything that a CDI specification
 * on the host describes, and that may add mounts, hooks and environment.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int device_requests_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->device_request_count; i++) {
        const struct device_request_spec *request = &in->container->device_requests[i];

        if (rule_object(in, "%.*s requests devices from driver %.*s", SLICE_ARGS(request->field),
                        SLICE_ARGS(rule_show(in, request->driver))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_device_requests = {
    .id = "device_requests",
    .summary = "Denies device requests (GPUs, CDI).",
    .fix = "remove --gpus and CDI devices",
    .cis = "5.18",
    .pss = "baseline",
    .judges_existing = true,
    .check = device_requests_check,
};
