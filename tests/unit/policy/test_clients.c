/*
 * Who gets which policy: control groups as engines write them, inspections, and the order
 * of the entries.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/clients/clients.h"
#include "policy/file/loader.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

struct group_case {
    const char *text;
    const char *path; /* NULL: in no container */
    const char *id;
};

// clang-format off
static const struct group_case groups[] = {
    {"", NULL, NULL},
    {"0::/\n", NULL, NULL},
    {"0::/user.slice/user-1000.slice/session-1.scope\n", NULL, NULL},
    {"0::/system.slice/docker-" ID ".scope\n", "/system.slice/docker-" ID ".scope", ID},
    {"0::/system.slice/docker-" ID ".scope", "/system.slice/docker-" ID ".scope", ID},
    {"0::/system.slice/docker-" ID ".scope/init.scope\n", "/system.slice/docker-" ID ".scope", ID},
    {"0::/docker/" ID "\n", "/docker/" ID, ID},
    {"0::/../docker-" ID ".scope\n", "/../docker-" ID ".scope", ID},
    {"12:pids:/docker/" ID "\n1:name=systemd:/docker/" ID "\n0::/\n", "/docker/" ID, ID},
    {"9:name=systemd:/\n4:memory:/x/" ID "\n0::/\n", "/x/" ID, ID},
    {"0::/machine.slice/libpod-" ID ".scope/container\n", "/machine.slice/libpod-" ID ".scope", ID},
    {"0::/machine.slice/libpod-conmon-" ID ".scope\n", NULL, NULL},
    {"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope\n", "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope", ID},
    {"0::/kubepods/besteffort/pod1-2/" ID "\n", "/kubepods/besteffort/pod1-2/" ID, ID},
    {"0::/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:" ID "\n",
     "/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:" ID, ID},
    // The innermost: neither a parent that was asked for nor a claim above it counts.
    {"0::/docker/" OTHER "/" ID "\n", "/docker/" OTHER "/" ID, ID},
    {"0::/docker/" ID "/docker/" OTHER "/x\n", "/docker/" ID "/docker/" OTHER, OTHER},
    // What only looks like one.
    {"0::/docker/" ID "0\n", NULL, NULL},
    {"0::/docker/x" ID "\n", NULL, NULL},
    {"0::/docker/0123\n", NULL, NULL},
    {"0::/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\n", NULL, NULL},
    {"0::/docker/" ID " (deleted)\n", NULL, NULL},
    {"0::docker/" ID "\n", NULL, NULL},
    {"0:/docker/" ID "\n", NULL, NULL},
    {ID "\n", NULL, NULL},
    {"/docker/" ID "\n", NULL, NULL},
};
// clang-format on

Test(clients, a_control_group_names_a_container)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        const struct group_case *at = &groups[i];
        struct cgroup_container found = {0};
        bool is = cgroup_find_container(slice_from(at->text), &found);

        cr_assert_eq(is, at->path != NULL, "%s", at->text);
        cr_expect(!is || slice_eq(found.path, slice_from(at->path)), "%s: %.*s", at->text,
                  SLICE_ARGS(found.path));
        cr_expect(!is || slice_eq(found.id, slice_from(at->id)), "%s", at->text);
    }
}

Test(clients, a_control_group_is_of_a_hierarchy)
{
    static const char *const texts[][2] = {
        {"0::/docker/" ID "\n", ""},
        {"12:pids:/\n1:name=systemd:/docker/" ID "\n", "name=systemd"},
        {"4:cpu,cpuacct:/docker/" ID "/docker/" OTHER "\n0::/\n", "cpu,cpuacct"},
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct cgroup_container found = {0};

        cr_assert(cgroup_find_container(slice_from(texts[i][0]), &found));
        cr_expect(slice_eq(found.hierarchy, slice_from(texts[i][1])), "%s", texts[i][0]);
    }
}

static int read_container(const char *body, struct arena *arena, struct policy_container *out)
{
    return policy_container_read(slice_from(body), SLICE(ID), arena, out);
}

