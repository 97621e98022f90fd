/*
 * A published port takes a port of the host away from its services, below 1024 one that
 * clients trust, and without an address it listens on every one of the host's. What is
 * published by PublishAllPorts the image decides. A container's port 22 is a way in that
 * no exec is asked for.
 */
#include <errno.h>

#include "base/parse.h"
#include "docker/tables/container_edit.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { ADDRESSES, MIN_PORT, ADD, SSH };

static const struct rule_param params[] = {
    {.name = "addresses",
     .type = PARAM_WORDS,
     .values = VALUE_ADDRESS,
     .preset = "127.0.0.1 ::1",
     .doc = "host addresses that ports may be published on; 0.0.0.0 means all"},
    {.name = "min_port", .type = PARAM_NUMBER, .preset = "1024", .doc = "lowest host port allowed"},
    {.name = "add",
     .type = PARAM_FLAG,
     .preset_restricted = "true",
     .doc = "adds the first of the addresses to ports that have none"},
    {.name = "ssh", .type = PARAM_FLAG, .doc = "allows publishing a container's port 22"},
    {0}};

enum { FIX_PORT, FIX_SSH, FIX_ALL };

static const char *const fixes[] = {
    [FIX_PORT] = "publish on a higher host port",
    [FIX_SSH] = "remove it from -p and use docker exec",
    [FIX_ALL] = "remove -P and publish each port, as in -p 127.0.0.1:8080:80",
    NULL,
};

static bool allows_all(const struct rule_input *in)
{
    return rule_allows_word(in, ADDRESSES, SLICE("0.0.0.0"));
}

/* "", "8080" or "8000-8010": the lowest, 0 when the engine chooses one of the free ones. */
static int lowest_port(struct slice text, uint64_t *out)
{
    struct slice low = {0};
    struct slice high = {0};
    uint64_t start = 0;
    uint64_t end = 0;

    if (text.len == 0) {
        *out = 0;
        return 0;
    }
    if (!slice_cut(text, '-', &low, &high)) {
        return parse_u64(low, out);
    }
    if (parse_u64(low, &start) < 0 || parse_u64(high, &end) < 0) {
        return -EINVAL;
    }
    // Engines refuse "0-80" and "90-80", some only at the start; only "0-0" is any port.
    start = start == 0 && end > 0 ? 1 : start;
    *out = start < end ? start : end;
    return 0;
}

/* "22", "22/tcp"; a range of the container's ports is none that the API takes. */
static bool is_ssh(struct slice container_port)
{
    struct slice number = {0};
    struct slice protocol = {0};
    uint64_t port = 0;

    slice_cut(container_port, '/', &number, &protocol);
    return parse_u64(number, &port) == 0 && port == 22 &&
           (protocol.len == 0 || slice_eq_nocase(protocol, SLICE("tcp")));
}

static int published_ports_judge_port(struct rule_input *in, const struct port_spec *port)
{
    uint64_t low = 0;
    int err = 0;

    if (!allows_all(in) && !rule_allows_word(in, ADDRESSES, port->host_ip)) {
        struct slice address = port->host_ip.len > 0 ? port->host_ip : SLICE("0.0.0.0");

        err = rule_object_list(in, ADDRESSES, address, "%.*s publishes on address %.*s",
                               SLICE_ARGS(port->field), SLICE_ARGS(rule_show(in, address)));
    }
    if (err == 0 &&
        (lowest_port(port->host_port, &low) < 0 || (low > 0 && low < in->param[MIN_PORT].number))) {
        struct rule_remedy remedy = {.fix = fixes[FIX_PORT],
                                     .change = {.kind = low > 0 ? CHANGE_SET : CHANGE_OFF,
                                                .param = MIN_PORT,
                                                .number = low}};

        err =
            rule_object_remedy(in, &remedy, "%.*s publishes port %.*s, below %llu",
                               SLICE_ARGS(port->field), SLICE_ARGS(rule_show(in, port->host_port)),
                               (unsigned long long)in->param[MIN_PORT].number);
    }
    if (err == 0 && !in->param[SSH].flag && is_ssh(port->container_port)) {
        struct rule_remedy remedy = {
            .fix = fixes[FIX_SSH],
            .change = {.kind = CHANGE_SET, .param = SSH, .number = 1},
        };

        err = rule_object_remedy(in, &remedy, "%.*s publishes an SSH server",
                                 SLICE_ARGS(port->field));
    }
    return err;
}

static int write_address(struct rule_input *in)
{
    const struct string_list *addresses = &in->param[ADDRESSES].words;

    if (!in->param[ADD].flag || !in->writes || allows_all(in) || addresses->count == 0) {
        return 0;
    }
    return container_edit_addresses(in->container, addresses->item[0]);
}

static int published_ports_check(struct rule_input *in)
{
    if (!in->container || in->update) {
        return 0;
    }
    int err = write_address(in);

    for (size_t i = 0; i < in->container->port_count && err == 0; i++) {
        err = published_ports_judge_port(in, &in->container->ports[i]);
    }
    if (err < 0 || !in->container->publish_all_ports || allows_all(in)) {
        return err;
    }
    struct rule_remedy remedy = {
        .fix = fixes[FIX_ALL],
        .detail = rule_allowed(in, ADDRESSES),
        .change = {.kind = CHANGE_ADD, .param = ADDRESSES, .word = SLICE("0.0.0.0")},
    };

    return rule_object_remedy(in, &remedy, "HostConfig.PublishAllPorts is true: on every address");
}

const struct rule rule_published_ports = {
    .id = "published_ports",
    .summary = "Denies published ports on addresses not in `addresses`, or below `min_port`.",
    .fix = "publish on an allowed address, as in -p 127.0.0.1:8080:80",
    .fixes = fixes,
    .cis = "5.7, 5.8, 5.9, 5.14",
    .start = RULE_FROM_RESTRICTED,
    .params = params,
    .check = published_ports_check,
};
