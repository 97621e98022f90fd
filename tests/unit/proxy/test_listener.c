/*
 * The moment between bind() and what follows it: somebody who may write to the directory puts
 * another file where the socket was. bind() is this program's own, so that this happens
 * each time and not once in a thousand.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/file/loader.h"
#include "proxy/server/server_internal.h"

enum swap { SWAP_NOTHING = 0, SWAP_SYMLINK, SWAP_HARD_LINK, SWAP_FILE };

static char directory[] = "/tmp/sockade-listener-XXXXXX";
static char victim[64];
static char path[64];
static enum swap swap;

/* In place of the C library's. */
int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    long result = syscall(SYS_bind, fd, address, size);

    if (result == 0 && swap != SWAP_NOTHING) {
        unlink(path);
    }
    if (result == 0 && swap == SWAP_SYMLINK && symlink(victim, path) < 0) {
        return -1;
    }
    if (result == 0 && swap == SWAP_HARD_LINK && link(victim, path) < 0) {
        return -1;
    }
    if (result == 0 && swap == SWAP_FILE) {
        FILE *file = fopen(path, "w");

        return file && fclose(file) == 0 ? 0 : -1;
    }
    return (int)result;
}

static void begin(void)
{
    cr_assert_not_null(mkdtemp(directory));
    snprintf(victim, sizeof(victim), "%s/victim", directory);
    snprintf(path, sizeof(path), "%s/s.sock", directory);
    FILE *file = fopen(victim, "w");

    cr_assert(file && fclose(file) == 0 && chmod(victim, 0600) == 0);
}

static void end(void)
{
    unlink(path);
    unlink(victim);
    rmdir(directory);
}

static void run_loop_dry(struct server *server)
{
    while (server->listeners) {
        listener_close(server->listeners);
    }
    uv_run(&server->loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&server->loop), 0);
}

static int open_listener(struct server *server, enum swap how, gid_t group)
{
    struct policy_file *file = NULL;

    cr_assert_eq(policy_file_default("restricted", &file), 0);
    struct policy_listener spec = {.socket = path,
                                   .mode = 0666,
                                   .owner = (uid_t)-1,
                                   .group = group,
                                   .policy = file->listeners[0].policy};

    memset(server, 0, sizeof(*server));
    cr_assert_eq(uv_loop_init(&server->loop), 0);
    swap = how;
    int err = listener_open(server, &spec);

    swap = SWAP_NOTHING;
    policy_file_destroy(file);
    return err;
}

static void expect_untouched(void)
{
    struct stat status;

    cr_assert_eq(stat(victim, &status), 0);
    cr_expect_eq(status.st_mode & 07777, 0600);
    cr_expect_eq(status.st_gid, getegid());
}

TestSuite(listener, .init = begin, .fini = end);

Test(listener, a_socket_has_exactly_its_mode_whatever_the_umask_is)
{
    struct server server;
    struct stat status;

    umask(0777);
    cr_expect_eq(open_listener(&server, SWAP_NOTHING, (gid_t)-1), 0);
    cr_assert_eq(lstat(path, &status), 0);
    cr_expect(S_ISSOCK(status.st_mode));
    cr_expect_eq(status.st_mode & 07777, 0666);
    cr_expect_eq(umask(022), 0777);
    run_loop_dry(&server);
}

Test(listener, a_link_in_the_sockets_place_gives_nobody_the_file_behind_it)
{
    static const enum swap swaps[] = {SWAP_SYMLINK, SWAP_HARD_LINK, SWAP_FILE};

    for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
        struct server server;

        // Given away or not: neither chmod() nor chown() may follow.
        cr_expect_lt(open_listener(&server, swaps[i], getegid() + 1), 0, "%zu", i);
        expect_untouched();
        run_loop_dry(&server);
        open_listener(&server, swaps[i], (gid_t)-1);
        expect_untouched();
        run_loop_dry(&server);
    }
}
