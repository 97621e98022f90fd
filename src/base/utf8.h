/*
 * Well-formed UTF-8, and nothing else: no overlong form, no surrogate, nothing past
 * U+10FFFF.   Source: Unicode, table 3-7; RFC 3629, section 4.
 */
#ifndef SOCKADE_BASE_UTF8_H
#define SOCKADE_BASE_UTF8_H

#include "sockade/slice.h"

/* Bytes of the sequence at the front of `text`, 0 when there is none. */
size_t utf8_sequence(struct slice text);

/* How many bytes at the front are such sequences, or plain (plain.h). Quick where few are plain. */
size_t utf8_plain_run(struct slice text);

bool utf8_is_valid(struct slice text);

#endif
