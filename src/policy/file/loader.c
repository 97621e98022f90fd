/*
 * The parts of loading that know no key: maps by tables, texts, numbers, lists.
 */
#include "policy/file/loader.h"

#include <errno.h>
#include <stdio.h>
#include <sys/un.h>

#include "base/parse.h"
#include "base/try.h"

#include "base/banned.h"

bool load_adds(const struct tree_node *node)
{
    return slice_ends_with(node->key, SLICE("+"));
}

static const struct key *find_key(const struct key *keys, const struct tree_node *node)
{
    bool adds = load_adds(node);
    struct slice name = adds ? slice_head(node->key, node->key.len - 1) : node->key;

    for (const struct key *key = keys; key->name; key++) {
        if (slice_eq(name, slice_from(key->name)) && (key->adds || !adds)) {
            return key;
        }
    }
    return NULL;
}

static int loader_unknown_key(struct loader *loader, const struct tree_node *node,
                              const struct key *keys)
{
    const char *names[LOADER_MAX_KEYS] = {0};

    for (size_t i = 0; keys[i].name && i + 1 < LOADER_MAX_KEYS; i++) {
        names[i] = keys[i].name;
    }
    const char *near = diag_did_you_mean(node->key.ptr, names);

    diag_set(loader->diag, node->key_line, node->key_column, "unknown key \"%.*s\"%s%s%s",
             (int)(node->key.len < 80 ? node->key.len : 80), node->key.ptr,
             near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return -EINVAL;
}

static int load_member(struct loader *loader, const struct tree_node *node, const struct key *key,
                       void *target)
{
    void *place = (char *)target + key->place;

    if (!key->read && !key->words) {
        diag_set(loader->diag, node->key_line, node->key_column,
                 "%s is not supported in this version", key->name);
        return -EINVAL;
    }
    return key->words ? load_choice(loader, node, key->words, place)
                      : key->read(loader, node, place);
}

static int load_members(struct loader *loader, const struct tree_node *map, const struct key *keys,
                        bool adding, void *target)
{
    for (const struct tree_node *node = map->child; node; node = node->next) {
        const struct key *key = find_key(keys, node);

        if (!key) {
            return loader_unknown_key(loader, node, keys);
        }
        if (load_adds(node) == adding) {
            TRY(load_member(loader, node, key, target));
        }
    }
    return 0;
}

int load_map(struct loader *loader, const struct tree_node *map, const struct key *keys,
             void *target)
{
    if (map->kind != TREE_MAP) {
        return load_wrong(loader, map, "be a map of keys and values");
    }
    if (!map->child) {
        return load_wrong(loader, map, "not be empty");
    }
    // What adds to a list comes after what says what is in it.
    TRY(load_members(loader, map, keys, false, target));
    return load_members(loader, map, keys, true, target);
}

int load_unknown(struct loader *loader, const struct tree_node *at, const char *what,
                 const char *const *candidates)
{
    const char *near = candidates ? diag_did_you_mean(at->text.ptr, candidates) : NULL;

    diag_set(loader->diag, at->line, at->column, "\"%.*s\" is not a known %s%s%s%s",
             (int)(at->text.len < 80 ? at->text.len : 80), at->text.ptr, what,
             near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return -EINVAL;
}

int load_wrong(struct loader *loader, const struct tree_node *at, const char *must)
{
    if (at->key.len > 0) {
        diag_set(loader->diag, at->line, at->column, "%.*s must %s",
                 (int)(at->key.len < 80 ? at->key.len : 80), at->key.ptr, must);
    } else {
        diag_set(loader->diag, at->line, at->column, "this must %s", must);
    }
    return -EINVAL;
}

int load_text(struct loader *loader, const struct tree_node *node, struct slice *out)
{
    if (node->kind != TREE_SCALAR) {
        return load_wrong(loader, node, "be one word");
    }
    if (node->text.len == 0) {
        return load_wrong(loader, node, "not be empty");
    }
    return arena_copy(loader->arena, node->text, out);
}

int load_flag(struct loader *loader, const struct tree_node *node, bool *out)
{
    bool yes = slice_eq(node->text, SLICE("true"));

    if (node->kind != TREE_SCALAR || !node->plain ||
        (!yes && !slice_eq(node->text, SLICE("false")))) {
        return load_wrong(loader, node, "be true or false");
    }
    *out = yes;
    return 0;
}

int load_number(struct loader *loader, const struct tree_node *node, uint64_t min, uint64_t max,
                uint64_t *out)
{
    uint64_t value = 0;

    if (node->kind != TREE_SCALAR || parse_u64(node->text, &value) < 0 || value < min ||
        value > max) {
        char must[64];

        snprintf(must, sizeof(must), "be a number from %llu to %llu", (unsigned long long)min,
                 (unsigned long long)max);
        return load_wrong(loader, node, must);
    }
    *out = value;
    return 0;
}

int load_size(struct loader *loader, const struct tree_node *node, uint64_t *out)
{
    uint64_t value = 0;

    if (node->kind != TREE_SCALAR || parse_size(node->text, &value) < 0 || value == 0 ||
        value > INT64_MAX / 2) {
        return load_wrong(loader, node, "be a size such as 512m or 2g");
    }
    *out = value;
    return 0;
}

int load_elsewhere(struct loader *loader, const struct tree_node *node, void *place)
{
    struct slice text = {0};

    (void)place;
    return load_text(loader, node, &text);
}

int load_name(struct loader *loader, const struct tree_node *node, void *place)
{
    const char **out = place;
    struct slice text = {0};

    TRY(load_text(loader, node, &text));
    *out = text.ptr;
    return 0;
}

int load_socket_path(struct loader *loader, const struct tree_node *node, void *place)
{
    static const struct sockaddr_un address;

    TRY(load_name(loader, node, place));
    if (node->text.ptr[0] != '/') {
        return load_wrong(loader, node, "be an absolute path");
    }
    if (node->text.len >= sizeof(address.sun_path)) {
        return load_wrong(loader, node, "be shorter: a socket's path has at most 107 bytes");
    }
    return 0;
}

int load_choice(struct loader *loader, const struct tree_node *node, const char *const *words,
                unsigned *out)
{
    if (node->kind != TREE_SCALAR) {
        return load_wrong(loader, node, "be one word");
    }
    for (unsigned i = 0; words[i]; i++) {
        if (slice_eq(node->text, slice_from(words[i]))) {
            *out = i;
            return 0;
        }
    }
    char what[80];

    snprintf(what, sizeof(what), "value of %.*s", (int)(node->key.len < 60 ? node->key.len : 60),
             node->key.ptr);
    return load_unknown(loader, node, what, words);
}

size_t tree_count(const struct tree_node *node)
{
    size_t count = 0;

    for (const struct tree_node *child = node->child; child; child = child->next) {
        count++;
    }
    return count;
}

int load_words(struct loader *loader, const struct tree_node *node, struct string_list *out)
{
    if (node->kind != TREE_LIST) {
        return load_wrong(loader, node, "be a list in brackets");
    }
    size_t count = tree_count(node);
    struct slice *item = arena_alloc(loader->arena, count * sizeof(*item));

    TRY_ALLOC(item);
    size_t i = 0;

    for (const struct tree_node *child = node->child; child; child = child->next) {
        TRY(load_text(loader, child, &item[i++]));
    }
    *out = (struct string_list){.item = item, .count = count, .present = true};
    return 0;
}
