/*
 * nproc counts a user's processes on the whole host, memlock pins memory, rtprio starves
 * other processes: bounded or not at all.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { NOFILE, NPROC, ALLOW };

static const struct rule_param params[] = {
    {.name = "nofile", .type = PARAM_NUMBER, .preset = "1048576", .doc = "maximum nofile"},
    {.name = "nproc", .type = PARAM_NUMBER, .preset = "65536", .doc = "maximum nproc"},
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "further ulimits that may have any value; core=0 is always allowed"},
    {0}};

static const char *const fixes[] = {"remove it from --ulimit", NULL};

static bool is_bounded(const struct ulimit_spec *limit, uint64_t max)
{
    return limit->soft >= 0 && limit->hard >= 0 && (uint64_t)limit->soft <= max &&
           (uint64_t)limit->hard <= max;
}

static bool ulimits_is_harmless(const struct rule_input *in, const struct ulimit_spec *limit)
{
    if (slice_eq(limit->name, SLICE("nofile"))) {
        return is_bounded(limit, in->param[NOFILE].number);
    }
    if (slice_eq(limit->name, SLICE("nproc"))) {
        return is_bounded(limit, in->param[NPROC].number);
    }
    return (slice_eq(limit->name, SLICE("core")) && is_bounded(limit, 0)) ||
           rule_allows_word(in, ALLOW, limit->name);
}

/* Those that have a bound can be lowered, or the bound raised; others are listed. */
static struct rule_remedy ulimits_remedy_for(const struct ulimit_spec *limit)
{
    bool nofile = slice_eq(limit->name, SLICE("nofile"));
    struct rule_remedy remedy = {
        .fix = fixes[0],
        .change = {.kind = CHANGE_ADD, .param = ALLOW, .word = limit->name},
    };

    if (nofile || slice_eq(limit->name, SLICE("nproc"))) {
        int64_t largest = limit->soft > limit->hard ? limit->soft : limit->hard;
        bool endless = limit->soft < 0 || limit->hard < 0;

        remedy.fix = NULL;
        remedy.change = (struct rule_change){.kind = endless ? CHANGE_OFF : CHANGE_SET,
                                             .param = nofile ? NOFILE : NPROC,
                                             .number = (uint64_t)largest};
    }
    return remedy;
}

static int ulimits_judge(struct rule_input *in, const struct container_spec *spec)
{
    for (size_t i = 0; i < spec->ulimit_count; i++) {
        const struct ulimit_spec *limit = &spec->ulimits[i];

        struct rule_remedy remedy = ulimits_remedy_for(limit);

        if (!ulimits_is_harmless(in, limit) &&
            rule_object_remedy(in, &remedy, "%.*s sets %.*s to %lld:%lld", SLICE_ARGS(limit->field),
                               SLICE_ARGS(rule_show(in, limit->name)), (long long)limit->soft,
                               (long long)limit->hard) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int ulimits_check(struct rule_input *in)
{
    int err = in->container ? ulimits_judge(in, in->container) : 0;

    if (err < 0 || !in->build_limits) {
        return err;
    }
    if (slice_eq(in->build_limits->bad, SLICE("ulimits"))) {
        return rule_object_fix(in, fixes[0], "ulimits is %.*s",
                               SLICE_ARGS(rule_show(in, rule_build_query(in, SLICE("ulimits")))));
    }
    return ulimits_judge(in, &in->build_limits->spec);
}

const struct rule rule_ulimits = {
    .id = "ulimits",
    .summary = "Limits nofile and nproc, and denies other ulimits not in `allow`.",
    .fix = "lower --ulimit to the maximum, or remove it",
    .fixes = fixes,
    .cis = "5.19",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = ulimits_check,
};
