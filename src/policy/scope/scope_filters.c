/*
 * Lists, events and prunes: the scope's labels go into the query's `filters`, which is read
 * strictly and written anew in the one form that every engine takes.
 * Source: moby api/types/filters, FromJSON: {"label": {"a=b": true}}, or {"label": ["a=b"]}.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

/* ["a=b"] to {"a=b": true}. */
static int from_list(struct arena *arena, struct json *filter)
{
    struct json *values = filter->child;

    filter->type = JSON_OBJECT;
    filter->child = NULL;
    while (values) {
        struct json *next = values->next;
        struct json *yes = json_new_bool(arena, true);

        if (values->type != JSON_STRING) {
            return -EBADMSG;
        }
        TRY_ALLOC(yes);
        json_set(filter, values->text, yes);
        values = next;
    }
    return 0;
}

static int check_filter(struct arena *arena, struct json *filter)
{
    if (filter->type == JSON_ARRAY) {
        return from_list(arena, filter);
    }
    if (filter->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    for (const struct json *value = filter->child; value; value = value->next) {
        // Engines don't agree on what "false" means.
        if (value->type != JSON_TRUE) {
            return -EBADMSG;
        }
    }
    return 0;
}

/* 0; -EBADMSG when they can be read in two ways, or not at all; -ENOMEM. */
static int read_filters(const struct judgement *judgement, struct arena *arena, struct json **out)
{
    struct json *filters = NULL;

    TRY(scope_read_pair(scope_find_pair(judgement, SLICE("filters")), arena, &filters));
    for (struct json *filter = filters->child; filter; filter = filter->next) {
        TRY(check_filter(arena, filter));
    }
    *out = filters;
    return 0;
}

/* `before` and `since` name containers, and an engine that doesn't know one says so. */
static int refer_bound(struct judgement *judgement, struct decision *out, struct slice name)
{
    return name.len == 0 ? 0 : SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER, .name = name);
}

static int refer_bounds(struct judgement *judgement, struct decision *out,
                        const struct json *filters)
{
    static const struct slice bounds[] = {SLICE_INIT("before"), SLICE_INIT("since")};

    for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        const struct json *filter = json_member(filters, bounds[i]);

        TRY(refer_bound(judgement, out, query_value(judgement->query, bounds[i])));
        for (const struct json *value = filter ? filter->child : NULL; value; value = value->next) {
            TRY(refer_bound(judgement, out, value->name));
        }
    }
    return 0;
}

static bool scope_filters_is_enforced(const struct judgement *judgement)
{
    return judgement->policy->mode == RULE_LEVEL_DENY;
}

/*
 * Podman shows and prunes the volumes that fit any one of several filters.
 * Source: podman libpod/runtime_volume.go Volumes.
 */
static bool leads_out(const struct judgement *judgement, const struct json *filters)
{
    const struct json *filter = filters->child;

    if (!engine_may_be(&judgement->engine, ENGINE_PODMAN) ||
        (judgement->operation != OP_VOLUMES_LIST && judgement->operation != OP_VOLUMES_PRUNE)) {
        return false;
    }
    while (filter && slice_eq(filter->name, SLICE("label"))) {
        filter = filter->next;
    }
    return filter != NULL;
}

int scope_collect_filters(struct judgement *judgement, struct decision *out)
{
    struct json *filters = NULL;
    int err = read_filters(judgement, &out->arena, &filters);

    if (err == -EBADMSG) {
        return scope_object(judgement, out, "send {\"label\":{\"name=value\":true}}",
                            "filters: must be a map of lists, or of maps to true");
    }
    if (err < 0) {
        return err;
    }
    if (!scope_filters_is_enforced(judgement)) {
        return scope_object(judgement, out, NULL, "%s would be limited to the scope",
                            operation_name(judgement->operation));
    }
    if (leads_out(judgement, filters)) {
        return scope_object(judgement, out, "filter by label only",
                            "filters: Podman matches if any one of several filters matches");
    }
    if (!scope_clean_swarm_filters(judgement, filters)) {
        return scope_object(judgement, out, "remove the label",
                            "filters: selects objects outside the scope");
    }
    if (judgement->operation == OP_TASKS_LIST) {
        return scope_refer_task_filters(judgement, out, filters);
    }
    return judgement->operation == OP_CONTAINERS_LIST ? refer_bounds(judgement, out, filters) : 0;
}

static int add_labels(const struct judgement *judgement, struct arena *arena, struct json *filters)
{
    const struct string_map *labels = &judgement->policy->scope.labels;
    struct json *filter = spec_member(arena, filters, SLICE("label"), JSON_OBJECT);

    for (size_t i = 0; i < labels->count && filter; i++) {
        struct slice text = {0};
        struct json *yes = json_new_bool(arena, true);

        if (!yes || arena_printf(arena, &text, "%.*s=%.*s", SLICE_ARGS(labels->item[i].key),
                                 SLICE_ARGS(labels->item[i].value)) < 0) {
            return -ENOMEM;
        }
        json_set(filter, text, yes);
    }
    return filter ? 0 : -ENOMEM;
}

int scope_write_filters(struct judgement *judgement, struct decision *out)
{
    struct query_pair *pair = scope_find_pair(judgement, SLICE("filters"));
    struct json *filters = NULL;

    if (!scope_filters_is_enforced(judgement)) {
        return 0;
    }
    int err = read_filters(judgement, &out->arena, &filters);

    if (err == 0) {
        (void)scope_clean_swarm_filters(judgement, filters); // collecting has refused other values
        err = add_labels(judgement, &out->arena, filters);
    }
    if (err < 0) {
        return -ENOMEM; // collecting has read them before
    }
    if (!pair) {
        pair = arena_alloc(&out->arena, sizeof(*pair));
        TRY_ALLOC(pair);
        *pair = (struct query_pair){.key = SLICE("filters"), .next = judgement->query};
        judgement->query = pair;
    }
    return scope_write_json(&out->arena, filters, &pair->value);
}
