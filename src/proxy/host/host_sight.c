/*
 * See host_sight.h. The proofs are passive and take no rights:
 *
 * A process that listens on the engine's socket and is in sight shows its mounts in /proc. Where
 * both tables name the same place of the same file system (device, and path within it), it is the
 * same file, whatever else is mounted over or hidden in one of them. Since the listener may only
 * forward to another machine, the engine has to describe this one as well.
 *
 * In a container the listener is out of sight. Then the engine is asked about the container that
 * we are in, by its id, which no other engine knows: what it says it mounted there from the same
 * path of its host, and is still there, is its own.
 */
#include "proxy/host/host_sight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/try.h"
#include "proxy/host/host_call.h"
#include "sockade/client.h"
#include "sockade/host.h"

#include "base/banned.h"

enum { ANSWER_ARENA_BYTES = 16 * 1024 * 1024, CGROUP_MAX_BYTES = 64 * 1024 };

static int open_process(pid_t process)
{
    char path[64];

    if (process > 0) {
        snprintf(path, sizeof(path), "/proc/%d", (int)process);
    } else {
        snprintf(path, sizeof(path), "/proc/self");
    }
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

static int host_sight_read_own(struct mount_table *table)
{
    int process = open_process(0);

    TRY(process);
    int err = mount_table_read(table, process);

    close(process);
    return err;
}

/* Whether it is this machine that the engine describes. A host's name alone may be repeated. */
static bool describes_us(const struct policy_engine_host *host)
{
    struct utsname name;
    struct sysinfo memory;

    if (uname(&name) < 0 || sysinfo(&memory) < 0) {
        return false;
    }
    return slice_eq(host->name, slice_from(name.nodename)) &&
           slice_eq(host->kernel, slice_from(name.release)) &&
           host->memory_bytes / 1024 == (uint64_t)memory.totalram * memory.mem_unit / 1024;
}

/* Whether the engine is on this machine; -EBADMSG when it does not say. */
static int ask_host(struct host_call *call, bool *out)
{
    CLEANUP(buf_deinit) struct buf body = {0};
    CLEANUP(arena_deinit) struct arena arena = {0};
    struct policy_engine_host host = {0};
    unsigned status = 0;

    arena_init(&arena, ANSWER_ARENA_BYTES);
    TRY(host_call_get(call, SLICE("/info"), &status, &body));
    TRY(status == 200 ? policy_engine_host_read(buf_slice(&body), &arena, &host) : -EBADMSG);
    *out = describes_us(&host);
    return 0;
}

static void unseen(struct host_proofs *proofs, const char *why)
{
    proofs->proof = HOST_UNSEEN;
    proofs->why = why;
}

static void host_sight_compare(struct host_proofs *proofs, struct host_call *call)
{
    struct mount_table engine = {0};
    bool here = false;
    int process = open_process(call->listener);
    int err = process < 0 ? process : mount_table_read(&engine, process);
    bool rooted = engine.root != NULL;

    mount_table_deinit(&engine);
    if (err < 0 || !rooted) {
        unseen(proofs, "the engine's process is hidden (hidepid, ProtectProc=)");
    } else {
        err = ask_host(call, &here);
        if (err == -EBADMSG) {
            unseen(proofs, "the engine does not say which host it runs on");
        } else if (err < 0) {
            proofs->slow = err == -ETIMEDOUT;
        } else if (!here) {
            unseen(proofs, "the engine is on another host, or in a container");
        } else {
            proofs->proof = HOST_COMPARED;
            proofs->process = process;
            return;
        }
    }
    if (process >= 0) {
        close(process);
    }
}

/*
 * The id of the container that we are in: in the names of the files that engines mount there,
 * or in that of the control group.
 */
static bool find_own_id(const struct mount_table *own, char out[CONTAINER_ID_DIGITS + 1])
{
    static const struct slice points[] = {SLICE_INIT("/etc/hostname"), SLICE_INIT("/etc/hosts"),
                                          SLICE_INIT("/etc/resolv.conf")};
    CLEANUP(buf_deinit) struct buf text = {0};
    struct cgroup_container container = {0};

    buf_init(&text, CGROUP_MAX_BYTES);
    for (size_t i = 0; i < own->count; i++) {
        for (size_t at = 0; at < sizeof(points) / sizeof(points[0]); at++) {
            if (slice_eq(own->entry[i].point, points[at]) &&
                buf_printf(&text, "0::%.*s\n", SLICE_ARGS(own->entry[i].root)) < 0) {
                return false;
            }
        }
    }
    if (!cgroup_find_container(buf_slice(&text), &container)) {
        buf_clear(&text);
        if (buf_read_file(&text, "/proc/self/cgroup") < 0 ||
            !cgroup_find_container(buf_slice(&text), &container)) {
            return false;
        }
    }
    memcpy(out, container.id.ptr, CONTAINER_ID_DIGITS);
    out[CONTAINER_ID_DIGITS] = '\0';
    return true;
}

static char *copy(struct slice text)
{
    return strndup(text.ptr ? text.ptr : "", text.len);
}

static int add_bind(struct host_proofs *proofs, const struct mount_entry *mount)
{
    struct host_bind *bind = &proofs->bind[proofs->bind_count];

    *bind = (struct host_bind){copy(mount->point), copy(mount->device), copy(mount->root)};
    proofs->bind_count++;
    return bind->point && bind->device && bind->root ? 0 : -ENOMEM;
}

/* Keeps those that have the host's own name, and that are what is mounted there. */
static int add_binds(struct host_proofs *proofs, const struct mount_table *own,
                     const struct policy_binds *binds)
{
    proofs->bind = calloc(binds->count + 1, sizeof(*proofs->bind));
    TRY_ALLOC(proofs->bind);
    for (size_t i = 0; i < binds->count; i++) {
        struct mount_place place;

        if (slice_eq(binds->item[i].source, binds->item[i].destination) &&
            mount_table_find(own, binds->item[i].destination, &place) && place.rest.len == 0) {
            TRY(add_bind(proofs, place.mount));
        }
    }
    return 0;
}

/* -ENOENT: the engine has no such container. */
static int ask_container(struct host_proofs *proofs, struct host_call *call, const char *id,
                         const struct mount_table *own)
{
    CLEANUP(buf_deinit) struct buf body = {0};
    CLEANUP(arena_deinit) struct arena arena = {0};
    struct policy_binds binds = {0};
    char target[CONTAINER_ID_DIGITS + 32];
    unsigned status = 0;

    arena_init(&arena, ANSWER_ARENA_BYTES);
    snprintf(target, sizeof(target), "/containers/%s/json", id);
    TRY(host_call_get(call, slice_from(target), &status, &body));
    TRY(status == 200 ? 0 : -ENOENT);
    TRY(policy_binds_read(buf_slice(&body), slice_from(id), &arena, &binds));
    return add_binds(proofs, own, &binds);
}

/* -ENXIO: we are in no container. */
static int ask_about_us(struct host_proofs *proofs, const char *path)
{
    CLEANUP(mount_table_deinit) struct mount_table own = {0};
    struct host_call call;
    char id[CONTAINER_ID_DIGITS + 1];

    TRY(host_sight_read_own(&own));
    if (!find_own_id(&own, id)) {
        return -ENXIO;
    }
    TRY(host_call_begin(&call, path));
    int err = ask_container(proofs, &call, id, &own);

    host_call_end(&call);
    return err;
}

static void find_in_container(struct host_proofs *proofs, const char *path)
{
    int err = ask_about_us(proofs, path);

    if (err == 0) {
        proofs->proof = HOST_CONTAINER;
    } else if (err == -ENXIO) {
        unseen(proofs, "the engine's process is not visible, and sockade does not run in one of "
                       "its containers");
    } else if (err == -ENOENT || err == -EBADMSG) {
        unseen(proofs, "the engine does not know the container that sockade runs in");
    } else {
        proofs->proof = HOST_UNDECIDED;
        proofs->slow = err == -ETIMEDOUT;
    }
}

/* Leaves it undecided while nobody is there: somebody may come later. */
static void find_at(struct host_proofs *proofs, const char *path)
{
    struct host_call call;

    if (host_call_begin(&call, path) < 0) {
        return;
    }
    bool in_sight = call.listener > 0;

    if (in_sight) {
        host_sight_compare(proofs, &call);
    }
    host_call_end(&call);
    if (in_sight && proofs->proof != HOST_UNSEEN) {
        return;
    }
    // This may be a container all the same, with the host's processes in sight.
    const char *why = proofs->why;

    find_in_container(proofs, path);
    if (in_sight && proofs->proof != HOST_CONTAINER) {
        unseen(proofs, why); // the first reason is the one to name
    }
}

static struct host_proofs *proofs_create(void)
{
    struct host_proofs *proofs = calloc(1, sizeof(*proofs));

    if (proofs) {
        atomic_init(&proofs->references, 1);
        proofs->process = -1;
    }
    return proofs;
}

struct host_proofs *host_proofs_find(const char *path)
{
    struct host_proofs *proofs = proofs_create();

    if (proofs) {
        find_at(proofs, path);
    }
    return proofs;
}

struct host_proofs *host_proofs_given(bool seen, const char *why)
{
    struct host_proofs *proofs = proofs_create();

    if (proofs) {
        proofs->proof = seen ? HOST_GIVEN : HOST_UNSEEN;
        proofs->why = why;
    }
    return proofs;
}

struct host_proofs *host_proofs_ref(struct host_proofs *proofs)
{
    atomic_fetch_add(&proofs->references, 1);
    return proofs;
}

void host_proofs_unref(struct host_proofs *proofs)
{
    if (!proofs || atomic_fetch_sub(&proofs->references, 1) > 1) {
        return;
    }
    if (proofs->process >= 0) {
        close(proofs->process);
    }
    for (size_t i = 0; i < proofs->bind_count; i++) {
        free(proofs->bind[i].point);
        free(proofs->bind[i].device);
        free(proofs->bind[i].root);
    }
    free(proofs->bind);
    free(proofs);
}

struct host_socket host_socket_at(const char *path)
{
    struct stat status = {0};

    if (stat(path, &status) < 0) {
        return (struct host_socket){0};
    }
    return (struct host_socket){status.st_dev, status.st_ino, status.st_ctim};
}

bool host_socket_is_same(const struct host_socket *one, const struct host_socket *other)
{
    return one->device == other->device && one->inode == other->inode &&
           one->changed.tv_sec == other->changed.tv_sec &&
           one->changed.tv_nsec == other->changed.tv_nsec;
}

static bool is_shown(const struct host_proofs *proofs, const struct mount_entry *mount)
{
    for (size_t i = 0; i < proofs->bind_count; i++) {
        const struct host_bind *bind = &proofs->bind[i];

        // A directory that was replaced on the host has another name there, or "//deleted".
        if (slice_eq(mount->point, slice_from(bind->point)) &&
            slice_eq(mount->device, slice_from(bind->device)) &&
            slice_eq(mount->root, slice_from(bind->root)) &&
            !slice_ends_with(mount->root, SLICE("//deleted"))) {
            return true;
        }
    }
    return false;
}

static int mark_shown(struct host_sight *sight, const struct host_proofs *proofs)
{
    sight->shown = calloc(sight->own.count + 1, sizeof(*sight->shown));
    TRY_ALLOC(sight->shown);
    for (size_t i = 0; i < sight->own.count; i++) {
        sight->shown[i] = is_shown(proofs, &sight->own.entry[i]);
    }
    return 0;
}

int host_sight_begin(struct host_sight *sight, const struct host_proofs *proofs)
{
    *sight = (struct host_sight){
        .proof = proofs->proof, .why = proofs->why, .whole = proofs->proof == HOST_GIVEN};
    if (proofs->proof == HOST_UNDECIDED || proofs->proof == HOST_UNSEEN) {
        return 0;
    }
    int err = host_sight_read_own(&sight->own);

    if (err < 0) {
        return err == -ENOMEM ? err : -EIO;
    }
    if (proofs->proof != HOST_COMPARED) {
        return mark_shown(sight, proofs);
    }
    err = mount_table_read(&sight->engine, proofs->process);
    if (err < 0) {
        return err == -ENOMEM ? err : -ESRCH;
    }
    // A mount is in one namespace only: with the same root all that follows is the same.
    sight->whole =
        sight->own.root && sight->engine.root && sight->own.root->id == sight->engine.root->id;
    return 0;
}

void host_sight_end(struct host_sight *sight)
{
    mount_table_deinit(&sight->own);
    mount_table_deinit(&sight->engine);
    free(sight->shown);
    *sight = (struct host_sight){0};
}

bool host_sight_has(const struct host_sight *sight, struct slice path)
{
    struct mount_place here;
    struct mount_place there;

    if (sight->whole) {
        return true;
    }
    if (!mount_table_find(&sight->own, path, &here)) {
        return false;
    }
    if (sight->proof == HOST_CONTAINER) {
        return sight->shown[here.mount - sight->own.entry];
    }
    return sight->proof == HOST_COMPARED && mount_table_find(&sight->engine, path, &there) &&
           mount_place_is_same(&here, &there);
}

bool host_sight_keeps(const struct host_sight *sight, struct slice path)
{
    if (sight->whole) {
        return true;
    }
    return (!mount_table_has_point(&sight->own, path) &&
            !mount_table_has_point(&sight->engine, path)) ||
           host_sight_has(sight, path);
}
