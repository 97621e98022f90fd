/*
 * The fields of one block of HEADERS: collected within limits, checked, and written anew. Nothing
 * goes on that this or the caller's table does not name.
 * Source: grpc/doc/PROTOCOL-HTTP2.md, "Requests" and "Responses"; RFC 9113, section 8.3.
 */
#ifndef SOCKADE_HTTP2_H2_HEAD_H
#define SOCKADE_HTTP2_H2_HEAD_H

#include "http2/grpc.h"

enum {
    H2_HEAD_ANSWER_BYTES = 64 * 1024, /* grpc-status-details-bin may be long */
    H2_HEAD_MAX_PATH = 256,
    H2_HEAD_MORE = 8 /* _write_*() write at most head->count and so many */
};

enum h2_field_use { H2_FIELD_DROP = 0, H2_FIELD_PASS, H2_FIELD_REFUSE };

/* A row about one field of metadata, or about all whose names begin so. */
struct h2_field {
    struct slice name; /* in lower case */
    enum h2_field_use use;
    bool prefix;
    bool repeated;    /* may be there more than once */
    size_t max_bytes; /* of a value that passes; 0: as the whole head */
};

/* The first row that fits holds. `others`: those that none fits. */
struct h2_fields {
    const struct h2_field *rows;
    size_t count;
    enum h2_field_use others;
};

struct h2_head_place {
    size_t at; /* of the name in `text`; the value follows it */
    size_t name_bytes;
    size_t value_bytes;
    uint8_t flags;
};

struct h2_head {
    struct buf text;
    struct h2_head_place *places;
    size_t count;
    size_t room; /* places that there is memory for */
    size_t list_bytes;
    size_t limit_bytes; /* of names, values, and 32 for each field: of their number, too */
    bool too_large;     /* some fields are missing */
};

/* What is wrong with a head, as a call is refused for it. No text: nothing is. */
struct h2_problem {
    enum grpc_status status;
    const char *text; /* static */
};

void h2_head_init(struct h2_head *head, size_t limit_bytes);
void h2_head_deinit(struct h2_head *head); /* it can be used again, with the same limit */

/* 0 or -ENOMEM. What is past a limit is dropped and noted. */
MUST_CHECK int h2_head_add(struct h2_head *head, struct slice name, struct slice value,
                           uint8_t flags);

/* Borrowed from the head; field number `i` of head->count. */
struct slice h2_head_name(const struct h2_head *head, size_t i);
struct slice h2_head_value(const struct h2_head *head, size_t i);

/* The first with that name. False, and *value empty: there is none. */
bool h2_head_find(const struct h2_head *head, struct slice name, struct slice *value);

/* Whether it is a gRPC call, or a gRPC answer, that is understood; metadata apart. */
struct h2_problem h2_head_check_request(const struct h2_head *head);
struct h2_problem h2_head_check_answer(const struct h2_head *head, bool trailers);

/* Whether the table lets the metadata pass. */
struct h2_problem h2_head_check_fields(const struct h2_head *head, const struct h2_fields *fields);

/*
 * Write into `out`, which has head->count and H2_HEAD_MORE, the fields as they are sent; how many
 * is returned. They borrow from the head. `authority` is written in place of the peer's. What ends
 * a call, trailers and answers without a body, has its status (h2_head_check_answer() saw to it).
 */
size_t h2_head_write_request(const struct h2_head *head, const struct h2_fields *fields,
                             struct slice authority, nghttp2_nv *out);
size_t h2_head_write_answer(const struct h2_head *head, const struct h2_fields *fields,
                            nghttp2_nv *out);
size_t h2_head_write_trailers(const struct h2_head *head, const struct h2_fields *fields,
                              nghttp2_nv *out);

#endif
