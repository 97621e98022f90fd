/*
 * Where records go. They are gathered and written together, at the end of a loop iteration.
 * Writing never blocks the loop: what can't be written then stays in memory and is tried again.
 * Records of what was let through and records of refusals wait apart, each with room of their own,
 * and the former are written first, so that no flood of refusals costs a record that matters. Nor
 * do one client's refusals take the room of others' (account.h). What there is no room for is
 * dropped and counted, and the count is written in front of the next line.
 * A sink that keeps promises room for a record before the request is forwarded, and promises
 * nothing while it cannot write: so no request is served whose record would be lost.
 */
#ifndef SOCKADE_AUDIT_SINK_H
#define SOCKADE_AUDIT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/fold.h"
#include "audit/record.h"

enum audit_format { AUDIT_FORMAT_AUTO = 0, AUDIT_FORMAT_TEXT, AUDIT_FORMAT_JSON };

enum {
    AUDIT_KEPT_MAX_BYTES = 16 * 1024 * 1024,   /* promised, and written later */
    AUDIT_KEPT_UNPROMISED_BYTES = 1024 * 1024, /* without a promise */
    AUDIT_KEPT_REFUSALS_BYTES = 1024 * 1024,
    AUDIT_PATIENCE_MS = 1000 /* for a pipe whose reader is slow */
};

/* Lines that are not written yet, but for `sent` bytes of them. */
struct audit_queue {
    struct buf lines;
    size_t sent;
};

struct audit_sink {
    int fd;
    bool owns_fd;
    bool text;
    bool keeps;        /* promises, and has room for what was promised */
    bool always_ready; /* a file, which takes what it is given: nobody has to be asked */
    uint64_t dropped;  /* records, since the start */
    uint64_t reported; /* of those, already told */
    struct audit_queue passed;
    struct audit_queue refused;
    struct folds folds;             /* refusals that are counted */
    struct audit_accounts accounts; /* whose those are, and what is in `refused` */
    size_t reserved_bytes;          /* for records of requests under way */
    int error;                      /* positive errno of the last attempt; 0: all is written */
    uint64_t stuck_since_ms;        /* when something was last written, while not all is; else 0 */
};

/*
 * `path` NULL or "-" is stdout, else a file that is appended to (0640). AUTO is
 * text on a terminal and JSON otherwise. 0 or a negative errno. Promises nothing.
 */
MUST_CHECK int audit_sink_open(struct audit_sink *sink, const char *path, enum audit_format format);

/* The same for a descriptor, which is borrowed. */
void audit_sink_use(struct audit_sink *sink, int fd, bool text);

/* What still cannot be written is lost. Returns how many records that is. */
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

/* Whether something waits to be written. */
bool audit_sink_waits(const struct audit_sink *sink);

/*
 * Keeps the record for audit_sink_flush(), or writes at once what has gathered. A refusal that
 * repeats itself may only be counted.
 */
void audit_sink_write(struct audit_sink *sink, const struct audit_record *record);
void audit_sink_write_engine(struct audit_sink *sink, const struct audit_engine *engine);
void audit_sink_flush(struct audit_sink *sink);

/* At least each second: counts of refusals that have waited long enough. */
void audit_sink_tick(struct audit_sink *sink);

#endif
