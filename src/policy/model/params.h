/*
 * Values of rules' parameters, as text.
 */
#ifndef SOCKADE_POLICY_PARAMS_H
#define SOCKADE_POLICY_PARAMS_H

#include "policy/model/registry.h"

/* The presets of `rule` under `base`, into `settings`. 0 or -ENOMEM. */
MUST_CHECK int params_preset(struct arena *arena, const struct rule *rule, enum base base,
                             struct rule_settings *settings);
/* "1.5" to thousandths. 0, -EINVAL or -ERANGE. */
MUST_CHECK int params_parse_cpus(struct slice text, uint64_t *out);

/* "1000" or "1000-59999". 0 or -EINVAL. */
enum { PARAM_MAX_ID = 2147483647 };
MUST_CHECK int params_parse_range(struct slice text, struct id_range *out);

/* What a list of that kind takes. */
struct value_rules {
    const char *what;                 /* "capability": with `words`, of which one is suggested */
    const char *const *words;         /* NULL-terminated; NULL: any that `takes` takes */
    bool (*takes)(struct slice word); /* NULL: those of `words` */
    const char *must;                 /* what a word has to be, without `words` */
};

/* Static. */
const struct value_rules *value_rules_of(enum value_kind kind);
bool value_is_taken(enum value_kind kind, struct slice word);

#endif
