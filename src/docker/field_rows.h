/*
 * How the tables of fields.h are written: a row for each field, a macro for each use. For
 * the files that hold tables, and no others.
 */
#ifndef SOCKADE_DOCKER_FIELD_ROWS_H
#define SOCKADE_DOCKER_FIELD_ROWS_H

#include "docker/fields.h"

// clang-format off
#define HARMLESS(name, type) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, NULL, FIELD_NOT_PLACED, 0, NULL}
#define JUDGED(name, type, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, FIELD_NOT_PLACED, 0, (rules)}
#define PLACED_IN(name, type, spec, member, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, FIELD_VALUE_PLACED, \
     offsetof(struct spec, member), (rules)}
#define NESTED(name, type, table, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, &(table), FIELD_NOT_PLACED, 0, (rules)}
#define NESTED_HARMLESS(name, type, table) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, &(table), FIELD_NOT_PLACED, 0, NULL}
#define UNUSED_FIELD(name, use) {SLICE_INIT(name), FIELD_STRING, (use), NULL, FIELD_NOT_PLACED, 0, NULL}
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
