/*
 * Labels that say whose an object is. A client may say what is true of it, nobody may say
 * anything else, in whatever spelling; what it leaves out is written in.
 */
#include <errno.h>

#include "base/buf.h"
#include "base/try.h"
#include "policy/lookup/judgement.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "policy/model/violation.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

enum { QUERY_TEXT_BYTES = 256 * 1024 };

static bool is_reserved(const struct scope *scope, struct slice key)
{
    for (size_t i = 0; i < scope->reserved.count; i++) {
        if (json_name_folds_to(key, scope->reserved.item[i])) {
            return true;
        }
    }
    return false;
}

static bool may_say(const struct scope *scope, struct slice key, struct slice value)
{
    const struct string_pair *label = scope->on ? scope_label(scope, key) : NULL;

    if (label) {
        return slice_eq(key, label->key) && slice_eq(value, label->value);
    }
    // An empty value is nobody's: scope_write_foreign() gives it, and clients copy what they see.
    return value.len == 0 || !is_reserved(scope, key);
}

/* Enough to be read; thousands would each be put behind the one before. */
static bool is_enough(const struct decision *out)
{
    size_t count = 0;

    for (const struct violation *v = out->violations; v; v = v->next) {
        count += slice_eq(slice_from(v->rule), SLICE("scope"));
    }
    return count >= RULE_MAX_OBJECTIONS;
}

int scope_check_labels(const struct judgement *judgement, struct decision *out, const char *field,
                       const struct json *labels)
{
    if (!labels || labels->type != JSON_OBJECT) {
        return 0;
    }
    for (const struct json *label = labels->child; label; label = label->next) {
        struct slice key = {0};

        if (may_say(&judgement->policy->scope, label->name, label->text)) {
            continue;
        }
        if (is_enough(out)) {
            return 0;
        }
        TRY(show_text(&out->arena, label->name, &key));
        TRY(scope_object(judgement, out, "remove it; sockade adds the scope's labels itself",
                         "%s: the label \"%.*s\" marks the owner of an object", field,
                         SLICE_ARGS(key)));
    }
    return 0;
}

static int write_labels(const struct judgement *judgement, struct arena *arena, struct json *labels)
{
    const struct string_map *own = &judgement->policy->scope.labels;

    for (size_t i = 0; labels && i < own->count; i++) {
        // Where nothing is enforced, what the client says stands.
        if (json_member(labels, own->item[i].key)) {
            continue;
        }
        struct json *value = json_new_string(arena, own->item[i].value);

        TRY_ALLOC(value);
        json_set(labels, own->item[i].key, value);
    }
    return labels ? 0 : -ENOMEM;
}

int scope_write_labels(const struct judgement *judgement, struct arena *arena, struct json *object)
{
    return write_labels(judgement, arena, spec_member(arena, object, SLICE("Labels"), JSON_OBJECT));
}

/* A key that `labels` lacks to be those of an object inside, or NULL: it says itself what it is. */
static const struct slice *missing_key(const struct string_map *foreign, const struct json *labels)
{
    const struct slice *missing = NULL;

    for (size_t i = 0; i < foreign->count; i++) {
        const struct json *said = json_member(labels, foreign->item[i].key);

        if (!said) {
            missing = &foreign->item[i].key;
        } else if (!slice_eq(said->text, foreign->item[i].value)) {
            return NULL; // and what it says is what counts
        }
    }
    return missing;
}

int scope_write_foreign(const struct judgement *judgement, struct arena *arena, struct json *object)
{
    const struct scope *scope = &judgement->policy->scope;
    struct json *labels = object && scope->foreign_count > 0
                              ? spec_member(arena, object, SLICE("Labels"), JSON_OBJECT)
                              : NULL;

    for (size_t i = 0; object && i < scope->foreign_count; i++) {
        TRY_ALLOC(labels);
        const struct slice *key = missing_key(&scope->foreign[i], labels);

        if (key) {
            struct json *nobody = json_new_string(arena, (struct slice){"", 0});

            TRY_ALLOC(nobody);
            json_set(labels, *key, nobody);
        }
    }
    return 0;
}

int scope_write_body(struct judgement *judgement, struct decision *out)
{
    // A volume may be asked for without a body.
    if (!judgement->tree) {
        judgement->tree = json_new(&out->arena, JSON_OBJECT);
        judgement->read = judgement->match.route->body;
    }
    return scope_write_labels(judgement, &out->arena, judgement->tree);
}

struct query_pair *scope_find_pair(const struct judgement *judgement, struct slice key)
{
    struct query_pair *pair = judgement->query;

    while (pair && !slice_eq(pair->key, key)) {
        pair = pair->next;
    }
    return pair;
}

