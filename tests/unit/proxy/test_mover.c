/* Bodies past the exchange: every byte arrives once, none too many, and framing is checked. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "proxy/net/mover.h"

/* Which call of the mover's fails, of those that take from the source or of all; 0: none. */
static unsigned splice_fails_after;
static bool splice_fails_at_source;
static int splice_error;
static unsigned splices;
static int write_error;

/* In the place of the C library's. */
ssize_t splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t len, unsigned flags)
{
    struct stat what;
    bool counts = !splice_fails_at_source || (fstat(in, &what) == 0 && S_ISSOCK(what.st_mode));

    splices++;
    if (counts && splice_fails_after > 0 && --splice_fails_after == 0) {
        errno = splice_error;
        return -1;
    }
    return syscall(SYS_splice, in, in_offset, out, out_offset, len, flags);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    struct stat what;

    // The mover's pipe, not the one by which the test tells how it went.
    if (write_error != 0 && fstat(fd, &what) == 0 && S_ISFIFO(what.st_mode) &&
        (fcntl(fd, F_GETFL) & O_NONBLOCK)) {
        errno = write_error;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, len);
}

struct run {
    uv_loop_t loop;
    struct movers movers;
    struct mover *mover;
    int from[2]; /* written to by the test, read by the mover */
    int to[2];   /* written to by the mover, read by the test */
    struct body_reader reader;
    uint64_t moved;
    enum mover_state state;
    struct buf out;
};

static void on_moved(void *owner, uint64_t content_bytes, enum mover_state state)
{
    struct run *run = owner;

    run->moved += content_bytes;
    run->state = state;
    if (state != MOVER_GOES_ON) {
        mover_stop(run->mover);
        run->mover = NULL;
    }
}

static const enum mover_framing modes[] = {MOVER_WRITES_FRAMING, MOVER_MOVES_FRAMING};

static void begin_in(struct run *run, enum mover_framing mode, enum body_framing framing,
                     uint64_t length)
{
    *run = (struct run){0};
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(uv_loop_init(&run->loop), 0);
    cr_assert_eq(movers_init(&run->movers, &run->loop), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, run->from), 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, run->to), 0);
    body_reader_init(&run->reader, framing, length);
    buf_init(&run->out, 64 << 20);
    run->mover =
        mover_start(&run->movers, run->from[1], run->to[0], &run->reader, mode, on_moved, run);
    cr_assert_not_null(run->mover);
}

static void begin(struct run *run, enum body_framing framing, uint64_t length)
{
    begin_in(run, MOVER_WRITES_FRAMING, framing, length);
}

static void end(struct run *run)
{
    mover_stop(run->mover);
    cr_expect_eq(run->movers.count, 0);
    movers_deinit(&run->movers);
    uv_run(&run->loop, UV_RUN_DEFAULT);
    cr_expect_eq(uv_loop_close(&run->loop), 0);
    for (int i = 0; i < 2; i++) {
        close(run->from[i]);
        close(run->to[i]);
    }
    buf_deinit(&run->out);
}

/* What has arrived, at most `most` bytes of it. */
static void collect(struct run *run, size_t most)
{
    char bytes[64 * 1024];
    ssize_t count = read(run->to[1], bytes, most < sizeof(bytes) ? most : sizeof(bytes));

    if (count > 0) {
        cr_assert_eq(buf_append(&run->out, (struct slice){bytes, (size_t)count}), 0);
    }
}

/* Feeds the input as it is taken and reads `most` bytes each time, until nothing goes on. */
static void drive(struct run *run, struct slice input, size_t most)
{
    size_t before = 0;

    for (int idle = 0; idle < 20; idle++) {
        ssize_t count = input.len > 0 ? write(run->from[0], input.ptr, input.len) : 0;

        if (count > 0) {
            input = slice_from_index(input, (size_t)count);
        }
        if (run->mover) {
            uv_run(&run->loop, UV_RUN_NOWAIT);
        }
        collect(run, most);
        if (count > 0 || run->out.len > before) {
            idle = 0;
        }
        before = run->out.len;
    }
}

