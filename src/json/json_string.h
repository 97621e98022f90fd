/*
 * One JSON string literal: UTF-8, escapes, surrogates. What Go would replace by
 * U+FFFD and what C would cut off (NUL) is refused here, for names as for values.
 * Only what the engine says may hold NUL, where nobody takes it for a C string.
 */
#ifndef SOCKADE_DOCKER_JSON_STRING_H
#define SOCKADE_DOCKER_JSON_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "sockade/slice.h"

/*
 * Decodes the literal whose opening quote is at *at, in its place: nothing gets longer. NULL, with
 * *at behind the closing quote and *out what it says; or a static sentence that says what is wrong,
 * with *at there. The text ends at `end`. With `nul`, "\\u0000" is a byte like others. *same: it
 * stands there as it would be written.
 */
MUST_CHECK const char *json_string_decode(char **at, const char *end, bool nul, struct slice *out,
                                          bool *same);

#endif
