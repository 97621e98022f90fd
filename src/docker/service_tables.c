/*
 * Every member that an engine of API 1.24 to 1.55 reads of a service.
 *
 * Sources: moby api/types/swarm (ServiceSpec, TaskSpec, ContainerSpec and what they
 * hold), api/types/swarm/runtime; the API descriptions 1.25 to 1.55.
 */
#include "docker/service_spec.h"

#include "docker/container_spec.h"
#include "docker/container_tables.h"
#include "docker/field_rows.h"

#include "base/banned.h"

// clang-format off
#define PLACED(name, type, member, rules) PLACED_IN(name, type, container_spec, member, rules)

static FIELD_TABLE(selinux_table,
    JUDGED("Disable", FIELD_BOOL, "selinux_options"),
    JUDGED("User",    FIELD_STRING, "selinux_options"),
    JUDGED("Role",    FIELD_STRING, "selinux_options"),
    JUDGED("Type",    FIELD_STRING, "selinux_options"),
    JUDGED("Level",   FIELD_STRING, "selinux_options"),
);

static FIELD_TABLE(seccomp_table,
    JUDGED("Mode",    FIELD_STRING, "seccomp_profile"),
    JUDGED("Profile", FIELD_STRING, "seccomp_profile"), // base64
);

static FIELD_TABLE(apparmor_table, JUDGED("Mode", FIELD_STRING, "apparmor_profile"));

static FIELD_TABLE(privileges_table,
    UNJUDGED("CredentialSpec"), // of Windows: a file of the host's, or its registry
    NESTED("SELinuxContext",  FIELD_OBJECT, selinux_table, NULL),
    NESTED("Seccomp",         FIELD_OBJECT, seccomp_table, NULL), // since 1.44, this and the rest
    NESTED("AppArmor",        FIELD_OBJECT, apparmor_table, NULL),
    JUDGED("NoNewPrivileges", FIELD_BOOL, "privilege_escalation"),
);

static FIELD_TABLE(dns_table,
    PLACED("Nameservers", FIELD_STRINGS, dns, "dns_options"),
    HARMLESS("Search",    FIELD_STRINGS),
    PLACED("Options",     FIELD_STRINGS, dns_options, "dns_options"),
);

/* Where in the container a secret or config is; the file is on a tmpfs of its own. */
static FIELD_TABLE(file_table,
    HARMLESS("Name", FIELD_STRING),
    HARMLESS("UID",  FIELD_STRING),
    HARMLESS("GID",  FIELD_STRING),
    HARMLESS("Mode", FIELD_INT),
);

static FIELD_TABLE(secret_table,
    NESTED_HARMLESS("File", FIELD_OBJECT, file_table),
    HARMLESS("SecretID",    FIELD_STRING),
    HARMLESS("SecretName",  FIELD_STRING),
);

static FIELD_TABLE(config_table,
    NESTED_HARMLESS("File",    FIELD_OBJECT, file_table),
    NESTED_HARMLESS("Runtime", FIELD_OBJECT, nothing_table), // since 1.40
    HARMLESS("ConfigID",       FIELD_STRING),
    HARMLESS("ConfigName",     FIELD_STRING),
);

