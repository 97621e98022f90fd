/*
 * The section `scope:` of a policy, and what the scopes of one file have to do with each
 * other. Labels are kept to characters that mean themselves in a filter, in JSON
 * and in a Dockerfile instruction, since they go into all three.
 */
#include <errno.h>

#include "base/ascii.h"
#include "base/try.h"
#include "policy/clients.h"

#include "base/banned.h"

static const struct slice owner_label = SLICE_INIT("io.sockade.owner");
static const struct slice listener_owner = SLICE_INIT("@listener");

enum { LABEL_MAX_BYTES = 256, SCOPE_MAX_LABELS = 16 };

struct scope_target {
    struct policy *policy;
    enum scope_images images;
    bool own;
    struct slice label;
    struct slice owner;
    struct slice named_after; /* the Compose project or owner: images may be */
    struct string_list image_names;
    struct string_pair *item;
    size_t count;
    struct scope_exclusions exclude;
    const struct tree_node *label_node; /* of `label` or `owner`, which only `own` takes */
};

static bool is_label_text(struct slice text)
{
    return text.len > 0 && text.len <= LABEL_MAX_BYTES && ascii_is_made_of(text, SLICE("._-/:+"));
}

static int load_label_text(struct loader *loader, const struct tree_node *node, struct slice *out)
{
    struct slice text = {0};

    TRY(load_text(loader, node, &text));
    if (!is_label_text(text)) {
        return load_wrong(loader, node, "have only letters, digits and . _ - / : +");
    }
    *out = text;
    return 0;
}

static int add_label(struct loader *loader, struct scope_target *scope, struct slice key,
                     struct slice value)
{
    if (!scope->item) {
        scope->item = arena_alloc(loader->arena, SCOPE_MAX_LABELS * sizeof(*scope->item));
        TRY_ALLOC(scope->item);
    }
    scope->item[scope->count] = (struct string_pair){key, value};
    scope->count++;
    return 0;
}

static int read_own(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_target *scope = target;
    int err = load_flag(loader, node, &scope->own);

    if (err == 0 && !scope->own) {
        return load_wrong(loader, node, "be true; without a scope leave `scope` out");
    }
    return err;
}

static int read_label(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_target *scope = target;

    scope->label_node = node;
    return load_label_text(loader, node, &scope->label);
}

static int read_owner(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_target *scope = target;

    scope->label_node = node;
    if (node->kind == TREE_SCALAR && slice_eq(node->text, listener_owner)) {
        scope->owner = listener_owner;
        return 0;
    }
    return load_label_text(loader, node, &scope->owner);
}

static int read_labels(struct loader *loader, const struct tree_node *node, void *target)
{
    if (node->kind != TREE_MAP || !node->child || tree_count(node) > SCOPE_MAX_LABELS) {
        return load_wrong(loader, node, "be a map of 1 to 16 labels");
    }
    for (const struct tree_node *child = node->child; child; child = child->next) {
        struct slice key = {0};
        struct slice value = {0};

        if (!is_label_text(child->key)) {
            diag_set(loader->diag, child->key_line, child->key_column,
                     "a label's name must have only letters, digits and . _ - / : +");
            return -EINVAL;
        }
        TRY(arena_copy(loader->arena, child->key, &key));
        TRY(load_label_text(loader, child, &value));
        TRY(add_label(loader, target, key, value));
    }
    return 0;
}

static int read_compose_project(struct loader *loader, const struct tree_node *node, void *target)
{
    struct slice project = {0};
    struct scope_target *scope = target;

    TRY(load_label_text(loader, node, &project));
    scope->named_after = project;
    return add_label(loader, target, SLICE("com.docker.compose.project"), project);
}

/* What a repository's name is made of, and a star at its end: a ':' is a port's, not a tag's. */
static bool is_image_pattern(struct slice text)
{
    struct slice name = slice_ends_with(text, SLICE("*")) ? slice_head(text, text.len - 1) : text;
    bool tag = false;

    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') {
            return false;
        }
        tag = name.ptr[i] == ':' || (tag && name.ptr[i] != '/');
    }
    return !tag && text.len <= LABEL_MAX_BYTES && ascii_is_made_of(name, SLICE("._-/:"));
}

static int read_image_names(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_target *scope = target;
    struct string_list words = {0};

    TRY(load_words(loader, node, &words));
    struct slice *item = arena_alloc(loader->arena, (words.count + 1) * sizeof(*item));
    const struct tree_node *child = node->child;

    TRY_ALLOC(item);
    for (size_t i = 0; i < words.count; i++, child = child->next) {
        if (!is_image_pattern(words.item[i])) {
            return load_wrong(loader, child,
                              "be a repository without a tag, such as app, app-* or "
                              "registry.example.org/team/*");
        }
        TRY(scope_names_expand(loader->arena, words.item[i], &item[i]));
    }
    scope->image_names = (struct string_list){.item = item, .count = words.count};
    return 0;
}

