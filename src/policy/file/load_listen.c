/*
 * The section `listen:`: where clients connect, who may, and which policy they get.
 */
#include <string.h>

#include "base/parse.h"
#include "base/try.h"
#include "policy/clients/clients.h"
#include "policy/file/loader.h"

#include "base/banned.h"

enum { DEFAULT_SOCKET_MODE = 0660 };

static const char default_socket[] = "/run/sockade/docker.sock";

/* Elsewhere it may be longer than an address is here. */
static int read_host_path(struct loader *loader, const struct tree_node *node, void *place)
{
    TRY(load_name(loader, node, place));
    if (node->text.ptr[0] != '/' || slice_find(node->text, ':') < node->text.len) {
        return load_wrong(loader, node, "be an absolute path without a colon");
    }
    return 0;
}

static int read_socket_mode(struct loader *loader, const struct tree_node *node, void *place)
{
    unsigned *out = place;
    unsigned mode = 0;

    if (node->kind != TREE_SCALAR || parse_octal(node->text, &mode) < 0 || mode > 0777) {
        return load_wrong(loader, node, "be an octal mode such as \"0660\"");
    }
    *out = mode;
    return 0;
}

// clang-format off
static const struct key listener_keys[] = {
    KEY_AT("socket",    load_socket_path, struct policy_listener, socket),
    KEY_AT("systemd",   load_name,        struct policy_listener, systemd),
    KEY_AT("host_path", read_host_path,   struct policy_listener, host_path),
    KEY_AT("mode",      read_socket_mode, struct policy_listener, mode),
    KEY_AT("owner",     load_uid,         struct policy_listener, owner),
    KEY_AT("group",     load_gid,         struct policy_listener, group),
    KEY_AT("clients",   load_clients,     struct policy_listener, clients),
    KEY("policy",       load_elsewhere), // join_policy() takes it, when all policies are known
    {0},
};
// clang-format on

static bool load_listen_same_place(const struct policy_listener *a, const struct policy_listener *b)
{
    const char *first = a->socket ? a->socket : a->systemd;
    const char *second = b->socket ? b->socket : b->systemd;

    return !a->socket == !b->socket && strcmp(first, second) == 0;
}

static int check_listener(struct loader *loader, const struct tree_node *node,
                          const struct policy_file *file, const struct policy_listener *listener)
{
    if (!listener->socket == !listener->systemd) {
        return load_wrong(loader, node, "have either `socket` or `systemd`");
    }
    if (listener->systemd &&
        (tree_member(node, "mode") || tree_member(node, "owner") || tree_member(node, "group"))) {
        return load_wrong(loader, node,
                          "not set mode, owner or group: they are set in the systemd unit");
    }
    for (size_t i = 0; i < file->listener_count; i++) {
        if (load_listen_same_place(&file->listeners[i], listener)) {
            return load_wrong(loader, node, "not use the same socket as another listener");
        }
    }
    return 0;
}

int load_listen(struct loader *loader, const struct tree_node *node, void *target)
{
    struct policy_file *file = target;
    struct file_memory *memory = file->memory;

    if (node->kind != TREE_LIST || !node->child) {
        return load_wrong(loader, node, "be a list of listeners");
    }
    memory->listeners = arena_alloc(loader->arena, tree_count(node) * sizeof(*memory->listeners));
    TRY_ALLOC(memory->listeners);
    file->listeners = memory->listeners;
    for (const struct tree_node *child = node->child; child; child = child->next) {
        struct policy_listener *listener = &memory->listeners[file->listener_count];

        *listener = (struct policy_listener){
            .mode = DEFAULT_SOCKET_MODE, .owner = (uid_t)-1, .group = (gid_t)-1};
        int err = load_map(loader, child, listener_keys, listener);

        if (err == 0) {
            err = check_listener(loader, child, file, listener);
        }
        file->listener_count++; // also a wrong one's, whose clients are the file's to free
        if (err < 0) {
            return err;
        }
    }
    return 0;
}

