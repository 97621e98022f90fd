/*
 * Long options of a sub-command, from a table: "--name VALUE" and "--name=VALUE".
 * Everything unknown is an error with a suggestion.
 */
#ifndef SOCKADE_CLI_OPTIONS_H
#define SOCKADE_CLI_OPTIONS_H

#include <stddef.h>

#include "base/cleanup.h"

struct option_spec {
    const char *name;   /* "--config"; NULL ends the table */
    const char **value; /* gets the argument, or the next free place of `list` */
    const char **list;  /* may be given `list_max` times; NULL otherwise */
    size_t list_max;
};

enum options_result { OPTIONS_BAD = 0, OPTIONS_HELP, OPTIONS_OK };

/*
 * Reads argv[1] and on. Words that are no options go to words[], at most
 * `word_max`, NULL after the last. BAD after a message on stderr.
 */
enum options_result options_read(int argc, char **argv, const struct option_spec *specs,
                                 const char **words, size_t word_max);

#endif
