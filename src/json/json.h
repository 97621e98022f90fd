/*
 * Strict JSON: one document, valid UTF-8, no NUL, no lone surrogate, no trailing
 * bytes, no duplicate names, bounded depth and size. Go's encoding/json is laxer
 * in every one of these, and each laxness is a known way past a filter.
 * Integers keep their source text. Everything lives in the arena.
 */
#ifndef SOCKADE_DOCKER_JSON_H
#define SOCKADE_DOCKER_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "sockade/arena.h"

enum {
    JSON_MAX_DEPTH = 64,
    JSON_MAX_NODES = 20 * 1000, /* of what a client sends; a large create has some hundred */
    /*
     * Of one list or object of a client's, unless more are asked for. What real requests have most
     * of is ports: the docker CLI makes one entry of each port of a published range, such as
     * 10000-12000.
     */
    JSON_MAX_ELEMENTS = 4096,
    JSON_MOST_ELEMENTS = 16 * 1024, /* that may be asked for */
    JSON_NODES_PER_ELEMENT = 8,     /* that come with each more: a port is five, in two objects */
    JSON_MAX_ANSWER_NODES = 600 * 1000 /* of what the engine sends: lists of many objects */
};

enum json_type {
    JSON_NULL = 0,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_type type;
    struct slice name; /* decoded; of a member of an object */
    struct slice text; /* decoded string, or a number's source text */
    struct json *child;
    struct json *next;
    /*
     * Of json_read() and json_write(): name.ptr and text.ptr as they were read, if they stand in
     * the text that was read just as they would be written, between quotes. NULL: they don't.
     */
    const char *name_read;
    const char *text_read;
};

struct json_problem {
    size_t offset;        /* in the text */
    const char *sentence; /* static: "duplicate key" */
    bool too_large;       /* not ambiguous, only more than anybody sends */
    struct slice name;    /* the member it is about, or empty (in the arena) */
};

/*
 * 0, -EBADMSG with *why, or -ENOMEM. Names equal to the byte are duplicates in
 * every object; names equal after Go's folding are the tables' business, since
 * in maps ("Labels") they are two entries.
 */
MUST_CHECK int json_read(struct slice text, struct arena *arena, struct json **out,
                         struct json_problem *why);

/* The same, with up to so many members in one list or object: JSON_MAX_ELEMENTS or other. */
MUST_CHECK int json_read_within(struct slice text, struct arena *arena, size_t elements,
                                struct json **out, struct json_problem *why);

/* The same for an answer of the engine, which may hold more values. */
MUST_CHECK int json_read_answer(struct slice text, struct arena *arena, struct json **out,
                                struct json_problem *why);

/*
 * The same for an answer that is only shown again, or compared as slices: NUL may stand in its
 * strings, since the engine takes labels and commands that hold it. 0, -EBADMSG or -ENOMEM.
 */
MUST_CHECK int json_read_shown(struct slice text, struct arena *arena, struct json **out);

/* Appends `node` as compact JSON. Numbers by their text, strings escaped anew. */
MUST_CHECK int json_write(struct buf *out, const struct json *node);

/* The member of that exact name, or NULL (also when `object` is none). */
struct json *json_member(const struct json *object, struct slice name);

/* null, false, 0 (also -0, 0.0), "", [] and {}; a list or an object of zeros is none. */
bool json_is_zero(const struct json *node);

/* An integer in the range of int64, from its source text. 0, or -EINVAL, -ERANGE. */
MUST_CHECK int json_int64(const struct json *node, int64_t *out);

/* New nodes and edits, for what sockade writes into a request. NULL when memory is out. */
struct json *json_new_string(struct arena *arena, struct slice text);
struct json *json_new_int(struct arena *arena, int64_t value);
struct json *json_new_bool(struct arena *arena, bool value);
struct json *json_new(struct arena *arena, enum json_type type); /* array, object or null */
/* Replaces the member, or adds it at the end. `value->name` is set; `name` is kept, not copied. */
void json_set(struct json *object, struct slice name, struct json *value);
void json_append(struct json *array, struct json *value);
void json_remove(struct json *object, struct slice name);

/*
 * Equal as Go's encoding/json matches names: ASCII case folded, and U+017F is
 * s, U+212A is k.   Source: Go encoding/json fold.go.
 */
bool json_name_folds_to(struct slice name, struct slice other);

#endif
