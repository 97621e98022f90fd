/*
 * Create and update bodies: real ones pass unharmed, every field lands in its
 * place, and the tricks that work on the engine don't get past.
 */
#include <criterion/criterion.h>

#include <errno.h>

#include "docker/tables/container_tables.h"
#include "docker/tables/fields.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void read_create(struct body *body, const char *text, struct container_spec *spec)
{
    cr_assert_eq(body_open(body, text), 0, "%s: %s", text, body->why.sentence);
    cr_assert_eq(container_spec_read_create(&body->reader, body->tree, spec), 0, "%s", text);
    cr_assert_not_null(spec->host_config);
}

static void read_update(struct body *body, const char *text, struct container_spec *spec)
{
    cr_assert_eq(body_open(body, text), 0, "%s: %s", text, body->why.sentence);
    cr_assert_eq(container_spec_read_update(&body->reader, body->tree, spec), 0, "%s", text);
}

/* What the command line client sends for "docker run -d --read-only …". */
#define CLI_BODY body_file("create_cli.json")

Test(container_spec, takes_the_bodies_of_real_clients)
{
    const char *const cases[] = {
        CLI_BODY,
        // docker-py
        body_file("create_docker_py.json"),
        body_file("create_docker_py_mounts.json"),
        // compose 1
        body_file("create_compose.json"),
        // dockerode
        "{\"name\":\"x\",\"platform\":\"linux/"
        "amd64\",\"Image\":\"bb\",\"VolumesFrom\":[],\"HostConfig\":{}}",
        "{\"Image\":\"bb\",\"Cmd\":\"id\",\"Entrypoint\":\"sh\"}",
        "{}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_create(&body, cases[i], &spec);
        cr_expect_str_eq(body_problems(&body), "", "%zu: %s", i, body.text);
        for (size_t k = 0; k < spec.mounts.count; k++) {
            cr_expect_not(spec.mounts.item[k].problem, "%zu", i);
        }
        body_close(&body);
    }
}

Test(container_spec, reads_a_client_body)
{
    struct body body;
    struct container_spec spec;

    read_create(&body, CLI_BODY, &spec);
    cr_expect(body_text_eq(spec.user, "1000"));
    cr_expect(body_text_eq(spec.image, "bb"));
    cr_expect(body_text_eq(spec.network_mode, "none"));
    cr_expect(body_text_eq(spec.restart_policy, "no"));
    cr_expect_eq(spec.memory, 67108864);
    cr_expect_eq(spec.memory_swap, 67108864);
    cr_expect_eq(spec.nano_cpus, 500000000);
    cr_expect(spec.has_pids_limit);
    cr_expect_eq(spec.pids_limit, 100);
    cr_expect(spec.readonly_rootfs);
    cr_expect_not(spec.privileged);
    cr_expect_not(spec.cap_add.present);
    cr_expect_not(spec.masked_paths.present);
    cr_expect_eq(spec.cap_drop.count, 1);
    cr_assert_eq(spec.mounts.count, 1);
    cr_expect_eq(spec.mounts.item[0].kind, MOUNT_TMPFS);
    cr_expect(body_text_eq(spec.mounts.item[0].tmpfs_options, "rw,noexec,size=16m"));
    cr_expect(body_text_eq(spec.mounts.item[0].field, "HostConfig.Tmpfs[/tmp]"));
    cr_assert_eq(spec.endpoint_count, 1);
    cr_expect_not(spec.endpoints[0].static_address || spec.endpoints[0].mac_address ||
                  spec.endpoints[0].links);
    body_close(&body);
}

static size_t count_rows(const struct field_table *table, bool placed)
{
    size_t count = 0;

    for (size_t i = 0; i < table->count; i++) {
        count += !placed || table->field[i].placed;
    }
    return count;
}

