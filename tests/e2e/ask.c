/*
 * The smallest client: asks for a target on a unix socket and prints the status. Linked
 * statically, so that it runs in a container of any image.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char text[4096];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (argc != 3 || fd < 0 || strlen(argv[1]) >= sizeof(address.sun_path)) {
        return 2;
    }
    memcpy(address.sun_path, argv[1], strlen(argv[1]));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        perror(argv[1]);
        return 1;
    }
    int len = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: d\r\n\r\n", argv[2]);

    if (write(fd, text, (size_t)len) != len) {
        return 1;
    }
    ssize_t count = read(fd, text, sizeof(text));

    if (count < 12) {
        return 1;
    }
    printf("%.3s\n", text + 9); // behind "HTTP/1.1 "
    return 0;
}
