/*
 * What a service says about its containers, gathered from where swarm's specification
 * has it. Source: moby daemon/cluster/convert and daemon/cluster/executor/container.
 */
#include "docker/service_spec.h"

#include <errno.h>

#include "docker/container_parts.h"
#include "docker/fields.h"
#include "docker/service_parts.h"
#include "docker/service_tables.h"

#include "base/banned.h"

#define TASK "TaskTemplate."
#define CONTAINER TASK "ContainerSpec."
#define PRIVILEGES CONTAINER "Privileges."

enum {
    API_CAPABILITIES = 41,      /* the first version in which a service has them */
    API_PIDS_LIMIT = 41,        /* the same */
    API_NO_NEW_PRIVILEGES = 44, /* the same */
    MAX_SECURITY_OPTIONS = 8    /* that Privileges can make: one for each row below, and three */
};

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

static int check_isolation(struct spec_reader *reader, const struct container_spec *spec)
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
    int err = arena_printf(spec->arena, &text, "%s%.*s", key, SLICE_ARGS(value));

    if (err < 0) {
        return err;
    }
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
    int err = 0;

    if (field_bool(context, SLICE("Disable"))) {
        err = add_option(spec, PRIVILEGES "SELinuxContext.Disable", "label=", SLICE("disable"));
    }
    for (size_t i = 0; i < sizeof(label_rows) / sizeof(label_rows[0]) && err == 0; i++) {
        err = add_option(spec, label_rows[i].field, label_rows[i].key,
                         field_string(context, label_rows[i].member));
    }
    return err;
}

/* A profile counts whatever the mode: which of them wins is the engine's affair. */
static int read_profiles(struct container_spec *spec, const struct json *privileges)
{
    const struct json *seccomp = json_member(privileges, SLICE("Seccomp"));
    const struct json *apparmor = json_member(privileges, SLICE("AppArmor"));
    struct slice mode = field_string(seccomp, SLICE("Mode"));
    bool has_profile = field_string(seccomp, SLICE("Profile")).len > 0;
    int err = 0;

    if (has_profile || (mode.len > 0 && !slice_eq(mode, SLICE("default")))) {
        err = add_option(spec, PRIVILEGES "Seccomp",
                         "seccomp=", has_profile ? SLICE("custom") : mode);
    }
    mode = field_string(apparmor, SLICE("Mode"));
    if (err == 0 && !slice_eq(mode, SLICE("default"))) {
        err = add_option(spec, PRIVILEGES "AppArmor", "apparmor=", mode);
    }
    return err;
}

int service_privileges_read(struct container_spec *spec)
{
    const struct json *privileges = json_member(spec->config, SLICE("Privileges"));

    spec->security_opt_count = 0;
    spec->security_opt =
        arena_alloc(spec->arena, MAX_SECURITY_OPTIONS * sizeof(*spec->security_opt));
    if (!spec->security_opt) {
        return -ENOMEM;
    }
    int err = read_selinux(spec, json_member(privileges, SLICE("SELinuxContext")));

    if (err == 0) {
        err = read_profiles(spec, privileges);
    }
    if (err == 0 && field_bool(privileges, SLICE("NoNewPrivileges"))) {
        err = add_option(spec, PRIVILEGES "NoNewPrivileges", "", SLICE("no-new-privileges"));
    }
    return err;
}

/* The task's networks and the service's: an engine takes the second when there is no first. */
static int read_networks(struct container_spec *spec, const struct json *list, const char *prefix)
{
    size_t index = 0;

    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        struct network_endpoint *endpoint = &spec->endpoints[spec->endpoint_count];
        int err = field_string_map(spec->arena, json_member(entry, SLICE("DriverOpts")),
                                   &endpoint->driver_options);

        if (err == 0) {
            err = container_field(spec->arena, prefix, "Networks", index, &endpoint->field);
        }
        if (err < 0) {
            return err;
        }
        endpoint->name = field_string(entry, SLICE("Target"));
        spec->endpoint_count++;
        index++;
    }
    return 0;
}

static int read_endpoints(struct container_spec *spec)
{
    const struct json *task = json_member(spec->tree, SLICE("TaskTemplate"));
    const struct json *of_task = json_member(task, SLICE("Networks"));
    const struct json *of_service = json_member(spec->tree, SLICE("Networks"));
    size_t count = field_count(of_task) + field_count(of_service);

    spec->endpoints = arena_alloc(spec->arena, count * sizeof(*spec->endpoints));
    if (!spec->endpoints) {
        return -ENOMEM;
    }
    int err = read_networks(spec, of_task, TASK);

    return err < 0 ? err : read_networks(spec, of_service, "");
}

