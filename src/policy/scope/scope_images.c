/*
 * Images: all may be looked at and run, since pulled ones carry no label and are everybody's.
 * Removing, pushing, saving and taking over names is for one's own, unless the policy says
 * otherwise: who may re-point "alpine:latest" decides what the others run.
 */

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/scope_data.h"
#include "policy/model/violation.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

enum { IMAGE_ID_BYTES = 64 };

/* All images may be used: pushed and saved. */
static bool shares(const struct judgement *judgement)
{
    return judgement->policy->scope.images != SCOPE_IMAGES_OWN;
}

/* All images may be removed and lose their names. */
static bool gives_up(const struct judgement *judgement)
{
    return judgement->policy->scope.images == SCOPE_IMAGES_ALL;
}

/* A reference without its tag and digest: a ':' before the last '/' is a port's. */
static struct slice without_tag(struct slice reference)
{
    struct slice name = slice_head(reference, slice_find(reference, '@'));

    for (size_t i = name.len; i > 0 && name.ptr[i - 1] != '/'; i--) {
        if (name.ptr[i - 1] == ':') {
            return slice_head(name, i - 1);
        }
    }
    return name;
}

static bool has_tag(struct slice reference)
{
    return without_tag(reference).len < reference.len;
}

/*
 * The reference that an engine makes of a name and a `tag` beside it: a tag in the name is
 * dropped.   Source: moby daemon/images TagImage, PushImage; reference.TrimNamed.
 */
static int join_tag(struct arena *arena, struct slice name, struct slice tag, struct slice *out)
{
    if (tag.len == 0) {
        *out = name;
        return 0;
    }
    return arena_printf(arena, out, "%.*s:%.*s", SLICE_ARGS(without_tag(name)), SLICE_ARGS(tag));
}

static int refer_image(struct judgement *judgement, struct decision *out, struct slice name)
{
    return SCOPE_REFER(judgement, out, .kind = FACT_IMAGE, .name = name);
}

/* A name that an image is to get. `id`: NULL, or for that of the one that has it already. */
static int refer_name(struct judgement *judgement, struct decision *out, const char *field,
                      struct slice name, struct slice *id)
{
    TRY(gives_up(judgement) ? 0 : scope_check_image_name(judgement, out, field, name));
    if (violation_denies(out)) {
        return 0;
    }
    TRY(whole_name(judgement, out, &name));
    return SCOPE_REFER(judgement, out, .kind = FACT_IMAGE, .name = name, .field = field,
                       .may_be_missing = true, .may_be_others = gives_up(judgement), .pin = id,
                       .because = "is not in the scope, and would lose its name");
}

int scope_collect_image(struct judgement *judgement, struct decision *out)
{
    return gives_up(judgement)
               ? 0
               : SCOPE_REFER(judgement, out, .kind = FACT_IMAGE, .name = judgement->match.name,
                             .pins_path = true, .pins_name = true);
}

/* An untagged image that it was built upon may be somebody else's, and goes with it otherwise. */
int scope_write_removal(struct judgement *judgement, struct decision *out)
{
    return gives_up(judgement) || judgement->policy->mode != RULE_LEVEL_DENY
               ? 0
               : scope_set_pair(judgement, &out->arena, SLICE("noprune"), SLICE("1"));
}

/*
 * Engines look for a name first and for the beginning of an id then; a removal by what is both
 * is by the id, and a save takes "sha256:cafe" for an id only.
 * Source: moby daemon/images image.go, image_delete.go, image/tarexport/save.go.
 */
int scope_pinned_image(const struct judgement *judgement, struct slice name, struct slice id,
                       struct decision *decision, struct slice *out)
{
    const struct image_answer image = {.id = id};
    struct image_ref ref = {0};

    TRY(image_ref_parse(&decision->document, name, &ref));
    if (ref.kind == IMAGE_REF_ID || (ref.may_be_id && image_answer_is_by_id(&image, name))) {
        *out = id;
        return STEP_ON;
    }
    if (ref.kind != IMAGE_REF_NAME || slice_eq(ref.repository, SLICE("docker.io/library/sha256"))) {
        *out = name; // where nothing is enforced
        return scope_object(judgement, decision, "use its id",
                            "the name looks like an id, but the image has another id");
    }
    if (ref.digest.len > 0) {
        return arena_printf(&decision->arena, out, "%.*s@%.*s", SLICE_ARGS(ref.repository),
                            SLICE_ARGS(ref.digest));
    }
    return arena_printf(&decision->arena, out, "%.*s:%.*s", SLICE_ARGS(ref.repository),
                        SLICE_ARGS(ref.tag.len > 0 ? ref.tag : SLICE("latest")));
}

/* `repo` and `tag` of tag, commit and import. */
int scope_collect_target(struct judgement *judgement, struct decision *out)
{
    struct slice repo = query_value(judgement->query, SLICE("repo"));
    struct slice tag = query_value(judgement->query, SLICE("tag"));
    struct slice name = {0};

    if (gives_up(judgement) || repo.len == 0) {
        return 0;
    }
    TRY(join_tag(&out->arena, repo, tag, &name));
    return refer_name(judgement, out, "repo", name, NULL);
}

/* Whether a registry has said that the image is of that repository. */
static int find_origin(const struct image_answer *image, struct slice repository,
                       struct arena *arena, bool *out)
{
    for (size_t i = 0; i < image->origins.count && !*out; i++) {
        struct image_ref ref = {0};

        TRY(image_ref_parse(arena, image->origins.item[i], &ref));
        *out = ref.kind == IMAGE_REF_NAME && slice_eq(ref.repository, repository);
    }
    return 0;
}

