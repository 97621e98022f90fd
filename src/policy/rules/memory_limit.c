/*
 * One container without a memory limit takes the host's memory, and so does one step of
 * a build. Swap is memory too: MemorySwap is both together, -1 is no limit, and 0 is
 * twice the memory. In an update a field that is 0 changes nothing.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { MAX, DEFAULT, SWAP_MAX };

static const uint64_t default_preset = 4ULL << 30; // of restricted

static const char *const fixes[] = {
    "use --memory, and --memory-swap up to the maximum",
    "use --memory-reservation up to the maximum",
    NULL,
};

static const struct rule_param params[] = {
    {.name = "max", .type = PARAM_SIZE, .preset_restricted = "32g", .doc = "maximum Memory"},
    {.name = "default",
     .type = PARAM_SIZE,
     .preset_restricted = "4g",
     .doc = "Memory limit added to creates and builds that have none; 0: deny them instead"},
    {.name = "swap_max",
     .type = PARAM_SIZE,
     .doc = "maximum MemorySwap (memory and swap together); default: twice max"},
    {0}};

/* What is judged, and how its fields are called there. */
struct subject {
    const struct container_spec *spec;
    const char *memory;
    const char *swap;
};

static bool memory_limit_is_above(int64_t value, const struct param_value *bound, unsigned times)
{
    return bound->given && value > 0 && (uint64_t)value > bound->number * times;
}

static int judge_swap(struct rule_input *in, const struct subject *subject)
{
    const struct param_value *max = &in->param[SWAP_MAX];
    unsigned times = max->given ? 1 : 2;
    int64_t swap = subject->spec->memory_swap;

    if (!max->given) {
        max = &in->param[MAX];
    }
    // Left to the engine it is twice the memory.
    if (swap == 0 && subject->spec->memory > 0 && subject->spec->memory <= INT64_MAX / 2) {
        swap = subject->spec->memory * 2;
    }
    if (swap < 0) {
        return rule_object_fix(in, fixes[0], "%s is %lld, which means unlimited", subject->swap,
                               (long long)swap);
    }
    uint64_t bound = max->number * times;
    struct rule_remedy remedy = {
        .fix = fixes[0],
        .change = {.kind = CHANGE_SET, .param = SWAP_MAX, .number = (uint64_t)swap},
    };

    return memory_limit_is_above(swap, max, times)
               ? rule_object_remedy(in, &remedy, "%s comes to %lld, more than %llu", subject->swap,
                                    (long long)swap, (unsigned long long)bound)
               : 0;
}

/* The engine wants at least what is reserved. */
static uint64_t default_for(const struct rule_input *in, const struct container_spec *spec)
{
    uint64_t value = in->param[DEFAULT].number;
    uint64_t reserved = spec->memory_reservation > 0 ? (uint64_t)spec->memory_reservation : 0;

    return reserved > value ? reserved : value;
}

static int memory_limit_object_missing(struct rule_input *in, const struct subject *subject)
{
    bool small = in->param[MAX].given && in->param[MAX].number < default_preset;

    return rule_object_set(in, DEFAULT, small ? in->param[MAX].number : default_preset,
                           "%s is not set, which means unlimited", subject->memory);
}

static int memory_limit_judge_missing(struct rule_input *in, const struct subject *subject)
{
    uint64_t value = default_for(in, subject->spec);

    if (in->update) {
        return 0;
    }
    if (in->param[DEFAULT].number == 0) {
        return memory_limit_object_missing(in, subject);
    }
    if (in->param[MAX].given && value > in->param[MAX].number) {
        struct rule_remedy remedy = {
            .fix = fixes[1],
            .change = {.kind = CHANGE_SET, .param = MAX, .number = value},
        };

        return rule_object_remedy(in, &remedy,
                                  "%s is not set, but HostConfig.MemoryReservation is %llu",
                                  subject->memory, (unsigned long long)value);
    }
    if (!in->writes) {
        return 0;
    }
    return in->build_limits
               ? rule_build_default(in, "memory", value)
               : container_spec_set_host_int(in->container, SLICE("Memory"), (int64_t)value);
}

static int memory_limit_judge(struct rule_input *in, const struct subject *subject)
{
    int64_t memory = subject->spec->memory;
    int err = 0;

    if (memory == 0) {
        err = memory_limit_judge_missing(in, subject);
    } else if (memory < 0) {
        err = rule_object(in, "%s is %lld", subject->memory, (long long)memory);
    } else if (memory_limit_is_above(memory, &in->param[MAX], 1)) {
        err = rule_object_set(in, MAX, (uint64_t)memory, "%s is %lld, more than %llu",
                              subject->memory, (long long)memory,
                              (unsigned long long)in->param[MAX].number);
    }
    return err < 0 ? err : judge_swap(in, subject);
}

static int memory_limit_check(struct rule_input *in)
{
    if (in->container) {
        return memory_limit_judge(
            in, &(struct subject){in->container, "HostConfig.Memory", "HostConfig.MemorySwap"});
    }
    if (!in->build_limits) {
        return 0;
    }
    return memory_limit_judge(in, &(struct subject){&in->build_limits->spec, "memory", "memswap"});
}

const struct rule rule_memory_limit = {
    .id = "memory_limit",
    .summary = "Requires a memory limit within bounds; sets a default if it is missing.",
    .fix = "use --memory up to the maximum",
    .fixes = fixes,
    .cis = "5.11",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = memory_limit_check,
};
