/*
 * YAML as a tree that remembers lines and columns. Only the part of YAML that
 * says one thing in one way: no anchors, aliases, tags, second documents or
 * repeated keys. Everything lives in the arena.
 */
#ifndef SOCKADE_POLICY_YAML_TREE_H
#define SOCKADE_POLICY_YAML_TREE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "sockade/arena.h"

/* Looking for repeated keys takes the square of the nodes in a map. */
enum { YAML_TREE_MAX_DEPTH = 16, YAML_TREE_MAX_NODES = 20000 };

enum tree_kind { TREE_SCALAR = 0, TREE_LIST, TREE_MAP };

struct tree_node {
    enum tree_kind kind;
    unsigned line; /* from 1 */
    unsigned column;
    struct slice text; /* of a scalar, terminated, without NUL in it */
    bool plain;        /* the scalar was written without quotes */
    struct slice key;  /* in a map: its name, terminated, and where that stands */
    unsigned key_line;
    unsigned key_column;
    struct tree_node *child; /* of a list or map, in order */
    struct tree_node *next;
};

/* 0; -EINVAL with *diag (but its file name) filled; or -ENOMEM. */
MUST_CHECK int yaml_tree_read(struct slice text, struct arena *arena, struct tree_node **out,
                              struct diag *diag);

/* The member of that key, or NULL (also when `map` is none). */
const struct tree_node *tree_member(const struct tree_node *map, const char *key);

#endif
