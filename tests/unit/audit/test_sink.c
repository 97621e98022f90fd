/*
 * The sink never waits: a reader that doesn't read costs records, not the daemon.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
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

Test(sink, drops_and_counts_when_nobody_reads)
{
    int ends[2];
    struct audit_sink sink = {.text = false};
    char bytes[64 * 1024];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    sink.fd = ends[1];
    buf_init(&sink.lines, 64 * 1024);
    for (int i = 0; i < 200; i++) {
        put(&sink);
    }
    cr_assert_gt(sink.dropped, 100);
    cr_assert_gt(read(ends[0], bytes, sizeof(bytes)), 0);
    uint64_t dropped = sink.dropped;

    put(&sink);
    ssize_t len = read(ends[0], bytes, sizeof(bytes) - 1);

    cr_assert_gt(len, 0);
    bytes[len] = '\0';
    cr_assert(strncmp(bytes, "{\"audit_dropped\":", 17) == 0, "%s", bytes);
    cr_assert_eq(sink.dropped, dropped);
    cr_assert_eq(sink.reported, dropped);
    audit_sink_close(&sink);
    close(ends[0]);
    close(ends[1]);
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
    int ends[2];
    struct audit_sink sink = {.text = false};
    char bytes[16 * 1024];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(fcntl(ends[1], F_SETPIPE_SZ, 4096), 4096);
    sink.fd = ends[1];
    buf_init(&sink.lines, 512 * 1024);
    for (int i = 0; i < 100; i++) {
        audit_sink_write(&sink, &record);
    }
    audit_sink_flush(&sink);
    ssize_t len = read(ends[0], bytes, sizeof(bytes));

    cr_assert_gt(len, 0);
    cr_assert_eq(bytes[len - 1], '\n');
    uint64_t lines = 0;

    for (ssize_t i = 0; i < len; i++) {
        lines += bytes[i] == '\n';
    }
    cr_assert_gt(lines, 1);
    cr_assert_eq(sink.dropped, 100 - lines, "the others are counted");
    audit_sink_close(&sink);
    close(ends[0]);
    close(ends[1]);
}

Test(sink, a_line_that_lacks_its_end_only_is_not_lost)
{
    char path[] = "test_sink_XXXXXX";
    struct audit_sink sink;
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    close(mkstemp(path));
    cr_assert_eq(audit_sink_open(&sink, path, AUDIT_FORMAT_JSON), 0);
    put(&sink);
    size_t one = file_size(path);

    for (size_t missing = 1; missing <= 2; missing++) {
        cr_assert_eq(truncate(path, 0), 0);
        set_file_limit(limit, one - missing);
        put(&sink);
        cr_assert_eq(file_size(path), one - missing);
        cr_assert_eq(sink.dropped, missing - 1);
        set_file_limit(limit, RLIM_INFINITY);
        put(&sink);
        cr_assert_eq(sink.reported, missing - 1);
    }
    audit_sink_close(&sink);
    unlink(path);
}

Test(sink, a_count_that_lacks_its_end_only_is_not_given_twice)
{
    static const char count[] = "{\"audit_dropped\":1}\n";
    char path[] = "test_sink_XXXXXX";
    struct audit_sink sink;
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    close(mkstemp(path));
    cr_assert_eq(audit_sink_open(&sink, path, AUDIT_FORMAT_JSON), 0);
    set_file_limit(limit, 0);
    put(&sink);
    cr_assert_eq(sink.dropped, 1);
    set_file_limit(limit, sizeof(count) - 2);
    put(&sink);
    cr_assert_eq(file_size(path), sizeof(count) - 2);
    cr_assert_eq(sink.reported, 1);
    cr_assert_eq(sink.dropped, 2, "the record behind it");
    set_file_limit(limit, RLIM_INFINITY);
    put(&sink);
    cr_assert_eq(sink.reported, 2);
    struct buf text = {.limit_bytes = 4096};

    cr_assert_eq(buf_read_file(&text, path), 0);
    cr_assert_eq(memcmp(text.data, count, sizeof(count) - 1), 0);
    cr_assert_eq(memcmp(text.data + sizeof(count) - 1, count, sizeof(count) - 1), 0);
    buf_deinit(&text);
    audit_sink_close(&sink);
    unlink(path);
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
    cr_expect_leq(sink.lines.len, AUDIT_KEPT_OTHERS_BYTES + AUDIT_LINE_MAX_BYTES);
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
