/*
 * One container without a memory limit takes the host's memory. Swap is memory too:
 * MemorySwap is both together, -1 is no limit, and 0 is twice the memory. In an update a
 * field that is 0 changes nothing.
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

enum { MAX, DEFAULT, SWAP_MAX };

static const struct rule_param params[] = {
    {.name = "max", .type = PARAM_SIZE, .doc = "largest Memory"},
    {.name = "default", .type = PARAM_SIZE, .doc = "written in when a create names no Memory"},
    {.name = "swap_max",
     .type = PARAM_SIZE,
     .doc = "largest MemorySwap (memory and swap together); twice max unless given"},
    {0}};

static bool is_above(int64_t value, const struct param_value *bound, unsigned times)
{
    return bound->given && value > 0 && (uint64_t)value > bound->number * times;
}

static int judge_swap(struct rule_input *in)
{
    const struct param_value *max = &in->param[SWAP_MAX];
    unsigned times = max->given ? 1 : 2;
    int64_t swap = in->container->memory_swap;

    if (!max->given) {
        max = &in->param[MAX];
    }
    // Left to the engine it is twice the memory.
    if (swap == 0 && in->container->memory > 0 && in->container->memory <= INT64_MAX / 2) {
        swap = in->container->memory * 2;
    }
    if (swap < 0) {
        return rule_object(in, "HostConfig.MemorySwap is %lld, which is no limit", (long long)swap);
    }
    uint64_t bound = max->number * times;

    return is_above(swap, max, times)
               ? rule_object(in, "HostConfig.MemorySwap comes to %lld, more than %llu",
                             (long long)swap, (unsigned long long)bound)
               : 0;
}

static int judge_missing(struct rule_input *in)
{
    if (in->update) {
        return 0;
    }
    if (!in->param[DEFAULT].given) {
        return rule_object(in, "HostConfig.Memory is not given, which is no limit");
    }
    return in->writes ? container_spec_set_host_int(in->container, SLICE("Memory"),
                                                    (int64_t)in->param[DEFAULT].number)
                      : 0;
}

static int check(struct rule_input *in)
{
    int err = 0;

    if (!in->container) {
        return 0;
    }
    int64_t memory = in->container->memory;

    if (memory == 0) {
        err = judge_missing(in);
    } else if (memory < 0) {
        err = rule_object(in, "HostConfig.Memory is %lld", (long long)memory);
    } else if (is_above(memory, &in->param[MAX], 1)) {
        err = rule_object(in, "HostConfig.Memory is %lld, more than %llu", (long long)memory,
                          (unsigned long long)in->param[MAX].number);
    }
    return err < 0 ? err : judge_swap(in);
}

const struct rule rule_memory_limit = {
    .id = "memory_limit",
    .summary = "Wants a memory limit within bounds, or writes one in.",
    .fix = "use --memory (and --memory-swap) within the bound",
    .cis = "5.11",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = check,
};