/* A value for the row that is not zero, and different for each row. */
static int append_value(struct buf *text, const struct field *field, size_t number)
{
    switch (field->type) {
    case FIELD_BOOL:
        return buf_append_text(text, "true");
    case FIELD_INT:
    case FIELD_NUMBER:
        return buf_printf(text, "%zu", number);
    case FIELD_STRING:
        return buf_printf(text, "\"s%zu\"", number);
    case FIELD_STRINGS:
    case FIELD_STRING_OR_STRINGS:
        return buf_printf(text, "[\"s%zu\"]", number);
    case FIELD_STRING_MAP:
        return buf_printf(text, "{\"k\":\"s%zu\"}", number);
    case FIELD_OBJECTS:
        return buf_append_text(text, "[{}]");
    case FIELD_OBJECTS_MAP:
        return buf_append_text(text, "{\"k\":[]}");
    case FIELD_OBJECT:
    case FIELD_OBJECT_MAP:
        return buf_append_text(text, "{}");
    case FIELD_STRING_LISTS:
    case FIELD_INT_PAIR:
        break;
    }
    return -EINVAL;
}

static bool value_arrived(const struct container_spec *spec, const struct field *field,
                          size_t number)
{
    const void *place = (const char *)spec + field->place;
    char expected[32];
    struct slice text = {0};

    (void)snprintf(expected, sizeof(expected), "s%zu", number);
    if (field->placed == FIELD_MEMBER_PLACED) {
        const struct json *member = *(struct json *const *)place;
        return member && (member == json_member(spec->host_config, field->name) ||
                          member == json_member(spec->tree, field->name));
    }
    if (field->type == FIELD_BOOL) {
        return *(const bool *)place;
    }
    if (field->type == FIELD_INT) {
        return *(const int64_t *)place == (int64_t)number;
    }
    if (field->type == FIELD_STRING) {
        text = *(const struct slice *)place;
    } else if (field->type == FIELD_STRING_MAP) {
        const struct string_map *map = place;
        text = map->count == 1 ? map->item[0].value : text;
    } else {
        const struct string_list *list = place;
        text = list->count == 1 && list->present ? list->item[0] : text;
    }
    return body_text_eq(text, expected);
}

/* Each placed row by itself; a wrong offset or type would show. */
static void expect_places(const struct field_table *table, const char *before, const char *behind,
                          size_t least)
{
    cr_expect_geq(count_rows(table, true), least);
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->field[i];
        struct body body;
        struct container_spec spec;
        struct buf text;
        if (!field->placed) {
            continue;
        }
        buf_init(&text, 4096);
        cr_assert_eq(buf_printf(&text, "%s\"%.*s\":", before, SLICE_ARGS(field->name)), 0);
        cr_assert_eq(append_value(&text, field, i + 1), 0, "%.*s", SLICE_ARGS(field->name));
        cr_assert_eq(buf_append_text(&text, behind), 0);
        cr_assert_eq(buf_append_byte(&text, '\0'), 0);
        read_create(&body, text.data, &spec);
        cr_expect(value_arrived(&spec, field, i + 1), "%s", text.data);
        body_close(&body);
        buf_deinit(&text);
    }
}

Test(container_spec, puts_every_value_into_its_place)
{
    expect_places(&container_host_config_table, "{\"HostConfig\":{", "}}", 40);
    expect_places(&container_create_table, "{", "}", 3);
}

Test(container_spec, gives_every_row_its_own_place)
{
    const struct field_table *table = &container_host_config_table;

    for (size_t i = 0; i < table->count; i++) {
        for (size_t k = i + 1; k < table->count; k++) {
            const struct field *a = &table->field[i];
            const struct field *b = &table->field[k];
            cr_expect_not(slice_eq(a->name, b->name), "%.*s is there twice", SLICE_ARGS(a->name));
            cr_expect_not(a->placed && b->placed && a->place == b->place,
                          "%.*s and %.*s share a place", SLICE_ARGS(a->name), SLICE_ARGS(b->name));
        }
    }
}

