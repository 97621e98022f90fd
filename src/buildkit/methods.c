/*
 * See methods.h.
 */
#include "buildkit/methods.h"

#include "base/banned.h"

enum { SMALL = 64 * 1024, VALUE = 4096 };

#define PASS(name, bytes)                                    \
    {                                                        \
        SLICE_INIT(name), H2_FIELD_PASS, false, false, bytes \
    }
#define PASS_MANY(name)                                     \
    {                                                       \
        SLICE_INIT(name), H2_FIELD_PASS, false, true, VALUE \
    }
#define PASS_PREFIX(name)                                  \
    {                                                      \
        SLICE_INIT(name), H2_FIELD_PASS, true, true, VALUE \
    }
#define FIELDS(rows)                                          \
    {                                                         \
        rows, sizeof(rows) / sizeof((rows)[0]), H2_FIELD_DROP \
    }

// clang-format off

/* The build that a call of the gateway belongs to. */
static const struct h2_field build_rows[] = {
    PASS("buildkit-controlapi-buildid", 64),
};

/* Which files: session/filesync/filesync.go. "K-encoded: 1": the values of K are query-escaped. */
static const struct h2_field file_rows[] = {
    PASS("dir-name", VALUE),            PASS("dir-name-encoded", 1),
    PASS_MANY("followpaths"),           PASS("followpaths-encoded", 1),
    PASS_MANY("include-patterns"),      PASS("include-patterns-encoded", 1),
    PASS_MANY("exclude-patterns"),      PASS("exclude-patterns-encoded", 1),
    PASS("override-excludes", 16),      PASS("override-excludes-encoded", 1), // up to 0.10
};

static const struct h2_field output_rows[] = {
    PASS("buildkit-attachable-exporter-id", 64),
    PASS("buildkit-exporter-multi-platform", 16),
    PASS_PREFIX("exporter-md-"),
};

static const struct h2_field ssh_rows[] = {
    PASS("buildkit.ssh.id", 256),
};

static const struct h2_fields build_fields = FIELDS(build_rows);
static const struct h2_fields file_fields = FIELDS(file_rows);
static const struct h2_fields output_fields = FIELDS(output_rows);
static const struct h2_fields ssh_fields = FIELDS(ssh_rows);

/* Messages of one direction: one, or many; whole, or passed in pieces. */
#define ONE(max)         {H2_WHOLE, true, max}
#define MANY(max)        {H2_WHOLE, false, max}
#define ONE_UNREAD(max)  {H2_PIECES, true, max}
#define MANY_UNREAD(max) {H2_PIECES, false, max}

#define FROM_CLIENT(service, method) .path = SLICE_INIT("/" service "/" method), .from_engine = false
#define FROM_ENGINE(service, method) .path = SLICE_INIT("/" service "/" method), .from_engine = true

#define UNARY(in, out)  .kind = BUILDKIT_UNARY, .asked = (in), .answered = (out)
#define STREAM(in, out) .kind = BUILDKIT_SERVER_STREAM, .asked = (in), .answered = (out)
#define BIDI(in, out)   .kind = BUILDKIT_BIDI, .asked = (in), .answered = (out)

#define JUDGED(request, answer, fields) .disposition = BUILDKIT_JUDGED, .rules = {{request, answer}, fields, NULL}
#define PASSED(request, answer, fields) .disposition = BUILDKIT_PASSED, .rules = {{request, answer}, fields, NULL}
#define REFUSED(text)                   .disposition = BUILDKIT_REFUSED, .why = text
#define UNIMPLEMENTED                   .disposition = BUILDKIT_UNIMPLEMENTED

#define CONTROL "moby.buildkit.v1.Control"
#define GATEWAY "moby.buildkit.v1.frontend.LLBBridge"
#define AUTH    "moby.filesync.v1.Auth"
#define HEALTH  "grpc.health.v1.Health"
#define CONTENT "containerd.services.content.v1.Content"

