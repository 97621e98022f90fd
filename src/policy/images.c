/*
 * The images that a request names: to run, to mount, to pull, to push or to name anew.
 * One that is named by its id has other names in the engine, and these are asked for.
 */
#include <errno.h>

#include "policy/internal.h"

#include "base/banned.h"

static int show_image(struct rule_input *in, struct image_use *use, struct slice field,
                      struct slice text)
{
    *use = (struct image_use){.field = field, .text = text, .local = true, .runs = true};
    in->image_count++;
    return image_ref_parse(in->arena, text, &use->ref);
}

/* The image it runs, and those it mounts. */
static int show_container(const struct container_spec *spec, struct rule_input *in)
{
    struct image_use *images = arena_alloc(in->arena, (spec->mounts.count + 1) * sizeof(*images));

    if (!images) {
        return -ENOMEM;
    }
    in->images = images;
    int err = show_image(in, &images[0], SLICE("Image"), spec->image);

    for (size_t i = 0; i < spec->mounts.count && err == 0; i++) {
        const struct mount_spec *mount = &spec->mounts.item[i];

        if (mount->kind == MOUNT_IMAGE) {
            err = show_image(in, &images[in->image_count], mount->field, mount->source);
        }
    }
    return err;
}

/* What is fetched, sent or asked for at a registry, or gets a new name. */
static int show_named(const struct judgement *judgement, struct rule_input *in)
{
    bool pull = judgement->operation == OP_IMAGES_PULL;
    struct image_use *image = arena_alloc(in->arena, sizeof(*image));

    if (!image) {
        return -ENOMEM;
    }
    in->images = image;
    if (!pull) {
        int err = show_image(in, image, SLICE("image"), judgement->match.name);

        image->runs = false;
        image->local = judgement->operation == OP_IMAGES_TAG;
        return err;
    }
    struct slice name = query_value(judgement->query, SLICE("fromImage"));
    struct slice tag = query_value(judgement->query, SLICE("tag"));

    *image = (struct image_use){.field = SLICE("fromImage"), .text = name, .runs = true};
    in->image_count = 1;
    return image_ref_parse_pull(in->arena, name, tag, &image->ref);
}

int images_show(const struct judgement *judgement, struct rule_input *in)
{
    if (judgement_makes_container(judgement)) {
        return show_container(&judgement->container, in);
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

int images_show_existing(const struct judgement *judgement, struct rule_input *in)
{
    struct image_use *image = arena_alloc(in->arena, sizeof(*image));

    if (!image) {
        return -ENOMEM;
    }
    in->images = image;
    return show_image(in, image, SLICE("Image"), judgement->existing->spec.image);
}

/* Whether only the engine knows where that image is from. 0, 1 or -ENOMEM. */
static int is_named_by_id(const struct judgement *judgement, struct slice name,
                          struct decision *out)
{
    struct image_ref ref = {0};

    if (!policy_rule_is_on(judgement->policy, RULE_image_registry)) {
        return 0;
    }
    int err = image_ref_parse(&out->arena, name, &ref);

    return err < 0 ? err : ref.kind == IMAGE_REF_ID || ref.may_be_id;
}

/* What of a create the image decides: the user, the health check. */
static bool is_left_to_image(const struct judgement *judgement)
{
    const struct policy *policy = judgement->policy;
    const struct container_spec *spec = &judgement->container;

    if (spec->user.len == 0 && (policy_rule_is_on(policy, RULE_run_as_root) ||
                                policy_rule_is_on(policy, RULE_root_group))) {
        return true;
    }
    return !spec->has_healthcheck && policy_rule_is_on(policy, RULE_healthcheck) &&
           !policy->rule[RULE_healthcheck].param[0].flag;
}

int images_ask(const struct judgement *judgement, struct decision *out)
{
    struct slice name = {0};
    bool create = judgement_makes_container(judgement);

    if (create) {
        name = judgement->container.image;
    } else if (judgement->operation == OP_IMAGES_TAG) {
        name = judgement->match.name;
    } else if (judgement->existing) {
        name = judgement->existing->spec.image;
    }
    if (name.len == 0) {
        return 0;
    }
    int ask = create && is_left_to_image(judgement) ? 1 : is_named_by_id(judgement, name, out);

    if (ask <= 0) {
        return ask;
    }
    // A name that can't be asked about: the rules will find no answer, and object.
    int err = fact_ask(judgement, FACT_IMAGE, name, out);

    return err == -EINVAL ? 0 : err;
}
