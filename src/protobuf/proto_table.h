/*
 * Message tables: which fields a protobuf message has, of which type, where a struct keeps them,
 * and what we do with each. One reader and one writer (proto.h) walk message and table together.
 * Rows are written with the macros of proto_rows.h. Knows nothing of any particular message.
 *
 * Source: protobuf.dev, "Encoding" and "Language Guide (proto 3)".
 */
#ifndef SOCKADE_PROTOBUF_TABLE_H
#define SOCKADE_PROTOBUF_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockade/slice.h"

/* In brackets: what the struct has for one of it. */
enum proto_type {
    PROTO_BOOL = 0, /* bool */
    PROTO_INT32,    /* int32_t */
    PROTO_INT64,    /* int64_t */
    PROTO_UINT32,   /* uint32_t */
    PROTO_UINT64,   /* uint64_t */
    PROTO_ENUM,     /* uint32_t; from 0 to the row's `most`, others are refused */
    PROTO_STRING,   /* struct slice; valid UTF-8, may hold NUL */
    PROTO_BYTES,    /* struct slice */
    PROTO_MESSAGE,  /* a pointer to the struct of `table`; NULL: absent */
    PROTO_OPAQUE    /* struct slice: a message that is not looked into; .ptr is NULL: absent */
};

enum proto_shape {
    PROTO_ONE = 0,
    PROTO_ONEOF, /* of several at most one is there: the number of that is at `which`, 0 for none */
    PROTO_LIST,  /* struct proto_items; each with its tag, as proto3 writes texts and messages */
    PROTO_PACKED, /* struct proto_items; all in one entry, as proto3 writes numbers */
    PROTO_MAP     /* struct proto_items with keys, which are strings */
};

enum proto_use {
    PROTO_REFUSED =
        0,         /* refused unless it is zero; written if the struct has a place and we fill it */
    PROTO_DROPPED, /* known, and taken out */
    PROTO_PASSED,  /* checked as to its form, and written again */
    PROTO_JUDGED   /* the same, and the policy looks at it */
};

union proto_value {
    uint64_t number; /* negative ones in two's complement */
    struct slice text;
    void *message;
};

/* One entry of a list or a map. */
struct proto_item {
    struct proto_item *next;
    struct slice key; /* of a map */
    union proto_value value;
};

/* Zeroed, it is empty. Lists keep their order; maps are sorted by the bytes of the key. */
struct proto_items {
    struct proto_item *first;
    struct proto_item *last;
    size_t count;
};

struct proto_table;

struct proto_field {
    const char *name; /* as the .proto file has it */
    uint32_t number;
    enum proto_type type;
    enum proto_shape shape;
    enum proto_use use;
    uint32_t most;                   /* of PROTO_ENUM */
    bool placed;                     /* whether the struct has it, at `place` */
    size_t place;                    /* offset */
    size_t which;                    /* of PROTO_ONEOF: offset of a uint32_t */
    const struct proto_table *table; /* of PROTO_MESSAGE */
    const char *since;               /* the first version that has it; NULL: not noted */
    const char *why; /* of what is refused or dropped: a sentence without its subject */
};

enum { PROTO_MAX_FIELDS = 64 };

struct proto_table {
    const char *name;                /* "package.Message" */
    const struct proto_field *field; /* by ascending number, at most PROTO_MAX_FIELDS */
    size_t count;
    size_t size; /* of the struct */
};

#endif
