/*
 * Every member that an engine of API 1.24 to 1.55 reads in the bodies of create,
 * update, commit and network connect, plus what real clients send beside them.
 *
 * Sources: moby api/types/container (Config, HostConfig, Resources), api/types/mount,
 * api/types/network, api/types/blkiodev, runconfig; the API descriptions 1.25 to 1.55.
 */
#include "docker/tables/container_tables.h"

#include "docker/tables/container_spec.h"
#include "docker/tables/field_rows.h"

#include "base/banned.h"

// clang-format off
#define PLACED(name, type, member, rules) PLACED_IN(name, type, container_spec, member, rules)
#define LISTED(name, type, table, member, rules) \
    ROW(name, type, FIELD_JUDGED, table, FIELD_MEMBER_PLACED, \
        offsetof(struct container_spec, list.member), rules)

static FIELD_TABLE(log_config_table,
    PLACED("Type",   STRING(OPAQUE), log_driver, "log_driver"),
    PLACED("Config", STRING_MAP(LOG_OPTION, OPAQUE), log_options, "log_driver"),
);

static FIELD_TABLE(restart_policy_table,
    PLACED("Name",              STRING(JOINED), restart_policy, "restart_policy"),
    PLACED("MaximumRetryCount", FIELD_INT,    restart_max_retries, "restart_policy"),
);

static FIELD_TABLE(port_binding_table,
    JUDGED("HostIp",   STRING(PARSED), "published_ports"),
    JUDGED("HostPort", STRING(PORT), "published_ports"),
);

static FIELD_TABLE(weight_device_table,
    JUDGED("Path",     STRING(JOINED), "host_devices"),
    HARMLESS("Weight", FIELD_INT),
);

static FIELD_TABLE(throttle_device_table,
    JUDGED("Path",   STRING(JOINED), "host_devices"),
    HARMLESS("Rate", FIELD_INT),
);

static FIELD_TABLE(device_table,
    JUDGED("PathOnHost",        STRING(JOINED), "host_devices"),
    JUDGED("PathInContainer",   STRING(JOINED), NULL),
    JUDGED("CgroupPermissions", STRING(JOINED), NULL),
);

static FIELD_TABLE(device_request_table,
    JUDGED("Driver",         STRING(OPAQUE), NULL),
    JUDGED("Count",          FIELD_INT, NULL),
    JUDGED("DeviceIDs",      STRINGS(CDI), NULL),
    HARMLESS("Capabilities", STRING_LISTS(OPAQUE)), // any request at all is judged
    JUDGED("Options",        STRING_MAP(OPAQUE, OPAQUE), NULL),
);

FIELD_TABLE(container_ulimit_table,
    JUDGED("Name", STRING(ULIMIT), "ulimits"),
    JUDGED("Soft", FIELD_INT, "ulimits"),
    JUDGED("Hard", FIELD_INT, "ulimits"),
);

static FIELD_TABLE(bind_options_table,
    JUDGED("Propagation",              STRING(MOUNT), "mount_propagation"),
    HARMLESS("NonRecursive",           FIELD_BOOL),
    JUDGED("CreateMountpoint",         FIELD_BOOL, NULL), // since 1.42
    UNJUDGED("ReadOnlyNonRecursive"),               // since 1.44, both: what is mounted below stays writable
    HARMLESS("ReadOnlyForceRecursive", FIELD_BOOL),
);

static FIELD_TABLE(driver_table,
    JUDGED("Name",    STRING(OPAQUE), "volume_driver host_path_mount"),
    JUDGED("Options", STRING_MAP(PARSED, PARSED), "docker_socket_mount host_path_mount"),
);

static FIELD_TABLE(volume_options_table,
    JUDGED("NoCopy",       FIELD_BOOL, "live_tree"),
    HARMLESS("Labels",     STRING_MAP(OPAQUE, OPAQUE)),
    JUDGED("Subpath",      STRING(OPAQUE), NULL), // since 1.45
    NESTED("DriverConfig", FIELD_OBJECT, driver_table, NULL),
);

