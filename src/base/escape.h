/*
 * Bytes of a peer made fit to be shown: for logs and audit records (control
 * characters and non-ASCII become \xNN) and for JSON strings.
 */
#ifndef SOCKADE_BASE_ESCAPE_H
#define SOCKADE_BASE_ESCAPE_H

#include "base/buf.h"

/*
 * Appends at most `max_bytes` of `text` (then "..."), with everything outside
 * printable ASCII and the backslash escaped. Same errors as buf_append().
 */
MUST_CHECK int escape_text(struct buf *out, struct slice text, size_t max_bytes);

/*
 * Appends `text` as a JSON string with its quotes. UTF-8 passes as it is; a byte
 * that is not valid UTF-8 becomes U+FFFD, so the result is always valid JSON.
 */
MUST_CHECK int escape_json(struct buf *out, struct slice text);

/*
 * The same for what people read, in a terminal or a log viewer: what would not be shown as it
 * stands (C1 controls, line and paragraph separators, marks and overrides of the direction of
 * writing) is escaped as well.   Source: Unicode, chapter 23.2 and 23.3; UAX #9, table 4.
 */
MUST_CHECK int escape_json_shown(struct buf *out, struct slice text);

#endif