static FIELD_TABLE(container_table,
    PLACED("Image",             FIELD_STRING,     image, "image_registry image_tag image_digest"),
    PLACED("Labels",            FIELD_STRING_MAP, labels, NULL),
    HARMLESS("Command",         FIELD_STRINGS),
    HARMLESS("Args",            FIELD_STRINGS),
    HARMLESS("Hostname",        FIELD_STRING),
    JUDGED("Env",               FIELD_STRINGS, NULL),
    HARMLESS("Dir",             FIELD_STRING),
    PLACED("User",              FIELD_STRING,     user, "run_as_root root_group"),
    PLACED("Groups",            FIELD_STRINGS,    group_add, "supplementary_groups"),
    NESTED("Privileges",        FIELD_OBJECT,     privileges_table, NULL),
    HARMLESS("Init",            FIELD_BOOL),
    HARMLESS("StopSignal",      FIELD_STRING),
    HARMLESS("TTY",             FIELD_BOOL),
    HARMLESS("OpenStdin",       FIELD_BOOL),
    PLACED("ReadOnly",          FIELD_BOOL,       readonly_rootfs, "read_only_rootfs"),
    NESTED("Mounts",            FIELD_OBJECTS,    container_mount_table, NULL),
    HARMLESS("StopGracePeriod", FIELD_INT),
    NESTED("Healthcheck",       FIELD_OBJECT,     container_healthcheck_table, NULL),
    PLACED("Hosts",             FIELD_STRINGS,    extra_hosts, "extra_hosts"),
    NESTED("DNSConfig",         FIELD_OBJECT,     dns_table, NULL),
    NESTED_HARMLESS("Secrets",  FIELD_OBJECTS,    secret_table),
    NESTED_HARMLESS("Configs",  FIELD_OBJECTS,    config_table),
    PLACED("Isolation",         FIELD_STRING,     isolation, "runtime"),
    PLACED("Sysctls",           FIELD_STRING_MAP, sysctls, "sysctls"),        // since 1.40
    PLACED("CapabilityAdd",     FIELD_STRINGS,    cap_add, "added_capabilities"),        // since 1.41, and the next two
    PLACED("CapabilityDrop",    FIELD_STRINGS,    cap_drop, "dropped_capabilities"),
    NESTED("Ulimits",           FIELD_OBJECTS,    container_ulimit_table, NULL),
    PLACED("OomScoreAdj",       FIELD_INT,        oom_score_adj, "oom_score"),  // since 1.46
);

/* protobuf's names, so in small letters. Any value is plugin_task's affair. */
static FIELD_TABLE(plugin_privilege_table,
    HARMLESS("name",        FIELD_STRING),
    HARMLESS("description", FIELD_STRING),
    HARMLESS("value",       FIELD_STRINGS),
);

static FIELD_TABLE(plugin_table,
    JUDGED("name",       FIELD_STRING, "privileged"),
    JUDGED("remote",     FIELD_STRING, "privileged"),
    NESTED("privileges", FIELD_OBJECTS, plugin_privilege_table, NULL),
    JUDGED("disabled",   FIELD_BOOL, "privileged"),
    JUDGED("env",        FIELD_STRINGS, "privileged"),
);

static FIELD_TABLE(named_resource_table,
    HARMLESS("Kind",  FIELD_STRING),
    HARMLESS("Value", FIELD_STRING),
);

static FIELD_TABLE(discrete_resource_table,
    HARMLESS("Kind",  FIELD_STRING),
    HARMLESS("Value", FIELD_INT),
);

static FIELD_TABLE(generic_resource_table,
    NESTED_HARMLESS("NamedResourceSpec",    FIELD_OBJECT, named_resource_table),
    NESTED_HARMLESS("DiscreteResourceSpec", FIELD_OBJECT, discrete_resource_table),
);

static FIELD_TABLE(limit_table,
    PLACED("NanoCPUs",                  FIELD_INT,     nano_cpus, "cpu_limit"),
    PLACED("MemoryBytes",               FIELD_INT,     memory, "memory_limit"),
    PLACED("Pids",                      FIELD_INT,     pids_limit, "pids_limit"), // since 1.41
    NESTED_HARMLESS("GenericResources", FIELD_OBJECTS, generic_resource_table), // up to 1.40
);

static FIELD_TABLE(reservation_table,
    HARMLESS("NanoCPUs",                FIELD_INT),
    PLACED("MemoryBytes",               FIELD_INT,     memory_reservation, "memory_limit"),
    NESTED_HARMLESS("GenericResources", FIELD_OBJECTS, generic_resource_table),
);

static FIELD_TABLE(resources_table,
    NESTED("Limits",             FIELD_OBJECT, limit_table, NULL),
    NESTED("Reservations",       FIELD_OBJECT, reservation_table, NULL),
    JUDGED("SwapBytes",          FIELD_INT, "memory_limit"), // since 1.52, both
    HARMLESS("MemorySwappiness", FIELD_INT),
);

static FIELD_TABLE(restart_table,
    PLACED("Condition",   FIELD_STRING, restart_policy, "restart_policy"),
    HARMLESS("Delay",     FIELD_INT),
    PLACED("MaxAttempts", FIELD_INT,    restart_max_retries, "restart_policy"),
    HARMLESS("Window",    FIELD_INT),
);

static FIELD_TABLE(spread_table, HARMLESS("SpreadDescriptor", FIELD_STRING));

static FIELD_TABLE(preference_table, NESTED_HARMLESS("Spread", FIELD_OBJECT, spread_table));

