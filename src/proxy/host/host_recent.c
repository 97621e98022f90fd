/*
 * See host_recent.h.
 */
#include "proxy/host/host_recent.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "proxy/host/host_known.h"

#include "base/banned.h"

static void host_recent_forget(struct host_recent *recent)
{
    host_watch_clear(&recent->watch);
    host_known_destroy(recent->known);
    recent->known = NULL;
    recent->stale = false;
}

static void host_recent_close_open(int fd)
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
    host_recent_close_open(recent->own);
    host_recent_close_open(recent->engine);
    host_recent_close_open(recent->root);
    host_proofs_unref(recent->proofs);
    recent->proofs = NULL;
}

void host_recent_watch(struct host_recent *recent, struct host_proofs *proofs)
{
    if (recent->proofs == proofs) {
        return;
    }
    stop_watching(recent);
    host_recent_forget(recent);
    recent->changes++;
    bool compared = proofs->proof == HOST_COMPARED;

    recent->proofs = host_proofs_ref(proofs);
    recent->own = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    recent->engine = compared ? openat(proofs->process, "mountinfo", O_RDONLY | O_CLOEXEC) : -1;
    recent->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (recent->own < 0 || recent->root < 0 || (compared && recent->engine < 0)) {
        stop_watching(recent);
    }
}

/* The kernel says once that mounts have changed, by POLLPRI and POLLERR; of names until it is read.
 */
bool host_recent_is_current(struct host_recent *recent)
{
    struct pollfd watched[] = {
        {.fd = recent->own, .events = POLLPRI},
        {.fd = recent->engine, .events = POLLPRI}, // -1 is left out
        {.fd = recent->watch.count > 0 ? recent->watch.fd : -1, .events = POLLIN}};

    if (!recent->proofs) {
        return false;
    }
    bool changed = poll(watched, sizeof(watched) / sizeof(watched[0]), 0) != 0;

    recent->renamed = watched[2].revents != 0;
    if (changed && (!recent->renamed || (watched[0].revents | watched[1].revents) != 0)) {
        recent->changes++;
        recent->stale = true;
    }
    return !recent->stale;
}

/* When nobody uses what is known. */
static bool host_recent_begin(struct host_recent *recent)
{
    bool current = host_recent_is_current(recent);

    if (recent->stale) {
        host_recent_forget(recent);
    } else if (recent->renamed && recent->known) {
        host_watch_clear(&recent->watch);
        host_seen_forget(&recent->known->seen);
    }
    return current;
}

struct host_known *host_recent_get(struct host_recent *recent, uint64_t now_ms)
{
    bool fresh = recent->known && now_ms - recent->known_ms <= HOST_RECENT_MS;

    return fresh && host_recent_begin(recent) ? recent->known : NULL;
}

void host_recent_take(struct host_recent *recent, struct host_known *known, unsigned changes,
                      uint64_t began_ms)
{
    bool newer = !recent->known || began_ms >= recent->known_ms;

    if (!newer || !host_recent_begin(recent) || changes != recent->changes) {
        host_known_destroy(known);
        return;
    }
    host_recent_forget(recent);
    recent->known = known;
    recent->known_ms = began_ms;
}

bool host_recent_watch_directory(struct host_recent *recent, int directory)
{
    return host_watch_add(&recent->watch, directory);
}

void host_recent_deinit(struct host_recent *recent)
{
    stop_watching(recent);
    host_recent_forget(recent);
    host_watch_deinit(&recent->watch);
}
