/*
 * Follows the symbolic links of a path by hand, so that each of them is seen: who could
 * turn it around, and whether it is one of /proc's, whose text is not where it leads
 * (/proc/1/root says "/" and is the root of another process).
 */
#include "proxy/host/host_path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/path_text.h"
#include "base/try.h"

#include "base/banned.h"

enum { REST_MAX_BYTES = 2 * PATH_MAX };

struct walk {
    struct host_tree *tree;
    struct host_node *at;
    char rest[REST_MAX_BYTES]; /* what is still to be gone, at the end of it: */
    size_t rest_len;
    const char *why; /* it ends here */
    struct path_link *link;
    size_t link_count;
    bool unseen;          /* `why` says what is in the way */
    struct slice missing; /* below `at`, what does not exist; empty: all of it does */
};

static struct slice rest_of(const struct walk *walk)
{
    return (struct slice){walk->rest + sizeof(walk->rest) - walk->rest_len, walk->rest_len};
}

/* False when it doesn't fit. `text` may be what was taken off the rest last. */
static bool put_before_rest(struct walk *walk, struct slice text)
{
    if (text.len > sizeof(walk->rest) - walk->rest_len) {
        return false;
    }
    walk->rest_len += text.len;
    memmove(walk->rest + sizeof(walk->rest) - walk->rest_len, text.ptr, text.len);
    return true;
}

/* Valid until something is put before the rest. */
static struct slice take_component(struct walk *walk)
{
    struct slice rest = rest_of(walk);
    struct slice name = {0};

    slice_cut(rest, '/', &name, &rest);
    walk->rest_len = rest.len;
    return name;
}

static bool is_in(const struct host_roots *roots, struct slice path)
{
    for (size_t i = 0; roots && i < roots->count; i++) {
        if (path_is_within(path, roots->path[i])) {
            return true;
        }
    }
    return false;
}

/*
 * What is found in a directory that isn't the engine's says nothing. Only going down further may
 * lead to one that is. Who made a link to there is not trusted with what cannot be seen.
 */
static void host_path_stay_blind(struct walk *walk)
{
    walk->unseen = walk->link_count == 0;
    walk->why = walk->unseen ? "the file seen there is not the engine's"
                             : "leads through a link to a place that sockade cannot see";
}

static int host_path_follow(struct walk *walk, const struct host_node *link,
                            const struct host_roots *closed)
{
    struct slice place = {0};

    if (walk->link_count == HOST_PATH_MAX_LINKS) {
        walk->why = "has too many links, or a loop of links";
        return 0;
    }
    TRY(arena_copy(walk->tree->arena, host_tree_path(walk->tree, link), &place));
    if (is_in(closed, place)) {
        walk->why = "goes through a link inside an allowed directory (symlinks: deny)";
        return 0;
    }
    if (!host_tree_may_follow(walk->tree, link)) {
        return 0;
    }
    if (!walk->link) {
        walk->link = arena_alloc(walk->tree->arena, HOST_PATH_MAX_LINKS * sizeof(*walk->link));
        TRY_ALLOC(walk->link);
    }
    walk->link[walk->link_count] = (struct path_link){
        .place = place, .foreign = link->parent->loose || host_node_is_open(link->parent)};
    walk->link_count++;
    if (!put_before_rest(walk, SLICE("/")) || !put_before_rest(walk, link->text)) {
        walk->why = "has links that are too long";
    }
    walk->at = link->text.ptr[0] == '/' ? &walk->tree->root : link->parent;
    return 0;
}