static bool at_end(struct body_reader *reader)
{
    struct slice none = {NULL, 0};
    struct slice piece;

    return body_reader_next(reader, &none, &piece) == BODY_PIECE_END;
}

static char pattern(size_t i)
{
    return (char)('a' + (i ^ i >> 8 ^ i >> 16) % 26);
}

static void append_content(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(buf_append_byte(out, pattern(i)), 0);
    }
}

Test(mover, moves_to_the_end_of_the_body_and_leaves_what_follows)
{
    enum { LENGTH = 3000000 };
    struct run run;
    struct buf input = {.limit_bytes = 8 << 20};

    append_content(&input, LENGTH);
    cr_assert_eq(buf_append_text(&input, "GET / HTTP/1.1"), 0);
    begin(&run, BODY_LENGTH, LENGTH);
    drive(&run, buf_slice(&input), 64 * 1024);
    cr_expect_eq(run.state, MOVER_OVER);
    cr_expect(at_end(&run.reader));
    cr_expect_eq(run.moved, LENGTH);
    cr_assert_eq(run.out.len, LENGTH);
    cr_expect_eq(memcmp(run.out.data, input.data, LENGTH), 0);
    char rest[32] = "";

    cr_expect_eq(read(run.from[1], rest, sizeof(rest)), 14);
    cr_expect_str_eq(rest, "GET / HTTP/1.1");
    end(&run);
    buf_deinit(&input);
}

Test(mover, loses_nothing_towards_a_slow_reader)
{
    struct run run;
    struct buf input = {.limit_bytes = 8 << 20};

    append_content(&input, 1500000);
    begin(&run, BODY_UNTIL_EOF, 0);
    drive(&run, buf_slice(&input), 3000);
    cr_expect_eq(run.moved, input.len);
    cr_assert_eq(run.out.len, input.len);
    cr_expect_eq(memcmp(run.out.data, input.data, input.len), 0);
    end(&run);
    buf_deinit(&input);
}

/* Chunks of 40,000 bytes, with extensions and leading zeros that nobody else has to see. */
static void append_chunks(struct buf *input, struct buf *wanted, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        cr_assert_eq(buf_append_text(input, i % 2 ? "0009C40;x=y\r\n" : "9c40\r\n"), 0);
        cr_assert_eq(buf_append_text(wanted, i % 2 ? "9C40\r\n" : "9c40\r\n"), 0);
        append_content(input, 40000);
        append_content(wanted, 40000);
        cr_assert_eq(buf_append_text(input, "\r\n"), 0);
        cr_assert_eq(buf_append_text(wanted, "\r\n"), 0);
    }
}

static void expect_clean_chunks(enum mover_framing mode)
{
    struct run run;
    struct buf input = {.limit_bytes = 8 << 20};
    struct buf wanted = {.limit_bytes = 8 << 20};

    append_chunks(&input, &wanted, 50);
    cr_assert_eq(buf_append_text(&input, "0;last\r\nTrailer: dropped\r\n\r\nHTTP/1.1 200 OK"), 0);
    cr_assert_eq(buf_append_text(&wanted, "0\r\n\r\n"), 0);
    begin_in(&run, mode, BODY_CHUNKED, 0);
    drive(&run, buf_slice(&input), 64 * 1024);
    cr_expect_eq(run.state, MOVER_OVER);
    cr_expect(at_end(&run.reader));
    cr_expect_eq(run.moved, 50 * 40000);
    cr_assert_eq(run.out.len, wanted.len);
    cr_expect_eq(memcmp(run.out.data, wanted.data, wanted.len), 0);
    end(&run);
    buf_deinit(&input);
    buf_deinit(&wanted);
}

Test(mover, checks_the_framing_of_chunks_and_passes_on_what_it_should_be)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        expect_clean_chunks(modes[i]);
    }
}