static FIELD_TABLE(tmpfs_options_table,
    JUDGED("SizeBytes", FIELD_INT, NULL),
    JUDGED("Mode",      FIELD_INT, "tmpfs_options"),
    JUDGED("Options",   STRING_LISTS(PARSED), "tmpfs_options"), // since 1.46
);

static FIELD_TABLE(image_options_table, JUDGED("Subpath", STRING(OPAQUE), NULL));

FIELD_TABLE(container_mount_table,
    JUDGED("Type",           STRING(MOUNT), "host_path_mount image_mount"),
    JUDGED("Source",         STRING(MOUNT), "docker_socket_mount host_path_mount"),
    JUDGED("Target",         STRING(MOUNT), "host_path_mount"),
    JUDGED("ReadOnly",       FIELD_BOOL, "host_path_mount"),
    HARMLESS("Consistency",  STRING(MOUNT)),
    NESTED("BindOptions",    FIELD_OBJECT, bind_options_table, NULL),
    NESTED("VolumeOptions",  FIELD_OBJECT, volume_options_table, NULL),
    NESTED("TmpfsOptions",   FIELD_OBJECT, tmpfs_options_table, NULL),
    NESTED("ImageOptions",   FIELD_OBJECT, image_options_table, NULL), // since 1.48
    NESTED("ClusterOptions", FIELD_OBJECT, nothing_table, NULL),       // since 1.42
);

FIELD_TABLE(container_healthcheck_table,
    JUDGED("Test",            STRINGS(OPAQUE), "healthcheck"),
    JUDGED("Interval",        FIELD_INT, "healthcheck"),
    HARMLESS("Timeout",       FIELD_INT),
    HARMLESS("StartPeriod",   FIELD_INT),
    JUDGED("StartInterval",   FIELD_INT, "healthcheck"), // since 1.44
    JUDGED("Retries",         FIELD_INT, "healthcheck"),
);

static FIELD_TABLE(ipam_table,
    JUDGED("IPv4Address",  STRING(PARSED), "network_driver"),
    JUDGED("IPv6Address",  STRING(PARSED), "network_driver"),
    JUDGED("LinkLocalIPs", STRINGS(PARSED), "network_driver"),
);

/*
 * The operational part is the engine's to fill in, but clients that copy an
 * inspected container send it back. NetworkID is a trap: for a user-defined
 * network the engine prefers it to the name, which is what we judge.
 * Source: moby daemon/container_operations.go, getNetworkID.
 */
FIELD_TABLE(container_endpoint_table,
    NESTED("IPAMConfig",   FIELD_OBJECT, ipam_table, NULL),
    JUDGED("Links",        STRINGS(PARSED), "container_links"),
    HARMLESS("Aliases",    STRINGS(LINE)),
    JUDGED("MacAddress",   STRING(PARSED), "network_driver"),
    JUDGED("DriverOpts",   STRING_MAP(PARSED, PARSED), "network_driver sysctls"), // since 1.32
    HARMLESS("GwPriority", FIELD_INT),        // since 1.48
    DROPPED("NetworkID"),
    DROPPED("EndpointID"),
    DROPPED("Gateway"),
    DROPPED("IPAddress"),
    DROPPED("IPPrefixLen"),
    DROPPED("IPv6Gateway"),
    DROPPED("GlobalIPv6Address"),
    DROPPED("GlobalIPv6PrefixLen"),
    DROPPED("DNSNames"),
);

static FIELD_TABLE(networking_table,
    LISTED("EndpointsConfig", OBJECT_MAP(PARSED), &container_endpoint_table, endpoints,
           "host_network default_bridge"),
);

