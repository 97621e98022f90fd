/*
 * The section `listen:`: where clients connect, who may, and which policy they get.
 */
#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "policy/clients.h"
#include "policy/file_memory.h"

#include "base/banned.h"

enum { DEFAULT_SOCKET_MODE = 0660 };

static const char default_socket[] = "/run/sockade/docker.sock";

/* A listener while it is read. */
struct listener_target {
    struct policy_listener *listener;
    struct file_memory *memory;
};

static int read_socket(struct loader *loader, const struct tree_node *node, void *target)
{
    struct listener_target *to = target;
    struct slice path = {0};
    int err = load_socket_path(loader, node, &path);

    if (err == 0) {
        to->listener->socket = path.ptr;
    }
    return err;
}

static int read_systemd(struct loader *loader, const struct tree_node *node, void *target)
{
    struct listener_target *to = target;
    struct slice name = {0};
    int err = load_text(loader, node, &name);

    if (err == 0) {
        to->listener->systemd = name.ptr;
    }
    return err;
}

/* Elsewhere it may be longer than an address is here. */
static int read_host_path(struct loader *loader, const struct tree_node *node, void *target)
{
    struct listener_target *to = target;
    struct slice path = {0};
    int err = load_text(loader, node, &path);

    if (err < 0) {
        return err;
    }
    if (path.ptr[0] != '/' || slice_find(path, ':') < path.len) {
        return load_wrong(loader, node, "be an absolute path without a colon");
    }
    to->listener->host_path = path.ptr;
    return 0;
}

static int read_socket_mode(struct loader *loader, const struct tree_node *node, void *target)
{
    struct listener_target *to = target;
    unsigned mode = 0;

    if (node->kind != TREE_SCALAR || parse_octal(node->text, &mode) < 0 || mode > 0777) {
        return load_wrong(loader, node, "be an octal mode such as \"0660\"");
    }
    to->listener->mode = mode;
    return 0;
}

static int read_owner(struct loader *loader, const struct tree_node *node, void *target)
{
    struct listener_target *to = target;

    return load_uid(loader, node, &to->listener->owner);
}

static int read_group(struct loader *loader, const struct tree_node *node, void *target)
{
    struct listener_target *to = target;

    return load_gid(loader, node, &to->listener->group);
}

static int read_clients(struct loader *loader, const struct tree_node *node, void *target)
{
    struct listener_target *to = target;

    return load_clients(loader, node, &to->listener->clients);
}

static int read_listener_policy(struct loader *loader, const struct tree_node *node, void *target)
{
    (void)target; // join_policy() takes it, when all policies are known
    struct slice name = {0};

    return load_text(loader, node, &name);
}

static const struct key listener_keys[] = {
    {"socket", read_socket},          {"systemd", read_systemd}, {"host_path", read_host_path},
    {"mode", read_socket_mode},       {"owner", read_owner},     {"group", read_group},
    {"policy", read_listener_policy}, {"clients", read_clients}, {0}};

static bool same_place(const struct policy_listener *a, const struct policy_listener *b)
{
    const char *first = a->socket ? a->socket : a->systemd;
    const char *second = b->socket ? b->socket : b->systemd;

    return !a->socket == !b->socket && strcmp(first, second) == 0;
}

static int check_listener(struct loader *loader, const struct tree_node *node,
                          const struct policy_file *file, const struct policy_listener *listener)
{
    if (!listener->socket == !listener->systemd) {
        return load_wrong(loader, node, "have either socket or systemd");
    }
    if (listener->systemd &&
        (tree_member(node, "mode") || tree_member(node, "owner") || tree_member(node, "group"))) {
        return load_wrong(loader, node, "leave mode, owner and group to the systemd unit");
    }
    for (size_t i = 0; i < file->listener_count; i++) {
        if (same_place(&file->listeners[i], listener)) {
            return load_wrong(loader, node, "not listen where another listener does");
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
    if (!memory->listeners) {
        return -ENOMEM;
    }
    file->listeners = memory->listeners;
    for (const struct tree_node *child = node->child; child; child = child->next) {
        struct policy_listener *listener = &memory->listeners[file->listener_count];
        struct listener_target to = {listener, memory};

        *listener = (struct policy_listener){
            .mode = DEFAULT_SOCKET_MODE, .owner = (uid_t)-1, .group = (gid_t)-1};
        int err = load_map(loader, child, listener_keys, &to);

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

static int unknown_policy(struct loader *loader, const struct file_memory *memory,
                          const struct tree_node *name)
{
    const char *names[LOADER_MAX_KEYS] = {0};

    for (size_t i = 0; i < memory->policy_count && i + 1 < LOADER_MAX_KEYS; i++) {
        names[i] = policy_name(memory->policies[i]);
    }
    return load_unknown(loader, name, "policy of this file", names);
}

/* The policy that `node` names, a reference. */
static int find_policy(struct loader *loader, const struct tree_node *node,
                       const struct file_memory *memory, struct policy **out)
{
    const struct tree_node *name = tree_member(node, "policy");

    for (size_t i = 0; i < memory->policy_count; i++) {
        if (slice_eq(name->text, slice_from(policy_name(memory->policies[i])))) {
            *out = policy_ref(memory->policies[i]);
            return 0;
        }
    }
    return unknown_policy(loader, memory, name);
}

static int join_clients(struct loader *loader, const struct tree_node *node,
                        struct listener_target to)
{
    const struct tree_node *child = tree_member(node, "clients")->child;
    struct policy_clients *clients = to.listener->clients;
    int err = 0;

    for (size_t i = 0; i < clients->count && err == 0; i++, child = child->next) {
        err = find_policy(loader, child, to.memory, &clients->entry[i].policy);
    }
    return err;
}

static int join_policy(struct loader *loader, const struct tree_node *node,
                       struct listener_target to)
{
    if (to.listener->clients) {
        int err = join_clients(loader, node, to);

        if (err < 0 || !tree_member(node, "policy")) {
            return err; // whom no entry is for is refused
        }
    }
    if (tree_member(node, "policy")) {
        return find_policy(loader, node, to.memory, &to.listener->policy);
    }
    if (to.memory->policy_count > 1) {
        return load_wrong(loader, node, "name its policy, since the file has several");
    }
    to.listener->policy = policy_ref(to.memory->policies[0]);
    return 0;
}

/* The default socket, for a file that doesn't say where to listen. */
int listeners_default(struct policy_file *file)
{
    struct file_memory *memory = file->memory;

    memory->listeners = arena_alloc(&memory->arena, sizeof(*memory->listeners));
    if (!memory->listeners) {
        return -ENOMEM;
    }
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
                   : load_wrong(loader, root, "have `listen`, since it has several policies");
    }
    size_t i = 0;

    for (const struct tree_node *node = listen->child; node; node = node->next) {
        int err =
            join_policy(loader, node, (struct listener_target){&memory->listeners[i++], memory});

        if (err < 0) {
            return err;
        }
    }
    return 0;
}
