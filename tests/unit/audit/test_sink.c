/*
 * The sink never waits: a reader that doesn't read costs records, not the daemon.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "audit/sink.h"

static const struct audit_record record = {
    .operation = "system.ping", .outcome = AUDIT_ALLOW, .method = SLICE_INIT("GET")};

static void put(struct audit_sink *sink)
{
    audit_sink_write(sink, &record);
    audit_sink_flush(sink);
}

/* A limit for files is a disk that is full. */
static void set_file_limit(struct rlimit limit, rlim_t bytes)
{
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static size_t file_size(const char *path)
{
    struct buf buf;

    buf_init(&buf, 1 << 20);
    cr_assert_eq(buf_read_file(&buf, path), 0);
    size_t size = buf.len;

    buf_deinit(&buf);
    return size;
}

Test(sink, appends_to_a_file_and_follows_rotation)
{
    char path[] = "test_sink_XXXXXX";
    char moved[] = "test_sink_moved_XXXXXX";
    struct audit_sink sink;

    close(mkstemp(path));
    close(mkstemp(moved));
    cr_assert_eq(audit_sink_open(&sink, path, AUDIT_FORMAT_AUTO), 0);
    cr_assert_not(sink.text, "a file is no terminal");
    put(&sink);
    size_t one = file_size(path);

    cr_assert_gt(one, 0);
    cr_assert_eq(rename(path, moved), 0);
    put(&sink);
    cr_assert_eq(file_size(moved), 2 * one);
    cr_assert_eq(audit_sink_reopen(&sink, path), 0);
    put(&sink);
    cr_assert_eq(file_size(path), one);
    cr_assert_eq(audit_sink_reopen(&sink, "/nonexistent/audit"), -ENOENT);
    put(&sink);
    cr_assert_eq(file_size(path), 2 * one, "the old file is kept");
    audit_sink_close(&sink);
    unlink(path);
    unlink(moved);
}

/* A pipe of one page, whose reader is `*reader`. */
static void open_pipe(struct audit_sink *sink, int *reader)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    cr_assert_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    *reader = ends[0];
    audit_sink_use(sink, ends[1], false);
}

/* All that waits, written and read. */
static void read_all(struct audit_sink *sink, int reader, struct buf *out)
{
    char bytes[4096];
    ssize_t len = 0;

    do {
        audit_sink_flush(sink);
        len = read(reader, bytes, sizeof(bytes));
        cr_assert_eq(len > 0 ? buf_append(out, (struct slice){bytes, (size_t)len}) : 0, 0);
    } while (len > 0);
}

static size_t count_of(const struct buf *text, const char *what)
{
    struct slice rest = buf_slice(text);
    size_t count = 0;
    char *copy = strndup(rest.ptr, rest.len);

    for (const char *at = strstr(copy, what); at; at = strstr(at + 1, what)) {
        count++;
    }
    free(copy);
    return count;
}

static void close_pipe(struct audit_sink *sink, int reader)
{
    int fd = sink->fd;

    audit_sink_close(sink);
    close(reader);
    close(fd);
}

Test(sink, keeps_a_while_and_then_counts_when_nobody_reads)
{
    struct audit_sink sink;
    struct buf got = {.limit_bytes = 8 << 20};
    unsigned count = 20 * 1000;
    int reader = -1;

    open_pipe(&sink, &reader);
    for (unsigned i = 0; i < count; i++) {
        put(&sink);
    }
    uint64_t dropped = sink.dropped;

    cr_assert_gt(dropped, 1000);
    cr_expect_leq(sink.passed.lines.len, AUDIT_KEPT_UNPROMISED_BYTES + AUDIT_LINE_MAX_BYTES);
    read_all(&sink, reader, &got);
    cr_expect_eq(count_of(&got, "\n"), count - dropped, "none of what was kept is lost");
    cr_expect_eq(count_of(&got, "audit_dropped"), 0);
    put(&sink);
    buf_clear(&got);
    read_all(&sink, reader, &got);
    cr_expect_eq(strncmp(got.data, "{\"audit_dropped\":", 17), 0);
    cr_expect_eq(count_of(&got, "\n"), 2);
    cr_expect_eq(sink.reported, dropped);
    buf_deinit(&got);
    close_pipe(&sink, reader);
}

