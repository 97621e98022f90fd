/*
 * The record's two forms, and that nothing of a peer can break a line.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "audit/record.h"

static struct audit_record example(void)
{
    static struct violation second = {.rule = "host_path_mount",
                                      .level = RULE_LEVEL_WARN,
                                      .text = SLICE_INIT("/etc is outside /srv")};
    static struct violation first = {.rule = "privileged",
                                     .level = RULE_LEVEL_DENY,
                                     .text = SLICE_INIT("HostConfig.Privileged is true"),
                                     .field = SLICE_INIT("HostConfig.Privileged"),
                                     .next = &second};

    return (struct audit_record){
        .time_ms = 1795464987412,
        .request_id = SLICE("01J9Z3KQ00"),
        .outcome = AUDIT_DENY,
        .listener = SLICE("/run/sockade/ci.sock"),
        .policy = SLICE("ci"),
        .operation = "containers.create",
        .method = SLICE("POST"),
        .path = SLICE("/v1.41/containers/create"),
        .api = SLICE("1.41"),
        .status = 403,
        .violations = &first,
        .peer = {998, 997, 4121},
        .image = SLICE("alpine:3.20"),
        .bytes_in = 12,
        .bytes_out = 34,
        .filter_us = 210,
    };
}

static void expect(int (*write)(struct buf *, const struct audit_record *),
                   const struct audit_record *record, const char *expected)
{
    struct buf buf;

    buf_init(&buf, 64 * 1024);
    cr_assert_eq(write(&buf, record), 0);
    cr_assert(slice_eq(buf_slice(&buf), slice_from(expected)), "%.*s", (int)buf.len, buf.data);
    buf_deinit(&buf);
}

/* `record` as JSON has `text` in it. */
static void expect_json_has(const struct audit_record *record, const char *text)
{
    struct buf buf;

    buf_init(&buf, 64 * 1024);
    cr_assert_eq(audit_record_json(&buf, record), 0);
    cr_expect(memmem(buf.data, buf.len, text, strlen(text)), "%.*s", (int)buf.len, buf.data);
    buf_deinit(&buf);
}

Test(record, says_which_container_the_client_is_in)
{
    struct audit_record record = example();

    expect_json_has(&record, "\"client\":{\"uid\":998,\"gid\":997,\"pid\":4121},\"image\"");
    record.container_id = SLICE("0123456789abcdef");
    expect_json_has(&record, "\"pid\":4121,\"container\":{\"id\":\"0123456789abcdef\"}},");
    record.container = SLICE("traefik");
    expect_json_has(&record, "\"container\":{\"id\":\"0123456789abcdef\",\"name\":\"traefik\"}},");
    record.violations = NULL;
    expect(audit_record_text, &record,
           "2026-11-23T20:16:27.412Z DENY  ci POST containers.create path=/v1.41/containers/create "
           "image=alpine:3.20 status=403 uid=998 pid=4121 container=traefik "
           "req=01J9Z3KQ00 0.21ms\n");
    record.container = SLICE("");
    expect(audit_record_text, &record,
           "2026-11-23T20:16:27.412Z DENY  ci POST containers.create path=/v1.41/containers/create "
           "image=alpine:3.20 status=403 uid=998 pid=4121 container=0123456789ab "
           "req=01J9Z3KQ00 0.21ms\n");
}

Test(record, is_one_line_of_text)
{
    struct audit_record record = example();

    expect(audit_record_text, &record,
           "2026-11-23T20:16:27.412Z DENY  ci POST containers.create path=/v1.41/containers/create "
           "rules=privileged,host_path_mount:warn image=alpine:3.20 status=403 uid=998 pid=4121 "
           "req=01J9Z3KQ00 0.21ms\n");
}

Test(record, is_one_line_of_json)
{
    struct audit_record record = example();

    expect(audit_record_json, &record,
           "{\"ts\":\"2026-11-23T20:16:27.412Z\",\"req\":\"01J9Z3KQ00\",\"decision\":\"deny\","
           "\"listener\":\"/run/sockade/ci.sock\",\"policy\":\"ci\",\"op\":\"containers.create\","
           "\"method\":\"POST\",\"path\":\"/v1.41/containers/create\",\"api\":\"1.41\","
           "\"status\":403,\"rules\":[{\"id\":\"privileged\","
           "\"field\":\"HostConfig.Privileged\","
           "\"value\":\"HostConfig.Privileged is true\",\"level\":\"deny\"},"
           "{\"id\":\"host_path_mount\",\"value\":\"/etc is outside /srv\",\"level\":\"warn\"}],"
           "\"client\":{\"uid\":998,\"gid\":997,\"pid\":4121},\"image\":\"alpine:3.20\","
           "\"bytes_in\":12,\"bytes_out\":34,\"filter_us\":210,\"upstream_us\":0}\n");
}

Test(record, an_allowed_one_has_an_empty_list_of_rules)
{
    struct audit_record record = example();
    struct buf buf;

    record.violations = NULL;
    record.outcome = AUDIT_ALLOW;
    buf_init(&buf, 64 * 1024);
    cr_assert_eq(audit_record_json(&buf, &record), 0);
    cr_assert_not_null(memmem(buf.data, buf.len, "\"rules\":[],", 11));
    cr_assert_not_null(memmem(buf.data, buf.len, "\"decision\":\"allow\"", 18));
    buf_deinit(&buf);
}

