/*
 * What a request names is noted, and asked about, here: scope_references.c judges it.
 */

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/policy_data.h"
#include "policy/model/violation.h"
#include "policy/scope/scope.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/banned.h"

enum { SCOPE_TEXT_BYTES = 1024 };

int scope_add_reference(struct judgement *judgement, struct decision *out,
                        const struct scope_reference *reference)
{
    struct scope_reference **tail = &judgement->scope.references;
    struct scope_reference *added = arena_alloc(&out->arena, sizeof(*added));

    TRY_ALLOC(added);
    if (judgement->scope.count >= SCOPE_MAX_REFERENCES) {
        judgement->scope.count++;
        return judgement->scope.count > SCOPE_MAX_REFERENCES + 1 // said already
                   ? 0
                   : scope_object(judgement, out, NULL, "the request names too many objects");
    }
    int err = fact_ask_for_scope(judgement, reference->kind, reference->name, out);

    if (err < 0 && err != -EINVAL) {
        return err;
    }
    *added = *reference;
    added->fact = err == 0 ? fact_find(out, reference->kind, reference->name) : NULL;
    if (added->shown_name.len == 0) {
        added->shown_kind = added->kind;
        added->shown_name = added->name;
    }
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = added;
    judgement->scope.count++;
    return 0;
}

bool scope_is_builtin(struct slice network)
{
    return slice_eq(network, SLICE("bridge")) || slice_eq(network, SLICE("host")) ||
           slice_eq(network, SLICE("none")) || slice_eq(network, SLICE("default"));
}

int scope_object(const struct judgement *judgement, struct decision *out, const char *fix,
                 const char *format, ...)
{
    char text[SCOPE_TEXT_BYTES];
    struct slice copy = {0};
    struct slice advice = {0};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    TRY(arena_copy(&out->arena, slice_from(text), &copy));
    TRY(arena_join(&out->arena,
                   ARENA_PARTS(slice_from(fix ? fix : "remove it"),
                               judgement->policy->scope.on
                                   ? SLICE("; no policy with this scope allows it")
                                   : SLICE("; no policy allows it")),
                   &advice));
    return violation_add(out, "scope", policy_rule_level(judgement->policy, RULE_LEVEL_DENY), copy,
                         advice);
}
