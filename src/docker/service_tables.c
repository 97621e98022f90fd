/*
 * Every member that an engine of API 1.24 to 1.55 reads of a service.
 *
 * Sources: moby api/types/swarm (ServiceSpec, TaskSpec, ContainerSpec and what they
 * hold), api/types/swarm/runtime; the API descriptions 1.25 to 1.55.
 */
#include "docker/service_tables.h"

#include "docker/container_spec.h"
#include "docker/container_tables.h"

#include "base/banned.h"

// clang-format off
#define HARMLESS(name, type) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, NULL, false, 0, NULL}
#define JUDGED(name, type, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, false, 0, (rules)}
#define PLACED(name, type, member, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, true, \
     offsetof(struct container_spec, member), (rules)}
#define NESTED(name, type, table) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, &(table), false, 0, NULL}
#define NESTED_HARMLESS(name, type, table) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, &(table), false, 0, NULL}
#define UNJUDGED(name) {SLICE_INIT(name), FIELD_STRING, FIELD_UNJUDGED, NULL, false, 0, NULL}
#define TABLE(rows)                 {(rows), sizeof(rows) / sizeof((rows)[0]), NULL}

/* struct{} in Go: whatever it holds is not read. */
static const struct field_table nothing_table = {NULL, 0, NULL};

static const struct field selinux_rows[] = {
    JUDGED("Disable", FIELD_BOOL, "selinux_options"),
    JUDGED("User",    FIELD_STRING, "selinux_options"),
    JUDGED("Role",    FIELD_STRING, "selinux_options"),
    JUDGED("Type",    FIELD_STRING, "selinux_options"),
    JUDGED("Level",   FIELD_STRING, "selinux_options"),
};
static const struct field_table selinux_table = TABLE(selinux_rows);

static const struct field seccomp_rows[] = {
    JUDGED("Mode",    FIELD_STRING, "seccomp_profile"),
    JUDGED("Profile", FIELD_STRING, "seccomp_profile"), // base64
};
static const struct field_table seccomp_table = TABLE(seccomp_rows);

static const struct field apparmor_rows[] = {
    JUDGED("Mode", FIELD_STRING, "apparmor_profile"),
};
static const struct field_table apparmor_table = TABLE(apparmor_rows);

static const struct field privileges_rows[] = {
    UNJUDGED("CredentialSpec"), // of Windows: a file of the host's, or its registry
    NESTED("SELinuxContext",  FIELD_OBJECT, selinux_table),
    NESTED("Seccomp",         FIELD_OBJECT, seccomp_table), // since 1.44, this and the rest
    NESTED("AppArmor",        FIELD_OBJECT, apparmor_table),
    JUDGED("NoNewPrivileges", FIELD_BOOL, "privilege_escalation"),
};
static const struct field_table privileges_table = TABLE(privileges_rows);

static const struct field dns_rows[] = {
    PLACED("Nameservers", FIELD_STRINGS, dns, "dns_options"),
    HARMLESS("Search",    FIELD_STRINGS),
    PLACED("Options",     FIELD_STRINGS, dns_options, "dns_options"),
};
static const struct field_table dns_table = TABLE(dns_rows);

/* Where in the container a secret or config is; the file is on a tmpfs of its own. */
static const struct field file_rows[] = {
    HARMLESS("Name", FIELD_STRING),
    HARMLESS("UID",  FIELD_STRING),
    HARMLESS("GID",  FIELD_STRING),
    HARMLESS("Mode", FIELD_INT),
};
static const struct field_table file_table = TABLE(file_rows);

static const struct field secret_rows[] = {
    NESTED_HARMLESS("File", FIELD_OBJECT, file_table),
    HARMLESS("SecretID",    FIELD_STRING),
    HARMLESS("SecretName",  FIELD_STRING),
};
static const struct field_table secret_table = TABLE(secret_rows);

static const struct field config_rows[] = {
    NESTED_HARMLESS("File",    FIELD_OBJECT, file_table),
    NESTED_HARMLESS("Runtime", FIELD_OBJECT, nothing_table), // since 1.40
    HARMLESS("ConfigID",       FIELD_STRING),
    HARMLESS("ConfigName",     FIELD_STRING),
};
static const struct field_table config_table = TABLE(config_rows);

