/*
 * See swarm_specs.h. Sources: moby api/types/swarm (InitRequest, Spec, JoinRequest,
 * UnlockRequest, NodeSpec, SecretSpec, ConfigSpec), api/types (PluginPrivilege,
 * CheckpointCreateOptions); API descriptions 1.25 to 1.55.
 */
#include "docker/tables/swarm_specs.h"

#include <stddef.h>

#include "base/try.h"
#include "docker/tables/container_parts.h"
#include "docker/tables/field_rows.h"

#include "base/banned.h"

// clang-format off
#define PLACED PLACED_IN

static FIELD_TABLE(orchestration_table, HARMLESS("TaskHistoryRetentionLimit", FIELD_INT));

static FIELD_TABLE(raft_table,
    HARMLESS("SnapshotInterval",           FIELD_INT),
    HARMLESS("KeepOldSnapshots",           FIELD_INT),
    HARMLESS("LogEntriesForSlowFollowers", FIELD_INT),
    HARMLESS("ElectionTick",               FIELD_INT),
    HARMLESS("HeartbeatTick",              FIELD_INT),
);

static FIELD_TABLE(dispatcher_table, HARMLESS("HeartbeatPeriod", FIELD_INT));

static FIELD_TABLE(external_ca_table,
    HARMLESS("Protocol", STRING(OPAQUE)),
    HARMLESS("URL",      STRING(OPAQUE)),
    HARMLESS("Options",  STRING_MAP(OPAQUE, OPAQUE)),
    HARMLESS("CACert",   STRING(OPAQUE)),
);

static FIELD_TABLE(ca_table,
    HARMLESS("NodeCertExpiry",     FIELD_INT),
    NESTED_HARMLESS("ExternalCAs", FIELD_OBJECTS, external_ca_table),
    HARMLESS("SigningCACert",      STRING(OPAQUE)),
    HARMLESS("SigningCAKey",       STRING(OPAQUE)),
    HARMLESS("ForceRotate",        FIELD_INT),
);

static FIELD_TABLE(log_driver_table,
    PLACED("Name",    STRING(OPAQUE),     swarm_spec, log_driver, "log_driver"),
    PLACED("Options", STRING_MAP(OPAQUE, OPAQUE), swarm_spec, log_options, "log_driver"),
);

static FIELD_TABLE(defaults_table, NESTED("LogDriver", FIELD_OBJECT, log_driver_table, NULL));

static FIELD_TABLE(encryption_table, HARMLESS("AutoLockManagers", FIELD_BOOL));

FIELD_TABLE(swarm_update_table,
    HARMLESS("Name",                    STRING(OPAQUE)),
    HARMLESS("Labels",                  STRING_MAP(OPAQUE, OPAQUE)),
    NESTED_HARMLESS("Orchestration",    FIELD_OBJECT, orchestration_table),
    NESTED_HARMLESS("Raft",             FIELD_OBJECT, raft_table),
    NESTED_HARMLESS("Dispatcher",       FIELD_OBJECT, dispatcher_table),
    NESTED_HARMLESS("CAConfig",         FIELD_OBJECT, ca_table),
    NESTED("TaskDefaults",              FIELD_OBJECT, defaults_table, NULL),
    NESTED_HARMLESS("EncryptionConfig", FIELD_OBJECT, encryption_table),
);

FIELD_TABLE(swarm_init_table,
    HARMLESS("ListenAddr",       STRING(OPAQUE)),
    HARMLESS("AdvertiseAddr",    STRING(OPAQUE)),
    HARMLESS("DataPathAddr",     STRING(OPAQUE)),
    HARMLESS("DataPathPort",     FIELD_INT), // since 1.40
    HARMLESS("ForceNewCluster",  FIELD_BOOL),
    NESTED("Spec",               FIELD_OBJECT, swarm_update_table, NULL),
    HARMLESS("AutoLockManagers", FIELD_BOOL),
    HARMLESS("Availability",     STRING(OPAQUE)),
    HARMLESS("DefaultAddrPool",  STRINGS(OPAQUE)), // since 1.39, both
    HARMLESS("SubnetSize",       FIELD_INT),
);

