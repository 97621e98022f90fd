/*
 * Whether an object's labels are those of a scope.
 */

#include "policy/model/scope_data.h"

#include "base/banned.h"

const struct string_pair *scope_label(const struct scope *scope, struct slice key)
{
    for (size_t i = 0; i < scope->labels.count; i++) {
        if (json_name_folds_to(key, scope->labels.item[i].key)) {
            return &scope->labels.item[i];
        }
    }
    return NULL;
}

bool scope_labels_hold(const struct string_map *wanted, const struct string_map *labels)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const struct slice *value = string_map_get(labels, wanted->item[i].key);

        if (!value || !slice_eq(*value, wanted->item[i].value)) {
            return false;
        }
    }
    return wanted->count > 0;
}

bool scope_holds(const struct scope *scope, const struct string_map *labels)
{
    return scope_labels_hold(&scope->labels, labels);
}

bool scope_holds_json(const struct scope *scope, const struct json *labels)
{
    for (size_t i = 0; i < scope->labels.count; i++) {
        const struct json *value = json_member(labels, scope->labels.item[i].key);

        if (!value || value->type != JSON_STRING ||
            !slice_eq(value->text, scope->labels.item[i].value)) {
            return false;
        }
    }
    return scope->labels.count > 0;
}
