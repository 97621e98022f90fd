/*
 * See host_look.h. The thread has copies of the questions and an arena of its own: the request may
 * be over long before a file system answers.
 */
#include "proxy/host_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"

#include "base/banned.h"

enum { LOOK_MAX_BYTES = 8 * 1024 * 1024 };

struct host_look {
    struct walk_job job; /* first */
    const struct path_look *to;
    host_looked *looked;
    void *owner;
    char engine_socket[sizeof(((struct host_view *)NULL)->engine_socket)];
    struct arena arena;
    struct path_look own; /* what is looked at: those of `to` that are seen */
    int err;
};

int host_look_now(const char *engine_socket, const struct path_look *look)
{
    for (size_t i = 0; i < look->count; i++) {
        struct path_answer *answer = &look->answer[i];
        struct stat status;

        TRY(host_path_resolve(look->question[i].path, look->arena, answer, &status));
        if (answer->view == PATH_RESOLVED && answer->exists) {
            host_sockets_find(engine_socket, &status, answer);
        }
    }
    return 0;
}

static void destroy(struct host_look *look)
{
    arena_deinit(&look->arena);
    free(look);
}

static void on_work(struct walk_job *job)
{
    struct host_look *look = (struct host_look *)job;

    look->err = host_look_now(look->engine_socket, &look->own);
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
    int err = look->err < 0 ? look->err : hand_over(look);
    host_looked *looked = look->looked;
    void *owner = look->owner;

    destroy(look);
    looked(owner, err < 0 ? LOOK_FAILED : LOOK_DONE);
}

/* Answers what is not to be seen; how many are left. */
static size_t sort_out(struct host_view *view, const struct path_look *look)
{
    size_t left = 0;

    for (size_t i = 0; i < look->count; i++) {
        look->answer[i] = (struct path_answer){.view = PATH_UNANSWERED};
        left += host_view_sight(view, look->question[i].path, &look->answer[i]) == HOST_SEEN;
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
