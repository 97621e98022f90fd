/*
 * The tables: see control_messages.h.
 */
#include "buildkit/control_messages.h"

#include "base/banned.h"

// clang-format off
#define M struct source_constraint
static const struct proto_field source_constraint_fields[] = {
    JUDGED(1, "key",       STRING(key)),
    JUDGED(2, "value",     STRING(value)),
    JUDGED(3, "condition", ENUM(condition, SOURCE_MATCHES)),
};
#undef M
PROTO_TABLE(source_constraint, "moby.buildkit.v1.sourcepolicy.AttrConstraint");

#define M struct source_selector
static const struct proto_field source_selector_fields[] = {
    JUDGED(1, "identifier",  STRING(identifier)),
    JUDGED(2, "match_type",  ENUM(match_type, SOURCE_REGEX)),
    JUDGED(3, "constraints", MESSAGES(constraints, source_constraint)),
};
#undef M
PROTO_TABLE(source_selector, "moby.buildkit.v1.sourcepolicy.Selector");

#define M struct source_update
static const struct proto_field source_update_fields[] = {
    JUDGED(1, "identifier", STRING(identifier)),
    JUDGED(2, "attrs",      MAP(attrs, PROTO_STRING)),
};
#undef M
PROTO_TABLE(source_update, "moby.buildkit.v1.sourcepolicy.Update");

#define M struct source_rule
static const struct proto_field source_rule_fields[] = {
    JUDGED(1, "action",   ENUM(action, SOURCE_CONVERT)),
    JUDGED(2, "selector", MESSAGE(selector, source_selector)),
    JUDGED(3, "updates",  MESSAGE(updates, source_update)),
};
#undef M
PROTO_TABLE(source_rule, "moby.buildkit.v1.sourcepolicy.Rule");

#define M struct source_policy
static const struct proto_field source_policy_fields[] = {
    JUDGED(1, "version", INT64(version)),
    JUDGED(2, "rules",   MESSAGES(rules, source_rule)),
};
#undef M
PROTO_TABLE(source_policy, "moby.buildkit.v1.sourcepolicy.Policy");

#define M struct typed_attrs
static const struct proto_field typed_attrs_fields[] = {
    JUDGED(1, "Type",  STRING(type)),
    JUDGED(2, "Attrs", MAP(attrs, PROTO_STRING)),
};
#undef M
PROTO_TABLE_OF(control_exporter, typed_attrs, "moby.buildkit.v1.Exporter");
PROTO_TABLE_OF(control_cache_entry, typed_attrs, "moby.buildkit.v1.CacheOptionsEntry");

#define NOT_SINCE_0_4 WHY("is replaced by Exports and Imports since BuildKit 0.4; clients don't send it")
#define M struct control_cache_options
static const struct proto_field control_cache_options_fields[] = {
    REFUSED(1, "ExportRefDeprecated",   UNPLACED(PROTO_STRING),      NOT_SINCE_0_4),
    REFUSED(2, "ImportRefsDeprecated",  UNPLACED_LIST(PROTO_STRING), NOT_SINCE_0_4),
    REFUSED(3, "ExportAttrsDeprecated", UNPLACED_MAP(PROTO_STRING),  NOT_SINCE_0_4),
    JUDGED (4, "Exports", MESSAGES(exports, control_cache_entry)),
    JUDGED (5, "Imports", MESSAGES(imports, control_cache_entry)),
};
#undef M
PROTO_TABLE(control_cache_options, "moby.buildkit.v1.CacheOptions");

#define M struct control_solve_request
static const struct proto_field control_solve_request_fields[] = {
    JUDGED (1,  "Ref",                     STRING(ref)),
    JUDGED (2,  "Definition",              OPAQUE(definition)),
    JUDGED (3,  "ExporterDeprecated",      STRING(exporter)),
    JUDGED (4,  "ExporterAttrsDeprecated", MAP(exporter_attrs, PROTO_STRING)),
    JUDGED (5,  "Session",                 STRING(session)),
    JUDGED (6,  "Frontend",                STRING(frontend)),
    JUDGED (7,  "FrontendAttrs",           MAP(frontend_attrs, PROTO_STRING)),
    JUDGED (8,  "Cache",                   MESSAGE(cache, control_cache_options)),
    JUDGED (9,  "Entitlements",            LIST(entitlements, PROTO_STRING)),
    JUDGED (10, "FrontendInputs",          MAP(frontend_inputs, PROTO_OPAQUE)),
    PASSED (11, "Internal",                BOOL(internal), SINCE("0.11")), // not recorded in the engine's history
    REFUSED(12, "SourcePolicy",            MESSAGE(source_policy, source_policy), SINCE("0.11"),
            WHY("is set by sockade; unset EXPERIMENTAL_BUILDKIT_SOURCE_POLICY")),
    JUDGED (13, "Exporters",               MESSAGES(exporters, control_exporter), SINCE("0.13")),
    REFUSED(14, "EnableSessionExporter",   UNPLACED(PROTO_BOOL), SINCE("0.22"),
            WHY("lets the client choose exporters after they were judged")),
    REFUSED(15, "SourcePolicySession",     UNPLACED(PROTO_STRING), SINCE("0.26"),
            WHY("lets the client change sources after they were judged; build without a policy file")),
    JUDGED (16, "CompatibilityVersion",    INT64(compatibility_version), SINCE("0.30")),
    REFUSED(17, "ProxyNetwork",            UNPLACED(PROTO_BOOL), SINCE("0.31"),
            WHY("leads through the host's network; build without a policy file")),
};
#undef M
PROTO_TABLE(control_solve_request, "moby.buildkit.v1.SolveRequest");

