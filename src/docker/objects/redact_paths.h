/*
 * Paths of the host in the engine's answers: a part of redact.c.
 */
#ifndef SOCKADE_DOCKER_REDACT_PATHS_H
#define SOCKADE_DOCKER_REDACT_PATHS_H

#include "json/json.h"

/* {"Type": "bind", "Source": "/srv", …}, as wished for and as it is. Same errors as
 * redact_answer(). */
MUST_CHECK int redact_mount(const struct json *object);

/* A member that may hold some, by its name. */
MUST_CHECK int redact_path_member(struct arena *arena, struct json *member);

#endif
