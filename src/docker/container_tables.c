/*
 * Every member that an engine of API 1.24 to 1.55 reads in the bodies of create,
 * update, commit and network connect, plus what real clients send beside them.
 *
 * Sources: moby api/types/container (Config, HostConfig, Resources), api/types/mount,
 * api/types/network, api/types/blkiodev, runconfig; the API descriptions 1.25 to 1.55.
 */
#include "docker/container_tables.h"

#include "docker/container_spec.h"
#include "docker/field_rows.h"

#include "base/banned.h"

// clang-format off
#define PLACED(name, type, member, rules) PLACED_IN(name, type, container_spec, member, rules)
#define LISTED(name, type, table, member, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, (table), FIELD_MEMBER_PLACED, \
     offsetof(struct container_spec, list.member), (rules)}

static FIELD_TABLE(log_config_table,
    PLACED("Type",   FIELD_STRING,     log_driver, "log_driver"),
    PLACED("Config", FIELD_STRING_MAP, log_options, "log_driver"),
);

static FIELD_TABLE(restart_policy_table,
    PLACED("Name",              FIELD_STRING, restart_policy, "restart_policy"),
    PLACED("MaximumRetryCount", FIELD_INT,    restart_max_retries, "restart_policy"),
);

static FIELD_TABLE(port_binding_table,
    JUDGED("HostIp",   FIELD_STRING, "published_ports"),
    JUDGED("HostPort", FIELD_STRING, "published_ports"),
);

static FIELD_TABLE(weight_device_table,
    JUDGED("Path",     FIELD_STRING, "host_devices"),
    HARMLESS("Weight", FIELD_INT),
);

static FIELD_TABLE(throttle_device_table,
    JUDGED("Path",   FIELD_STRING, "host_devices"),
    HARMLESS("Rate", FIELD_INT),
);

static FIELD_TABLE(device_table,
    JUDGED("PathOnHost",        FIELD_STRING, "host_devices"),
    JUDGED("PathInContainer",   FIELD_STRING, NULL),
    JUDGED("CgroupPermissions", FIELD_STRING, NULL),
);

static FIELD_TABLE(device_request_table,
    JUDGED("Driver",         FIELD_STRING, NULL),
    JUDGED("Count",          FIELD_INT, NULL),
    JUDGED("DeviceIDs",      FIELD_STRINGS, NULL),
    HARMLESS("Capabilities", FIELD_STRING_LISTS), // any request at all is judged
    JUDGED("Options",        FIELD_STRING_MAP, NULL),
);

FIELD_TABLE(container_ulimit_table,
    JUDGED("Name", FIELD_STRING, "ulimits"),
    JUDGED("Soft", FIELD_INT, "ulimits"),
    JUDGED("Hard", FIELD_INT, "ulimits"),
);

static FIELD_TABLE(bind_options_table,
    JUDGED("Propagation",              FIELD_STRING, "mount_propagation"),
    HARMLESS("NonRecursive",           FIELD_BOOL),
    JUDGED("CreateMountpoint",         FIELD_BOOL, NULL), // since 1.42
    UNJUDGED("ReadOnlyNonRecursive"),               // since 1.44, both: what is mounted below stays writable
    HARMLESS("ReadOnlyForceRecursive", FIELD_BOOL),
);

static FIELD_TABLE(driver_table,
    JUDGED("Name",    FIELD_STRING, "volume_driver host_path_mount"),
    JUDGED("Options", FIELD_STRING_MAP, "docker_socket_mount host_path_mount"),
);

static FIELD_TABLE(volume_options_table,
    JUDGED("NoCopy",       FIELD_BOOL, "live_tree"),
    HARMLESS("Labels",     FIELD_STRING_MAP),
    JUDGED("Subpath",      FIELD_STRING, NULL), // since 1.45
    NESTED("DriverConfig", FIELD_OBJECT, driver_table, NULL),
);

static FIELD_TABLE(tmpfs_options_table,
    JUDGED("SizeBytes", FIELD_INT, NULL),
    JUDGED("Mode",      FIELD_INT, "tmpfs_options"),
    JUDGED("Options",   FIELD_STRING_LISTS, "tmpfs_options"), // since 1.46
);

static FIELD_TABLE(image_options_table, JUDGED("Subpath", FIELD_STRING, NULL));

FIELD_TABLE(container_mount_table,
    JUDGED("Type",           FIELD_STRING, "host_path_mount image_mount"),
    JUDGED("Source",         FIELD_STRING, "docker_socket_mount host_path_mount"),
    JUDGED("Target",         FIELD_STRING, "host_path_mount"),
    JUDGED("ReadOnly",       FIELD_BOOL, "host_path_mount"),
    HARMLESS("Consistency",  FIELD_STRING),
    NESTED("BindOptions",    FIELD_OBJECT, bind_options_table, NULL),
    NESTED("VolumeOptions",  FIELD_OBJECT, volume_options_table, NULL),
    NESTED("TmpfsOptions",   FIELD_OBJECT, tmpfs_options_table, NULL),
    NESTED("ImageOptions",   FIELD_OBJECT, image_options_table, NULL), // since 1.48
    NESTED("ClusterOptions", FIELD_OBJECT, nothing_table, NULL),       // since 1.42
);

