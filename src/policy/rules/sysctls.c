/*
 * The engine stores sysctls unchecked. Those of a namespace change the container only,
 * but some weaken it (ip_forward), and others reach the host when a namespace is the
 * host's. An endpoint's driver options set sysctls too, by another name.
 */
#include <errno.h>

#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW };

/* The safe set of the Pod Security Standards. */
static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .values = VALUE_SYSCTL,
     .preset = "kernel.shm_rmid_forced net.ipv4.ip_local_port_range "
               "net.ipv4.ip_unprivileged_port_start net.ipv4.tcp_syncookies "
               "net.ipv4.ping_group_range net.ipv4.ip_local_reserved_ports "
               "net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout "
               "net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes",
     .doc = "sysctls that may be set, written with dots"},
    {0}};

static const char *const fixes[] = {"remove the driver option com.docker.network.endpoint.sysctls",
                                    NULL};

static int sysctls_judge_endpoint(struct rule_input *in, const struct network_endpoint *endpoint)
{
    const struct slice *value =
        string_map_get(&endpoint->driver_options, SLICE("com.docker.network.endpoint.sysctls"));

    return value && value->len > 0
               ? rule_object_fix(in, fixes[0], "%.*s sets sysctls through its driver options: %.*s",
                                 SLICE_ARGS(endpoint->field), SLICE_ARGS(rule_show(in, *value)))
               : 0;
}

static int sysctls_check(struct rule_input *in)
{
    int err = 0;

    if (in->connect) {
        return sysctls_judge_endpoint(in, &in->connect->endpoint);
    }
    if (!in->container) {
        return 0;
    }
    for (size_t i = 0; i < in->container->sysctls.count && err == 0; i++) {
        const struct string_pair *pair = &in->container->sysctls.item[i];

        if (!rule_allows_word(in, ALLOW, pair->key)) {
            err = rule_object_list(in, ALLOW, pair->key, "HostConfig.Sysctls sets %.*s to %.*s",
                                   SLICE_ARGS(rule_show(in, pair->key)),
                                   SLICE_ARGS(rule_show(in, pair->value)));
        }
    }
    for (size_t i = 0; i < in->container->endpoint_count && err == 0; i++) {
        err = sysctls_judge_endpoint(in, &in->container->endpoints[i]);
    }
    return err;
}

const struct rule rule_sysctls = {
    .id = "sysctls",
    .summary = "Denies kernel parameters not in `allow`.",
    .fix = "remove it from --sysctl",
    .fixes = fixes,
    .pss = "baseline",
    .judges_existing = true,
    .params = params,
    .check = sysctls_check,
};
