/*
 * What a service says about its containers, from every corner of its body; what is
 * written into it; and what must not pass as something else.
 */
#include <criterion/criterion.h>

#include <errno.h>

#include "docker/tables/service_spec.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define CONTAINER(fields) "{\"TaskTemplate\":{\"ContainerSpec\":{" fields "}}}"
#define PRIVILEGES(fields) CONTAINER("\"Privileges\":{" fields "}")
#define RESOURCES(fields) "{\"TaskTemplate\":{\"Resources\":{" fields "}}}"

/* The command line client 28: docker service create --replicas 2 --network back -p 8080:80 ... */
#define CLI_BODY body_file("service_cli.json")

static void read_service(struct body *body, const char *text, unsigned api_minor,
                         struct container_spec *spec)
{
    cr_assert_eq(body_open(body, text), 0, "%s", text);
    cr_assert_eq(service_spec_read(&body->reader, body->tree, api_minor, spec), 0, "%s", text);
}

Test(service_spec, reads_a_client_body_and_leaves_it_as_it_is)
{
    struct body body;
    struct container_spec spec;

    read_service(&body, CLI_BODY, 45, &spec);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect_str_eq(body_written(&body), body_compact(CLI_BODY));
    cr_expect(spec.service);
    cr_expect_not(spec.plugin_task || spec.privileged || spec.drops_pids_limit ||
                  spec.drops_no_new_privileges);
    cr_expect(body_text_eq(spec.image, "nginx:latest@sha256:0f04"));
    cr_expect(body_text_eq(spec.user, "1000:1000"));
    cr_assert_eq(spec.env.count, 1);
    cr_expect(body_text_eq(spec.env.item[0].value, "1"));
    cr_assert_eq(spec.dns.count, 1);
    cr_assert_eq(spec.dns_options.count, 1);
    cr_assert_eq(spec.extra_hosts.count, 1);
    cr_assert_eq(spec.cap_drop.count, 1);
    cr_expect(spec.readonly_rootfs);
    cr_expect_eq(spec.nano_cpus, 500000000);
    cr_expect_eq(spec.memory, 67108864);
    cr_expect_eq(spec.memory_swap, 0);
    cr_expect(spec.has_pids_limit);
    cr_expect_eq(spec.pids_limit, 100);
    cr_expect(body_text_eq(spec.restart_policy, "on-failure"));
    cr_expect_eq(spec.restart_max_retries, 3);
    cr_expect(body_text_eq(spec.log_driver, "json-file"));
    cr_expect_eq(spec.log_options.count, 1);
    cr_assert_eq(spec.endpoint_count, 1);
    cr_expect(body_text_eq(spec.endpoints[0].name, "back"));
    cr_assert_eq(spec.port_count, 2);
    cr_expect(body_text_eq(spec.ports[0].host_port, "8080"));
    cr_expect(body_text_eq(spec.ports[0].container_port, "80/tcp"));
    cr_expect(body_text_eq(spec.ports[0].field, "EndpointSpec.Ports[0]"));
    cr_expect_eq(spec.ports[0].host_ip.len, 0);
    cr_expect_eq(spec.ports[1].host_port.len, 0);
    body_close(&body);
}

Test(service_spec, reads_mounts_as_a_create_does)
{
    struct body body;
    struct container_spec spec;

    read_service(
        &body,
        CONTAINER("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/../etc\",\"Target\":\"/"
                  "e\",\"BindOptions\":{\"Propagation\":\"rshared\"}},{\"Type\":\"volume\","
                  "\"Source\":\"vol\",\"Target\":\"/v\",\"VolumeOptions\":{\"DriverConfig\":{"
                  "\"Name\":\"local\",\"Options\":{\"o\":\"bind\",\"device\":\"/\"}}}},"
                  "{\"Type\":\"tmpfs\",\"Target\":\"/t\",\"TmpfsOptions\":{\"Mode\":448}}],"
                  "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":1,\"Hard\":2}]"),
        45, &spec);
    cr_expect_str_eq(body_problems(&body), "");
    cr_assert_eq(spec.mounts.count, 3);
    cr_expect_eq(spec.mounts.item[0].kind, MOUNT_BIND);
    cr_expect(body_text_eq(spec.mounts.item[0].source, "/etc"));
    cr_expect(body_text_eq(spec.mounts.item[0].propagation, "rshared"));
    cr_expect(body_text_eq(spec.mounts.item[0].field, "TaskTemplate.ContainerSpec.Mounts[0]"));
    cr_expect_eq(spec.mounts.item[1].kind, MOUNT_VOLUME);
    cr_expect_eq(spec.mounts.item[1].options.count, 2);
    cr_expect_eq(spec.mounts.item[2].kind, MOUNT_TMPFS);
    cr_assert_eq(spec.ulimit_count, 1);
    cr_expect(body_text_eq(spec.ulimits[0].field, "TaskTemplate.ContainerSpec.Ulimits[0]"));
    cr_expect_not_null(strstr(body_written(&body), "\"Source\":\"/etc\""));
    body_close(&body);
}