Test(container_spec, reads_the_nested_fields)
{
    struct body body;
    struct container_spec spec;

    read_create(&body, body_file("create_nested.json"), &spec);
    cr_expect_str_eq(body_problems(&body), "");
    cr_assert_eq(spec.env.count, 3);
    cr_expect(body_text_eq(spec.env.item[0].key, "A") &&
              body_text_eq(spec.env.item[0].value, "1=2"));
    cr_expect(body_text_eq(spec.env.item[1].key, "B"));
    cr_expect_eq(spec.env.item[1].value.len, 0);
    cr_expect(spec.mac_address && spec.has_healthcheck && spec.healthcheck_disabled);
    cr_expect(body_text_eq(spec.log_driver, "syslog"));
    cr_expect(body_text_eq(*string_map_get(&spec.log_options, SLICE("syslog-address")), "udp://x"));
    cr_expect(body_text_eq(spec.restart_policy, "on-failure"));
    cr_expect_eq(spec.restart_max_retries, 3);

    cr_assert_eq(spec.device_count, 2);
    cr_expect(body_text_eq(spec.devices[1].path_on_host, "/dev/sda"));
    cr_expect(body_text_eq(spec.devices[1].path_in_container, "/dev/x"));
    cr_expect(body_text_eq(spec.devices[1].permissions, "rwm"));
    cr_expect(body_text_eq(spec.devices[1].field, "HostConfig.Devices[1]"));
    cr_assert_eq(spec.device_request_count, 1);
    cr_expect(body_text_eq(spec.device_requests[0].driver, "cdi"));
    cr_expect_eq(spec.device_requests[0].count, -1);
    cr_expect(body_text_eq(spec.device_requests[0].ids.item[0], "gpu=0"));
    cr_expect_eq(spec.device_requests[0].options.count, 1);
    cr_expect(body_text_eq(spec.device_requests[0].field, "HostConfig.DeviceRequests[0]"));
    cr_assert_eq(spec.blkio_device_count, 2);
    cr_expect(body_text_eq(spec.blkio_devices[0].path_on_host, "/dev/a"));
    cr_expect(body_text_eq(spec.blkio_devices[1].field, "HostConfig.BlkioDeviceWriteIOps[0]"));
    cr_assert_eq(spec.ulimit_count, 1);
    cr_expect(body_text_eq(spec.ulimits[0].name, "nofile"));
    cr_expect_eq(spec.ulimits[0].soft, 1024);
    cr_expect_eq(spec.ulimits[0].hard, -1);

    cr_assert_eq(spec.security_opt_count, 4);
    cr_expect(body_text_eq(spec.security_opt[0].key, "seccomp") &&
              body_text_eq(spec.security_opt[0].value, "a:b=c"));
    cr_expect(body_text_eq(spec.security_opt[1].key, "label") &&
              body_text_eq(spec.security_opt[1].value, "type:x"));
    cr_expect(body_text_eq(spec.security_opt[2].key, "disable") && !spec.security_opt[2].has_value);
    cr_expect(body_text_eq(spec.security_opt[3].field, "HostConfig.SecurityOpt[3]"));

    cr_assert_eq(spec.port_count, 4);
    cr_expect(body_text_eq(spec.ports[0].container_port, "80/tcp") &&
              spec.ports[0].host_ip.len == 0);
    cr_expect(body_text_eq(spec.ports[1].host_ip, "127.0.0.1") &&
              body_text_eq(spec.ports[1].host_port, "1-2"));
    cr_expect(body_text_eq(spec.ports[2].container_port, "81/udp") &&
              spec.ports[2].host_port.len == 0);
    cr_expect(body_text_eq(spec.ports[3].field, "HostConfig.PortBindings[82/tcp]"));

    cr_assert_eq(spec.endpoint_count, 3);
    cr_expect(body_text_eq(spec.endpoints[0].name, "net"));
    cr_expect(spec.endpoints[0].static_address && spec.endpoints[0].mac_address &&
              spec.endpoints[0].links);
    cr_expect_eq(spec.endpoints[0].driver_options.count, 1);
    cr_expect_not(spec.endpoints[1].static_address || spec.endpoints[1].mac_address ||
                  spec.endpoints[1].links);
    cr_expect(spec.endpoints[2].static_address);
    cr_expect(body_text_eq(spec.endpoints[2].field, "NetworkingConfig.EndpointsConfig[third]"));
    body_close(&body);
}