Test(sink, loses_no_record_of_what_passed_to_a_flood_of_refusals)
{
    struct audit_record refused = record;
    struct audit_sink sink;
    struct buf got = {.limit_bytes = 8 << 20};
    char id[16];
    int reader = -1;

    refused.outcome = AUDIT_DENY;
    refused.operation = "refused";
    open_pipe(&sink, &reader);
    sink.keeps = true;
    for (int i = 0; i < 20 * 1000; i++) {
        snprintf(id, sizeof(id), "/%d", i);
        refused.path = slice_from(id);
        refused.peer.uid = refused.counted_as = (uid_t)i; // so that they are not folded
        audit_sink_write(&sink, &refused);
        if (i % 100 == 0) {
            put(&sink);
        }
    }
    audit_sink_flush(&sink);
    cr_expect_gt(sink.dropped, 1000);
    cr_expect_leq(sink.refused.lines.len, AUDIT_KEPT_REFUSALS_BYTES +
                                              (size_t)AUDIT_ACCOUNTS_MAX * AUDIT_ACCOUNT_BYTES +
                                              AUDIT_LINE_MAX_BYTES);
    cr_expect_null(audit_sink_refuses(&sink), "nobody is refused for them");
    char first[4096];

    cr_assert_gt(read(reader, first, sizeof(first)), 0);
    cr_expect_null(audit_sink_refuses(&sink));
    read_all(&sink, reader, &got);
    cr_assert_eq(buf_append(&got, (struct slice){first, sizeof(first)}), 0);
    cr_expect_geq(count_of(&got, "system.ping"), 199);
    buf_deinit(&got);
    close_pipe(&sink, reader);
}

/* Whatever a flood does to be as many kinds as it can. */
Test(sink, loses_no_refusal_of_one_client_to_a_flood_of_another)
{
    struct audit_record flood = record;
    struct audit_record other = record;
    struct audit_sink sink;
    struct buf got = {.limit_bytes = 8 << 20};
    int reader = -1;

    flood.outcome = other.outcome = AUDIT_DENY;
    flood.operation = "flood";
    flood.counted_in = SLICE("/docker/a");
    other.operation = "other";
    other.peer.uid = other.counted_as = 1000;
    open_pipe(&sink, &reader);
    for (unsigned i = 0; i < 20 * 1000; i++) {
        flood.peer.uid = i;
        audit_sink_write(&sink, &flood);
        if (i % 2000 == 0) {
            other.status = 400 + i / 2000; // each of its own kind
            audit_sink_write(&sink, &other);
        }
    }
    cr_expect_gt(sink.dropped, 1000);
    read_all(&sink, reader, &got);
    cr_expect_eq(count_of(&got, "\"op\":\"other\""), 10);
    buf_deinit(&got);
    close_pipe(&sink, reader);
}

Test(sink, writes_what_passed_in_front_of_refusals_and_into_no_line)
{
    struct audit_record refused = record;
    struct audit_sink sink;
    struct buf got = {.limit_bytes = 8 << 20};
    char value[5000];
    char bytes[4096];
    int reader = -1;

    memset(value, 1, sizeof(value));
    struct violation violation[30];

    for (size_t i = 0; i < 30; i++) {
        violation[i] = (struct violation){
            .rule = "rule", .text = {value, 256}, .next = i < 29 ? &violation[i + 1] : NULL};
    }
    refused.outcome = AUDIT_DENY;
    refused.violations = violation;
    open_pipe(&sink, &reader);
    audit_sink_write(&sink, &refused); // a line longer than the pipe
    audit_sink_flush(&sink);
    put(&sink);
    ssize_t len = read(reader, bytes, sizeof(bytes));

    cr_assert_eq(len, 4096);
    cr_assert_eq(buf_append(&got, (struct slice){bytes, 4096}), 0);
    read_all(&sink, reader, &got);
    cr_expect_eq(count_of(&got, "\n"), 2);
    cr_expect_eq(count_of(&got, "}\n{\"ts\""), 1);
    buf_deinit(&got);
    close_pipe(&sink, reader);
}

Test(sink, writes_the_records_of_a_turn_together)
{
    char path[] = "test_sink_XXXXXX";
    struct audit_sink sink;

    close(mkstemp(path));
    cr_assert_eq(audit_sink_open(&sink, path, AUDIT_FORMAT_JSON), 0);
    put(&sink);
    size_t one = file_size(path);

    audit_sink_write(&sink, &record);
    audit_sink_write(&sink, &record);
    cr_assert_eq(file_size(path), one, "the turn isn't over");
    audit_sink_flush(&sink);
    cr_assert_eq(file_size(path), 3 * one);
    for (size_t i = 0; i < 100 * 1024 / one; i++) {
        audit_sink_write(&sink, &record);
    }
    cr_assert_gt(file_size(path), 4 * one, "many are not kept until then");
    audit_sink_close(&sink);
    cr_assert_eq(file_size(path), (3 + 100 * 1024 / one) * one, "closing forgets none");
    unlink(path);
}

