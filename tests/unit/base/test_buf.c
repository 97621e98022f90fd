#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"

Test(buf, refuses_what_passes_its_limit_and_stays_as_it_was)
{
    struct buf buf;

    buf_init(&buf, 5);
    cr_assert_eq(buf_append(&buf, SLICE("abc")), 0);
    cr_assert_eq(buf_append(&buf, SLICE("def")), -ENOBUFS);
    cr_assert(slice_eq(buf_slice(&buf), SLICE("abc")));
    cr_assert_eq(buf_append(&buf, SLICE("de")), 0);
    cr_assert_eq(buf_append_byte(&buf, 'x'), -ENOBUFS);
    buf_deinit(&buf);
    cr_assert_eq(buf.limit_bytes, 5);
}

Test(buf, a_zeroed_one_takes_nothing)
{
    struct buf buf = {0};

    cr_assert_eq(buf_append(&buf, SLICE("a")), -ENOBUFS);
    cr_assert_eq(buf_append(&buf, SLICE("")), 0);
    buf_deinit(&buf);
}

Test(buf, grows_to_any_size_below_the_limit)
{
    struct buf buf;

    buf_init(&buf, 100000);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(buf_printf(&buf, "%d,", i), 0);
    }
    cr_assert(slice_starts_with(buf_slice(&buf), SLICE("0,1,2,")));
    cr_assert(slice_ends_with(buf_slice(&buf), SLICE("998,999,")));
    buf_deinit(&buf);
}

Test(buf, consumes_from_the_front_and_gives_memory_back_when_empty)
{
    struct buf buf;

    buf_init(&buf, 100);
    cr_assert_eq(buf_append(&buf, SLICE("abcdef")), 0);
    buf_consume(&buf, 2);
    cr_assert(slice_eq(buf_slice(&buf), SLICE("cdef")));
    buf_consume(&buf, 4);
    cr_assert_null(buf.data);
    buf_deinit(&buf);
}

Test(buf, reads_a_file_up_to_its_limit)
{
    char path[] = "test_buf_XXXXXX";
    int fd = mkstemp(path);
    struct buf buf;

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, "0123456789", 10), 10);
    close(fd);
    buf_init(&buf, 10);
    cr_assert_eq(buf_read_file(&buf, path), 0);
    cr_assert(slice_eq(buf_slice(&buf), SLICE("0123456789")));
    buf_deinit(&buf);
    buf_init(&buf, 9);
    cr_assert_eq(buf_read_file(&buf, path), -ENOBUFS);
    buf_deinit(&buf);
    unlink(path);
    cr_assert_eq(buf_read_file(&buf, path), -ENOENT);
}
