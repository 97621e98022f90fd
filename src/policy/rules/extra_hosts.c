/*
 * Entries for /etc/hosts give the names of others to addresses of the client's choice,
 * for everything in the container or build that trusts a name. host-gateway is the
 * host itself, with what listens there for the containers only.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "",
     .doc = "addresses that names may point to, host-gateway, or whole entries name:address"},
    {0}};

/* The engine cuts at the first colon; an IPv6 address may have brackets. */
static struct slice address_of(struct slice entry)
{
    struct slice name = {0};
    struct slice address = {0};

    slice_cut(entry, ':', &name, &address);
    if (slice_starts_with(address, SLICE("[")) && slice_ends_with(address, SLICE("]"))) {
        address = slice_head(slice_from_index(address, 1), address.len - 2);
    }
    return address;
}

static int extra_hosts_judge(struct rule_input *in, const char *field,
                             const struct string_list *hosts)
{
    for (size_t i = 0; i < hosts->count; i++) {
        struct slice entry = hosts->item[i];

        if (!rule_allows_word(in, ALLOW, entry) &&
            !rule_allows_word(in, ALLOW, address_of(entry)) &&
            rule_object_list(in, ALLOW, entry, "%s[%zu] is %.*s", field, i,
                             SLICE_ARGS(rule_show(in, entry))) < 0) {
            return -ENOMEM;
        }
    }
    return 0;
}

static int extra_hosts_check(struct rule_input *in)
{
    int err = in->container
                  ? extra_hosts_judge(in, "HostConfig.ExtraHosts", &in->container->extra_hosts)
                  : 0;

    return err == 0 && in->build_limits
               ? extra_hosts_judge(in, "extrahosts", &in->build_limits->spec.extra_hosts)
               : err;
}

const struct rule rule_extra_hosts = {
    .id = "extra_hosts",
    .summary = "Denies extra host entries whose address is not in `allow`.",
    .fix = "remove it from --add-host",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = extra_hosts_check,
};
