/*
 * The list of what a request has to hold, each object once.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/judge/judge.h"
#include "policy/lookup/judgement.h"

#include "base/banned.h"

/* More than any request names that a person wrote. */
enum { HOLDS_MAX = 256 };

int hold_add(struct decision *out, struct decision_hold **list, enum hold_kind kind,
             enum hold_mode mode, struct slice key)
{
    size_t count = 0;

    for (; *list; list = &(*list)->next, count++) {
        if ((*list)->kind == kind && slice_eq((*list)->key, key)) {
            return 0;
        }
    }
    if (count >= HOLDS_MAX) {
        return -E2BIG;
    }
    struct decision_hold *hold = arena_alloc(&out->arena, sizeof(*hold));

    TRY_ALLOC(hold);
    const struct judgement *judgement = out->judgement;

    *hold = (struct decision_hold){.kind = kind, .mode = mode, .party = judgement->policy};
    TRY(arena_copy(&out->arena, key, &hold->key));
    *list = hold;
    return 0;
}
