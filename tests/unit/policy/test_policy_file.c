/*
 * Policy files: what is taken, and the exact words for what isn't. The words are
 * tested as they stand, because they are what the operator has.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/diag.h"
#include "policy/file/loader.h"

#define HEAD "version: 1\n"
#define POLICY "policies:\n  a: {base: baseline}\n"

struct wrong {
    const char *text;
    const char *says;
};

// clang-format off
static const struct wrong wrongs[] = {
    {"", "f:1:1: the file is empty"},
    {"version: 1\n---\nversion: 1\n", "f:2:1: only one document is allowed, and a second one begins here"},
    {"version: [1\n", "f:2:1: this is not YAML: did not find expected ',' or ']'"},
    {"a: &x 1\n", "f:1:4: anchors are not supported: write the value out"},
    {"a: &x {b: 1}\n", "f:1:4: anchors are not supported: write the value out"},
    {"a: 1\nb: *a\n", "f:2:4: aliases are not supported: write the value out"},
    {"version: !!str 1\n", "f:1:10: tags are not supported"},
    {"version: 1\nversion: 1\n", "f:2:1: version is given twice"},
    {"? [a]\n: 1\n", "f:1:3: a key must be a word"},
    {"a: \"x\\0y\"\n", "f:1:4: a text contains NUL"},
    {"just a word\n", "f:1:1: this must be a map of keys and values"},
    {"versoin: 1\n", "f:1:1: unknown key \"versoin\", did you mean \"version\"?"},
    {"frobnicate: 1\n", "f:1:1: unknown key \"frobnicate\""},
    {"version: 2\n", "f:1:10: version must be 1"},
    {POLICY, "f:1:1: this must begin with `version: 1`"},
    {HEAD, "f:1:1: this must have `policies`"},
    {HEAD "policies: {}\n", "f:2:11: policies must be a map of policies"},
    {HEAD "policies: {a b: {base: open}}\n", "f:2:12: a policy's name has letters, digits, '.', '-' and '_', at most 64"},
    {HEAD "policies: {a: }\n", "f:2:15: a must be a map of keys and values"},
    {HEAD POLICY "tests: []\n", "f:4:1: tests is not supported in this version"},
    {HEAD "policies: {a: {exceptions: []}}\n", "f:2:16: exceptions is not supported in this version"},
    {HEAD "policies: {a: {base: basline}}\n", "f:2:22: \"basline\" is not a known base, did you mean \"baseline\"?"},
    {HEAD "policies: {a: {mode: enforced}}\n", "f:2:22: \"enforced\" is not a known value of mode, did you mean \"enforce\"?"},
    {HEAD "policies: {a: {allow: containers.list}}\n", "f:2:23: allow must be a list of operations in brackets"},
    {HEAD "policies: {a: {allow: [containers.craete]}}\n", "f:2:24: \"containers.craete\" is not a known operation, did you mean \"containers.create\"?"},
    {HEAD "policies: {a: {allow: [\"\"]}}\n", "f:2:24: this must not be empty"},
    {HEAD "policies: {a: {rules: []}}\n", "f:2:23: rules must be a map of rules"},
    {HEAD "policies: {a: {rules: {privilged: off}}}\n", "f:2:24: \"privilged\" is not a known rule, did you mean \"privileged\"?"},
    {HEAD "policies: {a: {rules: {privileged: on}}}\n", "f:2:36: \"on\" is not a known value of privileged"},
    {HEAD "policies: {a: {rules: {privileged: [off]}}}\n", "f:2:36: privileged must be one word"},
    {HEAD "policies: {a: {rules: {privileged: {allow: [x]}}}}\n", "f:2:37: unknown key \"allow\""},
    {HEAD "policies: {a: {rules: {privileged: {level: dny}}}}\n", "f:2:44: \"dny\" is not a known value of level, did you mean \"deny\"?"},
    {HEAD "policies: {a: {rules: {privileged: substitute}}}\n", "f:2:36: \"substitute\" is not a known value of privileged"},
    {HEAD "policies: {a: {rules: {docker_socket_mount: {substitute: 1}}}}\n", "f:2:58: substitute must be true or false"},
    {HEAD "policies: {a: {rules: {host_path_mount: {symlinks: follow}}}}\n", "f:2:52: \"follow\" is not a known value of symlinks, did you mean \"allow\"?"},
    {HEAD "audit: {on_error: ignore}\n" POLICY, "f:2:19: \"ignore\" is not a known value of on_error"},
    {HEAD "audit: {on_eror: deny}\n" POLICY, "f:2:9: unknown key \"on_eror\", did you mean \"on_error\"?"},
    {HEAD "daemon: {engine: {kind: docker}}\n" POLICY, "f:2:25: \"docker\" is not a known value of kind, did you mean \"dockerd\"?"},
    {HEAD "daemon: {engine: {kind: dockerd, version: 26.x}}\n" POLICY, "f:2:43: version must be an engine version, such as \"26.1.5\""},
    {HEAD "daemon: {engine: {kind: dockerd, version: 26.1.5.1}}\n" POLICY, "f:2:43: version must be an engine version, such as \"26.1.5\""},
    {HEAD "daemon: {engine: {version: 26.1}}\n" POLICY, "f:2:18: engine must name the kind of engine, because it has a version"},
    {HEAD "daemon: {host_files: maybe}\n" POLICY, "f:2:22: \"maybe\" is not a known value of host_files"},
    {HEAD "listen: [{socket: /a, host_path: run/a}]\n" POLICY, "f:2:34: host_path must be an absolute path without a colon"},
    {HEAD "listen: [{socket: /a, host_path: \"/run:a\"}]\n" POLICY, "f:2:34: host_path must be an absolute path without a colon"},
    {HEAD "policies: {a: {rules: {added_capabilities: {allow: CHOWN}}}}\n", "f:2:52: allow must be a list in brackets"},
    {HEAD "policies: {a: {rules: {added_capabilities: {allow: [[CHOWN]]}}}}\n", "f:2:53: this must be one word"},
    {HEAD "policies: {a: {rules: {host_path_mount: {allow: [/srv]}}}}\n", "f:2:50: this must be a map of keys and values"},
    {HEAD "policies: {a: {rules: {host_path_mount: {allow: [{path: srv}]}}}}\n", "f:2:57: path must be an absolute path"},
    {HEAD "policies: {a: {rules: {host_path_mount: {allow: [{access: rw}]}}}}\n", "f:2:50: this must name a path"},
    {HEAD "policies: {a: {rules: {host_path_mount: {allow: [{path: /srv, access: w}]}}}}\n", "f:2:71: \"w\" is not a known value of access, did you mean \"rw\"?"},
    {HEAD "policies: {a: {rules: {run_as_root: {trust_image_user: yes}}}}\n", "f:2:56: trust_image_user must be true or false"},
    {HEAD "policies: {a: {rules: {run_as_root: {trust_image_user: \"true\"}}}}\n", "f:2:56: trust_image_user must be true or false"},
    {HEAD "policies: {a: {rules: {memory_limit: {max: lots}}}}\n", "f:2:44: max must be a size such as 512m or 2g"},
    {HEAD "policies: {a: {rules: {memory_limit: {max: 1g, default: 2g}}}}\n", "f:2:38: memory_limit must not have a default above its max"},
    {HEAD "policies: {a: {allow: [containers.delete]}}\n", "f:2:24: \"containers.delete\" is not a known operation, did you mean \"containers.remove\"?"},
    {HEAD "policies: {a: {rules: {added_capabilities: {allow: [NET_ADMN]}}}}\n", "f:2:53: \"NET_ADMN\" is not a known capability, did you mean \"NET_ADMIN\"?"},
    {HEAD "policies: {a: {rules: {selinux_options: {allow: [\"label=disable\"]}}}}\n", "f:2:50: this must be a value of label=, such as disable or type:container_t"},
    {HEAD "policies: {a: {rules: {sysctls: {allow: [\"net.*\"]}}}}\n", "f:2:42: this must be the name of one sysctl, written with dots (there are no patterns)"},
    {HEAD "policies: {a: {rules: {published_ports: {addresses: [localhost]}}}}\n", "f:2:54: this must be an address of the host, such as 127.0.0.1"},
    {HEAD "policies: {a: {rules: {network_driver: {subnets: [10.0.0.0/33]}}}}\n", "f:2:51: this must be a range of addresses, such as 10.0.0.0/8"},
    {HEAD "policies: {a: {rules: {network_driver: {endpoint: [mac]}}}}\n", "f:2:52: \"mac\" is not a known network setting of a container, did you mean \"mac_address\"?"},
    {HEAD "policies: {a: {rules: {restart_policy: {allow: [alwyas]}}}}\n", "f:2:49: \"alwyas\" is not a known restart policy, did you mean \"always\"?"},
    {HEAD "policies: {a: {rules: {mount_propagation: {allow: [rslav]}}}}\n", "f:2:52: \"rslav\" is not a known propagation mode, did you mean \"rslave\"?"},
    {HEAD "policies: {a: {rules: {log_driver: {options: [max_size]}}}}\n", "f:2:47: this must be an option of a log driver, written with dashes, such as max-size"},
    {HEAD "policies: {a: {rules: {image_registry: {allow: [\"https://registry.example.org\"]}}}}\n", "f:2:49: this must be a registry without a scheme, such as registry.example.org/team"},
    {HEAD "policies: {a: {rules: {host_devices: {allow: [dev/fuse]}}}}\n", "f:2:47: this must be the full path of a device, such as /dev/fuse"},
    {HEAD "policies: {a: {rules: {cpu_limit: {max: 1.2345}}}}\n", "f:2:41: max must be a number of CPUs such as 2 or 0.5"},
    {HEAD "policies: {a: {rules: {pids_limit: {max: -1}}}}\n", "f:2:42: max must be a number from 0 to 9223372036854775807"},
    {HEAD "policies: {a: {mode+: audit}}\n", "f:2:16: unknown key \"mode+\", did you mean \"mode\"?"},
    {HEAD "policies: {a: {rules: {pids_limit: {max+: 1}}}}\n", "f:2:37: unknown key \"max+\", did you mean \"max\"?"},
    {HEAD "policies: {a: {allow+: images.push}}\n", "f:2:24: allow+ must be a list of operations in brackets"},
    {HEAD "policies: {a: {limits: {body_bytes: 1t}}}\n", "f:2:37: body_bytes must be a size such as 512m or 2g"},
    {HEAD "policies: {a: {limits: {body_bytes: 1g}}}\n", "f:2:37: body_bytes must be at most 16m"},
    {HEAD "policies: {a: {limits: {body_members: 20000}}}\n", "f:2:39: body_members must be a number from 4096 to 16384"},
    {HEAD "policies: {a: {limits: {total_body_bytes: lots}}}\n", "f:2:43: total_body_bytes must be a size such as 512m or 2g"},
    {HEAD "policies: {a: {limits: {connections: 0}}}\n", "f:2:38: connections must be a number from 1 to 65536"},
    {HEAD "policies: {a: {limits: {creates_per_minut: 1}}}\n", "f:2:25: unknown key \"creates_per_minut\", did you mean \"creates_per_minute\"?"},
    {HEAD "policies: {a: {limits: {per_uid: {body_bytes: 1m}}}}\n", "f:2:35: unknown key \"body_bytes\""},
    {HEAD "policies: {a: {limits: {per_uid: 3}}}\n", "f:2:34: per_uid must be a map of keys and values"},
    {HEAD "listen: [{socket: /a, clients: {}}]\n" POLICY, "f:2:32: clients must be a list of clients"},
    {HEAD "listen: [{socket: /a, clients: [{policy: a}]}]\n" POLICY, "f:2:33: this must have a policy, and uid, gid or container"},
    {HEAD "listen: [{socket: /a, clients: [{uid: 1}]}]\n" POLICY, "f:2:33: this must have a policy, and uid, gid or container"},
    {HEAD "listen: [{socket: /a, clients: [{uid: [], policy: a}]}]\n" POLICY, "f:2:39: uid must not be empty"},
    {HEAD "listen: [{socket: /a, clients: [{uid: nobody-here, policy: a}]}]\n" POLICY, "f:2:39: \"nobody-here\" is not a known user on this system"},
    {HEAD "listen: [{socket: /a, clients: [{gid: [0, 4294967295], policy: a}]}]\n" POLICY, "f:2:43: this must be a name or an id below 4294967295"},
    {HEAD "listen: [{socket: /a, clients: [{container: [], policy: a}]}]\n" POLICY, "f:2:45: container must not be empty"},
    {HEAD "listen: [{socket: /a, clients: [{container: {}, policy: a}]}]\n" POLICY, "f:2:45: container must not be empty"},
    {HEAD "listen: [{socket: /a, clients: [{container: {label: x}, policy: a}]}]\n" POLICY, "f:2:53: label must have the form \"com.example.role=proxy\""},
    {HEAD "listen: [{socket: /a, clients: [{uid: 1, made_by: a, policy: a}]}]\n" POLICY, "f:2:51: made_by must be used together with `container`"},
    {HEAD "listen: [{socket: /a, clients: [{container: x, made_by: [], policy: a}]}]\n" POLICY, "f:2:57: made_by must not be empty"},
    {HEAD "listen: [{socket: /a, clients: [{container: x, made_by: [a, b], policy: a}]}]\n" POLICY, "f:2:61: \"b\" is not a known policy in this file, did you mean \"a\"?"},
    {HEAD "listen: [{socket: /a, clients: [{contaner: x, policy: a}]}]\n" POLICY, "f:2:34: unknown key \"contaner\", did you mean \"container\"?"},
    {HEAD "listen: [{socket: /a, clients: [{uid: 1, policy: b}]}]\n" POLICY, "f:2:50: \"b\" is not a known policy in this file, did you mean \"a\"?"},
    {HEAD "daemon: {socket: docker.sock}\n" POLICY, "f:2:18: socket must be an absolute path"},
    {HEAD "daemon: {api: {min: \"1.11\"}}\n" POLICY, "f:2:21: min must be an API version from \"1.12\" to \"1.55\""},
    {HEAD "daemon: {api: {min: \"1.44\", max: \"1.41\"}}\n" POLICY, "f:2:15: api must have a min that is not above its max"},
    {HEAD "listen: []\n" POLICY, "f:2:9: listen must be a list of listeners"},
    {HEAD "listen: [{mode: \"0660\"}]\n" POLICY, "f:2:10: this must have either `socket` or `systemd`"},
    {HEAD "listen: [{socket: /a, systemd: b}]\n" POLICY, "f:2:10: this must have either `socket` or `systemd`"},
    {HEAD "listen: [{systemd: b, mode: \"0600\"}]\n" POLICY, "f:2:10: this must not set mode, owner or group: they are set in the systemd unit"},
    {HEAD "listen: [{socket: /a, mode: \"0888\"}]\n" POLICY, "f:2:29: mode must be an octal mode such as \"0660\""},
    {HEAD "listen: [{socket: /a, mode: \"1777\"}]\n" POLICY, "f:2:29: mode must be an octal mode such as \"0660\""},
    {HEAD "listen: [{socket: /a, owner: nobody-at-all}]\n" POLICY, "f:2:30: \"nobody-at-all\" is not a known user on this system"},
    {HEAD "listen: [{socket: /a, group: nobody-at-all}]\n" POLICY, "f:2:30: \"nobody-at-all\" is not a known group on this system"},
    {HEAD "listen: [{socket: /a, group: 4294967295}]\n" POLICY, "f:2:30: group must be a name or an id below 4294967295"},
    {HEAD "listen: [{socket: /a}, {socket: /a}]\n" POLICY, "f:2:24: this must not use the same socket as another listener"},
    {HEAD "listen: [{socket: /a, policy: b}]\n" POLICY, "f:2:31: \"b\" is not a known policy in this file, did you mean \"a\"?"},
    {HEAD "listen: [{socket: /a}]\npolicies: {a: {base: open}, b: {base: open}}\n", "f:2:10: this must name its policy, because the file has several"},
    {HEAD "policies: {a: {base: open}, b: {base: open}}\n", "f:1:1: this must have `listen`, because it has several policies"},
};
// clang-format on

static int parse(const char *text, struct policy_file **out, struct diag *diag)
{
    *diag = (struct diag){.file = "f"};
    return policy_file_parse(slice_from(text), out, diag);
}

Test(policy_file, takes_a_byte_order_mark_and_values_that_match)
{
    static const char text[] =
        "\xef\xbb\xbf" HEAD
        "policies: {a: {rules: {added_capabilities: {allow: [cap_net_admin, SYSLOG, ALL]}, "
        "selinux_options: {allow: [disable, \"level:s0:c1\"]}, sysctls: {allow: "
        "[net.core.somaxconn]}, "
        "published_ports: {addresses: [0.0.0.0, \"::1\"]}, network_driver: {subnets: [10.0.0.0/32, "
        "\"fc00::/7\"], endpoint: [mac_address]}, restart_policy: {allow: [always]}, "
        "mount_propagation: {allow: [rslave]}, log_driver: {options: [max-size, awslogs-group]}, "
        "image_registry: {allow: [\"localhost:5000/team\", docker.io/library, \"registry:443\"]}, "
        "host_devices: {allow: [/dev/fuse]}}}}\n";
    struct policy_file *file = NULL;
    struct diag diag = {0};

    cr_assert_eq(policy_file_parse(slice_from(text), &file, &diag), 0, "%u:%u %s", diag.line,
                 diag.column, diag.sentence);
    policy_file_destroy(file);
}

Test(policy_file, says_what_is_wrong_and_where)
{
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
        struct policy_file *file = NULL;
        struct diag diag;
        char said[1024];

        cr_expect_eq(parse(wrongs[i].text, &file, &diag), -EINVAL, "%s", wrongs[i].text);
        diag_format(&diag, said, sizeof(said));
        cr_expect_str_eq(said, wrongs[i].says, "%s\nsays   %s\nwanted %s", wrongs[i].text, said,
                         wrongs[i].says);
        cr_expect_null(file);
    }
}

Test(policy_file, nests_only_so_far)
{
    char text[64] = "a: ";
    struct policy_file *file = NULL;
    struct diag diag;

    memset(text + 3, '[', YAML_TREE_MAX_DEPTH + 2);
    cr_expect_eq(parse(text, &file, &diag), -EINVAL);
    cr_expect_str_eq(diag.sentence, "this is nested too deeply");
}

Test(policy_file, a_complete_file_is_taken)
{
    static const char text[] =
        "version: 1\n"
        "daemon:\n"
        "  socket: /run/engine.sock\n"
        "  api: {min: \"1.30\", max: \"1.45\"}\n"
        "audit: {on_error: drop}\n"
        "listen:\n"
        "  - {socket: /run/a.sock, mode: \"0600\", owner: root, group: 7, policy: ci}\n"
        "  - {systemd: b, policy: look}\n"
        "policies:\n"
        "  look: {base: read_only, mode: audit}\n"
        "  ci:\n"
        "    allow: [containers.create, \"@lifecycle\"]\n"
        "    rules:\n"
        "      privileged: warn\n"
        "      run_as_root: {level: audit, trust_image_user: true}\n"
        "      memory_limit: {max: 8g, default: 2g}\n"
        "    limits: {body_bytes: 1m, total_body_bytes: 64m, connections: 3, per_uid: {streams: "
        "2}, per_container: {requests: 9, refusals_per_minute: 0}}\n";
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(text, &file, &diag), 0, "%u:%u: %s", diag.line, diag.column, diag.sentence);
    cr_expect_str_eq(file->engine_socket, "/run/engine.sock");
    cr_expect_eq(file->audit_on_error, AUDIT_ON_ERROR_DROP);
    cr_assert_eq(file->listener_count, 2);
    const struct policy_listener *first = &file->listeners[0];
    const struct policy *ci = first->policy;

    cr_expect_str_eq(first->socket, "/run/a.sock");
    cr_expect_eq(first->mode, 0600);
    cr_expect_eq(first->owner, 0);
    cr_expect_eq(first->group, 7);
    cr_expect_str_eq(file->listeners[1].systemd, "b");
    cr_expect_eq(file->listeners[1].policy->mode, RULE_LEVEL_AUDIT);
    cr_expect_str_eq(policy_name(ci), "ci");
    cr_expect_eq(ci->base, BASE_RESTRICTED, "the base, when none is named");
    cr_expect_eq(ci->rule[RULE_privileged].level, RULE_LEVEL_WARN);
    cr_expect_eq(ci->rule[RULE_run_as_root].level, RULE_LEVEL_AUDIT);
    cr_expect(ci->rule[RULE_run_as_root].param[0].flag);
    cr_expect_eq(ci->rule[RULE_memory_limit].level, RULE_LEVEL_DENY);
    cr_expect_eq(ci->rule[RULE_memory_limit].param[1].number, 2147483648U);
    cr_expect_eq(policy_limits(ci)->body_bytes, 1U << 20);
    cr_expect_eq(policy_limits(ci)->total_body_bytes, 64U << 20);
    cr_expect_eq(policy_limits(ci)->all[LIMIT_CONNECTIONS], 3);
    cr_expect_eq(policy_limits(ci)->all[LIMIT_STREAMS], 0);
    cr_expect_eq(policy_limits(ci)->per_uid[LIMIT_CONNECTIONS], 256, "the default stays");
    cr_expect_eq(policy_limits(ci)->per_uid[LIMIT_STREAMS], 2);
    cr_expect_eq(policy_limits(ci)->per_uid[LIMIT_REFUSALS], 6000);
    cr_expect_eq(policy_limits(ci)->per_container[LIMIT_CONNECTIONS], 256);
    cr_expect_eq(policy_limits(ci)->per_container[LIMIT_REQUESTS], 9);
    cr_expect_eq(policy_limits(ci)->per_container[LIMIT_REFUSALS], 0);
    cr_expect_eq(ci->api_min, 30);
    cr_expect_eq(ci->api_max, 45);
    cr_expect(operation_set_has(&ci->allowed, OP_CONTAINERS_CREATE));
    cr_expect(operation_set_has(&ci->allowed, OP_SYSTEM_PING), "@meta is always on");
    cr_expect_not(operation_set_has(&ci->allowed, OP_EXEC_CREATE), "allow replaces the base's");
    policy_file_destroy(file);
}

Test(policy_file, a_policy_outlives_its_file)
{
    struct policy_file *file = NULL;

    cr_assert_eq(policy_file_default("baseline", &file), 0);
    struct policy *policy = policy_ref(file->listeners[0].policy);

    cr_expect_str_eq(file->listeners[0].socket, "/run/sockade/docker.sock");
    policy_file_destroy(file);
    cr_expect_str_eq(policy_name(policy), "baseline");
    policy_unref(policy);
    policy_unref(NULL);
    policy_file_destroy(NULL);
}

Test(policy_file, there_is_no_other_base)
{
    struct policy_file *file = NULL;

    cr_expect_eq(policy_file_default("strict", &file), -EINVAL);
    cr_expect_null(file);
}

Test(policy_file, the_engines_socket_is_everybodys_secret)
{
    struct policy_file *file = NULL;

    cr_assert_eq(policy_file_default("baseline", &file), 0);
    cr_assert_eq(policy_file_set_engine_socket(file, "/var/run/../run/other/e.sock"), 0);
    cr_expect(slice_eq(file->listeners[0].policy->engine_socket, SLICE("/run/other/e.sock")));
    cr_expect_str_eq(file->engine_socket, "/var/run/../run/other/e.sock");
    policy_file_destroy(file);
}

Test(policy_file, a_file_that_is_not_there_is_named)
{
    struct policy_file *file = NULL;
    struct diag diag;
    char said[1024];

    cr_expect_eq(policy_file_load("/nonexistent/p.yaml", &file, &diag), -ENOENT);
    diag_format(&diag, said, sizeof(said));
    cr_expect_str_eq(said, "/nonexistent/p.yaml: cannot be read: No such file or directory");
}

Test(policy_file, the_corpus_policies_load)
{
    static const char *const names[] = {"strict", "limits", "extended"};

    for (size_t i = 0; i < 3; i++) {
        struct policy_file *file = NULL;
        struct diag diag;
        char path[512];

        snprintf(path, sizeof(path), SOCKADE_SOURCE_DIR "/tests/corpus/%s.yaml", names[i]);
        cr_assert_eq(policy_file_load(path, &file, &diag), 0, "%s:%u: %s", path, diag.line,
                     diag.sentence);
        policy_file_destroy(file);
    }
}

Test(policy_file, says_what_of_the_host_can_be_seen_and_what_containers_get)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(HEAD "daemon: {host_files: no}\n"
                            "listen: [{systemd: a, host_path: /srv/s}, {socket: /b}]\n"
                            "policies: {a: {rules: {docker_socket_mount: substitute,"
                            " host_path_mount: {symlinks: deny, stable: true}}}}\n",
                       &file, &diag),
                 0, "%s", diag.sentence);
    const struct policy *policy = file->listeners[0].policy;

    cr_expect_eq(file->host_files, HOST_FILES_NO);
    cr_expect_str_eq(file->listeners[0].host_path, "/srv/s");
    cr_expect_null(file->listeners[1].host_path);
    cr_expect_eq(policy->rule[RULE_docker_socket_mount].level, RULE_LEVEL_DENY);
    cr_expect(policy->rule[RULE_docker_socket_mount].param[0].flag);
    cr_expect_eq(policy->rule[RULE_host_path_mount].param[1].number, 2);
    cr_expect(policy->rule[RULE_host_path_mount].param[2].flag);
    policy_file_destroy(file);
}

Test(policy_file, takes_the_engine_for_what_it_is_told)
{
    static const struct {
        const char *text;
        struct sockade_engine engine;
    } rows[] = {
        {HEAD POLICY, {0}},
        {HEAD "daemon: {engine: {kind: podman}}\n" POLICY, {.kind = ENGINE_PODMAN}},
        {HEAD "daemon: {engine: {kind: dockerd, version: 26.1}}\n" POLICY,
         {.kind = ENGINE_DOCKERD, .major = 26, .minor = 1}},
        {HEAD "daemon: {engine: {kind: dockerd, version: 26.1.5}}\n" POLICY,
         {.kind = ENGINE_DOCKERD, .major = 26, .minor = 1, .patch = 5}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policy_file *file = NULL;
        struct diag diag;

        cr_assert_eq(parse(rows[i].text, &file, &diag), 0, "%s", diag.sentence);
        cr_expect_eq(file->engine.kind, rows[i].engine.kind);
        cr_expect_eq(file->engine.major, rows[i].engine.major);
        cr_expect_eq(file->engine.minor, rows[i].engine.minor);
        cr_expect_eq(file->engine.patch, rows[i].engine.patch);
        policy_file_destroy(file);
    }
}

Test(policy_file, sees_the_host_by_itself_and_substitutes_nothing_unless_told)
{
    struct policy_file *file = NULL;
    struct diag diag;

    cr_assert_eq(parse(HEAD POLICY, &file, &diag), 0);
    cr_expect_eq(file->host_files, HOST_FILES_AUTO);
    cr_expect_not(file->listeners[0].policy->rule[RULE_docker_socket_mount].param[0].flag);
    cr_expect_eq(file->listeners[0].policy->rule[RULE_host_path_mount].param[1].number, 0);
    policy_file_destroy(file);
}

Test(policy_file, a_plus_adds_to_a_list_whatever_the_order)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};
    struct slice text = SLICE("version: 1\n"
                              "policies:\n"
                              "  a:\n"
                              "    allow+: [images.push]\n"
                              "    base: baseline\n"
                              "    rules:\n"
                              "      added_capabilities: {allow+: [NET_RAW]}\n"
                              "      sysctls: {allow+: [a.b], allow: [c.d]}\n"
                              "      host_path_mount: {allow+: [{path: /b}], allow: [{path: /a}]}\n"
                              "      host_path_owner: {uids+: [0]}\n");

    cr_assert_eq(policy_file_parse(text, &file, &diag), 0, "%s", diag.sentence);
    const struct policy *policy = file->listeners[0].policy;
    const struct string_list *added = &policy->rule[RULE_added_capabilities].param[0].words;
    const struct string_list *sysctls = &policy->rule[RULE_sysctls].param[0].words;
    const struct param_value *paths = &policy->rule[RULE_host_path_mount].param[0];

    cr_expect(operation_set_has(&policy->allowed, OP_IMAGES_PUSH));
    cr_expect(operation_set_has(&policy->allowed, OP_CONTAINERS_CREATE), "what the base allows");
    cr_expect_eq(added->count, 14, "13 of the base, and one");
    cr_expect(slice_eq(added->item[13], SLICE("NET_RAW")));
    cr_expect_eq(sysctls->count, 2, "what replaces comes before what adds");
    cr_expect(slice_eq(sysctls->item[0], SLICE("c.d")));
    cr_expect(slice_eq(sysctls->item[1], SLICE("a.b")));
    cr_expect_eq(paths->path_count, 2);
    cr_expect(slice_eq(paths->paths[1].path, SLICE("/b")));
    cr_expect_eq(policy->rule[RULE_host_path_owner].param[0].range_count, 2);
    policy_file_destroy(file);
}
