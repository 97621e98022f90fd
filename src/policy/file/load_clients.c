/*
 * `clients:` of a listener: which of those who may connect gets which policy.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>

#include "base/parse.h"
#include "base/try.h"
#include "policy/clients/clients.h"
#include "policy/file/loader.h"

#include "base/banned.h"

enum { CLIENTS_ARENA_BYTES = 1024 * 1024 };

/* -ENOENT for what is no number. */
static int load_id(struct loader *loader, const struct tree_node *node, unsigned *out)
{
    uint64_t number = 0;
    struct slice text = {0};

    TRY(load_text(loader, node, &text));
    if (parse_u64(text, &number) < 0) {
        return -ENOENT;
    }
    if (number >= UINT32_MAX) {
        return load_wrong(loader, node, "be a name or an id below 4294967295");
    }
    *out = (unsigned)number;
    return 0;
}

int load_uid(struct loader *loader, const struct tree_node *node, void *place)
{
    unsigned *out = place;
    int err = load_id(loader, node, out);

    if (err != -ENOENT) {
        return err;
    }
    const struct passwd *entry = getpwnam(node->text.ptr);

    if (!entry) {
        return load_unknown(loader, node, "user on this system", NULL);
    }
    *out = entry->pw_uid;
    return 0;
}

int load_gid(struct loader *loader, const struct tree_node *node, void *place)
{
    unsigned *out = place;
    int err = load_id(loader, node, out);

    if (err != -ENOENT) {
        return err;
    }
    const struct group *entry = getgrnam(node->text.ptr);

    if (!entry) {
        return load_unknown(loader, node, "group on this system", NULL);
    }
    *out = entry->gr_gid;
    return 0;
}

/* One id or a list of them. */
static int load_ids(struct loader *loader, const struct tree_node *node, key_reader *load,
                    struct id_list *out)
{
    bool many = node->kind == TREE_LIST;
    size_t wanted = many ? tree_count(node) : 1;
    unsigned *ids = arena_alloc(loader->arena, wanted * sizeof(*ids));
    const struct tree_node *child = many ? node->child : node;

    TRY_ALLOC(ids);
    if (wanted == 0) {
        return load_wrong(loader, node, "not be empty");
    }
    for (size_t i = 0; i < wanted; i++, child = child->next) {
        TRY(load(loader, child, &ids[i]));
    }
    *out = (struct id_list){ids, wanted};
    return 0;
}

static int read_uids(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_ids(loader, node, load_uid, place);
}

static int read_gids(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_ids(loader, node, load_gid, place);
}

static int load_clients_read_label(struct loader *loader, const struct tree_node *node, void *place)
{
    struct string_pair *label = place;
    struct slice text = {0};

    TRY(load_text(loader, node, &text));
    if (!slice_cut(text, '=', &label->key, &label->value) || label->key.len == 0) {
        return load_wrong(loader, node, "have the form \"com.example.role=proxy\"");
    }
    return 0;
}

/* A text, or a list of texts. */
static int load_texts(struct loader *loader, const struct tree_node *node, struct string_list *out)
{
    if (node->kind == TREE_LIST) {
        return node->child ? load_words(loader, node, out)
                           : load_wrong(loader, node, "not be empty");
    }
    struct slice *text = arena_alloc(loader->arena, sizeof(*text));

    TRY_ALLOC(text);
    *out = (struct string_list){.item = text, .count = 1, .present = true};
    return load_text(loader, node, text);
}

static int read_made_by(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_texts(loader, node, place);
}

/* A name, a list of names, or {label: "key=value"}. */
static int load_clients_read_container(struct loader *loader, const struct tree_node *node,
                                       void *target)
{
    static const struct key keys[] = {
        KEY_AT("label", load_clients_read_label, struct client_entry, label), {0}};
    struct client_entry *entry = target;

    if (node->kind != TREE_MAP) {
        return load_texts(loader, node, &entry->containers);
    }
    return node->child ? load_map(loader, node, keys, target)
                       : load_wrong(loader, node, "not be empty");
}

static int load_entry(struct loader *loader, const struct tree_node *node,
                      struct client_entry *entry)
{
    static const struct key keys[] = {
        KEY_AT("uid", read_uids, struct client_entry, uid),
        KEY_AT("gid", read_gids, struct client_entry, gid),
        KEY("container", load_clients_read_container),
        KEY_AT("made_by", read_made_by, struct client_entry,
               made_by),               // joined with the policies, too
        KEY("policy", load_elsewhere), // listeners_join() takes it, when all policies are known
        {0}};

    TRY(load_map(loader, node, keys, entry));
    if (tree_count(node) < 2 || !tree_member(node, "policy")) {
        return load_wrong(loader, node, "have a policy, and uid, gid or container");
    }
    if (entry->made_by.present && !tree_member(node, "container")) {
        return load_wrong(loader, tree_member(node, "made_by"),
                          "be used together with `container`");
    }
    return 0;
}

static void clients_drop(struct policy_clients **clients)
{
    policy_clients_unref(*clients);
}

int load_clients(struct loader *loader, const struct tree_node *node, void *place)
{
    struct policy_clients **out = place;
    CLEANUP(clients_drop) struct policy_clients *clients = calloc(1, sizeof(*clients));

    TRY_ALLOC(clients);
    clients->references = 1;
    arena_init(&clients->arena, CLIENTS_ARENA_BYTES);
    if (node->kind != TREE_LIST || !node->child) {
        return load_wrong(loader, node, "be a list of clients");
    }
    struct loader inner = {.arena = &clients->arena, .diag = loader->diag};

    clients->entry = arena_alloc(&clients->arena, tree_count(node) * sizeof(*clients->entry));
    TRY_ALLOC(clients->entry);
    for (const struct tree_node *child = node->child; child; child = child->next) {
        TRY(load_entry(&inner, child, &clients->entry[clients->count]));
        clients->count++;
    }
    *out = clients;
    clients = NULL; // the caller's now
    return 0;
}
