/*
 * A client whose main thread has ended: connects and asks from another thread, and writes what
 * comes first to standard output.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char **arguments;

static void *ask(void *unused)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[4096];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    sleep(1); // until the main thread has ended
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", arguments[1]);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        return unused;
    }
    int size = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: d\r\n\r\n", arguments[2]);

    if (write(fd, text, (size_t)size) == size) {
        ssize_t got = read(fd, text, sizeof(text));

        if (got > 0) {
            printf("%.*s", (int)got, text);
            fflush(stdout);
        }
    }
    return unused;
}

int main(int count, char **values)
{
    pthread_t thread;

    arguments = values;
    if (count != 3 || pthread_create(&thread, NULL, ask, NULL) != 0) {
        return 1;
    }
    pthread_exit(NULL);
}
