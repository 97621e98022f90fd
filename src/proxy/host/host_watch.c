/*
 * See host_watch.h. The descriptor is kept: to close it waits until the kernel has forgotten the
 * directories, which to remove them does not.
 */
#include "proxy/host/host_watch.h"

#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/banned.h"

enum { EVENTS_BYTES = 4096 };

static const unsigned changes = IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONESHOT | IN_ONLYDIR;

static bool host_watch_open(struct host_watch *watch)
{
    if (!watch->open) {
        watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        watch->open = watch->fd >= 0;
    }
    return watch->open;
}

bool host_watch_add(struct host_watch *watch, int directory)
{
    char path[64];

    if (watch->count == HOST_WATCH_MAX || !host_watch_open(watch)) {
        return false;
    }
    // The descriptor's own directory, whatever its name is by now. Nothing is looked up.
    snprintf(path, sizeof(path), "/proc/self/fd/%d", directory);
    int added = inotify_add_watch(watch->fd, path, changes);

    if (added < 0) {
        return false;
    }
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->directory[i] == added) {
            return true;
        }
    }
    watch->directory[watch->count] = added;
    watch->count++;
    return true;
}

void host_watch_clear(struct host_watch *watch)
{
    char events[EVENTS_BYTES];

    if (!watch->open || watch->count == 0) {
        return;
    }
    for (size_t i = 0; i < watch->count; i++) {
        (void)inotify_rm_watch(watch->fd, watch->directory[i]); // one that has told is gone
    }
    watch->count = 0;
    while (read(watch->fd, events, sizeof(events)) > 0) {
        continue; // each has told at most once
    }
}

void host_watch_deinit(struct host_watch *watch)
{
    if (watch->open) {
        close(watch->fd);
    }
    *watch = (struct host_watch){0};
}
