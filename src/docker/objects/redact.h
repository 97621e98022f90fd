/*
 * Which fields of the engine's answers hold environments and paths of the host, and how
 * they are hidden. Fields are found by name wherever they are, so that a new kind of
 * answer, or a copy of an old one inside another, is hidden as well.
 */
#ifndef SOCKADE_DOCKER_REDACT_H
#define SOCKADE_DOCKER_REDACT_H

#include "json/json.h"

enum redact_env {
    REDACT_ENV_ALL = 0, /* every value */
    REDACT_ENV_SECRETS, /* those that secret.h takes for credentials */
    REDACT_ENV_NONE
};

struct redaction {
    struct arena *arena;
    enum redact_env env;
    bool host_paths; /* sources of binds, options of volumes, where the engine keeps its files */
    /* NULL, or whether an object and what is in it stays as it is. */
    bool (*spares)(const void *context, const struct json *object);
    const void *context;
};

/*
 * Hides in place, in an answer or a part of one. 0; -ENOMEM; -EBADMSG when a field that is to be
 * hidden has a type that isn't the engine's.
 */
MUST_CHECK int redact_answer(const struct redaction *redaction, struct json *tree);

/* What stands for a hidden text: "<redacted>". */
struct slice redacted_text(void);

#endif
