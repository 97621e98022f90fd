/*
 * Questions to the engine, each asked once: lookups for rules and for the scope share them.
 */

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include <errno.h>

#include "base/banned.h"

enum { FACT_TARGET_BYTES = 8192 };

/* `kind` and then the name, as one path that is clean and stays one. */
static int fact_target(const struct judgement *judgement, const char *before, struct slice name,
                       const char *after, struct decision *out, struct slice *target)
{
    CLEANUP(buf_deinit) struct buf written = {0};
    struct slice path = {0};
    struct slice clean = {0};
    int err = arena_printf(&out->arena, &path, "%.*s%s%.*s%s", SLICE_ARGS(judgement->prefix),
                           before, SLICE_ARGS(name), after);

    if (err == 0) {
        err = path_clean(&out->arena, path, &clean);
    }
    if (err < 0) {
        return err;
    }
    // "../containers/x/json#" would ask about something else: such a name is none.
    if (!slice_eq(path, clean)) {
        return -EINVAL;
    }
    buf_init(&written, FACT_TARGET_BYTES);
    err = target_write(&written, path, NULL);
    if (err == -ENOBUFS) {
        return -EINVAL;
    }
    return err < 0 ? err : arena_copy(&out->arena, buf_slice(&written), target);
}

int fact_add(struct decision *out, enum fact_kind kind, struct slice name, struct slice target)
{
    struct fact *fact = arena_alloc(&out->arena, sizeof(*fact));
    struct fact **tail = &out->facts;

    if (!fact) {
        return -ENOMEM;
    }
    *fact = (struct fact){.kind = kind, .name = name, .target = target};
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = fact;
    return 0;
}

/* Letters, digits and what references are made of: nothing that a path could trip over. */
static bool is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];

        if (c <= ' ' || c >= 127 || c == '?' || c == '#' || c == '%' || c == '\\') {
            return false;
        }
    }
    return name.len > 0 && name.len <= 1024;
}

static struct fact *ask_find(const struct decision *decision, enum fact_kind kind,
                             struct slice name)
{
    struct fact *fact = decision->facts;

    while (fact && (fact->kind != kind || !slice_eq(fact->name, name))) {
        fact = fact->next;
    }
    return fact;
}

const struct fact *fact_find(const struct decision *decision, enum fact_kind kind,
                             struct slice name)
{
    return ask_find(decision, kind, name);
}

struct question {
    const char *before;
    const char *after;
    const char *query;
};

// clang-format off
static const struct question questions[] = {
    [FACT_IMAGE]     = {"/images/", "/json", ""},
    [FACT_VOLUME]    = {"/volumes/", "", ""},
    [FACT_CONTAINER] = {"/containers/", "/json", ""},
    [FACT_EXEC]      = {"/exec/", "/json", ""},
    [FACT_NETWORK]   = {"/networks/", "", ""},
    // Only with this scope does the engine look as it does for a service, and finds host.
    // Source: moby api/server/router/network, daemon/cluster/networks.go populateNetworkID.
    [FACT_SWARM_NETWORK] = {"/networks/", "", "?scope=swarm"},
    [FACT_SERVICE]   = {"/services/", "", ""},
    [FACT_TASK]      = {"/tasks/", "", ""},
    [FACT_SECRET]    = {"/secrets/", "", ""},
    [FACT_CONFIG]    = {"/configs/", "", ""},
};
// clang-format on

int fact_ask(const struct judgement *judgement, enum fact_kind kind, struct slice name,
             struct decision *out)
{
    struct fact *asked = ask_find(out, kind, name);
    struct slice target = {0};

    if (asked) {
        asked->scope = false;
        // The rules want all of it: asked once more.
        asked->status = asked->owner_only ? 0 : asked->status;
        asked->owner_only = false;
        return 0;
    }
    // Only images have names with slashes in them, and containers that are named by a link.
    if (!is_plain_name(name) || (kind != FACT_IMAGE && slice_find(name, '/') < name.len &&
                                 !(kind == FACT_CONTAINER && link_name_is_valid(name)))) {
        return -EINVAL;
    }
    int err =
        fact_target(judgement, questions[kind].before, name, questions[kind].after, out, &target);

    if (err == 0) {
        err =
            arena_printf(&out->arena, &target, "%.*s%s", SLICE_ARGS(target), questions[kind].query);
    }

    return err < 0 ? err : fact_add(out, kind, name, target);
}

/* What takes an object away needs nothing else of it, and must not fail for what it says. */
static bool facts_want_owner(enum operation operation)
{
    switch (operation) {
    case OP_CONTAINERS_REMOVE:
    case OP_CONTAINERS_STOP:
    case OP_CONTAINERS_KILL:
    case OP_IMAGES_REMOVE:
    case OP_NETWORKS_REMOVE:
    case OP_VOLUMES_REMOVE:
    case OP_SERVICES_REMOVE:
    case OP_SECRETS_REMOVE:
    case OP_CONFIGS_REMOVE:
        return true;
    default:
        return false;
    }
}

int fact_ask_for_scope(const struct judgement *judgement, enum fact_kind kind, struct slice name,
                       struct decision *out)
{
    if (ask_find(out, kind, name)) {
        return 0;
    }
    int err = fact_ask(judgement, kind, name, out);

    if (err == 0) {
        struct fact *asked = ask_find(out, kind, name);

        asked->scope = true; // the rules may ask the same later
        asked->owner_only = facts_want_owner(judgement->operation) && kind != FACT_EXEC;
    }
    return err;
}

int facts_ask_volumes(const struct judgement *judgement, const struct container_spec *spec,
                      struct decision *out)
{
    size_t volumes = 0;

    if (!judgement_needs(judgement, NEED_VOLUMES)) {
        return 0;
    }
    for (size_t i = 0; i < spec->mounts.count && volumes < POLICY_MAX_VOLUME_FACTS; i++) {
        if (spec->mounts.item[i].kind == MOUNT_VOLUME) {
            // A name that can't be asked about: the rules will find no answer, and object.
            int err = fact_ask(judgement, FACT_VOLUME, spec->mounts.item[i].source, out);

            if (err < 0 && err != -EINVAL) {
                return err;
            }
            volumes++;
        }
    }
    return 0;
}

bool facts_wanted(const struct decision *decision)
{
    for (const struct fact *fact = decision->facts; fact; fact = fact->next) {
        if (fact->status == 0) {
            return true;
        }
    }
    return false;
}
