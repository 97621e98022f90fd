/*
 * See host_known.h. One way of looking for threads and for the loop: on the loop each step is one
 * that cannot wait, and the first that might ends it.
 */
#include "proxy/host/host_known.h"

#include <errno.h>
#include <stdlib.h>

#include "base/try.h"
#include "proxy/host/host_path.h"

#include "base/banned.h"

enum { KNOWN_MAX_BYTES = 4 * 1024 * 1024 };

struct view {
    struct host_known *known;
    struct host_tree tree;
    const char *engine_socket;
    const struct path_look *look;
};

static int view_find_sockets(struct view *view, const struct host_node *reached,
                             struct path_answer *answer)
{
    struct host_tree *tree = &view->tree;
    struct host_known *known = view->known;

    if (!known->sockets_seen && !tree->recent) {
        tree->hangs |= tree->job && !walk_may_touch(tree->job, SLICE("engine sockets"), false);
        TRY(tree->hangs ? 0
                        : host_sockets_look(&known->sockets, view->engine_socket, view->look,
                                            &known->sight.own, &known->arena));
        known->sockets_seen = true;
    }
    if (tree->recent && (!known->sockets_seen ||
                         !host_sockets_can_find(&known->sockets, reached, answer->resolved))) {
        tree->again = true;
    } else if (!tree->hangs) {
        host_sockets_find(&known->sockets, reached, answer);
    }
    return 0;
}

/* The roots first: the others are compared with where they lead. */
static int view_look_at(struct view *view, const struct path_look *look, bool roots,
                        struct host_roots *closed)
{
    for (size_t i = 0; i < look->count && !view->tree.hangs && !view->tree.again; i++) {
        const struct path_question *question = &look->question[i];
        struct path_answer *answer = &look->answer[i];
        const struct host_node *reached = NULL;

        if (question->root != roots) {
            continue;
        }
        TRY(host_path_resolve(&view->tree, question->path, question->deny_links ? closed : NULL,
                              answer, &reached));
        if (answer->view == PATH_RESOLVED && answer->exists) {
            TRY(view_find_sockets(view, reached, answer));
        }
        if (roots && answer->view == PATH_RESOLVED) {
            closed->path[closed->count++] = answer->resolved;
        }
    }
    return 0;
}

/* Where the files are not known to be the engine's, or nobody knows what is mounted. */
static void answer_all(const struct path_look *look, enum path_view view, const char *why)
{
    for (size_t i = 0; i < look->count; i++) {
        look->answer[i] = (struct path_answer){.view = view, .why = why};
    }
}

/* The mounts as they are now. */
static int begin_sight(struct view *view, struct host_proofs **proofs, struct walk_job *job)
{
    int err = *proofs ? host_sight_begin(&view->known->sight, *proofs) : -ESRCH;

    if (err != -ESRCH) {
        return err;
    }
    host_sight_end(&view->known->sight);
    view->tree.hangs = job && !walk_may_touch(job, SLICE("the engine"), false);
    if (view->tree.hangs) {
        return 0;
    }
    host_proofs_unref(*proofs);
    *proofs = host_proofs_find(view->engine_socket);
    TRY_ALLOC(*proofs);
    return host_sight_begin(&view->known->sight, *proofs);
}

static int view_look(struct view *view, const struct path_look *look)
{
    struct host_roots closed = {.path =
                                    arena_alloc(look->arena, look->count * sizeof(*closed.path))};

    TRY_ALLOC(closed.path);
    TRY(view_look_at(view, look, true, &closed));
    return view_look_at(view, look, false, &closed);
}

static int view_answer(struct view *view, struct host_proofs **proofs, const struct path_look *look,
                       struct walk_job *job)
{
    int err = begin_sight(view, proofs, job);

    if (err == -ENOMEM || view->tree.hangs) {
        return err;
    }
    if (err < 0 && err != -ESRCH) {
        answer_all(look, PATH_UNRESOLVED, "cannot be resolved: the mount table is not known");
        return 0;
    }
    switch (err < 0 ? HOST_UNDECIDED : view->known->sight.proof) {
    case HOST_UNDECIDED:
        answer_all(look, PATH_UNRESOLVED, HOST_UNDECIDED_WHY);
        return 0;
    case HOST_UNSEEN:
        answer_all(look, PATH_UNSEEN, view->known->sight.why);
        return 0;
    case HOST_GIVEN:
    case HOST_COMPARED:
    case HOST_CONTAINER:
        break;
    }
    host_tree_init(&view->tree, look->arena, &view->known->sight, job);
    return view_look(view, look);
}

static int keep_listeners(struct host_known *known, const struct path_look *look)
{
    known->listener = arena_alloc(&known->arena, look->socket_count * sizeof(*known->listener));
    TRY_ALLOC(known->listener);
    for (size_t i = 0; i < look->socket_count; i++) {
        TRY(arena_copy(&known->arena, look->socket[i], &known->listener[i]));
    }
    known->listener_count = look->socket_count;
    return 0;
}

static bool has_same_listeners(const struct host_known *known, const struct path_look *look)
{
    bool same = known->listener_count == look->socket_count;

    for (size_t i = 0; same && i < look->socket_count; i++) {
        same = slice_eq(known->listener[i], look->socket[i]);
    }
    return same;
}

enum look_result host_known_look(struct host_known *known, struct host_proofs **proofs,
                                 const char *engine_socket, const struct path_look *look,
                                 struct walk_job *job)
{
    struct view *view = arena_alloc(&known->arena, sizeof(*view));

    if (!view) {
        return LOOK_FAILED;
    }
    view->known = known;
    view->engine_socket = engine_socket;
    view->look = look;
    if (keep_listeners(known, look) < 0 || view_answer(view, proofs, look, job) < 0) {
        return LOOK_FAILED;
    }
    return view->tree.hangs ? LOOK_HANGS : LOOK_DONE;
}

static enum look_result host_known_look_at_hand(struct host_known *known,
                                                struct host_recent *recent,
                                                const struct path_look *look)
{
    struct view view; // not all of the tree, which is large

    view.known = known;
    view.look = look;
    view.engine_socket = NULL;
    known->seen.look = look;
    known->seen.arena = &known->arena;
    host_tree_init_at_hand(&view.tree, look->arena, &known->sight, recent, &known->seen);
    int err = view_look(&view, look);

    if (err == 0 && !view.tree.again && !view.tree.looked) {
        err = host_answers_keep(&known->seen.answers, &known->arena, look);
    }
    host_tree_deinit(&view.tree);
    known->seen.look = NULL;
    if (err < 0) {
        return LOOK_FAILED;
    }
    return view.tree.again ? LOOK_PENDING : LOOK_DONE;
}

enum look_result host_known_look_again(struct host_known *known, struct host_recent *recent,
                                       const struct path_look *look)
{
    bool found = false;

    if (!has_same_listeners(known, look)) {
        return LOOK_PENDING;
    }
    if (host_answers_get(&known->seen.answers, look, &found) < 0) {
        return LOOK_FAILED;
    }
    return found ? LOOK_DONE : host_known_look_at_hand(known, recent, look);
}

struct host_known *host_known_create(void)
{
    struct host_known *known = calloc(1, sizeof(*known));

    if (known) {
        arena_init(&known->arena, KNOWN_MAX_BYTES);
    }
    return known;
}

void host_known_destroy(struct host_known *known)
{
    if (known) {
        host_sight_end(&known->sight);
        arena_deinit(&known->arena);
        free(known);
    }
}
