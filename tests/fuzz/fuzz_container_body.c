/*
 * Any bytes as the body of a create, an update or a service. A body that passes without a
 * problem is written, read again without a problem, judged alike and written in the
 * same bytes: what was judged is what is sent. It never sets anything by a name
 * that is not exact, which cJSON, folding names as it does, would find. And nothing in it is
 * taken apart once more by an engine that is not known, and so may be Podman, which joins the
 * members of a mount by commas, and takes a volume for what -v takes.
 */
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdint.h>
#include <string.h>

#include "docker/tables/service_spec.h"

enum { ARENA_LIMIT = 64 * 1024 * 1024 };

typedef int (*spec_read)(struct spec_reader *, struct json *, struct container_spec *);

static void check_list(const struct string_list *a, const struct string_list *b)
{
    assert(a->present == b->present && a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert(slice_eq(a->item[i], b->item[i]));
    }
}

static void check_map(const struct string_map *a, const struct string_map *b)
{
    assert(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert(slice_eq(a->item[i].key, b->item[i].key));
        assert(slice_eq(a->item[i].value, b->item[i].value));
    }
}

static void check_mounts(const struct mount_list *a, const struct mount_list *b)
{
    assert(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        const struct mount_spec *x = &a->item[i];
        const struct mount_spec *y = &b->item[i];
        assert(x->kind == y->kind && x->problem == y->problem && x->read_only == y->read_only);
        assert(x->relabel == y->relabel && x->create_mountpoint == y->create_mountpoint);
        assert(slice_eq(x->source, y->source) && slice_eq(x->target, y->target));
        assert(slice_eq(x->propagation, y->propagation) && slice_eq(x->driver, y->driver));
        assert(x->tmpfs_size_bytes == y->tmpfs_size_bytes);
        assert(slice_eq(x->tmpfs_options, y->tmpfs_options) && slice_eq(x->subpath, y->subpath));
        check_map(&x->options, &y->options);
        assert(x->kind != MOUNT_BIND || slice_starts_with(x->source, SLICE("/")));
        assert(x->problem == (x->kind == MOUNT_UNKNOWN));
    }
}

static void check_modes(const struct container_spec *a, const struct container_spec *b)
{
    assert(a->privileged == b->privileged && a->publish_all_ports == b->publish_all_ports);
    assert(slice_eq(a->image, b->image) && slice_eq(a->user, b->user));
    assert(slice_eq(a->network_mode, b->network_mode) && slice_eq(a->pid_mode, b->pid_mode));
    assert(slice_eq(a->ipc_mode, b->ipc_mode) && slice_eq(a->uts_mode, b->uts_mode));
    assert(slice_eq(a->userns_mode, b->userns_mode) &&
           slice_eq(a->cgroupns_mode, b->cgroupns_mode));
    assert(slice_eq(a->cgroup, b->cgroup) && slice_eq(a->cgroup_parent, b->cgroup_parent));
    assert(slice_eq(a->runtime, b->runtime) && slice_eq(a->volume_driver, b->volume_driver));
    assert(slice_eq(a->log_driver, b->log_driver) &&
           slice_eq(a->restart_policy, b->restart_policy));
}

static void check_lists(const struct container_spec *a, const struct container_spec *b)
{
    check_list(&a->cap_add, &b->cap_add);
    check_list(&a->cap_drop, &b->cap_drop);
    check_list(&a->volumes_from, &b->volumes_from);
    check_list(&a->masked_paths, &b->masked_paths);
    check_list(&a->readonly_paths, &b->readonly_paths);
    check_list(&a->device_cgroup_rules, &b->device_cgroup_rules);
    check_list(&a->group_add, &b->group_add);
    check_map(&a->labels, &b->labels);
    check_map(&a->env, &b->env);
    check_map(&a->sysctls, &b->sysctls);
    check_map(&a->annotations, &b->annotations);
    check_map(&a->log_options, &b->log_options);
    check_mounts(&a->mounts, &b->mounts);
}

static void check_counts(const struct container_spec *a, const struct container_spec *b)
{
    assert(a->memory == b->memory && a->memory_swap == b->memory_swap);
    assert(a->nano_cpus == b->nano_cpus && a->cpu_quota == b->cpu_quota);
    assert(a->has_pids_limit == b->has_pids_limit && a->pids_limit == b->pids_limit);
    assert(a->device_count == b->device_count && a->ulimit_count == b->ulimit_count);
    assert(a->device_request_count == b->device_request_count);
    assert(a->blkio_device_count == b->blkio_device_count);
    assert(a->port_count == b->port_count && a->endpoint_count == b->endpoint_count);
    assert(a->security_opt_count == b->security_opt_count);
    for (size_t i = 0; i < a->security_opt_count; i++) {
        assert(slice_eq(a->security_opt[i].key, b->security_opt[i].key));
        assert(slice_eq(a->security_opt[i].value, b->security_opt[i].value));
    }
    for (size_t i = 0; i < a->port_count; i++) {
        assert(slice_eq(a->ports[i].host_ip, b->ports[i].host_ip));
        assert(slice_eq(a->ports[i].host_port, b->ports[i].host_port));
    }
}

