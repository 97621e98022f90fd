/*
 * The names that a request gives to what it makes. An engine takes the beginning of an id in the
 * place of a name, so a name that looks like one may get between others and their objects:
 * images go by name first, containers, networks and swarm's objects by their whole id, then
 * by name, then by the beginning of an id.
 * Source: moby daemon/container.go GetContainer, daemon/network.go FindNetwork,
 * daemon/images/image.go GetImage, daemon/cluster/helpers.go; tried with 20.10, 26.1 and Podman
 * 5.4. Volumes have no ids.
 */
#include <errno.h>

#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/lookup/lookup.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

#include "base/banned.h"

enum { NAME_MIN_DIGITS = 5, SWARM_ID_DIGITS = 25, NAME_MAX_LOOKUPS = 16 };

struct name_row {
    enum operation operation;
    enum fact_kind kind; /* of what gets the name */
    bool body;           /* or a key of the query, which may be repeated */
    const char *key;
};

// clang-format off
static const struct name_row rows[] = {
    {OP_CONTAINERS_CREATE, FACT_CONTAINER, false, "name"},
    {OP_CONTAINERS_RENAME, FACT_CONTAINER, false, "name"},
    {OP_CONTAINERS_COMMIT, FACT_IMAGE,     false, "repo"},
    {OP_IMAGES_TAG,        FACT_IMAGE,     false, "repo"},
    {OP_IMAGES_IMPORT,     FACT_IMAGE,     false, "repo"},
    {OP_BUILD_CLASSIC,     FACT_IMAGE,     false, "t"},
    {OP_BUILD_BUILDKIT,    FACT_IMAGE,     false, "t"},
    {OP_NETWORKS_CREATE,   FACT_NETWORK,   true,  "Name"},
    {OP_SERVICES_CREATE,   FACT_SERVICE,   true,  "Name"},
    {OP_SECRETS_CREATE,    FACT_SECRET,    true,  "Name"},
    {OP_CONFIGS_CREATE,    FACT_CONFIG,    true,  "Name"},
};
// clang-format on

/*
 * Whether an id of that kind may begin so. Shorter names are words that are in use ("db", "cafe"),
 * and on a large host some id begins with nearly each of them.
 */
static bool may_begin_an_id(enum fact_kind kind, struct slice name)
{
    char last = fact_is_swarms(kind) ? 'z' : 'f';
    size_t longest = fact_is_swarms(kind) ? SWARM_ID_DIGITS : NAME_ID_DIGITS;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= last))) {
            return false;
        }
    }
    return name.len >= NAME_MIN_DIGITS && name.len <= longest;
}

/*
 * What of an image's name stands where an id would: of "docker.io/library/cafe:1" it is "cafe".
 * Podman looks for a name without a registry at other registries' as well, localhost's first.
 */
static int read_image_name(const struct judgement *judgement, struct slice text,
                           struct arena *arena, struct slice *out)
{
    struct slice tag = query_value(judgement->query, SLICE("tag"));
    struct image_ref ref = {0};
    struct slice registry = {0};
    struct slice path = {0};

    TRY(image_ref_parse(arena, text, &ref));
    if (ref.kind == IMAGE_REF_ID) {
        *out = text;
        return 0;
    }
    slice_cut(ref.repository, '/', &registry, &path);
    if (slice_eq(registry, SLICE("docker.io")) && slice_starts_with(path, SLICE("library/"))) {
        path = slice_from_index(path, sizeof("library/") - 1);
    } else if (!engine_may_be(&judgement->engine, ENGINE_PODMAN)) {
        path = (struct slice){0};
    }
    // "sha256:cafe" is how an id may be written.
    *out = !slice_eq(path, SLICE("sha256")) ? path : tag.len > 0 ? tag : ref.tag;
    return 0;
}

static int add_name(struct judgement *judgement, const struct name_row *row, struct slice text,
                    struct arena *arena)
{
    struct given_name **tail = &judgement->names;
    struct slice name = text;

    if (row->kind == FACT_IMAGE) {
        TRY(read_image_name(judgement, text, arena, &name));
    } else if (row->kind == FACT_CONTAINER && slice_starts_with(text, SLICE("/"))) {
        name = slice_from_index(text, 1);
    }
    if (!may_begin_an_id(row->kind, name)) {
        return 0;
    }
    struct given_name *given = arena_alloc(arena, sizeof(*given));

    TRY_ALLOC(given);
    *given =
        (struct given_name){.field = row->key, .kind = row->kind, .text = text, .digits = name};
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = given;
    return 0;
}

static int add_names(struct judgement *judgement, const struct name_row *row, struct arena *arena)
{
    if (row->body) {
        const struct json *name = json_member(judgement->tree, slice_from(row->key));

        return name && name->type == JSON_STRING ? add_name(judgement, row, name->text, arena) : 0;
    }
    for (const struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        if (slice_eq(pair->key, slice_from(row->key))) {
            TRY(add_name(judgement, row, pair->value, arena));
        }
    }
    return 0;
}

int names_read(struct judgement *judgement, struct decision *out)
{
    if (judgement->names || !judgement_needs(judgement, NEED_NAMES)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].operation == judgement->operation) {
            TRY(add_names(judgement, &rows[i], &out->arena));
        }
    }
    return 0;
}

int names_ask(struct judgement *judgement, struct decision *out)
{
    size_t asked = 0;

    TRY(names_read(judgement, out));
    for (struct given_name *given = judgement->names; given; given = given->next) {
        if (name_is_written_like_an_id(given) || asked++ >= NAME_MAX_LOOKUPS || given->fact) {
            continue; // the last ones have no answer, and are refused
        }
        // Nothing of the request hangs on it: one that isn't there is what is hoped for.
        TRY(fact_ask_for_scope(judgement, given->kind, given->digits, out));
        given->fact = fact_find(out, given->kind, given->digits);
    }
    return 0;
}
