/*
 * The tables of BuildKit's messages: each is sound, and what real clients and engines send reads.
 */
#include "buildkit/messages.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "buildkit/gateway_messages.h"
#include "protobuf/proto.h"

enum { ARENA_BYTES = 1024 * 1024, MAX_DEPTH = 8 };

static size_t size_of(const struct proto_field *field)
{
    static const size_t sizes[] = {
        [PROTO_BOOL] = sizeof(bool),           [PROTO_INT32] = sizeof(int32_t),
        [PROTO_INT64] = sizeof(int64_t),       [PROTO_UINT32] = sizeof(uint32_t),
        [PROTO_UINT64] = sizeof(uint64_t),     [PROTO_ENUM] = sizeof(uint32_t),
        [PROTO_STRING] = sizeof(struct slice), [PROTO_BYTES] = sizeof(struct slice),
        [PROTO_MESSAGE] = sizeof(void *),      [PROTO_OPAQUE] = sizeof(struct slice)};
    bool many = field->shape != PROTO_ONE && field->shape != PROTO_ONEOF;

    return many ? sizeof(struct proto_items) : sizes[field->type];
}

static void check_table(const struct proto_table *table, unsigned depth);

static void check_row(const struct proto_table *table, size_t row, unsigned depth)
{
    const struct proto_field *field = &table->field[row];
    bool unread = field->use == PROTO_REFUSED || field->use == PROTO_DROPPED;

    cr_expect(row == 0 || field->number > field[-1].number, "%s.%s: order", table->name,
              field->name);
    cr_expect(field->placed || unread, "%s.%s: has no place", table->name, field->name);
    cr_expect_eq(unread, field->why != NULL, "%s.%s: why", table->name, field->name);
    cr_expect_eq(field->type == PROTO_MESSAGE, field->table != NULL, "%s.%s: table", table->name,
                 field->name);
    cr_expect(field->type != PROTO_ENUM || field->most > 0, "%s.%s: values", table->name,
              field->name);
    for (size_t i = 0; field->placed && i < row; i++) {
        const struct proto_field *other = &table->field[i];

        cr_expect(!other->placed || other->place + size_of(other) <= field->place ||
                      field->place + size_of(field) <= other->place,
                  "%s: %s and %s are in one place", table->name, field->name, other->name);
    }
    if (field->table) {
        check_table(field->table, depth + 1);
    }
}

static void check_table(const struct proto_table *table, unsigned depth)
{
    cr_assert_leq(table->count, PROTO_MAX_FIELDS, "%s", table->name);
    cr_assert_leq(depth, MAX_DEPTH, "%s", table->name);
    for (size_t i = 0; i < table->count; i++) {
        check_row(table, i, depth);
    }
}

Test(messages, the_tables_are_sound)
{
    size_t count = 0;
    const struct buildkit_method *method = buildkit_methods(&count);

    cr_assert_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        check_table(method[i].asked, 1);
        if (method[i].answered) {
            check_table(method[i].answered, 1);
        }
        cr_expect_eq(buildkit_method_find(slice_from(method[i].path)), &method[i], "%s",
                     method[i].path);
    }
}

Test(messages, other_methods_have_no_table)
{
    static const char *const paths[] = {"",
                                        "/",
                                        "/moby.buildkit.v1.Control/solve",
                                        "/moby.buildkit.v1.Control/Solve/",
                                        "/moby.buildkit.v1.Control/Prune",
                                        "/moby.buildkit.v1.frontend.LLBBridge/ReadFile",
                                        "/moby.buildkit.v1.frontend.LLBBridge/NewContainer",
                                        "/moby.filesync.v1.FileSync/TarStream",
                                        "/moby.exporter.v1.Exporter/FindExporters"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        cr_expect_null(buildkit_method_find(slice_from(paths[i])), "%s", paths[i]);
    }
}

struct fixture {
    struct arena arena;
    struct proto_reader reader;
};

static int read_as(struct fixture *on, const struct proto_table *table, struct slice bytes,
                   void *message)
{
    arena_init(&on->arena, ARENA_BYTES);
    on->reader.arena = &on->arena;
    return proto_read(&on->reader, table, bytes, message);
}

// clang-format off
static const char solve[] =
    "\x0a\x19" "0123456789abcdefghijklmno"
    "\x1a\x04" "moby"
    "\x22\x0d\x0a\x04" "name\x12\x05" "a:b.c"
    "\x2a\x01s"
    "\x3a\x0d\x0a\x06" "target\x12\x03" "one"
    "\x42\x00"
    "\x58\x01"
    "\x6a\x15\x0a\x04" "moby\x12\x0d\x0a\x04" "name\x12\x05" "a:b.c";
// clang-format on

Test(messages, a_solve_request_is_read_and_written_as_it_was)
{
    struct fixture on = {0};
    struct control_solve_request request;
    struct slice bytes = {solve, sizeof(solve) - 1};
    struct buf out = {.limit_bytes = 1024};

    cr_assert_eq(read_as(&on, &control_solve_request_table, bytes, &request), 0);
    cr_expect(slice_eq(request.ref, SLICE("0123456789abcdefghijklmno")));
    cr_expect(
        slice_eq(proto_map_get(&request.frontend_attrs, SLICE("target"))->text, SLICE("one")));
    cr_expect_null(request.definition.ptr);
    cr_expect_not_null(request.cache);
    cr_expect(request.internal);
    const struct typed_attrs *exporter = request.exporters.first->value.message;

    cr_expect(slice_eq(exporter->type, SLICE("moby")));
    cr_assert_eq(proto_write(&out, &control_solve_request_table, &request), 0);
    cr_expect(slice_eq(buf_slice(&out), bytes));
    buf_deinit(&out);
    arena_deinit(&on.arena);
}