/* cJSON's look-up without case finds `name` in any spelling; only the exact one may be there. */
static void check_exact(const cJSON *object, const char *name)
{
    assert(cJSON_GetObjectItem(object, name) == cJSON_GetObjectItemCaseSensitive(object, name));
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void check_keys(const cJSON *map, char separator)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, map)
    {
        assert(!entry->string || !strchr(entry->string, separator));
    }
}

static void check_whole(const cJSON *body)
{
    static const char *const parts[] = {"Type", "Source", "Target", "Consistency"};
    const cJSON *host = member(body, "HostConfig");
    const cJSON *entry;

    cJSON_ArrayForEach(entry, member(body, "Env"))
    {
        assert(strchr(cJSON_GetStringValue(entry), '='));
    }
    cJSON_ArrayForEach(entry, member(host, "Mounts"))
    {
        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
            const char *part = cJSON_GetStringValue(member(entry, parts[i]));

            assert(!part || !strpbrk(part, ",\"\n\r"));
        }
    }
    check_keys(member(body, "Volumes"), ':');
    check_keys(member(host, "Tmpfs"), ':');
    check_keys(member(body, "Labels"), '=');
    check_keys(member(host, "Sysctls"), '=');
    check_keys(member(host, "StorageOpt"), '=');
    check_keys(member(host, "Annotations"), '=');
    check_keys(member(member(host, "LogConfig"), "Config"), '=');
}

static void check_names(struct slice text, const struct sockade_engine *engine)
{
    cJSON *body = cJSON_ParseWithLength(text.ptr, text.len);

    assert(body);
    check_exact(body, "HostConfig");
    check_exact(body, "User");
    check_exact(body, "Image");
    const cJSON *host = cJSON_GetObjectItemCaseSensitive(body, "HostConfig");
    if (host) {
        assert(!cJSON_GetObjectItem(body, "Privileged") && !cJSON_GetObjectItem(body, "Binds"));
        check_exact(host, "Privileged");
        check_exact(host, "Binds");
        check_exact(host, "Mounts");
        check_exact(host, "CapAdd");
    }
    if (!engine) {
        check_whole(body);
    }
    cJSON_Delete(body);
}

static void check_written(const struct spec_reader *before, spec_read read,
                          const struct container_spec *spec)
{
    struct arena *arena = before->arena;
    struct spec_reader reader = {.arena = arena, .engine = before->engine};
    struct container_spec again = {0};
    struct json_problem why = {0};
    struct json *tree = NULL;
    struct buf first;
    struct buf second;

    buf_init(&first, ARENA_LIMIT);
    buf_init(&second, ARENA_LIMIT);
    assert(container_spec_write(&first, spec) == 0);
    assert(json_read(buf_slice(&first), arena, &tree, &why) == 0);
    assert(read(&reader, tree, &again) == 0 && !reader.problems);
    assert(container_spec_write(&second, &again) == 0);
    assert(slice_eq(buf_slice(&first), buf_slice(&second)));
    check_modes(spec, &again);
    check_lists(spec, &again);
    check_counts(spec, &again);
    check_names(buf_slice(&first), reader.engine);
    buf_deinit(&first);
    buf_deinit(&second);
}

static void check_edits(struct container_spec *spec)
{
    assert(container_spec_set_user(spec, SLICE("1000:1000")) == 0);
    assert(container_spec_set_host_int(spec, SLICE("Memory"), 4096) == 0);
    assert(container_spec_set_host_int(spec, SLICE("PidsLimit"), 7) == 0);
    assert(spec->has_pids_limit && spec->pids_limit == 7 && spec->memory == 4096);
}

static void check_for(const struct sockade_engine *engine, struct slice text, spec_read read,
                      bool create)
{
    struct container_spec spec = {0};
    struct json_problem why = {0};
    struct json *tree = NULL;
    struct arena arena;

    arena_init(&arena, ARENA_LIMIT);
    struct spec_reader reader = {.arena = &arena, .engine = engine};
    if (json_read(text, &arena, &tree, &why) == 0) {
        assert(read(&reader, tree, &spec) == 0 && spec.host_config);
        if (!reader.problems) {
            check_written(&reader, read, &spec);
            if (create) {
                check_edits(&spec);
                check_written(&reader, read, &spec);
            }
        }
    }
    arena_deinit(&arena);
}

static void check_body(struct slice text, spec_read read, bool create)
{
    static const struct sockade_engine dockerd = {ENGINE_DOCKERD, 26, 1, 5};

    check_for(&dockerd, text, read, create);
    check_for(NULL, text, read, create);
}

static int read_service(struct spec_reader *reader, struct json *tree, struct container_spec *out)
{
    return service_spec_read(reader, tree, 45, out);
}

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};

    check_body(text, container_spec_read_create, true);
    check_body(text, container_spec_read_update, false);
    check_body(text, read_service, true);
    return 0;
}
