/*
 * What the sub-commands share: long options from a table, "--name VALUE" and "--name=VALUE",
 * words that are answered with a suggestion, and JSON for scripts.
 */
#ifndef SOCKADE_CLI_OPTIONS_H
#define SOCKADE_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct option_spec {
    const char *name;   /* "--config"; NULL ends the table */
    const char **value; /* gets the argument, or the next free place of `list` */
    const char **list;  /* may be given `list_max` times; NULL otherwise */
    size_t list_max;
};

struct command_line {
    const char *usage;
    const struct option_spec *specs;
    const char **words; /* gets what is no option, at most `word_max`, and NULL after the last */
    size_t word_max;
};

/* Reads argv[1] and on. The command's exit status when that was all of it; else CLI_GOES_ON. */
int options_read(int argc, char **argv, const struct command_line *line);

/* The same for commands that take one word and --format. *word is NULL without it. */
int options_read_word(int argc, char **argv, const char *usage, const char **word, bool *json);

/* `no rule "x", did you mean "y"?` on stderr; when nothing is near, with `otherwise` behind. */
void complain_unknown(const char *what, const char *word, const char *const *candidates,
                      const char *otherwise);

/* On stdout, as a JSON string. Running out of memory ends the program. */
void print_json(const char *text);

#endif