static FIELD_TABLE(platform_table,
    HARMLESS("Architecture", FIELD_STRING),
    HARMLESS("OS",           FIELD_STRING),
);

static FIELD_TABLE(placement_table,
    HARMLESS("Constraints",        FIELD_STRINGS),
    NESTED_HARMLESS("Preferences", FIELD_OBJECTS, preference_table),
    HARMLESS("MaxReplicas",        FIELD_INT),
    NESTED_HARMLESS("Platforms",   FIELD_OBJECTS, platform_table),
);

static FIELD_TABLE(network_table,
    JUDGED("Target",     FIELD_STRING, "host_network default_bridge"),
    HARMLESS("Aliases",  FIELD_STRINGS),
    JUDGED("DriverOpts", FIELD_STRING_MAP, "sysctls"),
);

static FIELD_TABLE(log_driver_table,
    PLACED("Name",    FIELD_STRING,     log_driver, "log_driver"),
    PLACED("Options", FIELD_STRING_MAP, log_options, "log_driver"),
);

static FIELD_TABLE(task_table,
    NESTED("ContainerSpec",         FIELD_OBJECT,  container_table, NULL),
    NESTED("PluginSpec",            FIELD_OBJECT,  plugin_table, NULL),
    UNJUDGED("NetworkAttachmentSpec"), // swarm's own, for containers that join its networks
    NESTED("Resources",             FIELD_OBJECT,  resources_table, NULL),
    NESTED("RestartPolicy",         FIELD_OBJECT,  restart_table, NULL),
    NESTED_HARMLESS("Placement",    FIELD_OBJECT,  placement_table),
    NESTED("Networks",              FIELD_OBJECTS, network_table, NULL),
    NESTED("LogDriver",             FIELD_OBJECT,  log_driver_table, NULL),
    HARMLESS("ForceUpdate",         FIELD_INT),
    JUDGED("Runtime",               FIELD_STRING, "privileged"),
);

static FIELD_TABLE(replicated_table, PLACED("Replicas", FIELD_INT, replicas, "service_replicas"));

static FIELD_TABLE(job_table,
    PLACED("MaxConcurrent",    FIELD_INT, job_concurrent, "service_replicas"),
    PLACED("TotalCompletions", FIELD_INT, job_completions, "service_replicas"),
);

static FIELD_TABLE(mode_table,
    NESTED("Replicated",             FIELD_OBJECT, replicated_table, NULL),
    NESTED_HARMLESS("Global",        FIELD_OBJECT, nothing_table),
    NESTED("ReplicatedJob",          FIELD_OBJECT, job_table, NULL), // since 1.41, both
    NESTED_HARMLESS("GlobalJob",     FIELD_OBJECT, nothing_table),
);

static FIELD_TABLE(update_table,
    HARMLESS("Parallelism",     FIELD_INT),
    HARMLESS("Delay",           FIELD_INT),
    HARMLESS("FailureAction",   FIELD_STRING),
    HARMLESS("Monitor",         FIELD_INT),
    HARMLESS("MaxFailureRatio", FIELD_NUMBER),
    HARMLESS("Order",           FIELD_STRING),
);

static FIELD_TABLE(port_table,
    HARMLESS("Name",        FIELD_STRING),
    JUDGED("Protocol",      FIELD_STRING, "published_ports"),
    JUDGED("TargetPort",    FIELD_INT, "published_ports"),
    JUDGED("PublishedPort", FIELD_INT, "published_ports"),
    HARMLESS("PublishMode", FIELD_STRING), // either is on every address
);

static FIELD_TABLE(endpoint_table,
    HARMLESS("Mode", FIELD_STRING),
    NESTED("Ports",  FIELD_OBJECTS, port_table, NULL),
);

FIELD_TABLE(service_table,
    HARMLESS("Name",                  FIELD_STRING),
    HARMLESS("Labels",                FIELD_STRING_MAP),
    NESTED("TaskTemplate",            FIELD_OBJECT,  task_table, NULL),
    NESTED("Mode",                    FIELD_OBJECT,  mode_table, NULL),
    NESTED_HARMLESS("UpdateConfig",   FIELD_OBJECT,  update_table),
    NESTED_HARMLESS("RollbackConfig", FIELD_OBJECT,  update_table),
    NESTED("Networks",                FIELD_OBJECTS, network_table, NULL),
    NESTED("EndpointSpec",            FIELD_OBJECT,  endpoint_table, NULL),
);
// clang-format on
