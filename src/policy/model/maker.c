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
#include "policy/model/maker.h"

#include "base/banned.h"

const struct slice maker_label = SLICE_INIT("io.sockade.made-by");
const struct slice maker_unknown = SLICE_INIT("?"); // no policy is called that

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
