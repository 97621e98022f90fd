/*
 * What is under way, by the objects it is about: so that an operation in which the engine walks a
 * tree as root, and one that lets something run in it, never overlap. One table for the
 * whole process, whatever the listener. Requests are served in the order in which they came, for
 * each object; who waits is behind everybody that came before and excludes it, so nobody starves.
 * Pure: no clock, no events. Memory is bounded by the requests under way, and no step takes longer
 * because many wait.
 */
#ifndef SOCKADE_PROXY_UNDERWAY_H
#define SOCKADE_PROXY_UNDERWAY_H

#include "base/cleanup.h"
#include "sockade/decision.h"

struct underway_place;

/* All zero is an empty table. It outlives its claims. */
struct underway {
    void *tree; /* of objects, as tsearch(3) keeps it */
    size_t objects;
};

/* What one request holds or waits for; embedded in its exchange. All zero holds nothing. */
struct underway_claim {
    struct underway_place *places;
    size_t count;
    size_t waiting; /* how many of them are not held yet */
    /*
     * The last of them is held. Called from within underway_release() or underway_give() of another
     * claim, and must not change the table.
     */
    void (*granted)(void *owner);
    void *owner;
};

/*
 * Takes a place for each hold that is not momentary, behind those that came before. `claim` is
 * empty, but for `granted` and `owner`. No object is in `holds` twice. The keys are copied. 0, then
 * claim->waiting says whether all are held; -EAGAIN when a momentary one is not free; or -ENOMEM.
 * On error nothing is taken.
 */
MUST_CHECK int underway_take(struct underway *table, const struct decision_hold *holds,
                             struct underway_claim *claim);

/* Gives one of the objects back before the others. */
void underway_give(struct underway *table, struct underway_claim *claim,
                   const struct decision_hold *hold);

/* Gives everything back, or waits no more. Again is fine. */
void underway_release(struct underway *table, struct underway_claim *claim);

/* Whether somebody else holds or waits for it. */
bool underway_has_others(const struct underway *table, const struct underway_claim *claim,
                         enum hold_kind kind, struct slice key);

/* Of the first object that the claim waits for; *mode is that of what is before it. */
bool underway_blocker(const struct underway_claim *claim, enum hold_kind *kind,
                      enum hold_mode *mode, struct slice *key);

#endif