Test(clients, an_inspection_says_name_labels_and_process)
{
    struct arena arena;
    struct policy_container container = {0};

    arena_init(&arena, 1 << 20);
    cr_assert_eq(read_container("{\"Id\":\"" ID "\",\"Name\":\"/traefik\",\"State\":{\"Pid\":42},"
                                "\"Config\":{\"Labels\":{\"a\":\"b\"}}}",
                                &arena, &container),
                 0);
    cr_expect(slice_eq(container.name, SLICE("traefik")));
    cr_expect_eq(container.pid, 42);
    cr_expect(slice_eq(*string_map_get(container.labels, SLICE("a")), SLICE("b")));
    arena_deinit(&arena);
}

Test(clients, an_answer_about_another_container_or_none_is_not_taken)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "{\"Id\":\"" OTHER "\",\"Name\":\"/traefik\"}",
        "{\"Id\":\"" ID "\",\"Name\":\"traefik\"}",
        "{\"Id\":\"" ID "\"}",
        "{\"Id\":\"" ID "\",\"Name\":\"/a\",\"Name\":\"/traefik\"}",
        "{\"Id\":\"" ID "\",\"Name\":[\"/traefik\"]}",
        "{\"Id\":\"" ID "\",\"Name\":\"/traefik\",\"Config\":{\"Labels\":{\"a\":1}}}",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct arena arena;
        struct policy_container container = {0};

        arena_init(&arena, 1 << 20);
        cr_expect_eq(read_container(bodies[i], &arena, &container), -EBADMSG, "%s", bodies[i]);
        cr_expect_eq(container.name.len, 0);
        arena_deinit(&arena);
    }
}

static const char file_text[] =
    "version: 1\n"
    "listen:\n"
    "  - socket: /run/a.sock\n"
    "    policy: rest\n"
    "    clients:\n"
    "      - {uid: [1000, root], gid: 7, policy: both}\n"
    "      - {uid: 1000, policy: user}\n"
    "      - {gid: [50, 51], policy: group}\n"
    "      - {container: [traefik, caddy], policy: named}\n"
    "      - {container: {label: \"role=proxy=1\"}, policy: labelled}\n"
    "      - {uid: 1001, container: job, policy: job}\n"
    "  - socket: /run/b.sock\n"
    "    clients: [{uid: 1, policy: user}]\n"
    "policies: {rest: {base: open}, both: {base: open}, user: {base: open}, group: {base: open}, "
    "named: {base: open}, labelled: {base: open}, job: {base: open}}\n";

static struct policy_file *load(const char *text)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};

    cr_assert_eq(policy_file_parse(slice_from(text), &file, &diag), 0, "%s", diag.sentence);
    return file;
}

#define HOST .place = CLIENT_ON_HOST
#define IN(which) .place = CLIENT_IN_CONTAINER, .container = (which)

