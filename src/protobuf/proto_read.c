/*
 * The reader: see proto.h. Each field of the message is checked against the row of its number.
 */
#include "protobuf/proto.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "base/try.h"
#include "base/utf8.h"
#include "protobuf/proto_internal.h"

#include "base/banned.h"

enum { PATH_MAX_BYTES = 512 };

/* Where the reader is: a field of a message, and which entry of it. */
struct step {
    const struct step *up;
    unsigned depth;                  /* of the message that has the field */
    const struct proto_field *field; /* NULL: the whole message */
    size_t index;                    /* of a list or a map */
};

static void proto_read_write_path(const struct step *at, struct buf *path)
{
    const struct step *steps[PROTO_MAX_DEPTH + 1];
    size_t count = 0;

    for (; at && at->field && count <= PROTO_MAX_DEPTH; at = at->up) {
        steps[count++] = at;
    }
    int err = count == 0 ? buf_append_text(path, "message") : 0;

    while (err == 0 && count > 0) {
        const struct step *step = steps[--count];
        enum proto_shape shape = step->field->shape;

        err = buf_append_text(path, step->field->name);
        if (err == 0 && (shape == PROTO_LIST || shape == PROTO_MAP)) {
            err = buf_printf(path, shape == PROTO_LIST ? "[%zu]" : "{%zu}", step->index);
        }
        if (err == 0 && count > 0) {
            err = buf_append_byte(path, '.');
        }
    }
}

static int proto_read_refuse(struct proto_reader *reader, const struct step *at,
                             enum proto_problem_kind kind, const char *sentence)
{
    CLEANUP(buf_deinit) struct buf path = {.limit_bytes = PATH_MAX_BYTES};
    struct slice field = {0};

    proto_read_write_path(at, &path); // what doesn't fit is left out
    TRY(arena_copy(reader->arena, buf_slice(&path), &field));
    reader->why = (struct proto_problem){kind, field, sentence};
    return -EBADMSG;
}

static int proto_read_malformed(struct proto_reader *reader, const struct step *at,
                                const char *sentence)
{
    return proto_read_refuse(reader, at, PROTO_PROBLEM_MALFORMED, sentence);
}

/* NULL, or what is wrong with a number of that row. */
static const char *proto_read_check_number(const struct proto_field *field, uint64_t number)
{
    bool fits = true;

    switch (field->type) {
    case PROTO_BOOL:
        fits = number <= 1;
        break;
    case PROTO_INT32: // negative ones have 64 bits on the wire
        fits = number <= INT32_MAX || number >= (uint64_t)INT32_MIN;
        break;
    case PROTO_UINT32:
        fits = number <= UINT32_MAX;
        break;
    case PROTO_ENUM:
        return number <= field->most ? NULL : "is no known value";
    case PROTO_INT64:
    case PROTO_UINT64:
    case PROTO_STRING:
    case PROTO_BYTES:
    case PROTO_MESSAGE:
    case PROTO_OPAQUE:
        break;
    }
    return fits ? NULL : "is out of range";
}

static int proto_read_message(struct proto_reader *reader, const struct proto_table *table,
                              struct slice bytes, const struct step *at, void *message);

/* One value of the row, whose wire type has been checked. */
// NOLINTNEXTLINE(misc-no-recursion): up to PROTO_MAX_DEPTH
static int proto_read_value(struct proto_reader *reader, const struct step *at,
                            const struct wire_field *wire, union proto_value *out)
{
    const struct proto_field *field = at->field;

    if (proto_wire_type(field->type) == WIRE_VARINT) {
        const char *fault = proto_read_check_number(field, wire->value);

        out->number = wire->value;
        return fault ? proto_read_malformed(reader, at, fault) : 0;
    }
    if (field->type == PROTO_MESSAGE) {
        if (at->depth >= PROTO_MAX_DEPTH) {
            return proto_read_refuse(reader, at, PROTO_PROBLEM_TOO_LARGE, "is nested too deeply");
        }
        out->message = arena_alloc(reader->arena, field->table->size);
        TRY_ALLOC(out->message);
        return proto_read_message(reader, field->table, wire->bytes, at, out->message);
    }
    out->text = wire->bytes.ptr ? wire->bytes : SLICE("");
    return field->type == PROTO_STRING && !utf8_is_valid(wire->bytes)
               ? proto_read_malformed(reader, at, "is not valid UTF-8")
               : 0;
}

