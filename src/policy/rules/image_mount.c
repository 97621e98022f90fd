/*
 * A mount of type image brings another image's files in, of which no other rule knows
 * (an image that may not be run can be read so).
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

static int image_mount_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->mounts.count; i++) {
        const struct mount_spec *mount = &in->container->mounts.item[i];

        if (mount->kind == MOUNT_IMAGE &&
            rule_object(in, "%.*s mounts image %.*s", SLICE_ARGS(mount->field),
                        SLICE_ARGS(rule_show(in, mount->source))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_image_mount = {
    .id = "image_mount",
    .summary = "Denies mounts of images.",
    .fix = "copy the files into the image or into a volume",
    .start = RULE_FROM_RESTRICTED,
    .check = image_mount_check,
};
