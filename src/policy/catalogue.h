/*
 * The rules and bases as data, for whoever prints them (`sockade rules`, the docs).
 */
#ifndef SOCKADE_POLICY_CATALOGUE_H
#define SOCKADE_POLICY_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>

struct catalogue_param {
    const char *name;
    const char *type;              /* "list", "paths", "true or false", "number", "size", "cpus" */
    const char *preset;            /* as a file would say it, words by spaces; NULL: none */
    const char *preset_restricted; /* under restricted and read_only */
    const char *doc;
};

struct catalogue_rule {
    const char *id;
    const char *summary;
    const char *fix;
    const char *cis; /* of the CIS Docker Benchmark, or NULL */
    const char *pss; /* step of the Pod Security Standards, or NULL */
    size_t param_count;
};

struct catalogue_base {
    const char *name;
    const char *summary;
    const char *operations; /* words of `allow`, by spaces */
};

/* Both by index from 0; false past the end. */
bool catalogue_rule(size_t index, struct catalogue_rule *out);
bool catalogue_base(size_t index, struct catalogue_base *out);

bool catalogue_param(size_t rule, size_t index, struct catalogue_param *out);

/* Whether the base by that index has the rule on. */
bool catalogue_is_on(size_t base, size_t rule);

/* Whether there is a rule of that id; its index. */
bool catalogue_find(const char *id, size_t *rule);

#endif