Test(container_spec, gathers_mounts_of_all_four_kinds)
{
    struct body body;
    struct container_spec spec;

    read_create(&body, body_file("create_mounts.json"), &spec);
    static const struct {
        enum mount_kind kind;
        const char *field;
        const char *source;
        const char *target;
        const char *driver;
    } expected[] = {
        {MOUNT_BIND, "HostConfig.Binds[0]", "/etc", "/x", ""},
        {MOUNT_VOLUME, "HostConfig.Binds[1]", "vol", "/y", "nfs"},
        {MOUNT_ANONYMOUS, "HostConfig.Binds[2]", "", "/z", "nfs"},
        {MOUNT_UNKNOWN, "HostConfig.Binds[3]", "", "bad", ""},
        {MOUNT_BIND, "HostConfig.Mounts[0]", "/a/b", "/m", ""},
        {MOUNT_VOLUME, "HostConfig.Mounts[1]", "v2", "/n", "local"},
        {MOUNT_ANONYMOUS, "HostConfig.Mounts[2]", "", "/o", ""},
        {MOUNT_TMPFS, "HostConfig.Mounts[3]", "", "/p", ""},
        {MOUNT_IMAGE, "HostConfig.Mounts[4]", "alpine", "/q", ""},
        {MOUNT_CLUSTER, "HostConfig.Mounts[5]", "c1", "/r", ""},
        {MOUNT_NPIPE, "HostConfig.Mounts[6]", "p", "/s", ""},
        {MOUNT_TMPFS, "HostConfig.Tmpfs[/t]", "", "/t", ""},
        {MOUNT_ANONYMOUS, "Volumes[/data/]", "", "/data", "nfs"},
    };

    cr_expect_str_eq(body_problems(&body), "");
    cr_assert_eq(spec.mounts.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct mount_spec *mount = &spec.mounts.item[i];
        cr_expect_eq(mount->kind, expected[i].kind, "%s", expected[i].field);
        cr_expect_eq(mount->problem, expected[i].kind == MOUNT_UNKNOWN, "%s", expected[i].field);
        cr_expect(body_text_eq(mount->field, expected[i].field), "%.*s", SLICE_ARGS(mount->field));
        cr_expect(body_text_eq(mount->source, expected[i].source), "%s", expected[i].field);
        cr_expect(body_text_eq(mount->target, expected[i].target), "%s", expected[i].field);
        cr_expect(body_text_eq(mount->driver, expected[i].driver), "%s", expected[i].field);
    }
    const struct mount_spec *mounts = spec.mounts.item;
    cr_expect(mounts[0].read_only && mounts[0].create_mountpoint);
    cr_expect(mounts[4].read_only && mounts[4].create_mountpoint &&
              body_text_eq(mounts[4].propagation, "rshared"));
    cr_expect_eq(mounts[5].options.count, 2);
    cr_expect(body_text_eq(mounts[5].subpath, "s"));
    cr_expect(body_text_eq(mounts[7].tmpfs_options, "mode=700,exec,a=b"));
    cr_expect_eq(mounts[7].tmpfs_size_bytes, 4096);
    cr_expect(body_text_eq(mounts[8].subpath, "usr"));
    cr_expect(body_text_eq(mounts[11].tmpfs_options, "size=1m"));
    body_close(&body);
}

Test(container_spec, marks_tmpfs_options_that_no_kernel_takes)
{
    struct body body;
    struct container_spec spec;
    struct buf text;

    buf_init(&text, 1024UL * 1024);
    cr_assert_eq(buf_append_text(&text, "{\"HostConfig\":{\"Mounts\":[{\"Type\":\"tmpfs\","
                                        "\"Target\":\"/t\",\"TmpfsOptions\":{\"Options\":["),
                 0);
    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(buf_append_text(&text, "[\"exec\"],"), 0);
    }
    cr_assert_eq(buf_append_text(&text, "[]]}}]}}"), 0);
    cr_assert_eq(buf_append_byte(&text, '\0'), 0);
    read_create(&body, text.data, &spec);
    cr_assert_eq(spec.mounts.count, 1);
    cr_expect(spec.mounts.item[0].problem);
    body_close(&body);
    buf_deinit(&text);
}

