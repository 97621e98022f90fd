/*
 * The label that says through which policy a container was made.
 */
#ifndef SOCKADE_POLICY_MODEL_MAKER_H
#define SOCKADE_POLICY_MODEL_MAKER_H

#include "sockade/slice.h"

/*
 * maker.c: the label that says through which policy a container was made, whatever the client says
 * of it. 0 or -ENOMEM.
 */
extern const struct slice maker_label;
extern const struct slice maker_unknown; /* made through sockade, or may be, by nobody known */

/* Of the label's value: policy->maker of who wrote it. Of that: the policy's name. */
struct slice maker_of(struct slice value);
struct slice maker_policy(struct slice maker);

#endif
