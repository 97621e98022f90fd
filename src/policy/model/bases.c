/*
 * The four bases, a ladder as in Kubernetes' Pod Security Standards: what a policy
 * is before its file says anything. The rules say themselves on which step they begin.
 */
#include "policy/model/bases.h"

#include "base/banned.h"

struct base_row {
    const char *name;
    const char *summary;
    const char *operations;
};

/*
 * What run, exec, cp, build, save, load and Compose projects need. Not in it: what
 * acts on everybody's objects (prune), what leaves with the images or with credentials
 * (push, login), and the families that start processes by ways nobody judges here
 * (swarm, services, plugins, checkpoints, BuildKit sessions).
 */
#define USUAL                                                                            \
    "@meta @observe @lifecycle containers.create containers.attach containers.update "   \
    "containers.files.read containers.files.write containers.export containers.commit "  \
    "exec.* images.pull images.tag images.remove images.load images.save images.import " \
    "build.classic build.cancel networks.list networks.inspect networks.create "         \
    "networks.connect networks.disconnect networks.remove volumes.list volumes.inspect " \
    "volumes.create volumes.remove distribution.inspect system.df"

// clang-format off
static const struct base_row rows[BASE_COUNT] = {
    [BASE_RESTRICTED] = {"restricted",
        "Denies every known way to the host, and hardens containers: no root, no new privileges, few capabilities, limited processes.", USUAL},
    [BASE_BASELINE] = {"baseline",
        "Denies every known way from a container to the host.",
        USUAL " auth.login"},
    [BASE_READ_ONLY] = {"read_only",
        "Read-only: lists, inspections, logs, events.", "@meta @observe system.df"},
    [BASE_OPEN] = {"open",
        "Allows everything and records every request.", "*"},
};
// clang-format on

static const char *const names[] = {"restricted", "baseline", "read_only", "open", NULL};

enum base base_find(struct slice name)
{
    for (enum base base = 0; base < BASE_COUNT; base++) {
        if (slice_eq(name, slice_from(rows[base].name))) {
            return base;
        }
    }
    return BASE_COUNT;
}

const char *base_name(enum base base)
{
    return rows[base].name;
}

const char *base_summary(enum base base)
{
    return rows[base].summary;
}

const char *base_operations(enum base base)
{
    return rows[base].operations;
}

enum rule_level base_rule_level(enum base base, const struct rule *rule)
{
    // What read_only lets a policy add (a create, say) is judged as strictly as it can be.
    bool on = false;

    switch (rule->start) {
    case RULE_FROM_BASELINE:
        on = base != BASE_OPEN;
        break;
    case RULE_FROM_RESTRICTED:
        on = base == BASE_RESTRICTED || base == BASE_READ_ONLY;
        break;
    case RULE_ON_REQUEST:
        break;
    }
    return on ? RULE_LEVEL_DENY : RULE_LEVEL_OFF;
}

const char *const *base_names(void)
{
    return names;
}
