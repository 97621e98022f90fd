/*
 * See other_specs.h. Sources: moby api/types (ExecConfig, NetworkCreate, AuthConfig and
 * their successors), api/types/volume, api/types/network; API descriptions 1.25 to 1.55.
 */
#include "docker/tables/other_specs.h"

#include <stddef.h>

#include "base/try.h"
#include "docker/tables/container_tables.h"
#include "docker/tables/field_rows.h"
#include "docker/tables/service_spec.h"
#include "docker/tables/swarm_specs.h"

#include "base/banned.h"

// clang-format off
#define PLACED PLACED_IN

static FIELD_TABLE(exec_table,
    PLACED("User",           STRING(PARSED), exec_spec, user, "run_as_root root_group"),
    PLACED("Privileged",     FIELD_BOOL,   exec_spec, privileged, "privileged"),
    HARMLESS("Tty",          FIELD_BOOL),
    HARMLESS("ConsoleSize",  FIELD_INT_PAIR), // since 1.42
    HARMLESS("AttachStdin",  FIELD_BOOL),
    HARMLESS("AttachStdout", FIELD_BOOL),
    HARMLESS("AttachStderr", FIELD_BOOL),
    JUDGED("Detach",         FIELD_BOOL, NULL),
    HARMLESS("DetachKeys",   STRING(OPAQUE)),
    HARMLESS("Env",          STRINGS(OPAQUE)),
    HARMLESS("WorkingDir",   STRING(OPAQUE)),
    HARMLESS("Cmd",          STRINGS(OPAQUE)),
    DROPPED("Container"),   // docker-py; the path says which container
    DROPPED("containerId"), // docker-java, the same
);

static FIELD_TABLE(exec_start_table,
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
);

static FIELD_TABLE(type_mount_table,
    HARMLESS("FsType",     STRING(OPAQUE)),
    HARMLESS("MountFlags", STRINGS(OPAQUE)),
);

static FIELD_TABLE(access_mode_table,
    HARMLESS("Scope",              STRING(OPAQUE)),
    HARMLESS("Sharing",            STRING(OPAQUE)),
    NESTED_HARMLESS("MountVolume", FIELD_OBJECT, type_mount_table),
    NESTED_HARMLESS("BlockVolume", FIELD_OBJECT, nothing_table),
);

static FIELD_TABLE(topology_table, HARMLESS("Segments", STRING_MAP(OPAQUE, OPAQUE)));

static FIELD_TABLE(topology_requirement_table,
    NESTED_HARMLESS("Requisite", FIELD_OBJECTS, topology_table),
    NESTED_HARMLESS("Preferred", FIELD_OBJECTS, topology_table),
);

static FIELD_TABLE(capacity_range_table,
    HARMLESS("RequiredBytes", FIELD_INT),
    HARMLESS("LimitBytes",    FIELD_INT),
);

static FIELD_TABLE(volume_secret_table,
    HARMLESS("Key",    STRING(OPAQUE)),
    HARMLESS("Secret", STRING(OPAQUE)),
);

/* That there is one at all is judged. */
static FIELD_TABLE(cluster_volume_table,
    HARMLESS("Group",                            STRING(OPAQUE)),
    NESTED_HARMLESS("AccessMode",                FIELD_OBJECT,  access_mode_table),
    NESTED_HARMLESS("AccessibilityRequirements", FIELD_OBJECT,  topology_requirement_table),
    NESTED_HARMLESS("CapacityRange",             FIELD_OBJECT,  capacity_range_table),
    NESTED_HARMLESS("Secrets",                   FIELD_OBJECTS, volume_secret_table),
    HARMLESS("Availability",                     STRING(OPAQUE)),
);

static FIELD_TABLE(volume_table,
    PLACED("Name",              STRING(OPAQUE),     volume_spec, name, NULL),
    PLACED("Driver",            STRING(OPAQUE),     volume_spec, driver, "volume_driver host_path_mount"),
    PLACED("DriverOpts",        STRING_MAP(PARSED, PARSED), volume_spec, options, "docker_socket_mount host_path_mount"),
    PLACED("Labels",            STRING_MAP(OPAQUE, OPAQUE), volume_spec, labels, NULL),
    NESTED("ClusterVolumeSpec", FIELD_OBJECT, cluster_volume_table, "volume_driver"), // since 1.42
);

