/*
 * See host_look.h. The thread has copies of the questions and an arena of its own: the request may
 * be over long before a file system answers.
 */
#include "proxy/host/host_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "proxy/host/host_call.h"
#include "proxy/host/host_known.h"

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
    struct host_known *known;   /* what was found out, or NULL */
    unsigned changes;           /* of view->recent when it began, */
    uint64_t began_ms;          /* and when that was */
    struct arena arena;
    struct path_look own; /* what is looked at: those of `to` that are seen */
    enum look_result result;
};

enum look_result host_look_now(struct host_proofs **proofs, const char *engine_socket,
                               const struct path_look *look, struct walk_job *job)
{
    struct host_known *known = host_known_create();
    enum look_result result = LOOK_FAILED;

    if (known) {
        result = host_known_look(known, proofs, engine_socket, look, job);
    }
    host_known_destroy(known);
    return result;
}

static void destroy(struct host_look *look)
{
    arena_deinit(&look->arena);
    host_known_destroy(look->known);
    host_proofs_unref(look->proofs);
    free(look);
}

static void on_work(struct walk_job *job)
{
    struct host_look *look = (struct host_look *)job;

    const struct host_proofs *before = look->proofs;

    look->known = host_known_create();
    look->result = look->known ? host_known_look(look->known, &look->proofs, look->engine_socket,
                                                 &look->own, job)
                               : LOOK_FAILED;
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

static int hand_over(const struct host_look *look)
{
    const struct path_look *to = look->to;

    for (size_t i = 0; i < look->own.count; i++) {
        to->answer[i] = look->own.answer[i];
        TRY(copy_links(&to->answer[i], to->arena));
        TRY(arena_copy(to->arena, to->answer[i].resolved, &to->answer[i].resolved));
    }
    return 0;
}

/* For the next ones. */
static void host_look_keep(struct host_look *look)
{
    struct host_view *view = look->view;

    if (look->asked && strcmp(look->engine_socket, view->engine_socket) == 0) {
        host_view_take(view, look->proofs);
        look->proofs = NULL;
    } else if (look->result == LOOK_DONE && !look->asked && look->proofs == view->recent.proofs) {
        host_recent_take(&view->recent, look->known, look->changes, look->began_ms);
        look->known = NULL;
    }
}

static void on_done(struct walk_job *job)
{
    struct host_look *look = (struct host_look *)job;
    enum look_result result = look->result;
    host_looked *looked = look->looked;
    void *owner = look->owner;

    host_look_keep(look);
    if (result == LOOK_DONE && hand_over(look) < 0) {
        result = LOOK_FAILED;
    }
    destroy(look);
    looked(owner, result);
}

static int copy_questions(struct host_look *own, const struct path_look *look)
{
    size_t count = look->count;
    struct path_question *question = arena_alloc(&own->arena, count * sizeof(*question));
    struct path_answer *answer = arena_alloc(&own->arena, count * sizeof(*answer));

    if (!question || !answer) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        question[i] = look->question[i];
        TRY(arena_copy(&own->arena, question[i].path, &question[i].path));
    }
    struct slice *socket = arena_alloc(&own->arena, look->socket_count * sizeof(*socket));

    TRY_ALLOC(socket);
    for (size_t i = 0; i < look->socket_count; i++) {
        TRY(arena_copy(&own->arena, look->socket[i], &socket[i]));
    }
    own->own = (struct path_look){question, answer, count, &own->arena, socket, look->socket_count};
    return 0;
}

/* Whether nothing is to be seen; then all have that answer. */
static bool answer_unseen(struct host_view *view, const struct path_look *look)
{
    struct path_answer answer = {.view = PATH_UNANSWERED};
    bool unseen = host_view_answer(view, &answer);

    for (size_t i = 0; i < look->count; i++) {
        look->answer[i] = answer;
    }
    return unseen;
}

/* LOOK_PENDING: a thread has to look. */
static enum look_result look_at_hand(struct host_view *view, struct host_proofs *proofs,
                                     const struct path_look *look, uint64_t now_ms)
{
    if (!proofs) {
        return LOOK_PENDING;
    }
    host_recent_watch(&view->recent, proofs);
    struct host_known *known = host_recent_get(&view->recent, now_ms);

    return known ? host_known_look_again(known, &view->recent, look) : LOOK_PENDING;
}

static struct host_look *make(struct host_view *view, struct host_proofs *proofs, uid_t uid,
                              const struct path_look *look)
{
    struct host_look *made = calloc(1, sizeof(*made));

    if (!made) {
        host_proofs_unref(proofs);
        return NULL;
    }
    made->job =
        (struct walk_job){.uid = uid, .work = on_work, .done = on_done, .destroy = on_destroy};
    made->to = look;
    made->view = view;
    made->proofs = proofs;
    made->changes = view->recent.changes;
    memcpy(made->engine_socket, view->engine_socket, sizeof(made->engine_socket));
    arena_init(&made->arena, LOOK_MAX_BYTES);
    return made;
}

enum look_result host_look_start(struct walkers *walkers, struct host_view *view, uid_t uid,
                                 const struct path_look *look, host_looked *looked, void *owner,
                                 struct host_look **out)
{
    uint64_t now_ms = host_call_now_ms();

    if (answer_unseen(view, look)) {
        return LOOK_DONE;
    }
    struct host_proofs *proofs = host_view_proofs(view);
    enum look_result result = look_at_hand(view, proofs, look, now_ms);

    if (result != LOOK_PENDING) {
        host_proofs_unref(proofs);
        return result;
    }
    struct host_look *made = make(view, proofs, uid, look);

    if (!made) {
        return LOOK_FAILED;
    }
    made->looked = looked;
    made->owner = owner;
    made->began_ms = now_ms;
    enum walkers_answer answer =
        copy_questions(made, look) < 0 ? WALKERS_FAILED : walkers_submit(walkers, &made->job);

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