static int proto_read_count_element(struct proto_reader *reader, const struct step *at)
{
    return ++reader->elements <= PROTO_MAX_ELEMENTS
               ? 0
               : proto_read_refuse(reader, at, PROTO_PROBLEM_TOO_LARGE, "has too many elements");
}

/* Key and value, each at most once; nothing else. */
static int proto_read_split_entry(struct proto_reader *reader, const struct step *at,
                                  struct slice entry, struct slice *key, struct wire_field *value,
                                  bool *has_value)
{
    bool has_key = false;

    while (entry.len > 0) {
        struct wire_field wire = {0};
        const char *fault = wire_read_field(&entry, &wire);

        if (fault) {
            return proto_read_malformed(reader, at, fault);
        }
        if (wire.number == ENTRY_KEY && wire.type == WIRE_BYTES && !has_key) {
            has_key = true;
            *key = wire.bytes;
        } else if (wire.number == ENTRY_VALUE && wire.type == proto_wire_type(at->field->type) &&
                   !*has_value) {
            *has_value = true;
            *value = wire;
        } else {
            return proto_read_malformed(reader, at, "is no entry of a key and a value");
        }
    }
    return utf8_is_valid(*key)
               ? 0
               : proto_read_malformed(reader, at, "has a key that is not valid UTF-8");
}

// NOLINTNEXTLINE(misc-no-recursion)
static int proto_read_entry(struct proto_reader *reader, const struct step *at,
                            const struct wire_field *wire, struct proto_items *map)
{
    struct wire_field value = {0};
    bool has_value = false;
    struct proto_item *item = proto_items_append(reader->arena, map);

    TRY_ALLOC(item);
    TRY(proto_read_split_entry(reader, at, wire->bytes, &item->key, &value, &has_value));
    // To gogo's decoder that is a nil pointer in the map, to golang's an empty message.
    if (!has_value && (at->field->type == PROTO_MESSAGE || at->field->type == PROTO_OPAQUE)) {
        return proto_read_malformed(reader, at, "has no value");
    }
    return proto_read_value(reader, at, &value, &item->value);
}

static int proto_read_packed(struct proto_reader *reader, const struct step *at, struct slice bytes,
                             struct proto_items *list)
{
    while (bytes.len > 0) {
        struct wire_field wire = {.type = WIRE_VARINT};
        struct proto_item *item = proto_items_append(reader->arena, list);
        const char *fault = wire_read_varint(&bytes, &wire.value);

        TRY_ALLOC(item);
        if (fault) {
            return proto_read_malformed(reader, at, fault);
        }
        TRY(proto_read_count_element(reader, at));
        fault = proto_read_check_number(at->field, wire.value);
        if (fault) {
            return proto_read_malformed(reader, at, fault);
        }
        item->value.number = wire.value;
    }
    return 0;
}

/* A message that is being read. */
struct open_message {
    struct proto_reader *reader;
    const struct proto_table *table;
    const struct step *at;
    char *message;
    uint64_t seen; /* a bit for each row */
    size_t row;    /* where the next is looked for: Go writes ascending numbers */
};

/* A field of which there may be one. */
// NOLINTNEXTLINE(misc-no-recursion)
static int proto_read_single(struct open_message *open, const struct step *at,
                             const struct wire_field *wire)
{
    const struct proto_field *field = at->field;
    void *place = open->message + field->place;
    union proto_value value = {0};

    if (field->shape == PROTO_ONEOF) {
        uint32_t *which = (uint32_t *)(void *)(open->message + field->which);

        if (*which != 0) {
            return proto_read_malformed(open->reader, at,
                                        "stands beside another member of its oneof");
        }
        *which = field->number;
    }
    if (field->shape == PROTO_PACKED) {
        return proto_read_packed(open->reader, at, wire->bytes, place);
    }
    TRY(proto_read_value(open->reader, at, wire, &value));
    proto_place(place, field->type, value);
    return 0;
}