Test(clients, the_first_entry_that_fits_decides)
{
    static const struct string_pair pairs[] = {{SLICE_INIT("role"), SLICE_INIT("proxy=1")}};
    static const struct string_map labels = {pairs, 1};
    static const struct string_map none = {NULL, 0};
    static const gid_t supplementary[] = {9, 51, 7};
    static const struct policy_container traefik = {.name = SLICE_INIT("traefik"), .labels = &none};
    static const struct policy_container prefix = {.name = SLICE_INIT("traefi"), .labels = &none};
    static const struct policy_container proxy = {.name = SLICE_INIT("x"), .labels = &labels};
    static const struct policy_container job = {.name = SLICE_INIT("job"), .labels = &none};
    static const struct {
        struct policy_client who;
        const char *policy;
    } cases[] = {
        {{.peer = {1000, 7, 1}, HOST}, "both"},
        {{.peer = {0, 9, 1}, HOST, .groups = supplementary, .group_count = 3}, "both"},
        {{.peer = {1000, 8, 1}, HOST}, "user"},
        {{.peer = {2000, 50, 1}, HOST}, "group"},
        {{.peer = {2000, 1, 1}, HOST, .groups = supplementary, .group_count = 2}, "group"},
        {{.peer = {2000, 1, 1}, HOST, .groups = supplementary, .group_count = 1}, "rest"},
        {{.peer = {2000, 1, 1}, IN(&traefik)}, "named"},
        {{.peer = {2000, 1, 1}, IN(&prefix)}, "rest"},
        {{.peer = {2000, 1, 1}, IN(&proxy)}, "labelled"},
        {{.peer = {1001, 1, 1}, IN(&job)}, "job"},
        {{.peer = {1002, 1, 1}, IN(&job)}, "rest"},
        {{.peer = {1001, 1, 1}, HOST}, "rest"},
        {{.peer = {(uid_t)-1, (gid_t)-1, 0}}, "rest"},
        // Users and groups of a container are not those of the host.
        {{.peer = {1000, 8, 1}, IN(&traefik)}, "named"},
        {{.peer = {1000, 7, 1}, IN(&prefix)}, "rest"},
        {{.peer = {0, 0, 1}, IN(&prefix), .groups = supplementary, .group_count = 3}, "rest"},
        {{.peer = {2000, 50, 1}, IN(&prefix)}, "rest"},
        // Who may be either gets the policy of neither.
        {{.peer = {1000, 8, 1}}, "-"},
        {{.peer = {0, 0, 1}, .groups = supplementary, .group_count = 3}, "-"},
        {{.peer = {2000, 50, 1}}, "-"},
        {{.peer = {1001, 1, 1}}, "rest"},
    };
    struct policy_file *file = load(file_text);
    const struct policy_listener *a = &file->listeners[0];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct policy *policy = policy_choose(a->clients, a->policy, &cases[i].who);

        cr_expect_str_eq(policy_name(policy), cases[i].policy, "case %zu", i);
    }
    cr_expect(policy_clients_want_groups(a->clients));
    policy_file_destroy(file);
}

Test(clients, without_a_policy_for_the_rest_they_get_none)
{
    struct policy_file *file = load(file_text);
    const struct policy_listener *b = &file->listeners[1];
    struct policy_client who = {.peer = {1, 2, 3}, .place = CLIENT_ON_HOST};

    cr_expect_null(b->policy);
    cr_expect_str_eq(policy_name(policy_choose(b->clients, b->policy, &who)), "user");
    who.peer.uid = 2;
    cr_expect_null(policy_choose(b->clients, b->policy, &who));
    cr_expect_str_eq(policy_name(NULL), "-");
    cr_expect_eq(policy_limits(NULL)->per_uid[LIMIT_CONNECTIONS], 256);
    cr_expect_not(policy_clients_want_groups(b->clients));
    policy_file_destroy(file);
}

Test(clients, outlive_their_file)
{
    struct policy_file *file = load(file_text);
    struct policy_clients *clients = policy_clients_ref(file->listeners[0].clients);
    struct policy_client who = {.peer = {1000, 8, 3}, .place = CLIENT_ON_HOST};

    policy_file_destroy(file);
    cr_expect_str_eq(policy_name(policy_choose(clients, NULL, &who)), "user");
    policy_clients_unref(clients);
    policy_clients_unref(NULL);
    cr_expect_null(policy_clients_ref(NULL));
}

/* Of a listener of that text: the policy by which its clients reach each other's containers. */
static void expect_shared(const char *listener, const char *policy)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "version: 1\nlisten: [{socket: /run/a.sock, %s}]\n"
             "policies: {ci: {base: baseline}, own: {base: baseline, scope: {own: true}}, "
             "look: {base: read_only}}\n",
             listener);
    struct policy_file *file = load(text);
    const char *found = policy_shared_without_scope(&file->listeners[0]);

    cr_expect(found && policy ? strcmp(found, policy) == 0 : found == policy, "%s: %s", listener,
              found ? found : "none");
    policy_file_destroy(file);
}

