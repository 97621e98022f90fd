/*
 * The policies of config/, compiled in (cmake/presets.cmake).
 */
#ifndef SOCKADE_CLI_PRESETS_H
#define SOCKADE_CLI_PRESETS_H

#include "sockade/slice.h"

struct preset {
    const char *name;  /* the file's, without .yaml; NULL ends the table */
    struct slice text; /* the file; its first line is a comment that says what it is for */
};

extern const struct preset presets[];

#endif
