/*
 * What a member's name is to a field table. Go matches names without case, Unicode's folding
 * included, and lets the last member win, or merges them.   Source: Go encoding/json.
 */
#ifndef SOCKADE_DOCKER_FIELD_NAMES_H
#define SOCKADE_DOCKER_FIELD_NAMES_H

#include "docker/tables/fields.h"

enum field_name_kind {
    FIELD_NAME_UNKNOWN = 0,
    FIELD_NAME_KNOWN,     /* the row's */
    FIELD_NAME_RESPELLED, /* the only spelling of it, in other ASCII letters */
    FIELD_NAME_REPEATED,  /* another spelling of what the object says in the row's, or that says
                             nothing */
    FIELD_NAME_ELSEWHERE, /* exactly one of the names that belong to another object */
    FIELD_NAME_AMBIGUOUS  /* another spelling, and which of them counts is the reader's guess */
};

struct field_name {
    enum field_name_kind kind;
    const struct field *field; /* when it is known */
};

/*
 * The search begins at row *next, as clients send members in the order that the tables have as
 * well. Members of `object` that were read already must have been given the row's name, or have
 * been null if they are gone.
 */
struct field_name field_name_find(const struct field_table *table, const struct json *object,
                                  const struct json *node, size_t *next);

#endif
