/* See common.h. */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 4096, WANTED_DESCRIPTORS = 65536 };

_Noreturn void die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

// The process' own clock: the sum that /proc/PID/task/*/schedstat shows, but up to this very moment
// (a file of /proc may be a tick behind for a thread that runs), and with threads that have ended.
uint64_t cpu_ns(const pid_t *pids, size_t count)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        struct timespec used;
        clockid_t clock;

        errno = clock_getcpuclockid(pids[i], &clock);
        if (errno || clock_gettime(clock, &used) < 0) {
            die("the CPU time of the proxy");
        }
        sum += (uint64_t)used.tv_sec * 1000000000U + (uint64_t)used.tv_nsec;
    }
    return sum;
}

void raise_descriptors(void)
{
    struct rlimit limit = {WANTED_DESCRIPTORS, WANTED_DESCRIPTORS};

    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        die(path);
    }
    memcpy(address.sun_path, path, strlen(path));
    return address;
}

void set_blocking(int fd, bool blocking)
{
    if (fcntl(fd, F_SETFL, blocking ? 0 : O_NONBLOCK) < 0) {
        die("fcntl");
    }
}

int unix_connect(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    // Blocking: a full backlog is waited for.
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        die(path);
    }
    set_blocking(fd, false);
    return fd;
}

int unix_listen(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, LISTEN_BACKLOG) < 0) {
        die(path);
    }
    return fd;
}

void send_all(int fd, const void *data, size_t length)
{
    const char *from = data;

    while (length > 0) {
        ssize_t sent = send(fd, from, length, MSG_NOSIGNAL);

        if (sent < 0) {
            die("send");
        }
        from += sent;
        length -= (size_t)sent;
    }
}

// The value of a line if it is that field, else NULL.
static const char *field(const char *line, const char *name, size_t length)
{
    if (strncasecmp(line, name, length) != 0) {
        return NULL;
    }
    return line + length + strspn(line + length, " ");
}

static void read_field(struct head *head, const char *line)
{
    const char *value;

    if ((value = field(line, "Content-Length:", 15))) {
        head->content_length = strtoull(value, NULL, 10);
    } else if ((value = field(line, "Transfer-Encoding:", 18))) {
        head->chunked = strncasecmp(value, "chunked", 7) == 0;
    } else if ((value = field(line, "Connection:", 11))) {
        head->closes = strncasecmp(value, "close", 5) == 0;
    } else if (field(line, "Upgrade:", 8)) {
        head->upgrades = true;
    }
}

struct head head_read(const char *data, size_t length)
{
    struct head head = {0};
    const char *end = memmem(data, length, "\r\n\r\n", 4);

    if (!end) {
        return head;
    }
    if (strncmp(data, "HTTP/1.", 7) == 0) {
        head.status = (unsigned)strtoul(data + 9, NULL, 10);
    }
    for (const char *line = data; line < end;) {
        line = (const char *)memchr(line, '\n', (size_t)(end + 2 - line)) + 1;
        // c, t and u: nothing else is looked for
        if ((*line | 32) == 'c' || (*line | 32) == 't' || (*line | 32) == 'u') {
            read_field(&head, line);
        }
    }
    head.length = (size_t)(end + 4 - data);
    return head;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void size_line_byte(struct chunks *chunks, char c)
{
    int digit = hex_digit(c);

    if (digit >= 0) {
        chunks->size = chunks->size * 16 + (unsigned)digit;
        chunks->in_size_line = true;
    } else if (c == '\n' && chunks->in_size_line) {
        chunks->in_size_line = false;
        chunks->is_trailer = chunks->size == 0;
        chunks->left = chunks->size;
        chunks->payload += chunks->size;
        chunks->size = 0;
    }
}

void chunks_read(struct chunks *chunks, const char *data, size_t length)
{
    size_t i = 0;

    while (i < length && !chunks->ended) {
        if (chunks->left > 0) {
            size_t step = length - i < chunks->left ? length - i : (size_t)chunks->left;

            chunks->left -= step;
            i += step;
        } else if (chunks->is_trailer) {
            chunks->ended = data[i++] == '\n';
        } else {
            size_line_byte(chunks, data[i++]); // the line end after the data counts for nothing
        }
    }
}

static void fill(char *data, size_t length)
{
    uint64_t state = 88172645463325252U;

    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data[i] = (char)state;
    }
}

const char *bulk_piece(bool chunked, size_t *length)
{
    char *piece = malloc((size_t)2 * BULK_PIECE_BYTES);
    size_t at = 0;

    if (!piece) {
        die("memory");
    }
    for (size_t done = 0; done < BULK_PIECE_BYTES; done += MESSAGE_CHUNK_BYTES) {
        if (chunked) {
            memcpy(piece + at, "8000\r\n", 6);
            at += 6;
        }
        fill(piece + at, MESSAGE_CHUNK_BYTES);
        at += MESSAGE_CHUNK_BYTES;
        if (chunked) {
            memcpy(piece + at, "\r\n", 2);
            at += 2;
        }
    }
    *length = at;
    return piece;
}