int scope_gave_name(const struct judgement *judgement, const struct scope_reference *reference,
                    struct decision *decision, bool *out)
{
    struct image_answer image = {0};
    struct image_ref ref = {0};
    bool pulled = false;

    TRY(image_ref_parse(&decision->arena, reference->name, &ref));
    TRY(image_answer_read(reference->fact->body, &decision->arena, &image));
    TRY(find_origin(&image, ref.repository, &decision->arena, &pulled));
    *out = scope_names_are_others(&judgement->policy->scope, ref.repository) && !pulled;
    return 0;
}

/*
 * A pull takes its name from the image that has it. One that another scope made under a name of its
 * own is what that scope goes on to run.
 */
int scope_collect_pull(struct judgement *judgement, struct decision *out)
{
    const struct query_pair *query = judgement->query;
    struct image_ref ref = {0};
    struct slice name = {0};

    TRY(image_ref_parse_pull(&out->arena, query_value(query, SLICE("fromImage")),
                             query_value(query, SLICE("tag")), &ref));
    if (judgement->policy->scope.foreign_count == 0 || gives_up(judgement) ||
        ref.kind != IMAGE_REF_NAME || ref.digest.len > 0) {
        return 0;
    }
    // Without a tag it brings all of them.
    if (ref.tag.len == 0 && scope_names_are_others(&judgement->policy->scope, ref.repository)) {
        return scope_object(judgement, out, "pull one tag at a time",
                            "fromImage: these names belong to another scope's images");
    }
    TRY(arena_printf(&out->arena, &name, "%.*s:%.*s", SLICE_ARGS(ref.repository),
                     SLICE_ARGS(ref.tag.len > 0 ? ref.tag : SLICE("latest"))));
    return SCOPE_REFER(judgement, out, .kind = FACT_IMAGE, .name = name, .field = "fromImage",
                       .may_be_missing = true, .may_be_nobodys = true,
                       .because = "belongs to another scope, and would lose its name");
}

int scope_collect_push(struct judgement *judgement, struct decision *out)
{
    struct slice tag = query_value(judgement->query, SLICE("tag"));
    struct slice name = {0};

    if (shares(judgement)) {
        return 0;
    }
    if (tag.len == 0 && !has_tag(judgement->match.name)) {
        return scope_object(judgement, out, "push one tag at a time",
                            "images.push without a tag pushes every image of the repository");
    }
    TRY(join_tag(&out->arena, judgement->match.name, tag, &name));
    return refer_image(judgement, out, name);
}

static bool is_id_start(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return name.len >= 4 && name.len <= IMAGE_ID_BYTES;
}

/* A name without a tag saves every tag of it.   Source: moby image/tarexport/save.go. */
static int refer_saved(struct judgement *judgement, struct decision *out, struct slice name,
                       struct slice *pin)
{
    if (!has_tag(name) && !is_id_start(name)) {
        return scope_object(judgement, out, "name a tag, such as app:latest, or an id",
                            "images.save without a tag saves every image of that name");
    }
    return SCOPE_REFER(judgement, out, .kind = FACT_IMAGE, .name = name, .pin = pin,
                       .pins_path = !pin, .pins_name = true);
}

int scope_collect_save(struct judgement *judgement, struct decision *out)
{
    if (shares(judgement)) {
        return 0;
    }
    if (judgement->match.name.len > 0) {
        return refer_saved(judgement, out, judgement->match.name, NULL);
    }
    for (struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        if (slice_eq(pair->key, SLICE("names"))) {
            TRY(refer_saved(judgement, out, pair->value, &pair->value));
        }
    }
    return 0;
}

/* An archive names its images itself, and nobody has read it yet. */
int scope_collect_load(struct judgement *judgement, struct decision *out)
{
    return gives_up(judgement)
               ? 0
               : scope_object(judgement, out,
                              "set the scope's images to all, or import a file "
                              "system with docker import",
                              "images.load could take over the names of other images");
}

/*
 * With the last image that was built upon it goes an untagged one, whoever's it is. A removal can
 * say noprune; a prune can't.   Source: moby daemon/images image_prune.go, image_delete.go.
 */
int scope_collect_image_prune(struct judgement *judgement, struct decision *out)
{
    return gives_up(judgement)
               ? 0
               : scope_object(
                     judgement, out, "remove images one by one, or set the scope's images to all",
                     "images.prune could remove images that other scopes' images are built on");
}

/* One that is there already is what its steps may be taken from: scope_cache.c. */
static int refer_built(struct judgement *judgement, struct decision *out, struct slice name)
{
    struct slice *id = arena_alloc(&out->arena, sizeof(*id));

    TRY_ALLOC(id);
    *id = (struct slice){0};
    return refer_name(judgement, out, "t", name, id);
}

int scope_collect_build(struct judgement *judgement, struct decision *out)
{
    for (struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        if (slice_eq(pair->key, SLICE("t")) && pair->value.len > 0) {
            TRY(refer_built(judgement, out, pair->value));
        } else if (slice_eq(pair->key, SLICE("networkmode"))) {
            TRY(scope_refer_network_mode(judgement, out, "networkmode", &pair->value, true));
        }
    }
    return 0;
}

int scope_collect_commit(struct judgement *judgement, struct decision *out)
{
    for (struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        if (slice_eq(pair->key, SLICE("container"))) {
            TRY(SCOPE_REFER(judgement, out, .kind = FACT_CONTAINER, .name = pair->value,
                            .pin = &pair->value));
        }
    }
    return scope_collect_target(judgement, out);
}
