/*
 * The policy file as a whole: its sections, its life, and what stands in for a file.
 * Listeners are joined to their policies at the end, so that the order of the
 * sections doesn't matter.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/parse.h"
#include "base/try.h"
#include "policy/file/loader.h"
#include "policy/model/bases.h"
#include "policy/model/paths.h"
#include "sockade/client.h"

#include "base/banned.h"

enum { POLICY_FILE_MAX_BYTES = 1024 * 1024, POLICY_FILE_ARENA_BYTES = 64 * 1024 * 1024 };

static const char default_engine[] = "/var/run/docker.sock";

static int policy_file_read_version(struct loader *loader, const struct tree_node *node,
                                    void *target)
{
    (void)target;
    if (node->kind != TREE_SCALAR || !slice_eq(node->text, SLICE("1"))) {
        return load_wrong(loader, node, "be 1");
    }
    return 0;
}

/* "1.41" to 41. */
static int read_minor(struct loader *loader, const struct tree_node *node, void *place)
{
    unsigned *out = place;
    struct slice major = {0};
    struct slice minor = {0};
    uint64_t number = 0;

    slice_cut(node->text, '.', &major, &minor);
    if (node->kind != TREE_SCALAR || !slice_eq(major, SLICE("1")) || minor.len != 2 ||
        parse_u64(minor, &number) < 0 || number < API_OLDEST_MINOR || number > API_NEWEST_MINOR) {
        return load_wrong(loader, node, "be an API version from \"1.12\" to \"1.55\"");
    }
    *out = (unsigned)number;
    return 0;
}

static int read_api(struct loader *loader, const struct tree_node *node, void *target)
{
    static const struct key keys[] = {KEY_AT("min", read_minor, struct file_memory, api_min),
                                      KEY_AT("max", read_minor, struct file_memory, api_max),
                                      {0}};
    struct policy_file *file = target;
    struct file_memory *memory = file->memory;
    int err = load_map(loader, node, keys, memory);

    if (err == 0 && memory->api_min > memory->api_max) { // no min is 0
        return load_wrong(loader, node, "have a min that is not above its max");
    }
    return err;
}

/* "26", "26.1" or "26.1.5". */
static int read_engine_version(struct loader *loader, const struct tree_node *node, void *target)
{
    struct sockade_engine *engine = target;
    unsigned *const place[] = {&engine->major, &engine->minor, &engine->patch};
    struct slice rest = node->text;
    size_t count = 0;

    for (bool more = true; more; count++) {
        struct slice part = {0};
        uint64_t number = 0;

        more = slice_cut(rest, '.', &part, &rest);
        if (node->kind != TREE_SCALAR || count == 3 || parse_u64(part, &number) < 0 ||
            number > UINT16_MAX) {
            return load_wrong(loader, node, "be an engine version, such as \"26.1.5\"");
        }
        *place[count] = (unsigned)number;
    }
    return 0;
}

static int read_engine(struct loader *loader, const struct tree_node *node, void *target)
{
    static const char *const kind_words[] = {[ENGINE_UNKNOWN] = "unknown",
                                             [ENGINE_DOCKERD] = "dockerd",
                                             [ENGINE_PODMAN] = "podman",
                                             NULL};
    static const struct key keys[] = {KEY_WORDS("kind", kind_words, struct sockade_engine, kind),
                                      KEY("version", read_engine_version),
                                      {0}};
    struct policy_file *file = target;

    TRY(load_map(loader, node, keys, &file->engine));
    return file->engine.kind == ENGINE_UNKNOWN && tree_member(node, "version")
               ? load_wrong(loader, node, "name the kind of engine, because it has a version")
               : 0;
}

static int read_daemon(struct loader *loader, const struct tree_node *node, void *target)
{
    static const char *const host_files_words[] = {"auto", "yes", "no", NULL};
    static const struct key keys[] = {
        KEY_AT("socket", load_socket_path, struct policy_file, engine_socket),
        KEY("api", read_api),
        KEY_WORDS("host_files", host_files_words, struct policy_file, host_files),
        KEY("engine", read_engine),
        {0}};

    return load_map(loader, node, keys, target);
}

static int read_audit(struct loader *loader, const struct tree_node *node, void *target)
{
    static const char *const on_error_words[] = {"auto", "deny", "drop", NULL};
    static const struct key keys[] = {
        KEY_WORDS("on_error", on_error_words, struct policy_file, audit_on_error), {0}};

    return load_map(loader, node, keys, target);
}

