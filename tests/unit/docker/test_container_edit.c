/*
 * What is written into bodies: spec and tree say the same afterwards.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "docker/tables/container_edit.h"
#include "docker/tables/network_spec.h"

static void read_body(const char *text, struct arena *arena, struct container_spec *spec)
{
    struct spec_reader reader = {.arena = arena};
    struct json_problem why = {0};
    struct json *tree = NULL;

    arena_init(arena, 1 << 20);
    cr_assert_eq(json_read(slice_from(text), arena, &tree, &why), 0);
    cr_assert_eq(container_spec_read_create(&reader, tree, spec), 0);
    cr_assert_null(reader.problems);
}

static void expect_body(const struct container_spec *spec, const char *text)
{
    struct buf written;

    buf_init(&written, 1 << 16);
    cr_assert_eq(container_spec_write(&written, spec), 0);
    cr_expect(slice_eq(buf_slice(&written), slice_from(text)), "%.*s",
              SLICE_ARGS(buf_slice(&written)));
    buf_deinit(&written);
}

Test(container_edit, changes_the_tree_with_the_spec)
{
    struct arena arena;
    struct container_spec spec;

    read_body("{\"Image\":\"a\",\"HostConfig\":{\"PidMode\":\"container:x\"}}", &arena, &spec);
    cr_assert_eq(container_edit_image(&spec, SLICE("b")), 0);
    cr_assert_eq(container_edit_read_only(&spec), 0);
    cr_assert_eq(container_edit_drop(&spec, SLICE("KILL")), 0);
    cr_assert_eq(container_edit_drop(&spec, SLICE("CHOWN")), 0);
    cr_assert_eq(container_edit_mode(&spec, CONTAINER_MODE_PID, SLICE("container:y")), 0);
    cr_expect(slice_eq(spec.image, SLICE("b")));
    cr_expect(spec.readonly_rootfs);
    cr_expect_eq(spec.cap_drop.count, 2);
    cr_expect(slice_eq(spec.pid_mode, SLICE("container:y")));
    expect_body(&spec, "{\"Image\":\"b\",\"HostConfig\":{\"PidMode\":\"container:y\","
                       "\"ReadonlyRootfs\":true,\"CapDrop\":[\"KILL\",\"CHOWN\"]}}");
    arena_deinit(&arena);
}

Test(container_edit, writes_addresses_where_none_is)
{
    struct arena arena;
    struct container_spec spec;

    read_body("{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"1\"},{\"HostIp\":"
              "\"10.0.0.1\"}],\"81/tcp\":null}}}",
              &arena, &spec);
    cr_assert_eq(container_edit_addresses(&spec, SLICE("127.0.0.1")), 0);
    cr_assert_eq(spec.port_count, 3);
    cr_expect(slice_eq(spec.ports[0].host_ip, SLICE("127.0.0.1")));
    cr_expect(slice_eq(spec.ports[1].host_ip, SLICE("10.0.0.1")));
    cr_expect_eq(spec.ports[2].host_ip.len, 0);
    expect_body(&spec, "{\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"1\","
                       "\"HostIp\":\"127.0.0.1\"},{\"HostIp\":\"10.0.0.1\"}],\"81/tcp\":[]}}}");
    arena_deinit(&arena);
}

Test(container_edit, replaces_one_of_volumes_from)
{
    struct arena arena;
    struct container_spec spec;

    read_body("{\"HostConfig\":{\"VolumesFrom\":[\"a\",\"b:ro\"]}}", &arena, &spec);
    cr_assert_eq(container_edit_volumes_from(&spec, 1, SLICE("c:ro")), 0);
    cr_expect(slice_eq(spec.volumes_from.item[1], SLICE("c:ro")));
    cr_expect_eq(container_edit_volumes_from(&spec, 2, SLICE("d")), -EINVAL);
    expect_body(&spec, "{\"HostConfig\":{\"VolumesFrom\":[\"a\",\"c:ro\"]}}");
    arena_deinit(&arena);
}

Test(network_spec, gets_an_option)
{
    struct spec_reader reader = {0};
    struct json_problem why = {0};
    struct network_spec spec = {0};
    struct arena arena;
    struct buf written;
    struct json *tree = NULL;

    arena_init(&arena, 1 << 16);
    reader.arena = &arena;
    cr_assert_eq(json_read(SLICE("{\"Name\":\"n\"}"), &arena, &tree, &why), 0);
    cr_assert_eq(network_spec_read(&reader, tree, &spec), 0);
    cr_assert_eq(network_spec_set_option(&arena, &spec, SLICE("a"), SLICE("b")), 0);
    cr_expect_eq(spec.options.count, 1);
    buf_init(&written, 1 << 16);
    cr_assert_eq(json_write(&written, spec.tree), 0);
    cr_expect(slice_eq(buf_slice(&written), SLICE("{\"Name\":\"n\",\"Options\":{\"a\":\"b\"}}")));
    buf_deinit(&written);
    arena_deinit(&arena);
}

Test(connect_spec, is_read_like_a_creates_endpoint)
{
    struct spec_reader reader = {0};
    struct json_problem why = {0};
    struct connect_spec spec = {0};
    struct arena arena;
    struct json *tree = NULL;

    arena_init(&arena, 1 << 16);
    reader.arena = &arena;
    cr_assert_eq(json_read(SLICE("{\"Container\":\"c\",\"EndpointConfig\":{\"MacAddress\":\"0\","
                                 "\"Links\":[\"x\"],\"IPAMConfig\":{\"IPv4Address\":\"1\"},"
                                 "\"DriverOpts\":{\"k\":\"v\"}}}"),
                           &arena, &tree, &why),
                 0);
    cr_assert_eq(plain_spec_read(&reader, ROUTE_BODY_NETWORK_CONNECT, tree), 0);
    cr_assert_eq(connect_spec_read(&arena, tree, &spec), 0);
    cr_expect(slice_eq(spec.container, SLICE("c")));
    cr_expect(spec.endpoint.mac_address && spec.endpoint.links && spec.endpoint.static_address);
    cr_expect_eq(spec.endpoint.driver_options.count, 1);
    arena_deinit(&arena);
}

Test(container_edit, lets_a_bind_in_binds_only_where_mounts_cannot_say_it)
{
    static const char *const bodies[][2] = {
        {"{\"HostConfig\":{\"Binds\":[\"/a:/s:ro,rprivate\"]}}",
         "{\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/a\",\"Target\":\"/"
         "s\",\"ReadOnly\":true,"
         "\"BindOptions\":{\"Propagation\":\"rprivate\"}}]}}"},
        {"{\"HostConfig\":{\"Binds\":[\"/a:/s\",\"/b:/t\"]}}",
         "{\"HostConfig\":{\"Binds\":[\"/b:/t\"],\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/a\","
         "\"Target\":\"/s\"}]}}"},
        {"{\"HostConfig\":{\"Binds\":[\"/a:/s:z\"]}}",
         "{\"HostConfig\":{\"Binds\":[\"/a:/s:z\"]}}"},
        {"{\"HostConfig\":{\"Binds\":[\"/a:/s,x=y\"]}}",
         "{\"HostConfig\":{\"Binds\":[\"/a:/s,x=y\"]}}"},
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        for (int times = 0; times < 2; times++) {
            struct arena arena;
            struct container_spec spec;

            read_body(bodies[i][0], &arena, &spec);
            spec.binds_only = times == 1;
            cr_assert_eq(container_edit_require_source(&spec, &spec.mounts.item[0]), 0);
            expect_body(&spec, bodies[i][times == 1 ? 0 : 1]);
            cr_assert_eq(container_edit_require_source(&spec, &spec.mounts.item[0]), 0);
            expect_body(&spec, bodies[i][times == 1 ? 0 : 1]);
            arena_deinit(&arena);
        }
    }
}
