/*
 * Through which policy a container was made: a label that sockade writes into what is sent, and
 * that no client sets. An image may carry such a label, too, and a container that is made past
 * sockade inherits it. So each value is used once: a container whose label is its image's has
 * inherited it, and the label says nothing; any other was written here.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/random.h>

#include "base/try.h"
#include "policy/internal.h"

#include "base/banned.h"

const struct slice maker_label = SLICE_INIT("io.sockade.made-by");
const struct slice maker_unknown = SLICE_INIT("?"); // no policy is called that

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

struct slice maker_of(struct slice value)
{
    size_t end = value.len;

    while (end > 0 && value.ptr[end - 1] != ':') {
        end--;
    }
    return end > 0 ? slice_head(value, end - 1) : maker_unknown;
}

struct slice maker_policy(struct slice maker)
{
    return slice_head(maker, slice_find(maker, '@'));
}
