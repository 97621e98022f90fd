/*
 * See include/sockade/engine.h. Both engines list what they are made of; the component with the
 * engine's own name tells which one it is. Two of them, or none, tell nothing.
 * Sources: moby api/server/router/system and daemon/info.go, fillPlatformInfo and
 * SystemVersion ("Engine"); podman pkg/api/handlers/compat/version.go ("Podman Engine").
 */
#include <errno.h>

#include "base/parse.h"
#include "base/try.h"
#include "sockade/engine.h"
#include "json/json.h"

#include "base/banned.h"

enum { NUMBER_MAX = 100000, VERSION_MAX_BYTES = 64, OLD_API_MINOR = 37 };

const char *engine_kind_name(enum engine_kind kind)
{
    switch (kind) {
    case ENGINE_DOCKERD:
        return "dockerd";
    case ENGINE_PODMAN:
        return "podman";
    case ENGINE_UNKNOWN:
        break;
    }
    return "unknown";
}

static struct slice string_member(const struct json *object, struct slice name)
{
    const struct json *member = json_member(object, name);

    return member && member->type == JSON_STRING ? member->text : (struct slice){NULL, 0};
}

/* A version goes to logs and records as it is, or is taken for none. */
static struct slice version_member(const struct json *object, struct slice name)
{
    struct slice text = string_member(object, name);

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~') {
            return (struct slice){NULL, 0};
        }
    }
    return text.len <= VERSION_MAX_BYTES ? text : (struct slice){NULL, 0};
}

static enum engine_kind component_kind(const struct json *component)
{
    struct slice name = string_member(component, SLICE("Name"));

    if (slice_eq(name, SLICE("Engine"))) {
        return ENGINE_DOCKERD;
    }
    return slice_eq(name, SLICE("Podman Engine")) ? ENGINE_PODMAN : ENGINE_UNKNOWN;
}

/*
 * dockerd lists no components up to API 1.37; Podman has done so since it has this API, from 1.40
 * on.
 */
static bool is_old_dockerd(struct slice api)
{
    static const struct slice first = SLICE_INIT("1.");
    uint64_t minor = 0;

    return slice_starts_with(api, first) &&
           parse_u64(slice_from_index(api, first.len), &minor) == 0 && minor <= OLD_API_MINOR;
}

static enum engine_kind find_kind(const struct json *version)
{
    const struct json *components = json_member(version, SLICE("Components"));
    enum engine_kind kind = ENGINE_UNKNOWN;

    if (!components) {
        return is_old_dockerd(string_member(version, SLICE("ApiVersion"))) ? ENGINE_DOCKERD
                                                                           : ENGINE_UNKNOWN;
    }
    if (components->type != JSON_ARRAY) {
        return ENGINE_UNKNOWN;
    }
    for (const struct json *each = components->child; each; each = each->next) {
        enum engine_kind found = component_kind(each);

        if (found != ENGINE_UNKNOWN && kind != ENGINE_UNKNOWN) {
            return ENGINE_UNKNOWN;
        }
        kind = found != ENGINE_UNKNOWN ? found : kind;
    }
    return kind;
}

static bool engine_version_read_number(struct slice text, unsigned *out)
{
    uint64_t number = 0;

    if (parse_u64(text, &number) < 0 || number >= NUMBER_MAX) {
        return false;
    }
    *out = (unsigned)number;
    return true;
}

/* "20.10.24", and what a distribution adds behind "+"; not "28.0.0-rc.1", which comes before it. */
static void engine_version_read_numbers(struct slice text, struct sockade_engine *out)
{
    struct slice major = {0};
    struct slice minor = {0};
    struct sockade_engine read = {.kind = out->kind};

    text = slice_head(text, slice_find(text, '+'));
    slice_cut(text, '.', &major, &text);
    slice_cut(text, '.', &minor, &text);
    if (engine_version_read_number(major, &read.major) &&
        engine_version_read_number(minor, &read.minor) &&
        engine_version_read_number(text, &read.patch)) {
        *out = read;
    }
}

int engine_answer_read(struct slice body, struct arena *arena, struct engine_answer *out)
{
    struct engine_answer answer = {0};
    struct json_problem why = {0};
    struct json *version = NULL;

    TRY(json_read_answer(body, arena, &version, &why));
    if (version->type != JSON_OBJECT) {
        return -EBADMSG;
    }
    answer.version = version_member(version, SLICE("Version"));
    answer.api = version_member(version, SLICE("ApiVersion"));
    answer.engine.kind = find_kind(version);
    if (answer.engine.kind != ENGINE_UNKNOWN) {
        engine_version_read_numbers(answer.version, &answer.engine);
    }
    *out = answer;
    return 0;
}
