/*
 * A message that has a field of every type and shape, for the tests of src/protobuf. Included once
 * in a program.
 */
#ifndef SOCKADE_TESTS_PROTO_SAMPLE_H
#define SOCKADE_TESTS_PROTO_SAMPLE_H

#include "protobuf/proto.h"
#include "protobuf/proto_rows.h"

struct sample_inner {
    struct slice name;
    struct sample_inner *inner;
    int32_t number;
};

struct sample {
    bool yes;
    int32_t i32;
    int64_t i64;
    uint32_t u32;
    uint64_t u64;
    uint32_t color;
    struct slice text;
    struct slice bytes;
    struct sample_inner *inner;
    struct slice opaque;
    struct proto_items texts;
    struct proto_items inners;
    struct proto_items opaques;
    struct proto_items numbers;
    struct proto_items text_map;
    struct proto_items bytes_map;
    struct proto_items inner_map;
    struct proto_items number_map;
    struct proto_items opaque_map;
    uint32_t which;
    struct slice one_text;
    struct sample_inner *one_inner;
    uint32_t one_number;
    bool last;
};

extern const struct proto_table sample_inner_table, sample_table;

// clang-format off
#define M struct sample_inner
static const struct proto_field sample_inner_fields[] = {
    PASSED(1, "name",   STRING(name)),
    PASSED(2, "inner",  MESSAGE(inner, sample_inner)),
    PASSED(3, "number", INT32(number)),
};
#undef M
PROTO_TABLE(sample_inner, "sample.Inner");

#define M struct sample
static const struct proto_field sample_fields[] = {
    PASSED (1,  "yes",        BOOL(yes)),
    PASSED (2,  "i32",        INT32(i32)),
    PASSED (3,  "i64",        INT64(i64)),
    PASSED (4,  "u32",        UINT32(u32)),
    PASSED (5,  "u64",        UINT64(u64)),
    PASSED (6,  "color",      ENUM(color, 2)),
    PASSED (7,  "text",       STRING(text)),
    PASSED (8,  "bytes",      BYTES(bytes)),
    PASSED (9,  "inner",      MESSAGE(inner, sample_inner)),
    PASSED (10, "opaque",     OPAQUE(opaque)),
    PASSED (11, "texts",      LIST(texts, PROTO_STRING)),
    PASSED (12, "inners",     MESSAGES(inners, sample_inner)),
    PASSED (13, "opaques",    LIST(opaques, PROTO_OPAQUE)),
    PASSED (14, "numbers",    PACKED(numbers, PROTO_INT32)),
    PASSED (15, "text_map",   MAP(text_map, PROTO_STRING)),
    PASSED (16, "bytes_map",  MAP(bytes_map, PROTO_BYTES)),
    PASSED (17, "inner_map",  MESSAGE_MAP(inner_map, sample_inner)),
    PASSED (18, "number_map", MAP(number_map, PROTO_UINT32)),
    PASSED (19, "opaque_map", MAP(opaque_map, PROTO_OPAQUE)),
    PASSED (20, "one_text",   STRING(one_text), ONE_OF(which)),
    PASSED (21, "one_inner",  MESSAGE(one_inner, sample_inner), ONE_OF(which)),
    PASSED (22, "one_number", UINT32(one_number), ONE_OF(which)),
    REFUSED(30, "secret",     UNPLACED(PROTO_STRING), WHY("is not for you")),
    REFUSED(31, "secrets",    UNPLACED_LIST(PROTO_STRING), WHY("are not for you")),
    DROPPED(32, "noise",      UNPLACED(PROTO_INT64), WHY("has no use")),
    PASSED (536870911, "last", BOOL(last)),
};
#undef M
PROTO_TABLE(sample, "sample.Sample");
// clang-format on

#endif
