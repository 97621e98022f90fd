/*
 * What systemd passes to a service: listening sockets, and where to say that we are
 * ready.   Source: sd_listen_fds(3), sd_notify(3).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/parse.h"
#include "proxy/server/server_internal.h"

#include "base/banned.h"

enum { FIRST_PASSED_FD = 3, MAX_PASSED_FDS = 64, MAX_NAME = 255 };

static struct {
    bool read;
    size_t count;
    bool taken[MAX_PASSED_FDS];
    char name[MAX_PASSED_FDS][MAX_NAME + 1];
} passed;

static bool is_for_us(void)
{
    uint64_t pid = 0;

    return parse_u64(slice_from(getenv("LISTEN_PID")), &pid) == 0 && pid == (uint64_t)getpid();
}

static void activation_read_names(struct slice names)
{
    for (size_t i = 0; i < passed.count && names.len > 0; i++) {
        struct slice name;

        slice_cut(names, ':', &name, &names);
        name = slice_head(name, MAX_NAME);
        if (name.len > 0) {
            memcpy(passed.name[i], name.ptr, name.len);
        }
    }
}

static void read_environment(void)
{
    uint64_t count = 0;

    if (passed.read) {
        return;
    }
    passed.read = true;
    if (!is_for_us() || parse_u64(slice_from(getenv("LISTEN_FDS")), &count) < 0) {
        return;
    }
    passed.count = count < MAX_PASSED_FDS ? (size_t)count : MAX_PASSED_FDS;
    activation_read_names(slice_from(getenv("LISTEN_FDNAMES")));
}

size_t activation_count(void)
{
    read_environment();
    return passed.count;
}

const char *activation_name(size_t index)
{
    read_environment();
    return index < passed.count ? passed.name[index] : "";
}

int activation_take(const char *name)
{
    read_environment();
    for (size_t i = 0; i < passed.count; i++) {
        if (!passed.taken[i] && strcmp(passed.name[i], name) == 0) {
            passed.taken[i] = true;
            return FIRST_PASSED_FD + (int)i;
        }
    }
    return -1;
}

void activation_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;

    if (len == 0 || len >= sizeof(address.sun_path)) {
        return;
    }
    memcpy(address.sun_path, path, len);
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0'; // an abstract socket
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return;
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);

    // A manager that doesn't listen is no reason to stop.
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(fd);
}
