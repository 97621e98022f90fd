/*
 * What a scope leaves out: objects by a label, by their name, by their Compose project. No engine
 * filters by what is not there, so lists and events are gone through here.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/model/policy_data.h"
#include "policy/model/scope_data.h"

#include "base/banned.h"

static const struct slice project_label = SLICE_INIT("com.docker.compose.project");

bool scope_has_exclusions(const struct scope *scope)
{
    return scope->exclude.labels.count > 0 || scope->exclude.names.count > 0 ||
           scope->exclude.projects.count > 0;
}

bool scope_exclude_reads(const struct scope *scope, struct slice key)
{
    return string_map_get(&scope->exclude.labels, key) != NULL ||
           (scope->exclude.projects.count > 0 && slice_eq(key, project_label));
}

static bool scope_exclude_fits(const struct string_list *patterns, struct slice text)
{
    for (size_t i = 0; i < patterns->count; i++) {
        struct slice pattern = patterns->item[i];

        if (slice_ends_with(pattern, SLICE("*"))
                ? slice_starts_with(text, slice_head(pattern, pattern.len - 1))
                : slice_eq(text, pattern)) {
            return true;
        }
    }
    return false;
}

static bool scope_exclude_label(const struct scope *scope, struct slice key, struct slice value)
{
    const struct slice *left_out = string_map_get(&scope->exclude.labels, key);

    return (left_out && slice_eq(*left_out, value)) ||
           (slice_eq(key, project_label) && scope_exclude_fits(&scope->exclude.projects, value));
}

/* Containers are shown with a slash before their names. */
static bool scope_exclude_name(const struct scope *scope, struct slice name)
{
    return scope_exclude_fits(&scope->exclude.names, slice_starts_with(name, SLICE("/"))
                                                         ? slice_from_index(name, 1)
                                                         : name);
}

bool scope_excludes(const struct scope *scope, const struct string_map *labels, struct slice name)
{
    for (size_t i = 0; i < labels->count; i++) {
        if (scope_exclude_label(scope, labels->item[i].key, labels->item[i].value)) {
            return true;
        }
    }
    return scope_exclude_name(scope, name);
}

static bool scope_excludes_json(const struct scope *scope, const struct json *labels)
{
    for (const struct json *label = labels ? labels->child : NULL; label; label = label->next) {
        if (label->type == JSON_STRING && scope_exclude_label(scope, label->name, label->text)) {
            return true;
        }
    }
    return false;
}

static bool scope_excludes_names(const struct scope *scope, const struct json *names)
{
    bool listed = names && names->type == JSON_ARRAY;

    for (const struct json *name = listed ? names->child : NULL; name; name = name->next) {
        if (scope_exclude_name(scope, name->text)) {
            return true;
        }
    }
    return names && !listed && scope_exclude_name(scope, names->text);
}

bool scope_leaves_out(const struct scope *scope, const struct json *object)
{
    return object->type != JSON_OBJECT || scope_excludes_json(scope, object_labels(object)) ||
           scope_excludes_names(scope, json_member(object, SLICE("Names"))) ||
           scope_excludes_names(scope, json_member(object, SLICE("Name"))) ||
           scope_excludes_names(scope,
                                json_member(json_member(object, SLICE("Spec")), SLICE("Name")));
}

bool scope_leaves_out_event(const struct scope *scope, const struct json *event)
{
    const struct json *type = json_member(event, SLICE("Type"));
    const struct json *attributes =
        json_member(json_member(event, SLICE("Actor")), SLICE("Attributes"));

    if (!type || !attributes) {
        return true;
    }
    // Of networks and volumes there are no labels, and in them are the ids of containers.
    if (slice_eq(type->text, SLICE("image"))) {
        return false;
    }
    return !slice_eq(type->text, SLICE("container")) || scope_excludes_json(scope, attributes) ||
           scope_excludes_names(scope, json_member(attributes, SLICE("name")));
}

bool scope_filters_list(const struct policy *policy, enum operation operation)
{
    if (!scope_has_exclusions(&policy->scope) || policy->mode != RULE_LEVEL_DENY) {
        return false;
    }
    return operation == OP_CONTAINERS_LIST || operation == OP_NETWORKS_LIST ||
           operation == OP_VOLUMES_LIST || operation == OP_SERVICES_LIST ||
           operation == OP_SECRETS_LIST || operation == OP_CONFIGS_LIST;
}

/* What cannot say what it is about to take, or what of. */
bool scope_excludes_operation(const struct scope *scope, enum operation operation)
{
    return scope_has_exclusions(scope) &&
           (operation == OP_CONTAINERS_PRUNE || operation == OP_NETWORKS_PRUNE ||
            operation == OP_VOLUMES_PRUNE || operation == OP_IMAGES_PRUNE ||
            operation == OP_TASKS_LIST);
}

bool scope_contains(const struct scope *scope, const struct string_map *labels, struct slice name)
{
    return (scope->labels.count == 0 || scope_holds(scope, labels)) &&
           !scope_excludes(scope, labels, name);
}
