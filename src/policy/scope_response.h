/*
 * What of other people's a scope's answers would still show: the labels of images, which
 * everybody may look at, and who is in the networks that every engine has.
 */
#ifndef SOCKADE_POLICY_SCOPE_RESPONSE_H
#define SOCKADE_POLICY_SCOPE_RESPONSE_H

#include "base/cleanup.h"
#include "docker/json.h"

struct judgement;

bool scope_response_wanted(const struct judgement *judgement);

/* Takes it out, in place. 0, -EBADMSG or -ENOMEM. */
MUST_CHECK int scope_response(const struct judgement *judgement, struct arena *arena,
                              struct json *tree);

#endif
