/*
 * What the tables that read bodies have in common: where a field is, what was
 * wrong with it, lists and maps of strings. Rules see specs, never JSON.
 * All memory is the arena's.
 */
#ifndef SOCKADE_DOCKER_SPEC_H
#define SOCKADE_DOCKER_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockade/engine.h"
#include "json/json.h"

struct string_list {
    const struct slice *item;
    size_t count;
    bool present; /* false: absent or null; an empty list that was sent is present */
};

struct string_pair {
    struct slice key;
    struct slice value;
};

struct string_map {
    const struct string_pair *item;
    size_t count;
};

/* The value of `key` (exact), or NULL. */
const struct slice *string_map_get(const struct string_map *map, struct slice key);

/*
 * Whether a health check whose Test begins with that word runs anything: one that doesn't takes the
 * image's away.   Source: moby daemon/health.go, getProbe.
 */
static inline bool health_test_runs(struct slice word)
{
    return slice_eq(word, SLICE("CMD")) || slice_eq(word, SLICE("CMD-SHELL"));
}

/* The member of that type, made when it isn't there. NULL when memory is out, or `object` is. */
struct json *spec_member(struct arena *arena, struct json *object, struct slice name,
                         enum json_type type);

enum spec_problem_kind {
    SPEC_PROBLEM_AMBIGUOUS =
        0, /* not strict JSON, folded name, wrong type: 400, whatever the policy says */
    SPEC_PROBLEM_UNKNOWN, /* a field that no table names: 403, forwarded under `open` */
    SPEC_PROBLEM_REFUSED, /* a field we know and don't pass on unless it is zero: 403 */
    SPEC_PROBLEM_REPARSED /* text that the engine takes apart again: 403, forwarded under `open` */
};

struct spec_problem {
    enum spec_problem_kind kind;
    struct slice field;   /* "HostConfig.Mounts[1].Foo" */
    const char *sentence; /* static: "is not a known field", "must be a boolean" */
    const char *fix;      /* static, or NULL */
    struct spec_problem *next;
};

struct spec_reader {
    struct arena *arena;
    const struct sockade_engine *engine; /* the body is for; NULL: not known */
    bool keep_unknown;                   /* `open`: unknown fields stay in the tree, unreported */
    struct spec_problem *problems;       /* in the order found */
    struct spec_problem *last;           /* of `problems` */
    size_t counts[SPEC_PROBLEM_REPARSED + 1]; /* per kind; past SPEC_MAX_PROBLEMS none is listed */
};

enum { SPEC_MAX_PROBLEMS = 50 };

/*
 * Adds a problem. Of each kind SPEC_MAX_PROBLEMS are kept, so that a hostile body
 * can't fill the memory with them and no kind can push out another. `field` is
 * kept, not copied. 0 or -ENOMEM.
 */
MUST_CHECK int spec_report(struct spec_reader *reader, enum spec_problem_kind kind,
                           struct slice field, const char *sentence);
/* The same for all that a problem says. */
MUST_CHECK int spec_report_problem(struct spec_reader *reader, struct spec_problem what);

#endif