static int read_port(struct container_spec *spec, const struct json *entry, struct port_spec *port)
{
    struct slice protocol = field_string(entry, SLICE("Protocol"));
    bool known =
        slice_eq_nocase(protocol, SLICE("udp")) || slice_eq_nocase(protocol, SLICE("sctp"));
    int64_t published = field_int(entry, SLICE("PublishedPort"));
    int err =
        container_field(spec->arena, "EndpointSpec.", "Ports", spec->port_count, &port->field);

    if (err == 0) {
        err = arena_printf(spec->arena, &port->container_port, "%lld/%.*s",
                           (long long)field_int(entry, SLICE("TargetPort")),
                           SLICE_ARGS(known ? protocol : SLICE("tcp"))); // swarm's first
    }
    // 0: swarm chooses one of the free ones.
    if (err == 0 && published != 0) {
        err = arena_printf(spec->arena, &port->host_port, "%lld", (long long)published);
    }
    return err;
}

/* Both modes publish on every address, of this node or of all. */
static int read_ports(struct container_spec *spec)
{
    const struct json *endpoint = json_member(spec->tree, SLICE("EndpointSpec"));
    const struct json *list = json_member(endpoint, SLICE("Ports"));

    spec->ports = arena_alloc(spec->arena, field_count(list) * sizeof(*spec->ports));
    if (!spec->ports) {
        return -ENOMEM;
    }
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        int err = read_port(spec, entry, &spec->ports[spec->port_count]);

        if (err < 0) {
            return err;
        }
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
    const struct json *task = json_member(spec->tree, SLICE("TaskTemplate"));
    const struct json *resources = json_member(task, SLICE("Resources"));
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
}

static void read_limits(struct container_spec *spec, unsigned api_minor)
{
    const struct json *task = json_member(spec->tree, SLICE("TaskTemplate"));
    const struct json *resources = json_member(task, SLICE("Resources"));
    const struct json *limits = json_member(resources, SLICE("Limits"));

    spec->has_pids_limit = json_member(limits, SLICE("Pids")) != NULL;
    spec->drops_pids_limit = api_minor < API_PIDS_LIMIT;
    spec->drops_no_new_privileges = api_minor < API_NO_NEW_PRIVILEGES;
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
    struct json *task = json_member(spec->tree, SLICE("TaskTemplate"));
    struct json *container = json_member(task, SLICE("ContainerSpec"));

    if (!container && spec->plugin_task) {
        container = json_new(spec->arena, JSON_OBJECT);
    } else if (!container) {
        task = service_object_ensure(spec->arena, spec->tree, SLICE("TaskTemplate"));
        container = task ? service_object_ensure(spec->arena, task, SLICE("ContainerSpec")) : NULL;
    }
    spec->config = container;
    spec->host_config = container;
    return container ? 0 : -ENOMEM;
}

/* Go's strings.Fields, as far as it cuts at ASCII. */
static struct slice next_word(struct slice *text)
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

static bool is_ascii(struct slice text)
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
    struct slice address = next_word(&rest);
    struct slice name = next_word(&rest);

    if (name.len == 0 || !is_ascii(entry)) {
        address = entry;
        name = SLICE("?");
    }
    return arena_printf(arena, out, "%.*s:%.*s", SLICE_ARGS(name), SLICE_ARGS(address));
}

static int read_hosts(struct container_spec *spec)
{
    struct string_list *hosts = &spec->extra_hosts;
    struct slice *item = arena_alloc(spec->arena, hosts->count * sizeof(*item));

    if (!item) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < hosts->count; i++) {
        int err = read_host(spec->arena, hosts->item[i], &item[i]);

        if (err < 0) {
            return err;
        }
    }
    hosts->item = item;
    return 0;
}

static int read_parts(struct spec_reader *reader, struct container_spec *spec)
{
    int err = container_env_read(spec);

    container_healthcheck_read(spec);
    read_restart_policy(spec);
    if (err == 0) {
        err = service_privileges_read(spec);
    }
    if (err == 0) {
        err = read_hosts(spec);
    }
    if (err == 0) {
        err = container_mount_list_read(reader, spec, CONTAINER);
    }
    if (err == 0) {
        err = container_ulimits_read(spec, json_member(spec->config, SLICE("Ulimits")), CONTAINER);
    }
    if (err == 0) {
        err = read_endpoints(spec);
    }
    return err < 0 ? err : read_ports(spec);
}

int service_spec_read(struct spec_reader *reader, struct json *tree, unsigned api_minor,
                      struct container_spec *out)
{
    struct container_spec spec = {.tree = tree, .arena = reader->arena, .service = true};

    int err = fields_read(reader, &service_table, tree, &spec);

    if (err == 0) {
        err = check_runtime(reader, json_member(tree, SLICE("TaskTemplate")), &spec);
    }
    if (err == 0) {
        err = find_config(&spec);
    }
    if (err == 0) {
        err = check_isolation(reader, &spec);
    }
    if (err == 0) {
        err = service_templates_check(reader, &spec);
    }
    if (err == 0) {
        err = read_parts(reader, &spec);
    }
    if (err < 0) {
        return err;
    }
    read_limits(&spec, api_minor);
    *out = spec;
    return 0;
}
