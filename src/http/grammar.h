/*
 * The character classes and small values of HTTP that reading, checking and
 * writing share, so that what is accepted and what is written can't differ.
 * Source: RFC 9110, sections 5.5, 5.6.2 and 8.6.
 */
#ifndef SOCKADE_HTTP_GRAMMAR_H
#define SOCKADE_HTTP_GRAMMAR_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "http/message.h"

bool grammar_is_alphanumeric(char byte); /* ASCII */

/* 0 to 15, or -1. */
int grammar_hex_digit(char byte);

/* One or more token bytes: what a method or a field name is made of. */
bool grammar_is_token(struct slice text);
bool grammar_is_token_byte(char byte);

/* A token without lower-case letters. Methods have case, and Go knows no "post". */
bool grammar_is_method(struct slice text);

/* Only visible ASCII: what a target is made of. */
bool grammar_is_printable(struct slice text);

/* No control byte but tab. Bytes over 127 pass: Go sends and takes them. */
bool grammar_is_value(struct slice text);

/*
 * A Content-Length: 1 to 15 digits. 0 or -EINVAL. Go takes more spellings (an
 * empty one is 0); 15 digits are enough for any image and never overflow.
 */
MUST_CHECK int grammar_parse_length(struct slice text, uint64_t *out);

/*
 * Fills *why and answers -EBADMSG: every refusal of this layer ends here. Inline, so
 * that the analyzer sees in every file that it never answers 0.
 */
MUST_CHECK static inline int http_refuse(struct http_problem *why, unsigned status,
                                         const char *sentence)
{
    *why = (struct http_problem){status, sentence};
    return -EBADMSG;
}

#endif
