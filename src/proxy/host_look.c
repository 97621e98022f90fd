/*
 * See host_look.h. The thread has copies of the questions and an arena of its own: the request may
 * be over long before a file system answers.
 */
#include "proxy/host_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "proxy/host_sockets.h"

#include "base/banned.h"

enum { LOOK_MAX_BYTES = 8 * 1024 * 1024 };

struct host_look {
    struct walk_job job; /* first */
    const struct path_look *to;
    host_looked *looked;
    void *owner;
    struct host_view *view; /* not on the thread */
    char engine_socket[sizeof(((struct host_view *)NULL)->engine_socket)];
    struct host_proofs *proofs; /* a reference; NULL: the engine is to be asked */
    bool asked;                 /* they are new */
    struct arena arena;
    struct path_look own; /* what is looked at: those of `to` that are seen */
    enum look_result result;
};

/* What is looked at once for all paths. */
struct view {
    struct host_sight sight;
    struct host_tree tree;
    struct host_sockets sockets;
    bool sockets_seen;
    const char *engine_socket;
};

static int view_find_sockets(struct view *view, const struct host_node *reached,
                             struct path_answer *answer)
{
    struct host_tree *tree = &view->tree;

    if (!view->sockets_seen) {
        tree->hangs |= tree->job && !walk_may_touch(tree->job, SLICE("sockets of engines"));
        TRY(tree->hangs ? 0
                        : host_sockets_look(&view->sockets, view->engine_socket, &view->sight.own,
                                            tree->arena));
        view->sockets_seen = true;
    }
    if (!tree->hangs) {
        host_sockets_find(&view->sockets, reached, answer);
    }
    return 0;
}

/* The roots first: the others are compared with where they lead. */
static int view_look_at(struct view *view, const struct path_look *look, bool roots,
                        struct host_roots *closed)
{
    for (size_t i = 0; i < look->count && !view->tree.hangs; i++) {
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
    int err = *proofs ? host_sight_begin(&view->sight, *proofs) : -ESRCH;

    if (err != -ESRCH) {
        return err;
    }
    host_sight_end(&view->sight);
    view->tree.hangs = job && !walk_may_touch(job, SLICE("the engine"));
    if (view->tree.hangs) {
        return 0;
    }
    host_proofs_unref(*proofs);
    *proofs = host_proofs_find(view->engine_socket);
    TRY_ALLOC(*proofs);
    return host_sight_begin(&view->sight, *proofs);
}

static int view_look(struct view *view, const struct path_look *look, struct walk_job *job)
{
    struct host_roots closed = {.path =
                                    arena_alloc(look->arena, look->count * sizeof(*closed.path))};

    TRY_ALLOC(closed.path);
    host_tree_init(&view->tree, look->arena, &view->sight, job);
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
        answer_all(look, PATH_UNRESOLVED, "cannot be looked at: what is mounted here is not known");
        return 0;
    }
    switch (err < 0 ? HOST_UNDECIDED : view->sight.proof) {
    case HOST_UNDECIDED:
        answer_all(look, PATH_UNRESOLVED, HOST_UNDECIDED_WHY);
        return 0;
    case HOST_UNSEEN:
        answer_all(look, PATH_UNSEEN, view->sight.why);
        return 0;
    case HOST_GIVEN:
    case HOST_COMPARED:
    case HOST_CONTAINER:
        break;
    }
    return view_look(view, look, job);
}

enum look_result host_look_now(struct host_proofs **proofs, const char *engine_socket,
                               const struct path_look *look, struct walk_job *job)
{
    struct view *view = arena_alloc(look->arena, sizeof(*view));

    if (!view) {
        return LOOK_FAILED;
    }
    view->engine_socket = engine_socket;
    int err = view_answer(view, proofs, look, job);

    host_sight_end(&view->sight);
    if (err < 0) {
        return LOOK_FAILED;
    }
    return view->tree.hangs ? LOOK_HANGS : LOOK_DONE;
}

static void destroy(struct host_look *look)
{
    arena_deinit(&look->arena);
    host_proofs_unref(look->proofs);
    free(look);
}

static void on_work(struct walk_job *job)
{
    struct host_look *look = (struct host_look *)job;

    const struct host_proofs *before = look->proofs;

    look->result = host_look_now(&look->proofs, look->engine_socket, &look->own, job);
    look->asked = look->proofs != before;
}

