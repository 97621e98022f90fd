/*
 * Whether a scope may give an image that name: image_names.c has the patterns.
 */
#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/model/scope_data.h"
#include "policy/model/violation.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

/*
 * Podman makes the first container of each pod of the image that it finds there.
 * Source: podman pkg/specgen/generate/pause_image.go.
 */
static bool is_engines(const struct image_ref *ref)
{
    return slice_eq(ref->repository, SLICE("localhost/podman-pause"));
}

int scope_check_image_name(const struct judgement *judgement, struct decision *out,
                           const char *field, struct slice name)
{
    const struct scope *scope = &judgement->policy->scope;
    struct slice fix = SLICE("list the name in the scope's image_names");
    struct image_ref ref = {0};
    struct slice shown = {0};

    TRY(image_ref_parse(&out->arena, name, &ref));
    if (ref.kind == IMAGE_REF_NAME && is_engines(&ref)) {
        return scope_object(judgement, out, "give it another name",
                            "%s: the engine runs the image of that name for everybody", field);
    }
    if (ref.kind == IMAGE_REF_NAME && (slice_starts_with(ref.repository, SLICE("localhost/")) ||
                                       scope_names_are_own(scope, ref.repository) ||
                                       scope_names_hold(&scope->image_names, ref.repository))) {
        return 0;
    }
    TRY(show_text(&out->arena, name, &shown));
    if (scope->image_prefix.len > 0) {
        TRY(arena_printf(&out->arena, &fix,
                         "use a name that begins with %.*s- or %.*s/, or list the name in the "
                         "scope's image_names",
                         SLICE_ARGS(scope->image_prefix), SLICE_ARGS(scope->image_prefix)));
    }
    return scope_object(
        judgement, out, fix.ptr, "%s: \"%.*s\" is a name that %s", field, SLICE_ARGS(shown),
        ref.kind == IMAGE_REF_NAME && scope_names_hold(&scope->longer_names, ref.repository)
            ? "another scope's begin with"
            : "a registry may have an image for");
}
