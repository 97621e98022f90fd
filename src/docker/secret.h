/*
 * What looks like a credential in an environment. A guess, and meant to be one: a name too
 * many costs a reader little, a password too few is out.
 */
#ifndef SOCKADE_DOCKER_SECRET_H
#define SOCKADE_DOCKER_SECRET_H

#include <stdbool.h>

#include "sockade/slice.h"

/* "DB_PASSWORD", "githubToken", "AWS_SECRET_ACCESS_KEY"; not "PATH", "PWD" or "KEYBOARD". */
bool secret_name(struct slice name);

/* A URL with user information, a private key, the tokens of some well-known services. */
bool secret_value(struct slice value);

#endif
