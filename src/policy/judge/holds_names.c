/*
 * Names that a request goes by, held: an engine takes names of images, volumes and networks at
 * the moment at which it uses them, which a client can put off for as long as it likes. What a
 * scope has found free, or its own, must not become another's meanwhile; so whoever gives such a
 * name waits, or is refused. Sources: docs/scope.md.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/model/scope_data.h"

#include "base/banned.h"

struct name_holds {
    const struct judgement *judgement;
    struct decision *out;
    struct decision_hold **list;
    enum hold_mode mode; /* HOLD_GIVES within a scope, HOLD_BRINGS */
};

static int holds_names_add(const struct name_holds *to, enum hold_kind kind, enum hold_mode mode,
                           struct slice key)
{
    return key.len > 0 ? hold_add(to->out, to->list, kind, mode, key) : 0;
}

/*
 * By repository and tag. A pull without a tag brings all tags of the repository, which is why who
 * gives one of them holds the repository as well, together with others that do.
 */
static int add_image(const struct name_holds *to, const struct image_ref *ref, bool all_tags)
{
    struct slice tag = ref->tag.len > 0 ? ref->tag : SLICE("latest");
    struct slice name = {0};

    if (ref->kind != IMAGE_REF_NAME || ref->digest.len > 0) {
        return 0; // no name is given
    }
    if (all_tags) {
        return holds_names_add(to, HOLD_IMAGE_NAME, HOLD_BRINGS, ref->repository);
    }
    if (to->mode == HOLD_GIVES) {
        TRY(holds_names_add(to, HOLD_IMAGE_NAME, HOLD_WALKS, ref->repository));
    }
    TRY(arena_printf(&to->out->arena, &name, "%.*s:%.*s", SLICE_ARGS(ref->repository),
                     SLICE_ARGS(tag)));
    return holds_names_add(to, HOLD_IMAGE_NAME, to->mode, name);
}

static int add_pulled(const struct name_holds *to)
{
    const struct query_pair *query = to->judgement->query;
    struct image_ref ref = {0};

    TRY(image_ref_parse_pull(&to->out->arena, query_value(query, SLICE("fromImage")),
                             query_value(query, SLICE("tag")), &ref));
    return add_image(to, &ref, ref.tag.len == 0);
}

/* `tag` beside it counts, and not the one within it. */
static int add_given(const struct name_holds *to, struct slice text, struct slice tag)
{
    struct image_ref ref = {0};

    TRY(image_ref_parse(&to->out->arena, text, &ref));
    if (tag.len > 0) {
        ref.tag = tag;
    }
    return add_image(to, &ref, false);
}

static int add_image_names(const struct name_holds *to)
{
    const struct query_pair *query = to->judgement->query;

    switch (to->judgement->operation) {
    case OP_IMAGES_PULL:
        return add_pulled(to);
    // Where only one's own are pushed. Those of all are everybody's.
    case OP_IMAGES_PUSH:
        return to->mode == HOLD_GIVES && to->judgement->policy->scope.images == SCOPE_IMAGES_OWN
                   ? add_given(to, to->judgement->match.name, query_value(query, SLICE("tag")))
                   : 0;
    case OP_IMAGES_TAG:
    case OP_IMAGES_IMPORT:
    case OP_CONTAINERS_COMMIT:
        return add_given(to, query_value(query, SLICE("repo")), query_value(query, SLICE("tag")));
    case OP_BUILD_CLASSIC:
    case OP_BUILD_BUILDKIT:
        for (; query; query = query->next) {
            if (slice_eq(query->key, SLICE("t"))) {
                TRY(add_given(to, query->value, (struct slice){0}));
            }
        }
        return 0;
    default:
        return 0;
    }
}

/* All volumes of the scope, by a name that none has. */
static int holds_names_add_all_volumes(const struct name_holds *to, enum hold_mode mode)
{
    const struct string_map *labels = &to->judgement->policy->scope.labels;
    struct slice all = {0};

    TRY(arena_printf(&to->out->arena, &all, "*%.*s",
                     SLICE_ARGS(labels->count > 0 ? labels->item[0].value : (struct slice){0})));
    return holds_names_add(to, HOLD_VOLUME_NAME, mode, all);
}

