/*
 * What a service says about its containers, gathered from where swarm's specification
 * has it. Source: moby daemon/cluster/convert and daemon/cluster/executor/container.
 */
#include "docker/tables/service_spec.h"

#include <errno.h>

#include "base/try.h"
#include "docker/tables/container_parts.h"
#include "docker/tables/fields.h"
#include "docker/tables/service_parts.h"

#include "base/banned.h"

#define PRIVILEGES CONTAINER "Privileges."

enum {
    API_CAPABILITIES = 41,      /* the first version in which a service has them */
    API_PIDS_LIMIT = 41,        /* the same */
    API_NO_NEW_PRIVILEGES = 44, /* the same */
    API_SWAP = 52,              /* the same */
    MAX_SECURITY_OPTIONS = 8    /* that Privileges can make: one for each row below, and three */
};

struct json *service_task_member(const struct container_spec *spec, struct slice name)
{
    return json_member(json_member(spec->tree, SLICE("TaskTemplate")), name);
}

static bool is_filled(const struct json *node)
{
    return node && !json_is_zero(node);
}

static int check_runtime(struct spec_reader *reader, const struct json *task,
                         struct container_spec *spec)
{
    struct slice runtime = field_string(task, SLICE("Runtime"));
    bool plugin = slice_eq(runtime, SLICE("plugin"));

    spec->plugin_task = plugin || is_filled(json_member(task, SLICE("PluginSpec")));
    if (runtime.len == 0 || plugin || slice_eq(runtime, SLICE("container"))) {
        return 0;
    }
    return spec_report(reader, SPEC_PROBLEM_REFUSED, SLICE(TASK "Runtime"),
                       "must be empty or \"container\"");
}

static int service_spec_check_isolation(struct spec_reader *reader,
                                        const struct container_spec *spec)
{
    if (spec->isolation.len == 0 || slice_eq(spec->isolation, SLICE("default"))) {
        return 0;
    }
    return spec_report(reader, SPEC_PROBLEM_REFUSED, SLICE(CONTAINER "Isolation"),
                       "must be empty or \"default\"");
}

/* `key` and `value` as a create would say it in SecurityOpt. Nothing for an empty value. */
static int add_option(struct container_spec *spec, const char *field, const char *key,
                      struct slice value)
{
    struct slice text = {0};

    if (value.len == 0) {
        return 0;
    }
    TRY(arena_printf(spec->arena, &text, "%s%.*s", key, SLICE_ARGS(value)));
    spec->security_opt[spec->security_opt_count] = security_option_parse(slice_from(field), text);
    spec->security_opt_count++;
    return 0;
}

struct label_row {
    struct slice member;
    const char *field;
    const char *key;
};

// clang-format off
static const struct label_row label_rows[] = {
    {SLICE_INIT("User"),  PRIVILEGES "SELinuxContext.User",  "label=user:"},
    {SLICE_INIT("Role"),  PRIVILEGES "SELinuxContext.Role",  "label=role:"},
    {SLICE_INIT("Type"),  PRIVILEGES "SELinuxContext.Type",  "label=type:"},
    {SLICE_INIT("Level"), PRIVILEGES "SELinuxContext.Level", "label=level:"},
};
// clang-format on

static int read_selinux(struct container_spec *spec, const struct json *context)
{
    if (field_bool(context, SLICE("Disable"))) {
        TRY(add_option(spec, PRIVILEGES "SELinuxContext.Disable", "label=", SLICE("disable")));
    }
    for (size_t i = 0; i < sizeof(label_rows) / sizeof(label_rows[0]); i++) {
        TRY(add_option(spec, label_rows[i].field, label_rows[i].key,
                       field_string(context, label_rows[i].member)));
    }
    return 0;
}

/* A profile counts whatever the mode: which of them wins is the engine's affair. */
static int read_profiles(struct container_spec *spec, const struct json *privileges)
{
    const struct json *seccomp = json_member(privileges, SLICE("Seccomp"));
    const struct json *apparmor = json_member(privileges, SLICE("AppArmor"));
    struct slice mode = field_string(seccomp, SLICE("Mode"));
    bool has_profile = field_string(seccomp, SLICE("Profile")).len > 0;

    if (has_profile || (mode.len > 0 && !slice_eq(mode, SLICE("default")))) {
        TRY(add_option(spec, PRIVILEGES "Seccomp",
                       "seccomp=", has_profile ? SLICE("custom") : mode));
    }
    mode = field_string(apparmor, SLICE("Mode"));
    if (!slice_eq(mode, SLICE("default"))) {
        TRY(add_option(spec, PRIVILEGES "AppArmor", "apparmor=", mode));
    }
    return 0;
}