Test(service_spec, takes_no_mount_that_is_another_one_by_the_time_it_is_made)
{
    static const char *const cases[] = {
        // Swarm's first type is bind, and it takes types in any case of letters.
        "{\"Source\":\"/\",\"Target\":\"/h\"}",
        "{\"Type\":\"BIND\",\"Source\":\"/\",\"Target\":\"/h\"}",
        "{\"Type\":\"b\304\261nd\",\"Source\":\"/\",\"Target\":\"/h\"}",
        "{\"Type\":\"bind\",\"Source\":\"/srv/ci/{{print `../../etc`}}\",\"Target\":\"/h\"}",
        "{\"Type\":\"volume\",\"Source\":\"{{.Task.Name}}\",\"Target\":\"/h\"}",
        "{\"Type\":\"volume\",\"Source\":\"vol\",\"Target\":\"/{{.Task.Name}}\"}",
        "{\"Type\":\"volume\",\"Source\":\"vol\",\"Target\":\"/"
        "h\",\"VolumeOptions\":{\"DriverConfig\":"
        "{\"Options\":{\"o\":\"{{print `bind`}}\"}}}}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        char text[512];
        (void)snprintf(text, sizeof(text), CONTAINER("\"Mounts\":[%s]"), cases[i]);
        read_service(&body, text, 45, &spec);
        cr_assert_eq(spec.mounts.count, 1, "%s", cases[i]);
        cr_expect(spec.mounts.item[0].problem, "%s", cases[i]);
        cr_expect_eq(spec.mounts.item[0].kind, MOUNT_UNKNOWN, "%s", cases[i]);
        body_close(&body);
    }
}

/* Where a link of the host's leads may be named like one, and is written into the body. */
Test(service_spec, takes_no_path_that_would_be_a_template)
{
    struct body body;
    struct container_spec spec;

    read_service(&body,
                 CONTAINER("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv\",\"Target\":\"/"
                           "s\"}]"),
                 45, &spec);
    cr_assert_eq(spec.mounts.count, 1);
    cr_expect_not(mount_can_name(&spec.mounts.item[0], SLICE("/srv/{{print `/etc`}}")));
    cr_expect(mount_can_name(&spec.mounts.item[0], SLICE("/srv/{a}")));
    cr_expect_eq(
        container_spec_set_source(&spec, &spec.mounts.item[0], SLICE("/srv/{{print `/etc`}}")),
        -EINVAL);
    cr_expect_eq(container_spec_set_source(&spec, &spec.mounts.item[0], SLICE("/srv/a")), 0);
    cr_expect_not_null(strstr(body_written(&body), "\"Source\":\"/srv/a\""));
    body_close(&body);
}

struct option_case {
    const char *text;
    const char *field; /* NULL: no option at all */
    const char *option;
};

#define FIELD "TaskTemplate.ContainerSpec.Privileges."