Test(clients, that_share_a_socket_without_a_scope_are_told_of)
{
    expect_shared("policy: ci", NULL);
    expect_shared("mode: \"0660\", policy: ci", NULL); // its owner's
    expect_shared("mode: \"0666\", policy: ci", "ci");
    expect_shared("group: 1000, policy: ci", "ci");
    expect_shared("group: 1000, mode: \"0600\", policy: ci", NULL);
    expect_shared("mode: \"0666\", policy: own", NULL);
    expect_shared("mode: \"0666\", policy: look", NULL);
    expect_shared("clients: [{uid: 1, policy: ci}]", NULL);
    expect_shared("clients: [{uid: [1, 2], policy: ci}]", "ci");
    expect_shared("clients: [{gid: 1, policy: ci}]", "ci");
    expect_shared("clients: [{uid: 1, policy: own}, {uid: 2, policy: ci}]", "ci");
    expect_shared("clients: [{uid: 1, policy: own}, {uid: 2, policy: look}]", NULL);
    expect_shared("policy: ci, clients: [{uid: 1, policy: own}]", "ci");
    expect_shared("policy: own, clients: [{uid: 1, policy: own}]", NULL);
}

Test(clients, a_scope_by_listener_is_each_listeners_own)
{
    static const char text[] =
        "version: 1\n"
        "listen:\n"
        "  - {socket: /run/a.sock, clients: [{uid: 1, policy: ci}, {uid: 2, policy: ci}]}\n"
        "  - {socket: /run/b.sock, policy: ci, clients: [{uid: 3, policy: ci}]}\n"
        "policies: {ci: {base: restricted, scope: {own: true, owner: \"@listener\"}}}\n";
    struct policy_file *file = load(text);
    const struct client_entry *a = file->listeners[0].clients->entry;
    const struct client_entry *b = file->listeners[1].clients->entry;

    cr_expect(slice_eq(a[0].policy->scope.labels.item[0].value, SLICE("/run/a.sock")));
    cr_expect(slice_eq(a[1].policy->scope.labels.item[0].value, SLICE("/run/a.sock")));
    cr_expect(slice_eq(b[0].policy->scope.labels.item[0].value, SLICE("/run/b.sock")));
    cr_expect(
        slice_eq(file->listeners[1].policy->scope.labels.item[0].value, SLICE("/run/b.sock")));
    policy_file_destroy(file);
}

static const char made_text[] =
    "version: 1\n"
    "listen:\n"
    "  - socket: /run/a.sock\n"
    "    policy: looks\n"
    "    clients:\n"
    "      - {uid: 0, policy: open}\n"
    "      - {container: traefik, made_by: [deploy, ci], policy: discovery}\n"
    "      - {container: [caddy, portainer], policy: deploy}\n"
    "      - {container: {label: role=proxy}, made_by: deploy, policy: discovery}\n"
    "  - {socket: /run/b.sock, clients: [{uid: 9, policy: own}]}\n"
    "  - {socket: /run/c.sock, clients: [{uid: 9, policy: own}]}\n"
    "policies: {looks: {base: read_only}, open: {base: open}, discovery: {base: read_only},\n"
    "  deploy: {base: baseline}, ci: {base: restricted}, own: {scope: {own: true, owner: "
    "\"@listener\"}}}\n";

