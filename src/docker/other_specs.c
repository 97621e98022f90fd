/*
 * See other_specs.h. Sources: moby api/types (ExecConfig, NetworkCreate, AuthConfig and
 * their successors), api/types/volume, api/types/network; API descriptions 1.25 to 1.55.
 */
#include "docker/other_specs.h"

#include <errno.h>
#include <stddef.h>

#include "docker/container_parts.h"
#include "docker/container_tables.h"
#include "docker/fields.h"
#include "docker/service_tables.h"
#include "docker/swarm_specs.h"

#include "base/banned.h"

// clang-format off
#define HARMLESS(name, type) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, NULL, false, 0, NULL}
#define PLACED(name, type, spec, member, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, true, offsetof(struct spec, member), (rules)}
#define JUDGED(name, type, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, false, 0, (rules)}
#define NESTED(name, type, table, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, &(table), false, 0, (rules)}
#define NESTED_HARMLESS(name, type, table) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, &(table), false, 0, NULL}
#define DROPPED(name) {SLICE_INIT(name), FIELD_STRING, FIELD_DROPPED, NULL, false, 0, NULL}
#define TABLE(rows)                {(rows), sizeof(rows) / sizeof((rows)[0]), NULL}

static const struct field_table nothing_table = {NULL, 0, NULL};

static const struct field exec_rows[] = {
    PLACED("User",           FIELD_STRING, exec_spec, user, "run_as_root root_group"),
    PLACED("Privileged",     FIELD_BOOL,   exec_spec, privileged, "privileged"),
    HARMLESS("Tty",          FIELD_BOOL),
    HARMLESS("ConsoleSize",  FIELD_INT_PAIR), // since 1.42
    HARMLESS("AttachStdin",  FIELD_BOOL),
    HARMLESS("AttachStdout", FIELD_BOOL),
    HARMLESS("AttachStderr", FIELD_BOOL),
    PLACED("Detach",         FIELD_BOOL,   exec_spec, detach, NULL),
    HARMLESS("DetachKeys",   FIELD_STRING),
    HARMLESS("Env",          FIELD_STRINGS),
    HARMLESS("WorkingDir",   FIELD_STRING),
    HARMLESS("Cmd",          FIELD_STRINGS),
    DROPPED("Container"),   // docker-py; the path says which container
    DROPPED("containerId"), // docker-java, the same
};
static const struct field_table exec_table = TABLE(exec_rows);

static const struct field exec_start_rows[] = {
    HARMLESS("Detach",      FIELD_BOOL),
    HARMLESS("Tty",         FIELD_BOOL),
    HARMLESS("ConsoleSize", FIELD_INT_PAIR), // since 1.42
    DROPPED("hijack"), // dockerode's own options, both
    DROPPED("stdin"),
    DROPPED("InputStream"), // go-dockerclient's, which marshals its streams: this and the rest
    DROPPED("OutputStream"),
    DROPPED("ErrorStream"),
    DROPPED("RawTerminal"),
    DROPPED("User"), // Docker.DotNet up to 3.125, all that a create takes: this and the rest
    DROPPED("Privileged"),
    DROPPED("AttachStdin"),
    DROPPED("AttachStdout"),
    DROPPED("AttachStderr"),
    DROPPED("DetachKeys"),
    DROPPED("Env"),
    DROPPED("WorkingDir"),
    DROPPED("Cmd"),
};
static const struct field_table exec_start_table = TABLE(exec_start_rows);

static const struct field type_mount_rows[] = {
    HARMLESS("FsType",     FIELD_STRING),
    HARMLESS("MountFlags", FIELD_STRINGS),
};
static const struct field_table type_mount_table = TABLE(type_mount_rows);

static const struct field access_mode_rows[] = {
    HARMLESS("Scope",              FIELD_STRING),
    HARMLESS("Sharing",            FIELD_STRING),
    NESTED_HARMLESS("MountVolume", FIELD_OBJECT, type_mount_table),
    NESTED_HARMLESS("BlockVolume", FIELD_OBJECT, nothing_table),
};
static const struct field_table access_mode_table = TABLE(access_mode_rows);

