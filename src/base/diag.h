/*
 * What is wrong with a file a person wrote, and where: "file:line:column: sentence".
 */
#ifndef SOCKADE_BASE_DIAG_H
#define SOCKADE_BASE_DIAG_H

#include <stddef.h>

#include "base/cleanup.h"

struct diag {
    char file[256];
    unsigned line;   /* from 1; 0: the whole file */
    unsigned column; /* from 1 */
    char sentence[512];
};

void diag_set(struct diag *diag, unsigned line, unsigned column, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Writes "file:line:column: sentence" (without line 0), always terminated. */
void diag_format(const struct diag *diag, char *out, size_t size);

/*
 * The candidate nearest to `word` when it is near enough to be meant (at most
 * a third of the word's length in edits, at least 1), else the only one that
 * begins with `word` (of three letters or more), else NULL. `candidates` ends
 * with NULL.
 */
const char *diag_did_you_mean(const char *word, const char *const *candidates);

#endif
