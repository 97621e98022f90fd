/*
 * Numbers from slices: the whole slice is the number or it is none. No sign
 * (but parse_i64's '-'), no white space, no overflow.
 */
#ifndef SOCKADE_BASE_PARSE_H
#define SOCKADE_BASE_PARSE_H

#include <stdint.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

/* Decimal digits only. 0, or -EINVAL, or -ERANGE. *out is written on success. */
MUST_CHECK int parse_u64(struct slice text, uint64_t *out);
MUST_CHECK int parse_i64(struct slice text, int64_t *out);
MUST_CHECK int parse_octal(struct slice text, unsigned *out);

/* "4096", "512k", "8m", "2g": bytes, binary units, either case. */
MUST_CHECK int parse_size(struct slice text, uint64_t *out);

/*
 * "2026-12-01T04:07:44.5+01:00" as seconds since 1970, without the fraction; none before that.
 * 0 or -EINVAL.   Source: RFC 3339, which Go's time.RFC3339 and RFC3339Nano follow.
 */
MUST_CHECK int parse_time(struct slice text, uint64_t *out);

#endif
