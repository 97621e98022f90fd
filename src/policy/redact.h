/*
 * What a policy hides in the engine's answers: environments, paths of the host. Objects
 * inside the policy's scope are no exception unless it says so. Under the modes warn and audit
 * nothing is hidden.
 */
#ifndef SOCKADE_POLICY_REDACT_H
#define SOCKADE_POLICY_REDACT_H

#include "base/cleanup.h"
#include "docker/operations.h"
#include "docker/redact.h"

enum redact_mounts { REDACT_MOUNTS_HOST_PATHS = 0, REDACT_MOUNTS_NONE };
enum redact_own { REDACT_OWN_HIDDEN = 0, REDACT_OWN_SHOWN };

struct redact {
    enum redact_env env;
    enum redact_mounts mounts;
    enum redact_own own; /* objects inside the scope */
};

struct decision;
struct judgement;
struct policy;

/* Whether an answer to this request has to be read, and perhaps changed, before it is sent. */
bool redact_wanted(const struct judgement *judgement);

/*
 * Hides in place, in the answer to that operation or in a part of it. 0; -EBADMSG when it isn't
 * what the engine sends; -ENOMEM.
 */
MUST_CHECK int redact_response(const struct policy *policy, enum operation operation,
                               struct arena *arena, struct json *tree);

/*
 * A service's update says everything, and clients send back what they were shown: objects
 * to a value that stands for a hidden one. 0 or -ENOMEM.
 */
MUST_CHECK int redact_check_service(const struct judgement *judgement, struct decision *out);

#endif
