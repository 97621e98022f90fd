/*
 * Field tables: which members an object of the API has, of which type, and what
 * we do with each. One reader walks object and table together; what no row
 * names does not reach the engine.
 *
 * Go matches member names without case, and a filter that doesn't sees another
 * body than the engine. So a name that folds to a row's is the row's, if it is the
 * only one and in ASCII, and is refused if the object says something else by the row's own.
 * Source: Go encoding/json; moby api/types.
 */
#ifndef SOCKADE_DOCKER_FIELDS_H
#define SOCKADE_DOCKER_FIELDS_H

#include "docker/spec.h"
#include "docker/tables/texts.h"

enum field_type {
    FIELD_BOOL = 0,
    FIELD_INT,    /* in the range of int64, without fraction and exponent */
    FIELD_NUMBER, /* any number, kept as it is written; never placed */
    FIELD_STRING,
    FIELD_STRINGS,           /* a list of strings */
    FIELD_STRING_OR_STRINGS, /* the same; a bare string becomes a list of one (moby strslice) */
    FIELD_STRING_LISTS,      /* a list of lists of strings */
    FIELD_INT_PAIR,          /* a list of at most two integers */
    FIELD_STRING_MAP,        /* an object with free names; null is "" there, as in Go */
    FIELD_OBJECT,            /* the rest needs `table` */
    FIELD_OBJECTS,           /* a list of objects */
    FIELD_OBJECT_MAP,        /* free names; null is {} */
    FIELD_OBJECTS_MAP        /* free names, lists of objects; null is [] */
};

enum field_use {
    FIELD_REFUSED = 0, /* a violation unless it is zero; never forwarded */
    FIELD_DROPPED,     /* sent by real clients, ignored on purpose, not forwarded */
    FIELD_HARMLESS,    /* checked and forwarded */
    FIELD_JUDGED,      /* checked, evaluated by rules, and forwarded */
    FIELD_UNJUDGED     /* not inspected; treated like an unknown field unless it is zero */
};

enum field_placing {
    FIELD_NOT_PLACED = 0,
    FIELD_VALUE_PLACED, /* the value is stored in the spec, at `place` */
    FIELD_MEMBER_PLACED /* a pointer to the member is stored, to avoid a second search */
};

struct field_table;

struct field {
    struct slice name;
    enum field_type type;
    enum field_use use;
    const struct field_table *table; /* of the object or objects within */
    enum field_placing placed;
    size_t place;
    const char *rules;  /* ids of the rules that evaluate it, separated by spaces; NULL: none yet */
    enum text_kind key; /* of the free names of a map */
    enum text_kind value; /* of the strings that it holds */
};

struct field_table {
    const struct field *field;
    size_t count;
    /* NULL, or names that belong to another object but that an engine takes here too. */
    const struct field_table *refused;
};

/*
 * Makes `object` canonical by `table` (one without rows leaves nothing): members that are null,
 * dropped, refused, unknown or of a wrong type are taken out, the last three with a problem (an
 * unknown one of zero value without). Placed values go to `spec`, which may be
 * NULL when no row is placed. What is no object becomes an empty one.
 * 0 or -ENOMEM.
 */
MUST_CHECK int fields_read(struct spec_reader *reader, const struct field_table *table,
                           struct json *object, void *spec);

/*
 * The same for a body that is a list: `field` says its type and how messages call it.
 * null is an empty list, and so becomes what has another type. 0 or -ENOMEM.
 */
MUST_CHECK int fields_read_list(struct spec_reader *reader, const struct field *field,
                                struct json *list, void *spec);

/*
 * Members of objects that fields_read() has passed, which therefore have the
 * type of their row. Absent ones, and any member of NULL, are empty.
 */
struct slice field_string(const struct json *object, struct slice name);
bool field_bool(const struct json *object, struct slice name);
int64_t field_int(const struct json *object, struct slice name);
/* 0 or -ENOMEM. */
MUST_CHECK int field_strings(struct arena *arena, const struct json *list, struct string_list *out);
MUST_CHECK int field_string_map(struct arena *arena, const struct json *object,
                                struct string_map *out);

/* How many children `node` has; 0 for NULL. */
size_t field_count(const struct json *node);

#endif
