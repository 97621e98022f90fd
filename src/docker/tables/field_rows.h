/*
 * How the tables of fields.h are written: a row for each field, a macro for each use. For
 * the files that hold tables, and no others.
 */
#ifndef SOCKADE_DOCKER_FIELD_ROWS_H
#define SOCKADE_DOCKER_FIELD_ROWS_H

#include "docker/tables/fields.h"

/*
 * Types that hold text say which kind of it, for their values and, where names are free, for these;
 * a row that gives FIELD_STRING and the like alone does not compile.
 */
enum { ROW_KEY_SHIFT = 8, ROW_VALUE_SHIFT = 16 };

// clang-format off
#define ROW_TEXT(type, key, value) ((type) | (key) << ROW_KEY_SHIFT | (value) << ROW_VALUE_SHIFT)
#define STRING(kind)            ROW_TEXT(FIELD_STRING, TEXT_NONE, TEXT_##kind)
#define STRINGS(kind)           ROW_TEXT(FIELD_STRINGS, TEXT_NONE, TEXT_##kind)
#define STRING_OR_STRINGS(kind) ROW_TEXT(FIELD_STRING_OR_STRINGS, TEXT_NONE, TEXT_##kind)
#define STRING_LISTS(kind)      ROW_TEXT(FIELD_STRING_LISTS, TEXT_NONE, TEXT_##kind)
#define STRING_MAP(key, kind)   ROW_TEXT(FIELD_STRING_MAP, TEXT_##key, TEXT_##kind)
#define OBJECT_MAP(key)         ROW_TEXT(FIELD_OBJECT_MAP, TEXT_##key, TEXT_NONE)
#define OBJECTS_MAP(key)        ROW_TEXT(FIELD_OBJECTS_MAP, TEXT_##key, TEXT_NONE)

#define ROW_BASE(row)  ((row) & 0xff)
#define ROW_KEY(row)   ((row) >> ROW_KEY_SHIFT & 0xff)
#define ROW_VALUE(row) ((row) >> ROW_VALUE_SHIFT)
#define ROW_HAS_KEYS(row) \
    (ROW_BASE(row) == FIELD_STRING_MAP || ROW_BASE(row) == FIELD_OBJECT_MAP || \
     ROW_BASE(row) == FIELD_OBJECTS_MAP)
#define ROW_HAS_VALUES(row) \
    (ROW_BASE(row) == FIELD_STRING || ROW_BASE(row) == FIELD_STRINGS || \
     ROW_BASE(row) == FIELD_STRING_OR_STRINGS || ROW_BASE(row) == FIELD_STRING_LISTS || \
     ROW_BASE(row) == FIELD_STRING_MAP)
#define ROW_IS_WHOLE(row) \
    (ROW_HAS_KEYS(row) == (ROW_KEY(row) != TEXT_NONE) && \
     ROW_HAS_VALUES(row) == (ROW_VALUE(row) != TEXT_NONE))
#define ROW_MUST_BE_WHOLE(row) (0 * (int)sizeof(char[ROW_IS_WHOLE(row) ? 1 : -1]))

#define ROW(name, row, use, table, placed, place, rules) \
    {SLICE_INIT(name), (enum field_type)(ROW_BASE(row) + ROW_MUST_BE_WHOLE(row)), (use), (table), \
     (placed), (place), (rules), (enum text_kind)ROW_KEY(row), (enum text_kind)ROW_VALUE(row)}
#define HARMLESS(name, type) ROW(name, type, FIELD_HARMLESS, NULL, FIELD_NOT_PLACED, 0, NULL)
#define JUDGED(name, type, rules) ROW(name, type, FIELD_JUDGED, NULL, FIELD_NOT_PLACED, 0, rules)
#define PLACED_IN(name, type, spec, member, rules) \
    ROW(name, type, FIELD_JUDGED, NULL, FIELD_VALUE_PLACED, offsetof(struct spec, member), rules)
#define NESTED(name, type, table, rules) \
    ROW(name, type, FIELD_JUDGED, &(table), FIELD_NOT_PLACED, 0, rules)
#define NESTED_HARMLESS(name, type, table) \
    ROW(name, type, FIELD_HARMLESS, &(table), FIELD_NOT_PLACED, 0, NULL)
/* What is not forwarded has no type; nobody reads it. */
#define UNUSED_FIELD(name, use) ROW(name, STRING(OPAQUE), use, NULL, FIELD_NOT_PLACED, 0, NULL)
#define DROPPED(name) UNUSED_FIELD(name, FIELD_DROPPED)
#define UNJUDGED(name) UNUSED_FIELD(name, FIELD_UNJUDGED)
#define REFUSED(name) UNUSED_FIELD(name, FIELD_REFUSED)

#define FIELDS(...) (const struct field[]){__VA_ARGS__}
/* `static FIELD_TABLE(raft_table, HARMLESS(...), ...);` */
#define FIELD_TABLE(name, ...) FIELD_TABLE_BESIDE(name, NULL, __VA_ARGS__)
/* The same with `refused`, the table whose names an engine takes here too. */
#define FIELD_TABLE_BESIDE(name, refused, ...) \
    const struct field_table name = { \
        FIELDS(__VA_ARGS__), sizeof(FIELDS(__VA_ARGS__)) / sizeof(struct field), (refused)}
// clang-format on

/* struct{} in Go: whatever it holds is not read. */
static const struct field_table nothing_table = {NULL, 0, NULL};

#endif
