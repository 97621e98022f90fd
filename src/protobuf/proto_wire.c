/*
 * The wire, strictly: see proto.h for what is refused.
 */
#include "protobuf/proto_internal.h"

#include "base/banned.h"

const char *wire_read_varint(struct slice *in, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < WIRE_VARINT_MAX_BYTES; i++) {
        if (i == in->len) {
            return "ends in the middle of a number";
        }
        unsigned char byte = (unsigned char)in->ptr[i];

        if (i == WIRE_VARINT_MAX_BYTES - 1 && byte > 1) {
            break; // the tenth byte has one bit left
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            if (byte == 0 && i > 0) {
                return "has a number in more bytes than it needs";
            }
            *in = slice_from_index(*in, i + 1);
            *out = value;
            return NULL;
        }
    }
    return "has a number of more than 64 bits";
}

/* gogo's decoders take the number modulo 2^32, so that 2^32+1 is field 1 to them. */
static const char *wire_read_tag(struct slice *in, struct wire_field *out)
{
    uint64_t tag = 0;
    size_t len = in->len;
    const char *fault = wire_read_varint(in, &tag);

    if (fault) {
        return fault;
    }
    if (len - in->len > WIRE_TAG_MAX_BYTES) {
        return "has a field number in more than 5 bytes";
    }
    if (tag >> 3 == 0 || tag >> 3 > WIRE_MAX_NUMBER) {
        return "has a field number that is out of range";
    }
    out->number = (uint32_t)(tag >> 3);
    out->type = (enum wire_type)(tag & 7);
    return NULL;
}

static const char *wire_read_bytes(struct slice *in, uint64_t len, struct slice *out)
{
    if (len > in->len) {
        return "has a field that is longer than what holds it";
    }
    *out = slice_head(*in, (size_t)len);
    *in = slice_from_index(*in, (size_t)len);
    return NULL;
}

const char *wire_read_field(struct slice *in, struct wire_field *out)
{
    uint64_t len = 0;
    const char *fault = wire_read_tag(in, out);

    if (fault) {
        return fault;
    }
    switch (out->type) {
    case WIRE_VARINT:
        return wire_read_varint(in, &out->value);
    case WIRE_BYTES:
        fault = wire_read_varint(in, &len);
        return fault ? fault : wire_read_bytes(in, len, &out->bytes);
    case WIRE_FIXED64:
        return wire_read_bytes(in, 8, &out->bytes);
    case WIRE_FIXED32:
        return wire_read_bytes(in, 4, &out->bytes);
    case WIRE_GROUP:
    case WIRE_GROUP_END:
        return "has a group";
    }
    return "has a field of an unknown wire type";
}

size_t wire_write_varint(char *out, uint64_t value)
{
    size_t len = 0;

    while (value >= 0x80) {
        out[len++] = (char)(value | 0x80);
        value >>= 7;
    }
    out[len++] = (char)value;
    return len;
}

enum wire_type proto_wire_type(enum proto_type type)
{
    switch (type) {
    case PROTO_STRING:
    case PROTO_BYTES:
    case PROTO_MESSAGE:
    case PROTO_OPAQUE:
        return WIRE_BYTES;
    case PROTO_BOOL:
    case PROTO_INT32:
    case PROTO_INT64:
    case PROTO_UINT32:
    case PROTO_UINT64:
    case PROTO_ENUM:
        break;
    }
    return WIRE_VARINT;
}

void proto_place(void *place, enum proto_type type, union proto_value value)
{
    switch (type) {
    case PROTO_BOOL:
        *(bool *)place = value.number != 0;
        break;
    case PROTO_INT32:
        *(int32_t *)place = (int32_t)(int64_t)value.number;
        break;
    case PROTO_INT64:
        *(int64_t *)place = (int64_t)value.number;
        break;
    case PROTO_UINT32:
    case PROTO_ENUM:
        *(uint32_t *)place = (uint32_t)value.number;
        break;
    case PROTO_UINT64:
        *(uint64_t *)place = value.number;
        break;
    case PROTO_STRING:
    case PROTO_BYTES:
    case PROTO_OPAQUE:
        *(struct slice *)place = value.text;
        break;
    case PROTO_MESSAGE: // a pointer of another type than void *
        memcpy(place, &value.message, sizeof(value.message));
        break;
    }
}

union proto_value proto_placed(const void *place, enum proto_type type)
{
    union proto_value value = {0};

    switch (type) {
    case PROTO_BOOL:
        value.number = *(const bool *)place;
        break;
    case PROTO_INT32:
        value.number = (uint64_t)(int64_t) * (const int32_t *)place;
        break;
    case PROTO_INT64:
        value.number = (uint64_t) * (const int64_t *)place;
        break;
    case PROTO_UINT32:
    case PROTO_ENUM:
        value.number = *(const uint32_t *)place;
        break;
    case PROTO_UINT64:
        value.number = *(const uint64_t *)place;
        break;
    case PROTO_STRING:
    case PROTO_BYTES:
    case PROTO_OPAQUE:
        value.text = *(const struct slice *)place;
        break;
    case PROTO_MESSAGE:
        memcpy(&value.message, place, sizeof(value.message));
        break;
    }
    return value;
}