Test(container_spec, marks_mounts_that_it_cannot_read_as_the_engine_would)
{
    static const char *const cases[] = {
        "{}",
        "{\"Type\":\"BIND\",\"Source\":\"/a\",\"Target\":\"/b\"}",
        "{\"Type\":\"\",\"Source\":\"/a\",\"Target\":\"/b\"}",
        "{\"Type\":\"bind\",\"Target\":\"/b\"}",
        "{\"Type\":\"bind\",\"Source\":\"etc\",\"Target\":\"/b\"}",
        "{\"Type\":\"bind\",\"Source\":\"\\\\etc\",\"Target\":\"/b\"}",
        "{\"Type\":\"bind\",\"Source\":\"/a\"}",
        "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"b\"}",
        "{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/b/..\"}",
        "{\"Type\":\"volume\",\"Source\":\"/etc\",\"Target\":\"/b\"}",
        "{\"Type\":\"volume\",\"Source\":\"../x\",\"Target\":\"/b\"}",
        "{\"Type\":\"tmpfs\",\"Source\":\"/a\",\"Target\":\"/b\"}",
        "{\"Type\":\"image\",\"Target\":\"/b\"}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        char text[256];
        (void)snprintf(text, sizeof(text), "{\"HostConfig\":{\"Mounts\":[%s]}}", cases[i]);
        read_create(&body, text, &spec);
        cr_assert_eq(spec.mounts.count, 1);
        cr_expect(spec.mounts.item[0].problem, "%s", cases[i]);
        cr_expect_eq(spec.mounts.item[0].kind, MOUNT_UNKNOWN, "%s", cases[i]);
        body_close(&body);
    }
}

struct written_case {
    const char *text;
    const char *written;
    const char *problems;
};

static void expect_create(const struct written_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct body body;
        struct container_spec spec;
        read_create(&body, cases[i].text, &spec);
        cr_expect_str_eq(body_problems(&body), cases[i].problems, "%s: %s", cases[i].text,
                         body.text);
        cr_expect_str_eq(body_written(&body), cases[i].written, "%s: %s", cases[i].text, body.text);
        cr_expect_not(spec.privileged, "%s", cases[i].text);
        body_close(&body);
    }
}

Test(container_spec, sends_what_was_judged)
{
    static const struct written_case cases[] = {
        {"{\"HostConfig\":{\"Binds\":[\"/srv/ci/../../etc:/h\",\"//a/./b/:/x:ro\",\"vol:/y\",\"/"
         "anon\"]}}",
         "{\"HostConfig\":{\"Binds\":[\"/etc:/h\",\"/a/b:/x:ro\",\"vol:/y\",\"/anon\"]}}", ""},
        {"{\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/../etc/"
         "\",\"Target\":\"/h\"}]}}",
         "{\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\",\"Target\":\"/"
         "h\"}]}}",
         ""},
        {"{\"HostConfig\":{\"CapAdd\":\"SYS_ADMIN\",\"CapDrop\":\"ALL\"}}",
         "{\"HostConfig\":{\"CapAdd\":[\"SYS_ADMIN\"],\"CapDrop\":[\"ALL\"]}}", ""},
        {"{\"Cmd\":\"id\"}", "{\"Cmd\":[\"id\"],\"HostConfig\":{}}", ""},
        {"{\"\\u0048ostConfig\":{\"\\u0050rivileged\":false}}",
         "{\"HostConfig\":{\"Privileged\":false}}", ""},
        {"{\"HostConfig\":{\"Memory\":9007199254740993}}",
         "{\"HostConfig\":{\"Memory\":9007199254740993}}", ""},
        {"{\"HostConfig\":{\"MaskedPaths\":[],\"ReadonlyPaths\":null}}",
         "{\"HostConfig\":{\"MaskedPaths\":[]}}", ""},
        // NetworkID would choose another network than the name that is judged.
        {"{\"NetworkingConfig\":{\"EndpointsConfig\":{\"mine\":{\"NetworkID\":\"0123\","
         "\"IPAddress\":\"10.0.0.9\"}}}}",
         "{\"NetworkingConfig\":{\"EndpointsConfig\":{\"mine\":{}}},\"HostConfig\":{}}", ""},
    };

    expect_create(cases, COUNT(cases));
}

Test(container_spec, always_sends_a_host_config)
{
    static const struct written_case cases[] = {
        {"{}", "{\"HostConfig\":{}}", ""},
        {"{\"HostConfig\":null}", "{\"HostConfig\":{}}", ""},
        {"{\"HostConfig\":{}}", "{\"HostConfig\":{}}", ""},
        {"{\"HostConfig\":[{\"Privileged\":true}]}", "{\"HostConfig\":{}}",
         "AMBIGUOUS HostConfig must be an object"},
        {"[{\"HostConfig\":{}}]", "{\"HostConfig\":{}}", "AMBIGUOUS body must be an object"},
        {"null", "{\"HostConfig\":{}}", "AMBIGUOUS body must be an object"},
    };

    expect_create(cases, COUNT(cases));
}

