/*
 * Every member that an engine of API 1.24 to 1.55 reads of a service.
 *
 * Sources: moby api/types/swarm (ServiceSpec, TaskSpec, ContainerSpec and what they
 * hold), api/types/swarm/runtime; the API descriptions 1.25 to 1.55.
 */
#include "docker/tables/service_spec.h"

#include "docker/tables/container_spec.h"
#include "docker/tables/container_tables.h"
#include "docker/tables/field_rows.h"

#include "base/banned.h"

// clang-format off
#define PLACED(name, type, member, rules) PLACED_IN(name, type, container_spec, member, rules)

static FIELD_TABLE(selinux_table,
    JUDGED("Disable", FIELD_BOOL, "selinux_options"),
    JUDGED("User",    STRING(PARSED), "selinux_options"),
    JUDGED("Role",    STRING(OPAQUE), "selinux_options"),
    JUDGED("Type",    STRING(OPAQUE), "selinux_options"),
    JUDGED("Level",   STRING(OPAQUE), "selinux_options"),
);

static FIELD_TABLE(seccomp_table,
    JUDGED("Mode",    STRING(OPAQUE), "seccomp_profile"),
    JUDGED("Profile", STRING(OPAQUE), "seccomp_profile"), // base64
);

static FIELD_TABLE(apparmor_table, JUDGED("Mode", STRING(OPAQUE), "apparmor_profile"));

static FIELD_TABLE(privileges_table,
    UNJUDGED("CredentialSpec"), // of Windows: a file of the host's, or its registry
    NESTED("SELinuxContext",  FIELD_OBJECT, selinux_table, NULL),
    NESTED("Seccomp",         FIELD_OBJECT, seccomp_table, NULL), // since 1.44, this and the rest
    NESTED("AppArmor",        FIELD_OBJECT, apparmor_table, NULL),
    JUDGED("NoNewPrivileges", FIELD_BOOL, "privilege_escalation"),
);

static FIELD_TABLE(dns_table,
    PLACED("Nameservers", STRINGS(LINE), dns, "dns_options"),
    HARMLESS("Search",    STRINGS(LINE)),
    PLACED("Options",     STRINGS(LINE), dns_options, "dns_options"),
);

/* Where in the container a secret or config is; the file is on a tmpfs of its own. */
static FIELD_TABLE(file_table,
    HARMLESS("Name", STRING(OPAQUE)),
    HARMLESS("UID",  STRING(OPAQUE)),
    HARMLESS("GID",  STRING(OPAQUE)),
    HARMLESS("Mode", FIELD_INT),
);

static FIELD_TABLE(secret_table,
    NESTED_HARMLESS("File", FIELD_OBJECT, file_table),
    HARMLESS("SecretID",    STRING(OPAQUE)),
    HARMLESS("SecretName",  STRING(OPAQUE)),
);

/* A config of the runtime, since 1.40, is of use to a credential specification alone. */
static FIELD_TABLE(config_table,
    NESTED_HARMLESS("File", FIELD_OBJECT, file_table),
    UNJUDGED("Runtime"),
    HARMLESS("ConfigID",    STRING(OPAQUE)),
    HARMLESS("ConfigName",  STRING(OPAQUE)),
);

static FIELD_TABLE(container_table,
    PLACED("Image",             STRING(PARSED),     image, "image_registry image_tag image_digest"),
    PLACED("Labels",            STRING_MAP(OPAQUE, OPAQUE), labels, NULL),
    HARMLESS("Command",         STRINGS(OPAQUE)),
    HARMLESS("Args",            STRINGS(OPAQUE)),
    HARMLESS("Hostname",        STRING(LINE)),
    JUDGED("Env",               STRINGS(OPAQUE), NULL),
    HARMLESS("Dir",             STRING(OPAQUE)),
    PLACED("User",              STRING(PARSED),     user, "run_as_root root_group"),
    PLACED("Groups",            STRINGS(PARSED),    group_add, "supplementary_groups"),
    NESTED("Privileges",        FIELD_OBJECT,     privileges_table, NULL),
    HARMLESS("Init",            FIELD_BOOL),
    HARMLESS("StopSignal",      STRING(OPAQUE)),
    HARMLESS("TTY",             FIELD_BOOL),
    HARMLESS("OpenStdin",       FIELD_BOOL),
    PLACED("ReadOnly",          FIELD_BOOL,       readonly_rootfs, "read_only_rootfs"),
    NESTED("Mounts",            FIELD_OBJECTS,    container_mount_table, NULL),
    HARMLESS("StopGracePeriod", FIELD_INT),
    NESTED("Healthcheck",       FIELD_OBJECT,     container_healthcheck_table, NULL),
    PLACED("Hosts",             STRINGS(LINE),    extra_hosts, "extra_hosts"),
    NESTED("DNSConfig",         FIELD_OBJECT,     dns_table, NULL),
    NESTED_HARMLESS("Secrets",  FIELD_OBJECTS,    secret_table),
    NESTED_HARMLESS("Configs",  FIELD_OBJECTS,    config_table),
    PLACED("Isolation",         STRING(OPAQUE),     isolation, "runtime"),
    PLACED("Sysctls",           STRING_MAP(OPAQUE, OPAQUE), sysctls, "sysctls"),        // since 1.40
    PLACED("CapabilityAdd",     STRINGS(PARSED),    cap_add, "added_capabilities"),        // since 1.41, and the next two
    PLACED("CapabilityDrop",    STRINGS(PARSED),    cap_drop, "dropped_capabilities"),
    NESTED("Ulimits",           FIELD_OBJECTS,    container_ulimit_table, NULL),
    PLACED("OomScoreAdj",       FIELD_INT,        oom_score_adj, "oom_score"),  // since 1.46
);