static const struct field topology_rows[] = {
    HARMLESS("Segments", FIELD_STRING_MAP),
};
static const struct field_table topology_table = TABLE(topology_rows);

static const struct field topology_requirement_rows[] = {
    NESTED_HARMLESS("Requisite", FIELD_OBJECTS, topology_table),
    NESTED_HARMLESS("Preferred", FIELD_OBJECTS, topology_table),
};
static const struct field_table topology_requirement_table = TABLE(topology_requirement_rows);

static const struct field capacity_range_rows[] = {
    HARMLESS("RequiredBytes", FIELD_INT),
    HARMLESS("LimitBytes",    FIELD_INT),
};
static const struct field_table capacity_range_table = TABLE(capacity_range_rows);

static const struct field volume_secret_rows[] = {
    HARMLESS("Key",    FIELD_STRING),
    HARMLESS("Secret", FIELD_STRING),
};
static const struct field_table volume_secret_table = TABLE(volume_secret_rows);

/* That there is one at all is judged. */
static const struct field cluster_volume_rows[] = {
    HARMLESS("Group",                            FIELD_STRING),
    NESTED_HARMLESS("AccessMode",                FIELD_OBJECT,  access_mode_table),
    NESTED_HARMLESS("AccessibilityRequirements", FIELD_OBJECT,  topology_requirement_table),
    NESTED_HARMLESS("CapacityRange",             FIELD_OBJECT,  capacity_range_table),
    NESTED_HARMLESS("Secrets",                   FIELD_OBJECTS, volume_secret_table),
    HARMLESS("Availability",                     FIELD_STRING),
};
static const struct field_table cluster_volume_table = TABLE(cluster_volume_rows);

static const struct field volume_rows[] = {
    PLACED("Name",              FIELD_STRING,     volume_spec, name, NULL),
    PLACED("Driver",            FIELD_STRING,     volume_spec, driver, "volume_driver host_path_mount"),
    PLACED("DriverOpts",        FIELD_STRING_MAP, volume_spec, options, "docker_socket_mount host_path_mount"),
    PLACED("Labels",            FIELD_STRING_MAP, volume_spec, labels, NULL),
    NESTED("ClusterVolumeSpec", FIELD_OBJECT, cluster_volume_table, "volume_driver"), // since 1.42
};
static const struct field_table volume_table = TABLE(volume_rows);

static const struct field volume_update_rows[] = {
    NESTED("Spec", FIELD_OBJECT, cluster_volume_table, "volume_driver"),
};
static const struct field_table volume_update_table = TABLE(volume_update_rows);

static const struct field ipam_config_rows[] = {
    JUDGED("Subnet",             FIELD_STRING,     "network_driver"),
    JUDGED("IPRange",            FIELD_STRING,     "network_driver"),
    JUDGED("Gateway",            FIELD_STRING,     "network_driver"),
    JUDGED("AuxiliaryAddresses", FIELD_STRING_MAP, "network_driver"),
};
static const struct field_table ipam_config_table = TABLE(ipam_config_rows);

static const struct field ipam_rows[] = {
    PLACED("Driver",          FIELD_STRING,     network_spec, ipam_driver, "network_driver"),
    PLACED("Options",         FIELD_STRING_MAP, network_spec, ipam_options, "network_driver"),
    NESTED("Config",          FIELD_OBJECTS,    ipam_config_table, "network_driver"),
};
static const struct field_table ipam_table = TABLE(ipam_rows);

static const struct field config_from_rows[] = {
    PLACED("Network", FIELD_STRING, network_spec, config_from, "network_driver"),
};
static const struct field_table config_from_table = TABLE(config_from_rows);

