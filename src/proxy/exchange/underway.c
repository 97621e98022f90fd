/*
 * See underway.h. Each object has a queue of places. Those at its front that go together are held;
 * the first that does not waits, and everybody behind it. So taking a place and leaving one is
 * a step at the end or the front, however long the queue. Objects are in a balanced tree: who
 * chooses their names has no say in how long it takes to find one.
 */
#include "proxy/exchange/underway.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct underway_place {
    struct underway_object *object; /* NULL: given back */
    struct underway_claim *claim;
    enum hold_mode mode;
    const void *party;
    bool held;
    struct underway_place *next;
    struct underway_place *previous;
};

struct underway_object {
    enum hold_kind kind;
    struct slice key; /* in what follows, once it is in the tree */
    struct underway_place *first;
    struct underway_place *last;
    struct underway_place *waiting; /* the first that is not held, or NULL */
    char text[];
};

static int underway_compare(const void *one, const void *other)
{
    const struct underway_object *a = one;
    const struct underway_object *b = other;

    if (a->kind != b->kind) {
        return a->kind < b->kind ? -1 : 1;
    }
    if (a->key.len != b->key.len) {
        return a->key.len < b->key.len ? -1 : 1;
    }
    return a->key.len > 0 ? memcmp(a->key.ptr, b->key.ptr, a->key.len) : 0;
}

/* NULL when nobody uses it. */
static struct underway_object *underway_find(const struct underway *table,
                                             const struct decision_hold *hold)
{
    const struct underway_object wanted = {.kind = hold->kind, .key = hold->key};
    struct underway_object *const *found = tfind(&wanted, &table->tree, underway_compare);

    return found ? *found : NULL;
}

/* NULL when memory is out. */
static struct underway_object *find_or_add(struct underway *table, const struct decision_hold *hold)
{
    struct underway_object *object = underway_find(table, hold);

    if (object) {
        return object;
    }
    object = calloc(1, sizeof(*object) + hold->key.len);
    if (!object) {
        return NULL;
    }
    object->kind = hold->kind;
    object->key = (struct slice){object->text, hold->key.len};
    if (hold->key.len > 0) {
        memcpy(object->text, hold->key.ptr, hold->key.len);
    }
    if (!tsearch(object, &table->tree, underway_compare)) {
        free(object);
        return NULL;
    }
    table->objects++;
    return object;
}

static bool go_together(const struct underway_place *first, enum hold_mode mode, const void *party)
{
    assert(first);
    bool alone = mode == HOLD_ALONE || (mode == HOLD_GIVES && first->party != party);

    return first->mode == mode && !alone;
}

/* Whether a place for `hold` at the end of the queue is held at once. */
static bool is_free(const struct underway_object *object, const struct decision_hold *hold)
{
    return !object || !object->first ||
           (!object->waiting && go_together(object->first, hold->mode, hold->party));
}

static void drop_if_unused(struct underway *table, struct underway_object *object)
{
    if (!object->first) {
        tdelete(object, &table->tree, underway_compare);
        table->objects--;
        free(object);
    }
}

/* Those at the front of who waits that need not any more. */
static void advance(struct underway_object *object)
{
    struct underway_place *place = object->waiting;

    while (place &&
           (place == object->first || go_together(object->first, place->mode, place->party))) {
        place->held = true;
        object->waiting = place->next;
        place->claim->waiting--;
        if (place->claim->waiting == 0) {
            place->claim->granted(place->claim->owner);
        }
        place = object->waiting;
    }
}

static void underway_leave(struct underway *table, struct underway_place *place)
{
    struct underway_object *object = place->object;

    if (object->waiting == place) {
        object->waiting = place->next;
    }
    place->claim->waiting -= place->held ? 0 : 1;
    *(place->previous ? &place->previous->next : &object->first) = place->next;
    *(place->next ? &place->next->previous : &object->last) = place->previous;
    place->object = NULL;
    advance(object);
    drop_if_unused(table, object);
}

static void underway_queue(struct underway_object *object, struct underway_claim *claim,
                           const struct decision_hold *hold)
{
    struct underway_place *place = &claim->places[claim->count];

    *place = (struct underway_place){.object = object,
                                     .claim = claim,
                                     .mode = hold->mode,
                                     .party = hold->party,
                                     .held = is_free(object, hold),
                                     .previous = object->last};
    *(object->last ? &object->last->next : &object->first) = place;
    object->last = place;
    claim->count++;
    if (!place->held) {
        claim->waiting++;
        object->waiting = object->waiting ? object->waiting : place;
    }
}

/* How many places are taken; -EAGAIN when a momentary hold is not free. */
static int count_holds(struct underway *table, const struct decision_hold *holds, size_t *count)
{
    *count = 0;
    for (const struct decision_hold *hold = holds; hold; hold = hold->next) {
        if (!hold->momentary) {
            (*count)++;
        } else if (!is_free(underway_find(table, hold), hold)) {
            return -EAGAIN;
        }
    }
    return 0;
}

int underway_take(struct underway *table, const struct decision_hold *holds,
                  struct underway_claim *claim)
{
    size_t count = 0;
    int err = count_holds(table, holds, &count);

    if (err < 0 || count == 0) {
        return err;
    }
    claim->places = calloc(count, sizeof(*claim->places));
    if (!claim->places) {
        return -ENOMEM;
    }
    for (const struct decision_hold *hold = holds; hold; hold = hold->next) {
        struct underway_object *object = hold->momentary ? NULL : find_or_add(table, hold);

        if (!object && !hold->momentary) {
            underway_release(table, claim);
            return -ENOMEM;
        }
        if (object) {
            underway_queue(object, claim, hold);
        }
    }
    return 0;
}

void underway_give(struct underway *table, struct underway_claim *claim,
                   const struct decision_hold *hold)
{
    for (size_t i = 0; i < claim->count; i++) {
        struct underway_place *place = &claim->places[i];

        if (place->object && place->object->kind == hold->kind &&
            slice_eq(place->object->key, hold->key)) {
            underway_leave(table, place);
        }
    }
}

void underway_release(struct underway *table, struct underway_claim *claim)
{
    for (size_t i = 0; i < claim->count; i++) {
        if (claim->places[i].object) {
            underway_leave(table, &claim->places[i]);
        }
    }
    free(claim->places);
    claim->places = NULL;
    claim->count = 0;
    claim->waiting = 0;
}

bool underway_has_others(const struct underway *table, const struct underway_claim *claim,
                         enum hold_kind kind, struct slice key)
{
    const struct decision_hold whole = {.kind = kind, .key = key};
    const struct underway_object *object = underway_find(table, &whole);
    const struct underway_place *place = object ? object->first : NULL;

    // An object is once in a claim.
    return place && (place->claim != claim || place->next);
}

/* The first of the queue, unless only somebody who waits between the two is in the way. */
static const struct underway_place *blocker_of(const struct underway_place *place)
{
    const struct underway_object *object = place->object;

    return go_together(object->first, place->mode, place->party) ? object->waiting : object->first;
}

bool underway_blocker(const struct underway_claim *claim, enum hold_kind *kind,
                      enum hold_mode *mode, struct slice *key)
{
    for (size_t i = 0; i < claim->count; i++) {
        const struct underway_place *place = &claim->places[i];

        if (place->object && !place->held) {
            *kind = place->object->kind;
            *mode = blocker_of(place)->mode;
            *key = place->object->key;
            return true;
        }
    }
    return false;
}
