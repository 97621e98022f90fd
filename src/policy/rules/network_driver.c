/*
 * macvlan and ipvlan put a container on the host's own network beside the host; other
 * drivers are programs. A bridge's options name interfaces of the host
 * (com.docker.network.bridge.name joins one that exists) and the address that ports are
 * published on (host_binding_ipv4). A subnet becomes a route of the host, and its gateway
 * an address of the host: public ones would lead others' traffic here. Who chooses an address or a
 * MAC of its own in a network can take over another container's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "base/try.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ALLOW, OPTIONS, ENDPOINT, ENDPOINT_OPTIONS, SUBNETS };

enum { ADDRESS_TEXT_BYTES = 64 };

static const struct rule_param params[] = {
    {.name = "allow",
     .type = PARAM_WORDS,
     .preset = "bridge",
     .doc = "drivers that networks may be created with"},
    {.name = "options",
     .type = PARAM_WORDS,
     .preset = "com.docker.network.driver.mtu com.docker.network.bridge.enable_icc "
               "com.docker.network.bridge.enable_ip_masquerade com.docker.network.enable_ipv4 "
               "com.docker.network.enable_ipv6",
     .doc = "driver options that may be set"},
    {.name = "endpoint",
     .type = PARAM_WORDS,
     .values = VALUE_ENDPOINT,
     .preset = "static_address",
     .doc = "what a container may choose in a network: static_address, mac_address"},
    {.name = "endpoint_options",
     .type = PARAM_WORDS,
     .preset = "com.docker.network.endpoint.ifname com.docker.network.endpoint.sysctls",
     .doc = "driver options of a container in a network; the rule sysctls judges sysctls"},
    {.name = "subnets",
     .type = PARAM_WORDS,
     .values = VALUE_SUBNET,
     .preset = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7",
     .doc = "ranges allowed for the addresses of networks; leave out ranges that the host's own "
            "networks use"},
    {0}};

enum { FIX_OPTION, FIX_SUBNET, FIX_IPAM, FIX_SWARM, FIX_IP, FIX_MAC };

static const char *const fixes[] = {
    [FIX_OPTION] = "remove the driver option (-o, --driver-opt)",
    [FIX_SUBNET] =
        "remove --subnet, --ip-range, --gateway and --aux-address, or use an allowed range",
    [FIX_IPAM] = "remove --ipam-driver and --ipam-opt",
    [FIX_SWARM] = "remove --scope, --ingress and --config-from",
    [FIX_IP] = "remove --ip and --ip6",
    [FIX_MAC] = "remove --mac-address",
    NULL,
};

static struct rule_remedy listing(struct rule_input *in, size_t param, struct slice word,
                                  size_t fix)
{
    return (struct rule_remedy){
        .fix = fixes[fix],
        .detail = rule_allowed(in, param),
        .change = {.kind = CHANGE_ADD, .param = param, .word = word},
    };
}

struct prefix {
    int family;
    unsigned char bytes[16];
    unsigned bits;
};

/* "10.1.0.0/16", or an address, which is a prefix of full length. */
static bool read_prefix(struct slice text, struct prefix *out)
{
    char address[ADDRESS_TEXT_BYTES];
    struct slice host = {0};
    struct slice length = {0};
    uint64_t bits = 0;
    bool has_length = slice_cut(text, '/', &host, &length);

    if (host.len == 0 || host.len >= sizeof(address) || slice_find(host, '\0') < host.len) {
        return false;
    }
    memcpy(address, host.ptr, host.len);
    address[host.len] = '\0';
    out->family = strchr(address, ':') ? AF_INET6 : AF_INET;
    unsigned full = out->family == AF_INET6 ? 128 : 32;

    memset(out->bytes, 0, sizeof(out->bytes));
    if (inet_pton(out->family, address, out->bytes) != 1) {
        return false;
    }
    out->bits = full;
    if (has_length) {
        if (parse_u64(length, &bits) < 0 || bits > full) {
            return false;
        }
        out->bits = (unsigned)bits;
    }
    return true;
}

static bool is_inside(const struct prefix *inner, const struct prefix *outer)
{
    if (inner->family != outer->family || inner->bits < outer->bits) {
        return false;
    }
    for (unsigned i = 0; i < outer->bits; i++) {
        unsigned mask = 0x80U >> (i % 8);

        if ((inner->bytes[i / 8] & mask) != (outer->bytes[i / 8] & mask)) {
            return false;
        }
    }
    return true;
}

static bool is_allowed_address(const struct rule_input *in, struct slice text)
{
    const struct string_list *allowed = &in->param[SUBNETS].words;
    struct prefix inner;
    struct prefix outer;

    if (!read_prefix(text, &inner)) {
        return false;
    }
    for (size_t i = 0; i < allowed->count; i++) {
        if (read_prefix(allowed->item[i], &outer) && is_inside(&inner, &outer)) {
            return true;
        }
    }
    return false;
}

static int judge_addresses(struct rule_input *in)
{
    for (size_t i = 0; i < in->network->addresses.count; i++) {
        struct slice text = in->network->addresses.item[i];

        if (text.len > 0 && !is_allowed_address(in, text)) {
            const struct rule_remedy remedy = listing(in, SUBNETS, text, FIX_SUBNET);

            return rule_object_remedy(in, &remedy,
                                      "IPAM.Config names %.*s, outside the allowed ranges",
                                      SLICE_ARGS(rule_show(in, text)));
        }
    }
    return 0;
}

