/*
 * See options.h.
 */
#include "cli/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"

#include "base/banned.h"

enum { MAX_OPTIONS = 16 };

static enum options_result complain_unknown(const char *word, const struct option_spec *specs)
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
    return OPTIONS_BAD;
}

/* Where the value of `spec` goes; NULL when it was given too often. */
static const char **place_of(const struct option_spec *spec)
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

/* Takes the option at argv[*index], and its value. */
static enum options_result read_option(int argc, char **argv, int *index,
                                       const struct option_spec *specs)
{
    const char *word = argv[*index];
    const char *equals = strchr(word, '=');
    const struct option_spec *spec = find_spec(word, specs);

    if (!spec) {
        return complain_unknown(word, specs);
    }
    const char **place = place_of(spec);

    if (!place) {
        fprintf(stderr, "sockade: %s is given too often\n", spec->name);
        return OPTIONS_BAD;
    }
    if (!equals && *index + 1 >= argc) {
        fprintf(stderr, "sockade: %s needs a value\n", spec->name);
        return OPTIONS_BAD;
    }
    *place = equals ? equals + 1 : argv[++*index];
    return OPTIONS_OK;
}

enum options_result options_read(int argc, char **argv, const struct option_spec *specs,
                                 const char **words, size_t word_max)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return OPTIONS_HELP;
        }
        if (argv[i][0] == '-' && argv[i][1] != '\0') {
            if (read_option(argc, argv, &i, specs) == OPTIONS_BAD) {
                return OPTIONS_BAD;
            }
        } else if (count < word_max) {
            words[count++] = argv[i];
        } else {
            fprintf(stderr, "sockade: too many arguments: %s\n", argv[i]);
            return OPTIONS_BAD;
        }
    }
    words[count] = NULL;
    return OPTIONS_OK;
}
