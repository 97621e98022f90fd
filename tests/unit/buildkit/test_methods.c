/*
 * The catalogue: nothing dangerous passes, and what it lets pass goes through a relay.
 */
#include "buildkit/methods.h"

#include <criterion/criterion.h>

#include "buildkit/messages.h"
#include "support/h2_rig.h"

#define CONTROL "/moby.buildkit.v1.Control/"
#define GATEWAY "/moby.buildkit.v1.frontend.LLBBridge/"
#define FILESYNC "/moby.filesync.v1.FileSync/DiffCopy"

static enum h2_verdict verdict(bool from_engine, const char *path, enum grpc_status *status)
{
    struct h2_answer answer = {.verdict = H2_HOLD};

    buildkit_rpc_answer(buildkit_rpc_find(from_engine, slice_from(path)), &answer);
    *status = answer.status;
    cr_assert(answer.verdict == H2_PASS || answer.text.len > 0);
    return answer.verdict;
}

Test(methods, each_is_there_once_and_complete)
{
    size_t count = 0;
    const struct buildkit_rpc *rpcs = buildkit_rpcs(&count);

    for (size_t i = 0; i < count; i++) {
        const struct buildkit_rpc *rpc = &rpcs[i];
        bool goes = rpc->disposition == BUILDKIT_JUDGED || rpc->disposition == BUILDKIT_PASSED;

        cr_assert_eq(buildkit_rpc_find(rpc->from_engine, rpc->path), rpc);
        cr_assert_eq(!rpc->why, rpc->disposition != BUILDKIT_REFUSED);
        cr_assert(rpc->asked && rpc->answered);
        for (enum h2_side side = H2_OPENER; side <= H2_ANSWERER; side++) {
            const struct h2_flow_rules *rules = &rpc->rules.from[side];

            cr_assert_eq(rules->max_bytes > 0, goes, "%.*s", SLICE_ARGS(rpc->path));
            cr_assert(rules->messages == H2_PIECES ||
                      rules->max_bytes + GRPC_FRAME_BYTES <= BUILDKIT_MEMORY_BYTES);
            if (goes) {
                bool many = rpc->kind == BUILDKIT_BIDI ||
                            (rpc->kind == BUILDKIT_SERVER_STREAM && side == H2_ANSWERER);

                cr_assert_eq(rules->single, !many, "%.*s", SLICE_ARGS(rpc->path));
            }
        }
    }
}

/* What is judged can be read: its request has a table. */
Test(methods, what_is_judged_has_tables)
{
    size_t count = 0;
    const struct buildkit_rpc *rpcs = buildkit_rpcs(&count);

    for (size_t i = 0; i < count; i++) {
        const struct buildkit_method *tables = buildkit_method_find(rpcs[i].path);

        if (rpcs[i].disposition == BUILDKIT_JUDGED) {
            cr_assert(tables && tables->asked, "%.*s", SLICE_ARGS(rpcs[i].path));
            cr_assert_eq(tables->from_engine, rpcs[i].from_engine);
            cr_assert_eq(rpcs[i].rules.from[H2_OPENER].messages, H2_WHOLE);
        }
    }
}

Test(methods, what_is_dangerous_is_refused)
{
    static const char *const rows[] = {
        CONTROL "Session",
        CONTROL "DiskUsage",
        CONTROL "Prune",
        GATEWAY "ReadFile",
        GATEWAY "ReadDir",
        GATEWAY "NewContainer",
        GATEWAY "ReleaseContainer",
        GATEWAY "ExecProcess",
        GATEWAY "ReadFileContainer",
        GATEWAY "StatFileContainer",
        GATEWAY "ResolveImageConfig",
        GATEWAY "ResolveSourceMeta",
        GATEWAY "ReadDirContainer",
    };
    enum grpc_status status = GRPC_OK;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(verdict(false, rows[i], &status), H2_REFUSE, "%s", rows[i]);
        cr_assert_eq(status, GRPC_UNKNOWN);
        cr_assert_eq(verdict(true, rows[i], &status), H2_REFUSE, "%s in a session", rows[i]);
    }
}