static FIELD_TABLE(volume_update_table,
    NESTED("Spec", FIELD_OBJECT, cluster_volume_table, "volume_driver"),
);

static FIELD_TABLE(ipam_config_table,
    JUDGED("Subnet",             STRING(PARSED),     "network_driver"),
    JUDGED("IPRange",            STRING(PARSED),     "network_driver"),
    JUDGED("Gateway",            STRING(PARSED),     "network_driver"),
    JUDGED("AuxiliaryAddresses", STRING_MAP(PARSED, PARSED), "network_driver"),
);

static FIELD_TABLE(ipam_table,
    PLACED("Driver",          STRING(OPAQUE),     network_spec, ipam_driver, "network_driver"),
    PLACED("Options",         STRING_MAP(PARSED, PARSED), network_spec, ipam_options, "network_driver"),
    NESTED("Config",          FIELD_OBJECTS,    ipam_config_table, "network_driver"),
);

static FIELD_TABLE(config_from_table,
    PLACED("Network", STRING(OPAQUE), network_spec, config_from, "network_driver"),
);

static FIELD_TABLE(network_table,
    PLACED("Name",             STRING(OPAQUE),     network_spec, name, NULL),
    HARMLESS("CheckDuplicate", FIELD_BOOL), // up to 1.43
    PLACED("Driver",           STRING(OPAQUE),     network_spec, driver, "network_driver"),
    PLACED("Scope",            STRING(OPAQUE),     network_spec, scope, "network_driver"),
    HARMLESS("EnableIPv4",     FIELD_BOOL), // since 1.48
    HARMLESS("EnableIPv6",     FIELD_BOOL),
    NESTED("IPAM",             FIELD_OBJECT, ipam_table, NULL),
    JUDGED("Internal",         FIELD_BOOL, NULL),
    JUDGED("Attachable",       FIELD_BOOL, NULL),
    PLACED("Ingress",          FIELD_BOOL,       network_spec, ingress, "network_driver"),
    JUDGED("ConfigOnly",       FIELD_BOOL, NULL),
    NESTED("ConfigFrom",       FIELD_OBJECT, config_from_table, NULL),
    PLACED("Options",          STRING_MAP(PARSED, PARSED), network_spec, options,
           "network_driver network_icc"),
    PLACED("Labels",           STRING_MAP(OPAQUE, OPAQUE), network_spec, labels, NULL),
);

static FIELD_TABLE(connect_table,
    HARMLESS("Container",    STRING(OPAQUE)),
    NESTED("EndpointConfig", FIELD_OBJECT, container_endpoint_table, NULL),
    DROPPED("containerConfig"), // docker-java, the same once more
);

static FIELD_TABLE(disconnect_table,
    HARMLESS("Container", STRING(OPAQUE)),
    HARMLESS("Force",     FIELD_BOOL),
);

static FIELD_TABLE(auth_table,
    HARMLESS("username",      STRING(OPAQUE)),
    HARMLESS("password",      STRING(OPAQUE)),
    HARMLESS("auth",          STRING(OPAQUE)),
    HARMLESS("email",         STRING(OPAQUE)), // up to 1.43
    HARMLESS("serveraddress", STRING(OPAQUE)),
    HARMLESS("identitytoken", STRING(OPAQUE)),
    HARMLESS("registrytoken", STRING(OPAQUE)),
);
// clang-format on

struct body_row {
    const struct field_table *table;
    bool plain; /* no rule looks into it */
};

