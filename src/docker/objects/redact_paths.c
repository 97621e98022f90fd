/*
 * See redact_paths.h. Sources: moby api/types (ContainerJSON, GraphDriverData, Info),
 * api/types/container (HostConfig, DeviceMapping), api/types/mount, volume/local (options),
 * api/types/plugin (mounts, devices); the labels are those of Docker Compose and Docker Desktop.
 */
#include "docker/objects/redact_paths.h"

#include <errno.h>

#include "base/try.h"
#include "docker/objects/redact.h"
#include "docker/objects/secret.h"

#include "base/banned.h"

enum { MAX_OPTIONS = 32 };

typedef int hide_member(struct arena *arena, struct json *member);

/* A path as the whole text. */
static int hide_text(struct arena *arena, struct json *node)
{
    (void)arena;
    if (node->type == JSON_NULL) {
        return 0;
    }
    if (node->type != JSON_STRING) {
        return -EBADMSG;
    }
    if (node->text.len > 0) {
        node->text = redacted_text();
    }
    return 0;
}

/* Every text from here down that begins as a path does. The reader has bounded the depth. */
static int hide_below(struct arena *arena, struct json *node)
{
    if (node->type == JSON_STRING) {
        return slice_starts_with(node->text, SLICE("/")) ? hide_text(arena, node) : 0;
    }
    for (struct json *child = node->child; child; child = child->next) {
        TRY(hide_below(arena, child));
    }
    return 0;
}

/* "/host:/container:ro"; a named volume is no path of the host. */
static int hide_binds(struct arena *arena, struct json *list)
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
            TRY(arena_join(arena,
                           ARENA_PARTS(redacted_text(), slice_from_index(entry->text, colon)),
                           &entry->text));
        }
    }
    return 0;
}

static bool is_text(const struct json *node, struct slice text)
{
    return node && node->type == JSON_STRING && slice_eq(node->text, text);
}

/* A volume's source is its name, or where the engine keeps it. */
int redact_mount(const struct json *object)
{
    const struct json *type = json_member(object, SLICE("Type"));
    struct json *source = json_member(object, SLICE("Source"));
    bool bind = is_text(type, SLICE("bind"));

    if (!source || !type || (source->type != JSON_STRING && !bind)) {
        return 0;
    }
    if (source->type != JSON_STRING) {
        return -EBADMSG;
    }
    if (bind || (slice_starts_with(source->text, SLICE("/")) && !is_text(type, SLICE("volume")))) {
        source->text = redacted_text();
    }
    return 0;
}

/* The next option of mount(8); a comma behind a backslash is part of one, as overlayfs reads it. */
static struct slice next_option(struct slice *rest)
{
    size_t at = 0;

    while (at < rest->len && rest->ptr[at] != ',') {
        at += rest->ptr[at] == '\\' && at + 1 < rest->len ? 2 : 1;
    }
    struct slice option = slice_head(*rest, at);

    *rest = slice_from_index(*rest, at + 1);
    return option;
}

/* Any value with a slash: lowerdir, upperdir, workdir, whatever others are called; and passwords.
 */
static int hide_option(struct arena *arena, struct slice option, struct slice *out)
{
    struct slice name = {0};
    struct slice value = {0};
    bool has_value = slice_cut(option, '=', &name, &value);

    if (slice_find(option, '/') == option.len && !(has_value && secret_name(name))) {
        *out = option;
        return 0;
    }
    if (!has_value || slice_find(name, '/') < name.len) {
        *out = redacted_text();
        return 0;
    }
    return arena_join(arena, ARENA_PARTS(name, SLICE("="), redacted_text()), out);
}

/* "rw,lowerdir=/srv/a:/srv/b,upperdir=/srv/c" */
static int hide_options(struct arena *arena, struct json *node)
{
    struct slice rest = node->text;
    struct slice shown = {"", 0};

    if (node->type != JSON_STRING) {
        return hide_text(arena, node);
    }
    for (unsigned count = 0; rest.len > 0; count++) {
        struct slice option = next_option(&rest);

        if (count == MAX_OPTIONS) { // nobody mounts with so many: the rest is not taken apart
            rest = (struct slice){NULL, 0};
            option = redacted_text();
        }
        TRY(hide_option(arena, option, &option));
        TRY(arena_join(arena, ARENA_PARTS(shown, count > 0 ? SLICE(",") : SLICE(""), option),
                       &shown));
    }
    node->text = shown;
    return 0;
}

/* ["name=seccomp,profile=/etc/seccomp.json"] */
static int hide_option_list(struct arena *arena, struct json *list)
{
    for (struct json *entry = list->child; entry; entry = entry->next) {
        TRY(hide_options(arena, entry));
    }
    return 0;
}

/*
 * A volume's: {"type": "none", "o": "bind", "device": "/srv"}, and what other drivers call their
 * directories. "device" may be a path without looking like one (":/export").
 */
