/*
 * Where records go. They are gathered and written together, when a turn of the loop is over.
 * Writing never blocks the loop: what can't be taken at once is dropped and
 * counted, and the count is reported with the next line that gets through.
 */
#ifndef SOCKADE_AUDIT_SINK_H
#define SOCKADE_AUDIT_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/record.h"

enum audit_format { AUDIT_FORMAT_AUTO = 0, AUDIT_FORMAT_TEXT, AUDIT_FORMAT_JSON };

struct audit_sink {
    int fd;
    bool owns_fd;
    bool text;
    bool always_ready;      /* a file, which takes what it is given: nobody has to be asked */
    bool torn;              /* the last line has no end */
    uint64_t dropped;       /* records, since the start */
    uint64_t reported;      /* of those, already told */
    struct buf lines;       /* not written yet */
    size_t caught_up_bytes; /* of these, in front: not records, but how many were dropped */
    uint64_t reporting;     /* the number that they say, of all dropped */
};

/*
 * `path` NULL or "-" is stdout, else a file that is appended to (0640). AUTO is
 * text on a terminal and JSON otherwise. 0 or a negative errno.
 */
MUST_CHECK int audit_sink_open(struct audit_sink *sink, const char *path, enum audit_format format);
void audit_sink_close(struct audit_sink *sink);

/* Opens the file again (log rotation); keeps the old one when that fails. */
MUST_CHECK int audit_sink_reopen(struct audit_sink *sink, const char *path);

/* Keeps the record for audit_sink_flush(), or writes at once what has gathered. */
void audit_sink_write(struct audit_sink *sink, const struct audit_record *record);
void audit_sink_flush(struct audit_sink *sink);

#endif
