/*
 * See host_seen.h.
 */
#include "proxy/host/host_seen.h"

#include "base/path_text.h"
#include "base/try.h"
#include "proxy/host/host_path.h"

#include "base/banned.h"

/*
 * An allowed directory, or above one, and inside none: one may lie in another. What lies in one
 * that containers write to is not root's alone, whoever owns it.
 */
static bool is_on_the_way(const struct host_seen *seen, struct slice path, bool *inside)
{
    bool above = false;

    *inside = false;

    for (size_t i = 0; seen->look && i < seen->look->count; i++) {
        const struct path_question *question = &seen->look->question[i];

        if (!question->root || question->written) {
            continue;
        }
        *inside |= path.len > question->path.len && path_is_within(path, question->path);
        above |= path_is_within(question->path, path);
    }
    return above && !*inside;
}

/* Everything above was found to be so in this look. A sticky directory is open, too. */
static bool is_roots_alone(const struct host_node *directory)
{
    return !directory->loose && !directory->unsure && !directory->blind &&
           !host_node_is_open(directory);
}

static bool host_seen_find(const struct host_seen *seen, struct slice path, size_t *out)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (slice_eq(seen->path[i], path)) {
            *out = i;
            return true;
        }
    }
    return false;
}

static void copy_seen(struct host_node *node, const struct host_node *seen)
{
    node->kind = seen->kind;
    node->device = seen->device;
    node->inode = seen->inode;
    node->mode = seen->mode;
    node->owner = seen->owner;
    node->kept = true;
}

enum host_seen_way host_seen_way(const struct host_seen *seen, struct slice path,
                                 const struct host_node *node)
{
    bool inside = false;
    bool trusted = is_on_the_way(seen, path, &inside) && is_roots_alone(node->parent);

    if (trusted) {
        return HOST_SEEN_TRUSTED;
    }
    return inside && node->parent->kept && !node->parent->blind ? HOST_SEEN_IF_WATCHED
                                                                : HOST_SEEN_NOT;
}

bool host_seen_get(const struct host_seen *seen, struct slice path, struct host_node *node)
{
    size_t at = 0;

    if (!host_seen_find(seen, path, &at)) {
        return false;
    }
    bool watched = seen->watched[at] && node->parent->kept;

    if (!watched && host_seen_way(seen, path, node) != HOST_SEEN_TRUSTED) {
        return false;
    }
    copy_seen(node, &seen->node[at]);
    return true;
}

/* Its mode and owner are root's to change, if it is root's. */
bool host_seen_get_root(const struct host_seen *seen, struct host_node *root)
{
    if (seen->root.kind != HOST_DIRECTORY) {
        return false;
    }
    copy_seen(root, &seen->root);
    return true;
}

void host_seen_put_root(struct host_seen *seen, struct host_node *root)
{
    root->kept = root->kind == HOST_DIRECTORY && !host_node_is_open(root);
    if (root->kept) {
        seen->root = *root;
    }
}

int host_seen_put(struct host_seen *seen, struct slice path, struct host_node *node,
                  enum host_seen_way way)
{
    bool mounted = node->mount != node->parent->mount; // who goes in needs a descriptor
    bool plain =
        node->kind == HOST_DIRECTORY || (node->kind == HOST_FILE && way == HOST_SEEN_TRUSTED);

    if (way == HOST_SEEN_NOT || !plain || mounted || seen->count == HOST_SEEN_MAX) {
        return 0;
    }
    node->kept = true;
    TRY(arena_copy(seen->arena, path, &seen->path[seen->count]));
    seen->node[seen->count] = *node;
    seen->watched[seen->count] = way == HOST_SEEN_IF_WATCHED;
    seen->count++;
    return 0;
}

void host_seen_forget(struct host_seen *seen)
{
    seen->count = 0;
    seen->answers.count = 0;
    seen->unwatchable = true;
}
