/*
 * What Testcontainers' reaper (Ryuk) does, as far as a policy sees it: a client says over TCP which
 * labels are its own, and when it has gone, what carries one of them is removed through the socket
 * that is mounted at /var/run/docker.sock. It also tries what the policy must not let it do. Built
 * statically by test_node.py, whose engine can't pull the real one.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TEXT = 65536, FILTERS = 8, LINE = 512, ID = 64 };

static char answer[TEXT];

/* One request on a connection of its own; the status, and what came back in `answer`. */
static int ask(const char *method, const char *target, const char *body)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/var/run/docker.sock"};
    char request[TEXT];
    size_t got = 0;
    ssize_t count = 0;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int length = snprintf(request, sizeof(request),
                          "%s /v1.41%s HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          method, target, strlen(body), body);

    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
        write(fd, request, (size_t)length) != length) {
        perror("the engine");
        exit(1);
    }
    while ((count = read(fd, answer + got, sizeof(answer) - 1 - got)) > 0) {
        got += (size_t)count;
    }
    answer[got] = '\0';
    close(fd);
    return atoi(answer + strlen("HTTP/1.1 "));
}

/* Removes the newest container with that label; whether there was one besides this, which is the
 * oldest. */
static int remove_one(const char *label)
{
    char target[2 * LINE];
    char own[ID] = "";
    const char *id = NULL;

    (void)snprintf(
        target, sizeof(target),
        "/containers/json?all=1&limit=1&filters=%%7B%%22label%%22%%3A%%5B%%22%s%%22%%5D%%7D",
        label);
    if (gethostname(own, sizeof(own) - 1) || ask("GET", target, "") != 200 ||
        !(id = strstr(answer, "\"Id\":\""))) {
        return 0;
    }
    id += strlen("\"Id\":\"");
    if (strncmp(id, own, strlen(own)) == 0) {
        return 0;
    }
    (void)snprintf(target, sizeof(target), "/containers/%.*s?force=1&v=1", ID, id);
    return ask("DELETE", target, "") == 204;
}

static void try_privileged(const char *label)
{
    const char *value = strchr(label, '=') + 1;
    char body[2 * LINE];

    (void)snprintf(body, sizeof(body),
                   "{\"Image\":\"e2e-user:latest\",\"Labels\":{\"%.*s\":\"%s\"},\"HostConfig\":{"
                   "\"Privileged\":true}}",
                   (int)(value - label - 1), label, value);
    printf("privileged: %d\n", ask("POST", "/containers/create", body));
}

/* Each line of the client, "label=KEY=VALUE", is acknowledged; the number of lines that were kept.
 */
static int read_filters(int fd, char filters[FILTERS][LINE])
{
    FILE *client = fdopen(fd, "r");
    int count = 0;

    while (client && count < FILTERS && fgets(filters[count], LINE, client)) {
        filters[count][strcspn(filters[count], "\r\n")] = '\0';
        if (write(fd, "ACK\n", 4) != 4) {
            break;
        }
        count += strncmp(filters[count], "label=", strlen("label=")) == 0;
    }
    if (client) {
        (void)fclose(client);
    }
    return count;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8080)};
    static char filters[FILTERS][LINE];
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int count = 0;
    int removed = 0;

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 8)) {
        perror("port 8080");
        return 1;
    }
    puts("Started!");
    while (count == 0) { // who looks whether the port is open says nothing
        count = read_filters(accept(listener, NULL, NULL), filters);
    }
    try_privileged(filters[0] + strlen("label="));
    for (int i = 0; i < count; i++) {
        while (remove_one(filters[i] + strlen("label="))) {
            removed++;
        }
    }
    printf("removed: %d\n", removed);
    return 0;
}