/* moby's Resources: embedded in HostConfig, and the body of an update. */
#define RESOURCE_ROWS \
    PLACED("CpuShares",            FIELD_INT,     cpu_shares, "cpu_limit"), \
    PLACED("Memory",               FIELD_INT,     memory, "memory_limit"), \
    PLACED("NanoCpus",             FIELD_INT,     nano_cpus, "cpu_limit"), \
    PLACED("CgroupParent",         STRING(PARSED),  cgroup_parent, "cgroup_parent"), \
    HARMLESS("BlkioWeight",        FIELD_INT), \
    LISTED("BlkioWeightDevice",    FIELD_OBJECTS, &weight_device_table, blkio[0], NULL), \
    LISTED("BlkioDeviceReadBps",   FIELD_OBJECTS, &throttle_device_table, blkio[1], NULL), \
    LISTED("BlkioDeviceWriteBps",  FIELD_OBJECTS, &throttle_device_table, blkio[2], NULL), \
    LISTED("BlkioDeviceReadIOps",  FIELD_OBJECTS, &throttle_device_table, blkio[3], NULL), \
    LISTED("BlkioDeviceWriteIOps", FIELD_OBJECTS, &throttle_device_table, blkio[4], NULL), \
    PLACED("CpuPeriod",            FIELD_INT,     cpu_period, "cpu_limit"), \
    PLACED("CpuQuota",             FIELD_INT,     cpu_quota, "cpu_limit"), \
    HARMLESS("CpuRealtimePeriod",  FIELD_INT), \
    PLACED("CpuRealtimeRuntime",   FIELD_INT,     cpu_realtime_runtime, "cpu_limit"), \
    HARMLESS("CpusetCpus",         STRING(OPAQUE)), \
    HARMLESS("CpusetMems",         STRING(OPAQUE)), \
    LISTED("Devices",              FIELD_OBJECTS, &device_table, devices, NULL), \
    PLACED("DeviceCgroupRules",    STRINGS(PARSED), device_cgroup_rules, "device_cgroup_rules"), \
    LISTED("DeviceRequests",       FIELD_OBJECTS, &device_request_table, device_requests, "device_requests"), \
    HARMLESS("DiskQuota",          FIELD_INT),    /* in descriptions up to 1.37, read by none */ \
    HARMLESS("KernelMemory",       FIELD_INT), \
    HARMLESS("KernelMemoryTCP",    FIELD_INT), \
    PLACED("MemoryReservation",    FIELD_INT,     memory_reservation, "memory_limit"), \
    PLACED("MemorySwap",           FIELD_INT,     memory_swap, "memory_limit"), \
    HARMLESS("MemorySwappiness",   FIELD_INT), \
    PLACED("OomKillDisable",       FIELD_BOOL,    oom_kill_disable, "oom_score"), \
    PLACED("PidsLimit",            FIELD_INT,     pids_limit, "pids_limit"), \
    LISTED("Ulimits",              FIELD_OBJECTS, &container_ulimit_table, ulimits, NULL), \
    PLACED("CpuCount",             FIELD_INT,     cpu_count, NULL),  /* this and the rest: Windows */ \
    HARMLESS("CpuPercent",         FIELD_INT), \
    HARMLESS("IOMaximumIOps",      FIELD_INT), \
    HARMLESS("IOMaximumBandwidth", FIELD_INT)

FIELD_TABLE(container_update_table,
    RESOURCE_ROWS,
    NESTED("RestartPolicy", FIELD_OBJECT, restart_policy_table, NULL),
    DROPPED("Init"), // in the descriptions since 1.37, but update doesn't read it
);

