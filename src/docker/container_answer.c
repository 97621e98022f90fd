/*
 * Makes a create body of an inspection and lets the tables of create read it.
 */
#include "docker/container_answer.h"

#include <errno.h>

#include "base/banned.h"

enum { ID_BYTES = 64 };

/* Members of HostConfig that say the same in an inspection as in a create. */
static const struct slice host_fields[] = {
    SLICE_INIT("Privileged"),     SLICE_INIT("CapAdd"),
    SLICE_INIT("Binds"),          SLICE_INIT("Mounts"),
    SLICE_INIT("VolumesFrom"),    SLICE_INIT("VolumeDriver"),
    SLICE_INIT("NetworkMode"),    SLICE_INIT("PidMode"),
    SLICE_INIT("IpcMode"),        SLICE_INIT("UTSMode"),
    SLICE_INIT("UsernsMode"),     SLICE_INIT("Cgroup"),
    SLICE_INIT("SecurityOpt"),    SLICE_INIT("Devices"),
    SLICE_INIT("DeviceRequests"), SLICE_INIT("DeviceCgroupRules"),
    SLICE_INIT("Sysctls"),        SLICE_INIT("CgroupParent"),
};

enum { HOST_FIELD_COUNT = sizeof(host_fields) / sizeof(host_fields[0]) };

static int new_host_config(struct arena *arena, const struct json *inspected, struct json **out)
{
    struct json *field[HOST_FIELD_COUNT];
    struct json *host_config = json_new(arena, JSON_OBJECT);

    if (!host_config) {
        return -ENOMEM;
    }
    // All are found before the first is moved, which takes it out of its list.
    for (size_t i = 0; i < HOST_FIELD_COUNT; i++) {
        field[i] = json_member(inspected, host_fields[i]);
    }
    for (size_t i = 0; i < HOST_FIELD_COUNT; i++) {
        if (field[i]) {
            json_set(host_config, host_fields[i], field[i]);
        }
    }
    *out = host_config;
    return 0;
}

static int read_spec(struct arena *arena, struct json *tree, struct container_spec *out)
{
    struct spec_reader reader = {.arena = arena, .keep_unknown = true};
    int err = container_spec_read_create(&reader, tree, out);

    for (const struct spec_problem *p = reader.problems; p && err == 0; p = p->next) {
        if (p->kind == SPEC_PROBLEM_AMBIGUOUS) {
            err = -EBADMSG;
        }
    }
    return err;
}

static bool is_id(const struct json *node)
{
    if (!node || node->type != JSON_STRING || node->text.len != ID_BYTES) {
        return false;
    }
    for (size_t i = 0; i < node->text.len; i++) {
        char c = node->text.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

static int read_parts(struct arena *arena, const struct json *inspected,
                      struct container_answer *out)
{
    const struct json *id = json_member(inspected, SLICE("Id"));
    struct json *config = json_member(inspected, SLICE("Config"));
    struct json *user = json_member(config, SLICE("User"));
    struct json *host_config = json_member(inspected, SLICE("HostConfig"));
    struct json *tree = json_new(arena, JSON_OBJECT);
    struct container_answer answer = {0};

    if (!is_id(id) || !host_config || host_config->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    if (!tree || new_host_config(arena, host_config, &host_config) < 0) {
        return -ENOMEM;
    }
    if (user) {
        json_set(tree, SLICE("User"), user);
    }
    json_set(tree, SLICE("HostConfig"), host_config);
    answer.id = id->text;
    int err = read_spec(arena, tree, &answer.spec);

    if (err == 0) {
        *out = answer;
    }
    return err;
}

int container_answer_read(struct slice body, struct arena *arena, struct container_answer *out)
{
    struct json_problem why = {0};
    struct json *inspected = NULL;
    int err = json_read(body, arena, &inspected, &why);

    if (err < 0) {
        return err;
    }
    return inspected->type == JSON_OBJECT ? read_parts(arena, inspected, out) : -EBADMSG;
}