/* Nothing is there: what is left is taken as it is, unless it climbs. */
static int host_path_end_missing(struct walk *walk, struct host_node *node)
{
    char text[PATH_MAX];
    size_t len = 0;
    struct slice name = node->name;

    walk->at = node->parent;
    for (;;) {
        if (slice_eq(name, SLICE(".."))) {
            walk->why = "goes through a directory that does not exist";
            return 0;
        }
        if (name.len > 0 && !slice_eq(name, SLICE("."))) {
            if (walk->at->path_len + len + 1 + name.len >= sizeof(text)) {
                walk->why = "leads to a name that is too long";
                return 0;
            }
            text[len] = '/';
            memcpy(text + len + 1, name.ptr, name.len);
            len += 1 + name.len;
        }
        if (walk->rest_len == 0) {
            return arena_copy(walk->tree->arena, (struct slice){text, len}, &walk->missing);
        }
        if (!host_tree_may_step(walk->tree)) {
            return 0;
        }
        name = take_component(walk);
    }
}

static int host_path_step(struct walk *walk, struct slice name, const struct host_roots *closed)
{
    struct host_node *node = NULL;

    TRY(host_tree_look(walk->tree, walk->at, name, &node));
    if (walk->at->blind && node->kind != HOST_DIRECTORY && node->kind != HOST_FILE) {
        host_path_stay_blind(walk);
        return 0;
    }
    switch (node->kind) {
    case HOST_DIRECTORY:
    case HOST_FILE:
        walk->at = node;
        return 0;
    case HOST_LINK:
        return host_path_follow(walk, node, closed);
    case HOST_MISSING:
        return host_path_end_missing(walk, node);
    case HOST_PROBLEM:
        break;
    }
    walk->why = node->why;
    return 0;
}

static void host_path_go_up(struct walk *walk)
{
    if (walk->at->kind != HOST_DIRECTORY) {
        walk->why = "goes through something that is not a directory";
    }
    walk->at = walk->at->parent; // ".." of the root is the root
}

static int host_path_go(struct walk *walk, const struct host_roots *closed)
{
    while (walk->rest_len > 0 && !walk->why && walk->missing.len == 0 &&
           host_tree_may_step(walk->tree)) {
        struct slice name = take_component(walk);

        if (slice_eq(name, SLICE(".."))) {
            host_path_go_up(walk);
        } else if (name.len > 0 && !slice_eq(name, SLICE("."))) {
            TRY(host_path_step(walk, name, closed));
        }
    }
    if (!walk->why) {
        walk->why = walk->tree->exceeded;
    }
    if (!walk->why && walk->at->blind) {
        host_path_stay_blind(walk);
    }
    return 0;
}

/* What isn't there yet can be put there by whoever writes to the directory, sticky or not. */
static bool is_place_replaceable(const struct walk *walk)
{
    return walk->at->unsure || walk->at->loose ||
           (walk->missing.len > 0 && host_node_is_open(walk->at));
}

static int host_path_answer(const struct walk *walk, struct path_answer *out)
{
    struct path_answer made = {.view = walk->unseen ? PATH_UNSEEN : PATH_UNRESOLVED,
                               .why = walk->why};
    bool is_root = walk->at->path_len == 0;

    if (!walk->why) {
        made = (struct path_answer){.view = PATH_RESOLVED,
                                    .exists = walk->missing.len == 0,
                                    .link = walk->link,
                                    .link_count = walk->link_count,
                                    .replaceable = is_place_replaceable(walk)};
        struct slice at =
            is_root && !made.exists ? SLICE("") : host_tree_path(walk->tree, walk->at);

        TRY(arena_join(walk->tree->arena, ARENA_PARTS(at, walk->missing), &made.resolved));
    }
    *out = made;
    return 0;
}

int host_path_resolve(struct host_tree *tree, struct slice path, const struct host_roots *closed,
                      struct path_answer *out, const struct host_node **reached)
{
    struct walk walk; // not the rest, which is large and filled from its end

    walk.tree = tree;
    walk.at = &tree->root;
    walk.rest_len = 0;
    walk.why = tree->root.why;
    walk.unseen = false;
    walk.link = NULL;
    walk.link_count = 0;
    walk.missing = (struct slice){NULL, 0};
    if (!put_before_rest(&walk, path)) {
        walk.why = "has a name that is too long";
    }
    TRY(host_path_go(&walk, closed));
    TRY(host_path_answer(&walk, out));
    *reached = walk.at;
    return 0;
}
