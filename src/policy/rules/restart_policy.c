/*
 * always and unless-stopped start a container again after a reboot, and each start
 * follows the symbolic links of its mounts anew; on-failure without a count never ends.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { MAX_RETRIES, ALLOW };

static const struct rule_param params[] = {
    {.name = "max_retries",
     .type = PARAM_NUMBER,
     .preset = "5",
     .doc = "maximum retries of on-failure"},
    {.name = "allow",
     .type = PARAM_WORDS,
     .values = VALUE_RESTART,
     .preset = "",
     .doc = "further policies to allow: always, unless-stopped"},
    {0}};

static const char *const fixes[] = {"use --restart on-failure:N with a smaller N", NULL};

static int restart_policy_check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    struct slice name = in->container->restart_policy;
    int64_t count = in->container->restart_max_retries;

    if (name.len == 0 || slice_eq(name, SLICE("no")) || rule_allows_word(in, ALLOW, name)) {
        return 0;
    }
    if (!slice_eq(name, SLICE("on-failure"))) {
        return rule_object_list(in, ALLOW, name, "HostConfig.RestartPolicy is %.*s",
                                SLICE_ARGS(rule_show(in, name)));
    }
    if (count < 1 || (uint64_t)count > in->param[MAX_RETRIES].number) {
        // Without a count it never ends, which is a policy of its own.
        struct rule_remedy remedy = {
            .fix = fixes[0],
            .change = {.kind = CHANGE_ADD, .param = ALLOW, .word = SLICE("on-failure")},
        };

        if (count > 0) {
            remedy.change = (struct rule_change){
                .kind = CHANGE_SET, .param = MAX_RETRIES, .number = (uint64_t)count};
        }
        return rule_object_remedy(
            in, &remedy, "HostConfig.RestartPolicy is on-failure:%lld, not 1 to %llu",
            (long long)count, (unsigned long long)in->param[MAX_RETRIES].number);
    }
    return 0;
}

const struct rule rule_restart_policy = {
    .id = "restart_policy",
    .summary = "Denies restart policies that never end.",
    .fix = "use --restart on-failure:N, or remove --restart",
    .fixes = fixes,
    .cis = "5.15",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = restart_policy_check,
};
