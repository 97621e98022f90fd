/*
 * Which images may be run, mounted, pulled or pushed, by the registry and the path in
 * their name, and whether they are from there: a name proves nothing, since build, commit,
 * import, load and tag give images any name. So an image that is run must have been
 * pulled from such a place, or pushed to it, by the engine's own record. What was made on
 * this host has no such record. An image that is named by its id goes by that record alone.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW, LOCAL };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .values = VALUE_REGISTRY,
     .preset = "",
     .doc = "registries, optionally with a path: registry.example.org, docker.io/library, "
            "localhost:5000/team"},
    {.name = "local",
     .type = PARAM_FLAG,
     .doc = "an allowed name is enough for images that were not pulled: built, committed, imported "
            "or loaded here"},
    {0}};

static bool image_registry_allows(const struct rule_input *in, struct slice repository)
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
        if (ref.kind == IMAGE_REF_NAME && image_registry_allows(in, ref.repository)) {
            return 1;
        }
    }
    return 0;
}

/* What would allow the first of the names that is one. 0 or -ENOMEM. */
static int add_first(struct rule_input *in, const struct string_list *names,
                     struct rule_change *change)
{
    for (size_t i = 0; i < names->count && change->kind == CHANGE_OFF; i++) {
        struct image_ref ref = {0};

        TRY(image_ref_parse(in->arena, names->item[i], &ref));
        if (ref.kind == IMAGE_REF_NAME) {
            *change =
                (struct rule_change){.kind = CHANGE_ADD, .param = ALLOW, .word = ref.repository};
        }
    }
    return 0;
}

/* Of an image that isn't run: one allowed name is enough. */
static int judge_names(struct rule_input *in, const struct image_use *use)
{
    int allowed = allows_one(in, &use->answer->tags);

    if (allowed == 0) {
        allowed = allows_one(in, &use->answer->digests);
    }
    if (allowed != 0) {
        return allowed < 0 ? allowed : 0;
    }
    struct rule_remedy remedy = {.detail = rule_allowed(in, ALLOW)};

    TRY(add_first(in, &use->answer->tags, &remedy.change));
    TRY(add_first(in, &use->answer->digests, &remedy.change));
    return rule_object_remedy(in, &remedy, "%.*s is %.*s, an image with no allowed name",
                              SLICE_ARGS(use->field), SLICE_ARGS(rule_show(in, use->text)));
}

/* Of one that was made here. `by_id`: nothing but its names can say that it may be run. */
static int judge_local(struct rule_input *in, const struct image_use *use, bool by_id)
{
    if (!in->param[LOCAL].flag) {
        struct rule_remedy remedy = {
            .detail = rule_allowed(in, ALLOW),
            .change = {.kind = CHANGE_SET, .param = LOCAL, .number = 1},
        };

        return rule_object_remedy(in, &remedy, "%.*s is %.*s, which was not pulled from a registry",
                                  SLICE_ARGS(use->field), SLICE_ARGS(rule_show(in, use->text)));
    }
    return by_id && use->answer->tags.count > 0 ? judge_names(in, use) : 0;
}

static int judge_origin(struct rule_input *in, const struct image_use *use, bool by_id)
{
    const struct string_list *origins = &use->answer->origins;

    if (origins->count == 0) {
        return judge_local(in, use, by_id);
    }
    int allowed = allows_one(in, origins);

    if (allowed != 0) {
        return allowed < 0 ? allowed : 0;
    }
    struct rule_remedy remedy = {.detail = rule_allowed(in, ALLOW)};

    TRY(add_first(in, origins, &remedy.change));
    return rule_object_remedy(in, &remedy, "%.*s is %.*s, which was pulled from %.*s",
                              SLICE_ARGS(use->field), SLICE_ARGS(rule_show(in, use->text)),
                              SLICE_ARGS(rule_show(in, origins->item[0])));
}

static int image_registry_judge_name(struct rule_input *in, const struct image_use *use)
{
    if (use->ref.kind != IMAGE_REF_NAME) {
        return rule_object_remedy(in, &(struct rule_remedy){.detail = rule_allowed(in, ALLOW)},
                                  "%.*s is %.*s, which is not an image name",
                                  SLICE_ARGS(use->field), SLICE_ARGS(rule_show(in, use->text)));
    }
    return image_registry_allows(in, use->ref.repository)
               ? 0
               : rule_object_list(in, ALLOW, use->ref.repository, "%.*s is %.*s",
                                  SLICE_ARGS(use->field),
                                  SLICE_ARGS(rule_show(in, use->ref.repository)));
}

/* Swarm pulls what it doesn't have by its name, which is then all there is to judge. */
static bool will_be_pulled(const struct rule_input *in, const struct image_use *use)
{
    const struct fact *fact = in->container && in->container->service ? in->facts : NULL;

    while (fact && !(fact->kind == FACT_IMAGE && slice_eq(fact->name, use->text))) {
        fact = fact->next;
    }
    return fact && fact->status == 404;
}

/* Nobody was asked, or the engine doesn't have it. */
static int judge_unknown(struct rule_input *in, const struct image_use *use)
{
    bool elsewhere = !in->existing && (in->image_missing || in->facts_missing);

    if (elsewhere) {
        return 0; // the request goes nowhere, and the reason is said there
    }
    return rule_object(in, "%.*s is %.*s, about which there is no information",
                       SLICE_ARGS(use->field), SLICE_ARGS(rule_show(in, use->text)));
}

static int image_registry_judge(struct rule_input *in, const struct image_use *use)
{
    const struct image_ref *ref = &use->ref;
    bool may_be_id = use->local && (ref->kind == IMAGE_REF_ID || ref->may_be_id);

    if (!use->answer && will_be_pulled(in, use)) {
        return image_registry_judge_name(in, use);
    }
    if (may_be_id && !use->answer) {
        return judge_unknown(in, use);
    }
    bool by_id = may_be_id && image_answer_is_by_id(use->answer, use->text);
    bool named =
        by_id || (ref->kind == IMAGE_REF_NAME && image_registry_allows(in, ref->repository));

    if (!named || !use->local) {
        return image_registry_judge_name(in, use);
    }
    if (!use->runs) {
        return by_id ? judge_names(in, use) : 0;
    }
    return use->answer ? judge_origin(in, use, by_id) : judge_unknown(in, use);
}

static int image_registry_check(struct rule_input *in)
{
    for (size_t i = 0; i < in->image_count; i++) {
        if (image_registry_judge(in, &in->images[i]) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_image_registry = {
    .id = "image_registry",
    .summary = "Denies images that were not pulled from a registry or path in `allow`.",
    .fix = "use an image from an allowed registry, and pull it from there",
    .start = RULE_ON_REQUEST,
    .judges_existing = true,
    .needs = NEED_IMAGE_ORIGIN,
    .params = params,
    .check = image_registry_check,
};
