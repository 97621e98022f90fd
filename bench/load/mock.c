/*
 * bench_mock SOCKET - an engine that answers at once: each small answer is one write, prepared.
 * It hijacks and echoes, streams events to whoever asked, sends and takes images of any size. What
 * it is asked is counted, so that a run can tell whether a proxy asked for more than it was asked
 * for.
 *
 * Its own routes, for the load generator: POST /_bench/emit (one event to each stream),
 * GET /_bench/counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answers.h"
#include "common.h"

enum { READ_BYTES = 256 * 1024, EVENTS_PER_WAIT = 256, HELD_BYTES = 16 * 1024 };

enum mode {
    MODE_HTTP = 0, /* waits for a request */
    MODE_ECHO,     /* hijacked */
    MODE_EVENTS,   /* an open stream of events */
    MODE_SOURCE,   /* sends an image */
    MODE_SINK      /* reads a body */
};

struct client {
    int fd;
    enum mode mode;
    bool chunked;
    char *held; /* the beginning of a head */
    size_t held_length;
    uint64_t left; /* bytes to send, framing included, or to be read */
    uint64_t sent;
    struct chunks chunks;
    const char *answer;  /* after the body */
    struct client *next; /* the streams of events */
    struct client **link;
};

static size_t event_length;
static const char *pieces[2];
static size_t piece_lengths[2];
static struct client *subscribers;
static uint64_t hijacked;
static int poller;

static void prepare(void)
{
    answers_prepare();
    event_length = strlen(answer_event);
    for (int chunked = 0; chunked < 2; chunked++) {
        pieces[chunked] = bulk_piece(chunked, &piece_lengths[chunked]);
    }
}

static void put(struct client *client, const char *data, size_t length)
{
    ssize_t sent = send(client->fd, data, length, MSG_NOSIGNAL);

    // Small answers always fit; who does not read is a broken proxy, and the run ends.
    if (sent >= 0 && (size_t)sent != length) {
        errno = EAGAIN;
        die("an answer does not fit");
    }
}

static void put_answer(struct client *client, enum answer_id id)
{
    put(client, answers[id].text, answers[id].length);
}

static void watch(struct client *client, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = client}};

    if (epoll_ctl(poller, operation, client->fd, &event) < 0) {
        die("epoll_ctl");
    }
}

static void leave(struct client *client)
{
    if (client->link) {
        *client->link = client->next;
        if (client->next) {
            client->next->link = client->link;
        }
    }
    close(client->fd);
    free(client->held);
    free(client);
}

// ---- images

// What is to be sent next: the piece again and again, then the end of the chunks.
static const char *image_part(const struct client *client, size_t *length)
{
    static const char end[] = "0\r\n\r\n";
    size_t whole = piece_lengths[client->chunked];

    if (client->sent < client->left) {
        *length = whole - (size_t)(client->sent % whole);
        return pieces[client->chunked] + client->sent % whole;
    }
    size_t passed = (size_t)(client->sent - client->left);

    *length = client->chunked ? sizeof(end) - 1 - passed : 0;
    return end + passed;
}

static void send_image(struct client *client)
{
    size_t length = 0;
    const char *part = image_part(client, &length);

    while (length > 0) {
        ssize_t sent = send(client->fd, part, length, MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN) {
            watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
            return;
        }
        if (sent < 0) {
            break; // gone: the end is read next
        }
        client->sent += (size_t)sent;
        part = image_part(client, &length);
    }
    client->mode = MODE_HTTP;
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
}

// "/images/chunked-64/get" sends 64 MiB in chunks, "/images/length-64/get" says how much it is.
static void begin_image(struct client *client, const char *name)
{
    char head[512];
    uint64_t mebibytes = strtoull(strchr(name, '-') ? strchr(name, '-') + 1 : "1", NULL, 10);

    client->chunked = strncmp(name, "chunked", 7) == 0;
    client->mode = MODE_SOURCE;
    client->sent = 0;
    client->left = mebibytes * piece_lengths[client->chunked];
    int length = snprintf(head, sizeof(head),
                          "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n" COMMON);

    length += client->chunked
                  ? snprintf(head + length, sizeof(head) - (size_t)length,
                             "Transfer-Encoding: chunked\r\n\r\n")
                  : snprintf(head + length, sizeof(head) - (size_t)length,
                             "Content-Length: %llu\r\n\r\n", (unsigned long long)client->left);
    put(client, head, (size_t)length);
    send_image(client);
}