#define M struct control_solve_response
static const struct proto_field control_solve_response_fields[] = {
    PASSED(1, "ExporterResponse", MAP(exporter_response, PROTO_STRING)),
};
#undef M
PROTO_TABLE(control_solve_response, "moby.buildkit.v1.SolveResponse");

#define M struct control_status_request
static const struct proto_field control_status_request_fields[] = {
    JUDGED(1, "Ref", STRING(ref)),
};
#undef M
PROTO_TABLE(control_status_request, "moby.buildkit.v1.StatusRequest");

#define M struct list_workers_request
static const struct proto_field list_workers_request_fields[] = {
    PASSED(1, "filter", LIST(filter, PROTO_STRING)),
};
#undef M
PROTO_TABLE(list_workers_request, "moby.buildkit.v1.ListWorkersRequest");

#define M struct worker_platform
static const struct proto_field worker_platform_fields[] = {
    PASSED(1, "Architecture", STRING(architecture)),
    PASSED(2, "OS",           STRING(os)),
    PASSED(3, "Variant",      STRING(variant)),
    PASSED(4, "OSVersion",    STRING(os_version)),
    PASSED(5, "OSFeatures",   LIST(os_features, PROTO_STRING)),
};
#undef M
PROTO_TABLE(worker_platform, "pb.Platform");

#define M struct worker_gc_policy
static const struct proto_field worker_gc_policy_fields[] = {
    PASSED(1, "all",           BOOL(all)),
    PASSED(2, "keepDuration",  INT64(keep_duration)),
    PASSED(3, "reservedSpace", INT64(reserved_space)),
    PASSED(4, "filters",       LIST(filters, PROTO_STRING)),
    PASSED(5, "maxUsedSpace",  INT64(max_used_space), SINCE("0.17")),
    PASSED(6, "minFreeSpace",  INT64(min_free_space), SINCE("0.17")),
};
#undef M
PROTO_TABLE(worker_gc_policy, "moby.buildkit.v1.types.GCPolicy");

#define M struct buildkit_version
static const struct proto_field buildkit_version_fields[] = {
    PASSED(1, "package",           STRING(package)),
    PASSED(2, "version",           STRING(version)),
    PASSED(3, "revision",          STRING(revision)),
    PASSED(4, "dockerfileVersion", STRING(dockerfile_version), SINCE("0.30")),
};
#undef M
PROTO_TABLE(buildkit_version, "moby.buildkit.v1.types.BuildkitVersion");

#define M struct worker_record
static const struct proto_field worker_record_fields[] = {
    PASSED (1, "ID",              STRING(id)),
    JUDGED (2, "Labels",          MAP(labels, PROTO_STRING)), // of the host and its stores
    PASSED (3, "platforms",       MESSAGES(platforms, worker_platform)),
    PASSED (4, "GCPolicy",        MESSAGES(gc_policy, worker_gc_policy)),
    PASSED (5, "BuildkitVersion", MESSAGE(version, buildkit_version), SINCE("0.11")),
    DROPPED(6, "CDIDevices",      UNPLACED_LIST(PROTO_OPAQUE), SINCE("0.20"), WHY("is about devices of the host")),
};
#undef M
PROTO_TABLE(worker_record, "moby.buildkit.v1.types.WorkerRecord");

#define M struct list_workers_response
static const struct proto_field list_workers_response_fields[] = {
    PASSED(1, "record", MESSAGES(record, worker_record)),
};
#undef M
PROTO_TABLE(list_workers_response, "moby.buildkit.v1.ListWorkersResponse");

PROTO_EMPTY_TABLE(info_request, "moby.buildkit.v1.InfoRequest");

#define M struct info_response
static const struct proto_field info_response_fields[] = {
    PASSED(1, "buildkitVersion", MESSAGE(version, buildkit_version)),
};
#undef M
PROTO_TABLE(info_response, "moby.buildkit.v1.InfoResponse");

#define M struct api_cap
static const struct proto_field api_cap_fields[] = {
    JUDGED(1, "ID",                  STRING(id)),
    JUDGED(2, "Enabled",             BOOL(enabled)),
    PASSED(3, "Deprecated",          BOOL(deprecated)),
    PASSED(4, "DisabledReason",      STRING(disabled_reason)),
    PASSED(5, "DisabledReasonMsg",   STRING(disabled_reason_msg)),
    PASSED(6, "DisabledAlternative", STRING(disabled_alternative)),
};
#undef M
PROTO_TABLE(api_cap, "moby.buildkit.v1.apicaps.APICap");
// clang-format on