static const struct field network_rows[] = {
    PLACED("Name",             FIELD_STRING,     network_spec, name, NULL),
    HARMLESS("CheckDuplicate", FIELD_BOOL), // up to 1.43
    PLACED("Driver",           FIELD_STRING,     network_spec, driver, "network_driver"),
    PLACED("Scope",            FIELD_STRING,     network_spec, scope, "network_driver"),
    HARMLESS("EnableIPv4",     FIELD_BOOL), // since 1.48
    HARMLESS("EnableIPv6",     FIELD_BOOL),
    NESTED("IPAM",             FIELD_OBJECT, ipam_table, NULL),
    PLACED("Internal",         FIELD_BOOL,       network_spec, internal, NULL),
    PLACED("Attachable",       FIELD_BOOL,       network_spec, attachable, NULL),
    PLACED("Ingress",          FIELD_BOOL,       network_spec, ingress, "network_driver"),
    PLACED("ConfigOnly",       FIELD_BOOL,       network_spec, config_only, NULL),
    NESTED("ConfigFrom",       FIELD_OBJECT, config_from_table, NULL),
    PLACED("Options",          FIELD_STRING_MAP, network_spec, options,
           "network_driver network_icc"),
    PLACED("Labels",           FIELD_STRING_MAP, network_spec, labels, NULL),
};
static const struct field_table network_table = TABLE(network_rows);

static const struct field connect_rows[] = {
    HARMLESS("Container",    FIELD_STRING),
    NESTED("EndpointConfig", FIELD_OBJECT, container_endpoint_table, NULL),
    DROPPED("containerConfig"), // docker-java, the same once more
};
static const struct field_table connect_table = TABLE(connect_rows);

static const struct field disconnect_rows[] = {
    HARMLESS("Container", FIELD_STRING),
    HARMLESS("Force",     FIELD_BOOL),
};
static const struct field_table disconnect_table = TABLE(disconnect_rows);

static const struct field auth_rows[] = {
    HARMLESS("username",      FIELD_STRING),
    HARMLESS("password",      FIELD_STRING),
    HARMLESS("auth",          FIELD_STRING),
    HARMLESS("email",         FIELD_STRING), // up to 1.43
    HARMLESS("serveraddress", FIELD_STRING),
    HARMLESS("identitytoken", FIELD_STRING),
    HARMLESS("registrytoken", FIELD_STRING),
};
static const struct field_table auth_table = TABLE(auth_rows);
// clang-format on

const struct field_table *spec_table(enum route_body body)
{
    switch (body) {
    case ROUTE_BODY_CONTAINER_CREATE:
        return &container_create_table;
    case ROUTE_BODY_CONTAINER_UPDATE:
        return &container_update_table;
    case ROUTE_BODY_EXEC_CREATE:
        return &exec_table;
    case ROUTE_BODY_EXEC_START:
        return &exec_start_table;
    case ROUTE_BODY_VOLUME_CREATE:
        return &volume_table;
    case ROUTE_BODY_NETWORK_CREATE:
        return &network_table;
    case ROUTE_BODY_NETWORK_CONNECT:
        return &connect_table;
    case ROUTE_BODY_NETWORK_DISCONNECT:
        return &disconnect_table;
    case ROUTE_BODY_COMMIT:
        return &container_commit_table;
    case ROUTE_BODY_AUTH:
        return &auth_table;
    case ROUTE_BODY_SERVICE:
        return &service_table;
    case ROUTE_BODY_VOLUME_UPDATE:
        return &volume_update_table;
    case ROUTE_BODY_SWARM_INIT:
    case ROUTE_BODY_SWARM_JOIN:
    case ROUTE_BODY_SWARM_UPDATE:
    case ROUTE_BODY_SWARM_UNLOCK:
    case ROUTE_BODY_NODE:
    case ROUTE_BODY_SECRET:
    case ROUTE_BODY_CONFIG:
    case ROUTE_BODY_CHECKPOINT:
    case ROUTE_BODY_PLUGIN_PRIVILEGES:
        return swarm_spec_table(body);
    case ROUTE_BODY_NONE:
    case ROUTE_BODY_PLUGIN_SETTINGS: // strings
    case ROUTE_BODY_TAR:
        break;
    }
    return NULL;
}

int exec_spec_read(struct spec_reader *reader, struct json *tree, struct exec_spec *out)
{
    struct exec_spec spec = {.tree = tree};

    int err = fields_read(reader, &exec_table, tree, &spec);
    if (err == 0) {
        *out = spec;
    }
    return err;
}

int volume_spec_read(struct spec_reader *reader, struct json *tree, struct volume_spec *out)
{
    struct volume_spec spec = {.tree = tree};

    int err = fields_read(reader, &volume_table, tree, &spec);
    if (err < 0) {
        return err;
    }
    spec.cluster = json_member(tree, SLICE("ClusterVolumeSpec")) != NULL;
    *out = spec;
    return 0;
}

