/*
 * A policy file in the making: what the public struct keeps to itself.
 */
#ifndef SOCKADE_POLICY_FILE_MEMORY_H
#define SOCKADE_POLICY_FILE_MEMORY_H

#include "policy/loader.h"

struct file_memory {
    struct arena arena;
    struct policy **policies;
    size_t policy_count;
    struct policy_listener *listeners;
    unsigned api_min;
    unsigned api_max;
};

/* load_listen.c: the section `listen`; the target is the struct policy_file. */
MUST_CHECK int load_listen(struct loader *loader, const struct tree_node *node, void *target);

/* Gives each listener its policy, when all policies are known. */
MUST_CHECK int listeners_join(struct loader *loader, const struct tree_node *root,
                              struct policy_file *file);

/* The default socket with the first policy. 0 or -ENOMEM. */
MUST_CHECK int listeners_default(struct policy_file *file);

#endif