Test(container_spec, refuses_host_config_fields_at_the_top)
{
    static const struct written_case cases[] = {
        {"{\"Privileged\":true}", "{\"HostConfig\":{}}", "REFUSED Privileged is not accepted here"},
        {"{\"HostConfig\":null,\"Privileged\":true}", "{\"HostConfig\":{}}",
         "REFUSED Privileged is not accepted here"},
        {"{\"Binds\":[\"/:/h\"]}", "{\"HostConfig\":{}}", "REFUSED Binds is not accepted here"},
        {"{\"HostConfig\":{},\"Memory\":67108864}", "{\"HostConfig\":{}}",
         "REFUSED Memory is not accepted here"},
        {"{\"HostConfig\":{},\"VolumeDriver\":\"x\"}", "{\"HostConfig\":{}}",
         "REFUSED VolumeDriver is not accepted here"},
        {"{\"HostConfig\":{},\"Cpuset\":\"0\"}", "{\"HostConfig\":{}}",
         "REFUSED Cpuset is not accepted here"},
        {"{\"PidsLimit\":-1}", "{\"HostConfig\":{}}", "REFUSED PidsLimit is not accepted here"},
        {"{\"capadd\":null}", "{\"HostConfig\":{}}",
         "AMBIGUOUS capadd differs from a known field only in spelling"},
        {"{\"VolumesFrom\":[],\"Privileged\":false,\"MaskedPaths\":[],\"Memory\":0,\"Cpuset\":"
         "\"\"}",
         "{\"HostConfig\":{}}", ""},
    };

    expect_create(cases, COUNT(cases));
}

Test(container_spec, refuses_fields_that_are_not_for_it)
{
    static const struct written_case cases[] = {
        {"{\"HostConfig\":{\"ContainerIDFile\":\"/etc/x\"}}", "{\"HostConfig\":{}}", ""},
        {"{\"HostConfig\":{\"Capabilities\":[\"CAP_SYS_ADMIN\"]}}", "{\"HostConfig\":{}}",
         "REFUSED HostConfig.Capabilities is not accepted here"},
        {"{\"HostConfig\":{\"ContainerIDFile\":\"\",\"Capabilities\":null}}", "{\"HostConfig\":{}}",
         ""},
        {"{\"HostConfig\":{\"Isolation\":\"default\"}}",
         "{\"HostConfig\":{\"Isolation\":\"default\"}}", ""},
        {"{\"HostConfig\":{\"Isolation\":\"hyperv\"}}",
         "{\"HostConfig\":{\"Isolation\":\"hyperv\"}}",
         "REFUSED HostConfig.Isolation must be empty or \"default\""},
        {"{\"X\":{\"HostConfig\":{}}}", "{\"HostConfig\":{}}", "UNKNOWN X is not known"},
        {"{\"HostConfig\":{\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/t\",\"New\":1}]}}",
         "{\"HostConfig\":{\"Mounts\":[{\"Type\":\"tmpfs\",\"Target\":\"/t\"}]}}",
         "UNKNOWN HostConfig.Mounts[0].New is not known"},
    };

    expect_create(cases, COUNT(cases));
}

/* Each of these sets Privileged, Binds or the like in the engine. */
Test(container_spec, refuses_every_folded_name)
{
    static const char *const cases[] = {
        "{\"HOSTCONFIG\":{},\"hostconfig\":{\"Privileged\":true}}",
        "{\"HostConfig\":{},\"hostconfig\":{\"Privileged\":true}}",
        "{\"Ho\xC5\xBFtConfig\":{\"Privileged\":true}}",
        "{\"Ho\\u017ftConfig\":{\"Privileged\":true}}",
        "{\"HostConfig\":{\"Privileged\":false,\"PRIVILEGED\":true}}",
        "{\"HostConfig\":{\"Bind\xC5\xBF\":[\"/:/h\"]}}",
        "{\"HostConfig\":{\"Networ\xE2\x84\xAAMode\":\"host\"}}",
        "{\"HostConfig\":{\"\305\277ecurityOpt\":[]}}",
        "{\"HostConfig\":{\"Mounts\":[{\"type\":\"bind\",\"Type\":\"volume\"}]}}",
        "{\"HostConfig\":{\"Mounts\":[{\"VolumeOption\xC5\xBF\":{}}]}}",
        "{\"U\305\277er\":\"0\"}",
        "{\"image\":\"x\",\"Image\":\"y\"}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_create(&body, cases[i], &spec);
        cr_assert_not_null(body.reader.problems, "%s", cases[i]);
        cr_expect_eq(body.reader.problems->kind, SPEC_PROBLEM_AMBIGUOUS, "%s", cases[i]);
        cr_expect_not(spec.privileged, "%s", cases[i]);
        body_close(&body);
    }
}

