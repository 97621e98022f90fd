/*
 * What the words of a policy's `allow` list mean: operations, families, groups.
 * The groups are one table, so that a reader sees for each operation which of
 * them hold it, and why others are in none.
 */
#include "docker/operations.h"

#include <assert.h>

#include "base/banned.h"

// clang-format off
#define FAMILIES \
    "system.*", "auth.*", "containers.*", "containers.files.*", "exec.*", "images.*", "build.*", \
    "networks.*", "volumes.*", "distribution.*", "swarm.*", "services.*", "tasks.*", "nodes.*", \
    "secrets.*", "configs.*", "plugins.*", "checkpoints.*", "session.*"
// clang-format on

enum group {
    GROUP_META = 1 << 0,
    GROUP_READ = 1 << 1,
    GROUP_OBSERVE = 1 << 2,
    GROUP_LIFECYCLE = 1 << 3,
    GROUP_COMPOSE = 1 << 4,
    GROUP_CI = 1 << 5,
    GROUP_ALL = 1 << 6
};

static const struct {
    const char *word;
    unsigned bit;
} groups[] = {
    {"@meta", GROUP_META},
    {"@read", GROUP_READ},
    {"@observe", GROUP_OBSERVE},
    {"@lifecycle", GROUP_LIFECYCLE},
    {"@compose", GROUP_COMPOSE},
    {"@ci", GROUP_CI},
    {"*", GROUP_ALL},
};

// @read is part of @observe, @observe and @lifecycle of @compose, @compose of @ci.
enum {
    CI = GROUP_CI,
    COMPOSE = GROUP_COMPOSE | CI,
    LIFECYCLE = GROUP_LIFECYCLE | COMPOSE,
    OBSERVE = GROUP_OBSERVE | COMPOSE,
    READ = GROUP_READ | OBSERVE,
    META = GROUP_META
};

/*
 * In no group, each to be named by who wants it:
 * - what gives data away: containers.export, containers.commit, images.push, secrets,
 *   configs, services and tasks (environments), swarm (its inspect shows join tokens);
 * - what makes the engine call out for the client: auth.login, images.search,
 *   distribution.inspect, images.import;
 * - what deletes other people's objects: every prune. `docker compose down` and CI jobs
 *   remove what they made by name;
 * - containers.update, which takes limits off again.
 */
// clang-format off
static const struct {
    enum operation operation;
    unsigned groups;
} members[] = {
    {OP_SYSTEM_PING,            META},
    {OP_SYSTEM_VERSION,         META},

    // Lists and inspects. `changes` lists names of files, never what is in them.
    {OP_CONTAINERS_LIST,        READ},
    {OP_CONTAINERS_INSPECT,     READ},
    {OP_CONTAINERS_CHANGES,     READ},
    {OP_EXEC_INSPECT,           READ},
    {OP_IMAGES_LIST,            READ},
    {OP_IMAGES_INSPECT,         READ},
    {OP_IMAGES_HISTORY,         READ},
    {OP_NETWORKS_LIST,          READ},
    {OP_NETWORKS_INSPECT,       READ},
    {OP_VOLUMES_LIST,           READ},
    {OP_VOLUMES_INSPECT,        READ},

    // What monitors and log shippers ask for. df walks the disk: not for everybody.
    {OP_CONTAINERS_LOGS,        OBSERVE},
    {OP_CONTAINERS_STATS,       OBSERVE},
    {OP_CONTAINERS_TOP,         OBSERVE},
    {OP_SYSTEM_EVENTS,          OBSERVE},
    {OP_SYSTEM_INFO,            OBSERVE},
    {OP_SYSTEM_DF,              OBSERVE},

    {OP_CONTAINERS_START,       LIFECYCLE},
    {OP_CONTAINERS_STOP,        LIFECYCLE},
    {OP_CONTAINERS_RESTART,     LIFECYCLE},
    {OP_CONTAINERS_KILL,        LIFECYCLE},
    {OP_CONTAINERS_PAUSE,       LIFECYCLE},
    {OP_CONTAINERS_UNPAUSE,     LIFECYCLE},
    {OP_CONTAINERS_WAIT,        LIFECYCLE},
    {OP_CONTAINERS_REMOVE,      LIFECYCLE},
    {OP_CONTAINERS_RENAME,      LIFECYCLE},
    {OP_CONTAINERS_RESIZE,      LIFECYCLE},

    // A Compose project: `configs:` and `secrets:` with content are written as files.
    {OP_CONTAINERS_CREATE,      COMPOSE},
    {OP_CONTAINERS_ATTACH,      COMPOSE},
    {OP_CONTAINERS_FILES_READ,  COMPOSE},
    {OP_CONTAINERS_FILES_WRITE, COMPOSE},
    {OP_EXEC_CREATE,            COMPOSE},
    {OP_EXEC_START,             COMPOSE},
    {OP_EXEC_RESIZE,            COMPOSE},
    {OP_IMAGES_PULL,            COMPOSE},
    {OP_IMAGES_TAG,             COMPOSE},
    {OP_BUILD_CLASSIC,          COMPOSE},
    {OP_NETWORKS_CREATE,        COMPOSE},
    {OP_NETWORKS_CONNECT,       COMPOSE},
    {OP_NETWORKS_DISCONNECT,    COMPOSE},
    {OP_NETWORKS_REMOVE,        COMPOSE},
    {OP_VOLUMES_CREATE,         COMPOSE},
    {OP_VOLUMES_REMOVE,         COMPOSE},

    // A CI job hands images from stage to stage as archives and cleans up after itself.
    // Not images.push: it takes any local image to any registry.
    {OP_IMAGES_REMOVE,          CI},
    {OP_IMAGES_LOAD,            CI},
    {OP_IMAGES_SAVE,            CI},
    {OP_BUILD_CANCEL,           CI},
};
// clang-format on

