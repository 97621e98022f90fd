/*
 * What helps against a refusal: a fix for the client, and a piece of the policy's file for its
 * administrator. Nothing of it is built unless something is refused.
 */
#ifndef SOCKADE_POLICY_REMEDY_H
#define SOCKADE_POLICY_REMEDY_H

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

/*
 * `text` as a word of YAML, in quotes where it would mean something else without, and with what a
 * terminal would not show as it stands escaped. Empty when it is too long to be shown, holds a NUL,
 * or is not UTF-8: then no policy file can say it. In the arena; 0 or -ENOMEM.
 */
MUST_CHECK int yaml_word(struct arena *arena, struct slice text, struct slice *out);

/* Fills violation->fix and violation->policy, in in->kept. 0 or -ENOMEM. */
MUST_CHECK int rule_remedy_write(const struct rule_input *in, const struct rule_remedy *remedy,
                                 struct violation *violation);

#endif
