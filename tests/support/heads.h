/*
 * Heads in tests: feeding bytes as a peer would, in any cut, and reading a
 * request the way the daemon does (scan, parse, check).
 */
#ifndef SOCKADE_TESTS_SUPPORT_HEADS_H
#define SOCKADE_TESTS_SUPPORT_HEADS_H

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/head_parser.h"
#include "http/request_check.h"

/* What head_find_end() says in the end, when `bytes` come cut at `cut`, or byte by byte with
 * `each`. */
static inline enum head_end scan_in_parts(struct slice bytes, struct head_limits limits, size_t cut,
                                          bool each, size_t *len, struct http_problem *why)
{
    size_t scanned = 0;
    enum head_end end = HEAD_INCOMPLETE;

    for (size_t have = each ? 0 : cut; have <= bytes.len && end == HEAD_INCOMPLETE;
         have = each ? have + 1 : bytes.len + (have == bytes.len)) {
        end = head_find_end(slice_head(bytes, have), &limits, &scanned, len, why);
        assert(scanned <= have);
    }
    return end;
}

static inline bool add_header(struct http_headers *headers, struct slice name, struct slice value)
{
    return headers_add(headers, header_identify(name), name, value);
}

/* How many fields have that name, by the names themselves. */
static inline size_t count_fields(const struct http_headers *headers, struct slice name)
{
    size_t count = 0;

    for (size_t i = 0; i < headers->count; i++) {
        count += slice_eq_nocase(headers->item[i].name, name);
    }
    return count;
}

/*
 * 0 or -EBADMSG, as the daemon would read the one head in `bytes`. The slices of
 * *out point into `bytes`.
 */
static inline int read_request(struct slice bytes, struct request_head *out,
                               struct http_problem *why)
{
    static const struct head_limits limits = {.bytes = HTTP_HEAD_MAX_BYTES};
    size_t scanned = 0;
    size_t len = 0;

    if (head_find_end(bytes, &limits, &scanned, &len, why) != HEAD_COMPLETE) {
        return -EBADMSG;
    }
    int err = head_parse_request(slice_head(bytes, len), out, why);
    return err < 0 ? err : request_check(out, why);
}

/* An exact copy on the heap, where a sanitizer sees a read past its end. Free the pointer. */
static inline char *heap_copy(struct slice text)
{
    char *copy = malloc(text.len + 1);

    assert(copy);
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    char *exact = realloc(copy, text.len > 0 ? text.len : 1);
    assert(exact);
    return exact;
}

#endif
