/*
 * A builder that takes a base image or a file from any place that a Dockerfile names takes it from
 * the host's files as well, and Podman's runs the steps of a build in the host's network. No
 * field says so: it is in the archive, which is not read.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int build_host_access_check(struct rule_input *in)
{
    if (!in->build_limits || !engine_may_be(in->engine, ENGINE_PODMAN)) {
        return 0;
    }
    return rule_object(
        in, in->engine->kind == ENGINE_PODMAN
                ? "the engine is Podman, where a Dockerfile can copy host files into the image"
                : "the engine is unknown; if it is Podman, a Dockerfile can copy host files into "
                  "the image");
}

const struct rule rule_build_host_access = {
    .id = "build_host_access",
    .summary = "Denies builds by engines that let a Dockerfile read host files (Podman).",
    .fix = "build elsewhere and pull the image",
    .check = build_host_access_check,
};
