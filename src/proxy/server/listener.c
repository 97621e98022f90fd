/*
 * Listeners: accepting, turning away whom a limit keeps out, new policies. How their sockets come
 * about is listener_socket.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "http/head_writer.h"
#include "proxy/server/server_internal.h"

#include "base/banned.h"

enum { ACCEPTS_PER_TURN = 32, ANSWER_MAX_BYTES = 1024, TELL_FULL_MS = 10 * 1000 };

/* The same refusal as everywhere else: policy_refuse() writes its body. */
static int write_full(struct buf *out, const struct policy *policy, const struct quota_refusal *why,
                      const char *sentence, struct slice id)
{
    const struct policy_request request = {.request_id = id};
    const struct answer answer = {
        .status = 503, .retry_after_s = why->retry_after_s, .close = true};
    struct decision refused;

    decision_init(&refused);
    policy_refuse(policy, &request, answer.status, quota_rule(why), sentence, &refused);
    int err = head_write_answer(out, &answer, refused.answer);

    decision_deinit(&refused);
    return err;
}

/* The log is told now and then, whatever somebody does; the audit each time. */
static void record_full(struct client *client, const struct quota_refusal *why,
                        const char *sentence, struct slice id)
{
    struct listener *listener = client->listener;
    uint64_t now_ms = uv_now(&listener->server->loop);
    struct violation violation = {.rule = quota_rule(why), .text = slice_from(sentence)};
    struct audit_record record = {
        .request_id = id,
        .policy = slice_from(policy_name(client->policy)),
        .operation = "connect",
        .status = 503,
        .violations = &violation,
    };

    client_record(client, &record);
    if (listener->told_full_ms == 0 || now_ms - listener->told_full_ms >= TELL_FULL_MS) {
        listener->told_full_ms = now_ms;
        log_warn("%s: rejected a connection of uid %u: %s", listener->name, client->peer.uid,
                 sentence);
    }
}

/* A client over the limit gets a readable answer, as far as its socket takes it at once. */
static void turn_away(struct client *client, const struct quota_refusal *why)
{
    CLEANUP(buf_deinit) struct buf answer = {.limit_bytes = ANSWER_MAX_BYTES};
    char sentence[QUOTA_SENTENCE_BYTES];

    char digits[REQUEST_ID_LEN];
    struct slice id = {digits, sizeof(digits)};

    server_request_id(client->listener->server, digits);
    quota_sentence(why, sentence);
    if (write_full(&answer, client->policy, why, sentence, id) == 0) {
        (void)!send(client->fd, answer.data, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    record_full(client, why, sentence, id);
}

static void accepted(struct listener *listener, int fd)
{
    struct quota_refusal why = {0};
    struct client client;
    int err = client_init(&client, listener, fd, &why);

    if (err == 0) {
        err = conn_open(&client);
    } else {
        if (err == -EDQUOT) {
            turn_away(&client, &why);
            err = 0;
        }
        client_deinit(&client);
        close(fd);
    }
    if (err < 0) {
        log_error("%s: cannot serve a connection: %s", listener->name, strerror(-err));
    }
}

static void on_connections(uv_poll_t *poll, int status, int events);

static void listener_pause(struct listener *listener, bool pause)
{
    if (listener->closing || pause != listener->polling) {
        return;
    }
    listener->polling = !pause;
    if (pause) {
        uv_poll_stop(&listener->poll);
    } else {
        uv_poll_start(&listener->poll, UV_READABLE, on_connections);
    }
}

/* Out of descriptors: accepting again at once would spin. The server's tick resumes. 0: it's known.
 */
static void pause_all(struct server *server, int err)
{
    if (err != 0 && !server->accept_starved) {
        log_error("cannot accept connections: %s; retrying every second", strerror(err));
    }
    server->accept_starved = server->accept_starved || err != 0;
    server->accept_paused = true;
    for (struct listener *listener = server->listeners; listener; listener = listener->next) {
        listener_pause(listener, true);
    }
}

void listeners_resume(struct server *server)
{
    if (!server->accept_paused) {
        return;
    }
    server->accept_paused = false;
    for (struct listener *listener = server->listeners; listener; listener = listener->next) {
        listener_pause(listener, false);
    }
}

static void on_connections(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;
    struct server *server = listener->server;

    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN && !listener->closing; i++) {
        if (server->conn_count + server->movers.count >= server->conn_max) {
            // Closing what is idle takes until the loop's next turn.
            pause_all(server, conns_reclaim(server, NULL, NULL) ? 0 : EMFILE);
            return;
        }
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            accepted(listener, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_all(server, errno);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            server->accept_starved = false; // EAGAIN: all are in
            return;
        }
    }
}

/* Where systemd made the socket; an abstract one is nowhere. 0 or -ENOMEM. */
static int path_of_socket(int fd, char **out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(address) - 1; // the path needn't be terminated

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 || address.sun_path[0] != '/') {
        *out = NULL;
        return 0;
    }
    *out = strdup(address.sun_path);
    return *out ? 0 : -ENOMEM;
}

