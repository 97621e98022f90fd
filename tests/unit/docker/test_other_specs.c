/*
 * The smaller bodies, each with what real clients send and what must not pass.
 */
#include <criterion/criterion.h>

#include <errno.h>

#include "docker/tables/network_spec.h"
#include "docker/tables/other_specs.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(exec_spec, reads_what_rules_look_at)
{
    struct body body;
    struct exec_spec spec;

    cr_assert_eq(
        body_open(
            &body,
            "{\"User\":\"1000\",\"Privileged\":true,\"Detach\":true,\"Cmd\":[\"id\"],\"Env\":null,"
            "\"Tty\":false,\"ConsoleSize\":[24,80],\"DetachKeys\":\"\",\"WorkingDir\":\"/\"}"),
        0);
    cr_assert_eq(exec_spec_read(&body.reader, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect(body_text_eq(spec.user, "1000"));
    cr_expect(spec.privileged);
    cr_expect_eq(spec.tree, body.tree);
    body_close(&body);
}

Test(exec_spec, drops_what_docker_py_adds)
{
    struct body body;
    struct exec_spec spec;

    cr_assert_eq(body_open(&body, "{\"Container\":\"f69b\",\"User\":\"\",\"Cmd\":[\"id\"]}"), 0);
    cr_assert_eq(exec_spec_read(&body.reader, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect_str_eq(body_written(&body), "{\"User\":\"\",\"Cmd\":[\"id\"]}");
    body_close(&body);
}

Test(exec_spec, drops_what_docker_java_adds)
{
    struct body body;
    struct exec_spec spec;

    cr_assert_eq(
        body_open(&body, "{\"containerId\":\"f69b\",\"AttachStdout\":true,\"Cmd\":[\"id\"]}"), 0);
    cr_assert_eq(exec_spec_read(&body.reader, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect_str_eq(body_written(&body), "{\"AttachStdout\":true,\"Cmd\":[\"id\"]}");
    body_close(&body);
}

Test(exec_spec, refuses_other_spellings)
{
    static const char *const cases[] = {"{\"privileged\":true,\"Privileged\":false}",
                                        "{\"U\305\277er\":\"0\"}", "{\"cmd\":[],\"Cmd\":[]}",
                                        "{\"Cmd\":\"id\"}"};

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct exec_spec spec;
        cr_assert_eq(body_open(&body, cases[i]), 0);
        cr_assert_eq(exec_spec_read(&body.reader, body.tree, &spec), 0);
        cr_assert_not_null(body.reader.problems, "%s", cases[i]);
        cr_expect_eq(body.reader.problems->kind, SPEC_PROBLEM_AMBIGUOUS, "%s", cases[i]);
        cr_expect_not(spec.privileged);
        body_close(&body);
    }
}

Test(volume_spec, reads_what_rules_look_at)
{
    struct body body;
    struct volume_spec spec;

    cr_assert_eq(
        body_open(
            &body,
            "{\"Name\":\"v\",\"Driver\":\"local\",\"DriverOpts\":{\"o\":\"bind\",\"device\":\"/\"},"
            "\"Labels\":{\"a\":\"b\"}}"),
        0);
    cr_assert_eq(volume_spec_read(&body.reader, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect(body_text_eq(spec.name, "v"));
    cr_expect(body_text_eq(spec.driver, "local"));
    cr_expect_eq(spec.options.count, 2);
    cr_expect(body_text_eq(*string_map_get(&spec.options, SLICE("device")), "/"));
    cr_expect_eq(spec.labels.count, 1);
    cr_expect_not(spec.cluster);
    body_close(&body);
}

Test(volume_spec, sees_a_cluster_volume)
{
    static const char *const cluster[] = {
        "{\"ClusterVolumeSpec\":{}}",
        "{\"ClusterVolumeSpec\":{\"Group\":\"g\",\"AccessMode\":{\"Scope\":\"single\","
        "\"MountVolume\":{\"FsType\":\"ext4\"},"
        "\"BlockVolume\":null},\"Secrets\":[{\"Key\":\"k\",\"Secret\":\"s\"}],\"CapacityRange\":{"
        "\"RequiredBytes\":1},"
        "\"AccessibilityRequirements\":{\"Requisite\":[{\"Segments\":{\"a\":\"b\"}}]},"
        "\"Availability\":\"active\"}}",
    };

    for (size_t i = 0; i < COUNT(cluster); i++) {
        struct body body;
        struct volume_spec spec;
        cr_assert_eq(body_open(&body, cluster[i]), 0);
        cr_assert_eq(volume_spec_read(&body.reader, body.tree, &spec), 0);
        cr_expect_str_eq(body_problems(&body), "");
        cr_expect(spec.cluster, "%s", cluster[i]);
        body_close(&body);
    }
}

Test(volume_spec, refuses_other_spellings)
{
    static const char *const cases[] = {
        "{\"name\":\"v\",\"Name\":\"w\"}", "{\"DriverOpts\":{},\"driveropts\":{\"o\":\"bind\"}}",
        "{\"DriverOpt\xC5\xBF\":{}}",      "{\"DriverOpts\":[]}",
        "{\"DriverOpts\":{\"o\":1}}",      "{\"clustervolumespec\":{},\"ClusterVolumeSpec\":{}}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct volume_spec spec;
        cr_assert_eq(body_open(&body, cases[i]), 0);
        cr_assert_eq(volume_spec_read(&body.reader, body.tree, &spec), 0);
        cr_assert_not_null(body.reader.problems, "%s", cases[i]);
        cr_expect_eq(body.reader.problems->kind, SPEC_PROBLEM_AMBIGUOUS, "%s", cases[i]);
        body_close(&body);
    }
}

Test(network_spec, reads_what_rules_look_at)
{
    struct body body;
    struct network_spec spec;

    cr_assert_eq(body_open(&body, body_file("network_create.json")), 0);
    cr_assert_eq(network_spec_read(&body.reader, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect(body_text_eq(spec.name, "n"));
    cr_expect(body_text_eq(spec.driver, "macvlan"));
    cr_expect(body_text_eq(spec.scope, "local"));
    cr_expect(body_text_eq(spec.config_from, "c"));
    cr_expect(body_text_eq(spec.ipam_driver, "default"));
    cr_expect(spec.ingress);
    cr_expect(body_text_eq(*string_map_get(&spec.options, SLICE("parent")), "eth0"));
    cr_expect(body_text_eq(*string_map_get(&spec.ipam_options, SLICE("x")), "y"));
    cr_expect_eq(spec.labels.count, 1);
    body_close(&body);
}

Test(connect_spec, reads_the_endpoint)
{
    struct body body;
    struct connect_spec spec;

    cr_assert_eq(
        body_open(&body, "{\"Container\":\"c\",\"EndpointConfig\":{\"IPAMConfig\":{\"IPv4Address\":"
                         "\"10.0.0.3\"},\"Aliases\":[\"a\"],\"NetworkID\":\"x\","
                         "\"DriverOpts\":{\"o\":\"v\"}}}"),
        0);
    cr_assert_eq(plain_spec_read(&body.reader, ROUTE_BODY_NETWORK_CONNECT, body.tree), 0);
    cr_assert_eq(connect_spec_read(body.reader.arena, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect(spec.endpoint.static_address);
    cr_expect(body_text_eq(spec.endpoint.field, "EndpointConfig"));
    cr_expect(body_text_eq(*string_map_get(&spec.endpoint.driver_options, SLICE("o")), "v"));
    cr_expect_str_eq(body_written(&body),
                     "{\"Container\":\"c\",\"EndpointConfig\":{\"IPAMConfig\":{\"IPv4Address\":"
                     "\"10.0.0.3\"},\"Aliases\":[\"a\"],\"DriverOpts\":{\"o\":\"v\"}}}");
    body_close(&body);
}

Test(connect_spec, has_an_empty_endpoint_when_none_is_given)
{
    struct body body;
    struct connect_spec spec;

    cr_assert_eq(
        body_open(&body, "{\"container\":\"c\",\"Container\":\"d\",\"EndpointConfig\":null}"), 0);
    cr_assert_eq(plain_spec_read(&body.reader, ROUTE_BODY_NETWORK_CONNECT, body.tree), 0);
    cr_assert_eq(connect_spec_read(body.reader.arena, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body),
                     "AMBIGUOUS container differs from a known field only in spelling");
    cr_expect_eq(spec.endpoint.driver_options.count, 0);
    cr_expect_not(spec.endpoint.static_address);
    body_close(&body);
}

struct plain_case {
    enum route_body body;
    const char *text;
    const char *written;
    const char *problems;
};

static void expect_plain(const struct plain_case *cases, size_t count, bool keep_unknown)
{
    for (size_t i = 0; i < count; i++) {
        struct body body;
        cr_assert_eq(body_open(&body, cases[i].text), 0, "%s", cases[i].text);
        body.reader.keep_unknown = keep_unknown;
        cr_assert_eq(plain_spec_read(&body.reader, cases[i].body, body.tree), 0);
        cr_expect_str_eq(body_problems(&body), cases[i].problems, "%s: %s", cases[i].text,
                         body.text);
        cr_expect_str_eq(body_written(&body), cases[i].written, "%s: %s", cases[i].text, body.text);
        body_close(&body);
    }
}

Test(plain_spec, makes_bodies_canonical)
{
    static const struct plain_case cases[] = {
        {ROUTE_BODY_EXEC_START, "{\"Detach\":false,\"Tty\":true,\"ConsoleSize\":null}",
         "{\"Detach\":false,\"Tty\":true}", ""},
        {ROUTE_BODY_EXEC_START, "{\"hijack\":true,\"stdin\":true,\"Detach\":false}",
         "{\"Detach\":false}", ""},
        {ROUTE_BODY_EXEC_START, "{\"detach\":true,\"Detach\":false}", "{\"Detach\":false}",
         "AMBIGUOUS detach differs from a known field only in spelling"},
        {ROUTE_BODY_EXEC_START, "{\"Detach\":false,\"TTY\":true}",
         "{\"Detach\":false,\"Tty\":true}", ""},
        {ROUTE_BODY_EXEC_START, "{\"Foo\":1}", "{}", "UNKNOWN Foo is not known"},
        {ROUTE_BODY_NETWORK_DISCONNECT, "{\"Container\":\"c\",\"Force\":true}",
         "{\"Container\":\"c\",\"Force\":true}", ""},
        {ROUTE_BODY_NETWORK_DISCONNECT, "{\"Force\":1}", "{}", "AMBIGUOUS Force must be a boolean"},
        {ROUTE_BODY_COMMIT, "null", "null", ""},
        {ROUTE_BODY_COMMIT, "{\"User\":\"0\",\"Cmd\":\"id\",\"Volumes\":{\"/d\":{}}}",
         "{\"User\":\"0\",\"Cmd\":[\"id\"],\"Volumes\":{\"/d\":{}}}", ""},
        {ROUTE_BODY_COMMIT,
         "{\"container\":\"c\",\"repo\":\"r\",\"tag\":\"t\",\"pause\":true,\"author\":\"a\","
         "\"comment\":\"\",\"changes\":\"\"}",
         "{}", ""},
        {ROUTE_BODY_COMMIT, "{\"HostConfig\":{\"Privileged\":true}}", "{}",
         "REFUSED HostConfig is not accepted here"},
        {ROUTE_BODY_COMMIT, "{\"Privileged\":true}", "{}",
         "REFUSED Privileged is not accepted here"},
        {ROUTE_BODY_AUTH,
         "{\"username\":\"u\",\"password\":\"p\",\"serveraddress\":\"s\",\"email\":null}",
         "{\"username\":\"u\",\"password\":\"p\",\"serveraddress\":\"s\"}", ""},
        {ROUTE_BODY_AUTH, "{\"auth\":\"a\",\"identitytoken\":\"i\",\"registrytoken\":\"r\"}",
         "{\"auth\":\"a\",\"identitytoken\":\"i\",\"registrytoken\":\"r\"}", ""},
        {ROUTE_BODY_AUTH, "{\"serverAddress\":\"s\"}", "{\"serveraddress\":\"s\"}", ""},
        {ROUTE_BODY_CONTAINER_CREATE, "{}", "{}", "REFUSED body is not accepted here"},
        {ROUTE_BODY_TAR, "{}", "{}", "REFUSED body is not accepted here"},
    };

    expect_plain(cases, COUNT(cases), false);
}

Test(plain_spec, lets_unknown_bodies_pass_when_told_to)
{
    static const struct plain_case cases[] = {
        {ROUTE_BODY_EXEC_START, "{\"Foo\":1}", "{\"Foo\":1}", ""},
    };

    expect_plain(cases, COUNT(cases), true);
}

Test(other_specs, run_out_of_memory_in_good_order)
{
    static const char text[] =
        "{\"Name\":\"v\",\"DriverOpts\":{\"o\":\"bind\"},\"Labels\":{\"a\":\"b\"},\"Foo\":1}";
    bool done = false;

    for (size_t limit = 0; limit < 65536 && !done; limit += 64) {
        struct arena arena;
        struct json *tree = NULL;
        struct json_problem why;
        struct volume_spec spec;
        arena_init(&arena, limit);
        struct spec_reader reader = {.arena = &arena};
        int err = json_read(slice_from(text), &arena, &tree, &why);
        if (err == 0) {
            err = volume_spec_read(&reader, tree, &spec);
        }
        cr_expect(err == 0 || err == -ENOMEM, "%zu: %d", limit, err);
        done = err == 0;
        arena_deinit(&arena);
    }
    cr_expect(done);
}
