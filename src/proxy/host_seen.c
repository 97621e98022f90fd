/*
 * See host_seen.h.
 */
#include "proxy/host_seen.h"

#include "base/try.h"
#include "proxy/host_path.h"

#include "base/banned.h"

/* Allowed, or above one that is, and inside none: one may lie in another. */
static bool is_on_the_way(const struct host_seen *seen, struct slice path)
{
    bool above = false;

    for (size_t i = 0; seen->look && i < seen->look->count; i++) {
        const struct path_question *question = &seen->look->question[i];

        if (!question->root) {
            continue;
        }
        if (path.len > question->path.len && host_path_is_within(path, question->path)) {
            return false;
        }
        above |= host_path_is_within(question->path, path);
    }
    return above;
}

/* Everything above was found to be so in this look. A sticky directory is open, too. */
static bool is_roots_alone(const struct host_node *directory)
{
    return !directory->loose && !directory->unsure && !directory->blind &&
           !host_node_is_open(directory);
}

static const struct host_node *host_seen_find(const struct host_seen *seen, struct slice path)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (slice_eq(seen->path[i], path)) {
            return &seen->node[i];
        }
    }
    return NULL;
}

static void copy_seen(struct host_node *node, const struct host_node *seen)
{
    node->kind = seen->kind;
    node->device = seen->device;
    node->inode = seen->inode;
    node->mode = seen->mode;
    node->owner = seen->owner;
}

bool host_seen_get(const struct host_seen *seen, struct slice path, struct host_node *node)
{
    const struct host_node *found = NULL;

    if (is_roots_alone(node->parent) && is_on_the_way(seen, path)) {
        found = host_seen_find(seen, path);
    }
    if (!found) {
        return false;
    }
    copy_seen(node, found);
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

void host_seen_put_root(struct host_seen *seen, const struct host_node *root)
{
    if (root->kind == HOST_DIRECTORY && !host_node_is_open(root)) {
        seen->root = *root;
    }
}

int host_seen_put(struct host_seen *seen, struct slice path, const struct host_node *node)
{
    bool plain = node->kind == HOST_DIRECTORY || node->kind == HOST_FILE;
    bool mounted = node->mount != node->parent->mount; // who goes in needs a descriptor

    if (!plain || mounted || seen->count == HOST_SEEN_MAX || !is_roots_alone(node->parent) ||
        !is_on_the_way(seen, path)) {
        return 0;
    }
    TRY(arena_copy(seen->arena, path, &seen->path[seen->count]));
    seen->node[seen->count] = *node;
    seen->count++;
    return 0;
}
