/*
 * Streams of events: many that are idle, and some that each get every event.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

enum { READ_BYTES = 64 * 1024, EVENTS_PER_WAIT = 128 };

static int open_stream(const struct load *load, const char *request, size_t length)
{
    char answer[READ_BYTES];
    size_t answer_length = 0;
    int fd = unix_connect(load->socket);

    set_blocking(fd, true);
    send_all(fd, request, length);
    load_read_head(fd, load->expect, answer, sizeof(answer), &answer_length);
    set_blocking(fd, false);
    return fd;
}

void load_hold(const struct load *load)
{
    char request[REQUEST_MAX_BYTES];
    size_t length = load_request_bytes(load, "", request, sizeof(request));
    char byte;

    for (unsigned i = 0; i < load->connections; i++) {
        open_stream(load, request, length); // the end of the process closes it
    }
    printf("{\"open\": %u}\n", load->connections);
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

// How many events end in these bytes: each is a line of JSON, whatever the chunks around it are.
static unsigned count_events(const char *data, size_t length, char *last)
{
    unsigned count = 0;
    const char *from = data;
    const char *end;

    while ((end = memchr(from, '\n', length - (size_t)(from - data)))) {
        count += (end > data ? end[-1] : *last) == '}';
        from = end + 1;
    }
    *last = data[length - 1];
    return count;
}

struct stream {
    int fd;
    char last;
};

static void ask_for_event(int engine)
{
    static const char request[] = "POST /_bench/emit HTTP/1.1\r\nHost: docker\r\n\r\n";
    char answer[1024];
    size_t length = 0;

    send_all(engine, request, sizeof(request) - 1);
    load_read_head(engine, 204, answer, sizeof(answer), &length);
}

static unsigned read_stream(struct stream *stream)
{
    static char buffer[READ_BYTES];
    ssize_t got = recv(stream->fd, buffer, sizeof(buffer), 0);

    if (got < 0 && errno == EAGAIN) {
        return 0;
    }
    if (got <= 0) {
        die("an event stream ended");
    }
    return count_events(buffer, (size_t)got, &stream->last);
}

static void wait_for_events(int poller, unsigned wanted)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    unsigned seen = 0;

    while (seen < wanted) {
        int count = epoll_wait(poller, events, EVENTS_PER_WAIT, -1);

        for (int i = 0; i < count; i++) {
            seen += read_stream(events[i].data.ptr);
        }
    }
    if (seen != wanted) {
        die("more events than were sent");
    }
}

void load_fan(const struct load *load, struct meter *meter)
{
    char request[REQUEST_MAX_BYTES];
    size_t length = load_request_bytes(load, "", request, sizeof(request));
    struct stream *streams = calloc(load->connections, sizeof(*streams));
    int poller = epoll_create1(EPOLL_CLOEXEC);
    int engine = unix_connect(load->engine ? load->engine : load->socket);
    uint64_t begin;

    set_blocking(engine, true);
    if (!streams || poller < 0) {
        die("epoll");
    }
    for (unsigned i = 0; i < load->connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = &streams[i]}};

        streams[i].fd = open_stream(load, request, length);
        if (epoll_ctl(poller, EPOLL_CTL_ADD, streams[i].fd, &event) < 0) {
            die("epoll_ctl");
        }
    }
    meter_begin(meter, load);
    do {
        begin = now_ns();
        ask_for_event(engine);
        wait_for_events(poller, load->connections);
    } while (meter_done(meter, begin, load->connections, 0));
}
