/*
 * A published port takes a port of the host away from its services, below 1024 one that
 * clients trust, and without an address it listens on every one of the host's.
 */
#include <errno.h>

#include "base/parse.h"
#include "policy/rule.h"

#include "base/banned.h"

enum { ADDRESSES, MIN_PORT };

static const struct rule_param params[] = {
    {.name = "addresses",
     .type = PARAM_WORDS,
     .preset = "127.0.0.1 ::1",
     .doc = "addresses of the host that may be published on; 0.0.0.0 stands for all"},
    {.name = "min_port", .type = PARAM_NUMBER, .preset = "1024", .doc = "lowest port of the host"},
    {0}};

static bool allows_all(const struct rule_input *in)
{
    return rule_allows_word(in, ADDRESSES, SLICE("0.0.0.0"));
}

/* "", "8080" or "8000-8010": the lowest, 0 when the engine chooses one of the free ones. */
static int lowest_port(struct slice text, uint64_t *out)
{
    struct slice low = {0};
    struct slice high = {0};
    uint64_t end = 0;

    if (text.len == 0) {
        *out = 0;
        return 0;
    }
    if (slice_cut(text, '-', &low, &high) && parse_u64(high, &end) < 0) {
        return -EINVAL;
    }
    return parse_u64(low, out);
}

static int judge_port(struct rule_input *in, const struct port_spec *port)
{
    uint64_t low = 0;
    int err = 0;

    if (!allows_all(in) && !rule_allows_word(in, ADDRESSES, port->host_ip)) {
        err = rule_object_list(
            in, ADDRESSES, "%.*s publishes on address %.*s", SLICE_ARGS(port->field),
            SLICE_ARGS(rule_show(in, port->host_ip.len > 0 ? port->host_ip : SLICE("0.0.0.0"))));
    }
    if (err == 0 &&
        (lowest_port(port->host_port, &low) < 0 || (low > 0 && low < in->param[MIN_PORT].number))) {
        err = rule_object(in, "%.*s publishes port %.*s, below %llu", SLICE_ARGS(port->field),
                          SLICE_ARGS(rule_show(in, port->host_port)),
                          (unsigned long long)in->param[MIN_PORT].number);
    }
    return err;
}

static int check(struct rule_input *in)
{
    if (!in->container) {
        return 0;
    }
    for (size_t i = 0; i < in->container->port_count; i++) {
        if (judge_port(in, &in->container->ports[i]) < 0) {
            return -ENOMEM;
        }
    }
    return in->container->publish_all_ports && !allows_all(in)
               ? rule_object_list(in, ADDRESSES,
                                  "HostConfig.PublishAllPorts is true: on every address")
               : 0;
}

const struct rule rule_published_ports = {
    .id = "published_ports",
    .summary = "Refuses published ports but on the listed addresses and from a lowest port on.",
    .fix = "publish as in -p 127.0.0.1:8080:80",
    .cis = "5.8, 5.14",
    .start = RULE_ON_REQUEST,
    .params = params,
    .check = check,
};
