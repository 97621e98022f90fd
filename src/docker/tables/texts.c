/*
 * See texts.h.
 */
#include "docker/tables/texts.h"

#include <string.h>

#include "base/parse.h"

#include "base/banned.h"

static const struct text_objection none = {NULL, NULL};

/* Bytes at which Podman takes a text apart. */
struct separator {
    char byte;
    struct text_objection objection;
};

#define AT(name) "contains " name ", where Podman would split it"

// clang-format off
static const struct separator separators[] = {
    {':',  {AT("a colon"),          "remove the colon"}},
    {',',  {AT("a comma"),          "remove the comma"}},
    {'=',  {AT("an equals sign"),   "remove the equals sign"}},
    {'"',  {AT("a quotation mark"), "remove the quotation mark"}},
    {'\n', {AT("a line feed"),      "write it on one line"}},
    {'\r', {AT("a carriage return"), "write it on one line"}},
};
// clang-format on

static struct text_objection judge_bytes(struct slice text, const char *bytes)
{
    for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
        if (strchr(bytes, separators[i].byte) && slice_find(text, separators[i].byte) < text.len) {
            return separators[i].objection;
        }
    }
    return none;
}

static struct text_objection judge_line(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == '\x7f') {
            return (struct text_objection){
                "holds a control character, which would end a line in a file of the container's",
                "write it on one line"};
        }
    }
    return none;
}

static struct text_objection judge_log_option(struct slice key)
{
    if (slice_eq_nocase(key, SLICE("path")) || slice_eq_nocase(key, SLICE("driver"))) {
        return (struct text_objection){
            "is an option specific to Podman: a host file to write to, or another driver",
            "remove it"};
    }
    return judge_bytes(key, "=");
}

static struct text_objection judge_env(struct slice entry)
{
    return slice_find(entry, '=') < entry.len
               ? none
               : (struct text_objection){
                     "has no value, so Podman would take one from its own environment",
                     "write NAME=VALUE"};
}

/* "vendor.com/class=name", which no path of a device is. */
static struct text_objection judge_cdi(struct slice name)
{
    bool qualified = slice_find(name, '=') < name.len && slice_find(name, ':') == name.len &&
                     !slice_starts_with(name, SLICE("/")) && !slice_starts_with(name, SLICE("."));

    return qualified ? none
                     : (struct text_objection){"means a host device to Podman",
                                               "name a CDI device as vendor/class=name"};
}

static struct text_objection judge_ulimit(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < 'a' || name.ptr[i] > 'z') {
            return (struct text_objection){"is spelled so that Podman reads another limit",
                                           "write its name in lower case"};
        }
    }
    return none;
}

static struct text_objection judge_group(struct slice group)
{
    return slice_eq(group, SLICE("keep-groups"))
               ? (struct text_objection){"would give Podman's own groups to the container",
                                         "name the group"}
               : none;
}

static bool joins_container(struct slice mode)
{
    return slice_starts_with(mode, SLICE("container:"));
}

static struct text_objection texts_judge_network(struct slice mode)
{
    static const struct slice own[] = {SLICE_INIT("slirp4netns"), SLICE_INIT("pasta"),
                                       SLICE_INIT("private"), SLICE_INIT("pod")};

    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (slice_eq(mode, own[i])) {
            return (struct text_objection){"is a Podman mode, not a network", "name a network"};
        }
    }
    return joins_container(mode) ? none : judge_bytes(mode, ":,");
}

static struct text_objection judge_namespace(struct slice mode)
{
    return joins_container(mode) ? none : judge_bytes(mode, ":");
}

