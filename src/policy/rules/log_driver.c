/*
 * syslog, gelf, fluentd and others make the engine connect to an address of the client's
 * choice from the host's place in the network. none leaves no trace of what a container did.
 */
#include <errno.h>

#include "policy/rule.h"

#include "base/banned.h"

enum { ALLOW, OPTIONS };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "json-file local",
     .doc = "log drivers that may be named"},
    {.name = "options",
     .type = PARAM_WORDS,
     .preset = "max-size max-file compress mode max-buffer-size labels labels-regex env "
               "env-regex tag",
     .doc = "options that may be given"},
    {0}};

static int check(struct rule_input *in)
{
    int err = 0;

    if (!in->container) {
        return 0;
    }
    if (in->container->log_driver.len > 0 &&
        !rule_allows_word(in, ALLOW, in->container->log_driver)) {
        err = rule_object_list(in, ALLOW, "HostConfig.LogConfig.Type is %.*s",
                               SLICE_ARGS(rule_show(in, in->container->log_driver)));
    }
    for (size_t i = 0; i < in->container->log_options.count && err == 0; i++) {
        struct slice key = in->container->log_options.item[i].key;

        if (!rule_allows_word(in, OPTIONS, key)) {
            err = rule_object_list(in, OPTIONS, "HostConfig.LogConfig.Config has %.*s",
                                   SLICE_ARGS(rule_show(in, key)));
        }
    }
    return err;
}

const struct rule rule_log_driver = {
    .id = "log_driver",
    .summary = "Refuses log drivers and their options but the listed ones.",
    .fix = "drop --log-driver and --log-opt of it",
    .params = params,
    .check = check,
};