static int network_driver_judge_options(struct rule_input *in)
{
    for (size_t i = 0; i < in->network->options.count; i++) {
        const struct string_pair *pair = &in->network->options.item[i];

        if (rule_allows_word(in, OPTIONS, pair->key)) {
            continue;
        }
        const struct rule_remedy remedy = listing(in, OPTIONS, pair->key, FIX_OPTION);

        TRY(rule_object_remedy(in, &remedy, "Options sets %.*s to %.*s",
                               SLICE_ARGS(rule_show(in, pair->key)),
                               SLICE_ARGS(rule_show(in, pair->value))));
    }
    return 0;
}

/* Address management is a program as well, and swarm's networks reach other hosts. */
static int judge_rest(struct rule_input *in)
{
    const struct network_spec *network = in->network;
    int err = 0;

    if (network->ipam_driver.len > 0 && !slice_eq(network->ipam_driver, SLICE("default"))) {
        err = rule_object_fix(in, fixes[FIX_IPAM], "IPAM.Driver is %.*s",
                              SLICE_ARGS(rule_show(in, network->ipam_driver)));
    }
    if (err == 0 && network->ipam_options.count > 0) {
        err = rule_object_fix(in, fixes[FIX_IPAM], "IPAM.Options is set");
    }
    if (err == 0 && network->scope.len > 0 && !slice_eq(network->scope, SLICE("local"))) {
        err = rule_object_fix(in, fixes[FIX_SWARM], "Scope is %.*s",
                              SLICE_ARGS(rule_show(in, network->scope)));
    }
    if (err == 0 && network->ingress) {
        err = rule_object_fix(in, fixes[FIX_SWARM], "Ingress is true");
    }
    if (err == 0 && network->config_from.len > 0) {
        err = rule_object_fix(in, fixes[FIX_SWARM], "ConfigFrom takes the options of %.*s",
                              SLICE_ARGS(rule_show(in, network->config_from)));
    }
    return err;
}

static int network_driver_judge_endpoint(struct rule_input *in,
                                         const struct network_endpoint *endpoint)
{
    const struct string_map *options = &endpoint->driver_options;
    int err = 0;

    if (endpoint->static_address && !rule_allows_word(in, ENDPOINT, SLICE("static_address"))) {
        const struct rule_remedy remedy = listing(in, ENDPOINT, SLICE("static_address"), FIX_IP);

        err =
            rule_object_remedy(in, &remedy, "%.*s chooses an address", SLICE_ARGS(endpoint->field));
    }
    if (err == 0 && endpoint->mac_address &&
        !rule_allows_word(in, ENDPOINT, SLICE("mac_address"))) {
        const struct rule_remedy remedy = listing(in, ENDPOINT, SLICE("mac_address"), FIX_MAC);

        err = rule_object_remedy(in, &remedy, "%.*s chooses a MAC address",
                                 SLICE_ARGS(endpoint->field));
    }
    for (size_t i = 0; i < options->count && err == 0; i++) {
        struct slice key = options->item[i].key;

        if (!rule_allows_word(in, ENDPOINT_OPTIONS, key)) {
            const struct rule_remedy remedy = listing(in, ENDPOINT_OPTIONS, key, FIX_OPTION);

            err = rule_object_remedy(in, &remedy, "%.*s sets %.*s to %.*s",
                                     SLICE_ARGS(endpoint->field), SLICE_ARGS(rule_show(in, key)),
                                     SLICE_ARGS(rule_show(in, options->item[i].value)));
        }
    }
    return err;
}

static int network_driver_judge_container(struct rule_input *in)
{
    int err = 0;

    if (in->container->mac_address && !rule_allows_word(in, ENDPOINT, SLICE("mac_address"))) {
        const struct rule_remedy remedy = listing(in, ENDPOINT, SLICE("mac_address"), FIX_MAC);

        err = rule_object_remedy(in, &remedy, "MacAddress is set");
    }
    for (size_t i = 0; i < in->container->endpoint_count && err == 0; i++) {
        err = network_driver_judge_endpoint(in, &in->container->endpoints[i]);
    }
    return err;
}

static int network_driver_judge_network(struct rule_input *in)
{
    int err = 0;

    if (in->network->driver.len > 0 && !rule_allows_word(in, ALLOW, in->network->driver)) {
        err = rule_object_list(in, ALLOW, in->network->driver, "Driver is %.*s",
                               SLICE_ARGS(rule_show(in, in->network->driver)));
    }
    if (err == 0) {
        err = network_driver_judge_options(in);
    }
    if (err == 0) {
        err = judge_addresses(in);
    }
    return err < 0 ? err : judge_rest(in);
}

static int network_driver_check(struct rule_input *in)
{
    if (in->container && !in->update) {
        return network_driver_judge_container(in);
    }
    if (in->connect) {
        return network_driver_judge_endpoint(in, &in->connect->endpoint);
    }
    return in->network ? network_driver_judge_network(in) : 0;
}

const struct rule rule_network_driver = {
    .id = "network_driver",
    .summary = "Denies network drivers and options not in the allowlists.",
    .fix = "use the bridge driver",
    .fixes = fixes,
    .params = params,
    .check = network_driver_check,
};