// clang-format off
static const struct body_row bodies[ROUTE_BODY_TAR + 1] = {
    [ROUTE_BODY_CONTAINER_CREATE]   = {&container_create_table, false},
    [ROUTE_BODY_CONTAINER_UPDATE]   = {&container_update_table, false},
    [ROUTE_BODY_EXEC_CREATE]        = {&exec_table,             false},
    [ROUTE_BODY_EXEC_START]         = {&exec_start_table,       true},
    [ROUTE_BODY_VOLUME_CREATE]      = {&volume_table,           false},
    [ROUTE_BODY_VOLUME_UPDATE]      = {&volume_update_table,    false},
    [ROUTE_BODY_NETWORK_CREATE]     = {&network_table,          false},
    [ROUTE_BODY_NETWORK_CONNECT]    = {&connect_table,          true},
    [ROUTE_BODY_NETWORK_DISCONNECT] = {&disconnect_table,       true},
    [ROUTE_BODY_COMMIT]             = {&container_commit_table, true},
    [ROUTE_BODY_AUTH]               = {&auth_table,             true},
    [ROUTE_BODY_SERVICE]            = {&service_table,          false},
    [ROUTE_BODY_SWARM_INIT]         = {&swarm_init_table,       false},
    [ROUTE_BODY_SWARM_JOIN]         = {&swarm_join_table,       true},
    [ROUTE_BODY_SWARM_UPDATE]       = {&swarm_update_table,     false},
    [ROUTE_BODY_SWARM_UNLOCK]       = {&swarm_unlock_table,     true},
    [ROUTE_BODY_NODE]               = {&swarm_node_table,       true},
    [ROUTE_BODY_SECRET]             = {&swarm_secret_table,     true},
    [ROUTE_BODY_CONFIG]             = {&swarm_config_table,     true},
    [ROUTE_BODY_CHECKPOINT]         = {&swarm_checkpoint_table, true},
    [ROUTE_BODY_PLUGIN_PRIVILEGES]  = {&plugin_privilege_table, false},
};
// clang-format on

const struct field_table *spec_table(enum route_body body)
{
    return bodies[body].table;
}

int exec_spec_read(struct spec_reader *reader, struct json *tree, struct exec_spec *out)
{
    struct exec_spec spec = {.tree = tree};

    TRY(fields_read(reader, &exec_table, tree, &spec));
    *out = spec;
    return 0;
}

int volume_spec_read(struct spec_reader *reader, struct json *tree, struct volume_spec *out)
{
    struct volume_spec spec = {.tree = tree};

    TRY(fields_read(reader, &volume_table, tree, &spec));
    spec.cluster = json_member(tree, SLICE("ClusterVolumeSpec")) != NULL;
    *out = spec;
    return 0;
}

/* Adds the strings among the members of `node` to the `count` there are; just counts without `out`.
 */
static size_t other_specs_gather(const struct json *node, struct slice *out, size_t count)
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
        count = other_specs_gather(entry, out, count);
        for (const struct json *more = entry->child; more; more = more->next) {
            count = other_specs_gather(more, out, count);
        }
    }
    return count;
}

static int read_addresses(struct arena *arena, const struct json *tree, struct string_list *out)
{
    const struct json *config = json_member(json_member(tree, SLICE("IPAM")), SLICE("Config"));
    struct slice *item = arena_alloc(arena, gather_addresses(config, NULL) * sizeof(*item));

    TRY_ALLOC(item);
    *out = (struct string_list){
        .item = item, .count = gather_addresses(config, item), .present = true};
    return 0;
}

int volume_spec_read_update(struct spec_reader *reader, struct json *tree, struct volume_spec *out)
{
    struct volume_spec spec = {.tree = tree, .cluster = true};

    TRY(fields_read(reader, &volume_update_table, tree, NULL));
    *out = spec;
    return 0;
}

int network_spec_read(struct spec_reader *reader, struct json *tree, struct network_spec *out)
{
    struct network_spec spec = {.tree = tree};

    TRY(fields_read(reader, &network_table, tree, &spec));
    TRY(read_addresses(reader->arena, tree, &spec.addresses));
    *out = spec;
    return 0;
}

int plain_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree)
{
    struct container_spec commit = {0}; // of these tables, the one with places

    if (!bodies[body].plain) {
        return spec_report(reader, SPEC_PROBLEM_REFUSED, SLICE("body"), "is not accepted here");
    }
    // The command line client sends "null" when there is no configuration to change.
    if (body == ROUTE_BODY_COMMIT && tree->type == JSON_NULL) {
        return 0;
    }
    return fields_read(reader, bodies[body].table, tree, &commit);
}
