/*
 * See host_answers.h.
 */
#include "proxy/host/host_answers.h"

#include <errno.h>

#include "base/try.h"

#include "base/banned.h"

static bool is_same_question(const struct path_question *one, const struct path_question *other)
{
    return one->root == other->root && one->written == other->written &&
           one->deny_links == other->deny_links && slice_eq(one->path, other->path);
}

/* All of them: what may be reused of one path depends on the directories that the others name. */
static bool is_same_look(const struct path_look *one, const struct path_look *other)
{
    bool same = one->count == other->count;

    for (size_t i = 0; same && i < one->count; i++) {
        same = is_same_question(&one->question[i], &other->question[i]);
    }
    return same;
}

int host_answers_get(const struct host_answers *answers, const struct path_look *look, bool *found)
{
    const struct path_look *kept = answers->look;
    const struct path_look *end = kept + answers->count;

    while (kept < end && !is_same_look(kept, look)) {
        kept++;
    }
    *found = kept < end;
    for (size_t i = 0; *found && i < look->count; i++) {
        look->answer[i] = kept->answer[i];
        TRY(arena_copy(look->arena, kept->answer[i].resolved, &look->answer[i].resolved));
    }
    return 0;
}

static bool may_be_kept(const struct path_look *look)
{
    for (size_t i = 0; i < look->count; i++) {
        const struct path_answer *answer = &look->answer[i];

        if (answer->view != PATH_RESOLVED || !answer->exists || answer->link_count > 0) {
            return false;
        }
    }
    return look->count <= HOST_ANSWERS_MAX_PATHS;
}

int host_answers_keep(struct host_answers *answers, struct arena *arena,
                      const struct path_look *look)
{
    if (answers->count == HOST_ANSWERS_MAX || !may_be_kept(look)) {
        return 0;
    }
    struct path_question *question = arena_alloc(arena, look->count * sizeof(*question));
    struct path_answer *answer = arena_alloc(arena, look->count * sizeof(*answer));

    if (!question || !answer) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < look->count; i++) {
        question[i] = look->question[i];
        answer[i] = look->answer[i];
        TRY(arena_copy(arena, look->question[i].path, &question[i].path));
        TRY(arena_copy(arena, look->answer[i].resolved, &answer[i].resolved));
    }
    answers->look[answers->count] =
        (struct path_look){.question = question, .answer = answer, .count = look->count};
    answers->count++;
    return 0;
}
