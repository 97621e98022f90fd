/*
 * Container ids in control groups. Engines write them in few ways, all of which end a
 * component of the path:
 *
 *   /docker/ID                                             dockerd, cgroupfs
 *   /system.slice/docker-ID.scope                          dockerd, systemd
 *   /machine.slice/libpod-ID.scope/container               podman
 *   /kubepods.slice/.../cri-containerd-ID.scope            containerd, CRI-O: crio-ID.scope
 *   /kubepods/besteffort/podUID/ID                         kubelet, cgroupfs
 *   /system.slice/containerd.service/kubepods-...:cri-containerd:ID
 *
 * Source: moby daemon/oci_linux.go (WithCgroups), cgroups(7), runc libcontainer/cgroups.
 */
#include "sockade/client.h"

#include "base/banned.h"

/* podman's monitor of a container is outside it: "libpod-conmon-ID.scope" */
static const struct slice monitor = SLICE_INIT("conmon-");

static bool is_id(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.len == CONTAINER_ID_DIGITS;
}

/* The id at the end of one component of a path. */
static bool component_id(struct slice component, struct slice *out)
{
    static const struct slice scope = SLICE_INIT(".scope");

    if (slice_ends_with(component, scope)) {
        component.len -= scope.len;
    }
    if (component.len < CONTAINER_ID_DIGITS) {
        return false;
    }
    struct slice prefix = slice_head(component, component.len - CONTAINER_ID_DIGITS);
    struct slice id = slice_from_index(component, prefix.len);
    bool apart = prefix.len == 0 || slice_ends_with(prefix, SLICE("-")) ||
                 slice_ends_with(prefix, SLICE(":"));

    if (!apart || slice_ends_with(prefix, monitor) || !is_id(id)) {
        return false;
    }
    *out = id;
    return true;
}

static bool path_container(struct slice path, struct cgroup_container *out)
{
    struct slice rest = path;
    bool found = false;
    bool more = true;

    out->nested = false;
    while (more) {
        struct slice component = {NULL, 0};

        more = slice_cut(rest, '/', &component, &rest);
        if (component_id(component, &out->id)) {
            out->nested = found;
            out->path = slice_head(path, (size_t)(component.ptr - path.ptr) + component.len);
            out->outer_len = found ? out->outer_len : out->path.len;
            found = true;
        }
    }
    return found;
}

bool cgroup_find_container(struct slice text, struct cgroup_container *out)
{
    struct cgroup_container container = {0};
    bool more = true;

    while (more) {
        struct slice line = {NULL, 0};
        struct slice hierarchy = {NULL, 0};
        struct slice controllers = {NULL, 0};

        more = slice_cut(text, '\n', &line, &text);
        // "5:devices:/docker/..."; of version 2 "0::/system.slice/..."
        if (slice_cut(line, ':', &hierarchy, &line) && slice_cut(line, ':', &controllers, &line) &&
            slice_starts_with(line, SLICE("/")) && path_container(line, &container)) {
            container.hierarchy = controllers;
            *out = container;
            return true;
        }
    }
    return false;
}
