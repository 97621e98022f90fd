/*
 * Whether an object says something twice. Names are a client's to choose, in the engine's answers
 * as well, so that no choice of them may take long.
 */
#ifndef SOCKADE_JSON_JSON_NAMES_H
#define SOCKADE_JSON_JSON_NAMES_H

#include "json/json.h"

/* *out: of `count` members from `first` on one whose name another has, or NULL. 0 or -ENOMEM. */
MUST_CHECK int json_names_find_repeated(const struct json *first, size_t count, struct arena *arena,
                                        const struct json **out);

#endif
