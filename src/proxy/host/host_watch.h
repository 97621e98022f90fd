/*
 * Directories in which the kernel tells of every change: a name that is made, moved or removed, an
 * owner or a mode that becomes another. Who has looked there since need not look again until it
 * does. Each directory is told of once (IN_ONESHOT), so that one that changes all the time costs no
 * more than one that is not watched. For file systems of this machine alone: others change without
 * telling. On the loop only.   Source: inotify(7).
 */
#ifndef SOCKADE_PROXY_HOST_WATCH_H
#define SOCKADE_PROXY_HOST_WATCH_H

#include <stdbool.h>
#include <stddef.h>

enum { HOST_WATCH_MAX = 32 };

/* All zero at first: nothing is watched. */
struct host_watch {
    bool open;
    int fd; /* readable when something has changed */
    int directory[HOST_WATCH_MAX];
    size_t count;
};

/* From now on. `directory` is a descriptor that may be O_PATH. False: it cannot be watched. */
bool host_watch_add(struct host_watch *watch, int directory);

/* Nothing is watched any more, and what has changed is forgotten. It stays open. */
void host_watch_clear(struct host_watch *watch);

void host_watch_deinit(struct host_watch *watch);

#endif