Test(service_spec, says_privileges_as_security_options)
{
    static const struct option_case cases[] = {
        {PRIVILEGES("\"SELinuxContext\":{\"Disable\":true}"), FIELD "SELinuxContext.Disable",
         "label=disable"},
        {PRIVILEGES("\"SELinuxContext\":{\"Type\":\"spc_t\"}"), FIELD "SELinuxContext.Type",
         "label=type:spc_t"},
        {PRIVILEGES("\"SELinuxContext\":{\"User\":\"u\"}"), FIELD "SELinuxContext.User",
         "label=user:u"},
        {PRIVILEGES("\"SELinuxContext\":{\"Role\":\"r\"}"), FIELD "SELinuxContext.Role",
         "label=role:r"},
        {PRIVILEGES("\"SELinuxContext\":{\"Level\":\"s0\"}"), FIELD "SELinuxContext.Level",
         "label=level:s0"},
        {PRIVILEGES("\"Seccomp\":{\"Mode\":\"unconfined\"}"), FIELD "Seccomp",
         "seccomp=unconfined"},
        {PRIVILEGES("\"Seccomp\":{\"Mode\":\"custom\",\"Profile\":\"e30=\"}"), FIELD "Seccomp",
         "seccomp=custom"},
        {PRIVILEGES("\"Seccomp\":{\"Profile\":\"e30=\"}"), FIELD "Seccomp", "seccomp=custom"},
        {PRIVILEGES("\"Seccomp\":{\"Mode\":\"default\"}"), NULL, NULL},
        {PRIVILEGES("\"AppArmor\":{\"Mode\":\"disabled\"}"), FIELD "AppArmor", "apparmor=disabled"},
        {PRIVILEGES("\"AppArmor\":{\"Mode\":\"default\"}"), NULL, NULL},
        {PRIVILEGES("\"NoNewPrivileges\":true"), FIELD "NoNewPrivileges", "no-new-privileges"},
        {PRIVILEGES("\"NoNewPrivileges\":false"), NULL, NULL},
        {PRIVILEGES("\"SELinuxContext\":{\"Disable\":false,\"Type\":\"\"},\"Seccomp\":null"), NULL,
         NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_service(&body, cases[i].text, 45, &spec);
        cr_expect_str_eq(body_problems(&body), "", "%s", cases[i].text);
        cr_assert_eq(spec.security_opt_count, cases[i].field ? 1 : 0, "%s", cases[i].text);
        if (cases[i].field) {
            cr_expect(body_text_eq(spec.security_opt[0].field, cases[i].field), "%zu", i);
            cr_expect(body_text_eq(spec.security_opt[0].text, cases[i].option), "%zu", i);
        }
        body_close(&body);
    }
}

struct problem_case {
    const char *text;
    const char *problems;
};

Test(service_spec, refuses_what_no_rule_could_judge)
{
    static const struct problem_case cases[] = {
        {PRIVILEGES("\"CredentialSpec\":{\"File\":\"x\"}"),
         "REFUSED " FIELD "CredentialSpec is not accepted here"},
        {CONTAINER("\"Isolation\":\"process\""),
         "REFUSED TaskTemplate.ContainerSpec.Isolation must be empty or \"default\""},
        {"{\"TaskTemplate\":{\"Runtime\":\"attachment\"}}",
         "REFUSED TaskTemplate.Runtime must be empty or \"container\""},
        {"{\"TaskTemplate\":{\"NetworkAttachmentSpec\":{\"ContainerID\":\"x\"}}}",
         "REFUSED TaskTemplate.NetworkAttachmentSpec is not accepted here"},
        {CONTAINER("\"Privileged\":true"),
         "UNKNOWN TaskTemplate.ContainerSpec.Privileged is not known"},
        {CONTAINER("\"mounts\":[],\"Mounts\":[]"),
         "AMBIGUOUS TaskTemplate.ContainerSpec.mounts differs from a known field only in spelling"},
        {"{\"Mode\":{\"replicated\":{},\"Replicated\":{}}}",
         "AMBIGUOUS Mode.replicated differs from a known field only in spelling"},
        {"{\"UpdateConfig\":{\"MaxFailureRatio\":\"1\"}}",
         "AMBIGUOUS UpdateConfig.MaxFailureRatio must be a number"},
        {RESOURCES("\"Limits\":{\"MemoryBytes\":1e9}"),
         "AMBIGUOUS TaskTemplate.Resources.Limits.MemoryBytes must be an integer"},
        {CONTAINER("\"Secrets\":[null]"),
         "AMBIGUOUS TaskTemplate.ContainerSpec.Secrets[0] must be an object"},
        {"[]", "AMBIGUOUS body must be an object"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_service(&body, cases[i].text, 45, &spec);
        cr_expect_str_eq(body_problems(&body), cases[i].problems, "%s", cases[i].text);
        body_close(&body);
    }
}

Test(service_spec, takes_the_spellings_of_real_clients_and_sends_the_engines)
{
    struct body body;
    struct container_spec spec;

    read_service(&body,
                 "{\"Mode\":{\"replicated\":{\"Replicas\":1}},\"TaskTemplate\":{\"ContainerSpec\":{"
                 "\"HealthCheck\":{\"Test\":[\"NONE\"]}}}}",
                 45, &spec);
    cr_expect_str_eq(body_problems(&body), "");
    cr_expect(spec.has_healthcheck && spec.healthcheck_disabled);
    cr_expect_str_eq(body_written(&body),
                     "{\"Mode\":{\"Replicated\":{\"Replicas\":1}},\"TaskTemplate\":{"
                     "\"ContainerSpec\":{\"Healthcheck\":{\"Test\":[\"NONE\"]}}}}");
    body_close(&body);
}

Test(service_spec, knows_a_plugin_by_its_runtime_and_by_its_specification)
{
    static const char *const cases[] = {
        "{\"TaskTemplate\":{\"Runtime\":\"plugin\"}}",
        "{\"TaskTemplate\":{\"PluginSpec\":{\"remote\":\"x\",\"privileges\":[{\"name\":\"mount\","
        "\"value\":[\"/\"]}]}}}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_service(&body, cases[i], 45, &spec);
        cr_expect_str_eq(body_problems(&body), "");
        cr_expect(spec.plugin_task);
        cr_expect_str_eq(body_written(&body), cases[i], "nothing is added");
        body_close(&body);
    }
}

struct swap_case {
    const char *text;
    int64_t memory_swap;
};

Test(service_spec, adds_swap_to_the_memory)
{
    static const struct swap_case cases[] = {
        {RESOURCES("\"Limits\":{\"MemoryBytes\":100}"), 0},
        {RESOURCES("\"Limits\":{\"MemoryBytes\":100},\"SwapBytes\":0"), 100},
        {RESOURCES("\"Limits\":{\"MemoryBytes\":100},\"SwapBytes\":50"), 150},
        {RESOURCES("\"Limits\":{\"MemoryBytes\":100},\"SwapBytes\":-1"), -1},
        {RESOURCES("\"Limits\":{\"MemoryBytes\":100},\"SwapBytes\":9223372036854775807"), -1},
        {RESOURCES("\"SwapBytes\":50"), 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_service(&body, cases[i].text, 52, &spec);
        cr_expect_eq(spec.memory_swap, cases[i].memory_swap, "%s", cases[i].text);
        body_close(&body);
    }
}

Test(service_spec, restarts_for_ever_unless_it_says_otherwise)
{
    static const struct problem_case cases[] = {
        {"{}", "always"},
        {"{\"TaskTemplate\":{\"RestartPolicy\":{\"Condition\":\"any\"}}}", "always"},
        {"{\"TaskTemplate\":{\"RestartPolicy\":{\"Condition\":\"none\"}}}", "no"},
        {"{\"TaskTemplate\":{\"RestartPolicy\":{\"Condition\":\"ANY\"}}}", "ANY"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        struct container_spec spec;
        read_service(&body, cases[i].text, 45, &spec);
        cr_expect(body_text_eq(spec.restart_policy, cases[i].problems), "%s", cases[i].text);
        body_close(&body);
    }
}

Test(service_spec, knows_what_an_old_version_takes_out)
{
    struct body body;
    struct container_spec spec;

    read_service(&body, CONTAINER("\"CapabilityDrop\":[\"ALL\"]"), 40, &spec);
    cr_expect(spec.drops_pids_limit && spec.drops_no_new_privileges);
    cr_expect_eq(spec.cap_drop.count, 0);
    cr_expect_str_eq(body_written(&body), CONTAINER(""));
    body_close(&body);
    read_service(&body, CONTAINER("\"CapabilityDrop\":[\"ALL\"]"), 41, &spec);
    cr_expect(!spec.drops_pids_limit && spec.drops_no_new_privileges);
    cr_expect_eq(spec.cap_drop.count, 1);
    body_close(&body);
    read_service(&body, "{}", 0, &spec);
    cr_expect(spec.drops_pids_limit && spec.drops_no_new_privileges, "no version is any");
    body_close(&body);
}

Test(service_spec, writes_defaults_where_swarm_reads_them)
{
    struct body body;
    struct container_spec spec;

    read_service(&body, "{\"TaskTemplate\":{\"Resources\":{\"SwapBytes\":5}}}", 52, &spec);
    cr_assert_eq(container_spec_set_user(&spec, SLICE("1000")), 0);
    cr_assert_eq(container_spec_set_host_int(&spec, SLICE("Memory"), 10), 0);
    cr_assert_eq(container_spec_set_host_int(&spec, SLICE("NanoCpus"), 20), 0);
    cr_assert_eq(container_spec_set_host_int(&spec, SLICE("PidsLimit"), 30), 0);
    cr_assert_eq(container_spec_add_security_opt(&spec, SLICE("no-new-privileges")), 0);
    cr_expect_eq(container_spec_set_host_int(&spec, SLICE("ShmSize"), 1), -EINVAL);
    cr_expect_eq(container_spec_add_security_opt(&spec, SLICE("label=disable")), -EINVAL);
    cr_expect(body_text_eq(spec.user, "1000"));
    cr_expect_eq(spec.memory, 10);
    cr_expect_eq(spec.memory_swap, 15);
    cr_expect_eq(spec.nano_cpus, 20);
    cr_expect(spec.has_pids_limit && spec.pids_limit == 30);
    cr_assert_eq(spec.security_opt_count, 1);
    cr_expect_str_eq(body_written(&body),
                     "{\"TaskTemplate\":{\"Resources\":{\"SwapBytes\":5,\"Limits\":{"
                     "\"MemoryBytes\":10,\"NanoCPUs\":20,\"Pids\":30}},\"ContainerSpec\":{"
                     "\"User\":\"1000\",\"Privileges\":{\"NoNewPrivileges\":true}}}}");
    body_close(&body);
}

Test(service_spec, names_networks_by_their_ids)
{
    struct body body;
    struct container_spec spec;

    read_service(
        &body,
        "{\"TaskTemplate\":{\"Networks\":[{\"Target\":\"a\"},{\"Target\":\"b\",\"Aliases\":"
        "[\"x\"]}]},\"Networks\":[{\"Target\":\"c\",\"DriverOpts\":{\"k\":\"v\"}}]}",
        45, &spec);
    cr_assert_eq(spec.endpoint_count, 3);
    cr_expect(body_text_eq(spec.endpoints[1].field, "TaskTemplate.Networks[1]"));
    cr_expect(body_text_eq(spec.endpoints[2].field, "Networks[0]"));
    cr_expect(body_text_eq(spec.endpoints[2].name, "c"));
    cr_expect_eq(spec.endpoints[2].driver_options.count, 1);
    cr_assert_eq(service_spec_set_network(&spec, 1, SLICE("id1")), 0);
    cr_assert_eq(service_spec_set_network(&spec, 2, SLICE("id2")), 0);
    cr_expect(body_text_eq(spec.endpoints[2].name, "id2"));
    cr_expect_str_eq(
        body_written(&body),
        "{\"TaskTemplate\":{\"Networks\":[{\"Target\":\"a\"},{\"Target\":\"id1\",\"Aliases\":"
        "[\"x\"]}],\"ContainerSpec\":{}},\"Networks\":[{\"Target\":\"id2\","
        "\"DriverOpts\":{\"k\":\"v\"}}]}");
    body_close(&body);
}

struct name_case {
    const char *text;
    const char *name;
    const char *rest;
};

Test(service_spec, translates_the_names_of_fields)
{
    static const struct name_case cases[] = {
        {"HostConfig.CapAdd[0] is x", "TaskTemplate.ContainerSpec.CapabilityAdd", "[0] is x"},
        {"HostConfig.Memory is 1", "TaskTemplate.Resources.Limits.MemoryBytes", " is 1"},
        {"HostConfig.MemorySwap comes to", "TaskTemplate.Resources.SwapBytes with the memory",
         " comes to"},
        {"User is root", "TaskTemplate.ContainerSpec.User", " is root"},
        {"Username is root", "", "Username is root"},
        {"neither the request", "", "neither the request"},
        {"", "", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct slice rest = {0};
        struct slice name = service_field_name(slice_from(cases[i].text), &rest);
        cr_expect(body_text_eq(name, cases[i].name), "%s", cases[i].text);
        cr_expect(body_text_eq(rest, cases[i].rest), "%s", cases[i].text);
    }
}

Test(service_spec, runs_out_of_memory_in_good_order)
{
    bool done = false;

    for (size_t limit = 0; limit < 262144 && !done; limit += 256) {
        struct arena arena;
        struct json *tree = NULL;
        struct json_problem why;
        struct container_spec spec;
        arena_init(&arena, limit);
        struct spec_reader reader = {.arena = &arena};
        int err = json_read(slice_from(CLI_BODY), &arena, &tree, &why);
        if (err == 0) {
            err = service_spec_read(&reader, tree, 45, &spec);
        }
        if (err == 0) {
            err = container_spec_add_security_opt(&spec, SLICE("no-new-privileges"));
        }
        cr_expect(err == 0 || err == -ENOMEM, "%zu: %d", limit, err);
        done = err == 0;
        arena_deinit(&arena);
    }
    cr_expect(done);
}