static int find_host_path(const struct policy_listener *spec, int fd, char **out)
{
    const char *path = spec->host_path ? spec->host_path : spec->socket;

    if (!path) {
        return path_of_socket(fd, out);
    }
    *out = strdup(path);
    return *out ? 0 : -ENOMEM;
}

static void listener_free(struct listener *listener)
{
    policy_unref(listener->policy);
    policy_clients_unref(listener->clients);
    shares_destroy(listener->shares);
    free(listener->host_path);
    free(listener->name);
    free(listener);
}

static struct listener *listener_create(struct server *server, const struct policy_listener *spec,
                                        int fd)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    char *name = strdup(spec->socket ? spec->socket : spec->systemd);
    char *host_path = NULL;

    if (!listener || !name || find_host_path(spec, fd, &host_path) < 0) {
        free(listener);
        free(name);
        return NULL;
    }
    listener->fd = fd;
    listener->host_path = host_path;
    listener->server = server;
    listener->name = name;
    listener->passed = spec->socket == NULL;
    listener->policy = policy_ref(spec->policy);
    listener->clients = policy_clients_ref(spec->clients);
    listener->poll.data = listener;
    return listener;
}

/* Where a sandbox hides other users' processes, a client may be in a container or not. */
static void tell_if_blind(const struct listener *listener)
{
    if (listener->clients && access("/proc/1/cgroup", R_OK) < 0) {
        log_warn("%s: policies depend on the client's user and container, but processes are hidden "
                 "(ProtectProc=, hidepid=): hidden clients are refused",
                 listener->name);
    }
}

static void tell_if_shared(const struct listener *listener, const struct policy_listener *spec)
{
    const char *policy = policy_shared_without_scope(spec);

    if (policy) {
        log_warn("%s: several clients may connect, and policy \"%s\" has no scope: each can stop "
                 "and remove the others' containers",
                 listener->name, policy);
    }
}

int listener_open(struct server *server, const struct policy_listener *spec)
{
    int fd = -1;
    struct socket_file file = {0};
    int err =
        spec->socket ? listener_socket_make(spec, &fd, &file) : listener_socket_take(spec, &fd);

    if (err < 0) {
        return err;
    }
    struct listener *listener = listener_create(server, spec, fd);

    if (!listener) {
        close(fd);
        return -ENOMEM;
    }
    listener->file = file;
    err = uv_poll_init(&server->loop, &listener->poll, fd);
    if (err < 0) {
        log_error("%s: cannot be watched: %s", listener->name, uv_strerror(err));
        close(fd);
        listener_free(listener);
        return err;
    }
    listener->next = server->listeners;
    server->listeners = listener;
    listener_pause(listener, false);
    log_info("listening on %s, policy \"%s\"", listener->name, policy_name(listener->policy));
    tell_if_blind(listener);
    tell_if_shared(listener, spec);
    return 0;
}

int listener_update(struct listener *listener, const struct policy_listener *spec)
{
    struct policy *before = listener->policy;
    struct policy_clients *clients = listener->clients;
    char *host_path = NULL;
    int err = find_host_path(spec, listener->fd, &host_path);

    if (err < 0) {
        return err;
    }
    free(listener->host_path);
    listener->host_path = host_path;
    listener->policy = policy_ref(spec->policy);
    listener->clients = policy_clients_ref(spec->clients);
    listener->generation++;
    policy_unref(before);
    policy_clients_unref(clients);
    tell_if_blind(listener);
    tell_if_shared(listener, spec);
    return 0;
}

void listener_unused(struct listener *listener)
{
    if (!listener->closing || listener->conn_count > 0 || listener->fd >= 0) {
        return;
    }
    listener_free(listener);
}

static void listener_on_poll_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;

    close(listener->fd);
    listener->fd = -1;
    listener_unused(listener);
}

void listener_close(struct listener *listener)
{
    struct listener **link = &listener->server->listeners;

    while (*link != listener) {
        link = &(*link)->next;
    }
    *link = listener->next;
    listener->closing = true;
    conns_revoke(listener);
    if (!listener->passed) {
        listener_socket_remove(listener->name, &listener->file);
    }
    uv_close((uv_handle_t *)&listener->poll, listener_on_poll_closed);
}
