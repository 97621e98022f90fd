/*
 * See mover.h. A pipe takes references to the pages of the source's buffers and gives them to
 * the target's. That EAGAIN may mean "nothing there" as well as "pipe full" decides the
 * shape of the loop: only with an empty pipe is it the former.   Source: splice(2).
 */
#include "proxy/net/mover.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    PEEKED_BYTES = 64,            /* a chunk's size line, and the end of the one before */
    TURN_BYTES = 4 * 1024 * 1024, /* then it is somebody else's turn */
    SMALL_CHUNK_BYTES = 8 * 1024, /* four calls for each: copying is cheaper */
    LITTLE_BYTES = 16 * 1024,     /* a run that moves less is a small one; */
    LITTLE_RUNS = 8,              /* after so many small runs in a row, copying is cheaper */
    EVENTS_AT_ONCE = 16
};

struct mover {
    struct movers *movers;
    struct mover *next;
    struct mover *previous;
    int from;
    int to;
    int in;  /* ends of the pipe: written to */
    int out; /* and read from */
    struct body_reader *reader;
    mover_moved *moved;
    void *owner;
    bool moves_framing;
    size_t along; /* bytes of framing that the next content is moved with */
    size_t in_pipe;
    size_t framing_len; /* of what goes into the pipe before anything else */
    char framing[PEEKED_BYTES];
    unsigned little;
    bool over; /* once the framing is written */
};

/* What came of one step. */
enum flow {
    FLOW_ON = 0,
    FLOW_STUCK, /* the pipe is full, or nothing is there */
    FLOW_END,   /* of the body, or of the source */
    FLOW_BROKEN
};

static enum flow flow_of_error(void)
{
    if (errno == EINTR) {
        return FLOW_ON; // it is tried again
    }
    return errno == EAGAIN ? FLOW_STUCK : FLOW_END;
}

static enum flow write_framing(struct mover *mover)
{
    ssize_t count = write(mover->in, mover->framing, mover->framing_len);

    if (count < 0) {
        enum flow flow = flow_of_error();

        return flow == FLOW_END ? FLOW_BROKEN : flow; // it was taken, and has to be written
    }
    mover->framing_len -= (size_t)count;
    mover->in_pipe += (size_t)count;
    memmove(mover->framing, mover->framing + count, mover->framing_len);
    return FLOW_ON;
}

/*
 * What was looked at could not be moved: memory is short. It is still in the socket, so it is read
 * and written like other framing, and the content behind it is copied.
 */
static enum flow take_framing_back(struct mover *mover)
{
    if (recv(mover->from, mover->framing, mover->along, MSG_DONTWAIT) != (ssize_t)mover->along) {
        return FLOW_BROKEN;
    }
    mover->framing_len = mover->along;
    mover->along = 0;
    mover->over = true;
    return FLOW_ON;
}

static enum flow mover_take_content(struct mover *mover, uint64_t left, uint64_t *moved)
{
    size_t want = left < MOVER_PIPE_BYTES ? (size_t)left + mover->along : MOVER_PIPE_BYTES;
    ssize_t count =
        splice(mover->from, NULL, mover->in, NULL, want, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

    if (count <= 0) {
        enum flow flow = count < 0 ? flow_of_error() : FLOW_END;

        return flow == FLOW_END && mover->along > 0 ? take_framing_back(mover) : flow;
    }
    size_t framing = (size_t)count < mover->along ? (size_t)count : mover->along;
    size_t content = (size_t)count - framing;

    mover->along -= framing;
    body_reader_skip(mover->reader, content);
    mover->in_pipe += (size_t)count;
    *moved += content;
    return FLOW_ON;
}

/* For now: its content and what follows are copied. */
static bool is_small_chunk(const struct mover *mover)
{
    uint64_t left = body_reader_content(mover->reader);

    return left > 0 && left < SMALL_CHUNK_BYTES;
}

/* Whether what was read may be moved as it is: it would be written like that, and much follows. */
static bool may_go_along(const struct mover *mover, struct slice read)
{
    return mover->moves_framing && body_reader_content(mover->reader) >= SMALL_CHUNK_BYTES &&
           slice_eq(read, (struct slice){mover->framing, mover->framing_len});
}

/*
 * Reads up to the next content. The bytes are looked at first and taken off then, so that no
 * content comes along. Those of a client are always written anew, from our copy: what sendfile(2)
 * or vmsplice(2) put into a socket are pages that the client can still change when they have been
 * looked at, and the engine would find another end of the body, and a request behind it. What is
 * written of them is never longer than they are, but for the two bytes that a "0" from an earlier
 * call makes.
 */
static enum flow take_framing(struct mover *mover)
{
    char peeked[PEEKED_BYTES / 2];
    ssize_t count = recv(mover->from, peeked, sizeof(peeked), MSG_PEEK | MSG_DONTWAIT);

