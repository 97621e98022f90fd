/*
 * The catalogue against itself, and the matcher against what the engine does with
 * the same path.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "docker/api/routes.h"

struct match_case {
    const char *method;
    const char *path;
    enum operation operation;
    const char *name;
};

static enum route_result find(const char *method, const char *path, struct route_match *out)
{
    *out = (struct route_match){0};
    return route_find(slice_from(method), slice_from(path), out);
}

static bool text_eq(struct slice slice, const char *text)
{
    return slice_eq(slice, slice_from(text));
}

static void expect_matches(const struct match_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct route_match match;
        enum route_result result = find(cases[i].method, cases[i].path, &match);
        cr_expect_eq(result, ROUTE_FOUND, "%s %s: %d", cases[i].method, cases[i].path, (int)result);
        if (result != ROUTE_FOUND) {
            continue;
        }
        cr_expect_eq(match.route->operation, cases[i].operation, "%s %s is %s", cases[i].method,
                     cases[i].path, operation_name(match.route->operation));
        cr_expect(text_eq(match.name, cases[i].name), "%s %s: %.*s", cases[i].method, cases[i].path,
                  SLICE_ARGS(match.name));
    }
}

static void expect_result(enum route_result expected, const char *const (*cases)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct route_match match;
        enum route_result result = find(cases[i][0], cases[i][1], &match);
        cr_expect_eq(result, expected, "%s %s: %d", cases[i][0], cases[i][1], (int)result);
        cr_expect_eq(match.route != NULL, expected == ROUTE_BAD_NAME, "%s %s", cases[i][0],
                     cases[i][1]);
    }
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(routes, are_found_by_their_names)
{
    static const struct match_case cases[] = {
        {"GET", "/_ping", OP_SYSTEM_PING, ""},
        {"HEAD", "/_ping", OP_SYSTEM_PING, ""},
        {"GET", "/v1.41/_ping", OP_SYSTEM_PING, ""},
        {"GET", "/version", OP_SYSTEM_VERSION, ""},
        {"GET", "/v1.24/version", OP_SYSTEM_VERSION, ""},
        {"GET", "/v1.55/containers/json", OP_CONTAINERS_LIST, ""},
        {"GET", "/containers/a/json", OP_CONTAINERS_INSPECT, "a"},
        {"POST", "/containers/create", OP_CONTAINERS_CREATE, ""},
        {"GET", "/containers/my_app-1.web/logs", OP_CONTAINERS_LOGS, "my_app-1.web"},
        {"GET", "/containers/a/attach/ws", OP_CONTAINERS_ATTACH, "a"},
        {"POST", "/containers/a/attach", OP_CONTAINERS_ATTACH, "a"},
        {"HEAD", "/containers/a/archive", OP_CONTAINERS_FILES_READ, "a"},
        {"PUT", "/containers/a/archive", OP_CONTAINERS_FILES_WRITE, "a"},
        {"DELETE", "/containers/a", OP_CONTAINERS_REMOVE, "a"},
        {"POST", "/exec/0123456789abcdef/start", OP_EXEC_START, "0123456789abcdef"},
        {"POST", "/commit", OP_CONTAINERS_COMMIT, ""},
        {"POST", "/build", OP_BUILD_CLASSIC, ""},
        {"POST", "/build/prune", OP_BUILD_PRUNE, ""},
        {"POST", "/images/create", OP_IMAGES_PULL, ""},
        {"GET", "/networks", OP_NETWORKS_LIST, ""},
        {"GET", "/networks/", OP_NETWORKS_LIST, ""},
        {"GET", "/volumes", OP_VOLUMES_LIST, ""},
        {"GET", "/swarm", OP_SWARM_INSPECT, ""},
        {"POST", "/session", OP_SESSION_OPEN, ""},
        {"POST", "/grpc", OP_SESSION_GRPC, ""},
        {"GET", "/debug/pprof/", OP_SYSTEM_DEBUG, ""},
        {"GET", "/debug/pprof/heap", OP_SYSTEM_DEBUG, "heap"},
    };

    expect_matches(cases, COUNT(cases));
}

Test(routes, the_fixed_tail_decides_behind_the_name_of_a_link)
{
    static const struct match_case cases[] = {
        {"GET", "/containers/web/db/json", OP_CONTAINERS_INSPECT, "web/db"},
        {"GET", "/containers/a/json/json", OP_CONTAINERS_INSPECT, "a/json"},
        {"GET", "/containers/a/b/c/logs", OP_CONTAINERS_LOGS, "a/b/c"},
        {"GET", "/containers/a/json/attach/ws", OP_CONTAINERS_ATTACH, "a/json"},
        {"GET", "/containers/a/attach/ws/json", OP_CONTAINERS_INSPECT, "a/attach/ws"},
        {"POST", "/containers/x/start/start", OP_CONTAINERS_START, "x/start"},
        {"POST", "/containers/create/x/start", OP_CONTAINERS_START, "create/x"},
        {"POST", "/containers/a/b/exec", OP_EXEC_CREATE, "a/b"},
        {"PUT", "/containers/a/b/archive", OP_CONTAINERS_FILES_WRITE, "a/b"},
        {"DELETE", "/containers/web/db", OP_CONTAINERS_REMOVE, "web/db"},
        {"DELETE", "/containers/a/checkpoints", OP_CONTAINERS_REMOVE, "a/checkpoints"},
        {"DELETE", "/containers/a/checkpoints/b", OP_CHECKPOINTS_REMOVE, "a"},
        {"DELETE", "/containers/a/checkpoints/b/c", OP_CONTAINERS_REMOVE, "a/checkpoints/b/c"},
    };
    struct route_match match;

    expect_matches(cases, COUNT(cases));
    cr_expect_eq(find("GET", "/containers/web/db/json", &match), ROUTE_FOUND);
    cr_expect(match.by_link);
    cr_expect_eq(find("GET", "/containers/web/json", &match), ROUTE_FOUND);
    cr_expect_not(match.by_link);
}

Test(routes, the_fixed_tail_decides_behind_an_image_name)
{
    static const struct match_case cases[] = {
        {"GET", "/images/bb/json", OP_IMAGES_INSPECT, "bb"},
        {"GET", "/images/registry.example.com:5000/team/app:1/json", OP_IMAGES_INSPECT,
         "registry.example.com:5000/team/app:1"},
        {"GET", "/images/app@sha256:a506/json", OP_IMAGES_INSPECT, "app@sha256:a506"},
        {"GET", "/images/sha256:a506/history", OP_IMAGES_HISTORY, "sha256:a506"},
        {"GET", "/images/team/app/get", OP_IMAGES_SAVE, "team/app"},
        {"POST", "/images/team/app/push", OP_IMAGES_PUSH, "team/app"},
        {"POST", "/images/team/app/tag", OP_IMAGES_TAG, "team/app"},
        {"DELETE", "/images/team/app", OP_IMAGES_REMOVE, "team/app"},
        {"GET", "/images/a/json/json", OP_IMAGES_INSPECT, "a/json"},
        {"GET", "/images/a/get/json", OP_IMAGES_INSPECT, "a/get"},
        {"GET", "/images/a/json/get", OP_IMAGES_SAVE, "a/json"},
        {"GET", "/distribution/docker.io/library/alpine:3/json", OP_DISTRIBUTION_INSPECT,
         "docker.io/library/alpine:3"},
        {"POST", "/plugins/vieux/sshfs:latest/enable", OP_PLUGINS_ENABLE, "vieux/sshfs:latest"},
    };

    expect_matches(cases, COUNT(cases));
}

Test(routes, objects_named_like_actions_are_what_the_engine_takes_them_for)
{
    static const struct match_case cases[] = {
        {"GET", "/containers/json", OP_CONTAINERS_LIST, ""},
        {"GET", "/containers/json/json", OP_CONTAINERS_INSPECT, "json"},
        {"POST", "/containers/create/start", OP_CONTAINERS_START, "create"},
        {"POST", "/containers/prune/stop", OP_CONTAINERS_STOP, "prune"},
        {"POST", "/containers/prune", OP_CONTAINERS_PRUNE, ""},
        {"DELETE", "/containers/json", OP_CONTAINERS_REMOVE, "json"},
        {"DELETE", "/containers/create", OP_CONTAINERS_REMOVE, "create"},
        {"GET", "/images/get", OP_IMAGES_SAVE, ""},
        {"GET", "/images/json", OP_IMAGES_LIST, ""},
        {"GET", "/images/search", OP_IMAGES_SEARCH, ""},
        {"GET", "/images/get/get", OP_IMAGES_SAVE, "get"},
        {"GET", "/images/search/json", OP_IMAGES_INSPECT, "search"},
        {"DELETE", "/images/json", OP_IMAGES_REMOVE, "json"},
        {"POST", "/images/create/tag", OP_IMAGES_TAG, "create"},
        {"GET", "/volumes/create", OP_VOLUMES_INSPECT, "create"},
        {"DELETE", "/volumes/prune", OP_VOLUMES_REMOVE, "prune"},
        {"GET", "/networks/create", OP_NETWORKS_INSPECT, "create"},
        {"POST", "/networks/prune/connect", OP_NETWORKS_CONNECT, "prune"},
        {"GET", "/plugins/privileges", OP_PLUGINS_PRIVILEGES, ""},
        {"GET", "/plugins/privileges/json", OP_PLUGINS_INSPECT, "privileges"},
        {"GET", "/services/create", OP_SERVICES_INSPECT, "create"},
        {"GET", "/services/logs/logs", OP_SERVICES_LOGS, "logs"},
        {"GET", "/debug/pprof/trace", OP_SYSTEM_DEBUG, ""},
    };

    expect_matches(cases, COUNT(cases));
}

Test(routes, a_checkpoint_is_removed_not_a_container_of_that_name)
{
    struct route_match match;

    cr_assert_eq(find("DELETE", "/v1.41/containers/a/checkpoints/b", &match), ROUTE_FOUND);
    cr_expect_eq(match.route->operation, OP_CHECKPOINTS_REMOVE);
    cr_expect(text_eq(match.name, "a"));
    cr_expect(text_eq(match.second, "b"));
}

Test(routes, what_the_engine_has_not_is_unknown)
{
    static const char *const cases[][2] = {
        {"GET", ""},
        {"GET", "/"},
        {"GET", "_ping"},
        {"GET", "/_PING"},
        {"get", "/_ping"},
        {"", "/_ping"},
        {"GETX", "/_ping"},
        {"GET", "/_ping/"},
        {"GET", "/_pingx"},
        {"OPTIONS", "/_ping"},
        {"POST", "/_ping"},
        {"GET", "/containers"},
        {"GET", "/containers/"},
        {"GET", "/containers/json/"},
        {"GET", "/containersjson"},
        {"GET", "/containers/a"},
        {"GET", "/containers/a/b"},
        {"HEAD", "/containers/json"},
        {"GET", "/containers/create"},
        {"PUT", "/containers/create"},
        {"POST", "/containers/create/"},
        {"POST", "/containers/a/copy"},
        {"GET", "/containers/attach/ws"},
        {"POST", "/services/a/b/update"},
        {"GET", "/services/a/b"},
        {"GET", "/tasks/"},
        {"POST", "/libpod/containers/create"},
        {"GET", "/v1.41/libpod/info"},
        {"POST", "/debug/pprof/heap"},
        {"GET", "/debug"},
        {"GET", "/debug/pprof"},
        {"GET", "/debug/pprof/a/b"},
        {"GET", "/v1.41"},
        {"GET", "/v1.41/"},
        {"GET", "/v1.41/v1.41/_ping"},
        {"GET", "/v/_ping"},
        {"GET", "/V1.41/_ping"},
        {"GET", "/v1.41x/_ping"},
        {"GET", "/v1.41_ping"},
        {"PRI", "*"},
    };

    expect_result(ROUTE_UNKNOWN, cases, COUNT(cases));
}

Test(routes, refuses_names_that_are_none)
{
    static const char *const cases[][2] = {
        {"GET", "/containers//json"},
        {"GET", "/containers/../json"},
        {"GET", "/containers/a/../json"},
        {"GET", "/containers/a/_b/json"},
        {"GET", "/containers/a/b:c/json"},
        {"GET", "/containers/-a/json"},
        {"GET", "/containers/_a/json"},
        {"GET", "/containers/a b/json"},
        {"GET", "/containers/a%2fb/json"},
        {"GET", "/containers/a:b/json"},
        {"GET", "/containers/a\xc3\xa9/json"},
        {"DELETE", "/containers/"},
        {"DELETE", "/containers/a/checkpoints/.b"},
        {"POST", "/exec/a/b/start"},
        {"GET", "/volumes/"},
        {"GET", "/volumes/a/b"},
        {"GET", "/volumes/create/x"},
        {"DELETE", "/volumes/.a"},
        {"GET", "/networks/a/b"},
        {"GET", "/networks/ "},
        {"DELETE", "/networks/"},
        {"GET", "/networks/.."},
        {"GET", "/networks/a\nb"},
        {"POST", "/networks/a/b/connect"},
        {"GET", "/images/a b/json"},
        {"GET", "/images/../json"},
        {"GET", "/images/a/../b/json"},
        {"GET", "/images/a//b/json"},
        {"GET", "/images//json"},
        {"GET", "/images/a/.hidden/json"},
        {"GET", "/images/:tag/json"},
        {"GET", "/images/a?x/json"},
        {"GET", "/images/a\\b/json"},
        {"DELETE", "/images/"},
        {"DELETE", "/images/a/"},
        {"DELETE", "/images//a"},
        {"DELETE", "/plugins/"},
        {"GET", "/services/a b"},
        {"GET", "/secrets/.a"},
    };

    expect_result(ROUTE_BAD_NAME, cases, COUNT(cases));
}

Test(routes, a_nul_in_a_name_is_refused)
{
    static const struct slice paths[] = {SLICE_INIT("/containers/a\0b/json"),
                                         SLICE_INIT("/images/a\0b/json"),
                                         SLICE_INIT("/networks/a\0b")};

    for (size_t i = 0; i < COUNT(paths); i++) {
        struct route_match match;
        cr_expect_eq(route_find(SLICE("GET"), paths[i], &match), ROUTE_BAD_NAME, "%zu", i);
    }
}

Test(routes, networks_have_any_name_of_one_segment)
{
    static const struct match_case cases[] = {
        {"GET", "/networks/bridge", OP_NETWORKS_INSPECT, "bridge"},
        {"GET", "/networks/my net", OP_NETWORKS_INSPECT, "my net"},
        {"POST", "/networks/-a:b_c/connect", OP_NETWORKS_CONNECT, "-a:b_c"},
        {"DELETE", "/networks/caf\xc3\xa9", OP_NETWORKS_REMOVE, "caf\xc3\xa9"},
    };

    expect_matches(cases, COUNT(cases));
}

Test(routes, takes_one_spelling_of_a_version)
{
    static const char *const bad[][2] = {
        {"GET", "/v1/_ping"},        {"GET", "/v1./_ping"},    {"GET", "/v1.9/_ping"},
        {"GET", "/v1.09/_ping"},     {"GET", "/v1.041/_ping"}, {"GET", "/v01.41/_ping"},
        {"GET", "/v1.41.0/_ping"},   {"GET", "/v1..41/_ping"}, {"GET", "/v.1.41/_ping"},
        {"GET", "/v1.100/_ping"},    {"GET", "/v2.10/_ping"},  {"GET", "/v./_ping"},
        {"GET", "/v1.4./_ping"},     {"GET", "/v1.41./_ping"}, {"GET", "/v10.41/_ping"},
        {"GET", "/v1.41.0/no/such"}, {"GET", "/v1.41./"},
    };

    expect_result(ROUTE_BAD_VERSION, bad, COUNT(bad));
    for (unsigned minor = 10; minor < 100; minor++) {
        struct route_match match;
        char path[32];
        snprintf(path, sizeof path, "/v1.%u/info", minor);
        cr_expect_eq(find("GET", path, &match), ROUTE_FOUND, "%s", path);
        cr_expect(match.version.given);
        cr_expect_eq(match.version.minor, minor, "%s", path);
    }
}

Test(routes, without_a_prefix_no_version_is_given)
{
    struct route_match match;

    cr_assert_eq(find("GET", "/info", &match), ROUTE_FOUND);
    cr_expect_not(match.version.given);
    cr_expect_eq(match.version.minor, 0);
}

// Fills a template in: "/images/{name...}/json" is "/images/example.org:5000/a/b:1/json".
static void example_path(const char *template, char *out, size_t size)
{
    size_t len = 0;

    while (*template != '\0') {
        const char *value = NULL;
        if (strncmp(template, "{name...}", 9) == 0) {
            value = "example.org:5000/a/b:1";
        } else if (*template == '{') {
            value = "Some_name-1.x";
        }
        len += value ? (size_t)snprintf(out + len, size - len, "%s", value)
                     : (size_t)snprintf(out + len, size - len, "%c", *template);
        template = value ? strchr(template, '}') + 1 : template + 1;
        cr_assert_lt(len, size);
    }
}

Test(routes, each_row_is_found_by_its_own_path)
{
    size_t count;
    const struct route *row = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        struct route_match match;
        char path[256] = "/v1.41";
        example_path(row[i].path, path + 6, sizeof(path) - 6);
        for (int plain = 0; plain < 2; plain++) {
            enum route_result result = find(row[i].method, path + (plain ? 6 : 0), &match);
            cr_expect_eq(result, ROUTE_FOUND, "%s %s: %d", row[i].method, path, (int)result);
            cr_expect_eq(match.route, &row[i], "%s %s", row[i].method, path);
            cr_expect_eq(match.name.len > 0, strchr(row[i].path, '{') != NULL, "%s", path);
        }
    }
}

Test(routes, each_operation_has_a_row)
{
    // The policy makes these two of a row's operation, by the query.
    struct operation_set has = {0};
    size_t count;
    const struct route *row = routes_all(&count);

    operation_set_add(&has, OP_BUILD_BUILDKIT); // POST /build with version=2
    operation_set_add(&has, OP_IMAGES_IMPORT);  // POST /images/create without fromImage
    for (size_t i = 0; i < count; i++) {
        cr_expect_neq(row[i].operation, OP_UNKNOWN, "%s", row[i].path);
        operation_set_add(&has, row[i].operation);
    }
    for (int i = OP_UNKNOWN + 1; i < OP_COUNT; i++) {
        cr_expect(operation_set_has(&has, (enum operation)i), "%s",
                  operation_name((enum operation)i));
    }
}

Test(routes, templates_use_the_known_parameters)
{
    static const char *const known[] = {"{name}", "{name...}", "{network}", "{id}", "{checkpoint}"};
    size_t count;
    const struct route *row = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        for (const char *at = strchr(row[i].path, '{'); at != NULL; at = strchr(at + 1, '{')) {
            bool found = false;
            for (size_t k = 0; k < COUNT(known); k++) {
                found = found || strncmp(at, known[k], strlen(known[k])) == 0;
            }
            cr_expect(found, "%s", row[i].path);
        }
    }
}

Test(routes, only_requests_with_a_body_kind_that_makes_sense)
{
    size_t count;
    const struct route *row = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        bool sends = strcmp(row[i].method, "POST") == 0 || strcmp(row[i].method, "PUT") == 0;
        cr_expect(sends || row[i].body == ROUTE_BODY_NONE, "%s %s", row[i].method, row[i].path);
        cr_expect(row[i].body != ROUTE_BODY_TAR || row[i].connection == CONNECTION_STREAM, "%s %s",
                  row[i].method, row[i].path);
    }
}

Test(routes, query_keys_are_unique_and_well_formed)
{
    size_t count;
    const struct route *row = routes_all(&count);

    for (size_t i = 0; i < count; i++) {
        struct slice seen[64];
        size_t keys = 0;
        struct slice rest = slice_from(row[i].query);
        while (rest.len > 0) {
            struct slice word;
            bool more = slice_cut(rest, ' ', &word, &rest);
            cr_expect(!more || rest.len > 0, "%s: \"%s\"", row[i].path, row[i].query);
            bool dropped = slice_starts_with(word, SLICE("-"));
            bool refused = slice_starts_with(word, SLICE("!"));
            word = slice_from_index(word, dropped || refused);
            bool repeated = slice_ends_with(word, SLICE("*"));
            word = slice_head(word, word.len - repeated);
            cr_assert(word.len > 0 && !(dropped && repeated), "%s", row[i].path);
            // What the engine reads never begins with a capital; -Name is not name.
            cr_expect(dropped || !(word.ptr[0] >= 'A' && word.ptr[0] <= 'Z'), "%s", row[i].path);
            for (size_t k = 0; k < keys; k++) {
                cr_expect_not(slice_eq(seen[k], word), "%s: %.*s twice", row[i].path,
                              SLICE_ARGS(word));
            }
            cr_assert_lt(keys, COUNT(seen));
            seen[keys++] = word;
            cr_expect_eq(route_query_key(&row[i], word), refused    ? QUERY_KEY_UNKNOWN
                                                         : dropped  ? QUERY_KEY_DROPPED
                                                         : repeated ? QUERY_KEY_REPEATED
                                                                    : QUERY_KEY_ONCE);
            cr_expect(dropped || route_reads_query(&row[i]), "%s", row[i].path);
        }
    }
}

Test(routes, query_keys_are_known_or_refused)
{
    static const struct {
        const char *method;
        const char *path;
        const char *key;
        enum query_key_use use;
    } cases[] = {
        {"GET", "/containers/json", "all", QUERY_KEY_ONCE},
        {"GET", "/containers/json", "filters", QUERY_KEY_ONCE},
        {"GET", "/containers/json", "trunc_cmd", QUERY_KEY_DROPPED},
        {"POST", "/images/create", "authconfig", QUERY_KEY_DROPPED},
        {"GET", "/containers/json", "All", QUERY_KEY_UNKNOWN},
        {"GET", "/containers/json", "", QUERY_KEY_UNKNOWN},
        {"GET", "/containers/json", "-trunc_cmd", QUERY_KEY_UNKNOWN},
        {"GET", "/containers/json", "all limit", QUERY_KEY_UNKNOWN},
        {"GET", "/info", "", QUERY_KEY_UNKNOWN},
        {"POST", "/build", "t", QUERY_KEY_REPEATED},
        {"POST", "/build", "t*", QUERY_KEY_UNKNOWN},
        {"POST", "/build", "networkmode", QUERY_KEY_ONCE},
        {"POST", "/containers/create", "name", QUERY_KEY_ONCE},
        {"POST", "/containers/create", "Name", QUERY_KEY_UNKNOWN},
        {"POST", "/containers/create", "HostConfig", QUERY_KEY_DROPPED},
        {"POST", "/volumes/create", "Name", QUERY_KEY_DROPPED},
        {"POST", "/volumes/create", "name", QUERY_KEY_UNKNOWN},
        {"POST", "/containers/a/start", "checkpoint", QUERY_KEY_UNKNOWN},
        {"POST", "/containers/a/start", "checkpoint-dir", QUERY_KEY_UNKNOWN},
        {"GET", "/containers/a/checkpoints", "dir", QUERY_KEY_UNKNOWN},
        {"GET", "/containers/a/stats", "one-shot", QUERY_KEY_ONCE},
        {"DELETE", "/containers/a", "v", QUERY_KEY_ONCE},
        {"POST", "/images/create", "changes", QUERY_KEY_REPEATED},
        {"GET", "/images/get", "names", QUERY_KEY_REPEATED},
        {"GET", "/images/a/get", "names", QUERY_KEY_UNKNOWN},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct route_match match;
        cr_assert_eq(find(cases[i].method, cases[i].path, &match), ROUTE_FOUND, "%s",
                     cases[i].path);
        cr_expect_eq(route_query_key(match.route, slice_from(cases[i].key)), cases[i].use, "%s?%s",
                     cases[i].path, cases[i].key);
    }
}

Test(routes, tunnels_are_where_the_engine_hijacks)
{
    static const struct {
        const char *path;
        enum connection_kind kind;
    } cases[] = {
        {"/containers/a/attach", CONNECTION_HIJACK},
        {"/exec/a/start", CONNECTION_HIJACK},
        {"/session", CONNECTION_H2C},
        {"/grpc", CONNECTION_H2C},
        {"/containers/a/wait", CONNECTION_STREAM},
        {"/containers/create", CONNECTION_PLAIN},
    };
    size_t count;
    size_t tunnels = 0;
    const struct route *row = routes_all(&count);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct route_match match;
        cr_assert_eq(find("POST", cases[i].path, &match), ROUTE_FOUND);
        cr_expect_eq(match.route->connection, cases[i].kind, "%s", cases[i].path);
    }
    for (size_t i = 0; i < count; i++) {
        tunnels += row[i].connection != CONNECTION_PLAIN && row[i].connection != CONNECTION_STREAM;
    }
    cr_expect_eq(tunnels, 5, "the four above and attach/ws");
}