static bool is_policy_name(struct slice name)
{
    return name.len > 0 && name.len <= POLICY_NAME_MAX_BYTES &&
           ascii_is_made_of(name, SLICE("-_."));
}

static int read_policies(struct loader *loader, const struct tree_node *node, void *target)
{
    struct policy_file *file = target;
    struct file_memory *memory = file->memory;

    if (node->kind != TREE_MAP || !node->child) {
        return load_wrong(loader, node, "be a map of policies");
    }
    memory->policies = arena_alloc(loader->arena, tree_count(node) * sizeof(struct policy *));
    TRY_ALLOC(memory->policies);
    for (const struct tree_node *child = node->child; child; child = child->next) {
        if (!is_policy_name(child->key)) {
            diag_set(loader->diag, child->key_line, child->key_column,
                     "a policy's name has letters, digits, '.', '-' and '_', at most 64");
            return -EINVAL;
        }
        TRY(load_policy(loader, child, &memory->policies[memory->policy_count]));
        memory->policy_count++;
    }
    return 0;
}

static const struct key file_keys[] = {KEY("version", policy_file_read_version),
                                       KEY("daemon", read_daemon),
                                       KEY("audit", read_audit),
                                       KEY("listen", load_listen),
                                       KEY("policies", read_policies),
                                       KEY_LATER("tests"),
                                       {0}};

static struct policy_file *file_create(void)
{
    struct policy_file *file = calloc(1, sizeof(*file));
    struct file_memory *memory = calloc(1, sizeof(*memory));

    if (!file || !memory) {
        free(file);
        free(memory);
        return NULL;
    }
    arena_init(&memory->arena, POLICY_FILE_ARENA_BYTES);
    memory->api_max = API_NEWEST_MINOR;
    file->memory = memory;
    file->engine_socket = default_engine;
    return file;
}

void policy_file_destroy(struct policy_file *file)
{
    if (!file) {
        return;
    }
    struct file_memory *memory = file->memory;

    for (size_t i = 0; i < file->listener_count; i++) {
        policy_unref(memory->listeners[i].policy);
        policy_clients_unref(memory->listeners[i].clients);
    }
    for (size_t i = 0; i < memory->policy_count; i++) {
        policy_unref(memory->policies[i]);
    }
    arena_deinit(&memory->arena);
    free(memory);
    free(file);
}

int policy_file_set_engine_socket(struct policy_file *file, const char *path)
{
    struct file_memory *memory = file->memory;
    struct slice copy = {0};
    struct slice canonical = {0};

    TRY(arena_copy(&memory->arena, slice_from(path), &copy));
    TRY(host_path(&memory->arena, copy, &canonical));
    for (size_t i = 0; i < memory->policy_count; i++) {
        struct policy *policy = memory->policies[i];

        TRY(arena_copy(&policy->arena, canonical, &policy->engine_socket));
    }
    file->engine_socket = copy.ptr;
    return 0;
}

static int set_listeners(struct policy *policy, const struct policy_listener *listener,
                         size_t count)
{
    struct arena *arena = &policy->arena;
    struct slice *item = arena_alloc(arena, count * sizeof(*item));
    size_t used = 0;

    TRY_ALLOC(item);
    for (size_t i = 0; i < count; i++) {
        const char *path = listener[i].host_path ? listener[i].host_path : listener[i].socket;
        struct slice canonical = {0};

        if (path) {
            TRY(host_path(arena, slice_from(path), &canonical));
            TRY(arena_copy(arena, canonical, &item[used]));
            used++;
        }
    }
    policy->listener_sockets = (struct string_list){.item = item, .count = used};
    return 0;
}

int policy_file_set_listeners(struct policy_file *file, const struct policy_listener *listener,
                              size_t count)
{
    struct file_memory *memory = file->memory;

    for (size_t i = 0; i < memory->policy_count; i++) {
        TRY(set_listeners(memory->policies[i], listener, count));
    }
    return 0;
}

bool policy_file_allowed_path(const struct policy_file *file, size_t index,
                              struct policy_allowed_path *out)
{
    const struct file_memory *memory = file->memory;

    for (size_t i = 0; i < memory->policy_count; i++) {
        const struct policy *policy = memory->policies[i];
        struct policy_root root = {0};
        size_t count = 0;

        while (policy_allowed_path(policy, count, &root)) {
            if (count == index) {
                *out = (struct policy_allowed_path){
                    .policy = policy->name, .path = root.path, .needs_sight = root.needs_sight};
                return true;
            }
            count++;
        }
        index -= count;
    }
    return false;
}