    if (count <= 0) {
        return count < 0 ? flow_of_error() : FLOW_END;
    }
    struct slice rest = {peeked, (size_t)count};
    enum body_piece kind = BODY_PIECE_FRAMING;

    while (kind == BODY_PIECE_FRAMING && body_reader_content(mover->reader) == 0) {
        struct slice piece = {NULL, 0};

        kind = body_reader_next(mover->reader, &rest, &piece);
        if (kind == BODY_PIECE_FRAMING) {
            assert(piece.len <= sizeof(mover->framing) - mover->framing_len);
            memcpy(mover->framing + mover->framing_len, piece.ptr, piece.len);
            mover->framing_len += piece.len;
        }
    }
    size_t used = (size_t)count - rest.len;

    if (may_go_along(mover, (struct slice){peeked, used})) {
        mover->along = used;
        mover->framing_len = 0;
        return FLOW_ON;
    }
    if (used > 0 && recv(mover->from, peeked, used, MSG_DONTWAIT) != (ssize_t)used) {
        return FLOW_BROKEN; // the reader is ahead of the socket: nobody could go on from there
    }
    // So much without content is an extension or a trailer: copying reads that in one call.
    bool is_long = count == (ssize_t)sizeof(peeked) && body_reader_content(mover->reader) == 0;

    mover->over = kind == BODY_PIECE_BAD || is_long || is_small_chunk(mover);
    return FLOW_ON;
}

static bool has_ended(struct mover *mover)
{
    struct slice none = {NULL, 0};
    struct slice piece;

    return body_reader_content(mover->reader) == 0 &&
           body_reader_next(mover->reader, &none, &piece) == BODY_PIECE_END;
}

static enum flow mover_take(struct mover *mover, uint64_t *moved)
{
    uint64_t left = body_reader_content(mover->reader);

    if (mover->framing_len > 0) {
        return write_framing(mover);
    }
    if (mover->over || has_ended(mover)) {
        return FLOW_END;
    }
    return left > 0 ? mover_take_content(mover, left, moved) : take_framing(mover);
}

static enum flow mover_fill(struct mover *mover, uint64_t *moved)
{
    enum flow flow = FLOW_ON;