/* In the order in which Go clients send them: looking up a name begins at the row after the last. */
FIELD_TABLE(container_host_config_table,
    LISTED("Binds",           STRINGS(PARSED), NULL, binds, "docker_socket_mount host_path_mount mount_propagation"),
    DROPPED("ContainerIDFile"), // the client's own note, which the engine only keeps
    NESTED("LogConfig",       FIELD_OBJECT, log_config_table, NULL),
    PLACED("NetworkMode",     STRING(NETWORK), network_mode,
           "host_network namespace_sharing default_bridge container_links"),
    LISTED("PortBindings",    OBJECTS_MAP(PARSED), &port_binding_table, port_bindings, "published_ports"),
    NESTED("RestartPolicy",   FIELD_OBJECT, restart_policy_table, NULL),
    HARMLESS("AutoRemove",    FIELD_BOOL),
    PLACED("VolumeDriver",    STRING(OPAQUE), volume_driver, "volume_driver host_path_mount"),
    PLACED("VolumesFrom",     STRINGS(PARSED), volumes_from, "volumes_from"),
    HARMLESS("ConsoleSize",   FIELD_INT_PAIR),
    PLACED("Annotations",     STRING_MAP(KEY, OPAQUE), annotations, "runtime"), // since 1.43
    REFUSED("Capabilities"), // of a development version of 1.40: the whole set at once
    PLACED("CapAdd",          STRING_OR_STRINGS(PARSED), cap_add, "added_capabilities host_path_owner"),
    PLACED("CapDrop",         STRING_OR_STRINGS(PARSED), cap_drop, "dropped_capabilities"),
    PLACED("CgroupnsMode",    STRING(NAMESPACE), cgroupns_mode, "host_cgroupns namespace_sharing"),
    PLACED("Dns",             STRINGS(LINE), dns, "dns_options"),
    PLACED("DnsOptions",      STRINGS(LINE), dns_options, "dns_options"),
    HARMLESS("DnsSearch",     STRINGS(LINE)),
    PLACED("ExtraHosts",      STRINGS(LINE), extra_hosts, "extra_hosts"),
    PLACED("GroupAdd",        STRINGS(GROUP), group_add, "supplementary_groups"),
    PLACED("IpcMode",         STRING(NAMESPACE), ipc_mode, "host_ipc namespace_sharing"),
    PLACED("Cgroup",          STRING(NAMESPACE), cgroup, "namespace_sharing"),
    PLACED("Links",           STRINGS(PARSED), links, "container_links"),
    PLACED("OomScoreAdj",     FIELD_INT, oom_score_adj, "oom_score"),
    PLACED("PidMode",         STRING(NAMESPACE), pid_mode, "host_pid namespace_sharing"),
    PLACED("Privileged",      FIELD_BOOL, privileged, "privileged"),
    PLACED("PublishAllPorts", FIELD_BOOL, publish_all_ports, "published_ports"),
    PLACED("ReadonlyRootfs",  FIELD_BOOL, readonly_rootfs, "read_only_rootfs"),
    LISTED("SecurityOpt",     STRINGS(SECURITY), NULL, security_opt, "privilege_escalation seccomp_profile apparmor_profile selinux_options masked_paths"),
    PLACED("StorageOpt",      STRING_MAP(KEY, OPAQUE), storage_opt, "storage_options"),
    LISTED("Tmpfs",           STRING_MAP(TMPFS, TMPFS), NULL, tmpfs, "tmpfs_options host_path_mount"),
    PLACED("UTSMode",         STRING(NAMESPACE), uts_mode, "host_uts namespace_sharing"),
    PLACED("UsernsMode",      STRING(NAMESPACE), userns_mode, "host_userns namespace_sharing"),
    PLACED("ShmSize",         FIELD_INT, shm_size, "shm_size"),
    PLACED("Sysctls",         STRING_MAP(KEY, OPAQUE), sysctls, "sysctls"),
    PLACED("Runtime",         STRING(OPAQUE), runtime, "runtime"),
    PLACED("Isolation",       STRING(OPAQUE), isolation, "runtime"),
    RESOURCE_ROWS,
    LISTED("Mounts",          FIELD_OBJECTS, &container_mount_table, mounts, NULL),
    PLACED("MaskedPaths",     STRINGS(OPAQUE), masked_paths, "masked_paths"),
    PLACED("ReadonlyPaths",   STRINGS(OPAQUE), readonly_paths, "masked_paths"),
    HARMLESS("Init",          FIELD_BOOL),
);

