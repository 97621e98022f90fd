/*
 * What was judged is what is meant: a name that may be another object's by the time the
 * engine reads it is replaced by the id that the answer gave.
 */

#include "base/try.h"
#include "docker/tables/container_edit.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int pin_path(struct judgement *judgement, struct slice id, struct decision *out)
{
    struct slice name = judgement->match.name;
    size_t before = (size_t)(name.ptr - judgement->path.ptr);
    struct slice rest = slice_from_index(judgement->path, before + name.len);

    return arena_printf(&out->arena, &judgement->path, "%.*s%.*s%.*s", (int)before,
                        judgement->path.ptr, SLICE_ARGS(id), SLICE_ARGS(rest));
}

void pin_query(struct judgement *judgement, struct slice key, struct slice value)
{
    for (struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        if (slice_eq(pair->key, key)) {
            pair->value = value;
        }
    }
}

/* Podman pauses the container only if it is asked to. */
static int pin_pause(struct judgement *judgement, struct decision *out)
{
    struct query_pair **tail = &judgement->query;

    if (!judgement_enforces(judgement, NEED_TREES) ||
        judgement->policy->rule[RULE_live_tree].param[LIVE_TREE_COMMIT].flag) {
        return 0;
    }
    while (*tail && !slice_eq((*tail)->key, SLICE("pause"))) {
        tail = &(*tail)->next;
    }
    if (!*tail) {
        *tail = arena_alloc(&out->arena, sizeof(**tail));
        TRY_ALLOC(*tail);
        **tail = (struct query_pair){.key = SLICE("pause")};
    }
    pin_query(judgement, SLICE("pause"), SLICE("1"));
    return 0;
}

static int pin_used(struct judgement *judgement, struct decision *out)
{
    struct slice id = judgement->scope.path_id;

    if (judgement->unlinks) {
        return 0; // by the id it would be no link
    }
    if (id.len == 0) {
        id = judgement->held_id;
    }
    if (!judgement->existing) {
        return id.len > 0 ? pin_path(judgement, id, out) : 0;
    }
    switch (judgement_uses(judgement)) {
    case CONTAINER_BY_PATH:
        return pin_path(judgement, judgement->existing->id, out);
    case CONTAINER_BY_QUERY:
        pin_query(judgement, SLICE("container"), judgement->existing->id);
        return pin_pause(judgement, out);
    case CONTAINER_BY_EXEC: // an exec's id is its only name
    case CONTAINER_UNUSED:
        break;
    }
    return 0;
}

static const struct peer *find_peer(const struct judgement *judgement, struct slice name)
{
    const struct peer *peer = judgement->peers;

    while (peer && (!slice_eq(peer->name, name) || !peer->answer)) {
        peer = peer->next;
    }
    return peer;
}

/* "container:web" with the id, when web was judged; else unchanged. */
static int pinned_mode(struct judgement *judgement, struct slice mode, struct decision *out,
                       struct slice *pinned)
{
    struct slice prefix = SLICE("container:");
    const struct peer *peer = slice_starts_with(mode, prefix)
                                  ? find_peer(judgement, slice_from_index(mode, prefix.len))
                                  : NULL;

    *pinned = mode;
    return peer ? arena_printf(&out->arena, pinned, "container:%.*s", SLICE_ARGS(peer->answer->id))
                : 0;
}

static int pin_modes(struct judgement *judgement, struct decision *out)
{
    struct container_spec *spec = &judgement->container;
    const struct slice modes[] = {spec->network_mode, spec->pid_mode, spec->ipc_mode};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct slice pinned = {0};

        TRY(pinned_mode(judgement, modes[i], out, &pinned));
        if (!slice_eq(pinned, modes[i])) {
            TRY(container_edit_mode(spec, (enum container_mode)i, pinned));
        }
    }
    return 0;
}

static int pin_volumes_from(struct judgement *judgement, struct decision *out)
{
    struct container_spec *spec = &judgement->container;

    for (size_t i = 0; i < spec->volumes_from.count; i++) {
        struct slice entry = spec->volumes_from.item[i];
        size_t colon = slice_find(entry, ':');
        const struct peer *peer = find_peer(judgement, slice_head(entry, colon));
        struct slice pinned = {0};

        if (!peer) {
            continue;
        }
        TRY(arena_printf(&out->arena, &pinned, "%.*s%.*s", SLICE_ARGS(peer->answer->id),
                         SLICE_ARGS(slice_from_index(entry, colon))));
        TRY(container_edit_volumes_from(spec, i, pinned));
    }
    return 0;
}

