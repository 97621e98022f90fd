/*
 * Who answers a container's questions decides where it connects to; a resolver of the
 * client's choice also hears every name, which is a way out where there is no other.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { SERVERS, OPTIONS };

static const struct rule_param params[] = {
    {.name = "servers",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "addresses of DNS servers that may be named"},
    {.name = "options",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "resolver options that may be set, compared exactly, such as ndots:1"},
    {0}};

static int dns_options_judge(struct rule_input *in, size_t param, const char *field,
                             const struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!rule_allows_word(in, param, list->item[i]) &&
            rule_object_list(in, param, list->item[i], "HostConfig.%s[%zu] is %.*s", field, i,
                             SLICE_ARGS(rule_show(in, list->item[i]))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int dns_options_check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    int err = dns_options_judge(in, SERVERS, "Dns", &in->container->dns);

    return err < 0 ? err
                   : dns_options_judge(in, OPTIONS, "DnsOptions", &in->container->dns_options);
}

const struct rule rule_dns_options = {
    .id = "dns_options",
    .summary = "Denies DNS servers and resolver options not in the allowlists.",
    .fix = "remove --dns and --dns-option to use the engine's",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = dns_options_check,
};
