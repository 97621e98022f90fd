/*
 * See sockade/host.h.   Source: moby api/types/system/info.go, api/types/container/container.go
 * (MountPoint); podman pkg/api/handlers/compat.
 */
#include "sockade/host.h"

#include <errno.h>

#include "base/try.h"
#include "json/json.h"

#include "base/banned.h"

static int host_answers_read_object(struct slice body, struct arena *arena, struct json **out)
{
    struct json_problem why = {0};

    TRY(json_read_answer(body, arena, out, &why));
    return (*out)->type == JSON_OBJECT ? 0 : -EBADMSG;
}

static struct slice host_answers_text_of(const struct json *object, struct slice name)
{
    const struct json *node = json_member(object, name);

    return node && node->type == JSON_STRING ? node->text : (struct slice){0};
}

int policy_engine_host_read(struct slice body, struct arena *arena, struct policy_engine_host *out)
{
    struct json *info = NULL;
    int64_t memory_bytes = 0;

    TRY(host_answers_read_object(body, arena, &info));
    const struct json *memory = json_member(info, SLICE("MemTotal"));

    if (!memory || memory->type != JSON_NUMBER || json_int64(memory, &memory_bytes) < 0 ||
        memory_bytes <= 0) {
        return -EBADMSG;
    }
    struct policy_engine_host host = {.name = host_answers_text_of(info, SLICE("Name")),
                                      .kernel = host_answers_text_of(info, SLICE("KernelVersion")),
                                      .memory_bytes = (uint64_t)memory_bytes};

    if (host.name.len == 0 || host.kernel.len == 0) {
        return -EBADMSG;
    }
    *out = host;
    return 0;
}

static size_t count_children(const struct json *list)
{
    size_t count = 0;

    for (const struct json *node = list ? list->child : NULL; node; node = node->next) {
        count++;
    }
    return count;
}

int policy_binds_read(struct slice body, struct slice id, struct arena *arena,
                      struct policy_binds *out)
{
    struct json *container = NULL;

    TRY(host_answers_read_object(body, arena, &container));
    const struct json *mounts = json_member(container, SLICE("Mounts"));

    if (id.len == 0 || !slice_eq(host_answers_text_of(container, SLICE("Id")), id) || !mounts ||
        mounts->type != JSON_ARRAY) {
        return -EBADMSG;
    }
    struct policy_bind *item = arena_alloc(arena, count_children(mounts) * sizeof(*item));
    size_t count = 0;

    TRY_ALLOC(item);
    for (const struct json *mount = mounts->child; mount; mount = mount->next) {
        item[count] =
            (struct policy_bind){.source = host_answers_text_of(mount, SLICE("Source")),
                                 .destination = host_answers_text_of(mount, SLICE("Destination"))};
        count += slice_eq(host_answers_text_of(mount, SLICE("Type")), SLICE("bind")) &&
                 item[count].source.len > 0;
    }
    *out = (struct policy_binds){.item = item, .count = count};
    return 0;
}
