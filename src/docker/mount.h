/*
 * Everything by which a request names something to be mounted, in one form:
 * Binds, Mounts, Tmpfs and the Volumes of the configuration.
 * Source: moby volume/mounts/linux_parser.go.
 */
#ifndef SOCKADE_DOCKER_MOUNT_H
#define SOCKADE_DOCKER_MOUNT_H

#include "base/cleanup.h"
#include "base/path_text.h"
#include "docker/spec.h"

enum mount_kind {
    MOUNT_UNKNOWN = 0, /* a type or spelling we don't know */
    MOUNT_BIND,
    MOUNT_VOLUME,    /* named */
    MOUNT_ANONYMOUS, /* a volume without a name */
    MOUNT_TMPFS,
    MOUNT_IMAGE,
    MOUNT_CLUSTER,
    MOUNT_NPIPE
};

struct mount_spec {
    enum mount_kind kind;
    struct slice field;  /* "HostConfig.Binds[0]", for messages */
    struct slice source; /* bind: the host path as path.Clean leaves it; volume: its name; image:
                            reference */
    struct slice target; /* cleaned */
    bool read_only;
    struct slice propagation; /* "", "rprivate", "shared", … */
    bool relabel;             /* z or Z */
    bool create_mountpoint;   /* BindOptions.CreateMountpoint, and every entry of Binds */
    struct slice subpath;
    struct slice driver;        /* VolumeOptions.DriverConfig.Name or HostConfig.VolumeDriver */
    struct string_map options;  /* VolumeOptions.DriverConfig.Options */
    struct slice tmpfs_options; /* "rw,size=64m" */
    int64_t tmpfs_size_bytes;   /* TmpfsOptions.SizeBytes, 0: none given */
    bool problem;       /* could not be read as the engine would: refuse; kind is MOUNT_UNKNOWN */
    struct json *entry; /* of Binds or Mounts, for container_spec_set_source(); else NULL */
    bool expands;       /* of a service, which fills templates in: "{{" is no name */
    bool no_copy;       /* a volume that the engine does not fill with the image's files */
    bool substituted;   /* the source is our own socket, put there or allowed by a rule */
    bool by_volume;     /* the source is a volume's device: what is sent cannot name another */
};

struct mount_list {
    struct mount_spec *item;
    size_t count;
};

/* Whether path_clean() would leave it as it is. */
bool path_is_clean(struct slice path);

/* Go's path.Clean, on an absolute path. 0 or -ENOMEM. */
MUST_CHECK int path_clean(struct arena *arena, struct slice path, struct slice *out);

/*
 * Whether the entry can say exactly this source: no colon in Binds, where it would end
 * the source ("/srv/x:/etc" would mount /srv/x), no template in a service's mount, and
 * text that JSON holds unchanged.
 */
bool mount_can_name(const struct mount_spec *mount, struct slice source);

/*
 * [a-zA-Z0-9][a-zA-Z0-9_.-]*, and + for volumes.   Source: moby daemon/names, RestrictedNameChars;
 * volume/service, names.RestrictedNamePattern.
 */
bool object_name_is_valid(struct slice name);
bool volume_name_is_valid(struct slice name);

/*
 * "web/db": what a container is called by in one that is linked to it. dockerd keeps such names
 * beside those of containers, and finds a container by either.   Source: moby daemon/container.go,
 * GetContainer; daemon/names.go and links.go.
 */
bool link_name_is_valid(struct slice name);

/* Sets the cleaned target; one that is "/" or not absolute is a `problem`. 0 or -ENOMEM. */
MUST_CHECK int mount_set_target(struct arena *arena, struct slice target, struct mount_spec *mount);

/* Reads one entry of HostConfig.Binds. 0 or -ENOMEM; what can't be read is `problem`. */
MUST_CHECK int mount_from_bind(struct arena *arena, struct slice bind, struct mount_spec *out);

/* Whether they make a local volume a file system in memory, and nothing else. */
bool mount_options_are_memory(const struct string_map *options);

/* A local volume that is another name for a path of the host. */
struct volume_bind {
    struct slice device; /* absolute, as path_clean() leaves it */
    bool read_only;      /* for every container */
};

/*
 * Whether they make a local volume that, and nothing else (type=none,o=bind,device=PATH); *out only
 * then. The engine hands the path to mount(2) as it is, when a container starts.
 */
bool mount_options_are_bind(const struct string_map *options, struct volume_bind *out);

#endif