#define X(identifier, name) name,
// OPERATIONS come first: the name of an operation is at its own index.
// clang-format off
static const char *const words[] = {
    OPERATIONS(X)
    FAMILIES,
    "@meta", "@read", "@observe", "@lifecycle", "@compose", "@ci", "*",
    NULL,
};
// clang-format on
#undef X

const char *operation_name(enum operation operation)
{
    assert((unsigned)operation < OP_COUNT);
    return words[operation];
}

void operation_set_add(struct operation_set *set, enum operation operation)
{
    assert((unsigned)operation < OP_COUNT);
    set->word[operation / 64] |= UINT64_C(1) << (operation % 64);
}

bool operation_set_has(const struct operation_set *set, enum operation operation)
{
    assert((unsigned)operation < OP_COUNT);
    return (set->word[operation / 64] >> (operation % 64) & 1) != 0;
}

static void add_all(struct operation_set *set)
{
    // Not OP_UNKNOWN: no word of a policy opens what we do not know.
    for (int i = OP_UNKNOWN + 1; i < OP_COUNT; i++) {
        operation_set_add(set, (enum operation)i);
    }
}

static bool add_group(struct operation_set *set, struct slice word)
{
    unsigned bit = 0;

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (slice_eq(word, slice_from(groups[i].word))) {
            bit = groups[i].bit;
        }
    }
    if (bit == GROUP_ALL) {
        add_all(set);
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (members[i].groups & bit) {
            operation_set_add(set, members[i].operation);
        }
    }
    return bit != 0;
}

// "exec.*" is every operation that begins with "exec.".
static bool add_family(struct operation_set *set, struct slice word)
{
    bool any = false;

    if (!slice_ends_with(word, SLICE(".*"))) {
        return false;
    }
    struct slice prefix = slice_head(word, word.len - 1);
    for (int i = OP_UNKNOWN + 1; i < OP_COUNT; i++) {
        if (slice_starts_with(slice_from(words[i]), prefix)) {
            operation_set_add(set, (enum operation)i);
            any = true;
        }
    }
    return any;
}

bool operation_set_add_word(struct operation_set *set, struct slice word)
{
    for (int i = OP_UNKNOWN + 1; i < OP_COUNT; i++) {
        if (slice_eq(word, slice_from(words[i]))) {
            operation_set_add(set, (enum operation)i);
            return true;
        }
    }
    return add_group(set, word) || add_family(set, word);
}

const char *const *operation_words(void)
{
    return &words[OP_UNKNOWN + 1];
}