/* Adds the strings among the members of `node` to the `count` there are; just counts without `out`.
 */
static size_t gather(const struct json *node, struct slice *out, size_t count)
{
    for (const struct json *value = node->child; value; value = value->next) {
        if (value->type != JSON_STRING) {
            continue;
        }
        if (out) {
            out[count] = value->text;
        }
        count++;
    }
    return count;
}

/* Each string of an address pool, whatever it is called, is an address or a prefix. */
static size_t gather_addresses(const struct json *config, struct slice *out)
{
    size_t count = 0;

    for (const struct json *entry = config ? config->child : NULL; entry; entry = entry->next) {
        count = gather(entry, out, count);
        for (const struct json *more = entry->child; more; more = more->next) {
            count = gather(more, out, count);
        }
    }
    return count;
}

static int read_addresses(struct arena *arena, const struct json *tree, struct string_list *out)
{
    const struct json *config = json_member(json_member(tree, SLICE("IPAM")), SLICE("Config"));
    struct slice *item = arena_alloc(arena, gather_addresses(config, NULL) * sizeof(*item));

    if (!item) {
        return -ENOMEM;
    }
    *out = (struct string_list){
        .item = item, .count = gather_addresses(config, item), .present = true};
    return 0;
}

int volume_spec_read_update(struct spec_reader *reader, struct json *tree, struct volume_spec *out)
{
    struct volume_spec spec = {.tree = tree, .cluster = true};

    int err = fields_read(reader, &volume_update_table, tree, NULL);
    if (err == 0) {
        *out = spec;
    }
    return err;
}

int network_spec_read(struct spec_reader *reader, struct json *tree, struct network_spec *out)
{
    struct network_spec spec = {.tree = tree};

    int err = fields_read(reader, &network_table, tree, &spec);
    if (err == 0) {
        err = read_addresses(reader->arena, tree, &spec.addresses);
    }
    if (err == 0) {
        *out = spec;
    }
    return err;
}

int plain_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree)
{
    struct container_spec commit = {0};

    switch (body) {
    case ROUTE_BODY_EXEC_START:
        return fields_read(reader, &exec_start_table, tree, NULL);
    case ROUTE_BODY_NETWORK_CONNECT:
        return fields_read(reader, &connect_table, tree, NULL);
    case ROUTE_BODY_NETWORK_DISCONNECT:
        return fields_read(reader, &disconnect_table, tree, NULL);
    case ROUTE_BODY_COMMIT:
        // The command line client sends "null" when there is no configuration to change.
        if (tree->type == JSON_NULL) {
            return 0;
        }
        return fields_read(reader, &container_commit_table, tree, &commit);
    case ROUTE_BODY_AUTH:
        return fields_read(reader, &auth_table, tree, NULL);
    case ROUTE_BODY_SWARM_JOIN:
    case ROUTE_BODY_SWARM_UNLOCK:
    case ROUTE_BODY_NODE:
    case ROUTE_BODY_SECRET:
    case ROUTE_BODY_CONFIG:
    case ROUTE_BODY_CHECKPOINT:
        return swarm_plain_read(reader, body, tree);
    case ROUTE_BODY_NONE:
    case ROUTE_BODY_CONTAINER_CREATE:
    case ROUTE_BODY_CONTAINER_UPDATE:
    case ROUTE_BODY_EXEC_CREATE:
    case ROUTE_BODY_VOLUME_CREATE:
    case ROUTE_BODY_NETWORK_CREATE:
    case ROUTE_BODY_SERVICE:
    case ROUTE_BODY_SWARM_INIT:
    case ROUTE_BODY_SWARM_UPDATE:
    case ROUTE_BODY_PLUGIN_PRIVILEGES:
    case ROUTE_BODY_PLUGIN_SETTINGS:
    case ROUTE_BODY_VOLUME_UPDATE:
    case ROUTE_BODY_TAR:
        break; // these have readers of their own, or none
    }
    return spec_report(reader, SPEC_PROBLEM_REFUSED, SLICE("body"), "is not accepted here");
}
