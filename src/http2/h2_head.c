/*
 * See h2_head.h.
 */
#include "http2/h2_head.h"

#include <stdlib.h>

#include "base/ascii.h"
#include "base/try.h"

#include "base/banned.h"

enum {
    FIRST_ROOM = 16,
    FIELD_OVERHEAD = 32, /* RFC 9113, section 6.5.2 */
    MAX_TIMEOUT = 9      /* eight digits and a unit */
};

/* What gRPC itself says by fields: metadata has no part of it, whatever a table says. */
static const struct slice h2_head_own[] = {
    SLICE_INIT("content-type"),
    SLICE_INIT("te"),
    SLICE_INIT("content-length"),
    SLICE_INIT("host"),
};

void h2_head_init(struct h2_head *head, size_t limit_bytes)
{
    *head = (struct h2_head){.limit_bytes = limit_bytes};
    buf_init(&head->text, limit_bytes);
}

void h2_head_deinit(struct h2_head *head)
{
    buf_deinit(&head->text);
    free(head->places);
    h2_head_init(head, head->limit_bytes);
}

/* Room for one more place. */
static int h2_head_grow(struct h2_head *head)
{
    if (head->count < head->room) {
        return 0;
    }
    size_t room = head->room > 0 ? 2 * head->room : FIRST_ROOM;
    struct h2_head_place *places = realloc(head->places, room * sizeof(*places));

    TRY_ALLOC(places);
    head->places = places;
    head->room = room;
    return 0;
}

int h2_head_add(struct h2_head *head, struct slice name, struct slice value, uint8_t flags)
{
    size_t size = name.len + value.len + FIELD_OVERHEAD;

    if (head->too_large || size > head->limit_bytes - head->list_bytes) {
        head->too_large = true;
        return 0;
    }
    size_t at = head->text.len;

    TRY(h2_head_grow(head));
    TRY(buf_append(&head->text, name));
    TRY(buf_append(&head->text, value));
    head->places[head->count++] =
        (struct h2_head_place){at, name.len, value.len, flags & NGHTTP2_NV_FLAG_NO_INDEX};
    head->list_bytes += size;
    return 0;
}

struct slice h2_head_name(const struct h2_head *head, size_t i)
{
    return (struct slice){head->text.data + head->places[i].at, head->places[i].name_bytes};
}

struct slice h2_head_value(const struct h2_head *head, size_t i)
{
    const struct h2_head_place *place = &head->places[i];

    return (struct slice){head->text.data + place->at + place->name_bytes, place->value_bytes};
}

bool h2_head_find(const struct h2_head *head, struct slice name, struct slice *value)
{
    for (size_t i = 0; i < head->count; i++) {
        if (slice_eq(h2_head_name(head, i), name)) {
            *value = h2_head_value(head, i);
            return true;
        }
    }
    *value = (struct slice){0};
    return false;
}

static bool h2_head_is_own(struct slice name)
{
    for (size_t i = 0; i < sizeof(h2_head_own) / sizeof(h2_head_own[0]); i++) {
        if (slice_eq(name, h2_head_own[i])) {
            return true;
        }
    }
    return slice_starts_with(name, SLICE(":")) || slice_starts_with(name, SLICE("grpc-"));
}

static bool h2_head_twice(const struct h2_head *head, size_t i)
{
    for (size_t other = 0; other < i; other++) {
        if (slice_eq(h2_head_name(head, other), h2_head_name(head, i))) {
            return true;
        }
    }
    return false;
}

/* "/package.Service/Method" in the letters that such names are made of. */
static bool h2_head_is_path(struct slice path)
{
    struct slice service;
    struct slice method;

    if (path.len > H2_HEAD_MAX_PATH || !slice_starts_with(path, SLICE("/")) ||
        !slice_cut(slice_from_index(path, 1), '/', &service, &method)) {
        return false;
    }
    return service.len > 0 && method.len > 0 && ascii_is_made_of(service, SLICE("._")) &&
           ascii_is_made_of(method, SLICE("_"));
}

