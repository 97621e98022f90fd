/*
 * The templates of a service. Swarm fills them in inside the engine, outside any
 * container's limits, and the template language has loops and a printf that pads: a few
 * bytes make as much text as they like. What is documented and harmless passes, fields
 * and an index into labels: {{.Node.Hostname}}, {{index .Service.Labels "a.b"}}. Not many of
 * them, since each can be a label of nearly the body's length.
 * Source: swarmkit template/expand.go; Go text/template.
 */
#include "base/ascii.h"
#include "base/try.h"
#include "docker/tables/fields.h"
#include "docker/tables/service_parts.h"

#include "base/banned.h"

enum { MAX_ACTIONS = 64 };

struct check {
    struct spec_reader *reader;
    size_t actions;
};

/* What stands between the braces. No parentheses, pipes, variables or functions but index. */
static bool is_plain_action(struct slice action)
{
    action = slice_trim(action);
    bool index = slice_starts_with(action, SLICE("index ."));
    bool quoted = false;

    if (!index && !slice_starts_with(action, SLICE("."))) {
        return false;
    }
    for (size_t i = 0; i < action.len; i++) {
        char c = action.ptr[i];
        bool in_index = index && (c == ' ' || c == '"' || c == '-' || c == '/');

        if (!ascii_is_alphanumeric(c) && c != '.' && c != '_' && !in_index) {
            return false;
        }
        quoted = quoted != (c == '"');
    }
    return !quoted; // an open quote would reach over the braces that end it here
}

static size_t find_pair(struct slice text, char brace)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] == brace && text.ptr[i + 1] == brace) {
            return i;
        }
    }
    return text.len;
}

static bool service_templates_is_harmless(struct check *check, struct slice text)
{
    size_t start = find_pair(text, '{');

    while (start < text.len) {
        struct slice action = slice_from_index(text, start + 2);
        size_t end = find_pair(action, '}');

        if (end == action.len || !is_plain_action(slice_head(action, end))) {
            return false;
        }
        check->actions++;
        text = slice_from_index(action, end + 2);
        start = find_pair(text, '{');
    }
    return true;
}

/* `node`, a string or a list or map of strings. */
static int service_templates_check_text(struct check *check, const struct json *node,
                                        struct slice field)
{
    bool harmless = !node || service_templates_is_harmless(check, node->text);

    for (const struct json *child = node ? node->child : NULL; child && harmless;
         child = child->next) {
        harmless = service_templates_is_harmless(check, child->text);
    }
    if (!harmless) {
        return spec_report(check->reader, SPEC_PROBLEM_REFUSED, field,
                           "has a template that contains more than fields");
    }
    return 0;
}

static int check_networks(struct check *check, const struct json *list, struct slice field)
{
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        TRY(service_templates_check_text(check, json_member(entry, SLICE("Aliases")), field));
        TRY(service_templates_check_text(check, json_member(entry, SLICE("DriverOpts")), field));
    }
    return 0;
}

/* Sources, targets and options of mounts hold none at all: container_mounts.c. */
static int check_mounts(struct check *check, const struct json *list)
{
    for (const struct json *entry = list ? list->child : NULL; entry; entry = entry->next) {
        const struct json *options = json_member(entry, SLICE("VolumeOptions"));

        TRY(service_templates_check_text(check, json_member(options, SLICE("Labels")),
                                         SLICE(CONTAINER "Mounts")));
    }
    return 0;
}

static int check_container(struct check *check, const struct json *container)
{
    TRY(service_templates_check_text(check, json_member(container, SLICE("Env")),
                                     SLICE(CONTAINER "Env")));
    TRY(service_templates_check_text(check, json_member(container, SLICE("Hostname")),
                                     SLICE(CONTAINER "Hostname")));
    return check_mounts(check, json_member(container, SLICE("Mounts")));
}

int service_templates_check(struct spec_reader *reader, const struct container_spec *spec)
{
    struct check check = {.reader = reader};

    TRY(check_container(&check, spec->config));
    TRY(check_networks(&check, service_task_member(spec, SLICE("Networks")),
                       SLICE(TASK "Networks")));
    TRY(check_networks(&check, json_member(spec->tree, SLICE("Networks")), SLICE("Networks")));
    if (check.actions > MAX_ACTIONS) {
        TRY(spec_report(reader, SPEC_PROBLEM_REFUSED, SLICE("TaskTemplate"),
                        "has more than 64 templates"));
    }
    return 0;
}