static int hide_volume_options(struct arena *arena, struct json *options)
{
    if (options->type != JSON_OBJECT) {
        return 0; // a plugin's mounts have a list of that name
    }
    for (struct json *option = options->child; option; option = option->next) {
        if (slice_eq_nocase(option->name, SLICE("device"))) {
            TRY(hide_text(arena, option));
        } else if (slice_eq_nocase(option->name, SLICE("o"))) {
            TRY(hide_options(arena, option));
        } else {
            TRY(hide_below(arena, option));
        }
    }
    return 0;
}

/* A plugin's, and those whose traffic is limited: [{"Path": "/dev/sda", …}] */
static int hide_devices(struct arena *arena, struct json *list)
{
    for (struct json *entry = list->child; entry; entry = entry->next) {
        struct json *path = json_member(entry, SLICE("Path"));

        TRY(path ? hide_text(arena, path) : 0);
    }
    return 0;
}

/*
 * Of an inspection below API 1.20: {"/data": "/srv/data"}. A configuration's have nothing in them,
 * and a list of volumes is a list.   Source: moby daemon/inspect.go, containerInspectPre120.
 */
static int hide_volumes(struct arena *arena, struct json *volumes)
{
    struct json *volume = volumes->type == JSON_OBJECT ? volumes->child : NULL;

    for (; volume; volume = volume->next) {
        TRY(volume->type == JSON_STRING ? hide_text(arena, volume) : 0);
    }
    return 0;
}

/* Labels in which clients keep paths of theirs. */
static int hide_labels(struct arena *arena, struct json *labels)
{
    static const struct slice keys[] = {
        SLICE_INIT("com.docker.compose.project.working_dir"),
        SLICE_INIT("com.docker.compose.project.config_files"),
        SLICE_INIT("com.docker.compose.project.environment_file"),
    };

    for (struct json *label = labels->child; label; label = label->next) {
        bool holds_path = slice_starts_with(label->name, SLICE("desktop.docker.io/binds/"));

        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
            holds_path = holds_path || slice_eq(label->name, keys[i]);
        }
        TRY(holds_path ? hide_text(arena, label) : 0);
    }
    return 0;
}

/* The address of a log's receiver may be a socket, and a file's name is a path. */
static int hide_log_config(struct arena *arena, struct json *log)
{
    struct json *config = json_member(log, SLICE("Config"));

    for (struct json *entry = config ? config->child : NULL; entry; entry = entry->next) {
        bool path = entry->type == JSON_STRING && (slice_starts_with(entry->text, SLICE("/")) ||
                                                   slice_starts_with(entry->text, SLICE("unix")));

        TRY(path ? hide_text(arena, entry) : 0);
    }
    return 0;
}

// clang-format off
static const struct {
    struct slice name;
    hide_member *hide;
} members[] = {
    {SLICE_INIT("Binds"),                hide_binds},
    {SLICE_INIT("Volumes"),              hide_volumes},
    {SLICE_INIT("Options"),              hide_volume_options},
    {SLICE_INIT("DriverOpts"),           hide_volume_options},
    {SLICE_INIT("Labels"),               hide_labels},
    {SLICE_INIT("PathOnHost"),           hide_text},
    {SLICE_INIT("Devices"),              hide_devices},
    {SLICE_INIT("BlkioWeightDevice"),    hide_devices},
    {SLICE_INIT("BlkioDeviceReadBps"),   hide_devices},
    {SLICE_INIT("BlkioDeviceWriteBps"),  hide_devices},
    {SLICE_INIT("BlkioDeviceReadIOps"),  hide_devices},
    {SLICE_INIT("BlkioDeviceWriteIOps"), hide_devices},
    {SLICE_INIT("ContainerIDFile"),      hide_text},
    {SLICE_INIT("LogConfig"),            hide_log_config},
    {SLICE_INIT("GraphDriver"),          hide_below},
    {SLICE_INIT("Status"),               hide_below},
    {SLICE_INIT("ResolvConfPath"),       hide_text},
    {SLICE_INIT("HostnamePath"),         hide_text},
    {SLICE_INIT("HostsPath"),            hide_text},
    {SLICE_INIT("LogPath"),              hide_text},
    {SLICE_INIT("SandboxKey"),           hide_text},
    {SLICE_INIT("DockerRootDir"),        hide_text},
    {SLICE_INIT("SecurityOptions"),      hide_option_list},
    {SLICE_INIT("DriverStatus"),         hide_below},
    {SLICE_INIT("SystemStatus"),         hide_below},
    {SLICE_INIT("Runtimes"),             hide_below},
    {SLICE_INIT("Containerd"),           hide_below},
    {SLICE_INIT("CDISpecDirs"),          hide_below},
};
// clang-format on

int redact_path_member(struct arena *arena, struct json *member)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (slice_eq(member->name, members[i].name)) {
            return members[i].hide(arena, member);
        }
    }
    return 0;
}
