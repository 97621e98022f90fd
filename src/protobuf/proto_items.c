/*
 * Lists and maps: see proto.h.
 */
#include "protobuf/proto.h"

#include <errno.h>

#include "base/try.h"
#include "protobuf/proto_internal.h"

#include "base/banned.h"

static int items_compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

struct proto_item *proto_items_append(struct arena *arena, struct proto_items *items)
{
    struct proto_item *item = arena_alloc(arena, sizeof(*item));

    if (item) {
        if (items->last) {
            items->last->next = item;
        } else {
            items->first = item;
        }
        items->last = item;
        items->count++;
    }
    return item;
}

int proto_list_add(struct arena *arena, struct proto_items *list, union proto_value value)
{
    struct proto_item *item = proto_items_append(arena, list);

    TRY_ALLOC(item);
    item->value = value;
    return 0;
}

/* The last item whose key is smaller, or NULL. */
static struct proto_item *items_before(const struct proto_items *map, struct slice key)
{
    struct proto_item *before = NULL;

    for (struct proto_item *item = map->first; item && items_compare(item->key, key) < 0;
         item = item->next) {
        before = item;
    }
    return before;
}

union proto_value *proto_map_get(const struct proto_items *map, struct slice key)
{
    struct proto_item *before = items_before(map, key);
    struct proto_item *item = before ? before->next : map->first;

    return item && slice_eq(item->key, key) ? &item->value : NULL;
}

int proto_map_set(struct arena *arena, struct proto_items *map, struct slice key,
                  union proto_value value)
{
    struct proto_item *before = items_before(map, key);
    struct proto_item *item = before ? before->next : map->first;

    if (!item || !slice_eq(item->key, key)) {
        struct proto_item *behind = item;

        item = arena_alloc(arena, sizeof(*item));
        TRY_ALLOC(item);
        item->key = key;
        item->next = behind;
        *(before ? &before->next : &map->first) = item;
        map->last = behind ? map->last : item;
        map->count++;
    }
    item->value = value;
    return 0;
}

void proto_items_remove(struct proto_items *items, struct proto_item *before)
{
    struct proto_item **place = before ? &before->next : &items->first;

    if (*place) {
        items->last = *place == items->last ? before : items->last;
        *place = (*place)->next;
        items->count--;
    }
}

/* Takes up to `count` items from the front of *rest, as a list of their own. */
static struct proto_item *items_split(struct proto_item **rest, size_t count)
{
    struct proto_item *first = *rest;
    struct proto_item *item = first;

    while (item && --count > 0) {
        item = item->next;
    }
    *rest = item ? item->next : NULL;
    if (item) {
        item->next = NULL;
    }
    return first;
}

/* Merges two sorted lists to where `place` points; answers the place behind the last. */
static struct proto_item **items_merge(struct proto_item **place, struct proto_item *a,
                                       struct proto_item *b)
{
    while (a || b) {
        struct proto_item **from = !b || (a && items_compare(a->key, b->key) <= 0) ? &a : &b;

        *place = *from;
        *from = (*from)->next;
        place = &(*place)->next;
    }
    *place = NULL;
    return place;
}

/* By merging from the bottom up: a hostile order costs no more than any other. */
bool proto_map_sort(struct proto_items *map)
{
    for (size_t run = 1; run < map->count; run *= 2) {
        struct proto_item *rest = map->first;
        struct proto_item **place = &map->first;

        while (rest) {
            struct proto_item *a = items_split(&rest, run);
            struct proto_item *b = items_split(&rest, run);

            place = items_merge(place, a, b);
        }
    }
    for (struct proto_item *item = map->first; item; item = item->next) {
        map->last = item;
        if (item->next && slice_eq(item->key, item->next->key)) {
            return false;
        }
    }
    return true;
}