FIELD_TABLE(swarm_join_table,
    HARMLESS("ListenAddr",    STRING(OPAQUE)),
    HARMLESS("AdvertiseAddr", STRING(OPAQUE)),
    HARMLESS("DataPathAddr",  STRING(OPAQUE)),
    HARMLESS("RemoteAddrs",   STRINGS(OPAQUE)),
    HARMLESS("JoinToken",     STRING(OPAQUE)),
    HARMLESS("Availability",  STRING(OPAQUE)),
);

FIELD_TABLE(swarm_unlock_table, HARMLESS("UnlockKey", STRING(OPAQUE)));

FIELD_TABLE(swarm_node_table,
    HARMLESS("Name",         STRING(OPAQUE)),
    HARMLESS("Labels",       STRING_MAP(OPAQUE, OPAQUE)),
    HARMLESS("Role",         STRING(OPAQUE)),
    HARMLESS("Availability", STRING(OPAQUE)),
);

/*
 * A secret's driver is a program that answers with what it likes, and a template reads
 * whatever else the task can see.
 */
FIELD_TABLE(swarm_secret_table,
    HARMLESS("Name",      STRING(OPAQUE)),
    HARMLESS("Labels",    STRING_MAP(OPAQUE, OPAQUE)),
    HARMLESS("Data",      STRING(OPAQUE)), // base64
    UNJUDGED("Driver"),     // since 1.31
    UNJUDGED("Templating"), // since 1.37
);

FIELD_TABLE(swarm_config_table,
    HARMLESS("Name",      STRING(OPAQUE)),
    HARMLESS("Labels",    STRING_MAP(OPAQUE, OPAQUE)),
    HARMLESS("Data",      STRING(OPAQUE)),
    UNJUDGED("Templating"),
);

FIELD_TABLE(plugin_privilege_table,
    JUDGED("Name",          STRING(OPAQUE), "privileged"),
    HARMLESS("Description", STRING(OPAQUE)),
    JUDGED("Value",         STRINGS(PARSED), "privileged"),
);

static const struct field privileges_field = NESTED("body", FIELD_OBJECTS, plugin_privilege_table, NULL);
static const struct field settings_field =
    PLACED("body", STRINGS(PARSED), plugin_spec, settings, "privileged");

FIELD_TABLE(swarm_checkpoint_table,
    HARMLESS("CheckpointID", STRING(OPAQUE)), // the engine checks that it is a name
    UNJUDGED("CheckpointDir"), // a directory of the host
    HARMLESS("Exit",         FIELD_BOOL),
);
// clang-format on

int swarm_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree,
                    struct swarm_spec *out)
{
    struct swarm_spec spec = {.tree = tree};

    TRY(fields_read(reader, body == ROUTE_BODY_SWARM_INIT ? &swarm_init_table : &swarm_update_table,
                    tree, &spec));
    *out = spec;
    return 0;
}

static int read_privileges(struct arena *arena, struct plugin_spec *spec)
{
    spec->privileges = arena_alloc(arena, field_count(spec->tree) * sizeof(*spec->privileges));
    TRY_ALLOC(spec->privileges);
    for (const struct json *entry = spec->tree->child; entry; entry = entry->next) {
        struct plugin_privilege *privilege = &spec->privileges[spec->privilege_count];

        TRY(container_field(arena, "", "body", spec->privilege_count, &privilege->field));
        TRY(field_strings(arena, json_member(entry, SLICE("Value")), &privilege->values));
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

    TRY(fields_read_list(reader, settings ? &settings_field : &privileges_field, tree, &spec));
    if (!settings) {
        TRY(read_privileges(reader->arena, &spec));
    }
    *out = spec;
    return 0;
}