// How much of the data belongs to the body.
static size_t read_body(struct client *client, const char *data, size_t length)
{
    if (client->chunked) {
        chunks_read(&client->chunks, data, length);
        if (client->chunks.ended) {
            client->mode = MODE_HTTP;
        }
        return length; // nobody sends ahead here
    }
    size_t step = length < client->left ? length : (size_t)client->left;

    client->left -= step;
    if (client->left == 0) {
        client->mode = MODE_HTTP;
    }
    return step;
}

// ---- requests

static void subscribe(struct client *client)
{
    client->mode = MODE_EVENTS;
    client->next = subscribers;
    client->link = &subscribers;
    if (subscribers) {
        subscribers->link = &client->next;
    }
    subscribers = client;
    put(client, answer_streaming, strlen(answer_streaming));
}

static void emit(struct client *asked)
{
    for (struct client *client = subscribers; client; client = client->next) {
        put(client, answer_event, event_length);
    }
    put(asked, "HTTP/1.1 204 No Content\r\n\r\n", 27);
}

static void tell_counts(struct client *client)
{
    char body[512];
    char text[1024];

    snprintf(body, sizeof(body),
             "{\"ping\":%llu,\"list\":%llu,\"create\":%llu,\"inspect\":%llu,\"exec\":%llu,"
             "\"load\":%llu,\"hijacked\":%llu,\"other\":%llu}",
             (unsigned long long)answers[ANSWER_PING].count,
             (unsigned long long)answers[ANSWER_LIST].count,
             (unsigned long long)answers[ANSWER_CREATED].count,
             (unsigned long long)answers[ANSWER_INSPECT].count,
             (unsigned long long)answers[ANSWER_EXEC].count,
             (unsigned long long)answers[ANSWER_LOADED].count, (unsigned long long)hijacked,
             (unsigned long long)answers[ANSWER_OTHER].count);
    int length = snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
                          strlen(body), body);

    put(client, text, (size_t)length);
}

static bool begins(const char *target, const char *with)
{
    return strncmp(target, with, strlen(with)) == 0;
}

static bool ends(const char *target, const char *with)
{
    size_t length = strcspn(target, "? ");

    return length >= strlen(with) &&
           strncmp(target + length - strlen(with), with, strlen(with)) == 0;
}

static enum answer_id find_answer(const char *target)
{
    if (begins(target, "/_ping")) {
        return ANSWER_PING;
    }
    if (begins(target, "/version")) {
        return ANSWER_VERSION;
    }
    if (begins(target, "/containers/json")) {
        return ANSWER_LIST;
    }
    if (begins(target, "/containers/create") || ends(target, "/exec")) {
        return ANSWER_CREATED;
    }
    if (begins(target, "/containers/") && ends(target, "/json")) {
        return ANSWER_INSPECT;
    }
    if (begins(target, "/exec/") && ends(target, "/json")) {
        return ANSWER_EXEC;
    }
    return begins(target, "/images/load") ? ANSWER_LOADED : ANSWER_OTHER;
}

static void answer(struct client *client, const char *target, const struct head *head)
{
    if (begins(target, "/events")) {
        subscribe(client);
    } else if (begins(target, "/images/") && ends(target, "/get")) {
        begin_image(client, target + 8);
    } else if (begins(target, "/_bench/emit")) {
        emit(client);
    } else if (begins(target, "/_bench/counts")) {
        tell_counts(client);
    } else if (head->upgrades && (ends(target, "/start") || ends(target, "/attach"))) {
        hijacked++;
        client->mode = MODE_ECHO;
        put(client, answer_upgraded, strlen(answer_upgraded));
    } else {
        enum answer_id id = find_answer(target);

        answers[id].count++;
        put_answer(client, id);
    }
}

