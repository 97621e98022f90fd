/*
 * "container:ID" joins another container's namespace: its traffic, its processes, its
 * secrets in shared memory. "ns:PATH" is any namespace of the host by its file. What the
 * engine may add to these fields one day is refused until it's known.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { JUDGED };

static const struct rule_param params[] = {
    {.name = "judged",
     .type = PARAM_FLAG,
     .doc = "looks the other container up, and allows sharing if the policy would allow that "
            "container",
     .needs = NEED_JOINED},
    {0}};

/* With what is known of the other container the other rules object themselves. */
static bool namespace_sharing_is_judged(const struct rule_input *in, struct slice mode)
{
    struct slice prefix = SLICE("container:");

    return in->param[JUDGED].flag && slice_starts_with(mode, prefix) &&
           (in->facts_missing || in->image_missing ||
            rule_peer(in, slice_from_index(mode, prefix.len)));
}

/* A container can be asked about; what else is named has nothing that could be judged. */
static int object_mode(struct rule_input *in, const char *field, struct slice mode)
{
    bool container = slice_starts_with(mode, SLICE("container:"));
    struct rule_remedy remedy = {
        .change = {.kind = container && !in->param[JUDGED].flag ? CHANGE_SET : CHANGE_OFF,
                   .param = JUDGED,
                   .number = 1},
    };

    return rule_object_remedy(in, &remedy, "%s is %.*s", field, SLICE_ARGS(rule_show(in, mode)));
}

/* `known`: values that share nothing, or that a rule of their own is about; by spaces. */
static int judge_mode(struct rule_input *in, const char *field, struct slice mode,
                      const char *known)
{
    struct slice words = slice_from(known);

    if (mode.len == 0 || namespace_sharing_is_judged(in, mode)) {
        return 0;
    }
    while (words.len > 0) {
        struct slice word = {0};

        slice_cut(words, ' ', &word, &words);
        if (slice_eq(mode, word)) {
            return 0;
        }
    }
    return object_mode(in, field, mode);
}

/* Names of networks are free, but none has a colon. */
static int namespace_sharing_judge_network(struct rule_input *in, const char *field,
                                           struct slice mode)
{
    if (slice_find(mode, ':') == mode.len || namespace_sharing_is_judged(in, mode)) {
        return 0;
    }
    return object_mode(in, field, mode);
}

static int namespace_sharing_judge_container(struct rule_input *in)
{
    const struct container_spec *spec = in->container;
    int err = namespace_sharing_judge_network(in, "HostConfig.NetworkMode", spec->network_mode);

    if (err == 0) {
        err = judge_mode(in, "HostConfig.PidMode", spec->pid_mode, "private host");
    }
    if (err == 0) {
        err = judge_mode(in, "HostConfig.IpcMode", spec->ipc_mode, "none private shareable host");
    }
    if (err == 0) {
        err = judge_mode(in, "HostConfig.UTSMode", spec->uts_mode, "private host");
    }
    if (err == 0) {
        err = judge_mode(in, "HostConfig.UsernsMode", spec->userns_mode, "private host");
    }
    if (err == 0) {
        err = judge_mode(in, "HostConfig.CgroupnsMode", spec->cgroupns_mode, "private host");
    }
    return err < 0 ? err : judge_mode(in, "HostConfig.Cgroup", spec->cgroup, "");
}

static int namespace_sharing_check(struct rule_input *in)
{
    int err = in->container ? namespace_sharing_judge_container(in) : 0;

    if (err == 0 && in->build) {
        err = namespace_sharing_judge_network(in, "networkmode",
                                              rule_build_query(in, SLICE("networkmode")));
    }
    return err;
}

const struct rule rule_namespace_sharing = {
    .id = "namespace_sharing",
    .summary = "Denies namespaces of other containers, or named by a path.",
    .fix = "use the container's own namespaces, and a network to reach the other container",
    .judges_existing = true,
    .params = params,
    .check = namespace_sharing_check,
};
