/*
 * Storage options go to the engine's storage driver, which is root on the host: a size is
 * a bound, everything else is the driver's own language.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow", .type = PARAM_WORDS, .preset = "size", .doc = "options that may be set"},
    {0}};

static int storage_options_check(struct rule_input *in)
{
    for (size_t i = 0; in->container && i < in->container->storage_opt.count; i++) {
        const struct string_pair *pair = &in->container->storage_opt.item[i];

        if (!rule_allows_word(in, ALLOW, pair->key) &&
            rule_object_list(in, ALLOW, pair->key, "HostConfig.StorageOpt sets %.*s to %.*s",
                             SLICE_ARGS(rule_show(in, pair->key)),
                             SLICE_ARGS(rule_show(in, pair->value))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

const struct rule rule_storage_options = {
    .id = "storage_options",
    .summary = "Denies storage options not in `allow`.",
    .fix = "remove it from --storage-opt",
    .params = params,
    .check = storage_options_check,
};
