/*
 * See redact.h. Sources: moby api/types (ContainerJSON, ImageInspect, BuildCache), api/types/image
 * (HistoryResponseItem), api/types/swarm (ContainerSpec), api/types/plugin.
 */
#include "docker/objects/redact.h"

#include <errno.h>

#include "base/try.h"
#include "docker/objects/instruction.h"
#include "docker/objects/redact_paths.h"
#include "docker/objects/secret.h"

#include "base/banned.h"

struct slice redacted_text(void)
{
    return SLICE("<redacted>");
}

static bool hides_variable(const struct redaction *redaction, struct slice name, struct slice value)
{
    switch (redaction->env) {
    case REDACT_ENV_NONE:
        return false;
    case REDACT_ENV_SECRETS:
        return secret_name(name) || secret_value(value);
    case REDACT_ENV_ALL:
        break;
    }
    return true;
}

/* "NAME=value"; without '=' there is nothing to hide. */
static int hide_variable(const struct redaction *redaction, struct json *entry)
{
    struct slice name = {0};
    struct slice value = {0};

    if (!slice_cut(entry->text, '=', &name, &value) || value.len == 0 ||
        !hides_variable(redaction, name, value)) {
        return 0;
    }
    return arena_join(redaction->arena, ARENA_PARTS(name, SLICE("="), redacted_text()),
                      &entry->text);
}

/* A plugin's: {"Name": …, "Value": …}. */
static int hide_plugin_variable(const struct redaction *redaction, const struct json *entry)
{
    const struct json *name = json_member(entry, SLICE("Name"));
    struct json *value = json_member(entry, SLICE("Value"));

    if (!value || value->type == JSON_NULL) {
        return 0;
    }
    if (!name || name->type != JSON_STRING || value->type != JSON_STRING) {
        return -EBADMSG;
    }
    if (value->text.len > 0 && hides_variable(redaction, name->text, value->text)) {
        value->text = redacted_text();
    }
    return 0;
}

static int hide_environment(const struct redaction *redaction, struct json *list)
{
    if (list->type == JSON_NULL) {
        return 0;
    }
    if (list->type != JSON_ARRAY) {
        return -EBADMSG;
    }
    for (struct json *entry = list->child; entry; entry = entry->next) {
        if (entry->type == JSON_STRING) {
            TRY(hide_variable(redaction, entry));
        } else {
            TRY(entry->type == JSON_OBJECT ? hide_plugin_variable(redaction, entry) : -EBADMSG);
        }
    }
    return 0;
}

static bool hides_all(const struct redaction *redaction)
{
    return redaction->env == REDACT_ENV_ALL;
}

static int cut_instruction(const struct redaction *redaction, struct json *entry)
{
    size_t shown = instruction_shown(entry->text, hides_all(redaction));

    if (shown < entry->text.len) {
        TRY(arena_join(redaction->arena,
                       ARENA_PARTS(slice_head(entry->text, shown), redacted_text()), &entry->text));
    }
    // "git clone https://token@host": no variable, but no better for that.
    if (secret_value(entry->text)) {
        entry->text = redacted_text();
    }
    return 0;
}

/* One instruction, or a list of them or of the words of one. */
static int cut_instructions(const struct redaction *redaction, struct json *member)
{
    if (member->type == JSON_STRING) {
        return cut_instruction(redaction, member);
    }
    if (member->type != JSON_ARRAY && member->type != JSON_NULL) {
        return -EBADMSG;
    }
    for (struct json *entry = member->child; entry; entry = entry->next) {
        TRY(entry->type == JSON_STRING ? cut_instruction(redaction, entry) : -EBADMSG);
    }
    return 0;
}

/* Of an image: what its last layer was made by, as in its history. */
static int cut_last_instruction(const struct redaction *redaction, const struct json *config)
{
    struct json *words = json_member(config, SLICE("Cmd"));

    return words ? cut_instructions(redaction, words) : 0;
}

/* A record of the build cache says how it was made; a plugin says in words what it is for. */
static bool is_cache_record(const struct json *object)
{
    return json_member(object, SLICE("UsageCount")) != NULL;
}

static int hide_variables(const struct redaction *redaction, const struct json *object,
                          struct json *member)
{
    // A plugin of a service has it in small letters; so may a label, which is no list.
    if (slice_eq(member->name, SLICE("Env")) ||
        (slice_eq(member->name, SLICE("env")) && member->type == JSON_ARRAY)) {
        return hide_environment(redaction, member);
    }
    if (slice_eq(member->name, SLICE("ContainerConfig"))) {
        return cut_last_instruction(redaction, member);
    }
    if (slice_eq(member->name, SLICE("OnBuild")) || slice_eq(member->name, SLICE("CreatedBy")) ||
        (slice_eq(member->name, SLICE("Description")) && is_cache_record(object))) {
        return cut_instructions(redaction, member);
    }
    return 0;
}

static int hide_member(const struct redaction *redaction, const struct json *object,
                       struct json *member)
{
    if (redaction->env != REDACT_ENV_NONE) {
        TRY(hide_variables(redaction, object, member));
    }
    return redaction->host_paths ? redact_path_member(redaction->arena, member) : 0;
}

static int redact_node(const struct redaction *redaction, struct json *node, size_t depth)
{
    // Two more than are read: what a part of an answer is put into.
    if (depth > JSON_MAX_DEPTH + 2) {
        return -EBADMSG;
    }
    if (node->type == JSON_OBJECT) {
        if (redaction->spares && redaction->spares(redaction->context, node)) {
            return 0;
        }
        TRY(redaction->host_paths ? redact_mount(node) : 0);
    }
    for (struct json *child = node->child; child; child = child->next) {
        TRY(node->type == JSON_OBJECT ? hide_member(redaction, node, child) : 0);
        if (child->child) {
            TRY(redact_node(redaction, child, depth + 1));
        }
    }
    return 0;
}

int redact_answer(const struct redaction *redaction, struct json *tree)
{
    return redact_node(redaction, tree, 0);
}
