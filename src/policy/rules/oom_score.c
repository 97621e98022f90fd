/*
 * A container with a negative score, or one that the kernel may not kill, makes the
 * kernel kill the host's processes instead when memory runs out.
 */
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int oom_score_check(struct rule_input *in)
{
    int err = 0;

    if (in->container && in->container->oom_score_adj < 0) {
        err = rule_object(in, "HostConfig.OomScoreAdj is %lld",
                          (long long)in->container->oom_score_adj);
    }
    if (err == 0 && in->container && in->container->oom_kill_disable) {
        err = rule_object(in, "HostConfig.OomKillDisable is true");
    }
    return err;
}

const struct rule rule_oom_score = {
    .id = "oom_score",
    .summary = "Denies containers that the kernel would kill last.",
    .fix = "remove --oom-score-adj and --oom-kill-disable",
    .check = oom_score_check,
};
