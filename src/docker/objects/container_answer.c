/*
 * Makes a create body of an inspection and lets the tables of create read it.
 */
#include "docker/objects/container_answer.h"

#include <errno.h>

#include "base/try.h"
#include "docker/objects/engine_answers.h"
#include "docker/tables/fields.h"

#include "base/banned.h"

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
    SLICE_INIT("CgroupnsMode"),   SLICE_INIT("Runtime"),
    SLICE_INIT("Annotations"),    SLICE_INIT("MaskedPaths"),
    SLICE_INIT("ReadonlyPaths"),
};

enum { HOST_FIELD_COUNT = sizeof(host_fields) / sizeof(host_fields[0]) };

/* Of a member that is no string: nothing. */
static struct slice container_answer_text_of(const struct json *object, struct slice name)
{
    const struct json *node = json_member(object, name);

    return node && node->type == JSON_STRING ? node->text : (struct slice){0};
}

bool container_is_left_by_build(const struct json *inspected)
{
    const struct json *log =
        json_member(json_member(inspected, SLICE("HostConfig")), SLICE("LogConfig"));
    struct slice image =
        container_answer_text_of(json_member(inspected, SLICE("Config")), SLICE("Image"));

    return slice_eq(container_answer_text_of(log, SLICE("Type")), SLICE("none")) &&
           (image.len == 0 || slice_starts_with(image, SLICE("sha256:")));
}

