/*
 * Whose an object is: what an inspection of a container, network, volume, image or one of
 * swarm's objects says about its labels, and what it leads to.
 * Source: moby api/types (ContainerJSON, ImageInspect, Volume, NetworkResource), swarm.
 */
#ifndef SOCKADE_DOCKER_OBJECT_ANSWER_H
#define SOCKADE_DOCKER_OBJECT_ANSWER_H

#include <sys/types.h>

#include "docker/spec.h"

enum object_kind {
    OBJECT_CONTAINER = 0,
    OBJECT_NETWORK,
    OBJECT_VOLUME,
    OBJECT_IMAGE,
    OBJECT_SWARM, /* a service, secret or config */
    OBJECT_TASK   /* of a service, which has the labels */
};

struct object_answer {
    struct slice id;    /* a volume's is its name */
    struct slice name;  /* of a container with its slash; of an image and a task empty */
    pid_t pid;          /* of a container's first process; 0: not running */
    struct slice image; /* the id of a container's image; empty: it is not said */
    bool left_by_build; /* a container; see container_answer.h. Its labels are a Dockerfile's */
    struct string_map labels;
    /*
     * Of a container: networks that the engine will look up by name at the next start,
     * since it has not done so before.   Source: moby daemon/container_operations.go,
     * getNetworkID.
     */
    struct string_list loose_networks;
    /*
     * Of a container: all its networks, and the containers whose namespaces it joins. Podman goes
     * by the networks' names at each start, whatever NetworkID it shows, and starts what is joined
     * as well.   Source: tried with Podman 5.4.2.
     */
    struct string_list networks;
    struct string_list joined;
    struct string_list volume_targets; /* of an image: Config.Volumes */
    struct slice service;              /* of a task: the id, empty when it has none */
};

/* 0, -EBADMSG when it isn't what the engine answers, or -ENOMEM. Slices are the arena's. */
MUST_CHECK int object_answer_read(struct slice body, struct arena *arena, enum object_kind kind,
                                  struct object_answer *out);

/*
 * The labels of an object as lists and inspections show them: at the top, in Config or in
 * Spec. NULL when it has none.
 */
const struct json *object_labels(const struct json *object);

#endif
