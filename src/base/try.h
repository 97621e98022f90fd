/*
 * Passing an error up. TRY(f()) is for functions that answer 0 or a negative errno in functions
 * that do the same: an error of f() is returned unchanged, and what the function owns goes with
 * it (CLEANUP). Not for what answers enum step. TRY_ALLOC(pointer) answers -ENOMEM when it is NULL.
 */
#ifndef SOCKADE_BASE_TRY_H
#define SOCKADE_BASE_TRY_H

#include <errno.h>

#define TRY(call)             \
    do {                      \
        int try_err = (call); \
        if (try_err < 0) {    \
            return try_err;   \
        }                     \
    } while (0)

#define TRY_ALLOC(pointer) TRY((pointer) ? 0 : -ENOMEM)

#endif