int scope_read_pair(const struct query_pair *pair, struct arena *arena, struct json **out)
{
    struct json_problem why = {0};
    struct json *object = NULL;

    TRY(pair && pair->value.len > 0 ? json_read(pair->value, arena, &object, &why) : 0);
    if (!object || object->type == JSON_NULL) {
        object = json_new(arena, JSON_OBJECT);
    }
    TRY_ALLOC(object);
    if (object->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    *out = object;
    return 0;
}

int scope_write_json(struct arena *arena, const struct json *object, struct slice *out)
{
    CLEANUP(buf_deinit) struct buf text = {0};

    buf_init(&text, QUERY_TEXT_BYTES);
    int err = json_write(&text, object);

    return err < 0 ? -ENOMEM : arena_copy(arena, buf_slice(&text), out);
}

int scope_add_pair(struct judgement *judgement, struct arena *arena, struct slice key,
                   struct slice value)
{
    struct query_pair **tail = &judgement->query;
    struct query_pair *pair = arena_alloc(arena, sizeof(*pair));

    TRY_ALLOC(pair);
    *pair = (struct query_pair){.key = key, .value = value};
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = pair;
    return 0;
}

void scope_drop_pairs(struct judgement *judgement, struct slice key)
{
    for (struct query_pair **link = &judgement->query; *link;) {
        if (slice_eq((*link)->key, key)) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

int scope_set_pair(struct judgement *judgement, struct arena *arena, struct slice key,
                   struct slice value)
{
    struct query_pair *pair = scope_find_pair(judgement, key);

    if (pair) {
        pair->value = value;
        return 0;
    }
    return scope_add_pair(judgement, arena, key, value);
}

/* The build's `labels`: an object of strings, or nothing. -EBADMSG for anything else. */
static int read_build_labels(const struct judgement *judgement, struct arena *arena,
                             struct json **out)
{
    struct json *labels = NULL;

    TRY(scope_read_pair(scope_find_pair(judgement, SLICE("labels")), arena, &labels));
    for (const struct json *label = labels->child; label; label = label->next) {
        if (label->type != JSON_STRING) {
            return -EBADMSG;
        }
    }
    *out = labels;
    return 0;
}

int scope_check_build(struct judgement *judgement, struct decision *out)
{
    struct json *labels = NULL;
    int err = read_build_labels(judgement, &out->arena, &labels);

    if (err == -EBADMSG) {
        return scope_object(judgement, out, NULL, "labels: must be an object of strings");
    }
    return err < 0 ? err : scope_check_labels(judgement, out, "labels", labels);
}

/* The engine puts these behind the Dockerfile's own, so they win.   Source: builder/dockerfile. */
int scope_write_build(struct judgement *judgement, struct decision *out)
{
    struct json *labels = NULL;
    struct slice written = {0};
    int err = read_build_labels(judgement, &out->arena, &labels);

    if (err == -EBADMSG) {
        return 0; // objected to, and this policy lets it pass
    }
    if (err == 0) {
        err = write_labels(judgement, &out->arena, labels);
    }
    if (err == 0) {
        err = scope_write_json(&out->arena, labels, &written);
    }
    return err < 0 ? -ENOMEM : scope_set_pair(judgement, &out->arena, SLICE("labels"), written);
}

static bool contains_folded(struct slice text, struct slice part)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (json_name_folds_to(slice_head(slice_from_index(text, at), part.len), part)) {
            return true;
        }
    }
    return false;
}

/* The instruction that says whose an image is. */
static int own_change(const struct scope *scope, struct arena *arena, struct slice *out)
{
    struct slice change = SLICE("LABEL");

    for (size_t i = 0; i < scope->labels.count; i++) {
        // load_scope.c has seen to it that neither needs an escape.
        TRY(arena_printf(arena, &change, "%.*s \"%.*s\"=\"%.*s\"", SLICE_ARGS(change),
                         SLICE_ARGS(scope->labels.item[i].key),
                         SLICE_ARGS(scope->labels.item[i].value)));
    }
    *out = change;
    return 0;
}

/* Of the Dockerfile instructions in `changes`: one that a reader would take for a claim. */
static bool claims(const struct scope *scope, struct slice change)
{
    for (size_t i = 0; i < scope->labels.count && scope->on; i++) {
        if (contains_folded(change, scope->labels.item[i].key)) {
            return true;
        }
    }
    for (size_t i = 0; i < scope->reserved.count; i++) {
        if (contains_folded(change, scope->reserved.item[i])) {
            return true;
        }
    }
    return false;
}

/*
 * The engine joins the changes with line ends, and a line that ends in its escape character
 * goes on in the next, which is ours.   Source: moby builder/dockerfile, BuildFromConfig.
 */
static bool swallows_next(struct slice change)
{
    struct slice end = slice_trim(change);

    for (size_t i = 0; i < change.len; i++) {
        if (change.ptr[i] == '\n' || change.ptr[i] == '\r') {
            return true;
        }
    }
    return slice_ends_with(end, SLICE("\\")) || slice_ends_with(end, SLICE("`"));
}

int scope_check_changes(struct judgement *judgement, struct decision *out)
{
    const struct scope *scope = &judgement->policy->scope;
    struct slice own = {0};
    int err = own_change(scope, &out->arena, &own);

    for (const struct query_pair *pair = judgement->query; pair && err == 0; pair = pair->next) {
        if (!slice_eq(pair->key, SLICE("changes")) || (scope->on && slice_eq(pair->value, own))) {
            continue;
        }
        if (claims(scope, pair->value)) {
            err = scope_object(judgement, out, "remove it; sockade adds the scope's labels itself",
                               "changes: the label marks the owner of an image");
        } else if (scope->on && swallows_next(pair->value)) {
            err =
                scope_object(judgement, out, "send each instruction as a separate change",
                             "changes: a change has several lines, or ends in an escape character");
        }
    }
    return err;
}

/* The last instruction wins, also over a variable that expands to the label's name. */
int scope_write_changes(struct judgement *judgement, struct decision *out)
{
    struct query_pair *last = NULL;
    struct slice own = {0};
    int err = own_change(&judgement->policy->scope, &out->arena, &own);

    for (struct query_pair *pair = judgement->query; pair; pair = pair->next) {
        last = slice_eq(pair->key, SLICE("changes")) ? pair : last;
    }
    if (err < 0 || (last && slice_eq(last->value, own))) {
        return err;
    }
    return scope_add_pair(judgement, &out->arena, SLICE("changes"), own);
}