static void on_destroy(struct walk_job *job)
{
    destroy((struct host_look *)job);
}

static int copy_links(struct path_answer *answer, struct arena *arena)
{
    struct path_link *link = arena_alloc(arena, answer->link_count * sizeof(*link));

    TRY_ALLOC(link);
    for (size_t i = 0; i < answer->link_count; i++) {
        link[i] = answer->link[i];
        TRY(arena_copy(arena, answer->link[i].place, &link[i].place));
    }
    answer->link = link;
    return 0;
}

/* Each into the next place that has no answer yet. */
static int hand_over(const struct host_look *look)
{
    const struct path_look *to = look->to;
    size_t place = 0;

    for (size_t i = 0; i < look->own.count; i++) {
        while (to->answer[place].view != PATH_UNANSWERED) {
            place++;
        }
        struct path_answer *answer = &to->answer[place++];

        *answer = look->own.answer[i];
        TRY(copy_links(answer, to->arena));
        TRY(arena_copy(to->arena, answer->resolved, &answer->resolved));
    }
    return 0;
}

static void on_done(struct walk_job *job)
{
    struct host_look *look = (struct host_look *)job;
    enum look_result result = look->result;
    host_looked *looked = look->looked;
    void *owner = look->owner;

    if (look->asked && strcmp(look->engine_socket, look->view->engine_socket) == 0) {
        host_view_take(look->view, look->proofs);
        look->proofs = NULL;
    }
    if (result == LOOK_DONE && hand_over(look) < 0) {
        result = LOOK_FAILED;
    }
    destroy(look);
    looked(owner, result);
}

/* Answers what is not to be seen; how many are left. */
static size_t sort_out(struct host_view *view, const struct path_look *look)
{
    size_t left = 0;

    for (size_t i = 0; i < look->count; i++) {
        look->answer[i] = (struct path_answer){.view = PATH_UNANSWERED};
        left += host_view_answer(view, &look->answer[i]) ? 0 : 1;
    }
    return left;
}

static int copy_questions(struct host_look *own, const struct path_look *look, size_t count)
{
    struct path_question *question = arena_alloc(&own->arena, count * sizeof(*question));
    struct path_answer *answer = arena_alloc(&own->arena, count * sizeof(*answer));
    size_t used = 0;

    if (!question || !answer) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < look->count; i++) {
        if (look->answer[i].view == PATH_UNANSWERED) {
            question[used] = look->question[i];
            TRY(arena_copy(&own->arena, question[used].path, &question[used].path));
            used++;
        }
    }
    own->own = (struct path_look){question, answer, count, &own->arena};
    return 0;
}

enum look_result host_look_start(struct walkers *walkers, struct host_view *view, uid_t uid,
                                 const struct path_look *look, host_looked *looked, void *owner,
                                 struct host_look **out)
{
    size_t count = sort_out(view, look);
    struct host_look *made = count > 0 ? calloc(1, sizeof(*made)) : NULL;

    if (!made) {
        return count > 0 ? LOOK_FAILED : LOOK_DONE;
    }
    made->job =
        (struct walk_job){.uid = uid, .work = on_work, .done = on_done, .destroy = on_destroy};
    made->to = look;
    made->looked = looked;
    made->owner = owner;
    made->view = view;
    made->proofs = host_view_proofs(view);
    memcpy(made->engine_socket, view->engine_socket, sizeof(made->engine_socket));
    arena_init(&made->arena, LOOK_MAX_BYTES);
    enum walkers_answer answer = copy_questions(made, look, count) < 0
                                     ? WALKERS_FAILED
                                     : walkers_submit(walkers, &made->job);

    if (answer != WALKERS_TAKEN) {
        destroy(made);
        return answer == WALKERS_HANG ? LOOK_HANGS : LOOK_FAILED;
    }
    *out = made;
    return LOOK_PENDING;
}

void host_look_stop(struct host_look *look)
{
    walkers_abandon(&look->job);
}

/* The thread may be taking more, so not what its arena says. */
size_t host_look_bytes(const struct host_look *look)
{
    return look ? look->own.count * (sizeof(*look->own.question) + sizeof(*look->own.answer)) : 0;
}