/* Whether the policy of a client may depend on who made the container that it is in. */
static bool has_clients(const struct policy_file *file)
{
    for (size_t i = 0; i < file->listener_count; i++) {
        if (file->listeners[i].clients) {
            return true;
        }
    }
    return false;
}

static void join_makers(const struct policy_file *file)
{
    const struct file_memory *memory = file->memory;
    bool marks = has_clients(file);

    for (size_t i = 0; i < memory->policy_count; i++) {
        struct policy *policy = memory->policies[i];

        policy->marks = marks;
        if (policy->maker.len == 0) {
            policy->maker = slice_from(policy->name);
        }
    }
}

static int load_root(struct loader *loader, const struct tree_node *root, struct policy_file *file)
{
    struct file_memory *memory = file->memory;

    TRY(load_map(loader, root, file_keys, file));
    if (!tree_member(root, "version")) {
        return load_wrong(loader, root, "begin with `version: 1`");
    }
    if (memory->policy_count == 0) {
        return load_wrong(loader, root, "have `policies`");
    }
    for (size_t i = 0; i < memory->policy_count; i++) {
        struct policy *policy = memory->policies[i];

        unsigned usual = policy_usual_api_min(policy);

        policy->api_min = memory->api_min > 0 ? memory->api_min : usual;
        policy->api_max = memory->api_max;
    }
    TRY(listeners_join(loader, root, file));
    TRY(scopes_join(loader, root, file));
    join_makers(file);
    TRY(written_join(memory->policies, memory->policy_count));
    TRY(policy_file_set_listeners(file, file->listeners, file->listener_count));
    return policy_file_set_engine_socket(file, file->engine_socket);
}

static int parse_file(struct slice text, struct policy_file *file, struct diag *diag)
{
    CLEANUP(arena_deinit) struct arena scratch = {0};
    struct file_memory *memory = file->memory;
    struct loader loader = {.arena = &memory->arena, .diag = diag};
    struct tree_node *root = NULL;

    arena_init(&scratch, POLICY_FILE_ARENA_BYTES);
    TRY(yaml_tree_read(text, &scratch, &root, diag));
    return load_root(&loader, root, file);
}

int policy_file_parse(struct slice text, struct policy_file **out, struct diag *diag)
{
    struct policy_file *file = file_create();
    int err = file ? parse_file(text, file, diag) : -ENOMEM;

    if (err == -ENOMEM) {
        diag_set(diag, 0, 0, "out of memory");
    }
    if (err < 0) {
        policy_file_destroy(file);
        return err;
    }
    *out = file;
    return 0;
}

int policy_file_load(const char *path, struct policy_file **out, struct diag *diag)
{
    CLEANUP(buf_deinit) struct buf text = {0};

    *diag = (struct diag){0};
    snprintf(diag->file, sizeof(diag->file), "%s", path);
    buf_init(&text, POLICY_FILE_MAX_BYTES);
    int err = buf_read_file(&text, path);

    if (err == -ENOBUFS) {
        diag_set(diag, 0, 0, "the file is larger than 1 MiB");
    } else if (err < 0) {
        diag_set(diag, 0, 0, "cannot be read: %s", strerror(-err));
    }
    return err < 0 ? err : policy_file_parse(buf_slice(&text), out, diag);
}

static int fill_default(struct policy_file *file, enum base base)
{
    struct file_memory *memory = file->memory;

    memory->policies = arena_alloc(&memory->arena, sizeof(struct policy *));
    TRY_ALLOC(memory->policies);
    memory->policies[0] = policy_create(slice_from(base_name(base)), base);
    TRY_ALLOC(memory->policies[0]);
    memory->policy_count = 1;
    TRY(listeners_default(file));
    TRY(policy_file_set_listeners(file, file->listeners, file->listener_count));
    return policy_file_set_engine_socket(file, default_engine);
}

int policy_file_default(const char *base, struct policy_file **out)
{
    enum base found = base_find(slice_from(base));

    if (found == BASE_COUNT) {
        return -EINVAL;
    }
    struct policy_file *file = file_create();
    int err = file ? fill_default(file, found) : -ENOMEM;

    if (err < 0) {
        policy_file_destroy(file);
        return err;
    }
    *out = file;
    return 0;
}