/* protobuf's names, so in small letters. Any value is plugin_task's affair. */
static FIELD_TABLE(plugin_privilege_table,
    HARMLESS("name",        STRING(OPAQUE)),
    HARMLESS("description", STRING(OPAQUE)),
    HARMLESS("value",       STRINGS(OPAQUE)),
);

static FIELD_TABLE(plugin_table,
    JUDGED("name",       STRING(OPAQUE), "privileged"),
    JUDGED("remote",     STRING(OPAQUE), "privileged"),
    NESTED("privileges", FIELD_OBJECTS, plugin_privilege_table, NULL),
    JUDGED("disabled",   FIELD_BOOL, "privileged"),
    JUDGED("env",        STRINGS(OPAQUE), "privileged"),
);

static FIELD_TABLE(named_resource_table,
    HARMLESS("Kind",  STRING(OPAQUE)),
    HARMLESS("Value", STRING(OPAQUE)),
);

static FIELD_TABLE(discrete_resource_table,
    HARMLESS("Kind",  STRING(OPAQUE)),
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
    PLACED("Condition",   STRING(OPAQUE), restart_policy, "restart_policy"),
    HARMLESS("Delay",     FIELD_INT),
    PLACED("MaxAttempts", FIELD_INT,    restart_max_retries, "restart_policy"),
    HARMLESS("Window",    FIELD_INT),
);

static FIELD_TABLE(spread_table, HARMLESS("SpreadDescriptor", STRING(OPAQUE)));

static FIELD_TABLE(preference_table, NESTED_HARMLESS("Spread", FIELD_OBJECT, spread_table));

static FIELD_TABLE(platform_table,
    HARMLESS("Architecture", STRING(OPAQUE)),
    HARMLESS("OS",           STRING(OPAQUE)),
);

static FIELD_TABLE(placement_table,
    HARMLESS("Constraints",        STRINGS(OPAQUE)),
    NESTED_HARMLESS("Preferences", FIELD_OBJECTS, preference_table),
    HARMLESS("MaxReplicas",        FIELD_INT),
    NESTED_HARMLESS("Platforms",   FIELD_OBJECTS, platform_table),
);

static FIELD_TABLE(network_table,
    JUDGED("Target",     STRING(PARSED), "host_network default_bridge"),
    HARMLESS("Aliases",  STRINGS(LINE)),
    JUDGED("DriverOpts", STRING_MAP(PARSED, PARSED), "sysctls"),
);

static FIELD_TABLE(log_driver_table,
    PLACED("Name",    STRING(OPAQUE),     log_driver, "log_driver"),
    PLACED("Options", STRING_MAP(OPAQUE, OPAQUE), log_options, "log_driver"),
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
    JUDGED("Runtime",               STRING(OPAQUE), "privileged"),
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
    HARMLESS("FailureAction",   STRING(OPAQUE)),
    HARMLESS("Monitor",         FIELD_INT),
    HARMLESS("MaxFailureRatio", FIELD_NUMBER),
    HARMLESS("Order",           STRING(OPAQUE)),
);

static FIELD_TABLE(port_table,
    HARMLESS("Name",        STRING(OPAQUE)),
    JUDGED("Protocol",      STRING(OPAQUE), "published_ports"),
    JUDGED("TargetPort",    FIELD_INT, "published_ports"),
    JUDGED("PublishedPort", FIELD_INT, "published_ports"),
    HARMLESS("PublishMode", STRING(OPAQUE)), // either is on every address
);

static FIELD_TABLE(endpoint_table,
    HARMLESS("Mode", STRING(OPAQUE)),
    NESTED("Ports",  FIELD_OBJECTS, port_table, NULL),
);

FIELD_TABLE(service_table,
    HARMLESS("Name",                  STRING(OPAQUE)),
    HARMLESS("Labels",                STRING_MAP(OPAQUE, OPAQUE)),
    NESTED("TaskTemplate",            FIELD_OBJECT,  task_table, NULL),
    NESTED("Mode",                    FIELD_OBJECT,  mode_table, NULL),
    NESTED_HARMLESS("UpdateConfig",   FIELD_OBJECT,  update_table),
    NESTED_HARMLESS("RollbackConfig", FIELD_OBJECT,  update_table),
    NESTED("Networks",                FIELD_OBJECTS, network_table, NULL),
    NESTED("EndpointSpec",            FIELD_OBJECT,  endpoint_table, NULL),
);
// clang-format on