// NOLINTNEXTLINE(misc-no-recursion)
static int proto_read_repeated(struct open_message *open, struct step *at,
                               const struct wire_field *wire)
{
    struct proto_items *items = (void *)(open->message + at->field->place);

    at->index = items->count;
    TRY(proto_read_count_element(open->reader, at));
    if (at->field->shape == PROTO_MAP) {
        return proto_read_entry(open->reader, at, wire, items);
    }
    struct proto_item *item = proto_items_append(open->reader->arena, items);

    TRY_ALLOC(item);
    return proto_read_value(open->reader, at, wire, &item->value);
}

/* What is no list's, map's or message's is nothing when it is zero. */
static bool proto_read_is_zero(const struct proto_field *field, const struct wire_field *wire)
{
    return field->shape == PROTO_ONE && field->type != PROTO_MESSAGE &&
           field->type != PROTO_OPAQUE && wire->value == 0 && wire->bytes.len == 0;
}

// NOLINTNEXTLINE(misc-no-recursion)
static int proto_read_known(struct open_message *open, const struct wire_field *wire)
{
    const struct proto_field *field = &open->table->field[open->row];
    struct step at = {.up = open->at, .depth = open->at->depth + 1, .field = field};
    bool many = field->shape == PROTO_LIST || field->shape == PROTO_MAP;
    bool bytes = field->shape == PROTO_MAP || field->shape == PROTO_PACKED;

    if (wire->type != (bytes ? WIRE_BYTES : proto_wire_type(field->type))) {
        return proto_read_malformed(open->reader, &at, "has the wire type of another field");
    }
    if (!many && (open->seen >> open->row & 1)) {
        return proto_read_malformed(open->reader, &at, "is there twice");
    }
    open->seen |= (uint64_t)1 << open->row;
    if (field->use == PROTO_DROPPED ||
        (field->use == PROTO_REFUSED &&
         (open->reader->drop_unknown || proto_read_is_zero(field, wire)))) {
        return 0;
    }
    if (field->use == PROTO_REFUSED) {
        return proto_read_refuse(open->reader, &at, PROTO_PROBLEM_REFUSED, field->why);
    }
    return many ? proto_read_repeated(open, &at, wire) : proto_read_single(open, &at, wire);
}

/* Whether a row has that number; then open->row is it. */
static bool proto_read_find_row(struct open_message *open, uint32_t number)
{
    const struct proto_table *table = open->table;

    for (size_t i = 0; i < table->count; i++) {
        size_t row = (open->row + i) % table->count;

        if (table->field[row].number == number) {
            open->row = row;
            return true;
        }
    }
    return false;
}

// NOLINTNEXTLINE(misc-no-recursion)
static int proto_read_field(struct open_message *open, struct slice *rest)
{
    struct wire_field wire = {0};
    const char *fault = wire_read_field(rest, &wire);

    if (fault) {
        return proto_read_malformed(open->reader, open->at, fault);
    }
    if (proto_read_find_row(open, wire.number)) {
        return proto_read_known(open, &wire);
    }
    return open->reader->drop_unknown
               ? 0
               : proto_read_refuse(open->reader, open->at, PROTO_PROBLEM_UNKNOWN,
                                   "has a field that is not known");
}

/* `message` is zeroed. */
// NOLINTNEXTLINE(misc-no-recursion)
static int proto_read_message(struct proto_reader *reader, const struct proto_table *table,
                              struct slice bytes, const struct step *at, void *message)
{
    struct open_message open = {.reader = reader, .table = table, .at = at, .message = message};

    assert(table->count <= PROTO_MAX_FIELDS);
    while (bytes.len > 0) {
        TRY(proto_read_field(&open, &bytes));
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct proto_field *field = &table->field[i];
        struct step map = {.up = at, .field = field};

        if (field->shape == PROTO_MAP && field->placed &&
            !proto_map_sort((void *)(open.message + field->place))) {
            return proto_read_malformed(reader, &map, "has a key twice");
        }
    }
    return 0;
}

int proto_read(struct proto_reader *reader, const struct proto_table *table, struct slice bytes,
               void *message)
{
    const struct step whole = {0};

    reader->elements = 0;
    if (bytes.len > (reader->max_bytes > 0 ? reader->max_bytes : PROTO_MAX_BYTES)) {
        return proto_read_refuse(reader, &whole, PROTO_PROBLEM_TOO_LARGE, "is too large");
    }
    memset(message, 0, table->size);
    return proto_read_message(reader, table, bytes, &whole, message);
}
