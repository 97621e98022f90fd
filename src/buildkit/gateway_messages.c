/*
 * The tables: see gateway_messages.h.
 */
#include "buildkit/gateway_messages.h"

#include "base/banned.h"

// clang-format off
#define M struct typed_attrs
static const struct proto_field typed_attrs_fields[] = {
    JUDGED(1, "Type",  STRING(type)),
    JUDGED(2, "Attrs", MAP(attrs, PROTO_STRING)),
};
#undef M
PROTO_TABLE_OF(gateway_cache_entry, typed_attrs, "moby.buildkit.v1.frontend.CacheOptionsEntry");

#define OLD_RETURN WHY("is how frontends returned a result before BuildKit 0.4; clients don't send it")
#define M struct gateway_solve_request
static const struct proto_field gateway_solve_request_fields[] = {
    JUDGED (1,  "Definition",          OPAQUE(definition)),
    JUDGED (2,  "Frontend",            STRING(frontend)),
    JUDGED (3,  "FrontendOpt",         MAP(frontend_opt, PROTO_STRING)),
    PASSED (5,  "allowResultReturn",   BOOL(allow_result_return)),
    PASSED (6,  "allowResultArrayRef", BOOL(allow_result_array_ref)),
    REFUSED(10, "Final",               UNPLACED(PROTO_BOOL), OLD_RETURN),
    REFUSED(11, "ExporterAttr",        UNPLACED(PROTO_BYTES), OLD_RETURN),
    JUDGED (12, "CacheImports",        MESSAGES(cache_imports, gateway_cache_entry)),
    JUDGED (13, "FrontendInputs",      MAP(frontend_inputs, PROTO_OPAQUE)),
    PASSED (14, "Evaluate",            BOOL(evaluate)),
    REFUSED(15, "SourcePolicies",      UNPLACED_LIST(PROTO_OPAQUE), SINCE("0.11"),
            WHY("is set by sockade, for the whole build")),
};
#undef M
PROTO_TABLE(gateway_solve_request, "moby.buildkit.v1.frontend.SolveRequest");

#define M struct gateway_ref
static const struct proto_field gateway_ref_fields[] = {
    JUDGED(1, "id",  STRING(id)),
    JUDGED(2, "def", OPAQUE(def)),
};
#undef M
PROTO_TABLE(gateway_ref, "moby.buildkit.v1.frontend.Ref");

#define M struct gateway_ref_map
static const struct proto_field gateway_ref_map_fields[] = {
    JUDGED(1, "refs", MESSAGE_MAP(refs, gateway_ref)),
};
#undef M
PROTO_TABLE(gateway_ref_map, "moby.buildkit.v1.frontend.RefMap");

#define M struct gateway_old_ref_map
static const struct proto_field gateway_old_ref_map_fields[] = {
    JUDGED(1, "refs", MAP(refs, PROTO_STRING)),
};
#undef M
PROTO_TABLE(gateway_old_ref_map, "moby.buildkit.v1.frontend.RefMapDeprecated");

#define M struct gateway_subject
static const struct proto_field gateway_subject_fields[] = {
    JUDGED(1, "kind",   ENUM(kind, 1)),
    JUDGED(2, "digest", LIST(digest, PROTO_STRING)),
    JUDGED(3, "name",   STRING(name)),
};
#undef M
PROTO_TABLE(gateway_subject, "moby.buildkit.v1.frontend.InTotoSubject");

#define M struct gateway_attestation
static const struct proto_field gateway_attestation_fields[] = {
    JUDGED(1, "kind",                ENUM(kind, 1)),
    JUDGED(2, "metadata",            MAP(metadata, PROTO_BYTES)),
    JUDGED(3, "ref",                 MESSAGE(ref, gateway_ref)),
    JUDGED(4, "path",                STRING(path)),
    JUDGED(5, "inTotoPredicateType", STRING(predicate_type)),
    JUDGED(6, "inTotoSubjects",      MESSAGES(subjects, gateway_subject)),
};
#undef M
PROTO_TABLE(gateway_attestation, "moby.buildkit.v1.frontend.Attestation");

#define M struct gateway_attestations
static const struct proto_field gateway_attestations_fields[] = {
    JUDGED(1, "attestation", MESSAGES(attestation, gateway_attestation)),
};
#undef M
PROTO_TABLE(gateway_attestations, "moby.buildkit.v1.frontend.Attestations");