/* moby's Config: a create body has these beside HostConfig, a commit has only these. */
#define CONFIG_ROWS \
    HARMLESS("Hostname",            STRING(LINE)), \
    HARMLESS("Domainname",          STRING(LINE)), \
    PLACED("User",                  STRING(PARSED), user, "run_as_root root_group"), \
    HARMLESS("AttachStdin",         FIELD_BOOL), \
    HARMLESS("AttachStdout",        FIELD_BOOL), \
    HARMLESS("AttachStderr",        FIELD_BOOL), \
    NESTED_HARMLESS("ExposedPorts", OBJECT_MAP(OPAQUE), nothing_table), \
    HARMLESS("Tty",                 FIELD_BOOL), \
    HARMLESS("OpenStdin",           FIELD_BOOL), \
    HARMLESS("StdinOnce",           FIELD_BOOL), \
    JUDGED("Env",                   STRINGS(ENV), NULL), \
    HARMLESS("Cmd",                 STRING_OR_STRINGS(COMMAND)), \
    NESTED("Healthcheck",           FIELD_OBJECT, container_healthcheck_table, "healthcheck"), \
    HARMLESS("ArgsEscaped",         FIELD_BOOL), \
    PLACED("Image",                 STRING(IMAGE), image, \
           "image_registry image_tag image_digest run_as_root root_group"), \
    LISTED("Volumes",               OBJECT_MAP(VOLUME_TARGET), &nothing_table, volumes, "host_path_mount"), \
    HARMLESS("WorkingDir",          STRING(WORKING_DIR)), \
    HARMLESS("Entrypoint",          STRING_OR_STRINGS(COMMAND)), \
    HARMLESS("NetworkDisabled",     FIELD_BOOL), \
    JUDGED("MacAddress",            STRING(PARSED), "network_driver"), /* up to 1.43 */ \
    HARMLESS("OnBuild",             STRINGS(OPAQUE)), \
    PLACED("Labels",                STRING_MAP(KEY, OPAQUE), labels, NULL), \
    HARMLESS("StopSignal",          STRING(OPAQUE)), \
    HARMLESS("StopTimeout",         FIELD_INT), \
    HARMLESS("Shell",               STRING_OR_STRINGS(OPAQUE))

/*
 * Engines up to 20.10 decode create and commit into a struct that embeds HostConfig,
 * so each of its fields counts at the top level as well. Source: runconfig/config_unix.go.
 */
FIELD_TABLE_BESIDE(container_create_table, &container_host_config_table,
    CONFIG_ROWS,
    ROW("HostConfig", FIELD_OBJECT, FIELD_JUDGED, &container_host_config_table,
        FIELD_MEMBER_PLACED, offsetof(struct container_spec, host_config), NULL),
    NESTED("NetworkingConfig", FIELD_OBJECT, networking_table, NULL),
    REFUSED("Cpuset"),   // older still than CpusetCpus
    DROPPED("name"),     // dockerode copies the query into the body
    DROPPED("platform"),
    DROPPED("authConfig"), // docker-java's, of the registry; only a pull needs it
);

FIELD_TABLE_BESIDE(container_commit_table, &container_host_config_table,
    CONFIG_ROWS,
    REFUSED("HostConfig"),
    REFUSED("NetworkingConfig"),
    REFUSED("Cpuset"),
    DROPPED("container"), // dockerode, the query again: this and the rest
    DROPPED("repo"),
    DROPPED("tag"),
    DROPPED("comment"),
    DROPPED("author"),
    DROPPED("pause"),
    DROPPED("changes"),
    DROPPED("containerId"), // docker-java, the query once more: this and the rest
    DROPPED("repository"),
    DROPPED("message"),
);
// clang-format on
