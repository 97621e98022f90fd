/*
 * What a request says about a container: the bodies of create, update and of
 * services, an existing container's inspection, all in the same struct, so that
 * one rule guards every way.   Source: moby api/types/container Config,
 * HostConfig, Resources; api/types/network EndpointSettings.
 */
#ifndef SOCKADE_DOCKER_CONTAINER_SPEC_H
#define SOCKADE_DOCKER_CONTAINER_SPEC_H

#include "docker/mount.h"
#include "docker/spec.h"

struct device_spec {
    struct slice field;
    struct slice path_on_host;
    struct slice path_in_container;
    struct slice permissions;
};

struct device_request_spec {
    struct slice field;
    struct slice driver;
    int64_t count;
    struct string_list ids;
    struct string_map options;
};

struct ulimit_spec {
    struct slice field;
    struct slice name;
    int64_t soft;
    int64_t hard;
};

struct port_spec {
    struct slice field;
    struct slice container_port; /* "80/tcp" */
    struct slice host_ip;        /* empty: every address */
    struct slice host_port;      /* "8080", "8000-8010", empty: any free one */
    bool bound;                  /* false: the port is named without any binding */
};

/* An entry of SecurityOpt, split as the engine does: at the first '=', else at ':'. */
struct security_option {
    struct slice field;
    struct slice text;
    struct slice key;
    struct slice value;
    bool has_value;
};

struct network_endpoint {
    struct slice field;
    struct slice name;   /* the key of EndpointsConfig; of a service, the network's name or id */
    bool static_address; /* IPAMConfig with any address */
    bool mac_address;
    bool links;
    struct string_map driver_options;
};

enum { CONTAINER_BLKIO_LISTS = 5 };

/* Members of a create or an update, as they were read; NULL: not there. */
struct container_lists {
    struct json *volumes;
    struct json *endpoints;
    struct json *binds;
    struct json *mounts;
    struct json *tmpfs;
    struct json *security_opt;
    struct json *port_bindings;
    struct json *devices;
    struct json *device_requests;
    struct json *ulimits;
    struct json *blkio[CONTAINER_BLKIO_LISTS];
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): grouped as the API groups them
struct container_spec {
    struct json *tree;        /* the whole body, as it will be written */
    struct json *host_config; /* the object inside `tree`; always there for a create */
    struct json *config;      /* the object that has User and Env: `tree`, or a service's */
    struct arena *arena;
    struct container_lists list;

    /* Of services only; see service_spec.h. */
    bool service;
    bool plugin_task; /* not a container but a plugin, on every node */
    int64_t replicas;
    int64_t job_concurrent;
    int64_t job_completions;
    bool drops_cap_drop;          /* by this API version: the engine takes the field out */
    bool drops_pids_limit;        /* the same */
    bool drops_no_new_privileges; /* the same */
    bool drops_swap;              /* by this API version: an engine may not know the field */

    bool binds_only; /* by this API version: an engine may not know Mounts */

    /* Config */
    struct slice image;
    struct slice user;
    struct string_map labels;
    struct string_map env;     /* "NAME=value" split at '=' */
    bool has_healthcheck;      /* with a test of its own, NONE included */
    bool healthcheck_disabled; /* NONE, or another word that runs nothing */
    bool mac_address;          /* Config.MacAddress given */

    /* HostConfig */
    bool privileged;
    struct string_list cap_add;
    struct string_list cap_drop;
    struct mount_list mounts;
    struct string_list volumes_from;
    struct slice volume_driver;
    struct slice network_mode;
    struct slice pid_mode;
    struct slice ipc_mode;
    struct slice uts_mode;
    struct slice userns_mode;
    struct slice cgroupns_mode;
    struct slice cgroup; /* HostConfig.Cgroup */
    struct security_option *security_opt;
    size_t security_opt_count;
    struct string_list masked_paths;
    struct string_list readonly_paths;
    /*
     * Of a container that exists: the word of its command for which Podman takes it for one that
     * runs systemd, and makes control groups writable in it. Empty: none.
     */
    struct slice systemd_word;
    struct device_spec *devices;
    size_t device_count;
    struct string_list device_cgroup_rules;
    struct device_request_spec *device_requests;
    size_t device_request_count;
    struct device_spec *blkio_devices; /* of all Blkio* lists: only path_on_host */
    size_t blkio_device_count;
    struct slice runtime;
    struct slice cgroup_parent;
    struct slice isolation;
    struct string_map sysctls;
    struct string_map storage_opt;
    struct string_map annotations;
    struct ulimit_spec *ulimits;
    size_t ulimit_count;
    struct string_list group_add;
    int64_t memory;
    int64_t memory_swap;
    int64_t memory_reservation;
    bool has_pids_limit;
    int64_t pids_limit;
    int64_t nano_cpus;
    int64_t cpu_quota;
    int64_t cpu_period;
    int64_t cpu_shares;
    int64_t cpu_realtime_runtime;
    int64_t cpu_count;
    int64_t shm_size;
    int64_t health_interval; /* nanoseconds; the shorter of Interval and StartInterval, 0: none */
    int64_t health_retries;
    int64_t oom_score_adj;
    bool oom_kill_disable;
    bool readonly_rootfs;
    struct port_spec *ports;
    size_t port_count;
    bool publish_all_ports;
    struct slice restart_policy;
    int64_t restart_max_retries;
    struct slice log_driver;
    struct string_map log_options;
    struct string_list links;
    struct string_list extra_hosts;
    struct string_list dns;
    struct string_list dns_options;
    struct network_endpoint *endpoints;
    size_t endpoint_count;
};

/*
 * Reads a create body. `tree` is json_read()'s and is made canonical in place:
 * nulls, dropped and zero unknown fields are taken out, and what is left has the
 * types of the tables. Problems go to `reader`. HostConfig fields at the top level
 * (old engines take them there) are REFUSED unless zero. 0 or -ENOMEM.
 */
MUST_CHECK int container_spec_read_create(struct spec_reader *reader, struct json *tree,
                                          struct container_spec *out);

/* The body of POST /containers/{id}/update: Resources and RestartPolicy. */
MUST_CHECK int container_spec_read_update(struct spec_reader *reader, struct json *tree,
                                          struct container_spec *out);

/* Edits: what sockade writes into the request; the spec and its tree change together. */
MUST_CHECK int container_spec_set_user(struct container_spec *spec, struct slice user);
/* For defaults: `name` is a HostConfig field whose type is an integer. */
MUST_CHECK int container_spec_set_host_int(struct container_spec *spec, struct slice name,
                                           int64_t value);
/* `mount` is a bind of this spec, `source` one that mount_can_name(); else -EINVAL. */
MUST_CHECK int container_spec_set_source(struct container_spec *spec, struct mount_spec *mount,
                                         struct slice source);
MUST_CHECK int container_spec_add_security_opt(struct container_spec *spec, struct slice text);

/* Appends the canonical body. Same errors as buf_append(). */
MUST_CHECK int container_spec_write(struct buf *out, const struct container_spec *spec);

#endif
