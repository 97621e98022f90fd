/*
 * A health check is a command that the engine runs in the container for ever: without
 * one nobody notices a service that hangs, and one that runs each millisecond is load
 * on the host. NONE takes away what the image brings.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { OPTIONAL, MIN_INTERVAL, MAX_RETRIES };

enum { FIX_DISABLED, FIX_INTERVAL, FIX_RETRIES };

static const char *const fixes[] = {
    [FIX_DISABLED] = "remove --no-healthcheck",
    [FIX_INTERVAL] = "raise --health-interval and --health-start-interval to the minimum",
    [FIX_RETRIES] = "lower --health-retries to the maximum",
    NULL,
};

enum { NANO_PER_SECOND = 1000000000 };

static const struct rule_param params[] = {
    {.name = "optional",
     .type = PARAM_FLAG,
     .preset_restricted = "true",
     .doc = "allows containers without a health check; otherwise the request or the image must "
            "have one",
     .spares = NEED_IMAGE_HEALTH},
    {.name = "min_interval",
     .type = PARAM_NUMBER,
     .preset = "1",
     .doc = "minimum Interval and StartInterval, in seconds"},
    {.name = "max_retries", .type = PARAM_NUMBER, .preset = "100", .doc = "maximum Retries"},
    {0}};

static int healthcheck_judge_missing(struct rule_input *in)
{
    if (in->param[OPTIONAL].flag || in->image_missing || in->facts_missing ||
        (in->image && in->image->has_healthcheck)) {
        return 0;
    }
    return rule_object_set(in, OPTIONAL, 1, "neither the request nor image %.*s has a health check",
                           SLICE_ARGS(rule_show(in, in->container->image)));
}

static int judge_bounds(struct rule_input *in)
{
    const struct container_spec *spec = in->container;
    uint64_t shortest = in->param[MIN_INTERVAL].number;
    uint64_t retries = in->param[MAX_RETRIES].number;
    int err = 0;

    // 0 is the engine's or the image's own.
    if (spec->health_interval < 0 ||
        (spec->health_interval > 0 &&
         (uint64_t)spec->health_interval / NANO_PER_SECOND < shortest)) {
        struct rule_remedy remedy = {
            .fix = fixes[FIX_INTERVAL],
            .change = {.kind = spec->health_interval < 0 ? CHANGE_OFF : CHANGE_SET,
                       .param = MIN_INTERVAL,
                       .number = (uint64_t)spec->health_interval / NANO_PER_SECOND}};

        err = rule_object_remedy(in, &remedy,
                                 "Healthcheck runs every %lld ns, more often than every %llu s",
                                 (long long)spec->health_interval, (unsigned long long)shortest);
    }
    if (err == 0 && (spec->health_retries < 0 || (uint64_t)spec->health_retries > retries)) {
        struct rule_remedy remedy = {
            .fix = fixes[FIX_RETRIES],
            .change = {.kind = spec->health_retries < 0 ? CHANGE_OFF : CHANGE_SET,
                       .param = MAX_RETRIES,
                       .number = (uint64_t)spec->health_retries}};

        err = rule_object_remedy(in, &remedy, "Healthcheck.Retries is %lld, more than %llu",
                                 (long long)spec->health_retries, (unsigned long long)retries);
    }
    return err;
}

static int healthcheck_check(struct rule_input *in)
{
    if (!in->container || in->update) {
        return 0;
    }
    if (in->container->healthcheck_disabled) {
        return rule_object_fix(in, fixes[FIX_DISABLED],
                               "Healthcheck.Test disables the image's health check");
    }
    int err = in->container->has_healthcheck ? 0 : healthcheck_judge_missing(in);

    return err < 0 ? err : judge_bounds(in);
}

const struct rule rule_healthcheck = {
    .id = "healthcheck",
    .summary =
        "Denies disabling the image's health check or running one too often; can require one.",
    .fix = "use --health-cmd, or an image with a HEALTHCHECK",
    .fixes = fixes,
    .cis = "5.27",
    .start = RULE_FROM_RESTRICTED,
    .needs = NEED_IMAGE_HEALTH,
    .params = params,
    .check = healthcheck_check,
};
