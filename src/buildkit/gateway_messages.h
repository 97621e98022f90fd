/*
 * The messages of moby.buildkit.v1.frontend.LLBBridge that clients need for a build. Those of its
 * other methods (ReadFile, ReadDir, ResolveImageConfig, ResolveSourceMeta, containers) have no
 * table: such calls are refused before their message is read.
 *
 * Source: moby/buildkit v0.32.2 frontend/gateway/pb/gateway.proto, google/rpc/status.proto,
 * google/protobuf/any.proto. What clients set: frontend/gateway/grpcclient/client.go (v0.13.2,
 * v0.32.2).
 */
#ifndef SOCKADE_BUILDKIT_GATEWAY_MESSAGES_H
#define SOCKADE_BUILDKIT_GATEWAY_MESSAGES_H

#include "buildkit/control_messages.h"
#include "buildkit/session_messages.h"

struct gateway_solve_request {
    struct slice frontend;
    struct proto_items frontend_opt; /* text to text */
    bool allow_result_return;
    bool allow_result_array_ref;
    struct proto_items cache_imports;   /* of struct typed_attrs */
    struct proto_items frontend_inputs; /* text to opaque Definition */
    bool evaluate;
    struct slice definition; /* opaque; .ptr is NULL: absent */
};

struct gateway_ref {
    struct slice id;
    struct slice def; /* opaque */
};

struct gateway_ref_map {
    struct proto_items refs; /* text to struct gateway_ref */
};

struct gateway_old_ref_map {
    struct proto_items refs; /* text to text */
};

struct gateway_subject {
    uint32_t kind;
    struct proto_items digest; /* texts */
    struct slice name;
};

struct gateway_attestation {
    uint32_t kind;
    struct proto_items metadata; /* text to bytes */
    struct gateway_ref *ref;
    struct slice path;
    struct slice predicate_type;
    struct proto_items subjects; /* of struct gateway_subject */
};

struct gateway_attestations {
    struct proto_items attestation; /* of struct gateway_attestation */
};

enum {
    GATEWAY_RESULT_OLD_REF = 1,
    GATEWAY_RESULT_OLD_REFS = 2,
    GATEWAY_RESULT_REF = 3,
    GATEWAY_RESULT_REFS = 4
};

struct gateway_result {
    uint32_t which; /* GATEWAY_RESULT_*; 0: none */
    struct slice old_ref;
    struct gateway_old_ref_map *old_refs;
    struct gateway_ref *ref;
    struct gateway_ref_map *refs;
    struct proto_items metadata;     /* text to bytes */
    struct proto_items attestations; /* text to struct gateway_attestations */
};

struct gateway_solve_response {
    struct slice old_ref;
    struct gateway_result *result;
};

struct rpc_any {
    struct slice type_url;
    struct slice value;
};

struct rpc_status {
    int32_t code;
    struct slice message;
    struct proto_items details; /* of struct rpc_any */
};

/* Engines dereference `result` where there is no `error`: one of them has to be there. */
struct return_request {
    struct gateway_result *result;
    struct rpc_status *error;
};

struct inputs_response {
    struct proto_items definitions; /* text to opaque Definition */
};

struct pong_response {
    struct proto_items frontend_caps; /* of struct api_cap */
    struct proto_items llb_caps;      /* of struct api_cap */
    struct proto_items workers;       /* of struct worker_record */
};

struct warn_request {
    struct slice digest;
    int64_t level;
    struct slice brief;        /* "short" */
    struct proto_items detail; /* bytes */
    struct slice url;
    struct slice info;         /* opaque */
    struct proto_items ranges; /* opaque */
};

struct stat_file_request {
    struct slice ref;
    struct slice path;
};

struct stat_file_response {
    struct fsutil_stat *stat;
};

struct evaluate_request {
    struct slice ref;
};

extern const struct proto_table gateway_cache_entry_table, gateway_solve_request_table,
    gateway_ref_table, gateway_ref_map_table, gateway_old_ref_map_table, gateway_subject_table,
    gateway_attestation_table, gateway_attestations_table, gateway_result_table,
    gateway_solve_response_table, rpc_any_table, rpc_status_table, return_request_table,
    return_response_table, inputs_request_table, inputs_response_table, ping_request_table,
    pong_response_table, warn_request_table, warn_response_table, stat_file_request_table,
    stat_file_response_table, evaluate_request_table, evaluate_response_table;

#endif
