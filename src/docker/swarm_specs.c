/*
 * See swarm_specs.h. Sources: moby api/types/swarm (InitRequest, Spec, JoinRequest,
 * UnlockRequest, NodeSpec, SecretSpec, ConfigSpec), api/types (PluginPrivilege,
 * CheckpointCreateOptions); API descriptions 1.25 to 1.55.
 */
#include "docker/swarm_specs.h"

#include <errno.h>
#include <stddef.h>

#include "docker/container_parts.h"
#include "docker/fields.h"

#include "base/banned.h"

// clang-format off
#define HARMLESS(name, type) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, NULL, false, 0, NULL}
#define JUDGED(name, type, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, false, 0, (rules)}
#define PLACED(name, type, spec, member, rules) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, NULL, true, offsetof(struct spec, member), (rules)}
#define NESTED(name, type, table) \
    {SLICE_INIT(name), (type), FIELD_JUDGED, &(table), false, 0, NULL}
#define NESTED_HARMLESS(name, type, table) \
    {SLICE_INIT(name), (type), FIELD_HARMLESS, &(table), false, 0, NULL}
#define UNJUDGED(name) {SLICE_INIT(name), FIELD_STRING, FIELD_UNJUDGED, NULL, false, 0, NULL}
#define TABLE(rows)                {(rows), sizeof(rows) / sizeof((rows)[0]), NULL}

static const struct field orchestration_rows[] = {
    HARMLESS("TaskHistoryRetentionLimit", FIELD_INT),
};
static const struct field_table orchestration_table = TABLE(orchestration_rows);

static const struct field raft_rows[] = {
    HARMLESS("SnapshotInterval",           FIELD_INT),
    HARMLESS("KeepOldSnapshots",           FIELD_INT),
    HARMLESS("LogEntriesForSlowFollowers", FIELD_INT),
    HARMLESS("ElectionTick",               FIELD_INT),
    HARMLESS("HeartbeatTick",              FIELD_INT),
};
static const struct field_table raft_table = TABLE(raft_rows);

static const struct field dispatcher_rows[] = {
    HARMLESS("HeartbeatPeriod", FIELD_INT),
};
static const struct field_table dispatcher_table = TABLE(dispatcher_rows);

static const struct field external_ca_rows[] = {
    HARMLESS("Protocol", FIELD_STRING),
    HARMLESS("URL",      FIELD_STRING),
    HARMLESS("Options",  FIELD_STRING_MAP),
    HARMLESS("CACert",   FIELD_STRING),
};
static const struct field_table external_ca_table = TABLE(external_ca_rows);

static const struct field ca_rows[] = {
    HARMLESS("NodeCertExpiry",     FIELD_INT),
    NESTED_HARMLESS("ExternalCAs", FIELD_OBJECTS, external_ca_table),
    HARMLESS("SigningCACert",      FIELD_STRING),
    HARMLESS("SigningCAKey",       FIELD_STRING),
    HARMLESS("ForceRotate",        FIELD_INT),
};
static const struct field_table ca_table = TABLE(ca_rows);

static const struct field log_driver_rows[] = {
    PLACED("Name",    FIELD_STRING,     swarm_spec, log_driver, "log_driver"),
    PLACED("Options", FIELD_STRING_MAP, swarm_spec, log_options, "log_driver"),
};
static const struct field_table log_driver_table = TABLE(log_driver_rows);

static const struct field defaults_rows[] = {
    NESTED("LogDriver", FIELD_OBJECT, log_driver_table),
};
static const struct field_table defaults_table = TABLE(defaults_rows);

static const struct field encryption_rows[] = {
    HARMLESS("AutoLockManagers", FIELD_BOOL),
};
static const struct field_table encryption_table = TABLE(encryption_rows);

static const struct field swarm_rows[] = {
    HARMLESS("Name",                    FIELD_STRING),
    HARMLESS("Labels",                  FIELD_STRING_MAP),
    NESTED_HARMLESS("Orchestration",    FIELD_OBJECT, orchestration_table),
    NESTED_HARMLESS("Raft",             FIELD_OBJECT, raft_table),
    NESTED_HARMLESS("Dispatcher",       FIELD_OBJECT, dispatcher_table),
    NESTED_HARMLESS("CAConfig",         FIELD_OBJECT, ca_table),
    NESTED("TaskDefaults",              FIELD_OBJECT, defaults_table),
    NESTED_HARMLESS("EncryptionConfig", FIELD_OBJECT, encryption_table),
};
static const struct field_table swarm_table = TABLE(swarm_rows);

static const struct field init_rows[] = {
    HARMLESS("ListenAddr",       FIELD_STRING),
    HARMLESS("AdvertiseAddr",    FIELD_STRING),
    HARMLESS("DataPathAddr",     FIELD_STRING),
    HARMLESS("DataPathPort",     FIELD_INT), // since 1.40
    HARMLESS("ForceNewCluster",  FIELD_BOOL),
    NESTED("Spec",               FIELD_OBJECT, swarm_table),
    HARMLESS("AutoLockManagers", FIELD_BOOL),
    HARMLESS("Availability",     FIELD_STRING),
    HARMLESS("DefaultAddrPool",  FIELD_STRINGS), // since 1.39, both
    HARMLESS("SubnetSize",       FIELD_INT),
};
static const struct field_table init_table = TABLE(init_rows);

