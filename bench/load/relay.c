/*
 * What bodies cost at least: bytes from socket to socket by splice(2) alone, read by nobody, with a
 * thread for each direction that waits in the kernel. Not a proxy, and never to be one.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20, BACKLOG = 64 };

struct way {
    int from;
    int to;
};

static int open_socket(const char *path, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address->sun_path)) {
        return -1;
    }
    memcpy(address->sun_path, path, strlen(path) + 1);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void move_all(const struct way *way, const int *ends)
{
    ssize_t in = 0;

    while ((in = splice(way->from, NULL, ends[1], NULL, PIPE_BYTES, SPLICE_F_MOVE)) > 0) {
        while (in > 0) {
            ssize_t out = splice(ends[0], NULL, way->to, NULL, (size_t)in, SPLICE_F_MOVE);

            if (out <= 0) {
                return;
            }
            in -= out;
        }
    }
}

static void *run_way(void *argument)
{
    struct way *way = argument;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) == 0) {
        int send_bytes = PIPE_BYTES;

        (void)setsockopt(way->to, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
        (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
        move_all(way, ends);
        close(ends[0]);
        close(ends[1]);
    }
    shutdown(way->to, SHUT_WR);
    return NULL;
}

static void *run_connection(void *argument)
{
    struct way *up = argument;
    struct way down = {up->to, up->from};
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_way, &down) == 0) {
        run_way(up);
        pthread_join(thread, NULL);
    }
    close(up->from);
    close(up->to);
    free(up);
    return NULL;
}

static void relay(int client, const char *engine)
{
    struct sockaddr_un address;
    struct way *up = malloc(sizeof(*up));
    int to = open_socket(engine, &address);
    pthread_t thread;

    if (!up || to < 0 || connect(to, (struct sockaddr *)&address, sizeof(address)) < 0) {
        perror("bench_relay: engine");
        exit(1);
    }
    *up = (struct way){client, to};
    if (pthread_create(&thread, NULL, run_connection, up) != 0) {
        exit(1);
    }
    pthread_detach(thread);
}

int main(int argc, char **argv)
{
    struct sockaddr_un address;
    int listener = argc == 3 ? open_socket(argv[1], &address) : -1;

    if (listener < 0) {
        fputs("usage: bench_relay SOCKET ENGINE\n", stderr);
        return 2;
    }
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(listener, BACKLOG) < 0) {
        perror("bench_relay");
        return 1;
    }
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (client < 0 && errno != EINTR) {
            perror("bench_relay: accept");
            return 1;
        }
        if (client >= 0) {
            relay(client, argv[2]);
        }
    }
}