    while (flow == FLOW_ON && mover->in_pipe < MOVER_PIPE_BYTES) {
        flow = mover_take(mover, moved);
    }
    return flow;
}

static enum flow drain(struct mover *mover)
{
    while (mover->in_pipe > 0) {
        ssize_t count = splice(mover->out, NULL, mover->to, NULL, mover->in_pipe,
                               SPLICE_F_NONBLOCK | SPLICE_F_MOVE);

        if (count <= 0) {
            enum flow flow = count < 0 ? flow_of_error() : FLOW_END;

            if (flow == FLOW_ON) {
                continue;
            }
            return flow == FLOW_END ? FLOW_BROKEN : flow;
        }
        mover->in_pipe -= (size_t)count;
    }
    return FLOW_ON;
}

/* Nothing more is there for now. */
static enum mover_state after_all_there_is(struct mover *mover, uint64_t moved)
{
    mover->little = moved < LITTLE_BYTES ? mover->little + 1 : 0;
    return mover->little < LITTLE_RUNS || mover->along > 0 ? MOVER_GOES_ON : MOVER_OVER;
}

/* Nothing more will come. Nobody could go on where the reader is ahead of the socket. */
static enum mover_state after_all_of_it(const struct mover *mover)
{
    return mover->along > 0 ? MOVER_BROKEN : MOVER_OVER;
}

/* As far as it goes now. Says what the owner has to be told, and by *again that there is more. */
static enum mover_state mover_run(struct mover *mover, uint64_t *moved, bool *again)
{
    while (*moved < TURN_BYTES) {
        enum flow source = mover_fill(mover, moved);

        if (source == FLOW_BROKEN) {
            return MOVER_BROKEN;
        }
        bool empty = mover->in_pipe == 0;

        switch (drain(mover)) {
        case FLOW_BROKEN:
            return MOVER_BROKEN;
        case FLOW_STUCK:
            return MOVER_GOES_ON;
        case FLOW_ON:
        case FLOW_END:
            break;
        }
        if (source == FLOW_END && mover->framing_len == 0) {
            return after_all_of_it(mover);
        }
        if (source == FLOW_STUCK && empty) {
            return after_all_there_is(mover, *moved);
        }
    }
    if (mover->framing_len == 0 && has_ended(mover)) {
        return MOVER_OVER; // now, for the answer to a request may come before the next turn
    }
    *again = true;
    return MOVER_GOES_ON;
}

static int watch(struct mover *mover, int operation)
{
    struct epoll_event in = {.events = EPOLLIN | EPOLLET, .data.ptr = mover};
    struct epoll_event out = {.events = EPOLLOUT | EPOLLET, .data.ptr = mover};

    if (epoll_ctl(mover->movers->epoll, operation, mover->from, &in) < 0) {
        return -errno;
    }
    return epoll_ctl(mover->movers->epoll, operation, mover->to, &out) < 0 ? -errno : 0;
}

static void mover_go_on(struct mover *mover)
{
    uint64_t moved = 0;
    bool again = false;
    enum mover_state state = mover_run(mover, &moved, &again);

    // An edge that was not used up comes again when asked for.
    if (again && watch(mover, EPOLL_CTL_MOD) < 0) {
        state = MOVER_BROKEN;
    }
    mover->moved(mover->owner, moved, state);
}

/* One after the other, since what one is told may stop another. */
static void on_edges(uv_poll_t *poll, int status, int events)
{
    struct movers *movers = poll->data;
    struct epoll_event event;

    (void)status;
    (void)events;
    for (int i = 0; i < EVENTS_AT_ONCE && epoll_wait(movers->epoll, &event, 1, 0) == 1; i++) {
        mover_go_on(event.data.ptr);
    }
}

/*
 * Before Linux 6.5 splice(2) to a unix socket takes the lock that the reader at its other end holds
 * while its memory is written, however long a page of that takes to come: from FUSE, for one, for
 * ever, and all connections would wait.   Source: Linux net/unix/af_unix.c, unix_stream_sendpage().
 */
static bool splice_never_waits(void)
{
    struct utsname kernel;

    if (uname(&kernel) < 0) {
        return false;
    }
    char *rest = kernel.release;
    unsigned long major = strtoul(rest, &rest, 10);
    unsigned long minor = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;

    return major > 6 || (major == 6 && minor >= 5);
}

int movers_init(struct movers *movers, uv_loop_t *loop)
{
    *movers =
        (struct movers){.epoll = epoll_create1(EPOLL_CLOEXEC), .never_waits = splice_never_waits()};
    if (movers->epoll < 0) {
        return -errno;
    }
    int err = uv_poll_init(loop, &movers->poll, movers->epoll);

    if (err < 0) {
        close(movers->epoll);
        movers->epoll = -1;
        return err;
    }
    movers->poll.data = movers;
    return uv_poll_start(&movers->poll, UV_READABLE, on_edges);
}

static void mover_on_poll_closed(uv_handle_t *handle)
{
    struct movers *movers = handle->data;

    close(movers->epoll);
    movers->epoll = -1;
}

void movers_deinit(struct movers *movers)
{
    if (movers->epoll >= 0) {
        uv_close((uv_handle_t *)&movers->poll, mover_on_poll_closed);
    }
}

static int open_pipe(struct mover *mover)
{
    int ends[2];

    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
        return -errno;
    }
    mover->out = ends[0];
    mover->in = ends[1];
    int send_bytes = MOVER_PIPE_BYTES;

    // As far as net.core.wmem_max lets it: the fewer wake-ups, the less a byte costs.
    (void)setsockopt(mover->to, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    // Smaller where there are many pipes already: slower, not wrong.
    (void)fcntl(mover->in, F_SETPIPE_SZ, MOVER_PIPE_BYTES);
    return 0;
}

struct mover *mover_start(struct movers *movers, int from, int to, struct body_reader *reader,
                          enum mover_framing framing, mover_moved *moved, void *owner)
{
    if (movers->epoll < 0 || movers->count == MOVER_MAX) {
        return NULL;
    }
    struct mover *mover = malloc(sizeof(*mover));

    if (!mover) {
        return NULL;
    }
    *mover = (struct mover){.movers = movers,
                            .from = from,
                            .to = to,
                            .in = -1,
                            .out = -1,
                            .reader = reader,
                            .moves_framing = framing == MOVER_MOVES_FRAMING,
                            .moved = moved,
                            .owner = owner,
                            .next = movers->first};
    movers->count++;
    if (movers->first) {
        movers->first->previous = mover;
    }
    movers->first = mover;
    if (open_pipe(mover) < 0 || watch(mover, EPOLL_CTL_ADD) < 0) {
        mover_stop(mover);
        return NULL;
    }
    return mover;
}

void mover_stop(struct mover *mover)
{
    if (!mover) {
        return;
    }
    epoll_ctl(mover->movers->epoll, EPOLL_CTL_DEL, mover->from, NULL);
    epoll_ctl(mover->movers->epoll, EPOLL_CTL_DEL, mover->to, NULL);
    if (mover->in >= 0) {
        close(mover->in);
        close(mover->out);
    }
    *(mover->previous ? &mover->previous->next : &mover->movers->first) = mover->next;
    if (mover->next) {
        mover->next->previous = mover->previous;
    }
    mover->movers->count--;
    free(mover);
}
