/*
 * `latest`, and no tag, which means it, is whatever was pushed last: nobody can say
 * afterwards what ran. A pull without a tag fetches every one.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "images that need no tag, as registry/path:tag; * matches anything: "
            "registry.example.org/*:latest"},
    {0}};

/* Goes back to the last star only, so that no pattern takes long. */
static bool image_tag_matches(struct slice text, struct slice pattern)
{
    size_t t = 0;
    size_t p = 0;
    size_t star = pattern.len;
    size_t resume = 0;

    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            resume = t;
        } else if (p < pattern.len && pattern.ptr[p] == text.ptr[t]) {
            p++;
            t++;
        } else if (star < pattern.len) {
            p = star + 1;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') {
        p++;
    }
    return p == pattern.len;
}

static bool image_tag_allows(const struct rule_input *in, struct slice name)
{
    const struct string_list *patterns = &in->param[ALLOW].words;

    for (size_t i = 0; i < patterns->count; i++) {
        if (image_tag_matches(name, patterns->item[i])) {
            return true;
        }
    }
    return false;
}

static int image_tag_judge(struct rule_input *in, const struct image_use *use)
{
    const struct image_ref *ref = &use->ref;
    struct slice tag = ref->tag.len > 0 ? ref->tag : SLICE("latest");
    struct slice name = {0};

    // An id and a digest are fixed; what is no name the engine refuses.
    if (!use->runs || ref->kind != IMAGE_REF_NAME || ref->digest.len > 0 ||
        !slice_eq(tag, SLICE("latest"))) {
        return 0;
    }
    if (arena_printf(in->arena, &name, "%.*s:%.*s", SLICE_ARGS(ref->repository), SLICE_ARGS(tag)) <
        0) {
        return -ENOMEM;
    }
    return image_tag_allows(in, name)
               ? 0
               : rule_object_list(in, ALLOW, name, "%.*s is %.*s, %s", SLICE_ARGS(use->field),
                                  SLICE_ARGS(rule_show(in, use->text)),
                                  ref->tag.len > 0 ? "whatever is the latest" : "without a tag");
}

static int image_tag_check(struct rule_input *in)
{
    for (size_t i = 0; i < in->image_count; i++) {
        if (image_tag_judge(in, &in->images[i]) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_image_tag = {
    .id = "image_tag",
    .summary = "Denies images without a tag, or with the tag latest.",
    .fix = "name a version, such as alpine:3.20",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = image_tag_check,
};