static const char no_containers[] = "containers of a build's gateway are not allowed: they are not judged as others are";
static const char no_reading[] = "reading files of a build's result is not allowed: remote bake files and Dockerfiles of a URL are not supported";
static const char no_resolving[] = "looking up a source through the engine is not allowed: the build itself does that";

static const struct buildkit_rpc buildkit_catalogue[] = {
    {FROM_CLIENT(CONTROL, "Solve"),              UNARY("SolveRequest", "SolveResponse"),
     JUDGED(ONE(BUILDKIT_MESSAGE_BYTES), ONE(BUILDKIT_MESSAGE_BYTES), NULL)},
    {FROM_CLIENT(CONTROL, "Status"),             STREAM("StatusRequest", "StatusResponse"),
     JUDGED(ONE(SMALL), MANY_UNREAD(BUILDKIT_ANSWER_BYTES), NULL)},
    {FROM_CLIENT(CONTROL, "ListWorkers"),        UNARY("ListWorkersRequest", "ListWorkersResponse"),
     JUDGED(ONE(SMALL), ONE(BUILDKIT_MESSAGE_BYTES), NULL)},
    {FROM_CLIENT(CONTROL, "Info"),               UNARY("InfoRequest", "InfoResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), NULL)},
    {FROM_CLIENT(CONTROL, "Session"),            BIDI("BytesMessage", "BytesMessage"),
     REFUSED("a session within another connection is not supported: build one target at a time, or each from its own directory")},
    {FROM_CLIENT(CONTROL, "DiskUsage"),          UNARY("DiskUsageRequest", "DiskUsageResponse"),
     REFUSED("listing the build cache is not allowed: it names the builds of others")},
    {FROM_CLIENT(CONTROL, "Prune"),              STREAM("PruneRequest", "UsageRecord"),
     REFUSED("pruning the build cache this way is not allowed: it is shared with others")},
    // Clients do without the history, which has the builds of others.
    {FROM_CLIENT(CONTROL, "ListenBuildHistory"), STREAM("BuildHistoryRequest", "BuildHistoryEvent"), UNIMPLEMENTED},
    {FROM_CLIENT(CONTROL, "UpdateBuildHistory"), UNARY("UpdateBuildHistoryRequest", "UpdateBuildHistoryResponse"), UNIMPLEMENTED},

    {FROM_CLIENT(GATEWAY, "Ping"),               UNARY("PingRequest", "PongResponse"),
     JUDGED(ONE(SMALL), ONE(BUILDKIT_MESSAGE_BYTES), &build_fields)},
    {FROM_CLIENT(GATEWAY, "Solve"),              UNARY("SolveRequest", "SolveResponse"),
     JUDGED(ONE(BUILDKIT_MESSAGE_BYTES), ONE(BUILDKIT_MESSAGE_BYTES), &build_fields)},
    // Replaced by what Solve answered: the engine takes its metadata as they are, and an empty one ends the engine.
    {FROM_CLIENT(GATEWAY, "Return"),             UNARY("ReturnRequest", "ReturnResponse"),
     JUDGED(ONE(BUILDKIT_MESSAGE_BYTES), ONE(SMALL), &build_fields)},
    {FROM_CLIENT(GATEWAY, "Inputs"),             UNARY("InputsRequest", "InputsResponse"),
     JUDGED(ONE(SMALL), ONE(BUILDKIT_MESSAGE_BYTES), &build_fields)},
    {FROM_CLIENT(GATEWAY, "Evaluate"),           UNARY("EvaluateRequest", "EvaluateResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), &build_fields)},
    {FROM_CLIENT(GATEWAY, "StatFile"),           UNARY("StatFileRequest", "StatFileResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), &build_fields)},
    {FROM_CLIENT(GATEWAY, "Warn"),               UNARY("WarnRequest", "WarnResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), &build_fields)},
    // Engines before BuildKit 0.32 open device nodes of a result as root.
    {FROM_CLIENT(GATEWAY, "ReadFile"),           UNARY("ReadFileRequest", "ReadFileResponse"), REFUSED(no_reading)},
    {FROM_CLIENT(GATEWAY, "ReadDir"),            UNARY("ReadDirRequest", "ReadDirResponse"), REFUSED(no_reading)},
    {FROM_CLIENT(GATEWAY, "ResolveImageConfig"), UNARY("ResolveImageConfigRequest", "ResolveImageConfigResponse"), REFUSED(no_resolving)},
    {FROM_CLIENT(GATEWAY, "ResolveSourceMeta"),  UNARY("ResolveSourceMetaRequest", "ResolveSourceMetaResponse"), REFUSED(no_resolving)},
    // CVE-2024-23653: privileged containers without entitlement.
    {FROM_CLIENT(GATEWAY, "NewContainer"),       UNARY("NewContainerRequest", "NewContainerResponse"), REFUSED(no_containers)},
    {FROM_CLIENT(GATEWAY, "ReleaseContainer"),   UNARY("ReleaseContainerRequest", "ReleaseContainerResponse"), REFUSED(no_containers)},
    {FROM_CLIENT(GATEWAY, "ExecProcess"),        BIDI("ExecMessage", "ExecMessage"), REFUSED(no_containers)},
    {FROM_CLIENT(GATEWAY, "ReadFileContainer"),  UNARY("ReadFileRequest", "ReadFileResponse"), REFUSED(no_containers)},
    {FROM_CLIENT(GATEWAY, "ReadDirContainer"),   UNARY("ReadDirRequest", "ReadDirResponse"), REFUSED(no_containers)},
    {FROM_CLIENT(GATEWAY, "StatFileContainer"),  UNARY("StatFileRequest", "StatFileResponse"), REFUSED(no_containers)},

    {FROM_CLIENT(HEALTH, "Check"),               UNARY("HealthCheckRequest", "HealthCheckResponse"),
     PASSED(ONE_UNREAD(SMALL), ONE_UNREAD(SMALL), NULL)},
    // Reads any blob of the engine; clients do without, as they do without traces.
    {FROM_CLIENT(CONTENT, "Info"),               UNARY("InfoRequest", "InfoResponse"), UNIMPLEMENTED},
    {FROM_CLIENT(CONTENT, "Read"),               STREAM("ReadContentRequest", "ReadContentResponse"), UNIMPLEMENTED},
    {FROM_CLIENT("opentelemetry.proto.collector.trace.v1.TraceService", "Export"),
     UNARY("ExportTraceServiceRequest", "ExportTraceServiceResponse"), UNIMPLEMENTED},

    // An engine ends a session when a check of its health fails.
    {FROM_ENGINE(HEALTH, "Check"),               UNARY("HealthCheckRequest", "HealthCheckResponse"),
     PASSED(ONE_UNREAD(SMALL), ONE_UNREAD(SMALL), NULL)},
    {FROM_ENGINE(HEALTH, "Watch"),               STREAM("HealthCheckRequest", "HealthCheckResponse"),
     PASSED(ONE_UNREAD(SMALL), MANY_UNREAD(SMALL), NULL)},
    {FROM_ENGINE(HEALTH, "List"),                UNARY("HealthListRequest", "HealthListResponse"),
     PASSED(ONE_UNREAD(SMALL), ONE_UNREAD(SMALL), NULL)},

    {FROM_ENGINE("moby.filesync.v1.FileSync", "DiffCopy"), BIDI("fsutil.types.Packet", "fsutil.types.Packet"),
     JUDGED(MANY(BUILDKIT_PACKET_BYTES), MANY(BUILDKIT_PACKET_BYTES), &file_fields)},
    {FROM_ENGINE("moby.filesync.v1.FileSync", "TarStream"), BIDI("fsutil.types.Packet", "fsutil.types.Packet"), UNIMPLEMENTED},
    // The engine writes, the client takes: tar archives, or packets of files.
    {FROM_ENGINE("moby.filesync.v1.FileSend", "DiffCopy"), BIDI("BytesMessage", "BytesMessage"),
     PASSED(MANY_UNREAD(BUILDKIT_MESSAGE_BYTES), MANY_UNREAD(BUILDKIT_PACKET_BYTES), &output_fields)},
    {FROM_ENGINE(AUTH, "Credentials"),           UNARY("CredentialsRequest", "CredentialsResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), NULL)},
    {FROM_ENGINE(AUTH, "FetchToken"),            UNARY("FetchTokenRequest", "FetchTokenResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), NULL)},
    {FROM_ENGINE(AUTH, "GetTokenAuthority"),     UNARY("GetTokenAuthorityRequest", "GetTokenAuthorityResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), NULL)},
    {FROM_ENGINE(AUTH, "VerifyTokenAuthority"),  UNARY("VerifyTokenAuthorityRequest", "VerifyTokenAuthorityResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), NULL)},
    {FROM_ENGINE("moby.buildkit.secrets.v1.Secrets", "GetSecret"), UNARY("GetSecretRequest", "GetSecretResponse"),
     JUDGED(ONE(SMALL), ONE(BUILDKIT_SECRET_BYTES), NULL)},
    {FROM_ENGINE("moby.sshforward.v1.SSH", "CheckAgent"), UNARY("CheckAgentRequest", "CheckAgentResponse"),
     JUDGED(ONE(SMALL), ONE(SMALL), &ssh_fields)},
    {FROM_ENGINE("moby.sshforward.v1.SSH", "ForwardAgent"), BIDI("BytesMessage", "BytesMessage"),
     PASSED(MANY_UNREAD(BUILDKIT_MESSAGE_BYTES), MANY_UNREAD(BUILDKIT_MESSAGE_BYTES), &ssh_fields)},
    {FROM_ENGINE("moby.upload.v1.Upload", "Pull"), BIDI("BytesMessage", "BytesMessage"),
     REFUSED("a build context on standard input is not supported: build from a directory")},
    // By these a client would choose outputs and sources after its build was judged.
    {FROM_ENGINE("moby.exporter.v1.Exporter", "FindExporters"), UNARY("FindExportersRequest", "FindExportersResponse"), UNIMPLEMENTED},
    {FROM_ENGINE("moby.exporter.v1.Exporter", "FinalizeExport"), UNARY("FinalizeExportRequest", "FinalizeExportResponse"), UNIMPLEMENTED},
    {FROM_ENGINE("moby.buildkit.v1.sourcepolicy.policysession.PolicyVerifier", "CheckPolicy"),
     UNARY("CheckPolicyRequest", "CheckPolicyResponse"), UNIMPLEMENTED},
};
// clang-format on

const struct buildkit_rpc *buildkit_rpcs(size_t *count)
{
    *count = sizeof(buildkit_catalogue) / sizeof(buildkit_catalogue[0]);
    return buildkit_catalogue;
}

const struct buildkit_rpc *buildkit_rpc_find(bool from_engine, struct slice path)
{
    size_t count = 0;
    const struct buildkit_rpc *rpcs = buildkit_rpcs(&count);

    for (size_t i = 0; i < count; i++) {
        if (rpcs[i].from_engine == from_engine && slice_eq(rpcs[i].path, path)) {
            return &rpcs[i];
        }
    }
    return NULL;
}

void buildkit_rpc_answer(const struct buildkit_rpc *rpc, struct h2_answer *answer)
{
    enum buildkit_disposition disposition = rpc ? rpc->disposition : BUILDKIT_UNIMPLEMENTED;

    switch (disposition) {
    case BUILDKIT_UNIMPLEMENTED:
        *answer = (struct h2_answer){.status = GRPC_UNIMPLEMENTED,
                                     .text = SLICE("this method is not supported here")};
        break;
    case BUILDKIT_REFUSED:
        *answer = (struct h2_answer){.status = GRPC_UNKNOWN, .text = slice_from(rpc->why)};
        break;
    case BUILDKIT_JUDGED:
    case BUILDKIT_PASSED:
        *answer = (struct h2_answer){.verdict = H2_PASS, .rules = &rpc->rules};
        break;
    }
}
