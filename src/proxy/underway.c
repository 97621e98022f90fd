/*
 * See underway.h. Each object has a queue of places. A place is blocked by every place before it
 * that excludes it; a claim counts the blockers of all its places, so that giving back
 * is one walk down the queue.
 */
#include "proxy/underway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct underway_place {
    struct underway_object *object; /* NULL: given back */
    struct underway_claim *claim;
    enum hold_mode mode;
    struct underway_place *next;
    struct underway_place *previous;
};

struct underway_object {
    enum hold_kind kind;
    struct underway_place *first;
    struct underway_place *last;
    struct underway_object *next; /* in its bucket */
    size_t key_len;
    char key[];
};

/* FNV-1a. Who finds collisions makes lists of at most as many objects as requests may hold. */
static size_t bucket_of(enum hold_kind kind, struct slice key)
{
    uint64_t hash = 14695981039346656037ULL ^ (uint64_t)kind;

    for (size_t i = 0; i < key.len; i++) {
        hash = (hash ^ (unsigned char)key.ptr[i]) * 1099511628211ULL;
    }
    return (size_t)(hash % UNDERWAY_BUCKETS);
}

static bool is_object(const struct underway_object *object, enum hold_kind kind, struct slice key)
{
    return object->kind == kind && slice_eq((struct slice){object->key, object->key_len}, key);
}

static struct underway_object **find(struct underway *table, enum hold_kind kind, struct slice key)
{
    struct underway_object **link = &table->buckets[bucket_of(kind, key)];

    while (*link && !is_object(*link, kind, key)) {
        link = &(*link)->next;
    }
    return link;
}

static struct underway_object *find_or_add(struct underway *table, enum hold_kind kind,
                                           struct slice key)
{
    struct underway_object **link = find(table, kind, key);

    if (*link) {
        return *link;
    }
    struct underway_object *object = calloc(1, sizeof(*object) + key.len);

    if (object) {
        object->kind = kind;
        object->key_len = key.len;
        if (key.len > 0) {
            memcpy(object->key, key.ptr, key.len);
        }
        *link = object;
        table->objects++;
    }
    return object;
}

static bool excludes(const struct underway_place *place, const struct underway_claim *claim,
                     enum hold_mode mode)
{
    return place->claim != claim && (place->mode != mode || mode == HOLD_ALONE);
}

/* How many of the queue's places exclude a new one at its end. */
static size_t count_blockers(const struct underway_object *object,
                             const struct underway_claim *claim, enum hold_mode mode)
{
    size_t count = 0;

    for (const struct underway_place *p = object ? object->first : NULL; p; p = p->next) {
        count += excludes(p, claim, mode) ? 1 : 0;
    }
    return count;
}

static void drop_if_unused(struct underway *table, struct underway_object *object)
{
    if (object->first) {
        return;
    }
    struct underway_object **link =
        find(table, object->kind, (struct slice){object->key, object->key_len});

    *link = object->next;
    table->objects--;
    free(object);
}

/* One blocker less for those behind that it excluded. */
static void leave(struct underway *table, struct underway_place *place)
{
    struct underway_object *object = place->object;

    for (struct underway_place *p = place->next; p; p = p->next) {
        if (!excludes(place, p->claim, p->mode)) {
            continue;
        }
        p->claim->blockers--;
        if (p->claim->blockers == 0) {
            p->claim->granted(p->claim->owner);
        }
    }
    *(place->previous ? &place->previous->next : &object->first) = place->next;
    *(place->next ? &place->next->previous : &object->last) = place->previous;
    place->object = NULL;
    drop_if_unused(table, object);
}

static void queue(struct underway_object *object, struct underway_claim *claim, enum hold_mode mode)
{
    struct underway_place *place = &claim->places[claim->count];

    claim->blockers += count_blockers(object, claim, mode);
    *place = (struct underway_place){
        .object = object, .claim = claim, .mode = mode, .previous = object->last};
    *(object->last ? &object->last->next : &object->first) = place;
    object->last = place;
    claim->count++;
}

/* How many places are taken; -EAGAIN when a momentary hold is not free. */
static int count_holds(struct underway *table, const struct decision_hold *holds, size_t *count)
{
    *count = 0;
    for (const struct decision_hold *hold = holds; hold; hold = hold->next) {
        if (!hold->momentary) {
            (*count)++;
        } else if (count_blockers(*find(table, hold->kind, hold->key), NULL, hold->mode) > 0) {
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
        struct underway_object *object =
            hold->momentary ? NULL : find_or_add(table, hold->kind, hold->key);

        if (!object && !hold->momentary) {
            underway_release(table, claim);
            return -ENOMEM;
        }
        if (object) {
            queue(object, claim, hold->mode);
        }
    }
    return 0;
}

void underway_give(struct underway *table, struct underway_claim *claim,
                   const struct decision_hold *hold)
{
    for (size_t i = 0; i < claim->count; i++) {
        struct underway_place *place = &claim->places[i];

        if (place->object && is_object(place->object, hold->kind, hold->key)) {
            leave(table, place);
        }
    }
}

void underway_release(struct underway *table, struct underway_claim *claim)
{
    for (size_t i = 0; i < claim->count; i++) {
        if (claim->places[i].object) {
            leave(table, &claim->places[i]);
        }
    }
    free(claim->places);
    claim->places = NULL;
    claim->count = 0;
    claim->blockers = 0;
}

/* The place before `place` that excludes it, or NULL. */
static const struct underway_place *blocker_of(const struct underway_place *place)
{
    const struct underway_place *before = place->previous;

    while (before && !excludes(before, place->claim, place->mode)) {
        before = before->previous;
    }
    return before;
}

bool underway_blocker(const struct underway_claim *claim, enum hold_kind *kind,
                      enum hold_mode *mode, struct slice *key)
{
    for (size_t i = 0; i < claim->count; i++) {
        const struct underway_place *place = &claim->places[i];
        const struct underway_place *before = place->object ? blocker_of(place) : NULL;

        if (before) {
            *kind = place->object->kind;
            *mode = before->mode;
            *key = (struct slice){place->object->key, place->object->key_len};
            return true;
        }
    }
    return false;
}
