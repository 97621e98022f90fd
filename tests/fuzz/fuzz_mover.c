/*
 * Any bytes as a body that is moved. The first byte chooses the framing, and what becomes of it
 * when it is moved; the next two how the rest is cut, the fourth how much is read at a time, the
 * fifth how large a chunk's content is made. What comes out and where it ends is the same as when a
 * body_reader copies, and what is behind the end stays in the socket.
 */
#include <assert.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "proxy/net/mover.h"

enum {
    OPTION_BYTES = 5,
    INPUT_MAX_BYTES = 40 * 1024, /* no more than a socket takes */
    CONTENT_STEP_BYTES = 512
};

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    struct mover *mover;
    struct body_reader reader;
    uint64_t moved;
    uint64_t content;
    bool over;
    int from[2];
    int to[2];
    struct buf out;
};

static uv_loop_t loop;
static struct movers movers;

static void on_moved(void *owner, uint64_t content_bytes, enum mover_state state)
{
    struct run *run = owner;

    assert(state != MOVER_BROKEN && run->mover);
    run->moved += content_bytes;
    if (state != MOVER_GOES_ON) {
        run->over = true;
        mover_stop(run->mover);
        run->mover = NULL;
    }
}

static void start(void)
{
    static bool started;

    if (started) {
        return;
    }
    started = true;
    signal(SIGPIPE, SIG_IGN);
    assert(uv_loop_init(&loop) == 0);
    assert(movers_init(&movers, &loop) == 0);
}

/* As the exchange does. False when the body has ended or is wrong; *input is what is left. */
static enum body_piece copy(struct body_reader *reader, struct slice *input, struct buf *out,
                            uint64_t *content)
{
    struct slice piece = {NULL, 0};
    enum body_piece kind = body_reader_next(reader, input, &piece);

    while (kind == BODY_PIECE_DATA || kind == BODY_PIECE_FRAMING) {
        *content += kind == BODY_PIECE_DATA ? piece.len : 0;
        assert(buf_append(out, piece) == 0);
        kind = body_reader_next(reader, input, &piece);
    }
    return kind;
}

/* Reads what came out, `most` bytes at a time. */
static bool collect(struct run *run, size_t most)
{
    char bytes[4096];
    ssize_t count =
        recv(run->to[1], bytes, most < sizeof(bytes) ? most : sizeof(bytes), MSG_DONTWAIT);

    assert(count <= 0 || buf_append(&run->out, (struct slice){bytes, (size_t)count}) == 0);
    return count > 0;
}

/* Until nothing comes any more: what is left of the body is copied once a mover gives up. */
static void settle(struct run *run, size_t most)
{
    do {
        if (run->mover) {
            uv_run(&loop, UV_RUN_NOWAIT);
        }
    } while (collect(run, most));
}

static void feed(struct run *run, struct slice part)
{
    assert(send(run->from[0], part.ptr, part.len, 0) == (ssize_t)part.len);
}

static struct slice take_rest(struct run *run, char *bytes, size_t size)
{
    ssize_t count = recv(run->from[1], bytes, size, MSG_DONTWAIT);

    return (struct slice){bytes, count > 0 ? (size_t)count : 0};
}

static void begin(struct run *run, struct body_reader reader, enum mover_framing framing)
{
    *run = (struct run){.reader = reader};
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, run->from) == 0);
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, run->to) == 0);
    buf_init(&run->out, 4 * INPUT_MAX_BYTES);
    run->mover =
        mover_start(&movers, run->from[1], run->to[0], &run->reader, framing, on_moved, run);
    assert(run->mover);
}

static void end(struct run *run)
{
    mover_stop(run->mover);
    assert(movers.count == 0);
    for (int i = 0; i < 2; i++) {
        close(run->from[i]);
        close(run->to[i]);
    }
    buf_deinit(&run->out);
}

/* Every 'C' stands for that much content. */
static struct slice expand(struct slice input, size_t content_bytes, char *bytes)
{
    size_t len = 0;

    for (size_t i = 0; i < input.len && len + content_bytes < INPUT_MAX_BYTES; i++) {
        size_t count = input.ptr[i] == 'C' && content_bytes > 0 ? content_bytes : 1;

        memset(bytes + len, input.ptr[i], count);
        len += count;
    }
    return (struct slice){bytes, len};
}

static void check(struct body_reader reader, struct slice input, const uint8_t *options)
{
    static char rest_bytes[INPUT_MAX_BYTES];
    struct buf wanted = {.limit_bytes = 4 * INPUT_MAX_BYTES};
    struct body_reader copying = reader;
    struct slice left = input;
    uint64_t content = 0;
    enum body_piece wanted_end = copy(&copying, &left, &wanted, &content);
    size_t first = input.len * options[1] / 256;
    size_t second = (input.len - first) * options[2] / 256;
    struct run run;

    begin(&run, reader, options[0] & 4 ? MOVER_MOVES_FRAMING : MOVER_WRITES_FRAMING);
    feed(&run, slice_head(input, first));
    settle(&run, (size_t)options[3] * 16 + 256);
    feed(&run, slice_head(slice_from_index(input, first), second));
    settle(&run, (size_t)options[3] * 16 + 256);
    feed(&run, slice_from_index(input, first + second));
    settle(&run, 4096);
    struct slice rest = take_rest(&run, rest_bytes, sizeof(rest_bytes));
    enum body_piece got_end = BODY_PIECE_MORE;

    assert(run.over || rest.len == 0);
    got_end = copy(&run.reader, &rest, &run.out, &run.moved);
    assert(got_end == wanted_end && run.moved == content);
    if (wanted_end == BODY_PIECE_BAD) {
        size_t common = run.out.len < wanted.len ? run.out.len : wanted.len;

        assert(common == 0 || memcmp(run.out.data, wanted.data, common) == 0);
    } else {
        assert(slice_eq(buf_slice(&run.out), buf_slice(&wanted)));
        assert(slice_eq(rest, left));
    }
    end(&run);
    buf_deinit(&wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum body_framing framings[] = {BODY_CHUNKED, BODY_CHUNKED, BODY_LENGTH,
                                                 BODY_UNTIL_EOF};
    static char bytes[INPUT_MAX_BYTES];
    struct body_reader reader;

    if (size < OPTION_BYTES) {
        return 0;
    }
    start();
    struct slice input =
        expand((struct slice){(const char *)data + OPTION_BYTES, size - OPTION_BYTES},
               (size_t)data[4] % 64 * CONTENT_STEP_BYTES, bytes);

    body_reader_init(&reader, framings[data[0] % 4], input.len * 3 / 4);
    check(reader, input, data);
    return 0;
}