/* The digest under which `repository` has the image, or an empty slice. 0 or -ENOMEM. */
static int digest_in(const struct image_answer *image, struct slice repository,
                     struct decision *out, struct slice *digest)
{
    for (size_t i = 0; i < image->digests.count; i++) {
        struct image_ref ref = {0};

        TRY(image_ref_parse(&out->document, image->digests.item[i], &ref));
        if (ref.kind == IMAGE_REF_NAME && slice_eq(ref.repository, repository)) {
            *digest = ref.digest;
            return 0;
        }
    }
    *digest = (struct slice){NULL, 0};
    return 0;
}

/*
 * "app:1" becomes "app:1@sha256:…", which is that image whatever is tagged meanwhile, and which
 * `docker ps` still shows as app:1. What has no digest of that name goes by its id. By the time
 * of the create the name, or the beginning of an id, may be another image's.
 */
static int pinned_image(const struct image_answer *image, struct slice text, struct decision *out,
                        struct slice *pinned)
{
    struct image_ref ref = {0};
    struct slice digest = {0};

    TRY(image_ref_parse(&out->document, text, &ref));
    *pinned = text;
    if (ref.may_be_id && image_answer_is_by_id(image, text)) {
        *pinned = image->id;
        return 0;
    }
    // What was made here and may be run all the same is trusted by its name.
    if (ref.kind != IMAGE_REF_NAME || ref.digest.len > 0 || image->origins.count == 0) {
        return 0;
    }
    TRY(digest_in(image, ref.repository, out, &digest));
    if (digest.len > 0) {
        return arena_printf(&out->document, pinned, "%.*s@%.*s", SLICE_ARGS(text),
                            SLICE_ARGS(digest));
    }
    *pinned = image->id;
    return 0;
}

static int pin_mounted(const struct known_facts *facts, const struct mount_spec *mount,
                       struct decision *out)
{
    struct json *source = json_member(mount->entry, SLICE("Source"));
    const struct known_image *known = facts->images;

    while (known && !slice_eq(known->asked, mount->source)) {
        known = known->next;
    }
    return known && source ? pinned_image(&known->answer, mount->source, out, &source->text) : 0;
}

static int pin_images(struct judgement *judgement, const struct known_facts *facts,
                      struct decision *out)
{
    struct container_spec *spec = &judgement->container;
    struct slice pinned = {0};
    int err = 0;

    if (!judgement_enforces(judgement, NEED_IMAGE_ORIGIN)) {
        return 0;
    }
    for (size_t i = 0; i < spec->mounts.count && err == 0; i++) {
        if (spec->mounts.item[i].kind == MOUNT_IMAGE) {
            err = pin_mounted(facts, &spec->mounts.item[i], out);
        }
    }
    if (err == 0 && facts->image) {
        err = pinned_image(facts->image, spec->image, out, &pinned);
    }
    return err == 0 && pinned.len > 0 && !slice_eq(pinned, spec->image)
               ? container_edit_image(spec, pinned)
               : err;
}

static int pin_create(struct judgement *judgement, const struct known_facts *facts,
                      struct decision *out)
{
    TRY(pin_modes(judgement, out));
    TRY(pin_volumes_from(judgement, out));
    return pin_images(judgement, facts, out);
}

static int pin_build(struct judgement *judgement, struct decision *out)
{
    struct slice mode = query_value(judgement->query, SLICE("networkmode"));
    struct slice pinned = {0};
    int err = pinned_mode(judgement, mode, out, &pinned);

    if (err == 0 && !slice_eq(pinned, mode)) {
        pin_query(judgement, SLICE("networkmode"), pinned);
    }
    return err;
}

int pin_names(struct judgement *judgement, const struct known_facts *facts, struct decision *out)
{
    bool build =
        judgement->operation == OP_BUILD_CLASSIC || judgement->operation == OP_BUILD_BUILDKIT;

    TRY(pin_used(judgement, out));
    if (judgement->read == ROUTE_BODY_CONTAINER_CREATE) {
        TRY(pin_create(judgement, facts, out));
    }
    if (judgement->read == ROUTE_BODY_SERVICE) {
        TRY(pin_images(judgement, facts, out));
    }
    if (build) {
        TRY(pin_build(judgement, out));
    }
    // A build's query may have got defaults, too, and a scope's filters.
    return build || judgement->existing || judgement->held_id.len > 0 || judgement->policy->scope.on
               ? decide_target(judgement, out)
               : 0;
}
