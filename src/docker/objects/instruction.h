/*
 * Instructions of a Dockerfile as images keep them: the history, triggers (ONBUILD), the command
 * of the last layer, records of a build's cache.
 */
#ifndef SOCKADE_DOCKER_INSTRUCTION_H
#define SOCKADE_DOCKER_INSTRUCTION_H

#include "sockade/slice.h"

/*
 * How much of the front of `text` may be shown: up to where the first variable's value begins
 * that is to be hidden, or all of it. `all`: every value, else those that secret.h takes for
 * credentials. Both ways to write one count: NAME=value anywhere, "ENV NAME value".
 */
size_t instruction_shown(struct slice text, bool all);

#endif
