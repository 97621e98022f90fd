/*
 * See diag.h.
 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum { WORD_MAX = 63, COMPLETED_MIN = 3 };

void diag_set(struct diag *diag, unsigned line, unsigned column, const char *format, ...)
{
    va_list arguments;

    diag->line = line;
    diag->column = column;
    va_start(arguments, format);
    vsnprintf(diag->sentence, sizeof(diag->sentence), format, arguments);
    va_end(arguments);
}

void diag_format(const struct diag *diag, char *out, size_t size)
{
    if (diag->line == 0) {
        snprintf(out, size, "%s: %s", diag->file, diag->sentence);
    } else {
        snprintf(out, size, "%s:%u:%u: %s", diag->file, diag->line, diag->column, diag->sentence);
    }
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned low = a < b ? a : b;

    return low < c ? low : c;
}

/* Levenshtein's distance, one row at a time; both words are at most WORD_MAX long. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned row[WORD_MAX + 1];
    size_t b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned above = row[j];
            unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;

            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + cost);
            diagonal = above;
        }
    }
    return row[b_len];
}

/* The only candidate that begins with the word, which is cut off then: "mac" for "mac_address". */
static const char *diag_completed(const char *word, size_t len, const char *const *candidates)
{
    const char *found = NULL;

    if (len < COMPLETED_MIN) {
        return NULL;
    }
    for (; *candidates; candidates++) {
        if (strncmp(*candidates, word, len) == 0) {
            if (found) {
                return NULL;
            }
            found = *candidates;
        }
    }
    return found;
}

const char *diag_did_you_mean(const char *word, const char *const *candidates)
{
    const char *const *all = candidates;
    const char *best = NULL;
    size_t len = strlen(word);
    unsigned near = len < 6 ? 2 : (unsigned)(len / 3) + 1; // first distance that is too far

    if (len > WORD_MAX) {
        return NULL;
    }
    for (; *candidates; candidates++) {
        unsigned distance =
            strlen(*candidates) <= WORD_MAX ? edit_distance(word, *candidates) : near;

        if (distance < near) {
            near = distance;
            best = *candidates;
        }
    }
    return best ? best : diag_completed(word, len, all);
}
