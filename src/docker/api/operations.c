/*
 * What the words of a policy's `allow` list mean: operations, families, groups.
 */
#include "docker/api/operations.h"

#include <assert.h>
#include <string.h>

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
    META = GROUP_META,
    NONE = 0
};

#define X(identifier, name, groups) groups,
static const unsigned groups_of[OP_COUNT] = {OPERATIONS(X)};
#undef X

#define X(identifier, name, groups) name,
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

bool operation_set_is_full(const struct operation_set *set)
{
    struct operation_set full = *set;

    add_all(&full);
    return memcmp(&full, set, sizeof(full)) == 0;
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
    for (int i = OP_UNKNOWN + 1; i < OP_COUNT; i++) {
        if (groups_of[i] & bit) {
            operation_set_add(set, (enum operation)i);
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

static const char *find_word(struct slice family, const char *verb)
{
    for (size_t i = OP_UNKNOWN + 1; words[i]; i++) {
        struct slice word = slice_from(words[i]);

        if (slice_starts_with(word, family) &&
            slice_eq(slice_from_index(word, family.len), slice_from(verb))) {
            return words[i];
        }
    }
    return NULL;
}

const char *operation_meant(struct slice word)
{
    static const char *const verbs[][2] = {
        {"delete", "remove"}, {"rm", "remove"},   {"rmi", "remove"},    {"ls", "list"},
        {"ps", "list"},       {"get", "inspect"}, {"show", "inspect"},  {"run", "create"},
        {"add", "create"},    {"edit", "update"}, {"cp", "files.read"}, {"export", "save"},
        {"download", "pull"}, {"upload", "push"},
    };
    struct slice family = slice_head(word, slice_find(word, '.') + 1);
    struct slice verb = slice_from_index(word, family.len);
    const char *meant = NULL;

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]) && !meant; i++) {
        if (slice_eq(verb, slice_from(verbs[i][0]))) {
            meant = find_word(family, verbs[i][1]);
        }
    }
    return meant;
}

const char *const *operation_words(void)
{
    return &words[OP_UNKNOWN + 1];
}
