/*
 * What reader and writer share: the wire, and values in structs.
 */
#ifndef SOCKADE_PROTOBUF_INTERNAL_H
#define SOCKADE_PROTOBUF_INTERNAL_H

#include "base/cleanup.h"
#include "protobuf/proto_table.h"
#include "sockade/arena.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_GROUP = 3,
    WIRE_GROUP_END = 4,
    WIRE_FIXED32 = 5
};

enum { WIRE_TAG_MAX_BYTES = 5, WIRE_VARINT_MAX_BYTES = 10, WIRE_MAX_NUMBER = (1 << 29) - 1 };

/* The fields of a map's entry. */
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };

/* A field as it stands in the message. */
struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;     /* WIRE_VARINT */
    struct slice bytes; /* WIRE_BYTES, borrowed */
};

/* Both take it from the front of `in`. NULL, or a sentence that says what is wrong. */
const char *wire_read_varint(struct slice *in, uint64_t *out);
const char *wire_read_field(struct slice *in, struct wire_field *out);

/* Bytes at `out`, which has room for WIRE_VARINT_MAX_BYTES. */
size_t wire_write_varint(char *out, uint64_t value);

enum wire_type proto_wire_type(enum proto_type type);

/* Between a member of a struct and a value. */
void proto_place(void *place, enum proto_type type, union proto_value value);
union proto_value proto_placed(const void *place, enum proto_type type);

/*
 * Sorts by key. False when two have the same.
 */
bool proto_map_sort(struct proto_items *map);

/* A new item at the end, or NULL when memory is out. */
struct proto_item *proto_items_append(struct arena *arena, struct proto_items *items);

#endif
