/*
 * Allowed directories of host_path_mount: where they really are, and what containers can put in the
 * place of something there.
 */
#ifndef SOCKADE_POLICY_RULES_HOST_ROOTS_H
#define SOCKADE_POLICY_RULES_HOST_ROOTS_H

#include "policy/rules/rule.h"

/* Whether somebody else than root can turn a link on the way around. */
bool host_roots_foreign(const struct path_answer *answer);

/* The same of one link, or whether a container that runs as root could have made it. */
bool host_roots_turns(const struct rule_input *in, const struct path_link *link);

/*
 * Where an allowed path really is; empty when nobody can rely on it. `unseen`: it is where it says
 * if it cannot be seen.
 */
struct slice host_roots_real(const struct rule_input *in, struct slice root, bool unseen);

/*
 * Whether `path` is one of the allowed paths itself, and no client can put a link in its place by a
 * container: what lies inside a directory that may be written to can be replaced there.
 */
bool host_roots_lists(const struct rule_input *in, const struct param_value *allow,
                      struct slice path);

/*
 * Whether others than root can put something else in the place of a source, or a container that
 * runs as root can, whoever owns the directory: it lies in one that is mounted to be written to.
 */
bool host_roots_lets_replace(const struct rule_input *in, struct slice source,
                             const struct path_answer *answer);

#endif
