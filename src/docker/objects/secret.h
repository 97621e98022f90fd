/*
 * Recognises credentials in an environment, by a heuristic. False positives are cheap; a false
 * negative leaks a password.
 */
#ifndef SOCKADE_DOCKER_SECRET_H
#define SOCKADE_DOCKER_SECRET_H

#include <stdbool.h>

#include "sockade/slice.h"

/* "DB_PASSWORD", "githubToken", "AWS_SECRET_ACCESS_KEY"; not "PATH", "PWD" or "KEYBOARD". */
bool secret_name(struct slice name);

/* A URL with user information, a private key, the tokens of some well-known services. */
bool secret_value(struct slice value);

/*
 * The same in two, for texts with many values: what begins with a key or a token, and where the
 * last URL with user information has its "://" (text.len: there is none).
 */
bool secret_start(struct slice value);
size_t secret_last_url(struct slice text);

#endif