FIELD_TABLE(container_healthcheck_table,
    JUDGED("Test",            FIELD_STRINGS, "healthcheck"),
    JUDGED("Interval",        FIELD_INT, "healthcheck"),
    HARMLESS("Timeout",       FIELD_INT),
    HARMLESS("StartPeriod",   FIELD_INT),
    JUDGED("StartInterval",   FIELD_INT, "healthcheck"), // since 1.44
    JUDGED("Retries",         FIELD_INT, "healthcheck"),
);

static FIELD_TABLE(ipam_table,
    JUDGED("IPv4Address",  FIELD_STRING, "network_driver"),
    JUDGED("IPv6Address",  FIELD_STRING, "network_driver"),
    JUDGED("LinkLocalIPs", FIELD_STRINGS, "network_driver"),
);

/*
 * The operational part is the engine's to fill in, but clients that copy an
 * inspected container send it back. NetworkID is a trap: for a user-defined
 * network the engine prefers it to the name, which is what we judge.
 * Source: moby daemon/container_operations.go, getNetworkID.
 */
FIELD_TABLE(container_endpoint_table,
    NESTED("IPAMConfig",   FIELD_OBJECT, ipam_table, NULL),
    JUDGED("Links",        FIELD_STRINGS, "container_links"),
    HARMLESS("Aliases",    FIELD_STRINGS),
    JUDGED("MacAddress",   FIELD_STRING, "network_driver"),
    JUDGED("DriverOpts",   FIELD_STRING_MAP, "network_driver sysctls"), // since 1.32
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
    LISTED("EndpointsConfig", FIELD_OBJECT_MAP, &container_endpoint_table, endpoints,
           "host_network default_bridge"),
);

/* moby's Resources: embedded in HostConfig, and the body of an update. */
#define RESOURCE_ROWS \
    PLACED("CpuShares",            FIELD_INT,     cpu_shares, "cpu_limit"), \
    PLACED("Memory",               FIELD_INT,     memory, "memory_limit"), \
    PLACED("NanoCpus",             FIELD_INT,     nano_cpus, "cpu_limit"), \
    PLACED("CgroupParent",         FIELD_STRING,  cgroup_parent, "cgroup_parent"), \
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
    HARMLESS("CpusetCpus",         FIELD_STRING), \
    HARMLESS("CpusetMems",         FIELD_STRING), \
    LISTED("Devices",              FIELD_OBJECTS, &device_table, devices, NULL), \
    PLACED("DeviceCgroupRules",    FIELD_STRINGS, device_cgroup_rules, "device_cgroup_rules"), \
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
    LISTED("Binds",           FIELD_STRINGS, NULL, binds, "docker_socket_mount host_path_mount mount_propagation"),
    REFUSED("ContainerIDFile"), // meant for the client, yet engines store it
    NESTED("LogConfig",       FIELD_OBJECT, log_config_table, NULL),
    PLACED("NetworkMode",     FIELD_STRING, network_mode,
           "host_network namespace_sharing default_bridge container_links"),
    LISTED("PortBindings",    FIELD_OBJECTS_MAP, &port_binding_table, port_bindings, "published_ports"),
    NESTED("RestartPolicy",   FIELD_OBJECT, restart_policy_table, NULL),
    HARMLESS("AutoRemove",    FIELD_BOOL),
    PLACED("VolumeDriver",    FIELD_STRING, volume_driver, "volume_driver host_path_mount"),
    PLACED("VolumesFrom",     FIELD_STRINGS, volumes_from, "volumes_from"),
    HARMLESS("ConsoleSize",   FIELD_INT_PAIR),
    PLACED("Annotations",     FIELD_STRING_MAP, annotations, "runtime"), // since 1.43
    REFUSED("Capabilities"), // of a development version of 1.40: the whole set at once
    PLACED("CapAdd",          FIELD_STRING_OR_STRINGS, cap_add, "added_capabilities"),
    PLACED("CapDrop",         FIELD_STRING_OR_STRINGS, cap_drop, "dropped_capabilities"),
    PLACED("CgroupnsMode",    FIELD_STRING, cgroupns_mode, "host_cgroupns namespace_sharing"),
    PLACED("Dns",             FIELD_STRINGS, dns, "dns_options"),
    PLACED("DnsOptions",      FIELD_STRINGS, dns_options, "dns_options"),
    HARMLESS("DnsSearch",     FIELD_STRINGS),
    PLACED("ExtraHosts",      FIELD_STRINGS, extra_hosts, "extra_hosts"),
    PLACED("GroupAdd",        FIELD_STRINGS, group_add, "supplementary_groups"),
    PLACED("IpcMode",         FIELD_STRING, ipc_mode, "host_ipc namespace_sharing"),
    PLACED("Cgroup",          FIELD_STRING, cgroup, "namespace_sharing"),
    PLACED("Links",           FIELD_STRINGS, links, "container_links"),
    PLACED("OomScoreAdj",     FIELD_INT, oom_score_adj, "oom_score"),
    PLACED("PidMode",         FIELD_STRING, pid_mode, "host_pid namespace_sharing"),
    PLACED("Privileged",      FIELD_BOOL, privileged, "privileged"),
    PLACED("PublishAllPorts", FIELD_BOOL, publish_all_ports, "published_ports"),
    PLACED("ReadonlyRootfs",  FIELD_BOOL, readonly_rootfs, "read_only_rootfs"),
    LISTED("SecurityOpt",     FIELD_STRINGS, NULL, security_opt, "privilege_escalation seccomp_profile apparmor_profile selinux_options masked_paths"),
    PLACED("StorageOpt",      FIELD_STRING_MAP, storage_opt, "storage_options"),
    LISTED("Tmpfs",           FIELD_STRING_MAP, NULL, tmpfs, "tmpfs_options host_path_mount"),
    PLACED("UTSMode",         FIELD_STRING, uts_mode, "host_uts namespace_sharing"),
    PLACED("UsernsMode",      FIELD_STRING, userns_mode, "host_userns namespace_sharing"),
    PLACED("ShmSize",         FIELD_INT, shm_size, "shm_size"),
    PLACED("Sysctls",         FIELD_STRING_MAP, sysctls, "sysctls"),
    PLACED("Runtime",         FIELD_STRING, runtime, "runtime"),
    PLACED("Isolation",       FIELD_STRING, isolation, "runtime"),
    RESOURCE_ROWS,
    LISTED("Mounts",          FIELD_OBJECTS, &container_mount_table, mounts, NULL),
    PLACED("MaskedPaths",     FIELD_STRINGS, masked_paths, "masked_paths"),
    PLACED("ReadonlyPaths",   FIELD_STRINGS, readonly_paths, "masked_paths"),
    HARMLESS("Init",          FIELD_BOOL),
);

