/*
 * A tag can be moved, in the registry or here; a digest is the content itself.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int image_digest_judge(struct rule_input *in, const struct image_use *use)
{
    // The whole id of an image that the engine has is its content as well.
    if (!use->runs || use->ref.digest.len > 0 || (use->ref.kind == IMAGE_REF_ID && use->local)) {
        return 0;
    }
    return rule_object(in, "%.*s is %.*s, without a digest", SLICE_ARGS(use->field),
                       SLICE_ARGS(rule_show(in, use->text)));
}

static int image_digest_check(struct rule_input *in)
{
    for (size_t i = 0; i < in->image_count; i++) {
        if (image_digest_judge(in, &in->images[i]) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_image_digest = {
    .id = "image_digest",
    .summary = "Requires images to be named by digest.",
    .fix = "name the image by digest: alpine@sha256:…",
    .cis = "5.28",
    .start = RULE_ON_REQUEST,
    .check = image_digest_check,
};