static const struct field join_rows[] = {
    HARMLESS("ListenAddr",    FIELD_STRING),
    HARMLESS("AdvertiseAddr", FIELD_STRING),
    HARMLESS("DataPathAddr",  FIELD_STRING),
    HARMLESS("RemoteAddrs",   FIELD_STRINGS),
    HARMLESS("JoinToken",     FIELD_STRING),
    HARMLESS("Availability",  FIELD_STRING),
};
static const struct field_table join_table = TABLE(join_rows);

static const struct field unlock_rows[] = {
    HARMLESS("UnlockKey", FIELD_STRING),
};
static const struct field_table unlock_table = TABLE(unlock_rows);

static const struct field node_rows[] = {
    HARMLESS("Name",         FIELD_STRING),
    HARMLESS("Labels",       FIELD_STRING_MAP),
    HARMLESS("Role",         FIELD_STRING),
    HARMLESS("Availability", FIELD_STRING),
};
static const struct field_table node_table = TABLE(node_rows);

/*
 * A secret's driver is a program that answers with what it likes, and a template reads
 * whatever else the task can see.
 */
static const struct field secret_rows[] = {
    HARMLESS("Name",      FIELD_STRING),
    HARMLESS("Labels",    FIELD_STRING_MAP),
    HARMLESS("Data",      FIELD_STRING), // base64
    UNJUDGED("Driver"),     // since 1.31
    UNJUDGED("Templating"), // since 1.37
};
static const struct field_table secret_table = TABLE(secret_rows);

static const struct field config_rows[] = {
    HARMLESS("Name",      FIELD_STRING),
    HARMLESS("Labels",    FIELD_STRING_MAP),
    HARMLESS("Data",      FIELD_STRING),
    UNJUDGED("Templating"),
};
static const struct field_table config_table = TABLE(config_rows);

static const struct field privilege_rows[] = {
    JUDGED("Name",          FIELD_STRING, "privileged"),
    HARMLESS("Description", FIELD_STRING),
    JUDGED("Value",         FIELD_STRINGS, "privileged"),
};
static const struct field_table privilege_table = TABLE(privilege_rows);

static const struct field privileges_field = NESTED("body", FIELD_OBJECTS, privilege_table);
static const struct field settings_field =
    {SLICE_INIT("body"), FIELD_STRINGS, FIELD_JUDGED, NULL, true, offsetof(struct plugin_spec, settings), "privileged"};

static const struct field checkpoint_rows[] = {
    HARMLESS("CheckpointID", FIELD_STRING), // the engine checks that it is a name
    UNJUDGED("CheckpointDir"), // a directory of the host
    HARMLESS("Exit",         FIELD_BOOL),
};
static const struct field_table checkpoint_table = TABLE(checkpoint_rows);
// clang-format on

struct table_row {
    enum route_body body;
    const struct field_table *table;
};

// clang-format off
static const struct table_row tables[] = {
    {ROUTE_BODY_SWARM_INIT,        &init_table},
    {ROUTE_BODY_SWARM_JOIN,        &join_table},
    {ROUTE_BODY_SWARM_UPDATE,      &swarm_table},
    {ROUTE_BODY_SWARM_UNLOCK,      &unlock_table},
    {ROUTE_BODY_NODE,              &node_table},
    {ROUTE_BODY_SECRET,            &secret_table},
    {ROUTE_BODY_CONFIG,            &config_table},
    {ROUTE_BODY_CHECKPOINT,        &checkpoint_table},
    {ROUTE_BODY_PLUGIN_PRIVILEGES, &privilege_table},
};
// clang-format on

const struct field_table *swarm_spec_table(enum route_body body)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        if (tables[i].body == body) {
            return tables[i].table;
        }
    }
    return NULL;
}

int swarm_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree,
                    struct swarm_spec *out)
{
    struct swarm_spec spec = {.tree = tree};

    int err = fields_read(reader, swarm_spec_table(body), tree, &spec);
    if (err == 0) {
        *out = spec;
    }
    return err;
}

static int read_privileges(struct arena *arena, struct plugin_spec *spec)
{
    spec->privileges = arena_alloc(arena, field_count(spec->tree) * sizeof(*spec->privileges));
    if (!spec->privileges) {
        return -ENOMEM;
    }
    for (const struct json *entry = spec->tree->child; entry; entry = entry->next) {
        struct plugin_privilege *privilege = &spec->privileges[spec->privilege_count];
        int err = container_field(arena, "", "body", spec->privilege_count, &privilege->field);
        if (err == 0) {
            err = field_strings(arena, json_member(entry, SLICE("Value")), &privilege->values);
        }
        if (err < 0) {
            return err;
        }
        privilege->name = field_string(entry, SLICE("Name"));
        spec->privilege_count++;
    }
    return 0;
}

int plugin_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree,
                     struct plugin_spec *out)
{
    bool settings = body == ROUTE_BODY_PLUGIN_SETTINGS;
    struct plugin_spec spec = {.tree = tree};

    int err = fields_read_list(reader, settings ? &settings_field : &privileges_field, tree, &spec);
    if (err == 0 && !settings) {
        err = read_privileges(reader->arena, &spec);
    }
    if (err == 0) {
        *out = spec;
    }
    return err;
}

int swarm_plain_read(struct spec_reader *reader, enum route_body body, struct json *tree)
{
    const struct field_table *table = swarm_spec_table(body);

    if (!table) {
        return spec_report(reader, SPEC_PROBLEM_REFUSED, SLICE("body"), "is not accepted here");
    }
    return fields_read(reader, table, tree, NULL);
}
