/*
 * How long it takes from the start of a program to its first answer. The program is started again
 * and again; the time is the one thing here that is not a CPU time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

enum { RETRY_NS = 50 * 1000, GIVE_UP_NS_SHIFT = 33 };

extern char **environ;

static pid_t start(char **command)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    errno = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (errno) {
        die(command[0]);
    }
    return pid;
}

static int try_connect(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path)) {
        die(path);
    }
    memcpy(address.sun_path, path, strlen(path));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
        return fd;
    }
    close(fd);
    return -1;
}

static void first_answer(const struct load *load, uint64_t begin)
{
    const struct timespec pause = {0, RETRY_NS};
    char request[REQUEST_MAX_BYTES];
    char answer[4096];
    size_t length = load_request_bytes(load, "", request, sizeof(request));
    int fd;

    while ((fd = try_connect(load->socket)) < 0) {
        if (now_ns() - begin > 1ULL << GIVE_UP_NS_SHIFT) {
            die("it does not listen");
        }
        nanosleep(&pause, NULL);
    }
    send_all(fd, request, length);
    load_read_head(fd, load->expect, answer, sizeof(answer), &length);
    close(fd);
}

void load_start(const struct load *load, struct meter *meter)
{
    bool more = true;

    while (more) {
        unlink(load->socket);
        uint64_t begin = now_ns();
        pid_t pid = start(load->command);

        first_answer(load, begin);
        more = meter_done(meter, begin, 1, 0);
        kill(pid, SIGTERM);
        waitpid(pid, NULL, 0);
    }
}
