/*
 * See redact.h. Sources: moby api/types (ContainerJSON, ImageInspect, MountPoint),
 * api/types/swarm (ContainerSpec), api/types/mount, api/types/volume, api/types/plugin.
 */
#include "docker/redact.h"

#include <errno.h>

#include "base/try.h"
#include "docker/secret.h"

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
    return arena_printf(redaction->arena, &entry->text, "%.*s=%.*s", SLICE_ARGS(name),
                        SLICE_ARGS(redacted_text()));
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
    if (redaction->env == REDACT_ENV_NONE || list->type == JSON_NULL) {
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

/* "/host:/container:ro"; a named volume is no path of the host. */
static int hide_binds(const struct redaction *redaction, struct json *list)
{
    if (list->type == JSON_NULL) {
        return 0;
    }
    if (list->type != JSON_ARRAY) {
        return -EBADMSG;
    }
    for (struct json *entry = list->child; entry; entry = entry->next) {
        if (entry->type != JSON_STRING) {
            return -EBADMSG;
        }
        size_t colon = slice_find(entry->text, ':');

        if (slice_starts_with(entry->text, SLICE("/")) && colon < entry->text.len) {
            TRY(arena_printf(redaction->arena, &entry->text, "%.*s%.*s",
                             SLICE_ARGS(redacted_text()),
                             SLICE_ARGS(slice_from_index(entry->text, colon))));
        }
    }
    return 0;
}

static bool member_is(const struct json *object, struct slice name, struct slice text)
{
    const struct json *node = json_member(object, name);

    return node && node->type == JSON_STRING && slice_eq(node->text, text);
}

/* {"Type": "bind", "Source": "/srv", …}, as wished for and as it is. */
static int hide_mount(const struct json *object)
{
    struct json *source = json_member(object, SLICE("Source"));

    if (!source || !member_is(object, SLICE("Type"), SLICE("bind"))) {
        return 0;
    }
    if (source->type != JSON_STRING) {
        return -EBADMSG;
    }
    source->text = redacted_text();
    return 0;
}

/* A local volume that binds: {"type": "none", "o": "bind", "device": "/srv"}. */
static int hide_volume_options(const struct json *options)
{
    struct json *device = json_member(options, SLICE("device"));

    if (device && device->type != JSON_STRING) {
        return -EBADMSG;
    }
    if (device && device->text.len > 0) {
        device->text = redacted_text();
    }
    return 0;
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* The variable's name that ends at `equals`. */
static struct slice name_before(struct slice text, size_t equals)
{
    size_t from = equals;

    while (from > 0 && is_name_byte(text.ptr[from - 1])) {
        from--;
    }
    return slice_head(slice_from_index(text, from), equals - from);
}

/* Where a value ends can't be told from the text, so everything behind the '=' goes. */
static int cut_variable(const struct redaction *redaction, struct json *entry)
{
    bool all = redaction->env == REDACT_ENV_ALL;
    // Once for all of them: an image's author writes as many '=' as he likes.
    size_t url = secret_last_url(entry->text);

    for (size_t i = 0; i < entry->text.len; i++) {
        struct slice name = {0};

        if (entry->text.ptr[i] != '=') {
            continue;
        }
        name = name_before(entry->text, i);
        if (name.len > 0 &&
            (all || secret_name(name) || secret_start(slice_from_index(entry->text, i + 1)) ||
             (url > i && url < entry->text.len))) {
            return arena_printf(redaction->arena, &entry->text, "%.*s%.*s",
                                SLICE_ARGS(slice_head(entry->text, i + 1)),
                                SLICE_ARGS(redacted_text()));
        }
    }
    return 0;
}

static int cut_instruction(const struct redaction *redaction, struct json *entry)
{
    if (redaction->env == REDACT_ENV_NONE) {
        return 0;
    }
    TRY(cut_variable(redaction, entry));
    // "git clone https://token@host": no variable, but no better for that.
    if (secret_value(entry->text)) {
        entry->text = redacted_text();
    }
    return 0;
}

/* Of an image: what its last layer was made by, as in its history. */
static int cut_last_instruction(const struct redaction *redaction, const struct json *config)
{
    const struct json *words = json_member(config, SLICE("Cmd"));

    for (struct json *word = words ? words->child : NULL; word; word = word->next) {
        TRY(word->type == JSON_STRING ? cut_instruction(redaction, word) : -EBADMSG);
    }
    return 0;
}

static int hide_member(const struct redaction *redaction, struct json *member)
{
    // A plugin of a service has it in small letters; so may a label, which is no list.
    if (slice_eq(member->name, SLICE("Env")) ||
        (slice_eq(member->name, SLICE("env")) && member->type == JSON_ARRAY)) {
        return hide_environment(redaction, member);
    }
    if (slice_eq(member->name, SLICE("ContainerConfig"))) {
        return cut_last_instruction(redaction, member);
    }
    if (!redaction->host_paths) {
        return 0;
    }
    if (slice_eq(member->name, SLICE("Binds"))) {
        return hide_binds(redaction, member);
    }
    return slice_eq(member->name, SLICE("Options")) ? hide_volume_options(member) : 0;
}

static int redact_node(const struct redaction *redaction, struct json *node, size_t depth)
{
    if (depth > JSON_MAX_DEPTH) {
        return -EBADMSG;
    }
    if (node->type == JSON_OBJECT) {
        if (redaction->spares && redaction->spares(redaction->context, node)) {
            return 0;
        }
        TRY(redaction->host_paths ? hide_mount(node) : 0);
    }
    for (struct json *child = node->child; child; child = child->next) {
        TRY(node->type == JSON_OBJECT ? hide_member(redaction, child) : 0);
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

int redact_history(const struct redaction *redaction, struct json *tree)
{
    if (tree->type != JSON_ARRAY) {
        return -EBADMSG;
    }
    for (const struct json *layer = tree->child; layer; layer = layer->next) {
        struct json *by = json_member(layer, SLICE("CreatedBy"));

        if (by && by->type != JSON_STRING && by->type != JSON_NULL) {
            return -EBADMSG;
        }
        TRY(by && by->type == JSON_STRING ? cut_instruction(redaction, by) : 0);
    }
    return 0;
}
