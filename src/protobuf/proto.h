/*
 * A strict protobuf reader and a canonical writer. What is forwarded is only what the writer wrote,
 * so what was judged is what the peer reads, whichever decoder it uses.
 *
 * The reader refuses whatever decoders read differently, or no encoder writes: a singular field or
 * a key of a map twice, two members of a oneof, a field that no row names, another wire type than
 * the row's, groups, numbers in more bytes than they need or out of their type's range (a boolean
 * is 0 or 1), tags of more than 5 bytes or past 2^29-1, strings that are not UTF-8, entries that
 * are longer than what holds them, numbers of a list one by one where proto3 packs them, and a
 * value of a map left out where that is a message. The order of fields is free, a
 * scalar may be there with its zero, and the key or a scalar value of an entry may be missing.
 *
 * The writer writes ascending numbers and shortest forms, no scalar that is zero outside of a
 * oneof, lists in their order, maps sorted by the bytes of the key, key and value of each entry.
 *
 * Source: protobuf.dev, "Encoding"; how Go's decoders differ: gogo/protobuf 1.3.2 (generated
 * Unmarshal), golang/protobuf 1.3.5 (table_unmarshal.go); tests/differential/protobuf compares.
 */
#ifndef SOCKADE_PROTOBUF_PROTO_H
#define SOCKADE_PROTOBUF_PROTO_H

#include "base/buf.h"
#include "protobuf/proto_table.h"
#include "sockade/arena.h"

enum {
    PROTO_MAX_BYTES = 4 * 1024 * 1024, /* what engines up to 26 take */
    PROTO_MAX_DEPTH = 16,              /* the message itself is 1 deep */
    PROTO_MAX_ELEMENTS = 16 * 1024     /* of all lists and maps together */
};

enum proto_problem_kind {
    PROTO_PROBLEM_MALFORMED = 0, /* ambiguous, or no protobuf: refused whatever the policy says */
    PROTO_PROBLEM_TOO_LARGE,
    PROTO_PROBLEM_UNKNOWN, /* a field that no row names */
    PROTO_PROBLEM_REFUSED  /* a row that is refused, and not zero */
};

struct proto_problem {
    enum proto_problem_kind kind;
    struct slice field;   /* "Cache.Exports[1].Type", "message" for the whole; in the arena */
    const char *sentence; /* static: "is not valid UTF-8", or the row's `why` */
};

struct proto_reader {
    struct arena *arena;
    size_t max_bytes; /* 0: PROTO_MAX_BYTES */
    /*
     * For what the engine sends: fields that no row names and rows that are refused are taken out
     * instead. Wire types 1 and 5, which no row has, are then skipped as well; groups are refused.
     */
    bool drop_unknown;
    struct proto_problem why; /* of -EBADMSG */
    size_t elements;          /* the reader's own */
};

/*
 * Reads all of `bytes` into `message`, which is a struct of that table and is overwritten. Texts
 * are borrowed from `bytes`; messages and items are the arena's.
 * 0, -EBADMSG with reader->why, or -ENOMEM; on error `message` is not to be used.
 */
MUST_CHECK int proto_read(struct proto_reader *reader, const struct proto_table *table,
                          struct slice bytes, void *message);

/*
 * Appends the message. 0, or the errors of buf_append(); then `out` ends in half a message.
 */
MUST_CHECK int proto_write(struct buf *out, const struct proto_table *table, const void *message);

/* Edits, for what sockade writes into a message. Texts are kept, not copied. 0 or -ENOMEM. */
MUST_CHECK int proto_list_add(struct arena *arena, struct proto_items *list,
                              union proto_value value);
/* Replaces the value of the key, or adds it where it belongs. */
MUST_CHECK int proto_map_set(struct arena *arena, struct proto_items *map, struct slice key,
                             union proto_value value);
/* Takes out the entry behind `before`, or the first for NULL. */
void proto_items_remove(struct proto_items *items, struct proto_item *before);

/* The value of that key (exact), or NULL. */
union proto_value *proto_map_get(const struct proto_items *map, struct slice key);

#endif
