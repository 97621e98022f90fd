/*
 * Which engine this process forwards to. Engines differ in what they do with the same bytes: Podman
 * parses strings again that dockerd takes literally, and older engines have vulnerabilities that
 * are fixed in newer ones. All zero is an unknown engine, of which the worst is assumed: it may be
 * of any kind, and it is older than every version.
 */
#ifndef SOCKADE_ENGINE_H
#define SOCKADE_ENGINE_H

#include <stdbool.h>

#include "sockade/arena.h"
#include "sockade/slice.h"

enum engine_kind { ENGINE_UNKNOWN = 0, ENGINE_DOCKERD, ENGINE_PODMAN };

/*
 * From GET /version. The numbers are 0 if the kind is unknown, or if the version is not a
 * release ("5.5.0-dev"): such a version counts as older than every release.
 */
struct sockade_engine {
    enum engine_kind kind;
    unsigned major;
    unsigned minor;
    unsigned patch;
};

/* An answer to GET /version. Slices are the arena's. */
struct engine_answer {
    struct sockade_engine engine;
    struct slice version; /* as the engine spells it, "20.10.24+dfsg1"; printable, or empty */
    struct slice api;     /* the newest API version it supports: "1.41" */
};

/* 0; -EBADMSG if `body` is not such an answer; -ENOMEM. An unknown kind is not an error. */
int engine_answer_read(struct slice body, struct arena *arena, struct engine_answer *out)
    __attribute__((warn_unused_result));

/* "dockerd", "podman", "unknown". */
const char *engine_kind_name(enum engine_kind kind);

/* Whether it is that kind, or may be because it is unknown. */
static inline bool engine_may_be(const struct sockade_engine *engine, enum engine_kind kind)
{
    return engine->kind == ENGINE_UNKNOWN || engine->kind == kind;
}

/* Whether its version is older than this one; an unknown engine is. */
static inline bool engine_is_before(const struct sockade_engine *engine, unsigned major,
                                    unsigned minor, unsigned patch)
{
    if (engine->kind == ENGINE_UNKNOWN || engine->major != major) {
        return engine->kind == ENGINE_UNKNOWN || engine->major < major;
    }
    return engine->minor != minor ? engine->minor < minor : engine->patch < patch;
}

#endif
