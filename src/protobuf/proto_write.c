/*
 * The writer: see proto.h. What is in a message that we made ourselves is not checked again.
 */
#include "protobuf/proto.h"

#include <errno.h>

#include "base/try.h"
#include "protobuf/proto_internal.h"

#include "base/banned.h"

static int proto_write_varint(struct buf *out, uint64_t value)
{
    char bytes[WIRE_VARINT_MAX_BYTES];

    return buf_append(out, (struct slice){bytes, wire_write_varint(bytes, value)});
}

static int proto_write_tag(struct buf *out, uint32_t number, enum wire_type type)
{
    return proto_write_varint(out, (uint64_t)number << 3 | type);
}

/* Leaves one byte for the length of what is written next, which most lengths fit into. */
static int proto_write_begin(struct buf *out, uint32_t number, size_t *at)
{
    TRY(proto_write_tag(out, number, WIRE_BYTES));
    *at = out->len;
    return buf_append_byte(out, 0);
}

static int proto_write_end(struct buf *out, size_t at)
{
    char bytes[WIRE_VARINT_MAX_BYTES];
    size_t len = out->len - at - 1;
    size_t more = wire_write_varint(bytes, len) - 1;

    TRY(buf_reserve(out, more));
    memmove(out->data + at + 1 + more, out->data + at + 1, len);
    memcpy(out->data + at, bytes, more + 1);
    out->len += more;
    return 0;
}

static bool proto_write_is_zero(enum proto_type type, const union proto_value *value)
{
    switch (type) {
    case PROTO_STRING:
    case PROTO_BYTES:
        return value->text.len == 0;
    case PROTO_OPAQUE:
        return !value->text.ptr;
    case PROTO_MESSAGE:
        return !value->message;
    case PROTO_BOOL:
    case PROTO_INT32:
    case PROTO_INT64:
    case PROTO_UINT32:
    case PROTO_UINT64:
    case PROTO_ENUM:
        break;
    }
    return value->number == 0;
}

/* With the tag of `number`, which is the row's or an entry's. */
// NOLINTNEXTLINE(misc-no-recursion): as deep as the tables and messages go
static int proto_write_value(struct buf *out, const struct proto_field *field, uint32_t number,
                             const union proto_value *value)
{
    size_t at = 0;

    if (field->type == PROTO_MESSAGE) {
        TRY(proto_write_begin(out, number, &at));
        TRY(proto_write(out, field->table, value->message));
        return proto_write_end(out, at);
    }
    TRY(proto_write_tag(out, number, proto_wire_type(field->type)));
    if (proto_wire_type(field->type) == WIRE_VARINT) {
        return proto_write_varint(out, value->number);
    }
    TRY(proto_write_varint(out, value->text.len));
    return buf_append(out, value->text);
}

// NOLINTNEXTLINE(misc-no-recursion)
static int proto_write_entry(struct buf *out, const struct proto_field *field,
                             const struct proto_item *item)
{
    static const struct proto_field key = {.type = PROTO_STRING};
    size_t at = 0;

    TRY(proto_write_begin(out, field->number, &at));
    TRY(proto_write_value(out, &key, ENTRY_KEY, &(union proto_value){.text = item->key}));
    TRY(proto_write_value(out, field, ENTRY_VALUE, &item->value));
    return proto_write_end(out, at);
}

// NOLINTNEXTLINE(misc-no-recursion)
static int proto_write_items(struct buf *out, const struct proto_field *field,
                             const struct proto_items *items)
{
    size_t at = 0;
    bool packed = field->shape == PROTO_PACKED && items->count > 0;

    TRY(packed ? proto_write_begin(out, field->number, &at) : 0);
    for (const struct proto_item *item = items->first; item; item = item->next) {
        if (packed) {
            TRY(proto_write_varint(out, item->value.number));
        } else if (field->shape == PROTO_MAP) {
            TRY(proto_write_entry(out, field, item));
        } else {
            TRY(proto_write_value(out, field, field->number, &item->value));
        }
    }
    return packed ? proto_write_end(out, at) : 0;
}

// NOLINTNEXTLINE(misc-no-recursion)
static int proto_write_field(struct buf *out, const struct proto_field *field, const char *message)
{
    const void *place = message + field->place;
    union proto_value value = {0};

    switch (field->shape) {
    case PROTO_ONEOF:
        if (*(const uint32_t *)(const void *)(message + field->which) != field->number) {
            return 0;
        }
        value = proto_placed(place, field->type);
        return proto_write_value(out, field, field->number, &value);
    case PROTO_ONE:
        value = proto_placed(place, field->type);
        return proto_write_is_zero(field->type, &value)
                   ? 0
                   : proto_write_value(out, field, field->number, &value);
    case PROTO_LIST:
    case PROTO_PACKED:
    case PROTO_MAP:
        break;
    }
    return proto_write_items(out, field, place);
}

// NOLINTNEXTLINE(misc-no-recursion)
int proto_write(struct buf *out, const struct proto_table *table, const void *message)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->field[i].placed) {
            TRY(proto_write_field(out, &table->field[i], message));
        }
    }
    return 0;
}