/* The label of `own`, and what it is when nothing else is said. */
static int finish_own(struct loader *loader, struct scope_target *scope)
{
    struct slice key = scope->label.len > 0 ? scope->label : owner_label;
    struct slice owner = scope->owner.len > 0 ? scope->owner : slice_from(scope->policy->name);

    scope->policy->scope.owner = true;
    scope->policy->scope.by_listener = slice_eq(owner, listener_owner);
    scope->named_after = owner;
    return add_label(loader, scope, key, owner);
}

static bool is_exclude_pattern(struct slice text)
{
    struct slice name = slice_ends_with(text, SLICE("*")) ? slice_head(text, text.len - 1) : text;

    return is_label_text(name);
}

static int load_patterns(struct loader *loader, const struct tree_node *node,
                         struct string_list *out)
{
    TRY(load_words(loader, node, out));
    const struct tree_node *child = node->child;

    for (size_t i = 0; i < out->count; i++, child = child->next) {
        if (!is_exclude_pattern(out->item[i])) {
            return load_wrong(loader, child,
                              "be a name of letters, digits and . _ - / : +, with a * at its end "
                              "or not");
        }
    }
    return 0;
}

static int read_left_out_labels(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_exclusions *exclude = target;
    struct scope_target labels = {0};

    TRY(read_labels(loader, node, &labels));
    exclude->labels = (struct string_map){.item = labels.item, .count = labels.count};
    return 0;
}

static int read_left_out_names(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_exclusions *exclude = target;

    return load_patterns(loader, node, &exclude->names);
}

static int read_left_out_projects(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_exclusions *exclude = target;

    return load_patterns(loader, node, &exclude->projects);
}

static int read_exclude(struct loader *loader, const struct tree_node *node, void *target)
{
    static const struct key keys[] = {KEY("labels", read_left_out_labels),
                                      KEY("names", read_left_out_names),
                                      KEY("compose_project", read_left_out_projects),
                                      {0}};
    struct scope_target *scope = target;
    struct scope_exclusions *exclude = &scope->exclude;

    TRY(load_map(loader, node, keys, exclude));
    if (exclude->labels.count + exclude->names.count + exclude->projects.count == 0) {
        return load_wrong(loader, node, "have labels, names or compose_project");
    }
    return 0;
}

/* `ways` to say what is inside; with `exclude` alone it is everything else. */
static int check_ways(struct loader *loader, const struct tree_node *node, int ways)
{
    static const char *const of_own[] = {"images", "image_names"};

    if (ways > 1 || (ways == 0 && !tree_member(node, "exclude"))) {
        return load_wrong(loader, node, "have one of own, labels and compose_project");
    }
    for (size_t i = 0; ways == 0 && i < sizeof(of_own) / sizeof(of_own[0]); i++) {
        if (tree_member(node, of_own[i])) {
            return load_wrong(loader, tree_member(node, of_own[i]),
                              "stand beside own, labels or compose_project");
        }
    }
    return 0;
}

int load_scope(struct loader *loader, const struct tree_node *node, void *target)
{
    static const char *const images_words[] = {"own", "shared", "all", NULL};
    static const struct key keys[] = {
        KEY("own", read_own),
        KEY("label", read_label),
        KEY("owner", read_owner),
        KEY_WORDS("images", images_words, struct scope_target, images),
        KEY("image_names", read_image_names),
        KEY("labels", read_labels),
        KEY("compose_project", read_compose_project),
        KEY("exclude", read_exclude),
        {0}};
    struct policy *policy = target;
    struct scope_target scope = {.policy = policy};

    TRY(load_map(loader, node, keys, &scope));
    int ways = (tree_member(node, "own") != NULL) + (tree_member(node, "labels") != NULL) +
               (tree_member(node, "compose_project") != NULL);

    TRY(check_ways(loader, node, ways));
    if (scope.label_node && !scope.own) {
        return load_wrong(loader, scope.label_node, "stand beside `own: true`");
    }
    TRY(scope.own ? finish_own(loader, &scope) : 0);
    policy->scope.labels = (struct string_map){.item = scope.item, .count = scope.count};
    policy->scope.exclude = scope.exclude;
    policy->scope.images = ways > 0 ? scope.images : SCOPE_IMAGES_ALL;
    policy->scope.image_names = scope.image_names;
    policy->scope.on = true;
    return scope_names_own(&policy->scope, loader->arena, scope.named_after);
}

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
    if (!is_label_text(name)) {
        return load_wrong(loader, to->at,
                          "have a path that can be a label, since it is the owner of its objects: "
                          "letters, digits and . _ - / : +");
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