static int new_host_config(struct arena *arena, const struct json *inspected, struct json **out)
{
    struct json *field[HOST_FIELD_COUNT];
    struct json *host_config = json_new(arena, JSON_OBJECT);

    TRY_ALLOC(host_config);
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

/*
 * What Podman writes into a bind of its own accord: words that take rights away or say what is so
 * anyway, and of a volume how it is propagated. dockerd takes none of them, and shows none.
 */
static bool is_podmans_own(struct slice word, bool volume)
{
    static const struct slice words[] = {SLICE_INIT("nosuid"), SLICE_INIT("nodev"),
                                         SLICE_INIT("noexec"), SLICE_INIT("rbind"),
                                         SLICE_INIT("bind"),   SLICE_INIT("rprivate")};
    size_t count = sizeof(words) / sizeof(words[0]) - (volume ? 0 : 1);

    for (size_t i = 0; i < count; i++) {
        if (slice_eq(word, words[i])) {
            return true;
        }
    }
    return false;
}

/* "data:/data:rw,rprivate,nosuid,nodev,rbind" becomes "data:/data:rw". */
static int drop_podmans_own(struct arena *arena, struct json *bind)
{
    struct slice source;
    struct slice target;
    struct slice words;
    struct slice kept = {0};

    slice_cut(bind->text, ':', &source, &target);
    slice_cut(target, ':', &target, &words);
    bool volume = !slice_starts_with(source, SLICE("/"));

    while (words.len > 0) {
        struct slice word;

        slice_cut(words, ',', &word, &words);
        if (is_podmans_own(word, volume)) {
            continue;
        }
        TRY(arena_join(arena, ARENA_PARTS(kept, kept.len > 0 ? SLICE(",") : SLICE(":"), word),
                       &kept));
    }
    return arena_join(arena, ARENA_PARTS(source, SLICE(":"), target, kept), &bind->text);
}

static int read_binds_as_dockerds(struct arena *arena, const struct json *host_config)
{
    const struct json *binds = json_member(host_config, SLICE("Binds"));

    for (struct json *bind = binds && binds->type == JSON_ARRAY ? binds->child : NULL; bind;
         bind = bind->next) {
        if (bind->type == JSON_STRING && slice_find(bind->text, ':') < bind->text.len) {
            TRY(drop_podmans_own(arena, bind));
        }
    }
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

/* The engine's own list of what is mounted, as one more list of mounts in a create body. */
static int container_answer_read_mount(struct arena *arena, const struct json *entry, size_t index,
                                       struct mount_spec *mount)
{
    const struct json *writable = json_member(entry, SLICE("RW"));
    struct slice type = container_answer_text_of(entry, SLICE("Type"));

    mount->propagation = container_answer_text_of(entry, SLICE("Propagation"));
    mount->driver = container_answer_text_of(entry, SLICE("Driver"));
    mount->read_only = writable && writable->type == JSON_FALSE;
    mount->source = container_answer_text_of(entry, SLICE("Name"));
    if (slice_eq(type, SLICE("volume"))) {
        mount->kind = MOUNT_VOLUME;
    } else if (slice_eq(type, SLICE("bind"))) {
        struct slice source = container_answer_text_of(entry, SLICE("Source"));

        mount->kind = MOUNT_BIND;
        mount->problem = !slice_starts_with(source, SLICE("/"));
        if (!mount->problem && path_clean(arena, source, &mount->source) < 0) {
            return -ENOMEM;
        }
    } else if (slice_eq(type, SLICE("tmpfs"))) {
        mount->kind = MOUNT_TMPFS;
    } else {
        mount->problem = true;
    }
    return arena_printf(arena, &mount->field, "Mounts[%zu]", index);
}

/*
 * What `--volumes-from` brought is nowhere in HostConfig. The list repeats what is there,
 * so it is only read where something was taken over.
 */
static int add_effective_mounts(struct arena *arena, const struct json *inspected,
                                struct container_spec *spec)
{
    const struct json *list = json_member(inspected, SLICE("Mounts"));
    size_t count = spec->mounts.count;
    size_t index = 0;
    struct mount_spec *item = NULL;

    if (spec->volumes_from.count == 0) {
        return 0;
    }
    if (!list || list->type != JSON_ARRAY) {
        return -EBADMSG;
    }
    item = arena_alloc(arena, (count + field_count(list)) * sizeof(*item));
    TRY_ALLOC(item);
    for (size_t i = 0; i < count; i++) {
        item[i] = spec->mounts.item[i];
    }
    for (const struct json *entry = list->child; entry; entry = entry->next, index++) {
        TRY(container_answer_read_mount(arena, entry, index, &item[count + index]));
    }
    spec->mounts = (struct mount_list){item, count + index};
    return 0;
}

static bool is_false(const struct json *object, struct slice name)
{
    const struct json *node = json_member(object, name);

    return node && node->type == JSON_FALSE;
}

/* What an engine does not say is taken for the worse. */
static void read_state(const struct json *inspected, struct container_answer *out)
{
    const struct json *state = json_member(inspected, SLICE("State"));
    const struct json *restarting = json_member(state, SLICE("Restarting"));
    struct slice policy = container_answer_text_of(
        json_member(json_member(inspected, SLICE("HostConfig")), SLICE("RestartPolicy")),
        SLICE("Name"));

    out->running = !is_false(state, SLICE("Running"));
    // Swarm's own labels, which win over those of a service.
    // Source: moby daemon/cluster/executor/container/container.go labels.
    out->is_task =
        json_member(json_member(json_member(inspected, SLICE("Config")), SLICE("Labels")),
                    SLICE("com.docker.swarm.task.id")) != NULL;
    out->restarts = (restarting && restarting->type != JSON_FALSE) ||
                    (policy.len > 0 && !slice_eq(policy, SLICE("no")));
}

/* The names of the volumes among what a container mounts, at most as many as it mounts. */
static void add_volume_names(const struct json *mounts, struct slice *item, size_t *count)
{
    for (const struct json *mount = mounts ? mounts->child : NULL; mount; mount = mount->next) {
        struct slice name = container_answer_text_of(mount, SLICE("Name"));

        if (name.len > 0) {
            item[*count] = name;
            (*count)++;
        }
    }
}

static const struct json *mounts_of(const struct json *container)
{
    const struct json *mounts = json_member(container, SLICE("Mounts"));

    return mounts && mounts->type == JSON_ARRAY ? mounts : NULL;
}

/* Whether another one is mounted below `outer`. */
static bool holds_mount(const struct json *mounts, const struct json *outer)
{
    struct slice root = container_answer_text_of(outer, SLICE("Destination"));

    for (const struct json *mount = mounts->child; mount; mount = mount->next) {
        if (mount != outer &&
            path_is_within(container_answer_text_of(mount, SLICE("Destination")), root)) {
            return true;
        }
    }
    return false;
}

/* Who may write there is not the container alone. */
static bool mounts_into_path(const struct json *mounts)
{
    for (const struct json *mount = mounts ? mounts->child : NULL; mount; mount = mount->next) {
        if (slice_eq(container_answer_text_of(mount, SLICE("Type")), SLICE("bind")) &&
            holds_mount(mounts, mount)) {
            return true;
        }
    }
    return false;
}

static int read_volumes(struct arena *arena, const struct json *inspected,
                        struct container_answer *out)
{
    const struct json *mounts = mounts_of(inspected);
    struct slice *item = arena_alloc(arena, (field_count(mounts) + 1) * sizeof(*item));
    size_t count = 0;

    TRY_ALLOC(item);
    add_volume_names(mounts, item, &count);
    out->volumes = (struct string_list){.item = item, .count = count};
    out->has_mounts = field_count(mounts) > 0;
    out->mounts_into_path = mounts_into_path(mounts);
    return 0;
}

/* The members of a create that an inspection shows: all, or those that may lead to the host. */
static int new_create(struct arena *arena, struct json *inspected, bool whole, struct json **out)
{
    struct json *config = json_member(inspected, SLICE("Config"));
    struct json *host_config = json_member(inspected, SLICE("HostConfig"));
    struct json *user = json_member(config, SLICE("User"));
    struct json *image = json_member(config, SLICE("Image"));
    struct json *tree =
        whole && config && config->type == JSON_OBJECT ? config : json_new(arena, JSON_OBJECT);

    if (!tree || (!whole && new_host_config(arena, host_config, &host_config) < 0)) {
        return -ENOMEM;
    }
    TRY(read_binds_as_dockerds(arena, host_config));
    if (user && !whole) {
        json_set(tree, SLICE("User"), user);
    }
    if (image && !whole) {
        json_set(tree, SLICE("Image"), image);
    }
    json_set(tree, SLICE("HostConfig"), host_config);
    *out = tree;
    return 0;
}

/* Source: podman pkg/specgen/generate/container_create.go. */
static bool is_systemd(struct slice word)
{
    static const struct slice words[] = {SLICE_INIT("/sbin/init"), SLICE_INIT("/usr/sbin/init"),
                                         SLICE_INIT("/usr/local/sbin/init")};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (slice_eq(word, words[i])) {
            return true;
        }
    }
    while (slice_ends_with(word, SLICE("/"))) {
        word.len--;
    }
    return slice_ends_with(word, SLICE("/systemd")) || slice_eq(word, SLICE("systemd"));
}

/* What an image left to it is in the command as well: of "/bin/sh -c" the third word counts. */
static struct slice systemd_word(const struct json *inspected)
{
    const struct json *args = json_member(inspected, SLICE("Args"));
    const struct json *option = args && args->type == JSON_ARRAY ? args->child : NULL;
    struct slice word = container_answer_text_of(inspected, SLICE("Path"));

    if (slice_eq(word, SLICE("/bin/sh")) && option && option->type == JSON_STRING &&
        slice_eq(option->text, SLICE("-c")) && option->next) {
        word = option->next->type == JSON_STRING ? option->next->text : (struct slice){0};
    }
    return is_systemd(word) ? word : (struct slice){0};
}

static int container_answer_read_parts(struct arena *arena, struct json *inspected,
                                       struct container_answer *out)
{
    const struct json *id = json_member(inspected, SLICE("Id"));
    const struct json *host_config = json_member(inspected, SLICE("HostConfig"));
    struct json *tree = NULL;
    struct container_answer answer = {0};

    if (!id || id->type != JSON_STRING || !engine_id_is_full(id->text) || !host_config ||
        host_config->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    answer.id = id->text;
    answer.image_id = container_answer_text_of(inspected, SLICE("Image"));
    answer.left_by_build = container_is_left_by_build(inspected);
    answer.working_dir =
        container_answer_text_of(json_member(inspected, SLICE("Config")), SLICE("WorkingDir"));
    read_state(inspected, &answer);
    TRY(read_volumes(arena, inspected, &answer));
    TRY(new_create(arena, inspected, answer.left_by_build, &tree));
    TRY(read_spec(arena, tree, &answer.spec));
    answer.spec.systemd_word = systemd_word(inspected);
    TRY(add_effective_mounts(arena, inspected, &answer.spec));
    *out = answer;
    return 0;
}

int container_answer_read(struct slice body, struct arena *arena, struct container_answer *out)
{
    struct json_problem why = {0};
    struct json *inspected = NULL;

    TRY(json_read_answer(body, arena, &inspected, &why));
    return inspected->type == JSON_OBJECT ? container_answer_read_parts(arena, inspected, out)
                                          : -EBADMSG;
}

/* Lists show no more of a step than that: container_is_left_by_build(). */
static bool may_be_step(const struct json *listed)
{
    struct slice image = container_answer_text_of(listed, SLICE("Image"));

    return image.len == 0 || slice_starts_with(image, SLICE("sha256:"));
}

int container_list_volumes(struct slice body, struct arena *arena, struct slice except_id,
                           size_t limit, struct container_list_use *out)
{
    struct json_problem why = {0};
    struct json *list = NULL;
    size_t count = 0;
    size_t of_steps = 0;

    TRY(json_read_answer(body, arena, &list, &why));
    if (list->type != JSON_ARRAY || field_count(list) >= limit) {
        return -EBADMSG;
    }
    for (const struct json *container = list->child; container; container = container->next) {
        count += field_count(mounts_of(container));
    }
    struct slice *item = arena_alloc(arena, 2 * (count + 1) * sizeof(*item));

    TRY_ALLOC(item);
    struct slice *step = item + count + 1;

    count = 0;
    for (const struct json *container = list->child; container; container = container->next) {
        const struct json *mounts = mounts_of(container);

        if (!mounts) {
            return -EBADMSG; // which ones it mounts is not said
        }
        if (!slice_eq(container_answer_text_of(container, SLICE("Id")), except_id)) {
            add_volume_names(mounts, item, &count);
        }
        if (may_be_step(container)) {
            add_volume_names(mounts, step, &of_steps);
        }
    }
    out->volumes = (struct string_list){.item = item, .count = count, .present = true};
    out->of_steps = (struct string_list){.item = step, .count = of_steps, .present = true};
    return 0;
}
