/*
 * A fork bomb in one container uses up the host's process ids. The engine takes 0, every
 * negative number and null for no limit.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { MAX, DEFAULT };

enum { DEFAULT_PRESET = 4096 /* of restricted */ };

static const char *const fixes[] = {"use API 1.41 or later", NULL};

static const struct rule_param params[] = {
    {.name = "max", .type = PARAM_NUMBER, .preset = "32768", .doc = "maximum PidsLimit"},
    {.name = "default",
     .type = PARAM_NUMBER,
     .preset_restricted = "4096",
     .doc = "PidsLimit added to creates that have none; 0: deny them instead"},
    {0}};

static int pids_limit_judge_missing(struct rule_input *in)
{
    if (in->param[DEFAULT].number == 0) {
        uint64_t max = in->param[MAX].number;

        return rule_object_set(in, DEFAULT,
                               in->param[MAX].given && max < DEFAULT_PRESET ? max : DEFAULT_PRESET,
                               "HostConfig.PidsLimit is not set, which means unlimited");
    }
    return in->writes ? container_spec_set_host_int(in->container, SLICE("PidsLimit"),
                                                    (int64_t)in->param[DEFAULT].number)
                      : 0;
}

static int pids_limit_check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    if (in->container->drops_pids_limit) {
        return rule_object_fix(in, fixes[0],
                               "a service can limit its processes only since API 1.41");
    }
    int64_t limit = in->container->has_pids_limit ? in->container->pids_limit : 0;

    // A create's 0 is what clients send that don't care; an update's 0 takes a limit away.
    if (limit == 0 && !(in->update && in->container->has_pids_limit)) {
        return in->update ? 0 : pids_limit_judge_missing(in);
    }
    if (limit <= 0) {
        return rule_object(in, "HostConfig.PidsLimit is %lld, which means unlimited",
                           (long long)limit);
    }
    if (in->param[MAX].given && (uint64_t)limit > in->param[MAX].number) {
        return rule_object_set(in, MAX, (uint64_t)limit,
                               "HostConfig.PidsLimit is %lld, more than %llu", (long long)limit,
                               (unsigned long long)in->param[MAX].number);
    }
    return 0;
}

const struct rule rule_pids_limit = {
    .id = "pids_limit",
    .summary = "Requires a process limit within bounds; sets a default if it is missing.",
    .fix = "use --pids-limit up to the maximum",
    .fixes = fixes,
    .cis = "5.29",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = pids_limit_check,
};
