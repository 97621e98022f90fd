/*
 * Which of what a request names is an engine's socket, or has one below: known by device and
 * inode. Looked at once for a request.
 */
#ifndef SOCKADE_PROXY_HOST_SOCKETS_H
#define SOCKADE_PROXY_HOST_SOCKETS_H

#include "proxy/host/host_tree.h"
#include "sockade/path.h"

enum { HOST_MAX_PLACES = 256 };

enum host_place_kind { HOST_PLACE_ABOVE = 0, HOST_PLACE_ENGINE, HOST_PLACE_UPSTREAM };

/* A socket that exists, or a directory above one. */
struct host_place {
    dev_t device;
    ino_t inode;
    enum host_place_kind kind;
};

enum host_mounted { HOST_MOUNTED_UNKNOWN = 0, HOST_MOUNTED_OTHER, HOST_MOUNTED_PLACE };

struct host_sockets {
    const struct mount_table *mounts;
    enum host_mounted *mounted; /* for each mount: whether it shows one of the places */
    struct host_place place[HOST_MAX_PLACES];
    size_t count;
};

/*
 * `upstream` is the engine's that we forward to; `asked` names others. `mounts` is borrowed. 0 or
 * -ENOMEM.
 */
MUST_CHECK int host_sockets_look(struct host_sockets *sockets, const char *upstream,
                                 const struct path_look *asked, const struct mount_table *mounts,
                                 struct arena *arena);

/* Whether host_sockets_find() needs no further look. */
bool host_sockets_can_find(const struct host_sockets *sockets, const struct host_node *reached,
                           struct slice resolved);

/* What `reached`, which exists at answer->resolved, is or holds. */
void host_sockets_find(struct host_sockets *sockets, const struct host_node *reached,
                       struct path_answer *answer);

#endif