// "/v1.41/_ping" is "/_ping"
static const char *without_version(const char *target)
{
    return begins(target, "/v1.") ? target + 3 + strcspn(target + 3, "/ ") : target;
}

// What a body's answer is, since the target is gone when the body has been read.
static void begin_body(struct client *client, const char *target, const struct head *head)
{
    client->mode = MODE_SINK;
    client->chunked = head->chunked;
    client->left = head->content_length;
    client->chunks = (struct chunks){0};
    enum answer_id id = find_answer(target);

    if (head->upgrades) {
        client->answer = answer_upgraded;
        hijacked++;
    } else {
        client->answer = answers[id].text;
        answers[id].count++;
    }
}

static size_t on_request(struct client *client, const char *data, size_t length)
{
    struct head head = head_read(data, length);
    const char *target = memchr(data, ' ', length);

    if (head.length == 0 || !target) {
        return 0;
    }
    target = without_version(target + 1);
    if (!head.chunked && head.content_length == 0) {
        answer(client, target, &head);
    } else {
        if (memmem(data, head.length, "100-continue", 12)) {
            put(client, answer_continues, strlen(answer_continues));
        }
        begin_body(client, target, &head);
    }
    return head.length;
}

static void body_ended(struct client *client)
{
    put(client, client->answer, strlen(client->answer));
    client->mode = client->answer == answer_upgraded ? MODE_ECHO : MODE_HTTP;
}

static size_t on_data(struct client *client, const char *data, size_t length)
{
    switch (client->mode) {
    case MODE_HTTP:
        return on_request(client, data, length);
    case MODE_SINK: {
        size_t used = read_body(client, data, length);

        if (client->mode == MODE_HTTP) {
            body_ended(client);
        }
        return used;
    }
    case MODE_ECHO:
        put(client, data, length);
        return length;
    case MODE_EVENTS:
    case MODE_SOURCE:
        return length;
    }
    return length;
}

static void hold(struct client *client, const char *data, size_t length)
{
    if (length > HELD_BYTES) {
        die("a head that is too long");
    }
    client->held = client->held ? client->held : malloc(HELD_BYTES);
    if (!client->held) {
        die("memory");
    }
    memmove(client->held, data, length);
    client->held_length = length;
}

static void on_readable(struct client *client)
{
    static char buffer[READ_BYTES + 1];
    size_t at = 0;
    size_t used = 1;

    memcpy(buffer, client->held ? client->held : "", client->held_length);
    ssize_t got =
        recv(client->fd, buffer + client->held_length, READ_BYTES - client->held_length, 0);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        leave(client);
        return;
    }
    size_t length = client->held_length + (size_t)got;

    buffer[length] = '\0';
    client->held_length = 0;
    while (at < length && used > 0) {
        used = on_data(client, buffer + at, length - at);
        at += used;
    }
    if (at < length) {
        hold(client, buffer + at, length - at);
    }
}

static void on_connections(int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct client *client = calloc(1, sizeof(*client));

        if (!client) {
            die("memory");
        }
        client->fd = fd;
        watch(client, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void on_event(const struct epoll_event *event, int listener)
{
    struct client *client = event->data.ptr;

    if (!client) {
        on_connections(listener);
    } else if ((event->events & EPOLLOUT) && client->mode == MODE_SOURCE) {
        send_image(client);
    } else {
        on_readable(client);
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_PER_WAIT];
    struct epoll_event own = {.events = EPOLLIN, .data = {.ptr = NULL}};

    if (argc != 2) {
        fprintf(stderr, "usage: bench_mock SOCKET\n");
        return 2;
    }
    raise_descriptors();
    prepare();
    int listener = unix_listen(argv[1]);

    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &own) < 0) {
        die("epoll");
    }
    for (;;) {
        int count = epoll_wait(poller, events, EVENTS_PER_WAIT, -1);

        for (int i = 0; i < count; i++) {
            on_event(&events[i], listener);
        }
    }
}
