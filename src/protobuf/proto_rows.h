/*
 * How the rows of a message table are written; included by the files that have tables, after which
 * each table says which struct it fills:
 *
 *   #define M struct greeting
 *   static const struct proto_field greeting_fields[] = {
 *       JUDGED(1, "name", STRING(name)),
 *       REFUSED(2, "loud", UNPLACED(PROTO_BOOL), WHY("wakes the others")),
 *   };
 *   #undef M
 *   PROTO_TABLE(greeting, "example.Greeting");
 *
 * A member of another type than its row says does not compile.
 */
#ifndef SOCKADE_PROTOBUF_ROWS_H
#define SOCKADE_PROTOBUF_ROWS_H

#include "protobuf/proto_table.h"

/* What becomes of a field. The rest is its type, then SINCE(), WHY() and ONE_OF() where they
 * belong. */
#define JUDGED(field_number, text, ...)                                            \
    {                                                                              \
        .number = (field_number), .name = (text), .use = PROTO_JUDGED, __VA_ARGS__ \
    }
#define PASSED(field_number, text, ...)                                            \
    {                                                                              \
        .number = (field_number), .name = (text), .use = PROTO_PASSED, __VA_ARGS__ \
    }
#define DROPPED(field_number, text, ...)                                            \
    {                                                                               \
        .number = (field_number), .name = (text), .use = PROTO_DROPPED, __VA_ARGS__ \
    }
#define REFUSED(field_number, text, ...)                                            \
    {                                                                               \
        .number = (field_number), .name = (text), .use = PROTO_REFUSED, __VA_ARGS__ \
    }

#define SINCE(version) .since = (version)
#define WHY(sentence) .why = (sentence)
#define ONE_OF(member) .shape = PROTO_ONEOF, .which = PROTO_OFFSET(member, uint32_t)

/* The offset of a member that has to be of that type: pointers of two types are not compared. */
#define PROTO_OFFSET(member, type) \
    (offsetof(M, member) + 0 * sizeof(&((M *)NULL)->member == (type *)NULL))
#define PROTO_AT(member, type) .placed = true, .place = PROTO_OFFSET(member, type)

#define BOOL(member) .type = PROTO_BOOL, PROTO_AT(member, bool)
#define INT32(member) .type = PROTO_INT32, PROTO_AT(member, int32_t)
#define INT64(member) .type = PROTO_INT64, PROTO_AT(member, int64_t)
#define UINT32(member) .type = PROTO_UINT32, PROTO_AT(member, uint32_t)
#define UINT64(member) .type = PROTO_UINT64, PROTO_AT(member, uint64_t)
#define ENUM(member, highest) .type = PROTO_ENUM, .most = (highest), PROTO_AT(member, uint32_t)
#define STRING(member) .type = PROTO_STRING, PROTO_AT(member, struct slice)
#define BYTES(member) .type = PROTO_BYTES, PROTO_AT(member, struct slice)
#define OPAQUE(member) .type = PROTO_OPAQUE, PROTO_AT(member, struct slice)
#define MESSAGE(member, message) \
    .type = PROTO_MESSAGE, .table = &message##_table, PROTO_AT(member, struct message *)

#define LIST(member, of) .type = (of), .shape = PROTO_LIST, PROTO_AT(member, struct proto_items)
#define PACKED(member, of) .type = (of), .shape = PROTO_PACKED, PROTO_AT(member, struct proto_items)
#define MAP(member, of) .type = (of), .shape = PROTO_MAP, PROTO_AT(member, struct proto_items)
#define MESSAGES(member, message) .table = &message##_table, LIST(member, PROTO_MESSAGE)
#define MESSAGE_MAP(member, message) .table = &message##_table, MAP(member, PROTO_MESSAGE)

/* Of a field that is only ever refused or dropped. */
#define UNPLACED(of) .type = (of)
#define UNPLACED_LIST(of) .type = (of), .shape = PROTO_LIST
#define UNPLACED_MAP(of) .type = (of), .shape = PROTO_MAP

#define PROTO_TABLE(message, full_name) PROTO_TABLE_OF(message, message, full_name)
/* Of one whose struct and rows another has too. */
#define PROTO_TABLE_OF(message, in, full_name)   \
    const struct proto_table message##_table = { \
        full_name, in##_fields, sizeof(in##_fields) / sizeof((in##_fields)[0]), sizeof(struct in)}
/* Of a message without fields. */
#define PROTO_EMPTY_TABLE(message, full_name) \
    const struct proto_table message##_table = {full_name, NULL, 0, sizeof(struct proto_empty)}

struct proto_empty {
    char nothing;
};

#endif
