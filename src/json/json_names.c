/*
 * See json_names.h.
 */
#include "json/json_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/keyed_hash.h"

#include "base/banned.h"

/*
 * Up to this many names are compared with those of the same mark, more are told apart by a hash,
 * and sorted where two have the same: 100,000 names in one object must not cost 10^10 comparisons,
 * whatever marks they have.
 */
enum { MARKED_MAX = 64, MARKS = 256 };

static int compare_names(const void *left, const void *right)
{
    const struct json *a = *(const struct json *const *)left;
    const struct json *b = *(const struct json *const *)right;

    if (a->name.len != b->name.len) {
        return a->name.len < b->name.len ? -1 : 1;
    }
    return memcmp(a->name.ptr, b->name.ptr, a->name.len);
}

/* Equal names have equal marks; others mostly have not. */
static unsigned char mark(struct slice name)
{
    if (name.len == 0) {
        return 0;
    }
    const unsigned char *bytes = (const unsigned char *)name.ptr;
    unsigned middle = bytes[name.len / 2];
    unsigned last = bytes[name.len - 1];

    return (unsigned char)(((unsigned)(name.len % MARKS) * 8 + bytes[0] + middle * 4 + last * 2) %
                           MARKS);
}

static const struct json *repeated_by_marks(const struct json *first)
{
    unsigned char before[MARKED_MAX + 1]; // of the i-th name: the last one with its mark
    unsigned char last[MARKS] = {0};      // with that mark, counted from 1
    const struct json *names[MARKED_MAX + 1];
    unsigned char count = 0;

    for (const struct json *node = first; node; node = node->next) {
        unsigned char its = mark(node->name);

        for (unsigned char i = last[its]; i > 0; i = before[i]) {
            if (slice_eq(names[i]->name, node->name)) {
                return node;
            }
        }
        count++;
        names[count] = node;
        before[count] = last[its];
        last[its] = count;
    }
    return NULL;
}

/* How far it is looked for a place: with a hash that nobody knows, further is as good as never. */
enum { HASHES_IN_A_ROW = 256 };

/* False when it is there, or so many others are that it might as well be. 0 marks what is free. */
static bool put_hash(uint64_t *table, size_t mask, uint64_t hash)
{
    size_t at = (size_t)(hash >> 32) & mask;

    for (size_t tried = 0; tried < HASHES_IN_A_ROW; tried++) {
        if (table[at] == 0) {
            table[at] = hash;
            return true;
        }
        if (table[at] == hash) {
            return false;
        }
        at = (at + 1) & mask;
    }
    return false;
}

/* Whether no two names have the same hash: then no two are equal. */
static bool differ_by_hash(const struct json *first, size_t all, struct arena *arena, int *err)
{
    size_t places = 2 * (size_t)MARKED_MAX;
    bool differ = true;

    while (places < all + all / 2) {
        places *= 2;
    }
    uint64_t *table = arena_alloc(arena, places * sizeof(*table));

    if (!table) {
        *err = -ENOMEM;
        return false;
    }
    for (const struct json *node = first; node && differ; node = node->next) {
        differ = put_hash(table, places - 1, keyed_hash(node->name) | 1);
    }
    return differ;
}

static const struct json *repeated_by_sorting(const struct json *first, size_t all,
                                              struct arena *arena, int *err)
{
    size_t count = 0;
    const size_t size = sizeof(void *); // of one entry, a pointer
    const struct json **sorted = arena_alloc(arena, all * size);

    if (!sorted) {
        *err = -ENOMEM;
        return NULL;
    }
    for (const struct json *node = first; node; node = node->next) {
        sorted[count] = node;
        count++;
    }
    qsort(sorted, count, size, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (slice_eq(sorted[i - 1]->name, sorted[i]->name)) {
            return sorted[i];
        }
    }
    return NULL;
}

int json_names_find_repeated(const struct json *first, size_t count, struct arena *arena,
                             const struct json **out)
{
    int err = 0;

    *out = NULL;
    if (count <= MARKED_MAX) {
        *out = repeated_by_marks(first);
    } else if (!differ_by_hash(first, count, arena, &err) && err == 0) {
        *out = repeated_by_sorting(first, count, arena, &err);
    }
    return err;
}