/* The client returns what it was given; its metadata would become the image's configuration. */
#define M struct gateway_result
static const struct proto_field gateway_result_fields[] = {
    JUDGED(GATEWAY_RESULT_OLD_REF,  "refDeprecated",  STRING(old_ref), ONE_OF(which)),
    JUDGED(GATEWAY_RESULT_OLD_REFS, "refsDeprecated", MESSAGE(old_refs, gateway_old_ref_map), ONE_OF(which)),
    JUDGED(GATEWAY_RESULT_REF,      "ref",            MESSAGE(ref, gateway_ref), ONE_OF(which)),
    JUDGED(GATEWAY_RESULT_REFS,     "refs",           MESSAGE(refs, gateway_ref_map), ONE_OF(which)),
    JUDGED(10, "metadata",     MAP(metadata, PROTO_BYTES)),
    JUDGED(12, "attestations", MESSAGE_MAP(attestations, gateway_attestations), SINCE("0.11")),
};
#undef M
PROTO_TABLE(gateway_result, "moby.buildkit.v1.frontend.Result");

#define M struct gateway_solve_response
static const struct proto_field gateway_solve_response_fields[] = {
    JUDGED(1, "ref",    STRING(old_ref)),
    JUDGED(3, "result", MESSAGE(result, gateway_result)),
};
#undef M
PROTO_TABLE(gateway_solve_response, "moby.buildkit.v1.frontend.SolveResponse");

#define M struct rpc_any
static const struct proto_field rpc_any_fields[] = {
    PASSED(1, "type_url", STRING(type_url)),
    PASSED(2, "value",    BYTES(value)),
};
#undef M
PROTO_TABLE(rpc_any, "google.protobuf.Any");

#define M struct rpc_status
static const struct proto_field rpc_status_fields[] = {
    PASSED(1, "code",    INT32(code)),
    PASSED(2, "message", STRING(message)),
    PASSED(3, "details", MESSAGES(details, rpc_any)),
};
#undef M
PROTO_TABLE(rpc_status, "google.rpc.Status");

#define M struct return_request
static const struct proto_field return_request_fields[] = {
    JUDGED(1, "result", MESSAGE(result, gateway_result)),
    JUDGED(2, "error",  MESSAGE(error, rpc_status)),
};
#undef M
PROTO_TABLE(return_request, "moby.buildkit.v1.frontend.ReturnRequest");
PROTO_EMPTY_TABLE(return_response, "moby.buildkit.v1.frontend.ReturnResponse");

PROTO_EMPTY_TABLE(inputs_request, "moby.buildkit.v1.frontend.InputsRequest");
#define M struct inputs_response
static const struct proto_field inputs_response_fields[] = {
    PASSED(1, "Definitions", MAP(definitions, PROTO_OPAQUE)),
};
#undef M
PROTO_TABLE(inputs_response, "moby.buildkit.v1.frontend.InputsResponse");

PROTO_EMPTY_TABLE(ping_request, "moby.buildkit.v1.frontend.PingRequest");
#define M struct pong_response
static const struct proto_field pong_response_fields[] = {
    JUDGED(1, "FrontendAPICaps", MESSAGES(frontend_caps, api_cap)),
    JUDGED(2, "LLBCaps",         MESSAGES(llb_caps, api_cap)),
    PASSED(3, "Workers",         MESSAGES(workers, worker_record)),
};
#undef M
PROTO_TABLE(pong_response, "moby.buildkit.v1.frontend.PongResponse");

#define M struct warn_request
static const struct proto_field warn_request_fields[] = {
    PASSED(1, "digest", STRING(digest)),
    PASSED(2, "level",  INT64(level)),
    PASSED(3, "short",  BYTES(brief)),
    PASSED(4, "detail", LIST(detail, PROTO_BYTES)),
    PASSED(5, "url",    STRING(url)),
    PASSED(6, "info",   OPAQUE(info)),
    PASSED(7, "ranges", LIST(ranges, PROTO_OPAQUE)),
};
#undef M
PROTO_TABLE(warn_request, "moby.buildkit.v1.frontend.WarnRequest");
PROTO_EMPTY_TABLE(warn_response, "moby.buildkit.v1.frontend.WarnResponse");

#define M struct stat_file_request
static const struct proto_field stat_file_request_fields[] = {
    JUDGED (1, "Ref",        STRING(ref)),
    JUDGED (2, "Path",       STRING(path)),
    REFUSED(3, "MountIndex", UNPLACED(PROTO_INT32), SINCE("0.27"), WHY("is about a container's mounts")),
};
#undef M
PROTO_TABLE(stat_file_request, "moby.buildkit.v1.frontend.StatFileRequest");

#define M struct stat_file_response
static const struct proto_field stat_file_response_fields[] = {
    PASSED(1, "stat", MESSAGE(stat, fsutil_stat)),
};
#undef M
PROTO_TABLE(stat_file_response, "moby.buildkit.v1.frontend.StatFileResponse");

#define M struct evaluate_request
static const struct proto_field evaluate_request_fields[] = {
    JUDGED(1, "Ref", STRING(ref)),
};
#undef M
PROTO_TABLE(evaluate_request, "moby.buildkit.v1.frontend.EvaluateRequest");
PROTO_EMPTY_TABLE(evaluate_response, "moby.buildkit.v1.frontend.EvaluateResponse");
// clang-format on