static const struct field container_rows[] = {
    PLACED("Image",             FIELD_STRING,     image, "image_registry image_tag image_digest"),
    PLACED("Labels",            FIELD_STRING_MAP, labels, NULL),
    HARMLESS("Command",         FIELD_STRINGS),
    HARMLESS("Args",            FIELD_STRINGS),
    HARMLESS("Hostname",        FIELD_STRING),
    JUDGED("Env",               FIELD_STRINGS, NULL),
    HARMLESS("Dir",             FIELD_STRING),
    PLACED("User",              FIELD_STRING,     user, "run_as_root root_group"),
    PLACED("Groups",            FIELD_STRINGS,    group_add, "supplementary_groups"),
    NESTED("Privileges",        FIELD_OBJECT,     privileges_table),
    HARMLESS("Init",            FIELD_BOOL),
    HARMLESS("StopSignal",      FIELD_STRING),
    HARMLESS("TTY",             FIELD_BOOL),
    HARMLESS("OpenStdin",       FIELD_BOOL),
    PLACED("ReadOnly",          FIELD_BOOL,       readonly_rootfs, "read_only_rootfs"),
    NESTED("Mounts",            FIELD_OBJECTS,    container_mount_table),
    HARMLESS("StopGracePeriod", FIELD_INT),
    NESTED("Healthcheck",       FIELD_OBJECT,     container_healthcheck_table),
    PLACED("Hosts",             FIELD_STRINGS,    extra_hosts, "extra_hosts"),
    NESTED("DNSConfig",         FIELD_OBJECT,     dns_table),
    NESTED_HARMLESS("Secrets",  FIELD_OBJECTS,    secret_table),
    NESTED_HARMLESS("Configs",  FIELD_OBJECTS,    config_table),
    PLACED("Isolation",         FIELD_STRING,     isolation, "runtime"),
    PLACED("Sysctls",           FIELD_STRING_MAP, sysctls, "sysctls"),        // since 1.40
    PLACED("CapabilityAdd",     FIELD_STRINGS,    cap_add, "added_capabilities"),        // since 1.41, and the next two
    PLACED("CapabilityDrop",    FIELD_STRINGS,    cap_drop, "dropped_capabilities"),
    NESTED("Ulimits",           FIELD_OBJECTS,    container_ulimit_table),
    PLACED("OomScoreAdj",       FIELD_INT,        oom_score_adj, "oom_score"),  // since 1.46
};
static const struct field_table container_table = TABLE(container_rows);

/* protobuf's names, so in small letters. Any value is plugin_task's affair. */
static const struct field plugin_privilege_rows[] = {
    HARMLESS("name",        FIELD_STRING),
    HARMLESS("description", FIELD_STRING),
    HARMLESS("value",       FIELD_STRINGS),
};
static const struct field_table plugin_privilege_table = TABLE(plugin_privilege_rows);

static const struct field plugin_rows[] = {
    JUDGED("name",       FIELD_STRING, "privileged"),
    JUDGED("remote",     FIELD_STRING, "privileged"),
    NESTED("privileges", FIELD_OBJECTS, plugin_privilege_table),
    JUDGED("disabled",   FIELD_BOOL, "privileged"),
    JUDGED("env",        FIELD_STRINGS, "privileged"),
};
static const struct field_table plugin_table = TABLE(plugin_rows);

static const struct field named_resource_rows[] = {
    HARMLESS("Kind",  FIELD_STRING),
    HARMLESS("Value", FIELD_STRING),
};
static const struct field_table named_resource_table = TABLE(named_resource_rows);

static const struct field discrete_resource_rows[] = {
    HARMLESS("Kind",  FIELD_STRING),
    HARMLESS("Value", FIELD_INT),
};
static const struct field_table discrete_resource_table = TABLE(discrete_resource_rows);

static const struct field generic_resource_rows[] = {
    NESTED_HARMLESS("NamedResourceSpec",    FIELD_OBJECT, named_resource_table),
    NESTED_HARMLESS("DiscreteResourceSpec", FIELD_OBJECT, discrete_resource_table),
};
static const struct field_table generic_resource_table = TABLE(generic_resource_rows);

static const struct field limit_rows[] = {
    PLACED("NanoCPUs",                  FIELD_INT,     nano_cpus, "cpu_limit"),
    PLACED("MemoryBytes",               FIELD_INT,     memory, "memory_limit"),
    PLACED("Pids",                      FIELD_INT,     pids_limit, "pids_limit"), // since 1.41
    NESTED_HARMLESS("GenericResources", FIELD_OBJECTS, generic_resource_table), // up to 1.40
};
static const struct field_table limit_table = TABLE(limit_rows);

static const struct field reservation_rows[] = {
    HARMLESS("NanoCPUs",                FIELD_INT),
    PLACED("MemoryBytes",               FIELD_INT,     memory_reservation, "memory_limit"),
    NESTED_HARMLESS("GenericResources", FIELD_OBJECTS, generic_resource_table),
};
static const struct field_table reservation_table = TABLE(reservation_rows);

static const struct field resources_rows[] = {
    NESTED("Limits",             FIELD_OBJECT, limit_table),
    NESTED("Reservations",       FIELD_OBJECT, reservation_table),
    JUDGED("SwapBytes",          FIELD_INT, "memory_limit"), // since 1.52, both
    HARMLESS("MemorySwappiness", FIELD_INT),
};
static const struct field_table resources_table = TABLE(resources_rows);

static const struct field restart_rows[] = {
    PLACED("Condition",   FIELD_STRING, restart_policy, "restart_policy"),
    HARMLESS("Delay",     FIELD_INT),
    PLACED("MaxAttempts", FIELD_INT,    restart_max_retries, "restart_policy"),
    HARMLESS("Window",    FIELD_INT),
};
static const struct field_table restart_table = TABLE(restart_rows);

static const struct field spread_rows[] = {
    HARMLESS("SpreadDescriptor", FIELD_STRING),
};
static const struct field_table spread_table = TABLE(spread_rows);

