/*
 * One container without a CPU limit takes every CPU of the host. NanoCpus and
 * CpuQuota/CpuPeriod say the same; a quota alone in an update is multiplied by a period
 * that was set before and is not known here. Real-time run time starves everything else.
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

enum { MAX, DEFAULT };

enum {
    NANO_PER_THOUSANDTH = 1000000,
    PERIOD_PRESET = 100000, /* of the engine, in microseconds */
    PERIOD_MIN = 1000,
    PERIOD_MAX = 1000000
};

static const struct rule_param params[] = {
    {.name = "max", .type = PARAM_CPUS, .doc = "largest number of CPUs"},
    {.name = "default", .type = PARAM_CPUS, .doc = "written in when a create names no CPU limit"},
    {0}};

static int judge_quota(struct rule_input *in)
{
    int64_t quota = in->container->cpu_quota;
    int64_t period = in->container->cpu_period;

    if (quota < 0) {
        return rule_object(in, "HostConfig.CpuQuota is %lld, which is no limit", (long long)quota);
    }
    if (in->update && (quota > 0) != (period > 0)) {
        return rule_object(in,
                           "HostConfig.CpuQuota and CpuPeriod are changed one without the other");
    }
    period = period == 0 ? PERIOD_PRESET : period;
    if (period < PERIOD_MIN || period > PERIOD_MAX) {
        return rule_object(in, "HostConfig.CpuPeriod is %lld", (long long)period);
    }
    // Thousandths of CPUs are at most 1e8 and periods 1e6: no overflow.
    if (in->param[MAX].given && quota > (int64_t)in->param[MAX].number * period / 1000) {
        return rule_object(in, "HostConfig.CpuQuota is %lld in a period of %lld, more than %g CPUs",
                           (long long)quota, (long long)period,
                           (double)in->param[MAX].number / 1000);
    }
    return 0;
}

static int judge_nano(struct rule_input *in)
{
    int64_t nano = in->container->nano_cpus;

    if (nano < 0) {
        return rule_object(in, "HostConfig.NanoCpus is %lld", (long long)nano);
    }
    if (in->param[MAX].given && nano > (int64_t)in->param[MAX].number * NANO_PER_THOUSANDTH) {
        return rule_object(in, "HostConfig.NanoCpus is %lld, more than %g CPUs", (long long)nano,
                           (double)in->param[MAX].number / 1000);
    }
    return 0;
}

static int judge_missing(struct rule_input *in)
{
    if (in->update || in->container->nano_cpus != 0 || in->container->cpu_quota != 0) {
        return 0;
    }
    if (!in->param[DEFAULT].given) {
        return rule_object(in, "no CPU limit is given (NanoCpus or CpuQuota)");
    }
    // A period without a quota beside it would make the engine refuse NanoCpus.
    if (!in->writes || in->container->cpu_period != 0) {
        return in->writes ? rule_object(in, "HostConfig.CpuPeriod is given without CpuQuota") : 0;
    }
    return container_spec_set_host_int(in->container, SLICE("NanoCpus"),
                                       (int64_t)in->param[DEFAULT].number * NANO_PER_THOUSANDTH);
}

static int check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    int err = judge_missing(in);

    if (err == 0) {
        err = judge_nano(in);
    }
    if (err == 0) {
        err = judge_quota(in);
    }
    if (err == 0 && in->container->cpu_realtime_runtime != 0) {
        err = rule_object(in, "HostConfig.CpuRealtimeRuntime is %lld",
                          (long long)in->container->cpu_realtime_runtime);
    }
    return err;
}

const struct rule rule_cpu_limit = {
    .id = "cpu_limit",
    .summary = "Wants a CPU limit within bounds, or writes one in.",
    .fix = "use --cpus within the bound",
    .cis = "5.12",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = check,
};
