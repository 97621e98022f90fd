/*
 * One container without a CPU limit takes every CPU of the host, unless its share is
 * smaller than that of others who want one. NanoCpus and CpuQuota/CpuPeriod say the
 * same; a quota alone in an update is multiplied by a period that was set before and is
 * not known here. Real-time run time starves everything else.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { MAX, DEFAULT, SHARES, SHARES_MAX };

enum {
    NANO_PER_CPU = 1000000000,
    NANO_PER_THOUSANDTH = NANO_PER_CPU / 1000,
    ONE_CPU = 1000,         /* thousandths */
    PERIOD_PRESET = 100000, /* of the engine, in microseconds */
    PERIOD_MIN = 1000,
    PERIOD_MAX = 1000000
};

static const struct rule_param params[] = {
    {.name = "max",
     .type = PARAM_CPUS,
     .doc = "maximum number of CPUs; if set, a limit is required"},
    {.name = "default",
     .type = PARAM_CPUS,
     .doc = "CPU limit added to creates and builds that have none"},
    {.name = "shares",
     .type = PARAM_NUMBER,
     .preset_restricted = "512",
     .doc = "if max and default are unset: CpuShares added to creates and builds that have neither "
            "a limit nor shares; the engine's default is 1024"},
    {.name = "shares_max",
     .type = PARAM_NUMBER,
     .preset_restricted = "1024",
     .doc = "maximum CpuShares"},
    {0}};

enum { FIX_TOGETHER, FIX_PERIOD, FIX_REALTIME };

static const char *const fixes[] = {
    [FIX_TOGETHER] = "use --cpu-quota and --cpu-period together, or --cpus",
    [FIX_PERIOD] = "use --cpu-period from 1000 to 1000000, or --cpus",
    [FIX_REALTIME] = "remove --cpu-rt-runtime",
    NULL,
};

/* Rounded up, of `part` in `whole`: what the parameter max would have to be. */
static uint64_t cpu_limit_thousandths(int64_t part, int64_t whole)
{
    uint64_t value = (uint64_t)part / (uint64_t)whole * 1000;

    return value + ((uint64_t)(part % whole) * 1000 + (uint64_t)whole - 1) / (uint64_t)whole;
}

static int cpu_limit_object_missing(struct rule_input *in)
{
    bool small = in->param[MAX].given && in->param[MAX].number < ONE_CPU;

    return rule_object_set(in, DEFAULT, small ? in->param[MAX].number : ONE_CPU,
                           "no CPU limit is set (NanoCpus or CpuQuota)");
}

static int judge_quota(struct rule_input *in, const struct container_spec *spec)
{
    int64_t quota = spec->cpu_quota;
    int64_t period = spec->cpu_period;

    if (quota < 0) {
        return rule_object(in, "CpuQuota is %lld, which means unlimited", (long long)quota);
    }
    if (in->update && (quota > 0) != (period > 0)) {
        return rule_object_fix(in, fixes[FIX_TOGETHER],
                               "CpuQuota and CpuPeriod are not changed together");
    }
    period = period == 0 ? PERIOD_PRESET : period;
    if (period < PERIOD_MIN || period > PERIOD_MAX) {
        return rule_object_fix(in, fixes[FIX_PERIOD], "CpuPeriod is %lld", (long long)period);
    }
    // Thousandths of CPUs are at most 1e8 and periods 1e6: no overflow.
    if (in->param[MAX].given && quota > (int64_t)in->param[MAX].number * period / 1000) {
        return rule_object_set(in, MAX, cpu_limit_thousandths(quota, period),
                               "CpuQuota is %lld in a period of %lld, more than %g CPUs",
                               (long long)quota, (long long)period,
                               (double)in->param[MAX].number / 1000);
    }
    return 0;
}