Test(sink, tears_no_line_of_a_pipe_whose_reader_keeps_up_half)
{
    struct audit_sink sink;
    struct buf got = {.limit_bytes = 1 << 20};
    char bytes[4096];
    int reader = -1;

    open_pipe(&sink, &reader);
    for (int i = 0; i < 100; i++) {
        audit_sink_write(&sink, &record);
    }
    audit_sink_flush(&sink);
    ssize_t len = read(reader, bytes, sizeof(bytes));

    cr_assert_gt(len, 0);
    cr_assert_eq(bytes[len - 1], '\n');
    cr_assert_eq(buf_append(&got, (struct slice){bytes, (size_t)len}), 0);
    read_all(&sink, reader, &got);
    cr_expect_eq(count_of(&got, "\n"), 100);
    buf_deinit(&got);
    close_pipe(&sink, reader);
}

Test(sink, keeps_what_it_cannot_write_and_gives_all_of_a_torn_line_to_the_next_file)
{
    char path[] = "test_sink_XXXXXX";
    char moved[] = "test_sink_moved_XXXXXX";
    struct audit_sink sink;
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    close(mkstemp(path));
    close(mkstemp(moved));
    cr_assert_eq(audit_sink_open(&sink, path, AUDIT_FORMAT_JSON), 0);
    sink.keeps = true;
    put(&sink);
    size_t one = file_size(path);

    cr_expect_null(audit_sink_refuses(&sink));
    set_file_limit(limit, 2 * one + one / 2);
    put(&sink);
    put(&sink);
    put(&sink);
    cr_expect_eq(file_size(path), 2 * one + one / 2);
    cr_expect_not_null(audit_sink_refuses(&sink));
    cr_expect_eq(sink.dropped, 0);
    cr_assert_eq(rename(path, moved), 0);
    set_file_limit(limit, RLIM_INFINITY);
    cr_assert_eq(audit_sink_reopen(&sink, path), 0);
    put(&sink);
    cr_expect_null(audit_sink_refuses(&sink));
    cr_expect_eq(file_size(path) + file_size(moved), 5 * one, "also written to the old file");
    cr_expect_eq(audit_sink_close(&sink), 0);
    unlink(path);
    unlink(moved);
}

Test(sink, promises_room_that_no_refusal_takes)
{
    struct audit_record promised = record;
    struct audit_sink sink;

    cr_assert_eq(audit_sink_open(&sink, "/dev/full", AUDIT_FORMAT_JSON), 0);
    sink.keeps = true;
    cr_assert_null(audit_sink_reserve(&sink, &promised));
    cr_expect_gt(promised.reserved_bytes, 0);
    cr_expect_eq(sink.reserved_bytes, promised.reserved_bytes);
    cr_assert_null(audit_sink_reserve(&sink, &promised));
    cr_expect_eq(sink.reserved_bytes, promised.reserved_bytes, "instead of what it had");
    put(&sink);
    cr_expect_str_eq(audit_sink_refuses(&sink), strerror(ENOSPC));
    for (int i = 0; i < 20 * 1000; i++) {
        put(&sink);
    }
    uint64_t dropped = sink.dropped;
    struct audit_record other = record;

    cr_expect_gt(dropped, 0);
    cr_expect_leq(sink.passed.lines.len, AUDIT_KEPT_UNPROMISED_BYTES + AUDIT_LINE_MAX_BYTES);
    cr_expect_not_null(audit_sink_reserve(&sink, &other));
    cr_expect_eq(other.reserved_bytes, 0);
    audit_sink_write(&sink, &promised);
    cr_expect_eq(sink.dropped, dropped);
    cr_expect_eq(sink.reserved_bytes, 0);
    cr_expect_gt(audit_sink_close(&sink), 0, "the end says what is lost");
}

Test(sink, promises_no_more_than_it_has)
{
    struct audit_sink sink;
    size_t count = 0;

    cr_assert_eq(audit_sink_open(&sink, "/dev/null", AUDIT_FORMAT_JSON), 0);
    sink.keeps = true;
    for (struct audit_record each = record; !audit_sink_reserve(&sink, &each); each = record) {
        cr_assert_leq(sink.reserved_bytes, AUDIT_KEPT_MAX_BYTES);
        count++;
    }
    cr_expect_gt(count, 10 * 1000);
    audit_sink_close(&sink);
}
