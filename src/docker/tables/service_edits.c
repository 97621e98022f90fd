/*
 * What sockade writes into a service, and what a service calls the fields of a create.
 */
#include <errno.h>
#include <stddef.h>

#include "base/try.h"
#include "docker/tables/fields.h"
#include "docker/tables/service_parts.h"

#include "base/banned.h"

struct limit_row {
    struct slice name;   /* of HostConfig */
    struct slice member; /* of TaskTemplate.Resources.Limits */
    size_t place;
};

// clang-format off
static const struct limit_row limit_rows[] = {
    {SLICE_INIT("Memory"),    SLICE_INIT("MemoryBytes"), offsetof(struct container_spec, memory)},
    {SLICE_INIT("NanoCpus"),  SLICE_INIT("NanoCPUs"),    offsetof(struct container_spec, nano_cpus)},
    {SLICE_INIT("PidsLimit"), SLICE_INIT("Pids"),        offsetof(struct container_spec, pids_limit)},
};
// clang-format on

static const struct limit_row *find_limit(struct slice name)
{
    for (size_t i = 0; i < sizeof(limit_rows) / sizeof(limit_rows[0]); i++) {
        if (slice_eq(limit_rows[i].name, name)) {
            return &limit_rows[i];
        }
    }
    return NULL;
}

static struct json *ensure_limits(struct container_spec *spec)
{
    struct json *object = spec->tree;

    object = spec_member(spec->arena, object, SLICE("TaskTemplate"), JSON_OBJECT);
    object = spec_member(spec->arena, object, SLICE("Resources"), JSON_OBJECT);
    return spec_member(spec->arena, object, SLICE("Limits"), JSON_OBJECT);
}

int service_spec_set_int(struct container_spec *spec, struct slice name, int64_t value)
{
    const struct limit_row *row = find_limit(name);

    if (!row) {
        return -EINVAL;
    }
    struct json *node = json_new_int(spec->arena, value);
    struct json *limits = node ? ensure_limits(spec) : NULL;

    TRY_ALLOC(limits);
    void *place = (char *)spec + row->place;
    json_set(limits, row->member, node);
    *(int64_t *)place = value;
    spec->has_pids_limit = json_member(limits, SLICE("Pids")) != NULL;
    service_swap_read(spec);
    return 0;
}

int service_spec_add_security_opt(struct container_spec *spec, struct slice text)
{
    if (!slice_eq(text, SLICE("no-new-privileges"))) {
        return -EINVAL;
    }
    struct json *node = json_new_bool(spec->arena, true);
    struct json *privileges =
        node ? spec_member(spec->arena, spec->config, SLICE("Privileges"), JSON_OBJECT) : NULL;

    TRY_ALLOC(privileges);
    json_set(privileges, SLICE("NoNewPrivileges"), node);
    return service_privileges_read(spec);
}

static struct json *network_at(const struct container_spec *spec, size_t index)
{
    const struct json *of_task = service_task_member(spec, SLICE("Networks"));
    const struct json *of_service = json_member(spec->tree, SLICE("Networks"));
    size_t first = field_count(of_task);
    struct json *entry = index < first ? of_task->child : of_service->child;

    for (index -= index < first ? 0 : first; index > 0; index--) {
        entry = entry->next;
    }
    return entry;
}

struct slice *service_spec_network(const struct container_spec *spec, size_t index)
{
    struct json *target = json_member(network_at(spec, index), SLICE("Target"));

    return target ? &target->text : NULL;
}

int service_spec_set_network(struct container_spec *spec, size_t index, struct slice id)
{
    struct json *node = json_new_string(spec->arena, id);

    TRY_ALLOC(node);
    json_set(network_at(spec, index), SLICE("Target"), node);
    spec->endpoints[index].name = node->text;
    return 0;
}

struct name_row {
    struct slice create;
    struct slice service;
};

// clang-format off
static const struct name_row name_rows[] = {
    {SLICE_INIT("HostConfig.CapAdd"),             SLICE_INIT(CONTAINER "CapabilityAdd")},
    {SLICE_INIT("HostConfig.CapDrop"),            SLICE_INIT(CONTAINER "CapabilityDrop")},
    {SLICE_INIT("HostConfig.SecurityOpt"),        SLICE_INIT(CONTAINER "Privileges")},
    {SLICE_INIT("HostConfig.GroupAdd"),           SLICE_INIT(CONTAINER "Groups")},
    {SLICE_INIT("HostConfig.Sysctls"),            SLICE_INIT(CONTAINER "Sysctls")},
    {SLICE_INIT("HostConfig.OomScoreAdj"),        SLICE_INIT(CONTAINER "OomScoreAdj")},
    {SLICE_INIT("HostConfig.Isolation"),          SLICE_INIT(CONTAINER "Isolation")},
    {SLICE_INIT("HostConfig.ReadonlyRootfs"),     SLICE_INIT(CONTAINER "ReadOnly")},
    {SLICE_INIT("HostConfig.ExtraHosts"),         SLICE_INIT(CONTAINER "Hosts")},
    {SLICE_INIT("HostConfig.DnsOptions"),         SLICE_INIT(CONTAINER "DNSConfig.Options")},
    {SLICE_INIT("HostConfig.Dns"),                SLICE_INIT(CONTAINER "DNSConfig.Nameservers")},
    {SLICE_INIT("HostConfig.LogConfig.Type"),     SLICE_INIT(TASK "LogDriver.Name")},
    {SLICE_INIT("HostConfig.LogConfig.Config"),   SLICE_INIT(TASK "LogDriver.Options")},
    {SLICE_INIT("HostConfig.MemorySwap"),         SLICE_INIT(TASK "Resources.SwapBytes with the memory")},
    {SLICE_INIT("HostConfig.Memory"),             SLICE_INIT(TASK "Resources.Limits.MemoryBytes")},
    {SLICE_INIT("NanoCpus"),                      SLICE_INIT(TASK "Resources.Limits.NanoCPUs")},
    {SLICE_INIT("HostConfig.MemoryReservation"),  SLICE_INIT(TASK "Resources.Reservations.MemoryBytes")},
    {SLICE_INIT("HostConfig.PidsLimit"),          SLICE_INIT(TASK "Resources.Limits.Pids")},
    {SLICE_INIT("HostConfig.RestartPolicy"),      SLICE_INIT(TASK "RestartPolicy")},
    {SLICE_INIT("Healthcheck"),                   SLICE_INIT(CONTAINER "Healthcheck")},
    {SLICE_INIT("User"),                          SLICE_INIT(CONTAINER "User")},
    {SLICE_INIT("Image"),                         SLICE_INIT(CONTAINER "Image")},
    {SLICE_INIT("Env"),                           SLICE_INIT(CONTAINER "Env")},
};
// clang-format on

static bool goes_on(struct slice text)
{
    char c = ' ';

    if (text.len > 0) {
        c = text.ptr[0];
    }
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct slice service_field_name(struct slice text, struct slice *rest)
{
    for (size_t i = 0; i < sizeof(name_rows) / sizeof(name_rows[0]); i++) {
        struct slice after = slice_from_index(text, name_rows[i].create.len);

        if (slice_starts_with(text, name_rows[i].create) && !goes_on(after)) {
            *rest = after;
            return name_rows[i].service;
        }
    }
    *rest = text;
    return (struct slice){0};
}
