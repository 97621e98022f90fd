/*
 * Names of images for Podman, which finds an image that is named without a registry at any of them:
 * by the last parts of a name, "node:22" at "docker.io/team/node:22" and at
 * "localhost/node:22". So where a policy of the file has a scope, an image that a request uses is
 * asked for, judged and sent by its whole name, as dockerd reads it.
 * Source: containers/common libimage runtime.go LookupImage, image.go inRepoTags.
 */
#include "base/try.h"
#include "docker/tables/container_edit.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"

#include "base/banned.h"

static bool are_asked_for(const struct judgement *judgement)
{
    const struct policy *policy = judgement->policy;

    return (policy->scope.on || policy->scope.names_held) && policy->mode == RULE_LEVEL_DENY &&
           engine_may_be(&judgement->engine, ENGINE_PODMAN);
}

/* What may be an id stays: rule id_like_name keeps names from looking like one. */
static int whole_names_write_whole(struct arena *arena, struct slice *name)
{
    struct image_ref ref = {0};

    TRY(image_ref_parse(arena, *name, &ref));
    if (ref.kind != IMAGE_REF_NAME || ref.may_be_id) {
        return 0;
    }
    return arena_join(arena,
                      ARENA_PARTS(ref.repository, ref.tag.len > 0 ? SLICE(":") : SLICE(""), ref.tag,
                                  ref.digest.len > 0 ? SLICE("@") : SLICE(""), ref.digest),
                      name);
}

int whole_name(const struct judgement *judgement, struct decision *out, struct slice *name)
{
    return are_asked_for(judgement) ? whole_names_write_whole(&out->arena, name) : 0;
}

static bool has_image_in_path(enum operation operation)
{
    switch ((int)operation) {
    case OP_IMAGES_INSPECT:
    case OP_IMAGES_HISTORY:
    case OP_IMAGES_TAG:
    case OP_IMAGES_PUSH:
    case OP_IMAGES_REMOVE:
    case OP_IMAGES_SAVE:
        return true;
    default:
        return false;
    }
}

static int write_path(struct judgement *judgement, struct arena *arena)
{
    struct slice *name = &judgement->match.name;
    size_t before = (size_t)(name->ptr - judgement->path.ptr);
    struct slice rest = slice_from_index(judgement->path, before + name->len);

    TRY(whole_names_write_whole(arena, name));
    TRY(arena_join(arena, ARENA_PARTS(slice_head(judgement->path, before), *name, rest),
                   &judgement->path));
    *name = slice_head(slice_from_index(judgement->path, before), name->len);
    return 0;
}

int whole_names_of_head(struct judgement *judgement, struct decision *out)
{
    if (!are_asked_for(judgement) || !judgement->match.route ||
        !has_image_in_path(judgement->operation)) {
        return 0;
    }
    for (struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        if (judgement->operation == OP_IMAGES_SAVE && slice_eq(pair->key, SLICE("names"))) {
            TRY(whole_names_write_whole(&out->arena, &pair->value));
        }
    }
    return judgement->match.name.len > 0 ? write_path(judgement, &out->arena) : 0;
}

static int write_mounted(struct mount_spec *mount, struct arena *arena)
{
    struct json *source = json_member(mount->entry, SLICE("Source"));

    if (mount->kind != MOUNT_IMAGE || !source) {
        return 0;
    }
    TRY(whole_names_write_whole(arena, &mount->source));
    source->text = mount->source;
    return 0;
}

int whole_names_of_body(struct judgement *judgement, struct decision *out)
{
    struct container_spec *spec = &judgement->container;
    struct slice image = spec->image;

    if (judgement->read != ROUTE_BODY_CONTAINER_CREATE || !are_asked_for(judgement)) {
        return 0;
    }
    for (size_t i = 0; i < spec->mounts.count; i++) {
        TRY(write_mounted(&spec->mounts.item[i], &out->document));
    }
    TRY(whole_names_write_whole(&out->document, &image));
    return slice_eq(image, spec->image) ? 0 : container_edit_image(spec, image);
}