static int judge_nano(struct rule_input *in, const struct container_spec *spec)
{
    int64_t nano = spec->nano_cpus;

    if (nano < 0) {
        return rule_object(in, "NanoCpus is %lld", (long long)nano);
    }
    if (in->param[MAX].given && nano > (int64_t)in->param[MAX].number * NANO_PER_THOUSANDTH) {
        return rule_object_set(in, MAX, cpu_limit_thousandths(nano, NANO_PER_CPU),
                               "NanoCpus is %lld, more than %g CPUs", (long long)nano,
                               (double)in->param[MAX].number / 1000);
    }
    return 0;
}

static int judge_shares(struct rule_input *in, const struct container_spec *spec)
{
    uint64_t max = in->param[SHARES_MAX].number;

    if (spec->cpu_shares < 0 || (in->param[SHARES_MAX].given && (uint64_t)spec->cpu_shares > max)) {
        struct rule_remedy remedy = {
            .change = {.kind = spec->cpu_shares < 0 ? CHANGE_OFF : CHANGE_SET,
                       .param = SHARES_MAX,
                       .number = (uint64_t)spec->cpu_shares}};

        return rule_object_remedy(in, &remedy, "CpuShares is %lld, more than %llu",
                                  (long long)spec->cpu_shares, (unsigned long long)max);
    }
    return 0;
}

/* A build has no NanoCpus: the same by quota and period. */
static int write_limit(struct rule_input *in)
{
    int64_t thousandths = (int64_t)in->param[DEFAULT].number;

    if (in->build_limits) {
        int err = rule_build_default(in, "cpuperiod", PERIOD_PRESET);

        return err < 0 ? err
                       : rule_build_default(in, "cpuquota",
                                            (uint64_t)thousandths * (PERIOD_PRESET / 1000));
    }
    return container_spec_set_host_int(in->container, SLICE("NanoCpus"),
                                       thousandths * NANO_PER_THOUSANDTH);
}

static int write_shares(struct rule_input *in)
{
    uint64_t shares = in->param[SHARES].number;

    return in->build_limits
               ? rule_build_default(in, "cpushares", shares)
               : container_spec_set_host_int(in->container, SLICE("CpuShares"), (int64_t)shares);
}

static int cpu_limit_judge_missing(struct rule_input *in, const struct container_spec *spec)
{
    bool shares_do =
        !in->param[MAX].given && !in->param[DEFAULT].given && in->param[SHARES].number > 0;

    if (in->update || spec->nano_cpus != 0 || spec->cpu_quota != 0) {
        return 0;
    }
    if (shares_do) {
        // A service has no shares, and needs none among the others of its kind.
        return spec->cpu_shares == 0 && in->writes && !spec->service ? write_shares(in) : 0;
    }
    if (!in->param[DEFAULT].given) {
        return cpu_limit_object_missing(in);
    }
    // A period without a quota beside it would make the engine refuse NanoCpus.
    if (!in->writes || spec->cpu_period != 0) {
        return in->writes
                   ? rule_object_fix(in, fixes[FIX_TOGETHER], "CpuPeriod is set without CpuQuota")
                   : 0;
    }
    return write_limit(in);
}

static int cpu_limit_check(struct rule_input *in)
{
    const struct container_spec *spec = in->container;

    if (!spec && in->build_limits) {
        spec = &in->build_limits->spec;
    }
    if (!spec) {
        return 0;
    }
    int err = cpu_limit_judge_missing(in, spec);

    if (err == 0) {
        err = judge_nano(in, spec);
    }
    if (err == 0) {
        err = judge_quota(in, spec);
    }
    if (err == 0) {
        err = judge_shares(in, spec);
    }
    if (err == 0 && spec->cpu_realtime_runtime != 0) {
        err = rule_object_fix(in, fixes[FIX_REALTIME], "CpuRealtimeRuntime is %lld",
                              (long long)spec->cpu_realtime_runtime);
    }
    return err;
}

const struct rule rule_cpu_limit = {
    .id = "cpu_limit",
    .summary =
        "Requires a CPU limit or CPU shares within bounds; sets a default if both are missing.",
    .fix = "use --cpus or --cpu-shares up to the maximum",
    .fixes = fixes,
    .cis = "5.12",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = cpu_limit_check,
};