int service_privileges_read(struct container_spec *spec)
{
    const struct json *privileges = json_member(spec->config, SLICE("Privileges"));

    spec->security_opt_count = 0;
    spec->security_opt =
        arena_alloc(spec->arena, MAX_SECURITY_OPTIONS * sizeof(*spec->security_opt));
    TRY_ALLOC(spec->security_opt);
    TRY(read_selinux(spec, json_member(privileges, SLICE("SELinuxContext"))));
    TRY(read_profiles(spec, privileges));
    if (field_bool(privileges, SLICE("NoNewPrivileges"))) {
        TRY(add_option(spec, PRIVILEGES "NoNewPrivileges", "", SLICE("no-new-privileges")));
    }
    return 0;
}

/* The task's networks and the service's: an engine takes the second when there is no first. */
static int read_networks(struct container_spec *spec, const struct json *list, const char *prefix)
{
    size_t index = 0;

    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct network_endpoint *endpoint = &spec->endpoints[spec->endpoint_count];

        TRY(field_string_map(spec->arena, json_member(entry, SLICE("DriverOpts")),
                             &endpoint->driver_options));
        TRY(container_field(spec->arena, prefix, "Networks", index, &endpoint->field));
        endpoint->name = field_string(entry, SLICE("Target"));
        spec->endpoint_count++;
        index++;
    }
    return 0;
}

static int service_spec_read_endpoints(struct container_spec *spec)
{
    const struct json *of_task = service_task_member(spec, SLICE("Networks"));
    const struct json *of_service = json_member(spec->tree, SLICE("Networks"));
    size_t count = field_count(of_task) + field_count(of_service);

    spec->endpoints = arena_alloc(spec->arena, count * sizeof(*spec->endpoints));
    TRY_ALLOC(spec->endpoints);
    TRY(read_networks(spec, of_task, TASK));
    return read_networks(spec, of_service, "");
}

static int read_port(struct container_spec *spec, const struct json *entry, struct port_spec *port)
{
    struct slice protocol = field_string(entry, SLICE("Protocol"));
    bool known =
        slice_eq_nocase(protocol, SLICE("udp")) || slice_eq_nocase(protocol, SLICE("sctp"));
    int64_t published = field_int(entry, SLICE("PublishedPort"));

    TRY(container_field(spec->arena, "EndpointSpec.", "Ports", spec->port_count, &port->field));
    TRY(arena_printf(spec->arena, &port->container_port, "%lld/%.*s",
                     (long long)field_int(entry, SLICE("TargetPort")),
                     SLICE_ARGS(known ? protocol : SLICE("tcp")))); // swarm's first
    // 0: swarm chooses one of the free ones.
    if (published != 0) {
        TRY(arena_printf(spec->arena, &port->host_port, "%lld", (long long)published));
    }
    return 0;
}

/* Both modes publish on every address, of this node or of all. */
static int service_spec_read_ports(struct container_spec *spec)
{
    const struct json *endpoint = json_member(spec->tree, SLICE("EndpointSpec"));
    const struct json *list = json_member(endpoint, SLICE("Ports"));

    spec->ports = arena_alloc(spec->arena, field_count(list) * sizeof(*spec->ports));
    TRY_ALLOC(spec->ports);
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        TRY(read_port(spec, entry, &spec->ports[spec->port_count]));
        spec->port_count++;
    }
    return 0;
}

/* Without a policy a service restarts for ever. Source: swarmkit api/defaults. */
static void read_restart_policy(struct container_spec *spec)
{
    if (slice_eq(spec->restart_policy, SLICE("none"))) {
        spec->restart_policy = SLICE("no");
    } else if (spec->restart_policy.len == 0 || slice_eq(spec->restart_policy, SLICE("any"))) {
        spec->restart_policy = SLICE("always");
    }
}

void service_swap_read(struct container_spec *spec)
{
    const struct json *resources = service_task_member(spec, SLICE("Resources"));
    int64_t swap = field_int(resources, SLICE("SwapBytes"));

    spec->memory_swap = 0;
    if (!json_member(resources, SLICE("SwapBytes"))) {
        return;
    }
    if (swap < 0 || (spec->memory > 0 && swap > INT64_MAX - spec->memory)) {
        spec->memory_swap = -1;
    } else if (spec->memory > 0) {
        spec->memory_swap = spec->memory + swap;
    }
    // Without the field there is as much swap as memory.
    if (spec->drops_swap && spec->memory_swap > 0 && swap < spec->memory) {
        spec->memory_swap = 0;
    }
}

