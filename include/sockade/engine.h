/*
 * Which engine this process forwards to. Engines differ in what they do with the same bytes: Podman
 * parses strings again that dockerd takes as they are, and older engines have holes that newer ones
 * have not. All zero is an unknown engine, of which the worst is assumed: it may be any of them,
 * and is older than every version.
 */
#ifndef SOCKADE_ENGINE_H
#define SOCKADE_ENGINE_H

#include <stdbool.h>

enum engine_kind { ENGINE_UNKNOWN = 0, ENGINE_DOCKERD, ENGINE_PODMAN };

/* From GET /version. The numbers are 0 where the kind is unknown. */
struct sockade_engine {
    enum engine_kind kind;
    unsigned major;
    unsigned minor;
    unsigned patch;
};

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