Test(container_spec, refuses_wrong_types)
{
    static const char *const cases[] = {
        "{\"HostConfig\":{\"Privileged\":\"true\"}}",
        "{\"HostConfig\":{\"Privileged\":1}}",
        "{\"HostConfig\":{\"Memory\":67108864.5}}",
        "{\"HostConfig\":{\"Memory\":1e9}}",
        "{\"HostConfig\":{\"Memory\":18446744073776660480}}",
        "{\"HostConfig\":{\"Binds\":\"/:/h\"}}",
        "{\"HostConfig\":{\"CapAdd\":{\"0\":\"ALL\"}}}",
        "{\"HostConfig\":{\"CapAdd\":[\"CHOWN\",1]}}",
        "{\"HostConfig\":{\"Mounts\":{}}}",
        "{\"User\":0}",
        "{\"HostConfig\":{\"Tmpfs\":[\"/t\"]}}",
        "{\"HostConfig\":{\"PidsLimit\":\"100\"}}",
        "{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":{}}}}",
        "{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":80}]}}}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_create(&body, cases[i], &spec);
        cr_assert_not_null(body.reader.problems, "%s", cases[i]);
        cr_expect_eq(body.reader.problems->kind, SPEC_PROBLEM_AMBIGUOUS, "%s", cases[i]);
        body_close(&body);
    }
}

Test(container_spec, reads_an_update)
{
    struct body body;
    struct container_spec spec;

    read_update(
        &body,
        "{\"Memory\":67108864,\"MemorySwap\":-1,\"PidsLimit\":0,\"CpuShares\":0,\"Devices\":[{"
        "\"PathOnHost\":\"/dev/x\"}],"
        "\"BlkioDeviceReadBps\":[{\"Path\":\"/p\",\"Rate\":1}],\"Ulimits\":null,\"Init\":true,"
        "\"RestartPolicy\":{\"Name\":\"always\",\"MaximumRetryCount\":0}}",
        &spec);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect_eq(spec.memory, 67108864);
    cr_expect_eq(spec.memory_swap, -1);
    cr_expect(spec.has_pids_limit);
    cr_expect(body_text_eq(spec.restart_policy, "always"));
    cr_assert_eq(spec.device_count, 1);
    cr_expect(body_text_eq(spec.devices[0].field, "Devices[0]"));
    cr_expect(body_text_eq(spec.blkio_devices[0].field, "BlkioDeviceReadBps[0]"));
    cr_expect_eq(spec.host_config, body.tree);
    body_close(&body);
}

Test(container_spec, reads_names_in_other_letters_as_the_engine_does)
{
    struct body body;
    struct container_spec spec;

    read_create(
        &body,
        "{\"image\":\"x\",\"USER\":\"0\",\"Name\":\"n\",\"hostconfig\":{\"PRIVILEGED\":true,"
        "\"binds\":[\"/etc/../:/h\"],\"mounts\":[{\"type\":\"bind\",\"source\":\"/\","
        "\"TARGET\":\"/x\"}]}}",
        &spec);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect_str_eq(body_written(&body),
                     "{\"Image\":\"x\",\"User\":\"0\",\"HostConfig\":{\"Privileged\":true,"
                     "\"Binds\":[\"/:/h\"],\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/\","
                     "\"Target\":\"/x\"}]}}");
    cr_expect(spec.privileged);
    cr_expect(body_text_eq(spec.user, "0"));
    cr_expect(body_text_eq(spec.image, "x"));
    cr_assert_eq(spec.mounts.count, 2);
    cr_expect_eq(spec.mounts.item[0].kind, MOUNT_BIND);
    cr_expect_eq(spec.mounts.item[1].kind, MOUNT_BIND);
    body_close(&body);
}

