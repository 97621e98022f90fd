/*
 * See host_call.h.
 */
#include "proxy/host/host_call.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/try.h"
#include "http/head_writer.h"
#include "proxy/exchange/exchange_answer.h"

#include "base/banned.h"

enum { QUESTION_MAX_BYTES = 1024, PIECE_BYTES = 16 * 1024 };

uint64_t host_call_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int host_call_dial(struct host_call *call, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);

    if (strlen(path) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    // On the client's side the credentials are those of whoever called listen().
    if (call->fd < 0 || connect(call->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        getsockopt(call->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        return -errno;
    }
    call->listener = peer.pid;
    return 0;
}

int host_call_begin(struct host_call *call, const char *path)
{
    *call = (struct host_call){.fd = -1, .deadline_ms = host_call_now_ms() + HOST_CALL_PATIENCE_MS};
    int err = host_call_dial(call, path);

    if (err < 0) {
        host_call_end(call);
    }
    return err;
}

void host_call_end(struct host_call *call)
{
    if (call->fd >= 0) {
        close(call->fd);
    }
    call->fd = -1;
}

static int host_call_wait(const struct host_call *call, short events)
{
    struct pollfd ready = {.fd = call->fd, .events = events};
    uint64_t now_ms = host_call_now_ms();
    int count = 0;

    if (now_ms < call->deadline_ms) {
        count = poll(&ready, 1, (int)(call->deadline_ms - now_ms));
    }
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    return count == 0 ? -ETIMEDOUT : 0;
}

static int host_call_send(const struct host_call *call, struct slice text)
{
    while (text.len > 0) {
        ssize_t sent = send(call->fd, text.ptr, text.len, MSG_NOSIGNAL);

        if (sent >= 0) {
            text = slice_from_index(text, (size_t)sent);
        } else if (errno == EAGAIN || errno == EINTR) {
            TRY(host_call_wait(call, POLLOUT));
        } else {
            return -errno;
        }
    }
    return 0;
}

/* Takes what came. 1 when the answer is complete. */
static int host_call_take(struct upstream_call *answer, struct slice bytes, struct buf *body)
{
    struct response_head head;
    enum body_piece kind = BODY_PIECE_DATA;

    if (!answer->head_done) {
        switch (answer_head_read(answer, false, &bytes, &head)) {
        case ANSWER_HEAD_BAD:
            return -EBADMSG;
        case ANSWER_HEAD_MORE:
            return 0;
        case ANSWER_HEAD_DONE:
            break;
        }
        answer->head_done = true;
        answer->status = head.status;
        answer->framing = head.framing;
        body_reader_init(&answer->body, head.framing, head.content_length);
    }
    while (kind == BODY_PIECE_DATA || kind == BODY_PIECE_FRAMING) {
        struct slice piece = {0};

        kind = body_reader_next(&answer->body, &bytes, &piece);
        TRY(kind == BODY_PIECE_DATA ? buf_append(body, piece) : 0);
    }
    buf_clear(&answer->head);
    return kind == BODY_PIECE_BAD ? -EBADMSG : kind == BODY_PIECE_END;
}

static int host_call_receive(const struct host_call *call, struct upstream_call *answer,
                             struct buf *body)
{
    char bytes[PIECE_BYTES];
    int result = 0;

    while (result == 0) {
        ssize_t count = recv(call->fd, bytes, sizeof(bytes), 0);

        if (count > 0) {
            result = host_call_take(answer, (struct slice){bytes, (size_t)count}, body);
        } else if (count == 0) {
            result = answer->head_done && answer->framing == BODY_UNTIL_EOF ? 1 : -ECONNRESET;
        } else if (errno == EAGAIN || errno == EINTR) {
            result = host_call_wait(call, POLLIN);
        } else {
            result = -errno;
        }
    }
    return result < 0 ? result : 0;
}

static int host_call_write_question(struct buf *out, struct slice target)
{
    TRY(head_write_request_line(out, SLICE("GET"), target));
    TRY(head_write_field(out, SLICE("User-Agent"), SLICE("sockade/" SOCKADE_VERSION)));
    TRY(head_write_field(out, SLICE("Connection"), SLICE("close")));
    return head_write_end(out);
}

int host_call_get(struct host_call *call, struct slice target, unsigned *status, struct buf *body)
{
    CLEANUP(buf_deinit) struct buf question = {0};
    struct upstream_call answer = {.open = true};

    buf_init(&question, QUESTION_MAX_BYTES);
    buf_init(body, HOST_CALL_ANSWER_MAX_BYTES);
    buf_init(&answer.head, HTTP_RESPONSE_HEAD_MAX_BYTES);
    TRY(host_call_write_question(&question, target));
    TRY(host_call_send(call, buf_slice(&question)));
    int err = host_call_receive(call, &answer, body);

    buf_deinit(&answer.head);
    if (err == 0) {
        *status = answer.status;
    }
    return err;
}