static bool h2_head_is_timeout(struct slice text)
{
    struct slice digits = slice_head(text, text.len > 0 ? text.len - 1 : 0);

    for (size_t i = 0; i < digits.len; i++) {
        if (!ascii_is_digit(digits.ptr[i])) {
            return false;
        }
    }
    return digits.len > 0 && text.len <= MAX_TIMEOUT &&
           slice_find(SLICE("HMSmun"), text.ptr[digits.len]) < 6;
}

/* application/grpc, and what names protobuf as its messages' encoding. */
static bool h2_head_is_grpc(const struct h2_head *head)
{
    struct slice type;

    h2_head_find(head, SLICE("content-type"), &type);
    return slice_eq(type, SLICE("application/grpc")) ||
           slice_eq(type, SLICE("application/grpc+proto"));
}

/* What requests and answers have in common. */
static struct h2_problem h2_head_check_common(const struct h2_head *head)
{
    struct slice encoding;

    if (head->too_large) {
        return (struct h2_problem){GRPC_RESOURCE_EXHAUSTED, "the header fields are too large"};
    }
    for (size_t i = 0; i < head->count; i++) {
        if (h2_head_is_own(h2_head_name(head, i)) && h2_head_twice(head, i)) {
            return (struct h2_problem){GRPC_INTERNAL, "a field of gRPC is there twice"};
        }
    }
    if (h2_head_find(head, SLICE("grpc-encoding"), &encoding) &&
        !slice_eq(encoding, SLICE("identity"))) {
        return (struct h2_problem){GRPC_UNIMPLEMENTED, "compressed messages are not supported"};
    }
    return (struct h2_problem){0};
}

struct h2_problem h2_head_check_request(const struct h2_head *head)
{
    struct h2_problem problem = h2_head_check_common(head);
    struct slice method;
    struct slice path;
    struct slice timeout;

    h2_head_find(head, SLICE(":method"), &method);
    h2_head_find(head, SLICE(":path"), &path);
    if (problem.text) {
        return problem;
    }
    if (!slice_eq(method, SLICE("POST")) || !h2_head_is_grpc(head)) {
        return (struct h2_problem){GRPC_INTERNAL, "not a gRPC call"};
    }
    if (!h2_head_is_path(path)) {
        return (struct h2_problem){GRPC_UNIMPLEMENTED, "not the name of a gRPC method"};
    }
    if (h2_head_find(head, SLICE("grpc-timeout"), &timeout) && !h2_head_is_timeout(timeout)) {
        return (struct h2_problem){GRPC_INTERNAL, "grpc-timeout is invalid"};
    }
    return (struct h2_problem){0};
}

/* A number from 0 to 16, as it is written in decimal. */
static bool h2_head_is_status(struct slice text)
{
    if (text.len == 1) {
        return ascii_is_digit(text.ptr[0]);
    }
    return text.len == 2 && text.ptr[0] == '1' && text.ptr[1] >= '0' && text.ptr[1] <= '6';
}

struct h2_problem h2_head_check_answer(const struct h2_head *head, bool trailers)
{
    struct h2_problem problem = h2_head_check_common(head);
    struct slice status;

    if (problem.text) {
        return problem;
    }
    if (h2_head_find(head, SLICE(":status"), &status) &&
        (!slice_eq(status, SLICE("200")) || !h2_head_is_grpc(head))) {
        return (struct h2_problem){GRPC_UNKNOWN, "the answer is not gRPC's"};
    }
    h2_head_find(head, SLICE("grpc-status"), &status);
    if (trailers && !h2_head_is_status(status)) {
        return (struct h2_problem){GRPC_INTERNAL, "the answer ends without a valid status"};
    }
    return (struct h2_problem){0};
}

static const struct h2_field *h2_head_row(const struct h2_fields *fields, struct slice name)
{
    for (size_t i = 0; fields && i < fields->count; i++) {
        const struct h2_field *row = &fields->rows[i];

        if (row->prefix ? slice_starts_with(name, row->name) : slice_eq(name, row->name)) {
            return row;
        }
    }
    return NULL;
}

