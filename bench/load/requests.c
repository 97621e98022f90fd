/*
 * Requests in a closed loop: each connection sends the next one when its answer is complete. Also
 * the hijacked echo, which is the same loop after an upgrade.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

enum { ANSWER_MAX_BYTES = 64 * 1024, EVENTS_PER_WAIT = 64, ECHO_BYTES = 64 };

struct conn {
    int fd;
    uint64_t sent_ns;
    size_t length;
    char answer[ANSWER_MAX_BYTES];
};

struct loop {
    const struct load *load;
    struct meter *meter;
    int poller;
    char request[REQUEST_MAX_BYTES];
    size_t request_length;
    struct conn *conns;
};

static void send_request(const struct loop *loop, struct conn *conn)
{
    conn->length = 0;
    conn->sent_ns = now_ns();
    ssize_t sent = send(conn->fd, loop->request, loop->request_length, MSG_NOSIGNAL);

    // A proxy may close what is idle, or has answered: then the answer's end says so as well.
    if (sent >= 0 && (size_t)sent != loop->request_length) {
        die("a request does not fit");
    }
}

static void open_conn(const struct loop *loop, struct conn *conn)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = conn}};

    conn->fd = unix_connect(loop->load->socket);
    if (epoll_ctl(loop->poller, EPOLL_CTL_ADD, conn->fd, &event) < 0) {
        die("epoll_ctl");
    }
}

static struct loop *loop_create(const struct load *load, struct meter *meter)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop) {
        die("memory");
    }
    loop->load = load;
    loop->meter = meter;
    loop->poller = epoll_create1(EPOLL_CLOEXEC);
    loop->conns = calloc(load->connections, sizeof(*loop->conns));
    if (loop->poller < 0 || !loop->conns) {
        die("epoll");
    }
    return loop;
}

static bool has_body(const struct head *head)
{
    return head->status != 204 && head->status != 304 && head->status >= 200;
}

static bool is_complete(const struct conn *conn, const struct head *head)
{
    if (head->length == 0) {
        return false;
    }
    if (!has_body(head)) {
        return true;
    }
    if (head->chunked) {
        struct chunks chunks = {0};

        chunks_read(&chunks, conn->answer + head->length, conn->length - head->length);
        return chunks.ended;
    }
    return conn->length - head->length >= head->content_length;
}

static void check_status(const struct loop *loop, const struct conn *conn, const struct head *head)
{
    if (head->status != loop->load->expect) {
        fprintf(stderr, "bench_load: status %u, not %u\n%.*s\n", head->status, loop->load->expect,
                (int)conn->length, conn->answer);
        exit(1);
    }
}

static void connect_again(const struct loop *loop, struct conn *conn)
{
    close(conn->fd);
    open_conn(loop, conn);
}

// False when enough has been measured.
static bool on_answer(struct loop *loop, struct conn *conn, const struct head *head)
{
    check_status(loop, conn, head);
    if (!meter_done(loop->meter, conn->sent_ns, 1, conn->length - head->length)) {
        return false;
    }
    if (loop->load->anew) {
        uint64_t begin = now_ns();

        connect_again(loop, conn);
        send_request(loop, conn);
        conn->sent_ns = begin;
        return true;
    }
    if (head->closes) {
        loop->meter->reconnects++;
        connect_again(loop, conn);
    }
    send_request(loop, conn);
    return true;
}

static bool on_readable(struct loop *loop, struct conn *conn)
{
    ssize_t got = recv(conn->fd, conn->answer + conn->length, ANSWER_MAX_BYTES - conn->length, 0);

    if (got < 0 && errno == EAGAIN) {
        return true;
    }
    if (got <= 0) {
        if (conn->length > 0) {
            die("an answer was cut off");
        }
        loop->meter->reconnects++;
        connect_again(loop, conn);
        send_request(loop, conn);
        return true;
    }
    conn->length += (size_t)got;
    struct head head = head_read(conn->answer, conn->length);

    return is_complete(conn, &head) ? on_answer(loop, conn, &head) : true;
}

static bool on_echoed(struct loop *loop, struct conn *conn)
{
    ssize_t got = recv(conn->fd, conn->answer + conn->length, ANSWER_MAX_BYTES - conn->length, 0);

    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        errno = got == 0 ? ECONNRESET : errno;
        die("the tunnel ended");
    }
    conn->length += got > 0 ? (size_t)got : 0;
    if (conn->length < ECHO_BYTES) {
        return true;
    }
    if (memcmp(conn->answer, loop->request, ECHO_BYTES) != 0) {
        die("not what was sent");
    }
    if (!meter_done(loop->meter, conn->sent_ns, 1, ECHO_BYTES)) {
        return false;
    }
    send_request(loop, conn);
    return true;
}

static void loop_run(struct loop *loop, bool (*on_event)(struct loop *loop, struct conn *conn))
{
    struct epoll_event events[EVENTS_PER_WAIT];

    for (;;) {
        int count = epoll_wait(loop->poller, events, EVENTS_PER_WAIT, -1);

        for (int i = 0; i < count; i++) {
            if (!on_event(loop, events[i].data.ptr)) {
                return;
            }
        }
    }
}

void load_requests(const struct load *load, struct meter *meter)
{
    struct loop *loop = loop_create(load, meter);

    loop->request_length = load_request_bytes(load, "", loop->request, sizeof(loop->request));
    for (unsigned i = 0; i < load->connections; i++) {
        open_conn(loop, &loop->conns[i]);
        send_request(loop, &loop->conns[i]);
    }
    loop_run(loop, on_readable);
}

void load_echo(const struct load *load, struct meter *meter)
{
    struct loop *loop = loop_create(load, meter);
    size_t length = load_request_bytes(load, "Connection: Upgrade\r\nUpgrade: tcp\r\n",
                                       loop->request, sizeof(loop->request));

    for (unsigned i = 0; i < load->connections; i++) {
        struct conn *conn = &loop->conns[i];

        open_conn(loop, conn);
        set_blocking(conn->fd, true);
        send_all(conn->fd, loop->request, length);
        load_read_head(conn->fd, 101, conn->answer, ANSWER_MAX_BYTES, &conn->length);
        set_blocking(conn->fd, false);
    }
    memset(loop->request, 'x', ECHO_BYTES);
    loop->request_length = ECHO_BYTES;
    meter_begin(meter, load);
    for (unsigned i = 0; i < load->connections; i++) {
        send_request(loop, &loop->conns[i]);
    }
    loop_run(loop, on_echoed);
}
