/*
 * Every reference to an object of the engine that a request can hold, and how it is pinned in a
 * scope: by what the engine is told which object is meant, when a name may be another's by then.
 * The table in docs/scope.md is made from these rows; a unit test holds them against all routes,
 * query keys and fields, and against what is sent.
 */
#ifndef SOCKADE_POLICY_REFERENCES_H
#define SOCKADE_POLICY_REFERENCES_H

#include <stdbool.h>
#include <stddef.h>

#include "docker/api/routes.h"

enum reference_pin {
    REFERENCE_REFUSED = 0, /* in a scope */
    REFERENCE_BY_ID,       /* looked up; the full id is sent */
    REFERENCE_ID_ONLY,     /* looked up; engines take the full id alone */
    REFERENCE_BY_TAG,      /* an image: the full id, or registry, repository and tag */
    REFERENCE_HELD,        /* looked up; the name is held until the engine has answered */
    REFERENCE_AT_START,    /* looked up; once more, and held, when the container starts */
    REFERENCE_ANSWERED,    /* looked up; an answer about somebody else's is not shown */
    REFERENCE_ALIAS,       /* looked up; an alias for whoever has the name in the networks */
    REFERENCE_GIVEN,       /* a new name: free or the scope's own, and held */
    REFERENCE_NEW,         /* a new name: the engine refuses one that is taken */
    REFERENCE_PULLED, /* a name that a registry gives: held, and no other scope's image has it */
    REFERENCE_SHARED, /* an image, which every client may use */
    REFERENCE_FILTER, /* what is found is of the scope; names of containers are looked up */
    REFERENCE_NONE    /* a key that is a reference elsewhere, and none here */
};

enum reference_place { REFERENCE_IN_PATH = 0, REFERENCE_IN_QUERY, REFERENCE_IN_BODY };

struct reference {
    enum reference_place place;
    enum operation operation; /* of a body: the first that has it */
    enum route_body body;
    enum reference_pin pin;
    const char *name;   /* "container"; "HostConfig.Mounts[].Source", as in docs/fields.md */
    const char *object; /* "volume" */
};

/* Of queries and bodies, `*count` of them. Static. */
const struct reference *references_all(size_t *count);

/* What the path of the operation names. False: there is no row, and nothing may be named there. */
bool reference_of_path(enum operation operation, struct reference *out);

/* For the documentation. Static. */
const char *reference_pin_meaning(enum reference_pin pin);

#endif
