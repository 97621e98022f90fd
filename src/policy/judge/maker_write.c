/*
 * Writes the label of maker.c into what is sent.
 */

#include "base/try.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"
#include "policy/model/maker.h"
#include "policy/model/policy_data.h"
#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>

#include "base/banned.h"

/*
 * A service's value is the same each time: another one would be a change, for which swarm makes
 * all its tasks anew. clients.c knows that a task's value may be its image's.
 */
static int maker_value(const struct judgement *judgement, struct arena *arena, struct slice *out)
{
    const struct policy *policy = judgement->policy;
    struct slice maker = policy->marks ? policy->maker : maker_unknown;
    uint64_t once[2];

    if (judgement->container.service) {
        return arena_printf(arena, out, "%.*s:service", SLICE_ARGS(maker));
    }
    if (getrandom(once, sizeof(once), GRND_NONBLOCK) != (ssize_t)sizeof(once)) {
        return -ENOMEM; // not sent without: anybody could have an image with that value
    }
    return arena_printf(arena, out, "%.*s:%016" PRIx64 "%016" PRIx64, SLICE_ARGS(maker), once[0],
                        once[1]);
}

int maker_write(const struct judgement *judgement, struct decision *out)
{
    struct json *config = judgement->container.config;
    bool said = json_member(json_member(config, SLICE("Labels")), maker_label) != NULL;

    if (!config || (!judgement->policy->marks && !said)) {
        return 0;
    }
    struct json *labels = spec_member(&out->document, config, SLICE("Labels"), JSON_OBJECT);
    struct slice value = {0};

    TRY_ALLOC(labels);
    TRY(maker_value(judgement, &out->document, &value));
    struct json *node = json_new_string(&out->document, value);

    TRY_ALLOC(node);
    json_set(labels, maker_label, node);
    return 0;
}
