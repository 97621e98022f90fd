/*
 * What sockade asks the engine itself, and what it reads out of the answers. The answer goes
 * through the strict reader (json_read_answer), and what is read out of it is the arena's.
 */
#ifndef SOCKADE_DOCKER_ANSWER_H
#define SOCKADE_DOCKER_ANSWER_H

#include "docker/spec.h"

enum { ANSWER_MAX_BYTES = 4 * 1024 * 1024 };

struct image_answer {
    struct slice id;
    struct slice user; /* Config.User */
    bool has_healthcheck;
    bool env_without_value;     /* an entry of Config.Env has no '=', or cannot be read */
    struct string_list tags;    /* RepoTags */
    struct string_list digests; /* RepoDigests */
    /*
     * Names of repositories that the engine pulled it from or pushed it to, by what it recorded
     * itself: nobody can give an image one of these. A containerd store makes RepoDigests of
     * mere names; there the digest is the image's id, and Identity.Pull holds the record.
     * Sources: moby api/server/router/image/image_routes.go toImageInspect;
     * daemon/containerd/image_inspect.go, image_identity.go (in the API of 1.55).
     */
    struct string_list origins;
};

struct volume_answer {
    struct slice driver;
    struct string_map options;
    /*
     * In seconds since 1970; 0: the engine does not say. Of local volumes dockerd before 23.0 shows
     * when the directory was last changed, which is the containers' to say.
     * Source: moby volume/local/local_unix.go CreatedAt.
     */
    uint64_t created_s;
};

/* Whether the engine found the image by `text` as its id or the beginning of one. */
bool image_answer_is_by_id(const struct image_answer *image, struct slice text);

/* 0, -EBADMSG when it isn't what the engine answers, or -ENOMEM. Slices are the arena's. */
MUST_CHECK int image_answer_read(struct slice body, struct arena *arena, struct image_answer *out);
MUST_CHECK int volume_answer_read(struct slice body, struct arena *arena,
                                  struct volume_answer *out);

#endif
