/*
 * Where container engines listen, and the one alias all of them are reached by.
 */
#include "policy/model/paths.h"

#include "base/try.h"
#include "sockade/policy.h"

#include "base/banned.h"

/* Whoever can connect to one of these is root on the host. */
static const struct slice engine_sockets[] = {
    SLICE_INIT("/run/docker.sock"),
    SLICE_INIT("/run/docker/containerd/containerd.sock"),
    SLICE_INIT("/run/docker/metrics.sock"),
    SLICE_INIT("/run/containerd/containerd.sock"),
    SLICE_INIT("/run/k3s/containerd/containerd.sock"),
    SLICE_INIT("/run/podman/podman.sock"),
    SLICE_INIT("/run/crio/crio.sock"),
    SLICE_INIT("/run/cri-dockerd.sock"),
    SLICE_INIT("/run/buildkit/buildkitd.sock"),
    SLICE_INIT("/run/balena-engine.sock"),
    SLICE_INIT("/var/snap/docker/common/run/docker.sock"),
    // of users: the number is any
    SLICE_INIT("/run/user/0/docker.sock"),
};

/* The last component alone is enough: rootless engines listen below /run/user and $HOME. */
static const struct slice engine_socket_names[] = {
    SLICE_INIT("/docker.sock"),        SLICE_INIT("/podman.sock"),
    SLICE_INIT("/containerd.sock"),    SLICE_INIT("/crio.sock"),
    SLICE_INIT("/cri-dockerd.sock"),   SLICE_INIT("/buildkitd.sock"),
    SLICE_INIT("/balena-engine.sock"), SLICE_INIT("/dockershim.sock"),
};

int host_path_borrow(struct arena *arena, struct slice path, struct slice *out)
{
    struct slice clean = path;

    if (!path_is_clean(path)) {
        TRY(path_clean(arena, path, &clean));
    }
    if (path_is_within(clean, SLICE("/var/run"))) {
        clean = slice_from_index(clean, sizeof("/var") - 1);
    }
    *out = clean;
    return 0;
}

int host_path(struct arena *arena, struct slice path, struct slice *out)
{
    struct slice clean = {0};

    TRY(path_clean(arena, path, &clean));
    return host_path_borrow(arena, clean, out);
}

/* "/run/user/1000", of which nobody knows what listens below. */
static bool is_user_runtime_directory(struct slice path)
{
    struct slice user = {0};
    struct slice rest = {0};

    if (!slice_starts_with(path, SLICE("/run/user/"))) {
        return false;
    }
    slice_cut(slice_from_index(path, sizeof("/run/user/") - 1), '/', &user, &rest);
    return rest.len == 0 || slice_eq(rest, SLICE("podman"));
}

/*
 * /proc, and what it shows of a process: root, cwd and fd lead to every file of the host,
 * for whoever has the same user id.   Source: proc(5), ptrace(2) "access mode checking".
 */
static bool is_way_through_proc(struct slice path)
{
    struct slice process = {0};
    struct slice rest = {0};

    if (slice_eq(path, SLICE("/proc"))) {
        return true;
    }
    if (!slice_starts_with(path, SLICE("/proc/"))) {
        return false;
    }
    slice_cut(slice_from_index(path, sizeof("/proc/") - 1), '/', &process, &rest);
    return (process.ptr[0] >= '0' && process.ptr[0] <= '9') || slice_eq(process, SLICE("self")) ||
           slice_eq(process, SLICE("thread-self"));
}

static bool is_named_like_engine(struct slice path)
{
    const size_t count = sizeof(engine_socket_names) / sizeof(engine_socket_names[0]);

    if (!slice_ends_with(path, SLICE(".sock"))) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (slice_ends_with(path, engine_socket_names[i])) {
            return true;
        }
    }
    return false;
}

bool host_path_reaches_engine(struct slice path, struct slice own)
{
    if (own.len > 0 && (path_is_within(own, path) || path_is_within(path, own))) {
        return true;
    }
    for (size_t i = 0; i < sizeof(engine_sockets) / sizeof(engine_sockets[0]); i++) {
        if (path_is_within(engine_sockets[i], path)) {
            return true;
        }
    }
    if (is_named_like_engine(path)) {
        return true;
    }
    // "/var" holds run, which is a link to /run or /run itself.
    return slice_eq(path, SLICE("/var")) || is_user_runtime_directory(path) ||
           is_way_through_proc(path);
}

bool policy_engine_socket(size_t index, struct slice *out)
{
    if (index >= sizeof(engine_sockets) / sizeof(engine_sockets[0])) {
        return false;
    }
    *out = engine_sockets[index];
    return true;
}

bool host_path_is_docker_socket(struct slice path, struct slice own)
{
    return (own.len > 0 && slice_eq(path, own)) || slice_ends_with(path, SLICE("/docker.sock"));
}

bool host_path_covers(struct slice root, struct slice path)
{
    static const struct slice magic_roots[] = {SLICE_INIT("/proc"), SLICE_INIT("/sys"),
                                               SLICE_INIT("/dev")};

    if (!path_is_within(path, root)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(magic_roots) / sizeof(magic_roots[0]); i++) {
        if (path_is_within(path, magic_roots[i]) && !path_is_within(root, magic_roots[i])) {
            return false;
        }
    }
    return true;
}

static bool separates(char c)
{
    return c == ',' || c == ':' || c == '=';
}

static int use_part(struct arena *arena, struct slice part, path_user *use, void *context)
{
    struct slice path = part;

    if (part.len == 0) {
        return 0;
    }
    if (part.ptr[0] != '/') {
        TRY(arena_printf(arena, &path, "/%.*s", SLICE_ARGS(part)));
    }
    return use(context, path);
}

int host_paths_each(struct arena *arena, struct slice value, path_user *use, void *context)
{
    // The whole, too: the separators may be part of a device's name.
    TRY(use_part(arena, value, use, context));
    for (size_t from = 0, end = 0; from < value.len; from = end + 1) {
        for (end = from; end < value.len && !separates(value.ptr[end]);) {
            end++;
        }
        if (end - from < value.len) {
            TRY(use_part(arena, slice_head(slice_from_index(value, from), end - from), use,
                         context));
        }
    }
    return 0;
}
