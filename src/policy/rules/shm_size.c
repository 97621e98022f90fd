/*
 * /dev/shm is memory that no memory limit counts before it is used, and that the host
 * pays for.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { MAX };

static const struct rule_param params[] = {
    {.name = "max", .type = PARAM_SIZE, .preset = "2g", .doc = "maximum ShmSize"}, {0}};

static int shm_size_judge(struct rule_input *in, const char *field, int64_t size)
{
    if (size >= 0 && (uint64_t)size <= in->param[MAX].number) {
        return 0;
    }
    struct rule_remedy remedy = {.change = {.kind = size < 0 ? CHANGE_OFF : CHANGE_SET,
                                            .param = MAX,
                                            .number = (uint64_t)size}};

    return rule_object_remedy(in, &remedy, "%s is %lld, more than %llu", field, (long long)size,
                              (unsigned long long)in->param[MAX].number);
}

static int shm_size_check(struct rule_input *in)
{
    int err = in->container ? shm_size_judge(in, "HostConfig.ShmSize", in->container->shm_size) : 0;

    if (err < 0 || !in->build_limits) {
        return err;
    }
    if (slice_eq(in->build_limits->bad, SLICE("shmsize"))) {
        return rule_object(in, "shmsize is %.*s",
                           SLICE_ARGS(rule_show(in, rule_build_query(in, SLICE("shmsize")))));
    }
    return shm_size_judge(in, "shmsize", in->build_limits->spec.shm_size);
}

const struct rule rule_shm_size = {
    .id = "shm_size",
    .summary = "Limits the size of /dev/shm.",
    .fix = "lower --shm-size",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = shm_size_check,
};
