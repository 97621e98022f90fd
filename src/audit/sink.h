/*
 * Where records go. They are gathered and written together, at the end of a loop iteration.
 * Writing never blocks the loop. What can't be written then is dropped and counted, and the count
 * is reported with the next line that gets through; or, for a sink that keeps, it stays in memory
 * and is tried again. Such a sink promises room for a record before the request is forwarded, and
 * promises nothing while it cannot write: so no request is served whose record would be lost.
 */
#ifndef SOCKADE_AUDIT_SINK_H
#define SOCKADE_AUDIT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/record.h"

enum audit_format { AUDIT_FORMAT_AUTO = 0, AUDIT_FORMAT_TEXT, AUDIT_FORMAT_JSON };

enum {
    AUDIT_KEPT_MAX_BYTES = 16 * 1024 * 1024, /* written later, and promised */
    AUDIT_KEPT_OTHERS_BYTES = 1024 * 1024, /* beyond which records without a promise are dropped */
    AUDIT_PATIENCE_MS = 1000               /* for a pipe whose reader is slow */
};

struct audit_sink {
    int fd;
    bool owns_fd;
    bool text;
    bool keeps;             /* what can't be written */
    bool always_ready;      /* a file, which takes what it is given: nobody has to be asked */
    bool torn;              /* the last line has no end */
    uint64_t dropped;       /* records, since the start */
    uint64_t reported;      /* of those, already told */
    struct buf lines;       /* not written yet, but for `sent` */
    size_t sent;            /* bytes of these that are written */
    size_t caught_up_bytes; /* of these, in front: not records, but how many were dropped */
    uint64_t reporting;     /* the number that they say, of all dropped */
    size_t reserved_bytes;  /* for records of requests under way */
    int error;              /* positive errno of the last attempt; 0: all is written */
    uint64_t failing_since_ms;
};

/*
 * `path` NULL or "-" is stdout, else a file that is appended to (0640). AUTO is
 * text on a terminal and JSON otherwise. 0 or a negative errno. Keeps nothing.
 */
MUST_CHECK int audit_sink_open(struct audit_sink *sink, const char *path, enum audit_format format);

/* What is kept and still cannot be written is dropped. Returns how many records that is. */
uint64_t audit_sink_close(struct audit_sink *sink);

/*
 * Opens the file again (log rotation); keeps the old one when that fails. What is kept goes to the
 * new one, in whole lines.
 */
MUST_CHECK int audit_sink_reopen(struct audit_sink *sink, const char *path);

/*
 * Promises room for the record of a request that is about to be served, as far as it is known;
 * `record->reserved_bytes` is what was promised before, and then what is now. Returns NULL, or why
 * the request may not be served (static; valid until the next call).
 */
const char *audit_sink_reserve(struct audit_sink *sink, struct audit_record *record);

/* Why requests are not served now; NULL: they are. */
const char *audit_sink_refuses(const struct audit_sink *sink);

/* Keeps the record for audit_sink_flush(), or writes at once what has gathered. */
void audit_sink_write(struct audit_sink *sink, const struct audit_record *record);
void audit_sink_write_engine(struct audit_sink *sink, const struct audit_engine *engine);
void audit_sink_flush(struct audit_sink *sink);

#endif
