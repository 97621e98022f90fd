/*
 * See object_answer.h.
 */
#include "docker/objects/object_answer.h"

#include <errno.h>

#include "base/try.h"
#include "docker/objects/container_answer.h"
#include "docker/tables/fields.h"

#include "base/banned.h"

const struct json *object_labels(const struct json *object)
{
    static const struct slice holders[] = {SLICE_INIT("Config"), SLICE_INIT("Spec")};
    const struct json *labels = json_member(object, SLICE("Labels"));

    for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]) && !labels; i++) {
        labels = json_member(json_member(object, holders[i]), SLICE("Labels"));
    }
    return labels;
}

/* An absent or null one is empty. */
static int object_answer_read_text(const struct json *object, struct slice name, struct slice *out)
{
    const struct json *node = json_member(object, name);

    if (!node || node->type == JSON_NULL) {
        *out = (struct slice){0};
        return 0;
    }
    // It becomes part of a path, or of what a person is shown.
    if (node->type != JSON_STRING || slice_find(node->text, '\0') < node->text.len) {
        return -EBADMSG;
    }
    *out = node->text;
    return 0;
}

static int object_answer_read_labels(const struct json *object, struct arena *arena,
                                     struct string_map *out)
{
    const struct json *labels = object_labels(object);

    if (!labels || labels->type == JSON_NULL) {
        *out = (struct string_map){0};
        return 0;
    }
    if (labels->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    for (const struct json *label = labels->child; label; label = label->next) {
        if (label->type != JSON_STRING) {
            return -EBADMSG;
        }
    }
    return field_string_map(arena, labels, out);
}

/* The names of an object's members that `wanted` takes. */
static int object_answer_read_names(const struct json *object, struct arena *arena,
                                    bool (*wanted)(const struct json *member),
                                    struct string_list *out)
{
    struct slice *item = arena_alloc(arena, field_count(object) * sizeof(*item));
    struct string_list list = {.item = item, .present = object != NULL};

    TRY_ALLOC(item);
    for (const struct json *member = object ? object->child : NULL; member; member = member->next) {
        if (wanted(member)) {
            item[list.count] = member->name;
            list.count++;
        }
    }
    *out = list;
    return 0;
}

static bool is_loose(const struct json *network)
{
    const struct json *id = json_member(network, SLICE("NetworkID"));

    // Podman has no other id there than the name, and goes by that at each start.
    return !id || id->type != JSON_STRING || id->text.len == 0 || slice_eq(id->text, network->name);
}

static bool is_any(const struct json *member)
{
    (void)member;
    return true;
}

static const struct json *object_member(const struct json *object, struct slice name)
{
    const struct json *node = json_member(object, name);

    return node && node->type == JSON_OBJECT ? node : NULL;
}

/* Absent, null or out of range is 0. */
static pid_t read_pid(const struct json *tree)
{
    const struct json *pid = json_member(json_member(tree, SLICE("State")), SLICE("Pid"));
    int64_t number = 0;

    return pid && json_int64(pid, &number) == 0 && number > 0 && number <= INT32_MAX ? (pid_t)number
                                                                                     : 0;
}

/* It goes into paths and names that are sent: nothing that means something else there. */
static bool is_plain_id(struct slice id, enum object_kind kind)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        bool digest = kind == OBJECT_IMAGE && c == ':';

        if (!plain && (i == 0 || (!digest && c != '-' && c != '_' && c != '.'))) {
            return false;
        }
    }
    return id.len > 0;
}

/* "container:ID", of its namespaces. */
static int object_answer_read_joined(const struct json *host_config, struct arena *arena,
                                     struct string_list *out)
{
    static const struct slice modes[] = {SLICE_INIT("NetworkMode"), SLICE_INIT("PidMode"),
                                         SLICE_INIT("IpcMode"),     SLICE_INIT("UTSMode"),
                                         SLICE_INIT("UsernsMode"),  SLICE_INIT("CgroupnsMode"),
                                         SLICE_INIT("Cgroup")};
    static const struct slice prefix = SLICE_INIT("container:");
    enum { MODES = sizeof(modes) / sizeof(modes[0]) };
    struct slice *item = arena_alloc(arena, MODES * sizeof(*item));
    struct string_list list = {.item = item, .present = true};