static void expect_small_chunks_left(enum mover_framing mode)
{
    struct run run;
    struct slice input = SLICE("\r\n5\r\nhello\r\n0\r\n\r\n");
    struct slice first = SLICE("4\r\nabcd");
    struct slice piece;
    char rest[64];

    begin_in(&run, mode, BODY_CHUNKED, 0);
    while (first.len > 0) {
        body_reader_next(&run.reader, &first, &piece);
    }
    drive(&run, input, 64 * 1024);
    cr_expect_eq(run.state, MOVER_OVER);
    cr_assert_eq(run.out.len, 5);
    cr_expect_eq(memcmp(run.out.data, "\r\n5\r\n", 5), 0);
    cr_expect_eq(body_reader_content(&run.reader), 5);
    cr_expect_eq(read(run.from[1], rest, sizeof(rest)), 12, "the content is still there");
    end(&run);
}

Test(mover, leaves_small_chunks_to_be_copied)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        expect_small_chunks_left(modes[i]);
    }
}

static const struct {
    struct slice after_content;
    bool bad;
} broken_framing[] = {
    {SLICE_INIT("\n"), true},
    {SLICE_INIT("\r\n9c40\n"), true},
    {SLICE_INIT("\r\n 9c40\r\n"), true},
    {SLICE_INIT("\r\nx\r\n"), true},
    {SLICE_INIT("\r\n11111111111111111\r\n"), true},
    {SLICE_INIT("\r\n0\r\n folded\r\n\r\n"), true},
    {SLICE_INIT("\r"), false}, // may still become something
};

static void expect_broken_framing_found(enum mover_framing mode)
{
    for (size_t i = 0; i < sizeof(broken_framing) / sizeof(broken_framing[0]); i++) {
        struct run run;
        struct buf input = {.limit_bytes = 1 << 20};
        struct slice none = {NULL, 0};
        struct slice piece;

        cr_assert_eq(buf_append_text(&input, "9c40\r\n"), 0);
        append_content(&input, 40000);
        cr_assert_eq(buf_append(&input, broken_framing[i].after_content), 0);
        begin_in(&run, mode, BODY_CHUNKED, 0);
        drive(&run, buf_slice(&input), 64 * 1024);
        cr_expect_eq(run.state, broken_framing[i].bad ? MOVER_OVER : MOVER_GOES_ON, "case %zu", i);
        cr_expect_eq(body_reader_next(&run.reader, &none, &piece),
                     broken_framing[i].bad ? BODY_PIECE_BAD : BODY_PIECE_MORE, "case %zu", i);
        cr_expect_eq(run.moved, 40000, "case %zu", i);
        end(&run);
        buf_deinit(&input);
    }
}

Test(mover, gives_up_framing_that_two_could_read_differently)
{
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        expect_broken_framing_found(modes[i]);
    }
}

Test(mover, says_when_the_source_ends_early_and_when_the_target_is_gone)
{
    struct run run;
    struct buf input = {.limit_bytes = 1 << 20};

    append_content(&input, 100000);
    begin(&run, BODY_LENGTH, 200000);
    cr_assert_eq(write(run.from[0], input.data, input.len), (ssize_t)input.len);
    close(run.from[0]);
    run.from[0] = -1;
    drive(&run, (struct slice){NULL, 0}, 64 * 1024);
    cr_expect_eq(run.state, MOVER_OVER);
    cr_expect_not(at_end(&run.reader));
    cr_expect_eq(run.out.len, 100000, "what came is passed on");
    end(&run);

    begin(&run, BODY_LENGTH, 200000);
    close(run.to[1]);
    run.to[1] = -1;
    drive(&run, buf_slice(&input), 64 * 1024);
    cr_expect_eq(run.state, MOVER_BROKEN);
    end(&run);
    buf_deinit(&input);
}

Test(mover, is_over_when_little_comes)
{
    struct run run;

    begin(&run, BODY_UNTIL_EOF, 0);
    for (int i = 0; i < 20 && run.mover; i++) {
        drive(&run, SLICE("keystroke"), 64 * 1024);
    }
    cr_expect_eq(run.state, MOVER_OVER);
    cr_expect_eq(run.out.len, run.moved);
    end(&run);
}