/*
 * Those that the engine makes where they are missing. One that was there when it was looked at, and
 * that a prune takes away before it is mounted, would be made anew without labels.
 */
static int holds_names_add_volumes(const struct name_holds *to)
{
    const struct mount_list *mounts = &to->judgement->container.mounts;
    bool named = false;

    for (size_t i = 0; i < mounts->count; i++) {
        if (mounts->item[i].kind == MOUNT_VOLUME) {
            TRY(holds_names_add(to, HOLD_VOLUME_NAME, to->mode, mounts->item[i].source));
            named = true;
        }
    }
    return named && to->mode == HOLD_GIVES ? holds_names_add_all_volumes(to, HOLD_RUNS) : 0;
}

/*
 * Nobody makes a container with what is being removed. And Podman removes by the beginning of a
 * name where none is called so: so nothing else takes away the volume that was looked at, another
 * removal or a prune of the same scope.
 * Source: podman libpod/runtime_volume_linux.go LookupVolume, pkg/api/handlers/compat/volumes.go.
 */
static int add_removed_volume(const struct name_holds *to)
{
    bool prunes = to->judgement->operation == OP_VOLUMES_PRUNE;

    if (to->mode != HOLD_GIVES) {
        return 0;
    }
    TRY(holds_names_add_all_volumes(to, prunes ? HOLD_WALKS : HOLD_RUNS));
    return prunes ? 0
                  : holds_names_add(to, HOLD_VOLUME_NAME, HOLD_ALONE, to->judgement->match.name);
}

static int add_other_names(const struct name_holds *to)
{
    switch (to->judgement->operation) {
    case OP_CONTAINERS_CREATE:
    case OP_SERVICES_CREATE:
    case OP_SERVICES_UPDATE:
        return holds_names_add_volumes(to);
    case OP_VOLUMES_CREATE:
        return holds_names_add(to, HOLD_VOLUME_NAME, to->mode, to->judgement->volume.name);
    // By name, whatever it was that was looked at.
    case OP_VOLUMES_REMOVE:
    case OP_VOLUMES_PRUNE:
        return add_removed_volume(to);
    case OP_NETWORKS_CREATE:
        if (to->mode == HOLD_GIVES) {
            TRY(holds_names_add(to, HOLD_NETWORK_NAME, to->mode,
                                to->judgement->network.config_from));
        }
        return holds_names_add(to, HOLD_NETWORK_NAME, to->mode, to->judgement->network.name);
    default:
        return 0;
    }
}

/* What a container that starts joins by name. */
static int add_joined(const struct name_holds *to)
{
    const struct scope_reference *reference = to->judgement->scope.references;

    if (to->judgement->operation != OP_CONTAINERS_START &&
        to->judgement->operation != OP_CONTAINERS_RESTART) {
        return 0;
    }
    for (; reference; reference = reference->next) {
        if (reference->kind == FACT_NETWORK) {
            TRY(holds_names_add(to, HOLD_NETWORK_NAME, to->mode, reference->name));
        }
    }
    return 0;
}

int holds_list_names(const struct judgement *judgement, struct decision *out,
                     struct decision_hold **list)
{
    const struct scope *scope = &judgement->policy->scope;
    bool guards = scope->on && judgement->policy->mode == RULE_LEVEL_DENY;
    struct name_holds names = {.judgement = judgement, .out = out, .list = list};

    if (!scope->names_held) {
        return 0;
    }
    // What is pulled is everybody's, and where all images are changed nothing is protected.
    names.mode =
        guards && scope->images != SCOPE_IMAGES_ALL && judgement->operation != OP_IMAGES_PULL
            ? HOLD_GIVES
            : HOLD_BRINGS;
    TRY(add_image_names(&names));
    names.mode = guards ? HOLD_GIVES : HOLD_BRINGS;
    TRY(add_other_names(&names));
    return guards ? add_joined(&names) : 0;
}
