/*
 * The request target, decoded once and put back together in one canonical
 * spelling, which is what is matched, judged and sent.
 */
#ifndef SOCKADE_HTTP_TARGET_H
#define SOCKADE_HTTP_TARGET_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "http/message.h"
#include "sockade/arena.h"

struct query_pair {
    struct slice key;
    struct slice value;
    bool is_bytes; /* the value is no valid UTF-8: file names in Latin-1 are such */
    struct query_pair *next;
};

struct target {
    struct slice path;        /* decoded, starts with '/', clean */
    struct query_pair *query; /* decoded, in order */
};

/*
 * 0, -EBADMSG with *why, or -ENOMEM. Refused: anything but origin form; a path
 * that path.Clean would change (gorilla/mux answers such with 301), '\', NUL and
 * control bytes even when encoded; bad or overlong escapes, invalid UTF-8 but in a value of the
 * query; '#'; ';' in the query (Go refuses it). '+' in the query is a space.
 * The slices live in `arena`.   Source: Go net/url, parseQuery and unescape.
 */
MUST_CHECK int target_parse(struct slice raw, struct arena *arena, struct target *out,
                            struct http_problem *why);

/*
 * The path alone, of a target that goes on as it came: invalid UTF-8 and control bytes in the query
 * are the engine's affair then. What could be another target for some reader is refused as above.
 */
MUST_CHECK int target_parse_raw(struct slice raw, struct arena *arena, struct target *out,
                                struct http_problem *why);

/* Appends path and query in canonical encoding (unreserved bytes plain, in the path also '/',
 * ':' and '@'; %XX else). */
MUST_CHECK int target_write(struct buf *out, struct slice path, const struct query_pair *query);

/* The first value of that key, or an empty slice. */
struct slice query_value(const struct query_pair *query, struct slice key);
/* As dockerd reads one.   Source: moby api/server/httputils/form.go, BoolValue. */
bool query_flag(struct slice value);

#endif