Test(container_spec, refuses_in_an_update_what_an_update_does_not_have)
{
    static const char *const cases[] = {
        "{\"Privileged\":true}",
        "{\"HostConfig\":{\"Memory\":1}}",
        "{\"Binds\":[\"/:/h\"]}",
        "{\"memory\":1,\"Memory\":2}",
        "[]",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_update(&body, cases[i], &spec);
        cr_expect_not_null(body.reader.problems, "%s", cases[i]);
        body_close(&body);
    }
}

Test(container_spec, edits_tree_and_spec_together)
{
    struct body body;
    struct container_spec spec;

    read_create(&body, "{\"User\":\"\",\"HostConfig\":{\"Memory\":0}}", &spec);
    cr_expect_not(spec.has_pids_limit);
    cr_assert_eq(container_spec_set_user(&spec, SLICE("1000:1000")), 0);
    cr_assert_eq(container_spec_set_host_int(&spec, SLICE("Memory"), 4096), 0);
    cr_assert_eq(container_spec_set_host_int(&spec, SLICE("PidsLimit"), 100), 0);
    cr_assert_eq(container_spec_add_security_opt(&spec, SLICE("no-new-privileges")), 0);
    cr_assert_eq(container_spec_add_security_opt(&spec, SLICE("label=x")), 0);
    cr_expect(body_text_eq(spec.user, "1000:1000"));
    cr_expect_eq(spec.memory, 4096);
    cr_expect(spec.has_pids_limit);
    cr_expect_eq(spec.pids_limit, 100);
    cr_assert_eq(spec.security_opt_count, 2);
    cr_expect(body_text_eq(spec.security_opt[1].value, "x"));

    struct buf out;
    buf_init(&out, 4096);
    cr_assert_eq(container_spec_write(&out, &spec), 0);
    cr_expect(
        body_text_eq(buf_slice(&out),
                     "{\"User\":\"1000:1000\",\"HostConfig\":{\"Memory\":4096,\"PidsLimit\":100,"
                     "\"SecurityOpt\":[\"no-new-privileges\",\"label=x\"]}}"));
    buf_deinit(&out);
    body_close(&body);
}

Test(container_spec, sets_integers_only)
{
    static const char *const cases[] = {"Privileged",        "memory", "Nothing", "KernelMemory",
                                        "MaximumRetryCount", ""};
    struct body body;
    struct container_spec spec;

    read_create(&body, "{}", &spec);
    for (size_t i = 0; i < COUNT(cases); i++) {
        cr_expect_eq(container_spec_set_host_int(&spec, slice_from(cases[i]), 1), -EINVAL, "%s",
                     cases[i]);
    }
    cr_expect_str_eq(body_written(&body), "{\"HostConfig\":{}}");
    body_close(&body);
}

Test(container_spec, keeps_unknown_fields_when_told_to)
{
    struct body body;
    struct container_spec spec;

    cr_assert_eq(
        body_open(&body, "{\"X\":{\"y\":1},\"HostConfig\":{\"Z\":[1]},\"privileged\":true}"), 0);
    body.reader.keep_unknown = true;
    cr_assert_eq(container_spec_read_create(&body.reader, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body),
                     "AMBIGUOUS privileged differs from a known field only in spelling");
    cr_expect_str_eq(body_written(&body), "{\"X\":{\"y\":1},\"HostConfig\":{\"Z\":[1]}}");
    body_close(&body);
}

Test(container_spec, runs_out_of_memory_in_good_order)
{
    const char *text = CLI_BODY;
    bool done = false;

    for (size_t limit = 0; limit < 262144 && !done; limit += 512) {
        struct arena arena;
        struct json *tree = NULL;
        struct json_problem why;
        struct container_spec spec;
        arena_init(&arena, limit);
        struct spec_reader reader = {.arena = &arena};
        int err = json_read(slice_from(text), &arena, &tree, &why);
        if (err == 0) {
            err = container_spec_read_create(&reader, tree, &spec);
        }
        cr_expect(err == 0 || err == -ENOMEM, "%zu: %d", limit, err);
        done = err == 0;
        arena_deinit(&arena);
    }
    cr_expect(done);
}