/* moby's Config: a create body has these beside HostConfig, a commit has only these. */
#define CONFIG_ROWS \
    HARMLESS("Hostname",            FIELD_STRING), \
    HARMLESS("Domainname",          FIELD_STRING), \
    PLACED("User",                  FIELD_STRING, user, "run_as_root root_group"), \
    HARMLESS("AttachStdin",         FIELD_BOOL), \
    HARMLESS("AttachStdout",        FIELD_BOOL), \
    HARMLESS("AttachStderr",        FIELD_BOOL), \
    NESTED_HARMLESS("ExposedPorts", FIELD_OBJECT_MAP, nothing_table), \
    HARMLESS("Tty",                 FIELD_BOOL), \
    HARMLESS("OpenStdin",           FIELD_BOOL), \
    HARMLESS("StdinOnce",           FIELD_BOOL), \
    JUDGED("Env",                   FIELD_STRINGS, NULL), \
    HARMLESS("Cmd",                 FIELD_STRING_OR_STRINGS), \
    NESTED("Healthcheck",           FIELD_OBJECT, container_healthcheck_table, "healthcheck"), \
    HARMLESS("ArgsEscaped",         FIELD_BOOL), \
    PLACED("Image",                 FIELD_STRING, image, \
           "image_registry image_tag image_digest run_as_root root_group"), \
    LISTED("Volumes",               FIELD_OBJECT_MAP, &nothing_table, volumes, "host_path_mount"), \
    HARMLESS("WorkingDir",          FIELD_STRING), \
    HARMLESS("Entrypoint",          FIELD_STRING_OR_STRINGS), \
    HARMLESS("NetworkDisabled",     FIELD_BOOL), \
    JUDGED("MacAddress",            FIELD_STRING, "network_driver"), /* up to 1.43 */ \
    HARMLESS("OnBuild",             FIELD_STRINGS), \
    PLACED("Labels",                FIELD_STRING_MAP, labels, NULL), \
    HARMLESS("StopSignal",          FIELD_STRING), \
    HARMLESS("StopTimeout",         FIELD_INT), \
    HARMLESS("Shell",               FIELD_STRING_OR_STRINGS)

/*
 * Engines up to 20.10 decode create and commit into a struct that embeds HostConfig,
 * so each of its fields counts at the top level as well. Source: runconfig/config_unix.go.
 */
FIELD_TABLE_BESIDE(container_create_table, &container_host_config_table,
    CONFIG_ROWS,
    {SLICE_INIT("HostConfig"), FIELD_OBJECT, FIELD_JUDGED, &container_host_config_table,
     FIELD_MEMBER_PLACED, offsetof(struct container_spec, host_config), NULL},
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