Test(mover, is_refused_when_there_are_many)
{
    struct run run;
    struct body_reader readers[MOVER_MAX];
    struct mover *movers[MOVER_MAX];
    int pair[2];
    size_t started = 0;

    begin(&run, BODY_UNTIL_EOF, 0);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    for (size_t i = 0; i < MOVER_MAX; i++) {
        int from = dup(pair[0]);
        int to = dup(pair[1]);

        body_reader_init(&readers[i], BODY_UNTIL_EOF, 0);
        movers[i] =
            mover_start(&run.movers, from, to, &readers[i], MOVER_WRITES_FRAMING, on_moved, &run);
        started += movers[i] != NULL;
    }
    cr_expect_eq(started, MOVER_MAX - 1);
    for (size_t i = 0; i < MOVER_MAX; i++) {
        mover_stop(movers[i]);
    }
    end(&run);
}

/* As the exchange copies what a mover leaves. */
static void copy_rest(struct run *run)
{
    char bytes[4096];
    ssize_t count = 0;

    while ((count = recv(run->from[1], bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        struct slice rest = {bytes, (size_t)count};
        struct slice piece = {NULL, 0};
        enum body_piece kind = body_reader_next(&run->reader, &rest, &piece);

        while (kind == BODY_PIECE_DATA || kind == BODY_PIECE_FRAMING) {
            cr_assert_eq(buf_append(&run->out, piece), 0);
            kind = body_reader_next(&run->reader, &rest, &piece);
        }
    }
}

static void append_large_chunks(struct buf *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(buf_append_text(out, "10000\r\n"), 0);
        append_content(out, 0x10000);
        cr_assert_eq(buf_append_text(out, "\r\n"), 0);
    }
    cr_assert_eq(buf_append_text(out, "0\r\n\r\n"), 0);
}

Test(mover, goes_on_after_an_interrupted_call)
{
    struct buf input = {.limit_bytes = 1 << 20};

    append_large_chunks(&input, 2);
    for (size_t i = 0; i < 2; i++) {
        for (unsigned after = 1; splice_fails_after == 0; after++) {
            struct run run;

            splice_fails_after = after;
            splice_error = EINTR;
            begin_in(&run, modes[i], BODY_CHUNKED, 0);
            drive(&run, buf_slice(&input), 64 * 1024);
            cr_expect_eq(run.state, MOVER_OVER);
            cr_expect(slice_eq(buf_slice(&run.out), buf_slice(&input)), "call %u", after);
            end(&run);
        }
        splice_fails_after = 0;
    }
    buf_deinit(&input);
}

/* A size line that is to go along has been looked at, and then memory is short. */
Test(mover, loses_nothing_when_memory_is_short_between_look_and_splice)
{
    struct buf input = {.limit_bytes = 1 << 20};

    append_large_chunks(&input, 3);
    splice_fails_at_source = true;
    splice_error = ENOMEM;
    for (unsigned after = 1; splice_fails_after == 0; after++) {
        struct run run;

        splice_fails_after = after;
        begin_in(&run, MOVER_MOVES_FRAMING, BODY_CHUNKED, 0);
        for (size_t sent = 0; sent < input.len; sent += 0x8000) {
            struct slice part = slice_head(slice_from_index(buf_slice(&input), sent), 0x8000);

            cr_assert_eq(write(run.from[0], part.ptr, part.len), (ssize_t)part.len);
            drive(&run, (struct slice){NULL, 0}, 64 * 1024);
            if (!run.mover && run.state == MOVER_OVER) {
                copy_rest(&run);
            }
        }
        cr_expect_eq(run.state, MOVER_OVER, "call %u", after);
        cr_expect(slice_eq(buf_slice(&run.out), buf_slice(&input)), "call %u", after);
        end(&run);
    }
    buf_deinit(&input);
}

Test(mover, does_not_spin_when_framing_cannot_be_written)
{
    struct run run;
    struct buf input = {.limit_bytes = 1 << 20};

    append_large_chunks(&input, 2);
    write_error = ENOMEM;
    begin(&run, BODY_CHUNKED, 0);
    drive(&run, buf_slice(&input), 64 * 1024);
    cr_expect_eq(run.state, MOVER_BROKEN, "it was taken, and is not there for others");
    cr_expect_lt(splices, 8);
    end(&run);
    write_error = 0;
    buf_deinit(&input);
}
