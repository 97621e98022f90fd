/*
 * The section `scope:` of a policy, and what the scopes of one file have to do with each
 * other. Labels are kept to characters that mean themselves in a filter, in JSON
 * and in a Dockerfile instruction, since they go into all three.
 */
#include <errno.h>

#include "base/ascii.h"
#include "base/try.h"
#include "policy/clients/clients.h"
#include "policy/file/loader.h"

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

bool load_is_label_text(struct slice text)
{
    return text.len > 0 && text.len <= LABEL_MAX_BYTES && ascii_is_made_of(text, SLICE("._-/:+"));
}

static int load_label_text(struct loader *loader, const struct tree_node *node, struct slice *out)
{
    struct slice text = {0};

    TRY(load_text(loader, node, &text));
    if (!load_is_label_text(text)) {
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

static int load_scope_read_own(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_target *scope = target;
    int err = load_flag(loader, node, &scope->own);

    if (err == 0 && !scope->own) {
        return load_wrong(loader, node, "be true; to have no scope, remove `scope`");
    }
    return err;
}

static int load_scope_read_label(struct loader *loader, const struct tree_node *node, void *target)
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

static int load_scope_read_labels(struct loader *loader, const struct tree_node *node, void *target)
{
    if (node->kind != TREE_MAP || !node->child || tree_count(node) > SCOPE_MAX_LABELS) {
        return load_wrong(loader, node, "be a map of 1 to 16 labels");
    }
    for (const struct tree_node *child = node->child; child; child = child->next) {
        struct slice key = {0};
        struct slice value = {0};

        if (!load_is_label_text(child->key)) {
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

    return load_is_label_text(name);
}

static int load_patterns(struct loader *loader, const struct tree_node *node,
                         struct string_list *out)
{
    TRY(load_words(loader, node, out));
    const struct tree_node *child = node->child;

    for (size_t i = 0; i < out->count; i++, child = child->next) {
        if (!is_exclude_pattern(out->item[i])) {
            return load_wrong(
                loader, child,
                "be a name of letters, digits and . _ - / : +, optionally ending in *");
        }
    }
    return 0;
}

static int read_left_out_labels(struct loader *loader, const struct tree_node *node, void *target)
{
    struct scope_exclusions *exclude = target;
    struct scope_target labels = {0};

    TRY(load_scope_read_labels(loader, node, &labels));
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
                              "be used together with own, labels or compose_project");
        }
    }
    return 0;
}

int load_scope(struct loader *loader, const struct tree_node *node, void *target)
{
    static const char *const images_words[] = {"own", "shared", "all", NULL};
    static const struct key keys[] = {
        KEY("own", load_scope_read_own),
        KEY("label", load_scope_read_label),
        KEY("owner", read_owner),
        KEY_WORDS("images", images_words, struct scope_target, images),
        KEY("image_names", read_image_names),
        KEY("labels", load_scope_read_labels),
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
        return load_wrong(loader, scope.label_node, "be used together with `own: true`");
    }
    TRY(scope.own ? finish_own(loader, &scope) : 0);
    policy->scope.labels = (struct string_map){.item = scope.item, .count = scope.count};
    policy->scope.exclude = scope.exclude;
    policy->scope.images = ways > 0 ? scope.images : SCOPE_IMAGES_ALL;
    policy->scope.image_names = scope.image_names;
    policy->scope.on = true;
    return scope_names_own(&policy->scope, loader->arena, scope.named_after);
}
