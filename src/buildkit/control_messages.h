/*
 * The messages of moby.buildkit.v1.Control that are read, and what they share with others.
 * Definitions (LLB) are opaque here. What StatusResponse and the answers of other methods hold is
 * not looked into.
 *
 * Source: moby/buildkit v0.32.2 (fields that are older have their numbers since v0.8.3 at least):
 * api/services/control/control.proto, api/types/worker.proto, sourcepolicy/pb/policy.proto,
 * util/apicaps/pb/caps.proto, solver/pb/ops.proto (Platform). What clients set: client/solve.go
 * (v0.13.2, v0.32.2), docker/buildx v0.36.1 build/opt.go. tests/differential/protobuf/upstream.py
 * compares with the .proto files.
 */
#ifndef SOCKADE_BUILDKIT_CONTROL_MESSAGES_H
#define SOCKADE_BUILDKIT_CONTROL_MESSAGES_H

#include "protobuf/proto_rows.h"

/* sourcepolicy.PolicyAction, MatchType, AttrMatch */
enum { SOURCE_ALLOW = 0, SOURCE_DENY = 1, SOURCE_CONVERT = 2 };
enum { SOURCE_WILDCARD = 0, SOURCE_EXACT = 1, SOURCE_REGEX = 2 };
enum { SOURCE_EQUAL = 0, SOURCE_NOT_EQUAL = 1, SOURCE_MATCHES = 2 };

struct source_constraint {
    struct slice key;
    struct slice value;
    uint32_t condition;
};

struct source_selector {
    struct slice identifier;
    uint32_t match_type;
    struct proto_items constraints; /* of struct source_constraint */
};

struct source_update {
    struct slice identifier;
    struct proto_items attrs;
};

struct source_rule {
    uint32_t action;
    struct source_selector *selector;
    struct source_update *updates;
};

struct source_policy {
    int64_t version;
    struct proto_items rules; /* of struct source_rule */
};

/* Exporters, cache imports and exports alike. */
struct typed_attrs {
    struct slice type;
    struct proto_items attrs; /* text to text */
};

struct control_cache_options {
    struct proto_items exports; /* of struct typed_attrs, like the imports */
    struct proto_items imports;
};

struct control_solve_request {
    struct slice ref;
    struct slice definition; /* opaque; .ptr is NULL: absent */
    struct slice exporter;   /* what engines before BuildKit 0.13 read instead of `exporters` */
    struct proto_items exporter_attrs;
    struct slice session;
    struct slice frontend;
    struct proto_items frontend_attrs; /* text to text */
    struct control_cache_options *cache;
    struct proto_items entitlements;    /* texts */
    struct proto_items frontend_inputs; /* text to opaque Definition */
    bool internal;
    struct source_policy *source_policy; /* never a client's: for ours */
    struct proto_items exporters;        /* of struct typed_attrs */
    int64_t compatibility_version;
};

struct control_solve_response {
    struct proto_items exporter_response; /* text to text */
};

struct control_status_request {
    struct slice ref;
};

struct list_workers_request {
    struct proto_items filter; /* texts */
};

struct worker_platform {
    struct slice architecture;
    struct slice os;
    struct slice variant;
    struct slice os_version;
    struct proto_items os_features;
};

struct worker_gc_policy {
    bool all;
    int64_t keep_duration;
    int64_t reserved_space;
    struct proto_items filters;
    int64_t max_used_space;
    int64_t min_free_space;
};

struct buildkit_version {
    struct slice package;
    struct slice version;
    struct slice revision;
    struct slice dockerfile_version;
};

struct worker_record {
    struct slice id;
    struct proto_items labels;    /* text to text */
    struct proto_items platforms; /* of struct worker_platform */
    struct proto_items gc_policy; /* of struct worker_gc_policy */
    struct buildkit_version *version;
};

struct list_workers_response {
    struct proto_items record; /* of struct worker_record */
};

struct info_response {
    struct buildkit_version *version;
};

/* A capability, of LLBBridge's Ping. */
struct api_cap {
    struct slice id;
    bool enabled;
    bool deprecated;
    struct slice disabled_reason;
    struct slice disabled_reason_msg; /* shown to the user */
    struct slice disabled_alternative;
};

extern const struct proto_table source_constraint_table, source_selector_table, source_update_table,
    source_rule_table, source_policy_table;
extern const struct proto_table control_exporter_table, control_cache_entry_table,
    control_cache_options_table, control_solve_request_table, control_solve_response_table,
    control_status_request_table;
extern const struct proto_table list_workers_request_table, worker_platform_table,
    worker_gc_policy_table, buildkit_version_table, worker_record_table,
    list_workers_response_table, info_request_table, info_response_table, api_cap_table;

#endif