Test(record, a_peer_cannot_forge_a_line_or_grow_it)
{
    static char path[5000];
    struct audit_record record = example();
    struct buf buf;

    memset(path, 'a', sizeof(path));
    memcpy(path, "/x\n2026 ALLOW \x1b\"}", 17);
    record.path = (struct slice){path, sizeof(path)};
    record.method = SLICE("GET\r\n");
    for (int form = 0; form < 2; form++) {
        buf_init(&buf, 64 * 1024);
        cr_assert_eq((form == 0 ? audit_record_text : audit_record_json)(&buf, &record), 0);
        cr_assert_eq(memchr(buf.data, '\n', buf.len), buf.data + buf.len - 1);
        cr_assert_null(memchr(buf.data, '\r', buf.len));
        cr_assert_null(memchr(buf.data, '\x1b', buf.len));
        cr_assert_lt(buf.len, 1500);
        buf_deinit(&buf);
    }
}

Test(record, a_client_cannot_make_its_record_too_large_to_be_written)
{
    static struct violation many[5000];
    static char text[4000];
    struct audit_record record = example();
    struct buf buf;

    memset(text, '\x01', sizeof(text)); // six bytes each in JSON
    for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++) {
        many[i] = (struct violation){.rule = "unknown_query",
                                     .text = {text, sizeof(text)},
                                     .field = {text, sizeof(text)},
                                     .next = i + 1 < 5000 ? &many[i + 1] : NULL};
    }
    record.violations = many;
    record.path = record.method = record.image = (struct slice){text, sizeof(text)};
    record.policy = record.listener = record.api = record.path;
    for (int form = 0; form < 2; form++) {
        buf_init(&buf, AUDIT_LINE_MAX_BYTES);
        cr_assert_eq((form == 0 ? audit_record_text : audit_record_json)(&buf, &record), 0);
        cr_assert_not_null(form == 0 ? memmem(buf.data, buf.len, ",+4968 ", 7)
                                     : memmem(buf.data, buf.len, "\"rules_more\":4968", 17));
        buf_deinit(&buf);
    }
}

Test(record, is_never_longer_than_what_is_reserved_for_it)
{
    char hostile[300];
    struct violation violations[AUDIT_MAX_RULES + 2];
    struct audit_record record = example();
    struct buf buf;

    memset(hostile, 1, sizeof(hostile));
    struct slice text = {hostile, sizeof(hostile)};

    for (size_t i = 0; i < AUDIT_MAX_RULES + 2; i++) {
        violations[i] = (struct violation){.rule = "host_path_mount",
                                           .level = RULE_LEVEL_AUDIT,
                                           .text = text,
                                           .field = text,
                                           .next = &violations[i + 1]};
    }
    violations[AUDIT_MAX_RULES + 1].next = NULL;
    record.status = UINT32_MAX;
    record.peer = (struct sockade_peer){UINT32_MAX, UINT32_MAX, INT32_MAX};
    record.bytes_in = record.bytes_out = UINT64_MAX;
    record.upstream_us = UINT64_MAX / 10; // their sum is shown, too
    record.filter_us = UINT64_MAX - record.upstream_us;
    buf_init(&buf, (size_t)1024 * 1024);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(audit_record_json(&buf, &record), 0);
        cr_expect_leq(buf.len, audit_record_bound(&record));
        buf_clear(&buf);
        cr_assert_eq(audit_record_text(&buf, &record), 0);
        cr_expect_leq(buf.len, audit_record_bound(&record));
        buf_clear(&buf);
        record.violations = violations;
        record.request_id = record.listener = record.policy = record.method = record.path = text;
        record.api = record.image = record.container = record.container_id = text;
    }
    buf_deinit(&buf);
}

Test(audit_engine, is_a_record_of_its_own_kind)
{
    const struct audit_engine engine = {.time_ms = 1795464987412,
                                        .socket = SLICE("/run/docker.sock"),
                                        .name = SLICE("dockerd"),
                                        .version = SLICE("20.10.24+dfsg1"),
                                        .api = SLICE("1.41")};
    struct buf buf;

    buf_init(&buf, 4096);
    cr_assert_eq(audit_engine_text(&buf, &engine), 0);
    cr_expect(slice_eq(buf_slice(&buf),
                       SLICE("2026-11-23T20:16:27.412Z ENGINE name=dockerd "
                             "version=20.10.24+dfsg1 api=1.41 socket=/run/docker.sock\n")),
              "%.*s", (int)buf.len, buf.data);
    buf_clear(&buf);
    cr_assert_eq(audit_engine_json(&buf, &engine), 0);
    cr_expect(
        slice_eq(buf_slice(&buf), SLICE("{\"ts\":\"2026-11-23T20:16:27.412Z\",\"event\":\"engine\","
                                        "\"name\":\"dockerd\",\"version\":\"20.10.24+dfsg1\","
                                        "\"api\":\"1.41\",\"socket\":\"/run/docker.sock\"}\n")),
        "%.*s", (int)buf.len, buf.data);
    buf_deinit(&buf);
}
