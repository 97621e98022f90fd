/*
 * See options.h.
 */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/escape.h"
#include "cli/commands.h"

#include "base/banned.h"

enum { MAX_OPTIONS = 16, JSON_MAX_BYTES = 64 * 1024 };

void complain_unknown(const char *what, const char *word, const char *const *candidates,
                      const char *otherwise)
{
    const char *near = diag_did_you_mean(word, candidates);

    if (near) {
        fprintf(stderr, "sockade: unknown %s \"%s\", did you mean \"%s\"?\n", what, word, near);
    } else {
        fprintf(stderr, "sockade: unknown %s \"%s\"%s", what, word, otherwise);
    }
}

void print_json(const char *text)
{
    CLEANUP(buf_deinit) struct buf json = {.limit_bytes = JSON_MAX_BYTES};

    if (escape_json_shown(&json, slice_from(text)) < 0) {
        fprintf(stderr, "sockade: out of memory\n");
        exit(CLI_EXIT_FAILED);
    }
    fwrite(json.data, 1, json.len, stdout);
}

static bool complain_option(const char *word, const struct option_spec *specs)
{
    const char *names[MAX_OPTIONS + 1] = {NULL};

    for (size_t i = 0; specs[i].name && i < MAX_OPTIONS; i++) {
        names[i] = specs[i].name;
    }
    const char *near = diag_did_you_mean(word, names);

    if (near) {
        fprintf(stderr, "sockade: unknown option %s, did you mean %s?\n", word, near);
    } else {
        fprintf(stderr, "sockade: unknown option %s\n", word);
    }
    return false;
}

/* Where the value of `spec` goes; NULL when it was given too often. */
static const char **options_place_of(const struct option_spec *spec)
{
    if (!spec->list) {
        return *spec->value ? NULL : spec->value;
    }
    for (size_t i = 0; i < spec->list_max; i++) {
        if (!spec->list[i]) {
            return &spec->list[i];
        }
    }
    return NULL;
}

static const struct option_spec *find_spec(const char *word, const struct option_spec *specs)
{
    size_t len = strcspn(word, "=");

    for (; specs->name; specs++) {
        if (strlen(specs->name) == len && strncmp(specs->name, word, len) == 0) {
            return specs;
        }
    }
    return NULL;
}

/* Takes the option at argv[*index], and its value. False after a message on stderr. */
static bool read_option(int argc, char **argv, int *index, const struct option_spec *specs)
{
    const char *word = argv[*index];
    const char *equals = strchr(word, '=');
    const struct option_spec *spec = find_spec(word, specs);

    if (!spec) {
        return complain_option(word, specs);
    }
    const char **place = options_place_of(spec);

    if (!place) {
        fprintf(stderr, "sockade: %s was given more than once\n", spec->name);
        return false;
    }
    if (!equals && *index + 1 >= argc) {
        fprintf(stderr, "sockade: %s needs a value\n", spec->name);
        return false;
    }
    *place = equals ? equals + 1 : argv[++*index];
    return true;
}

int options_read(int argc, char **argv, const struct command_line *line)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            printf("%s", line->usage);
            return CLI_EXIT_OK;
        }
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            if (!read_option(argc, argv, &i, line->specs)) {
                return CLI_EXIT_USAGE;
            }
        } else if (count < line->word_max) {
            line->words[count++] = argv[i];
        } else {
            fprintf(stderr, "sockade: too many arguments: %s\n", argv[i]);
            return CLI_EXIT_USAGE;
        }
    }
    line->words[count] = NULL;
    return CLI_GOES_ON;
}

/* "text", which NULL stands for too, or "json". False for another word. */
static bool options_take_format(const char *word, bool *json)
{
    *json = word && strcmp(word, "json") == 0;
    return !word || *json || strcmp(word, "text") == 0;
}

int options_read_word(int argc, char **argv, const char *usage, const char **word, bool *json)
{
    const char *format = NULL;
    const char *words[2] = {NULL, NULL};
    const struct option_spec specs[] = {{"--format", &format, NULL, 0}, {NULL, NULL, NULL, 0}};
    int status = options_read(argc, argv, &(struct command_line){usage, specs, words, 1});

    if (status == CLI_GOES_ON && !options_take_format(format, json)) {
        fprintf(stderr, "%s", usage);
        return CLI_EXIT_USAGE;
    }
    *word = words[0];
    return status;
}
