/*
 * What policy words open, and what they must not.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "docker/api/operations.h"
#include "docker/api/routes.h"

static struct operation_set set_of(const char *word)
{
    struct operation_set set = {0};

    cr_assert(operation_set_add_word(&set, slice_from(word)), "%s is no word", word);
    return set;
}

static size_t set_size(const struct operation_set *set)
{
    size_t size = 0;

    for (int i = 0; i < OP_COUNT; i++) {
        size += operation_set_has(set, (enum operation)i);
    }
    return size;
}

static bool is_subset(const struct operation_set *inner, const struct operation_set *outer)
{
    for (int i = 0; i < OP_COUNT; i++) {
        if (operation_set_has(inner, (enum operation)i) &&
            !operation_set_has(outer, (enum operation)i)) {
            return false;
        }
    }
    return true;
}

static bool is_word(const char *text)
{
    for (const char *const *word = operation_words(); *word != NULL; word++) {
        if (strcmp(*word, text) == 0) {
            return true;
        }
    }
    return false;
}

Test(operations, an_empty_set_has_nothing)
{
    struct operation_set set = {0};

    cr_assert_eq(set_size(&set), 0);
}

Test(operations, the_name_of_each_opens_it_and_no_other)
{
    for (int i = OP_UNKNOWN + 1; i < OP_COUNT; i++) {
        const char *name = operation_name((enum operation)i);
        struct operation_set set = set_of(name);
        cr_expect(operation_set_has(&set, (enum operation)i), "%s", name);
        cr_expect_eq(set_size(&set), 1, "%s", name);
        cr_expect(is_word(name), "%s", name);
    }
}

Test(operations, refuses_words_that_mean_nothing_and_adds_nothing)
{
    static const char *const none[] = {
        "",
        "unknown",
        "unknown.*",
        "containers",
        "containers.",
        ".*",
        "*.*",
        "**",
        "container.*",
        "containers.f*",
        "@",
        "@nobody",
        "@Read",
        "Containers.list",
        "containers.list ",
        "exec.**",
        "containers.f.*",
        "*.create",
        "@read,@meta",
        "exec.create.*",
        "exec*",
        "system.ping\n",
        "@read.*",
    };

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct operation_set set = {0};
        cr_expect_not(operation_set_add_word(&set, slice_from(none[i])), "\"%s\"", none[i]);
        cr_expect_eq(set_size(&set), 0, "\"%s\"", none[i]);
        cr_expect_not(is_word(none[i]), "\"%s\"", none[i]);
    }
}

Test(operations, every_word_that_is_offered_is_taken)
{
    for (const char *const *word = operation_words(); *word != NULL; word++) {
        struct operation_set set = set_of(*word);
        cr_expect(set_size(&set) > 0, "%s", *word);
        cr_expect_not(operation_set_has(&set, OP_UNKNOWN), "%s", *word);
    }
}

Test(operations, every_family_is_offered)
{
    for (int i = OP_UNKNOWN + 1; i < OP_COUNT; i++) {
        const char *name = operation_name((enum operation)i);
        char family[64];
        snprintf(family, sizeof family, "%.*s.*", (int)(strrchr(name, '.') - name), name);
        struct operation_set set = set_of(family);
        cr_expect(operation_set_has(&set, (enum operation)i), "%s in %s", name, family);
        cr_expect(is_word(family), "%s", family);
    }
}

Test(operations, a_family_holds_what_begins_with_it)
{
    struct operation_set exec = set_of("exec.*");
    struct operation_set files = set_of("containers.files.*");
    struct operation_set containers = set_of("containers.*");

    cr_expect_eq(set_size(&exec), 4);
    cr_expect_eq(set_size(&files), 2);
    cr_expect(is_subset(&files, &containers));
    cr_expect_not(operation_set_has(&containers, OP_EXEC_CREATE));
}

Test(operations, the_star_is_all_but_the_unknown)
{
    struct operation_set all = set_of("*");

    cr_expect_eq(set_size(&all), OP_COUNT - 1);
    cr_expect_not(operation_set_has(&all, OP_UNKNOWN));
}

Test(operations, groups_nest)
{
    struct operation_set read = set_of("@read");
    struct operation_set observe = set_of("@observe");
    struct operation_set lifecycle = set_of("@lifecycle");
    struct operation_set compose = set_of("@compose");
    struct operation_set ci = set_of("@ci");
    struct operation_set exec = set_of("exec.*");

    cr_expect(is_subset(&read, &observe));
    cr_expect(is_subset(&observe, &compose));
    cr_expect(is_subset(&lifecycle, &compose));
    cr_expect(is_subset(&exec, &compose));
    cr_expect(is_subset(&compose, &ci));
    cr_expect_not(is_subset(&compose, &lifecycle));
}

Test(operations, read_only_groups_change_nothing)
{
    // A row that is no GET or HEAD, or that makes a tunnel, is nothing to look at.
    static const char *const looking[] = {"@meta", "@read", "@observe"};
    size_t count;
    const struct route *row = routes_all(&count);

    for (size_t g = 0; g < sizeof(looking) / sizeof(looking[0]); g++) {
        struct operation_set set = set_of(looking[g]);
        for (size_t i = 0; i < count; i++) {
            bool looks = strcmp(row[i].method, "GET") == 0 || strcmp(row[i].method, "HEAD") == 0;
            bool tunnels =
                row[i].connection != CONNECTION_PLAIN && row[i].connection != CONNECTION_STREAM;
            cr_expect(!operation_set_has(&set, row[i].operation) || (looks && !tunnels),
                      "%s has %s %s", looking[g], row[i].method, row[i].path);
        }
    }
}

Test(operations, groups_hold_and_leave_out)
{
    static const struct {
        const char *group;
        enum operation operation;
        bool holds;
    } cases[] = {
        {"@meta", OP_SYSTEM_PING, true},
        {"@meta", OP_SYSTEM_VERSION, true},
        {"@meta", OP_SYSTEM_INFO, false},
        {"@read", OP_CONTAINERS_LIST, true},
        {"@read", OP_IMAGES_HISTORY, true},
        {"@read", OP_CONTAINERS_LOGS, false},
        {"@read", OP_CONTAINERS_FILES_READ, false},
        {"@read", OP_CONTAINERS_EXPORT, false},
        {"@read", OP_SECRETS_LIST, false},
        {"@read", OP_CONFIGS_INSPECT, false},
        {"@read", OP_SERVICES_LIST, false},
        {"@read", OP_TASKS_LIST, false},
        {"@read", OP_NODES_LIST, false},
        {"@read", OP_SWARM_INSPECT, false},
        {"@read", OP_PLUGINS_LIST, false},
        {"@read", OP_SYSTEM_DEBUG, false},
        {"@observe", OP_CONTAINERS_LOGS, true},
        {"@observe", OP_SYSTEM_EVENTS, true},
        {"@observe", OP_SYSTEM_DF, true},
        {"@observe", OP_CONTAINERS_ATTACH, false},
        {"@lifecycle", OP_CONTAINERS_RESIZE, true},
        {"@lifecycle", OP_CONTAINERS_REMOVE, true},
        {"@lifecycle", OP_CONTAINERS_UPDATE, false},
        {"@lifecycle", OP_CONTAINERS_PRUNE, false},
        {"@compose", OP_CONTAINERS_CREATE, true},
        {"@compose", OP_CONTAINERS_FILES_WRITE, true},
        {"@compose", OP_BUILD_CLASSIC, true},
        {"@compose", OP_BUILD_BUILDKIT, false},
        {"@compose", OP_VOLUMES_PRUNE, false},
        {"@compose", OP_IMAGES_REMOVE, false},
        {"@ci", OP_IMAGES_LOAD, true},
        {"@ci", OP_IMAGES_REMOVE, true},
        {"@ci", OP_IMAGES_PUSH, false},
        {"@ci", OP_IMAGES_IMPORT, false},
        {"@ci", OP_AUTH_LOGIN, false},
        {"@ci", OP_SESSION_OPEN, false},
        {"@ci", OP_SESSION_GRPC, false},
        {"@ci", OP_CONTAINERS_COMMIT, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct operation_set set = set_of(cases[i].group);
        cr_expect_eq(operation_set_has(&set, cases[i].operation), cases[i].holds, "%s, %s",
                     cases[i].group, operation_name(cases[i].operation));
    }
}
