/*
 * One request for a service can start as many containers as it likes, on every node: limits
 * count it as one create. A global service has one on each node, whose number is the swarm's.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { MAX, MAX_COMPLETIONS };

static const struct rule_param params[] = {
    {.name = "max",
     .type = PARAM_NUMBER,
     .preset = "32",
     .doc = "maximum number of tasks that run at once"},
    {.name = "max_completions",
     .type = PARAM_NUMBER,
     .preset = "1000",
     .doc = "maximum number of tasks that a job runs in total"},
    {0}};

static int service_replicas_check_number(struct rule_input *in, const char *field, int64_t value,
                                         size_t param)
{
    uint64_t max = in->param[param].number;

    if (value >= 0 && (uint64_t)value <= max) {
        return 0;
    }
    struct rule_remedy remedy = {.change = {.kind = value < 0 ? CHANGE_OFF : CHANGE_SET,
                                            .param = param,
                                            .number = (uint64_t)value}};

    return rule_object_remedy(in, &remedy, "%s is %lld, not 0 to %llu", field, (long long)value,
                              (unsigned long long)max);
}

static int service_replicas_check(struct rule_input *in)
{
    const struct container_spec *spec = in->container;

    if (!spec || !spec->service) {
        return 0;
    }
    TRY(service_replicas_check_number(in, "Mode.Replicated.Replicas", spec->replicas, MAX));
    TRY(service_replicas_check_number(in, "Mode.ReplicatedJob.MaxConcurrent", spec->job_concurrent,
                                      MAX));
    return service_replicas_check_number(in, "Mode.ReplicatedJob.TotalCompletions",
                                         spec->job_completions, MAX_COMPLETIONS);
}

const struct rule rule_service_replicas = {
    .id = "service_replicas",
    .summary = "Limits how many tasks a service runs.",
    .fix = "lower --replicas, --max-concurrent or the number given to `docker service scale`",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = service_replicas_check,
};
