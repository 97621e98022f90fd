/*
 * An image's name as the engine reads it: with the registry and the "library/" that
 * nobody writes. What may be the beginning of an id is said, since the engine looks
 * for an image of that id when none has that name.
 * Source: distribution/reference normalize.go and reference.go; moby daemon/images/image.go.
 */
#ifndef SOCKADE_DOCKER_IMAGE_REF_H
#define SOCKADE_DOCKER_IMAGE_REF_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "sockade/arena.h"
#include "sockade/slice.h"

enum image_ref_kind {
    IMAGE_REF_BAD = 0, /* no name that an engine takes */
    IMAGE_REF_NAME,
    IMAGE_REF_ID /* the whole id: 64 hexadecimal digits, "sha256:" before them or not */
};

struct image_ref {
    enum image_ref_kind kind;
    bool may_be_id;          /* a name that is also how an id may begin: "cafe", "sha256:cafe" */
    struct slice repository; /* "docker.io/library/alpine"; of a name */
    struct slice tag;        /* "3.20", empty: none */
    struct slice digest;     /* "sha256:…", empty: none */
};

/* 0 or -ENOMEM. */
MUST_CHECK int image_ref_parse(struct arena *arena, struct slice text, struct image_ref *out);

/* What a pull names by `fromImage` and `tag`, which may be a digest. 0 or -ENOMEM. */
MUST_CHECK int image_ref_parse_pull(struct arena *arena, struct slice image, struct slice tag,
                                    struct image_ref *out);

/* `repository` is `place` or lies beneath it, by components. */
bool image_ref_is_within(struct slice repository, struct slice place);

#endif
