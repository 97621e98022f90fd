/*
 * Which answers of the engine are lists, and where in them: so that they can be read value by
 * value. Source: moby api/types (ContainersList, VolumeListResponse, DiskUsage), api/types/system
 * (DiskUsage from API 1.52 on, with ImageUsage and its kin).
 */
#ifndef SOCKADE_DOCKER_ANSWER_LISTS_H
#define SOCKADE_DOCKER_ANSWER_LISTS_H

#include "docker/api/operations.h"
#include "json/json_split.h"

/*
 * For json_split_init(): which containers of the operation's answer are lists, or lead to one.
 * NULL: the answer is about one object, and is read whole.
 */
json_split_opens *answer_lists(enum operation operation);

/* The same for one object of a list: its members. */
bool answer_opens_object(const struct json_split *split, char bracket);

/* What says whose an inspected object is: its labels, at the top, in Config or in Spec. */
bool answer_opens_owner(const struct json_split *split, char bracket);

/* Whether this member says what an object is, or who made it; those of Labels do not. */
bool answer_says_what(struct slice member);

/* A bit of its own for each member of an object that is what it is called by: "Id", "Names", …; 0
 * for the others. */
unsigned answer_names_object(struct slice member);

#endif
