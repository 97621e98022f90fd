/*
 * What the scopes of one file have to do with each other: labels and names of one are kept from the
 * others, and a scope that is its listener's own is made for each listener.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/clients/clients.h"
#include "policy/file/loader.h"

#include "base/banned.h"

/* "/run/sockade/ci.sock", "systemd:docker" */
static int listener_name(const struct policy_listener *listener, struct arena *arena,
                         struct slice *out)
{
    return listener->socket ? arena_copy(arena, slice_from(listener->socket), out)
                            : arena_printf(arena, out, "systemd:%s", listener->systemd);
}

/* A listener whose policies are looked through. */
struct own_target {
    struct file_memory *memory;
    const struct tree_node *policies; /* of the file */
    const struct tree_node *at;       /* the listener's place in it */
    const struct policy_listener *listener;
};

/* The policy at `place` once more, with this listener for an owner, if it wants that. */
static int own_policy(struct loader *loader, const struct own_target *to, struct policy **place)
{
    const struct policy *shared = *place;
    struct policy *policy = NULL;
    struct slice name = {0};

    if (!shared || !shared->scope.by_listener) {
        return 0;
    }
    TRY(load_policy(loader, tree_member(to->policies, policy_name(shared)), &policy));
    to->memory->policies[to->memory->policy_count++] = policy;
    policy->api_min = shared->api_min;
    policy->api_max = shared->api_max;
    policy->scope.by_listener = false;
    TRY(listener_name(to->listener, &policy->arena, &name));
    if (!load_is_label_text(name)) {
        return load_wrong(loader, to->at,
                          "have a path that can be a label, because it identifies the owner of "
                          "objects: letters, digits and . _ - / : +");
    }
    // The map was made by load_scope(), of memory that is this policy's.
    struct string_pair *item = arena_alloc(&policy->arena, sizeof(*item));

    TRY_ALLOC(item);
    TRY(arena_printf(&policy->arena, &policy->maker, "%s@%.*s", policy->name, SLICE_ARGS(name)));
    *item = (struct string_pair){policy->scope.labels.item[0].key, name};
    policy->scope.labels = (struct string_map){.item = item, .count = 1};
    TRY(scope_names_own(&policy->scope, &policy->arena, name));
    policy_unref(*place);
    *place = policy_ref(policy);
    return 0;
}

static int split_listener(struct loader *loader, const struct own_target *to,
                          struct policy_listener *listener)
{
    struct policy_clients *clients = listener->clients;
    int err = own_policy(loader, to, &listener->policy);

    for (size_t i = 0; clients && i < clients->count && err == 0; i++) {
        err = own_policy(loader, to, &clients->entry[i].policy);
    }
    return err;
}

static int split_listeners(struct loader *loader, const struct tree_node *root,
                           struct policy_file *file)
{
    struct file_memory *memory = file->memory;
    const struct tree_node *listen = tree_member(root, "listen");
    size_t count = memory->policy_count;

    for (size_t i = 0; i < file->listener_count; i++) {
        const struct policy_clients *clients = file->listeners[i].clients;

        count += 1 + (clients ? clients->count : 0);
    }
    struct policy **policies = arena_alloc(loader->arena, count * sizeof(struct policy *));

    TRY_ALLOC(policies);
    for (size_t i = 0; i < memory->policy_count; i++) {
        policies[i] = memory->policies[i];
    }
    memory->policies = policies;
    struct own_target to = {.memory = memory,
                            .policies = tree_member(root, "policies"),
                            .at = listen ? listen->child : root};

    for (size_t i = 0; i < file->listener_count; i++) {
        to.listener = &memory->listeners[i];
        TRY(split_listener(loader, &to, &memory->listeners[i]));
        to.at = listen ? to.at->next : root;
    }
    return 0;
}

/* The keys of the other policies' scopes; of open ones nothing is asked. */
static int reserve(struct policy *policy, const struct file_memory *memory)
{
    struct slice *item = arena_alloc(&policy->arena, memory->policy_count * sizeof(*item));
    struct string_list reserved = {.item = item, .present = true};

    TRY_ALLOC(item);
    for (size_t i = 0; i < memory->policy_count; i++) {
        const struct scope *scope = &memory->policies[i]->scope;

        // A label that a policy's users choose for themselves says nothing about owners.
        if (scope->on && scope->labels.count == 1 && scope->owner) {
            // A copy: a policy may outlive the others of its file.
            TRY(arena_copy(&policy->arena, scope->labels.item[0].key, &item[reserved.count]));
            reserved.count++;
        }
    }
    policy->scope.reserved = reserved;
    return 0;
}

/* Whether what has the labels `own` has those as well. */
static bool has_labels(const struct string_map *own, const struct string_map *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        const struct slice *value = string_map_get(own, labels->item[i].key);

        if (!value || !slice_eq(*value, labels->item[i].value)) {
            return false;
        }
    }
    return true;
}

/* A policy may outlive the others of its file. */
static int copy_labels(struct arena *arena, const struct string_map *from, struct string_map *out)
{
    struct string_pair *item = arena_alloc(arena, from->count * sizeof(*item));

    TRY_ALLOC(item);
    for (size_t i = 0; i < from->count; i++) {
        TRY(arena_copy(arena, from->item[i].key, &item[i].key));
        TRY(arena_copy(arena, from->item[i].value, &item[i].value));
    }
    *out = (struct string_map){.item = item, .count = from->count};
    return 0;
}

/* The scopes that what the policy makes must not get into by the labels of an image. */
static int find_foreign(struct policy *policy, const struct file_memory *memory)
{
    struct scope *scope = &policy->scope;
    struct string_map *item = arena_alloc(&policy->arena, memory->policy_count * sizeof(*item));

    TRY_ALLOC(item);
    scope->foreign = item;
    for (size_t i = 0; i < memory->policy_count; i++) {
        const struct scope *other = &memory->policies[i]->scope;

        if (other->labels.count == 0 || (scope->on && has_labels(&scope->labels, &other->labels))) {
            continue;
        }
        TRY(copy_labels(&policy->arena, &other->labels, &item[scope->foreign_count]));
        scope->foreign_count++;
    }
    return 0;
}

/* An owner that begins with another's has its names to itself. */
static int part_names(struct policy *policy, const struct file_memory *memory)
{
    for (size_t i = 0; i < memory->policy_count && policy->scope.on; i++) {
        TRY(scope_names_apart(&policy->scope, &policy->arena, &memory->policies[i]->scope));
    }
    return 0;
}

int scopes_join(struct loader *loader, const struct tree_node *root, struct policy_file *file)
{
    struct file_memory *memory = file->memory;
    bool some = false;
    int err = split_listeners(loader, root, file);

    for (size_t i = 0; i < memory->policy_count; i++) {
        some = some || memory->policies[i]->scope.on;
    }
    for (size_t i = 0; i < memory->policy_count && err == 0; i++) {
        struct policy *policy = memory->policies[i];

        policy->scope.names_held = some;
        if (policy->base != BASE_OPEN || policy->scope.on) {
            err = reserve(policy, memory);
        }
        err = err < 0 ? err : find_foreign(policy, memory);
        err = err < 0 ? err : part_names(policy, memory);
    }
    return err;
}