/* Who starts a container has its policy in it, whatever its name, its labels and its users are. */
Test(clients, in_a_container_that_sockade_made_they_have_its_makers_policy)
{
    static const struct string_pair pairs[] = {{SLICE_INIT("role"), SLICE_INIT("proxy")}};
    static const struct string_map labels = {pairs, 1};
    static const struct string_map none = {NULL, 0};
    static const struct {
        const char *name;
        const struct string_map *labels;
        const char *made_by;
        const char *policy;
    } cases[] = {
        {"web", &none, "", "looks"},
        {"web", &none, "looks:1", "looks"},
        {"web", &none, "open:1", "open"},
        {"web", &none, "deploy:1", "deploy"},
        {"web", &none, "ci:1", "-"}, // which this socket gives nobody
        {"web", &none, "?", "-"},
        {"web", &none, "open", "-"},
        {"web", &none, "deploy@/run/a.sock:1", "-"},
        {"web", &none, "gone:1", "-"},
        {"traefik", &none, "", "discovery"},
        {"traefik", &none, "deploy:1", "discovery"},
        {"traefik", &none, "ci:1", "discovery"},
        {"traefik", &none, "discovery:1", "discovery"},
        {"traefik", &none, "looks:1", "-"},
        {"traefik", &none, "?", "-"},
        {"portainer", &none, "", "deploy"},
        {"portainer", &none, "deploy:1", "deploy"},
        {"portainer", &none, "looks:1", "-"},
        {"web", &labels, "", "discovery"},
        {"web", &labels, "deploy:1", "discovery"},
        {"web", &labels, "ci:1", "-"},
        {"web", &labels, "looks:1", "-"},
    };
    struct policy_file *file = load(made_text);
    const struct policy_listener *a = &file->listeners[0];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct policy_container container = {.name = slice_from(cases[i].name),
                                                   .labels = cases[i].labels,
                                                   .made_by = slice_from(cases[i].made_by)};
        struct policy_client who = {.peer = {0, 0, 1}, IN(&container)};
        const struct policy *policy = policy_choose(a->clients, a->policy, &who);

        cr_expect_str_eq(policy_name(policy), cases[i].policy, "%s by %s", cases[i].name,
                         cases[i].made_by);
    }
    policy_file_destroy(file);
}

Test(clients, a_maker_whose_objects_are_one_sockets_has_its_policy_there_only)
{
    static const struct string_map none = {NULL, 0};
    struct policy_file *file = load(made_text);
    const struct policy_container container = {
        .name = SLICE("web"), .labels = &none, .made_by = SLICE("own@/run/b.sock:1")};
    struct policy_client who = {.peer = {9, 0, 1}, IN(&container)};

    cr_expect_str_eq(policy_name(policy_choose(file->listeners[1].clients, NULL, &who)), "own");
    cr_expect_null(policy_choose(file->listeners[2].clients, NULL, &who));
    policy_file_destroy(file);
}

Test(clients, a_maker_that_the_image_says_is_nobody)
{
    static const struct {
        const char *container; /* its labels */
        unsigned status;
        const char *image;
        const char *made_by;
    } cases[] = {
        {"\"io.sockade.made-by\":\"ci:1\"", 200, "", "ci:1"},
        {"\"io.sockade.made-by\":\"ci:1\"", 200, "\"io.sockade.made-by\":\"ci:2\"", "ci:1"},
        {"\"io.sockade.made-by\":\"ci:1\"", 200, "\"io.sockade.made-by\":\"ci:1\"", ""},
        {"\"io.sockade.made-by\":\"ci:1\",\"com.docker.swarm.service.id\":\"x\"", 200,
         "\"io.sockade.made-by\":\"ci:1\"", "?"},
        {"\"io.sockade.made-by\":\"ci:1\"", 404, "", "?"},
        {"\"io.sockade.made-by\":\"\"", 200, "", "?"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena;
        struct policy_container container = {0};
        char text[512];

        arena_init(&arena, 1 << 20);
        snprintf(text, sizeof(text),
                 "{\"Id\":\"" ID "\",\"Name\":\"/a\",\"Image\":\"sha256:1\","
                 "\"Config\":{\"Labels\":{%s}}}",
                 cases[i].container);
        cr_assert_eq(read_container(text, &arena, &container), 0);
        cr_expect(slice_eq(container.image, SLICE("sha256:1")));
        snprintf(text, sizeof(text), "{\"Id\":\"sha256:1\",\"Config\":{\"Labels\":{%s}}}",
                 cases[i].image);
        cr_expect_eq(
            policy_container_check_image(cases[i].status, slice_from(text), &arena, &container), 0);
        cr_expect(slice_eq(container.made_by, slice_from(cases[i].made_by)), "%zu: %.*s", i,
                  SLICE_ARGS(container.made_by));
        cr_expect_eq(policy_container_check_image(500, SLICE(""), &arena, &container), -EBADMSG);
        arena_deinit(&arena);
    }
}
