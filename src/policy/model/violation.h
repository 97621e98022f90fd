/*
 * What is objected to, in the order in which it was found.
 */
#ifndef SOCKADE_POLICY_MODEL_VIOLATION_H
#define SOCKADE_POLICY_MODEL_VIOLATION_H

#include "base/cleanup.h"
#include "sockade/decision.h"

struct arena;
struct decision;

/* Adds to the decision's violations, at the end. 0 or -ENOMEM. */
MUST_CHECK int violation_add(struct decision *out, const char *rule, enum rule_level level,
                             struct slice text, struct slice fix);

struct violation **violation_tail(struct decision *out);
struct slice violation_field(struct slice text);
bool violation_denies(const struct decision *out);

/* Bytes of the client as they may be shown: cut at 256, escaped. In the arena. */
MUST_CHECK int show_text(struct arena *arena, struct slice text, struct slice *out);

#endif