static const struct field preference_rows[] = {
    NESTED_HARMLESS("Spread", FIELD_OBJECT, spread_table),
};
static const struct field_table preference_table = TABLE(preference_rows);

static const struct field platform_rows[] = {
    HARMLESS("Architecture", FIELD_STRING),
    HARMLESS("OS",           FIELD_STRING),
};
static const struct field_table platform_table = TABLE(platform_rows);

static const struct field placement_rows[] = {
    HARMLESS("Constraints",        FIELD_STRINGS),
    NESTED_HARMLESS("Preferences", FIELD_OBJECTS, preference_table),
    HARMLESS("MaxReplicas",        FIELD_INT),
    NESTED_HARMLESS("Platforms",   FIELD_OBJECTS, platform_table),
};
static const struct field_table placement_table = TABLE(placement_rows);

static const struct field network_rows[] = {
    JUDGED("Target",     FIELD_STRING, "host_network default_bridge"),
    HARMLESS("Aliases",  FIELD_STRINGS),
    JUDGED("DriverOpts", FIELD_STRING_MAP, "sysctls"),
};
static const struct field_table network_table = TABLE(network_rows);

static const struct field log_driver_rows[] = {
    PLACED("Name",    FIELD_STRING,     log_driver, "log_driver"),
    PLACED("Options", FIELD_STRING_MAP, log_options, "log_driver"),
};
static const struct field_table log_driver_table = TABLE(log_driver_rows);

static const struct field task_rows[] = {
    NESTED("ContainerSpec",         FIELD_OBJECT,  container_table),
    NESTED("PluginSpec",            FIELD_OBJECT,  plugin_table),
    UNJUDGED("NetworkAttachmentSpec"), // swarm's own, for containers that join its networks
    NESTED("Resources",             FIELD_OBJECT,  resources_table),
    NESTED("RestartPolicy",         FIELD_OBJECT,  restart_table),
    NESTED_HARMLESS("Placement",    FIELD_OBJECT,  placement_table),
    NESTED("Networks",              FIELD_OBJECTS, network_table),
    NESTED("LogDriver",             FIELD_OBJECT,  log_driver_table),
    HARMLESS("ForceUpdate",         FIELD_INT),
    JUDGED("Runtime",               FIELD_STRING, "privileged"),
};
static const struct field_table task_table = TABLE(task_rows);

static const struct field replicated_rows[] = {
    HARMLESS("Replicas", FIELD_INT),
};
static const struct field_table replicated_table = TABLE(replicated_rows);

static const struct field job_rows[] = {
    HARMLESS("MaxConcurrent",    FIELD_INT),
    HARMLESS("TotalCompletions", FIELD_INT),
};
static const struct field_table job_table = TABLE(job_rows);

static const struct field mode_rows[] = {
    NESTED_HARMLESS("Replicated",    FIELD_OBJECT, replicated_table),
    NESTED_HARMLESS("Global",        FIELD_OBJECT, nothing_table),
    NESTED_HARMLESS("ReplicatedJob", FIELD_OBJECT, job_table), // since 1.41, both
    NESTED_HARMLESS("GlobalJob",     FIELD_OBJECT, nothing_table),
};
static const struct field_table mode_table = TABLE(mode_rows);

static const struct field update_rows[] = {
    HARMLESS("Parallelism",     FIELD_INT),
    HARMLESS("Delay",           FIELD_INT),
    HARMLESS("FailureAction",   FIELD_STRING),
    HARMLESS("Monitor",         FIELD_INT),
    HARMLESS("MaxFailureRatio", FIELD_NUMBER),
    HARMLESS("Order",           FIELD_STRING),
};
static const struct field_table update_table = TABLE(update_rows);

static const struct field port_rows[] = {
    HARMLESS("Name",        FIELD_STRING),
    JUDGED("Protocol",      FIELD_STRING, "published_ports"),
    JUDGED("TargetPort",    FIELD_INT, "published_ports"),
    JUDGED("PublishedPort", FIELD_INT, "published_ports"),
    HARMLESS("PublishMode", FIELD_STRING), // either is on every address
};
static const struct field_table port_table = TABLE(port_rows);

static const struct field endpoint_rows[] = {
    HARMLESS("Mode", FIELD_STRING),
    NESTED("Ports",  FIELD_OBJECTS, port_table),
};
static const struct field_table endpoint_table = TABLE(endpoint_rows);

static const struct field service_rows[] = {
    HARMLESS("Name",                  FIELD_STRING),
    HARMLESS("Labels",                FIELD_STRING_MAP),
    NESTED("TaskTemplate",            FIELD_OBJECT,  task_table),
    NESTED_HARMLESS("Mode",           FIELD_OBJECT,  mode_table),
    NESTED_HARMLESS("UpdateConfig",   FIELD_OBJECT,  update_table),
    NESTED_HARMLESS("RollbackConfig", FIELD_OBJECT,  update_table),
    NESTED("Networks",                FIELD_OBJECTS, network_table),
    NESTED("EndpointSpec",            FIELD_OBJECT,  endpoint_table),
};
const struct field_table service_table = TABLE(service_rows);
// clang-format on