static enum h2_field_use h2_head_use(const struct h2_fields *fields, const struct h2_field *row)
{
    if (row) {
        return row->use;
    }
    return fields ? fields->others : H2_FIELD_DROP;
}

struct h2_problem h2_head_check_fields(const struct h2_head *head, const struct h2_fields *fields)
{
    for (size_t i = 0; i < head->count; i++) {
        struct slice name = h2_head_name(head, i);
        const struct h2_field *row = h2_head_row(fields, name);
        enum h2_field_use use = h2_head_use(fields, row);

        if (h2_head_is_own(name) || use == H2_FIELD_DROP) {
            continue;
        }
        if (use == H2_FIELD_REFUSE) {
            return (struct h2_problem){GRPC_UNIMPLEMENTED, "unknown metadata"};
        }
        if (row && row->max_bytes > 0 && head->places[i].value_bytes > row->max_bytes) {
            return (struct h2_problem){GRPC_RESOURCE_EXHAUSTED, "a field of metadata is too long"};
        }
        if (row && !row->repeated && h2_head_twice(head, i)) {
            return (struct h2_problem){GRPC_INTERNAL, "a field of metadata is there twice"};
        }
    }
    return (struct h2_problem){0};
}

/* What passes of the metadata, behind `count` fields. */
static size_t h2_head_write_fields(const struct h2_head *head, const struct h2_fields *fields,
                                   nghttp2_nv *out, size_t count)
{
    for (size_t i = 0; i < head->count; i++) {
        struct slice name = h2_head_name(head, i);

        if (!h2_head_is_own(name) &&
            h2_head_use(fields, h2_head_row(fields, name)) == H2_FIELD_PASS) {
            out[count++] = grpc_field(name, h2_head_value(head, i), head->places[i].flags);
        }
    }
    return count;
}

static size_t h2_head_write_found(const struct h2_head *head, struct slice name, nghttp2_nv *out,
                                  size_t count)
{
    struct slice value;

    if (h2_head_find(head, name, &value)) {
        out[count++] = grpc_field(name, value, 0);
    }
    return count;
}

size_t h2_head_write_request(const struct h2_head *head, const struct h2_fields *fields,
                             struct slice authority, nghttp2_nv *out)
{
    struct slice path;
    size_t count = 0;

    h2_head_find(head, SLICE(":path"), &path);
    out[count++] = grpc_field(SLICE(":method"), SLICE("POST"), 0);
    out[count++] = grpc_field(SLICE(":scheme"), SLICE("http"), 0);
    out[count++] = grpc_field(SLICE(":path"), path, 0);
    out[count++] = grpc_field(SLICE(":authority"), authority, 0);
    out[count++] = grpc_field(SLICE("content-type"), SLICE("application/grpc"), 0);
    out[count++] = grpc_field(SLICE("te"), SLICE("trailers"), 0);
    count = h2_head_write_found(head, SLICE("grpc-timeout"), out, count);
    return h2_head_write_fields(head, fields, out, count);
}

size_t h2_head_write_answer(const struct h2_head *head, const struct h2_fields *fields,
                            nghttp2_nv *out)
{
    out[0] = grpc_field(SLICE(":status"), SLICE("200"), 0);
    out[1] = grpc_field(SLICE("content-type"), SLICE("application/grpc"), 0);
    return h2_head_write_fields(head, fields, out, 2);
}

size_t h2_head_write_trailers(const struct h2_head *head, const struct h2_fields *fields,
                              nghttp2_nv *out)
{
    size_t count = 0;

    count = h2_head_write_found(head, SLICE("grpc-status"), out, count);
    count = h2_head_write_found(head, SLICE("grpc-message"), out, count);
    count = h2_head_write_found(head, SLICE("grpc-status-details-bin"), out, count);
    return h2_head_write_fields(head, fields, out, count);
}
