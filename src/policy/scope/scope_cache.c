/*
 * The cache of builds. The classic builder has one for everybody: a step is taken from it by its
 * parent image and its instruction, whoever ran it with whatever hosts, proxies or network. In a
 * scope it comes from images of the scope alone: from those whose names the build gives anew, which
 * go into `cachefrom` by their ids, and those that the client lists there itself. With none there
 * is no cache.
 * Source: moby daemon/images/cache.go MakeImageCache, image/cache/cache.go GetCache (20.10, 26.1):
 * with `cachefrom` a step is found only if it is a parent of an image that is listed and exists.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

/* Those that the client lists. -EBADMSG: it is no list of strings, which engines skip. */
static int read_listed(const struct judgement *judgement, struct arena *arena, struct json **out)
{
    const struct query_pair *pair = scope_find_pair(judgement, SLICE("cachefrom"));
    struct json_problem why = {0};
    struct json *list = NULL;

    TRY(pair && pair->value.len > 0 ? json_read(pair->value, arena, &list, &why) : 0);
    if (!list || list->type == JSON_NULL) {
        list = json_new(arena, JSON_ARRAY);
    }
    TRY_ALLOC(list);
    if (list->type != JSON_ARRAY) {
        return -EBADMSG;
    }
    for (const struct json *entry = list->child; entry; entry = entry->next) {
        if (entry->type != JSON_STRING || entry->text.len == 0) {
            return -EBADMSG;
        }
    }
    *out = list;
    return 0;
}

static bool lists(const struct json *list, struct slice text)
{
    const struct json *entry = list->child;

    while (entry && !slice_eq(entry->text, text)) {
        entry = entry->next;
    }
    return entry != NULL;
}

/* The ids of images of the scope that have the names which the build gives. */
static int add_named(const struct judgement *judgement, struct arena *arena, struct json *list)
{
    for (const struct scope_reference *reference = judgement->scope.references; reference;
         reference = reference->next) {
        if (reference->kind != FACT_IMAGE || !reference->pin || reference->pin->len == 0 ||
            lists(list, *reference->pin)) {
            continue;
        }
        struct json *id = json_new_string(arena, *reference->pin);

        TRY_ALLOC(id);
        json_append(list, id);
    }
    return 0;
}

/* Podman fetches what `cachefrom` lists from registries, and knows no ids there. */
static bool cache_can_be_limited(const struct judgement *judgement)
{
    return !engine_may_be(&judgement->engine, ENGINE_PODMAN);
}

int scope_write_cache(struct judgement *judgement, struct decision *out)
{
    struct json *list = NULL;
    struct slice written = {0};
    int err = read_listed(judgement, &out->arena, &list);

    if (err < 0 && err != -EBADMSG) {
        return err;
    }
    if (err == 0 && cache_can_be_limited(judgement)) {
        TRY(add_named(judgement, &out->arena, list));
        if (list->child) {
            TRY(scope_write_json(&out->arena, list, &written));
            return scope_set_pair(judgement, &out->arena, SLICE("cachefrom"), written);
        }
    }
    scope_drop_pairs(judgement, SLICE("cachefrom"));
    return scope_set_pair(judgement, &out->arena, SLICE("nocache"), SLICE("1"));
}
