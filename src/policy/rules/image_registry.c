/*
 * Which images may be run, mounted, pulled or pushed, by the registry and the path in
 * their name. A name says where an image came from only as long as nobody gives that
 * name to another: so what is to be tagged is judged as well; load, import, commit and
 * build can still name what they make. An image that is named by its id goes by the
 * names that the engine has for it.
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "registries, with a path or not: registry.example.org, docker.io/library, "
            "localhost:5000/team"},
    {0}};

static bool allows(const struct rule_input *in, struct slice repository)
{
    const struct string_list *places = &in->param[ALLOW].words;

    for (size_t i = 0; i < places->count; i++) {
        if (image_ref_is_within(repository, places->item[i])) {
            return true;
        }
    }
    return false;
}

/* One allowed name is enough. 1, 0 or -ENOMEM. */
static int allows_one(struct rule_input *in, const struct string_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        struct image_ref ref = {0};
        int err = image_ref_parse(in->arena, names->item[i], &ref);

        if (err < 0) {
            return err;
        }
        if (ref.kind == IMAGE_REF_NAME && allows(in, ref.repository)) {
            return 1;
        }
    }
    return 0;
}

static int judge_by_id(struct rule_input *in, const struct image_use *use)
{
    int allowed = allows_one(in, &in->image->tags);

    if (allowed == 0) {
        allowed = allows_one(in, &in->image->digests);
    }
    if (allowed != 0) {
        return allowed < 0 ? allowed : 0;
    }
    return rule_object_list(in, ALLOW, "%.*s is %.*s, an image without an allowed name",
                            SLICE_ARGS(use->field), SLICE_ARGS(rule_show(in, use->text)));
}

static int judge(struct rule_input *in, const struct image_use *use, bool asked)
{
    const struct image_ref *ref = &use->ref;

    if (use->local && (ref->kind == IMAGE_REF_ID || ref->may_be_id)) {
        if (!asked || !in->image) {
            bool unknown = asked && !in->existing && (in->image_missing || in->facts_missing);

            return unknown
                       ? 0
                       : rule_object(in, "%.*s is %.*s, an id of which nothing is known",
                                     SLICE_ARGS(use->field), SLICE_ARGS(rule_show(in, use->text)));
        }
        if (image_answer_is_by_id(in->image, use->text)) {
            return judge_by_id(in, use);
        }
    }
    if (ref->kind != IMAGE_REF_NAME) {
        return rule_object(in, "%.*s is %.*s, which is no image's name", SLICE_ARGS(use->field),
                           SLICE_ARGS(rule_show(in, use->text)));
    }
    return allows(in, ref->repository)
               ? 0
               : rule_object_list(in, ALLOW, "%.*s is %.*s", SLICE_ARGS(use->field),
                                  SLICE_ARGS(rule_show(in, ref->repository)));
}

static int check(struct rule_input *in)
{
    for (size_t i = 0; i < in->image_count; i++) {
        if (judge(in, &in->images[i], i == 0) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_image_registry = {
    .id = "image_registry",
    .summary = "Refuses images but from the listed registries and paths.",
    .fix = "use an image from there",
    .start = RULE_ON_REQUEST,
    .judges_existing = true,
    .params = params,
    .check = check,
};