Test(messages, a_source_policy_is_refused_of_a_client_and_can_be_ours)
{
    struct fixture on = {0};
    struct control_solve_request request;
    struct source_selector selector = {.identifier = SLICE_INIT("*")};
    struct source_rule rule = {.action = SOURCE_DENY, .selector = &selector};
    struct source_policy policy = {.version = 1};
    struct buf out = {.limit_bytes = 1024};

    cr_assert_eq(read_as(&on, &control_solve_request_table, SLICE(""), &request), 0);
    cr_assert_eq(proto_list_add(&on.arena, &policy.rules, (union proto_value){.message = &rule}),
                 0);
    request.source_policy = &policy;
    cr_assert_eq(proto_write(&out, &control_solve_request_table, &request), 0);
    cr_expect(
        slice_eq(buf_slice(&out), SLICE("\x62\x0b\x08\x01\x12\x07\x08\x01\x12\x03\x0a\x01*")));
    arena_deinit(&on.arena);
    cr_assert_eq(read_as(&on, &control_solve_request_table, buf_slice(&out), &request), -EBADMSG);
    cr_expect_eq(on.reader.why.kind, PROTO_PROBLEM_REFUSED);
    cr_expect(slice_eq(on.reader.why.field, SLICE("SourcePolicy")));
    buf_deinit(&out);
    arena_deinit(&on.arena);
}

struct unsent {
    const struct proto_table *table;
    struct slice bytes;
    const char *field;
};

/* What no client of a build sends, and what the engine would do something dangerous with. */
Test(messages, what_clients_do_not_send_is_refused)
{
    static const struct unsent unsent[] = {
        {&control_solve_request_table, SLICE_INIT("\x42\x03\x0a\x01r"),
         "Cache.ExportRefDeprecated"},
        {&control_solve_request_table, SLICE_INIT("\x42\x02\x12\x00"),
         "Cache.ImportRefsDeprecated[0]"},
        {&control_solve_request_table, SLICE_INIT("\x70\x01"), "EnableSessionExporter"},
        {&control_solve_request_table, SLICE_INIT("\x7a\x01s"), "SourcePolicySession"},
        {&control_solve_request_table, SLICE_INIT("\x88\x01\x01"), "ProxyNetwork"},
        {&gateway_solve_request_table, SLICE_INIT("\x50\x01"), "Final"},
        {&gateway_solve_request_table, SLICE_INIT("\x5a\x02{}"), "ExporterAttr"},
        {&gateway_solve_request_table, SLICE_INIT("\x7a\x00"), "SourcePolicies[0]"},
        {&stat_file_request_table, SLICE_INIT("\x18\x01"), "MountIndex"},
    };

    for (size_t i = 0; i < sizeof(unsent) / sizeof(unsent[0]); i++) {
        struct fixture on = {0};
        max_align_t message[64];

        cr_assert_leq(unsent[i].table->size, sizeof(message));
        cr_expect_eq(read_as(&on, unsent[i].table, unsent[i].bytes, message), -EBADMSG, "%s",
                     unsent[i].field);
        cr_expect_eq(on.reader.why.kind, PROTO_PROBLEM_REFUSED, "%s", unsent[i].field);
        cr_expect(slice_eq(on.reader.why.field, slice_from(unsent[i].field)), "%s",
                  unsent[i].field);
        arena_deinit(&on.arena);
    }
}

Test(messages, a_worker_record_loses_its_devices)
{
    struct fixture on = {.reader = {.drop_unknown = true}};
    struct list_workers_response answer;
    struct buf out = {.limit_bytes = 1024};

    cr_assert_eq(read_as(&on, &list_workers_response_table,
                         SLICE("\x0a\x08\x0a\x01w\x32\x03\x0a\x01g"), &answer),
                 0);
    cr_assert_eq(proto_write(&out, &list_workers_response_table, &answer), 0);
    cr_expect(slice_eq(buf_slice(&out), SLICE("\x0a\x03\x0a\x01w")));
    buf_deinit(&out);
    arena_deinit(&on.arena);
}

/* A name in Latin-1: such files are in contexts that are built today. */
Test(messages, a_path_is_bytes)
{
    struct fixture on = {0};
    struct fsutil_packet packet;

    cr_assert_eq(read_as(&on, &fsutil_packet_table,
                         SLICE("\x12\x09\x0a\x03"
                               "a\xe9"
                               "b\x10\xa4\x83\x02"),
                         &packet),
                 0);
    cr_expect_eq(packet.type, PACKET_STAT);
    cr_expect(slice_eq(packet.stat->path, SLICE("a\xe9"
                                                "b")));
    cr_expect_eq(packet.stat->mode, 0100644);
    arena_deinit(&on.arena);
    cr_expect_eq(read_as(&on, &fsutil_packet_table, SLICE("\x08\x05"), &packet), -EBADMSG);
    arena_deinit(&on.arena);
}

Test(messages, a_result_has_one_kind_of_reference)
{
    struct fixture on = {0};
    struct return_request request;

    cr_assert_eq(read_as(&on, &return_request_table, SLICE("\x0a\x05\x1a\x03\x0a\x01r"), &request),
                 0);
    cr_expect_eq(request.result->which, GATEWAY_RESULT_REF);
    cr_expect(slice_eq(request.result->ref->id, SLICE("r")));
    cr_expect_null(request.error);
    arena_deinit(&on.arena);
    cr_expect_eq(read_as(&on, &return_request_table, SLICE("\x0a\x04\x1a\x00\x22\x00"), &request),
                 -EBADMSG);
    arena_deinit(&on.arena);
}
