/*
 * What an engine makes of the value of a query key: see texts.h. Keys mean the same wherever they
 * are taken.
 */
#ifndef SOCKADE_DOCKER_QUERY_TEXTS_H
#define SOCKADE_DOCKER_QUERY_TEXTS_H

#include "docker/tables/texts.h"

/* TEXT_NONE for a key that has no row, which objects to whatever it says. */
enum text_kind query_text_kind(struct slice key);

#endif
