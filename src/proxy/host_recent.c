/*
 * See host_recent.h.
 */
#include "proxy/host_recent.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "proxy/host_known.h"

#include "base/banned.h"

static void forget(struct host_recent *recent)
{
    host_known_destroy(recent->known);
    recent->known = NULL;
    recent->changes++;
}

static void close_open(int fd)
{
    if (fd >= 0) {
        close(fd);
    }
}

static void stop_watching(struct host_recent *recent)
{
    if (!recent->proofs) {
        return;
    }
    close_open(recent->own);
    close_open(recent->engine);
    close_open(recent->root);
    host_proofs_unref(recent->proofs);
    recent->proofs = NULL;
}

void host_recent_watch(struct host_recent *recent, struct host_proofs *proofs)
{
    if (recent->proofs == proofs) {
        return;
    }
    stop_watching(recent);
    forget(recent);
    bool compared = proofs->proof == HOST_COMPARED;

    recent->proofs = host_proofs_ref(proofs);
    recent->own = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    recent->engine = compared ? openat(proofs->process, "mountinfo", O_RDONLY | O_CLOEXEC) : -1;
    recent->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (recent->own < 0 || recent->root < 0 || (compared && recent->engine < 0)) {
        stop_watching(recent);
    }
}

/* The kernel says it once for each change: POLLPRI and POLLERR. */
bool host_recent_is_current(struct host_recent *recent)
{
    struct pollfd watched[] = {{.fd = recent->own, .events = POLLPRI},
                               {.fd = recent->engine, .events = POLLPRI}}; // -1 is left out

    if (!recent->proofs) {
        return false;
    }
    int changed = poll(watched, sizeof(watched) / sizeof(watched[0]), 0);

    if (changed != 0) {
        forget(recent);
    }
    return changed == 0;
}

struct host_known *host_recent_get(struct host_recent *recent, uint64_t now_ms)
{
    bool fresh = recent->known && now_ms - recent->known_ms <= HOST_RECENT_MS;

    return fresh && host_recent_is_current(recent) ? recent->known : NULL;
}

void host_recent_take(struct host_recent *recent, struct host_known *known, unsigned changes,
                      uint64_t began_ms)
{
    bool newer = !recent->known || began_ms >= recent->known_ms;

    if (!newer || !host_recent_is_current(recent) || changes != recent->changes) {
        host_known_destroy(known);
        return;
    }
    host_known_destroy(recent->known);
    recent->known = known;
    recent->known_ms = began_ms;
}

void host_recent_deinit(struct host_recent *recent)
{
    stop_watching(recent);
    forget(recent);
}