    TRY_ALLOC(item);
    for (size_t i = 0; i < MODES; i++) {
        struct slice mode = host_config ? field_string(host_config, modes[i]) : (struct slice){0};

        if (slice_starts_with(mode, prefix)) {
            item[list.count] = slice_from_index(mode, prefix.len);
            list.count++;
        }
    }
    *out = list;
    return 0;
}

static int object_answer_read_container(const struct json *tree, struct arena *arena,
                                        struct object_answer *out)
{
    const struct json *settings = json_member(tree, SLICE("NetworkSettings"));

    TRY(object_answer_read_text(tree, SLICE("Id"), &out->id));
    TRY(object_answer_read_text(tree, SLICE("Name"), &out->name));
    TRY(object_answer_read_text(tree, SLICE("Image"), &out->image));
    if (!is_plain_id(out->image, OBJECT_IMAGE)) {
        out->image = (struct slice){0};
    }
    out->pid = read_pid(tree);
    out->left_by_build = container_is_left_by_build(tree);
    TRY(object_answer_read_joined(object_member(tree, SLICE("HostConfig")), arena, &out->joined));
    TRY(object_answer_read_names(object_member(settings, SLICE("Networks")), arena, is_any,
                                 &out->networks));
    return object_answer_read_names(object_member(settings, SLICE("Networks")), arena, is_loose,
                                    &out->loose_networks);
}

static int object_answer_read_image(const struct json *tree, struct arena *arena,
                                    struct object_answer *out)
{
    const struct json *config = json_member(tree, SLICE("Config"));

    TRY(object_answer_read_text(tree, SLICE("Id"), &out->id));
    return object_answer_read_names(object_member(config, SLICE("Volumes")), arena, is_any,
                                    &out->volume_targets);
}

static int read_kind(const struct json *tree, struct arena *arena, enum object_kind kind,
                     struct object_answer *out)
{
    switch (kind) {
    case OBJECT_CONTAINER:
        return object_answer_read_container(tree, arena, out);
    case OBJECT_IMAGE:
        return object_answer_read_image(tree, arena, out);
    case OBJECT_NETWORK:
        TRY(object_answer_read_text(tree, SLICE("Id"), &out->id));
        return object_answer_read_text(tree, SLICE("Name"), &out->name);
    case OBJECT_VOLUME:
        TRY(object_answer_read_text(tree, SLICE("Name"), &out->name));
        out->id = out->name;
        return 0;
    case OBJECT_SWARM:
        TRY(object_answer_read_text(tree, SLICE("ID"), &out->id));
        out->name = field_string(json_member(tree, SLICE("Spec")), SLICE("Name"));
        return 0;
    case OBJECT_TASK:
        TRY(object_answer_read_text(tree, SLICE("ID"), &out->id));
        return object_answer_read_text(tree, SLICE("ServiceID"), &out->service);
    }
    return -EBADMSG;
}

int object_answer_read(struct slice body, struct arena *arena, enum object_kind kind,
                       struct object_answer *out)
{
    struct object_answer answer = {0};
    struct json *tree = NULL;

    // A label that holds NUL must not make its object one that nobody owns and nobody can remove.
    TRY(json_read_shown(body, arena, &tree));
    TRY(tree->type == JSON_OBJECT ? read_kind(tree, arena, kind, &answer) : -EBADMSG);
    if (answer.id.len == 0 || (kind != OBJECT_VOLUME && !is_plain_id(answer.id, kind))) {
        return -EBADMSG;
    }
    TRY(object_answer_read_labels(tree, arena, &answer.labels));
    *out = answer;
    return 0;
}
