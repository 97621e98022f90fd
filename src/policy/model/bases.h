/*
 * The bases: which operations a policy allows and which rules are on before its
 * file says anything.
 */
#ifndef SOCKADE_POLICY_BASES_H
#define SOCKADE_POLICY_BASES_H

#include "policy/model/registry.h"

/* "restricted", ... BASE_COUNT when there is no such base. */
enum base base_find(struct slice name);
const char *base_name(enum base base);
const char *base_summary(enum base base);

/* Words of operation_set_add_word(), separated by spaces. */
const char *base_operations(enum base base);

/* DENY or OFF. */
enum rule_level base_rule_level(enum base base, const struct rule *rule);

/* Names of the bases, NULL-terminated, for "did you mean". */
const char *const *base_names(void);

#endif