/* What both engines have, as "key=value" or "key:value". */
static bool is_common_option(struct slice key)
{
    static const struct slice keys[] = {SLICE_INIT("no-new-privileges"), SLICE_INIT("apparmor"),
                                        SLICE_INIT("label"), SLICE_INIT("seccomp"),
                                        SLICE_INIT("systempaths")};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (slice_eq(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static struct text_objection judge_security(struct slice option)
{
    struct slice key = {NULL, 0};
    struct slice value = {NULL, 0};
    bool has_value =
        slice_cut(option, slice_find(option, '=') < option.len ? '=' : ':', &key, &value);

    if (!is_common_option(key) ||
        (slice_eq(key, SLICE("label")) && slice_eq(value, SLICE("nested")))) {
        return (struct text_objection){"has another meaning in Podman", "remove it"};
    }
    if (has_value && slice_eq(key, SLICE("seccomp")) && value.len > 0 &&
        !slice_eq(value, SLICE("unconfined")) && !slice_eq(value, SLICE("builtin"))) {
        return (struct text_objection){"names a profile, which Podman would read from a host file",
                                       "remove it to use the engine's default profile"};
    }
    return none;
}

static struct text_objection texts_judge_image(struct slice name)
{
    static const struct slice transports[] = {
        SLICE_INIT("dir"),     SLICE_INIT("docker-archive"),     SLICE_INIT("docker-daemon"),
        SLICE_INIT("oci"),     SLICE_INIT("oci-archive"),        SLICE_INIT("sif"),
        SLICE_INIT("tarball"), SLICE_INIT("containers-storage"), SLICE_INIT("ostree"),
        SLICE_INIT("atomic"),
    };
    struct slice transport = {NULL, 0};
    struct slice rest = {NULL, 0};
    bool cut = slice_cut(name, ':', &transport, &rest);

    for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
        if (slice_eq(transport, transports[i])) {
            return (struct text_objection){
                "begins with an image transport of Podman, such as host files",
                "name an image in a registry"};
        }
    }
    if (cut && slice_starts_with(rest, SLICE("//"))) {
        return (struct text_objection){"means an address to Podman", "name an image in a registry"};
    }
    return none;
}

/* "8080" or "8000-8010". */
static struct text_objection texts_judge_port(struct slice text)
{
    while (text.len > 0) {
        struct slice number = {NULL, 0};
        uint64_t port = 0;

        slice_cut(text, '-', &number, &text);
        if (parse_u64(number, &port) < 0 || port > UINT16_MAX) {
            return (struct text_objection){"is not a port number, but Podman would make one of it",
                                           "publish a port up to 65535"};
        }
    }
    return none;
}

static bool leads_up(struct slice path)
{
    while (path.len > 0) {
        struct slice part = {NULL, 0};

        slice_cut(path, '/', &part, &path);
        if (slice_eq(part, SLICE(".."))) {
            return true;
        }
    }
    return false;
}

static bool texts_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct slice without_blanks(struct slice text)
{
    while (text.len > 0 && texts_is_blank(text.ptr[0])) {
        text = slice_from_index(text, 1);
    }
    return text;
}

static struct text_objection judge_build_file(struct slice path)
{
    if (slice_starts_with(without_blanks(path), SLICE("["))) {
        return (struct text_objection){"means a list of files to Podman", "name one file"};
    }
    if (slice_starts_with(path, SLICE("http://")) || slice_starts_with(path, SLICE("https://"))) {
        return (struct text_objection){"is an address that Podman would fetch",
                                       "send the Dockerfile in the context"};
    }
    return leads_up(path) ? (struct text_objection){"leads out of the context, to Podman's host",
                                                    "send the Dockerfile in the context"}
                          : none;
}

/* Strings of JSON that a colon follows are keys; their '=' may be written \u003d. */
static struct text_objection judge_build_labels(struct slice text)
{
    bool in_string = false;
    bool equals = false;

    if (slice_starts_with(without_blanks(text), SLICE("["))) {
        return (struct text_objection){"is a list; labels must be an object",
                                       "send an object of labels"};
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (in_string && c == '\\') {
            equals = equals || slice_starts_with(slice_from_index(text, i), SLICE("\\u003d")) ||
                     slice_starts_with(slice_from_index(text, i), SLICE("\\u003D"));
            i++;
        } else if (c == '"') {
            in_string = !in_string;
            equals = equals && !in_string;
        } else if (in_string && c == '=') {
            equals = true;
        } else if (!in_string && c == ':' && equals) {
            return judge_bytes(SLICE("="), "=");
        } else if (!in_string && !texts_is_blank(c)) {
            equals = false;
        }
    }
    return none;
}

static struct text_objection judge_for_podman(enum text_kind kind, struct slice text)
{
    switch (kind) {
    case TEXT_NONE:
    case TEXT_KINDS:
        return (struct text_objection){"is text that sockade does not inspect", NULL};
    case TEXT_OPAQUE:
    case TEXT_PARSED:
    case TEXT_COMMAND:     // what the image leaves to it counts as well, so it is
    case TEXT_WORKING_DIR: // the container that is judged: masked_paths, live_tree
        return none;
    case TEXT_LINE:
        return judge_line(text);
    case TEXT_KEY:
        return judge_bytes(text, "=");
    case TEXT_LOG_OPTION:
        return judge_log_option(text);
    case TEXT_ENV:
        return judge_env(text);
    case TEXT_VOLUME_TARGET:
    case TEXT_TMPFS:
    case TEXT_JOINED:
        return judge_bytes(text, ":");
    case TEXT_MOUNT:
        return judge_bytes(text, ",\"\n\r");
    case TEXT_CDI:
        return judge_cdi(text);
    case TEXT_ULIMIT:
        return judge_ulimit(text);
    case TEXT_GROUP:
        return judge_group(text);
    case TEXT_NETWORK:
        return texts_judge_network(text);
    case TEXT_NAMESPACE:
        return judge_namespace(text);
    case TEXT_SECURITY:
        return judge_security(text);
    case TEXT_PORT:
        return texts_judge_port(text);
    case TEXT_IMAGE:
        return texts_judge_image(text);
    case TEXT_BUILD_FILE:
        return judge_build_file(text);
    case TEXT_BUILD_LABELS:
        return judge_build_labels(text);
    }
    return (struct text_objection){"is text that sockade does not inspect", NULL};
}

struct text_objection text_judge(enum text_kind kind, struct slice text,
                                 const struct sockade_engine *engine)
{
    return text_passes(kind, engine) ? none : judge_for_podman(kind, text);
}

struct kind_row {
    const char *word;
    const char *meaning;
};

// clang-format off
static const struct kind_row kinds[TEXT_KINDS] = {
    [TEXT_NONE]          = {"", ""},
    [TEXT_OPAQUE]        = {"opaque", ""},
    [TEXT_PARSED]        = {"parsed", ""},
    [TEXT_LINE]          = {"line", "control characters, in front of every engine"},
    [TEXT_KEY]           = {"key", "`=`"},
    [TEXT_LOG_OPTION]    = {"log option", "`=`, and the options `path` and `driver`"},
    [TEXT_ENV]           = {"variable", "an entry without `=`"},
    [TEXT_VOLUME_TARGET] = {"volume", "`:`"},
    [TEXT_TMPFS]         = {"tmpfs", "`:`"},
    [TEXT_MOUNT]         = {"mount", "`,`, `\"`, line feed and carriage return"},
    [TEXT_JOINED]        = {"joined", "`:`"},
    [TEXT_CDI]           = {"CDI", "anything but `vendor/class=name`"},
    [TEXT_ULIMIT]        = {"ulimit", "anything not in lower case"},
    [TEXT_GROUP]         = {"group", "`keep-groups`"},
    [TEXT_NETWORK]       = {"network", "modes specific to Podman, `,`, and `:` except in `container:`"},
    [TEXT_NAMESPACE]     = {"namespace", "`:` except in `container:`"},
    [TEXT_SECURITY]      = {"security option", "options specific to Podman, and profiles by name"},
    [TEXT_PORT]          = {"port", "anything above 65535"},
    [TEXT_IMAGE]         = {"image", "transports (`dir:`, `docker-archive:` and the like), `://`"},
    [TEXT_BUILD_FILE]    = {"build file", "`..`, `http://`, `https://`, and a list"},
    [TEXT_BUILD_LABELS]  = {"build labels", "`=` in a key, and a list"},
    [TEXT_COMMAND]       = {"command", "by `masked_paths`, at start: systemd and init, for which Podman makes control groups writable"},
    [TEXT_WORKING_DIR]   = {"working directory", "by `live_tree`, at start: any but `/` and those on a mount, before Podman 5.7.1"},
};
// clang-format on

const char *text_kind_word(enum text_kind kind)
{
    return kinds[kind].word;
}

const char *text_kind_meaning(enum text_kind kind)
{
    return kinds[kind].meaning;
}