/* "No policy of this file" at `name`. -EINVAL. */
static int unknown_policy(struct loader *loader, const struct file_memory *memory,
                          const struct tree_node *name)
{
    const char *names[LOADER_MAX_KEYS] = {0};

    for (size_t i = 0; i < memory->policy_count && i + 1 < LOADER_MAX_KEYS; i++) {
        names[i] = policy_name(memory->policies[i]);
    }
    return load_unknown(loader, name, "policy in this file", names);
}

static struct policy *named_policy(const struct file_memory *memory, const struct tree_node *name)
{
    for (size_t i = 0; i < memory->policy_count; i++) {
        if (slice_eq(name->text, slice_from(policy_name(memory->policies[i])))) {
            return memory->policies[i];
        }
    }
    return NULL;
}

/* The policy that `node` names, a reference. */
static int find_policy(struct loader *loader, const struct tree_node *node,
                       const struct file_memory *memory, struct policy **out)
{
    const struct tree_node *name = tree_member(node, "policy");
    struct policy *policy = named_policy(memory, name);

    if (!policy) {
        return unknown_policy(loader, memory, name);
    }
    *out = policy_ref(policy);
    return 0;
}

/* Those that an entry says containers may be made by. */
static int check_makers(struct loader *loader, const struct tree_node *entry,
                        const struct file_memory *memory)
{
    const struct tree_node *list = tree_member(entry, "made_by");

    if (!list) {
        return 0;
    }
    if (list->kind != TREE_LIST) {
        return named_policy(memory, list) ? 0 : unknown_policy(loader, memory, list);
    }
    for (const struct tree_node *name = list->child; name; name = name->next) {
        if (!named_policy(memory, name)) {
            return unknown_policy(loader, memory, name);
        }
    }
    return 0;
}

static int join_policy(struct loader *loader, const struct tree_node *node,
                       const struct file_memory *memory, struct policy_listener *listener)
{
    const struct tree_node *list = tree_member(node, "clients");
    const struct tree_node *child = list ? list->child : NULL;

    for (size_t i = 0; child; child = child->next, i++) {
        TRY(find_policy(loader, child, memory, &listener->clients->entry[i].policy));
        TRY(check_makers(loader, child, memory));
    }
    if (tree_member(node, "policy")) {
        return find_policy(loader, node, memory, &listener->policy);
    }
    if (list) {
        return 0; // whom no entry is for is refused
    }
    if (memory->policy_count > 1) {
        return load_wrong(loader, node, "name its policy, because the file has several");
    }
    listener->policy = policy_ref(memory->policies[0]);
    return 0;
}

/* The default socket, for a file that doesn't say where to listen. */
int listeners_default(struct policy_file *file)
{
    struct file_memory *memory = file->memory;

    memory->listeners = arena_alloc(&memory->arena, sizeof(*memory->listeners));
    TRY_ALLOC(memory->listeners);
    memory->listeners[0] = (struct policy_listener){.socket = default_socket,
                                                    .mode = DEFAULT_SOCKET_MODE,
                                                    .owner = (uid_t)-1,
                                                    .group = (gid_t)-1,
                                                    .policy = policy_ref(memory->policies[0])};
    file->listeners = memory->listeners;
    file->listener_count = 1;
    return 0;
}

int listeners_join(struct loader *loader, const struct tree_node *root, struct policy_file *file)
{
    struct file_memory *memory = file->memory;
    const struct tree_node *listen = tree_member(root, "listen");

    if (!listen) {
        return memory->policy_count == 1
                   ? listeners_default(file)
                   : load_wrong(loader, root, "have `listen`, because it has several policies");
    }
    size_t i = 0;

    for (const struct tree_node *node = listen->child; node; node = node->next) {
        TRY(join_policy(loader, node, memory, &memory->listeners[i++]));
    }
    return 0;
}