static void service_spec_read_limits(struct container_spec *spec, unsigned api_minor)
{
    const struct json *resources = service_task_member(spec, SLICE("Resources"));
    const struct json *limits = json_member(resources, SLICE("Limits"));

    spec->has_pids_limit = json_member(limits, SLICE("Pids")) != NULL;
    spec->drops_pids_limit = api_minor < API_PIDS_LIMIT;
    spec->drops_no_new_privileges = api_minor < API_NO_NEW_PRIVILEGES;
    spec->drops_swap = api_minor < API_SWAP;
    spec->drops_cap_drop = api_minor < API_CAPABILITIES;
    if (spec->drops_cap_drop) {
        json_remove(spec->config, SLICE("CapabilityDrop")); // as the engine does
        spec->cap_drop = (struct string_list){0};
    }
    service_swap_read(spec);
}

/* A plugin has no container, and none is put into its body. */
static int find_config(struct container_spec *spec)
{
    struct json *container = service_task_member(spec, SLICE("ContainerSpec"));

    if (!container && spec->plugin_task) {
        container = json_new(spec->arena, JSON_OBJECT);
    } else if (!container) {
        struct json *task =
            spec_member(spec->arena, spec->tree, SLICE("TaskTemplate"), JSON_OBJECT);

        container = spec_member(spec->arena, task, SLICE("ContainerSpec"), JSON_OBJECT);
    }
    spec->config = container;
    spec->host_config = container;
    return container ? 0 : -ENOMEM;
}

/* Go's strings.Fields, as far as it cuts at ASCII. */
static struct slice service_spec_next_word(struct slice *text)
{
    static const struct slice blanks = SLICE_INIT(" \t\n\v\f\r");
    size_t start = 0;

    while (start < text->len && slice_find(blanks, text->ptr[start]) < blanks.len) {
        start++;
    }
    size_t end = start;

    while (end < text->len && slice_find(blanks, text->ptr[end]) == blanks.len) {
        end++;
    }
    struct slice word = slice_head(slice_from_index(*text, start), end - start);

    *text = slice_from_index(*text, end);
    return word;
}

static bool service_spec_is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] >= 128) {
            return false;
        }
    }
    return true;
}

/*
 * "10.0.0.3 db more" is a create's "db:10.0.0.3". What else it could be, to an engine that
 * cuts at blanks of Unicode too, gets an address that no policy allows: the whole entry.
 */
static int read_host(struct arena *arena, struct slice entry, struct slice *out)
{
    struct slice rest = entry;
    struct slice address = service_spec_next_word(&rest);
    struct slice name = service_spec_next_word(&rest);

    if (name.len == 0 || !service_spec_is_ascii(entry)) {
        address = entry;
        name = SLICE("?");
    }
    return arena_printf(arena, out, "%.*s:%.*s", SLICE_ARGS(name), SLICE_ARGS(address));
}

static int service_spec_read_hosts(struct container_spec *spec)
{
    struct string_list *hosts = &spec->extra_hosts;
    struct slice *item = arena_alloc(spec->arena, hosts->count * sizeof(*item));

    TRY_ALLOC(item);
    for (size_t i = 0; i < hosts->count; i++) {
        TRY(read_host(spec->arena, hosts->item[i], &item[i]));
    }
    hosts->item = item;
    return 0;
}

static int service_spec_read_parts(struct spec_reader *reader, struct container_spec *spec)
{
    TRY(container_env_read(spec));
    container_healthcheck_read(spec);
    read_restart_policy(spec);
    TRY(service_privileges_read(spec));
    TRY(service_spec_read_hosts(spec));
    TRY(container_mount_list_read(reader, spec, CONTAINER));
    TRY(container_ulimits_read(spec, json_member(spec->config, SLICE("Ulimits")), CONTAINER));
    TRY(service_spec_read_endpoints(spec));
    return service_spec_read_ports(spec);
}

int service_spec_read(struct spec_reader *reader, struct json *tree, unsigned api_minor,
                      struct container_spec *out)
{
    struct container_spec spec = {.tree = tree, .arena = reader->arena, .service = true};

    TRY(fields_read(reader, &service_table, tree, &spec));
    TRY(check_runtime(reader, json_member(tree, SLICE("TaskTemplate")), &spec));
    TRY(find_config(&spec));
    TRY(service_spec_check_isolation(reader, &spec));
    TRY(service_templates_check(reader, &spec));
    TRY(service_spec_read_parts(reader, &spec));
    service_spec_read_limits(&spec, api_minor);
    *out = spec;
    return 0;
}
