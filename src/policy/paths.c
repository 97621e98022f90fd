/*
 * Where container engines listen, and the one alias all of them are reached by.
 */
#include "policy/paths.h"

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

int host_path(struct arena *arena, struct slice path, struct slice *out)
{
    struct slice clean = {0};
    int err = path_clean(arena, path, &clean);

    if (err < 0) {
        return err;
    }
    if (path_is_within(clean, SLICE("/var/run"))) {
        clean = slice_from_index(clean, sizeof("/var") - 1);
    }
    *out = clean;
    return 0;
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
    for (size_t i = 0; i < sizeof(engine_socket_names) / sizeof(engine_socket_names[0]); i++) {
        if (slice_ends_with(path, engine_socket_names[i])) {
            return true;
        }
    }
    // "/var" holds run, which is a link to /run or /run itself.
    return slice_eq(path, SLICE("/var")) || is_user_runtime_directory(path);
}
