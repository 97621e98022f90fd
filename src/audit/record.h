/*
 * One exchange, as the operator reads it: one line of text on a terminal, one
 * line of JSON otherwise.
 */
#ifndef SOCKADE_AUDIT_RECORD_H
#define SOCKADE_AUDIT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "sockade/decision.h"
#include "sockade/request.h"

enum audit_outcome {
    AUDIT_DENY = 0, /* refused by us */
    AUDIT_ALLOW,    /* the engine answered */
    AUDIT_ERROR     /* allowed, but no answer reached the client: 502, client gone */
};

/*
 * Bounds that keep every record below AUDIT_LINE_MAX_BYTES whatever a client sends: a
 * request must not be able to grow its own record until it is dropped.
 */
enum { AUDIT_VALUE_MAX_BYTES = 256, AUDIT_MAX_RULES = 32, AUDIT_LINE_MAX_BYTES = 256 * 1024 };

/* Everything is borrowed while the record is written. */
struct audit_record {
    int64_t time_ms; /* since 1970, UTC */
    struct slice request_id;
    enum audit_outcome outcome;
    bool forwarded; /* the engine was sent the request */
    struct slice listener;
    struct slice policy;
    const char *operation;
    struct slice method;
    struct slice path;
    struct slice api;
    unsigned status; /* that the client got; 0: none */
    const struct violation *violations;
    struct sockade_peer peer;
    struct slice container_id; /* that the client is in, or empty */
    struct slice container;    /* its name, when the engine has confirmed it */
    struct slice counted_in;   /* control group that the client counts by; empty: by its uid, */
    uid_t counted_as;          /* or the user's whose subordinate id that is */
    struct slice image;
    struct slice made_name;    /* of the container that a denied create is of, or empty */
    struct slice made_service; /* and its service of Compose */
    uint64_t bytes_in;         /* of bodies and tunnels, from the client */
    uint64_t bytes_out;        /* to the client */
    uint64_t filter_us;        /* spent judging */
    uint64_t upstream_us;      /* from the request's sending to the response's end */
    uint64_t unreadable;       /* values of the answer that the policy could not read */
    size_t reserved_bytes; /* of the sink, by audit_sink_reserve(): given back with the record */
};

/* Whether nothing was let through: a refusal, or a client that left before. */
static inline bool audit_record_is_refusal(const struct audit_record *record)
{
    return record->outcome != AUDIT_ALLOW && !record->forwarded;
}

/* How many records one stands for, and of which requests. */
struct audit_count {
    uint64_t count;
    int64_t first_ms; /* as record.time_ms */
    int64_t last_ms;
    const struct slice *ids; /* the first AUDIT_COUNT_IDS of them, */
    struct slice last_id;    /* and the last: they ascend */
};

enum { AUDIT_ID_MAX_BYTES = 16, AUDIT_COUNT_IDS = 16 };

/* No line of this record is longer, whatever its numbers become. */
size_t audit_record_bound(const struct audit_record *record);

/* Which engine requests go to, from here on: told first, and when it is another one. */
struct audit_engine {
    int64_t time_ms;
    struct slice socket;
    struct slice name; /* "dockerd", "podman", "unknown" */
    struct slice version;
    struct slice api;
};

/* Appends one line with its newline. Same errors as buf_append(). */
MUST_CHECK int audit_record_text(struct buf *out, const struct audit_record *record);
MUST_CHECK int audit_record_json(struct buf *out, const struct audit_record *record);
/* The end of a line that lacks its newline, and in JSON its brace. */
MUST_CHECK int audit_record_end_counted(struct buf *out, bool text,
                                        const struct audit_count *count);
MUST_CHECK int audit_engine_text(struct buf *out, const struct audit_engine *engine);
MUST_CHECK int audit_engine_json(struct buf *out, const struct audit_engine *engine);

#endif
