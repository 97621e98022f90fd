/*
 * The few attributes we use on top of C17. gcc and clang both know them.
 */
#ifndef SOCKADE_BASE_CLEANUP_H
#define SOCKADE_BASE_CLEANUP_H

/* The function is called with the variable's address when it goes out of scope. */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* Ignoring the result is an error. */
#define MUST_CHECK __attribute__((warn_unused_result))

#define PRINTF_LIKE(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))

#define UNUSED __attribute__((unused))

#endif
