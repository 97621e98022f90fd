/*
 * Allowed paths of a policy file, for the commands: whether they are seen from here, and what
 * shows them to a daemon in a sandbox or a container.
 */
#ifndef SOCKADE_CLI_HOST_PATHS_H
#define SOCKADE_CLI_HOST_PATHS_H

#include "sockade/policy.h"

/* A line for each of them on stdout. Asks the engine. */
void host_paths_print(const struct policy_file *file);

/* `"host_paths":[…]` on stdout. */
void host_paths_print_json(const struct policy_file *file);

/* A drop-in for the unit, with the options of a container in a comment, on stdout. */
void host_paths_print_view(const struct policy_file *file);

#endif
