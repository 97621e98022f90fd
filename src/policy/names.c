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
#include "policy/internal.h"

#include "base/banned.h"

enum { NAME_MIN_DIGITS = 5, ID_DIGITS = 64, SWARM_ID_DIGITS = 25, NAME_MAX_LOOKUPS = 16 };

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

static bool is_swarms(enum fact_kind kind)
{
    return kind == FACT_SERVICE || kind == FACT_SECRET || kind == FACT_CONFIG;
}

/*
 * Whether an id of that kind may begin so. Shorter names are words that are in use ("db", "cafe"),
 * and on a large host some id begins with nearly each of them.
 */
static bool may_begin_an_id(enum fact_kind kind, struct slice name)
{
    char last = is_swarms(kind) ? 'z' : 'f';
    size_t longest = is_swarms(kind) ? SWARM_ID_DIGITS : ID_DIGITS;

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

bool name_is_written_like_an_id(const struct given_name *given)
{
    // Networks are called so (Testcontainers' are 12 random digits); nobody knows their ids before.
    bool is_short = given->digits.len == NAME_SHORT_ID_DIGITS && given->kind != FACT_NETWORK;

    return !is_swarms(given->kind) && (is_short || given->digits.len == ID_DIGITS);
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

static enum object_kind object_of(enum fact_kind kind)
{
    if (kind == FACT_IMAGE) {
        return OBJECT_IMAGE;
    }
    if (kind == FACT_NETWORK) {
        return OBJECT_NETWORK;
    }
    return is_swarms(kind) ? OBJECT_SWARM : OBJECT_CONTAINER;
}

/* Where the engine isn't part of a swarm, it says so itself.   Source: moby daemon/cluster/errors.
 */
static bool has_no_swarm(const struct given_name *given)
{
    return is_swarms(given->kind) && (given->fact->status == 503 || given->fact->status == 406);
}

/* An answer without an id is about nothing that could be meant by one. */
static bool shows_no_id(struct arena *arena, struct slice body)
{
    struct json_problem why = {0};
    struct json *tree = NULL;

    return json_read_answer(body, arena, &tree, &why) == 0 && tree->type == JSON_OBJECT &&
           !json_member(tree, SLICE("Id")) && !json_member(tree, SLICE("ID"));
}

int name_meaning(struct arena *arena, const struct given_name *given, enum name_meaning *out)
{
    const struct fact *fact = given->fact;
    struct object_answer answer = {0};

    *out = NAME_UNKNOWN;
    if (!fact || fact->status == 0) {
        return 0;
    }
    if (fact->status == 404 || has_no_swarm(given)) {
        *out = NAME_FREE;
        return 0;
    }
    if (fact->status != 200) {
        return 0; // the beginning of several, in most engines' words
    }
    int err = object_answer_read(fact->body, arena, object_of(given->kind), &answer);

    if (err < 0) {
        *out = err == -EBADMSG && shows_no_id(arena, fact->body) ? NAME_FREE : NAME_UNKNOWN;
        return err == -EBADMSG ? 0 : err;
    }
    struct slice id =
        slice_starts_with(answer.id, SLICE("sha256:")) ? slice_from_index(answer.id, 7) : answer.id;

    *out = slice_starts_with(id, given->digits) ? NAME_BEGINS_AN_ID : NAME_FREE;
    return 0;
}
