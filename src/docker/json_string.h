/*
 * One JSON string literal: UTF-8, escapes, surrogates. What Go would replace by
 * U+FFFD and what C would cut off (NUL) is refused here, for names as for values.
 */
#ifndef SOCKADE_DOCKER_JSON_STRING_H
#define SOCKADE_DOCKER_JSON_STRING_H

#include <stddef.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

/*
 * Decodes the literal whose opening quote is at *at, in its place: nothing gets longer. NULL, with
 * *at behind the closing quote and *out what it says; or a static sentence that says what is wrong,
 * with *at there. The text ends at `end`.
 */
MUST_CHECK const char *json_string_decode(char **at, const char *end, struct slice *out);

#endif
