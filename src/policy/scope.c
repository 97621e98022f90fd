/*
 * The order in which a scope is asked: labels that claim an owner, then what the request
 * names, then, when all of that is inside, what is written into the request.
 */
#include "policy/scope.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/try.h"
#include "policy/internal.h"

#include "base/banned.h"

enum { SCOPE_TEXT_BYTES = 1024 };

const struct string_pair *scope_label(const struct scope *scope, struct slice key)
{
    for (size_t i = 0; i < scope->labels.count; i++) {
        if (json_name_folds_to(key, scope->labels.item[i].key)) {
            return &scope->labels.item[i];
        }
    }
    return NULL;
}

bool scope_holds(const struct scope *scope, const struct string_map *labels)
{
    for (size_t i = 0; i < scope->labels.count; i++) {
        const struct slice *value = string_map_get(labels, scope->labels.item[i].key);

        if (!value || !slice_eq(*value, scope->labels.item[i].value)) {
            return false;
        }
    }
    return scope->labels.count > 0;
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

int scope_object(const struct judgement *judgement, struct decision *out, const char *fix,
                 const char *format, ...)
{
    char text[SCOPE_TEXT_BYTES];
    struct slice copy = {0};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    TRY(arena_copy(&out->arena, slice_from(text), &copy));
    return violation_add(out, "scope", policy_rule_level(judgement->policy, RULE_LEVEL_DENY), copy,
                         slice_from(fix));
}

static int begin(struct judgement *judgement, const struct scope_use *use, struct decision *out)
{
    const struct scope *scope = &judgement->policy->scope;
    int err = use->claims ? use->claims(judgement, out) : 0;

    if (err < 0 || !scope->on || violation_denies(out)) {
        return err;
    }
    if (!use->allowed) {
        return scope_object(judgement, out, "use a policy without a scope for it",
                            "operation %s cannot be kept inside a scope",
                            operation_name(judgement->operation));
    }
    if (use->path) {
        struct scope_reference reference = *use->path;

        reference.name = judgement->match.name;
        err = scope_add_reference(judgement, out, &reference);
    }
    return err == 0 && use->collect ? use->collect(judgement, out) : err;
}

int scope_judge(struct judgement *judgement, const struct policy_request *request,
                struct decision *out)
{
    const struct scope *scope = &judgement->policy->scope;
    struct scope_state *state = &judgement->scope;
    const struct scope_use *use = scope_use_of(judgement);
    int step = STEP_ON;

    if ((!scope->on && scope->reserved.count == 0) || violation_denies(out)) {
        return STEP_ON;
    }
    if (!state->begun) {
        state->begun = true;
        step = begin(judgement, use, out);
    }
    // Without facts yet, or refused already, there is nothing more to be seen.
    return step == STEP_ON && !violation_denies(out) && !facts_wanted(out)
               ? scope_check(judgement, request, out)
               : step;
}

int scope_write(struct judgement *judgement, struct decision *out)
{
    const struct scope_use *use = scope_use_of(judgement);

    return judgement->policy->scope.on && use->write ? use->write(judgement, out) : 0;
}
