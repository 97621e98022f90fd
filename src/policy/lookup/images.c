/*
 * The images that a request names: to run, to mount, to pull, to push or to name anew.
 * One that is named by its id has other names in the engine, and these are asked for.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

const struct image_answer *images_find(const struct known_image *known, struct slice asked)
{
    while (known && !slice_eq(known->asked, asked)) {
        known = known->next;
    }
    return known ? &known->answer : NULL;
}

static int show_image(struct rule_input *in, struct image_use *use, struct slice field,
                      struct slice text)
{
    *use = (struct image_use){.field = field,
                              .text = text,
                              .answer = images_find(in->known_images, text),
                              .local = true,
                              .runs = true};
    in->image_count++;
    return image_ref_parse(in->arena, text, &use->ref);
}

/* The image it runs, and those it mounts. Their names are taken apart once. */
static int show_container(struct judgement *judgement, struct rule_input *in)
{
    const struct container_spec *spec = &judgement->container;

    if (judgement->images) {
        in->images = judgement->images;
        in->image_count = judgement->image_count;
        for (size_t i = 0; i < in->image_count; i++) {
            judgement->images[i].answer = images_find(in->known_images, judgement->images[i].text);
        }
        return 0;
    }
    struct image_use *images = arena_alloc(in->arena, (spec->mounts.count + 1) * sizeof(*images));

    TRY_ALLOC(images);
    in->images = images;
    TRY(show_image(in, &images[0], SLICE("Image"), spec->image));
    for (size_t i = 0; i < spec->mounts.count; i++) {
        const struct mount_spec *mount = &spec->mounts.item[i];

        if (mount->kind == MOUNT_IMAGE) {
            TRY(show_image(in, &images[in->image_count], mount->field, mount->source));
        }
    }
    judgement->images = images;
    judgement->image_count = in->image_count;
    return 0;
}

/* What is fetched, sent or asked for at a registry, or gets a new name. */
static int show_named(const struct judgement *judgement, struct rule_input *in)
{
    bool pull = judgement->operation == OP_IMAGES_PULL;
    struct image_use *image = arena_alloc(in->arena, sizeof(*image));

    TRY_ALLOC(image);
    in->images = image;
    if (!pull) {
        TRY(show_image(in, image, SLICE("image"), judgement->match.name));
        image->runs = false;
        image->local = judgement->operation == OP_IMAGES_TAG;
        return 0;
    }
    struct slice name = query_value(judgement->query, SLICE("fromImage"));
    struct slice tag = query_value(judgement->query, SLICE("tag"));

    *image = (struct image_use){.field = SLICE("fromImage"), .text = name, .runs = true};
    in->image_count = 1;
    return image_ref_parse_pull(in->arena, name, tag, &image->ref);
}

int images_show(struct judgement *judgement, struct rule_input *in)
{
    if (judgement_makes_container(judgement)) {
        return show_container(judgement, in);
    }
    switch ((int)judgement->operation) {
    case OP_IMAGES_PULL:
    case OP_IMAGES_PUSH:
    case OP_IMAGES_TAG:
    case OP_DISTRIBUTION_INSPECT:
        return show_named(judgement, in);
    }
    return 0;
}

/* Its name may be another image's by now: what it was made of is known by its id. */
static struct slice existing_image(const struct judgement *judgement)
{
    const struct container_answer *existing = judgement->existing;

    return existing->image_id.len > 0 ? existing->image_id : existing->spec.image;
}

int images_show_existing(const struct judgement *judgement, struct rule_input *in)
{
    struct image_use *image = arena_alloc(in->arena, sizeof(*image));

    TRY_ALLOC(image);
    in->images = image;
    TRY(show_image(in, image, SLICE("Image"), judgement->existing->spec.image));
    image->answer = images_find(in->known_images, existing_image(judgement));
    return 0;
}

/* Whether only the engine knows where that image is from. 0, 1 or -ENOMEM. */
static int is_named_by_id(struct slice name, struct decision *out)
{
    struct image_ref ref = {0};
    int err = image_ref_parse(&out->document, name, &ref);

    return err < 0 ? err : ref.kind == IMAGE_REF_ID || ref.may_be_id;
}

/* What of a create the image decides: the user, the health check. */
static bool is_left_to_image(const struct judgement *judgement)
{
    const struct container_spec *spec = &judgement->container;

    return (spec->user.len == 0 && judgement_needs(judgement, NEED_IMAGE_USER)) ||
           (!spec->has_healthcheck && judgement_needs(judgement, NEED_IMAGE_HEALTH));
}

static int images_ask_image(const struct judgement *judgement, struct slice name,
                            struct decision *out)
{
    // A name that can't be asked about: the rules will find no answer, and object.
    int err = name.len > 0 ? fact_ask(judgement, FACT_IMAGE, name, out) : 0;

    return err == -EINVAL ? 0 : err;
}

/* Those that it mounts, for where they are from. */
static int ask_mounted(const struct judgement *judgement, struct decision *out)
{
    const struct mount_list *mounts = &judgement->container.mounts;
    size_t asked = 0;

    for (size_t i = 0; i < mounts->count && asked < POLICY_MAX_PEERS; i++) {
        if (mounts->item[i].kind == MOUNT_IMAGE) {
            TRY(images_ask_image(judgement, mounts->item[i].source, out));
            asked++;
        }
    }
    return 0;
}

/*
 * Podman reads the variables of an image as those of a request, and one without a value from its
 * own environment.   Source: podman pkg/specgen/generate/container.go CompleteSpec, pkg/env
 * ParseSlice.
 */
static bool is_env_parsed(const struct judgement *judgement)
{
    return judgement->read == ROUTE_BODY_CONTAINER_CREATE &&
           engine_may_be(&judgement->engine, ENGINE_PODMAN) &&
           policy_unknown_level(judgement->policy) == RULE_LEVEL_DENY;
}

int images_judge_env(const struct judgement *judgement, const struct image_answer *image,
                     struct decision *out)
{
    return image && image->env_without_value && is_env_parsed(judgement)
               ? violation_add_unknown(judgement, "engine_syntax",
                                       SLICE("Image: an environment variable has no value, so "
                                             "Podman would take one from its own environment"),
                                       "use an image whose environment variables have values", out)
               : 0;
}

int images_ask(const struct judgement *judgement, struct decision *out)
{
    bool origin = judgement_needs(judgement, NEED_IMAGE_ORIGIN);

    if (judgement_makes_container(judgement)) {
        TRY(origin || is_left_to_image(judgement) || is_env_parsed(judgement)
                ? images_ask_image(judgement, judgement->container.image, out)
                : 0);
        return origin ? ask_mounted(judgement, out) : 0;
    }
    if (origin && judgement->existing) {
        return images_ask_image(judgement, existing_image(judgement), out);
    }
    if (origin && judgement->operation == OP_IMAGES_TAG) {
        int by_id = is_named_by_id(judgement->match.name, out);

        return by_id <= 0 ? by_id : images_ask_image(judgement, judgement->match.name, out);
    }
    return 0;
}
