/*
 * What a scope hides in the engine's answers: see scope.h.
 */
#include <errno.h>

#include "base/try.h"
#include "docker/objects/redact.h"
#include "policy/model/policy_data.h"
#include "policy/model/scope_data.h"
#include "policy/response/response.h"

#include "base/banned.h"

bool scope_response_wanted(const struct policy *policy, enum operation operation)
{
    if (!policy->scope.on || policy->mode != RULE_LEVEL_DENY) {
        return false;
    }
    bool images = operation == OP_IMAGES_LIST || operation == OP_IMAGES_INSPECT ||
                  operation == OP_IMAGES_HISTORY;

    return (images && policy->scope.labels.count > 0) || operation == OP_NETWORKS_INSPECT ||
           operation == OP_VOLUMES_INSPECT || scope_filters_list(policy, operation);
}

/* Somebody else's value of the scope's labels. */
static bool is_foreign(const struct scope *scope, const struct json *label)
{
    const struct string_pair *own = scope_label(scope, label->name);

    return own && (label->type != JSON_STRING || !slice_eq(label->text, own->value));
}

static void strip_labels(const struct scope *scope, struct json *labels)
{
    struct json **link = &labels->child;

    while (*link) {
        if (is_foreign(scope, *link)) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

/* What follows the key: ="own" in one of the two ways in which an instruction is written. */
static bool says_own(struct arena *arena, const struct string_pair *label, struct slice rest)
{
    struct slice plain = {0};
    struct slice quoted = {0};

    if (arena_printf(arena, &plain, "=%.*s", SLICE_ARGS(label->value)) < 0 ||
        arena_printf(arena, &quoted, "\"=\"%.*s\"", SLICE_ARGS(label->value)) < 0) {
        return false;
    }
    if (slice_starts_with(rest, quoted)) {
        return true;
    }
    struct slice after = slice_from_index(rest, plain.len);

    return slice_starts_with(rest, plain) && (after.len == 0 || after.ptr[0] == ' ');
}

static bool names_foreign(const struct scope *scope, struct arena *arena, struct slice text)
{
    for (size_t i = 0; i < scope->labels.count; i++) {
        const struct string_pair *label = &scope->labels.item[i];

        for (size_t at = 0; at + label->key.len <= text.len; at++) {
            struct slice here = slice_from_index(text, at);

            if (slice_eq_nocase(slice_head(here, label->key.len), label->key) &&
                !says_own(arena, label, slice_from_index(here, label->key.len))) {
                return true;
            }
        }
    }
    return false;
}

/* Instructions repeat what LABEL said: of the history, of triggers, of the last layer. */
static void strip_instructions(const struct scope *scope, struct arena *arena, struct json *node)
{
    if (node->type == JSON_STRING && names_foreign(scope, arena, node->text)) {
        node->text = redacted_text();
    }
    for (struct json *child = node->child; child; child = child->next) {
        if (child->type == JSON_STRING && names_foreign(scope, arena, child->text)) {
            child->text = redacted_text();
        }
    }
}

static void strip_member(const struct scope *scope, struct arena *arena, struct json *member)
{
    if (member->type == JSON_OBJECT && slice_eq(member->name, SLICE("Labels"))) {
        strip_labels(scope, member);
    }
    if (slice_eq(member->name, SLICE("CreatedBy")) || slice_eq(member->name, SLICE("OnBuild"))) {
        strip_instructions(scope, arena, member);
    }
    struct json *words =
        slice_eq(member->name, SLICE("ContainerConfig")) ? json_member(member, SLICE("Cmd")) : NULL;

    if (words) {
        strip_instructions(scope, arena, words);
    }
}

static int strip_node(const struct scope *scope, struct arena *arena, struct json *node,
                      size_t depth)
{
    if (depth > JSON_MAX_DEPTH) {
        return -EBADMSG;
    }
    for (struct json *child = node->child; child; child = child->next) {
        strip_member(scope, arena, child);
        if (child->child) {
            TRY(strip_node(scope, arena, child, depth + 1));
        }
    }
    return 0;
}

/* Of a network of one's own everything may be seen. */
static int strip_network(const struct scope *scope, struct arena *arena, struct json *tree)
{
    static const struct slice members[] = {SLICE_INIT("Containers"), SLICE_INIT("Services")};

    if (tree->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    // Unless something is excluded, which who is in it may be.
    if (!scope_has_exclusions(scope) &&
        scope_holds_json(scope, json_member(tree, SLICE("Labels")))) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct json *nothing = json_new(arena, JSON_OBJECT);

        TRY_ALLOC(nothing);
        if (json_member(tree, members[i])) {
            json_set(tree, members[i], nothing);
        }
    }
    return 0;
}

/* A volume has no id: the one that was looked at may be another's of that name by now. */
static int check_volume(const struct scope *scope, const struct json *tree)
{
    bool inside =
        scope->labels.count == 0 || scope_holds_json(scope, json_member(tree, SLICE("Labels")));

    return inside && !scope_leaves_out(scope, tree) ? 0 : -EBADMSG;
}

int scope_response(const struct policy *policy, enum operation operation, struct arena *arena,
                   struct json *tree)
{
    switch (operation) {
    case OP_CONTAINERS_LIST:
    case OP_VOLUMES_LIST:
    case OP_SERVICES_LIST:
    case OP_SECRETS_LIST:
    case OP_CONFIGS_LIST:
        return 0;          // each of them is shown as it is, or not at all
    case OP_NETWORKS_LIST: // up to API 1.27 with who is in them
        return tree->type == JSON_OBJECT ? strip_network(&policy->scope, arena, tree) : 0;
    case OP_NETWORKS_INSPECT:
        return strip_network(&policy->scope, arena, tree);
    case OP_VOLUMES_INSPECT:
        return check_volume(&policy->scope, tree);
    default:
        return strip_node(&policy->scope, arena, tree, 0);
    }
}