Test(methods, what_is_not_in_it_is_unimplemented)
{
    static const struct {
        bool from_engine;
        const char *path;
    } rows[] = {
        {false, CONTROL "ListenBuildHistory"},
        {false, CONTROL "Unknown"},
        {false, "/moby.buildkit.v1.control/Solve"},
        {false, CONTROL "Solve/"},
        {false, "/containerd.services.content.v1.Content/Read"},
        {false, "/containerd.services.content.v1.Content/Write"},
        {false, "/containerd.services.containers.v1.Containers/Create"},
        {true, "/moby.exporter.v1.Exporter/FindExporters"},
        {true, "/moby.buildkit.v1.sourcepolicy.policysession.PolicyVerifier/CheckPolicy"},
        {true, "/moby.filesync.v1.FileSync/TarStream"},
        // Each side calls its own methods only.
        {true, CONTROL "Solve"},
        {true, GATEWAY "Solve"},
        {false, FILESYNC},
        {false, "/moby.buildkit.secrets.v1.Secrets/GetSecret"},
    };
    enum grpc_status status = GRPC_OK;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(verdict(rows[i].from_engine, rows[i].path, &status), H2_REFUSE, "%s",
                     rows[i].path);
        cr_assert_eq(status, GRPC_UNIMPLEMENTED, "%s", rows[i].path);
    }
}

Test(methods, what_a_build_needs_passes_or_is_judged)
{
    static const struct {
        bool from_engine;
        const char *path;
    } rows[] = {
        {false, CONTROL "Solve"},
        {false, CONTROL "Status"},
        {false, CONTROL "ListWorkers"},
        {false, CONTROL "Info"},
        {false, GATEWAY "Ping"},
        {false, GATEWAY "Solve"},
        {false, GATEWAY "Return"},
        {false, GATEWAY "Evaluate"},
        {false, GATEWAY "StatFile"},
        {false, "/grpc.health.v1.Health/Check"},
        {true, "/grpc.health.v1.Health/Check"},
        {true, FILESYNC},
        {true, "/moby.filesync.v1.FileSend/DiffCopy"},
        {true, "/moby.filesync.v1.Auth/Credentials"},
        {true, "/moby.buildkit.secrets.v1.Secrets/GetSecret"},
        {true, "/moby.sshforward.v1.SSH/ForwardAgent"},
    };
    enum grpc_status status = GRPC_OK;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_assert_eq(verdict(rows[i].from_engine, rows[i].path, &status), H2_PASS, "%s",
                     rows[i].path);
    }
}

static void decide_grpc(struct h2_call *call, struct h2_answer *answer)
{
    buildkit_rpc_answer(buildkit_rpc_find(false, h2_call_path(call)), answer);
}

static void decide_session(struct h2_call *call, struct h2_answer *answer)
{
    buildkit_rpc_answer(buildkit_rpc_find(true, h2_call_path(call)), answer);
}

static struct h2_rig rig;

static const struct buf *fields_there(const char *path, const char *more)
{
    struct h2_test_peer *there = &rig.peer[H2_ANSWERER];
    int32_t id = h2_test_call(&rig.peer[H2_OPENER], path, more);

    h2_test_message(&rig.peer[H2_OPENER], id, SLICE("\n\1x"));
    h2_rig_run(&rig);
    return there->count > 0 ? &there->streams[there->count - 1].fields : NULL;
}

Test(methods, a_build_keeps_its_id_and_nothing_else)
{
    rig.decide = decide_grpc;
    h2_rig_open(&rig, false);
    const struct buf *got = fields_there(
        GATEWAY "Ping", "buildkit-controlapi-buildid: abc\ntraceparent: 00\nuser-agent: x\n"
                        "buildkit-attachable-store-id: s\n");

    cr_assert(got && slice_ends_with(buf_slice(got),
                                     SLICE("te: trailers\nbuildkit-controlapi-buildid: abc\n")),
              "%.*s", SLICE_ARGS(buf_slice(got)));
    fields_there(GATEWAY "ExecProcess", "");
    fields_there("/x.Y/Z", "");
    cr_assert_eq(rig.peer[H2_ANSWERER].count, 1);
    cr_assert(
        h2_test_told(&rig.peer[H2_OPENER], rig.peer[H2_OPENER].streams[2].id, "grpc-status: 12"));
    h2_rig_close(&rig);
}

Test(methods, a_session_says_which_files_are_asked_for)
{
    rig.decide = decide_session;
    h2_rig_open(&rig, false);
    const char *more = "dir-name: context\nfollowpaths: a\nfollowpaths: b\nexclude-patterns: "
                       "*.o\nexclude-patterns: %25\nexclude-patterns-encoded: 1\n";
    const struct buf *got = fields_there(FILESYNC, more);

    cr_assert(got && slice_ends_with(buf_slice(got), slice_from(more)));
    h2_rig_close(&rig);
}
