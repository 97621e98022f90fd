#include <criterion/criterion.h>
#include <errno.h>

#include "base/escape.h"

static void expect_text(struct slice in, size_t max_bytes, const char *out)
{
    struct buf buf;

    buf_init(&buf, 1000);
    cr_assert_eq(escape_text(&buf, in, max_bytes), 0);
    cr_assert(slice_eq(buf_slice(&buf), slice_from(out)), "%.*s", (int)buf.len, buf.data);
    buf_deinit(&buf);
}

Test(escape, shows_no_control_byte_of_a_peer)
{
    expect_text(SLICE("plain text"), 99, "plain text");
    expect_text(SLICE("a\r\nDENY\x1b[2J\0\x7f\xff"), 99, "a\\x0d\\x0aDENY\\x1b[2J\\x00\\x7f\\xff");
    expect_text(SLICE("back\\slash"), 99, "back\\x5cslash");
    expect_text(SLICE("abcdef"), 3, "abc...");
}

static void expect_json(struct slice in, const char *out)
{
    struct buf buf;

    buf_init(&buf, 1000);
    cr_assert_eq(escape_json(&buf, in), 0);
    cr_assert(slice_eq(buf_slice(&buf), slice_from(out)), "%.*s", (int)buf.len, buf.data);
    buf_deinit(&buf);
}

Test(escape, writes_valid_json_whatever_comes)
{
    expect_json(SLICE(""), "\"\"");
    expect_json(SLICE("a\"b\\c\n\r\t"), "\"a\\\"b\\\\c\\n\\r\\t\"");
    expect_json(SLICE("\0\x1f\x7f"), "\"\\u0000\\u001f\\u007f\"");
    expect_json(SLICE("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
                "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
    // overlong, surrogate, above U+10FFFF, cut: each byte becomes U+FFFD
    expect_json(SLICE("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_json(SLICE("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_json(SLICE("\xf4\x90\x80\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_json(SLICE("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

Test(escape, shows_people_nothing_that_is_not_what_it_looks_like)
{
    static const char *const cases[][2] = {
        {"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\"\\u0080\\u009b\\u009f\xc2\xa0\""},
        {"a\xe2\x80\xa8"
         "b\xe2\x80\xa9",
         "\"a\\u2028b\\u2029\""},
        {"\xe2\x80\xaa\xe2\x80\xae\xe2\x80\xaf", "\"\\u202a\\u202e\xe2\x80\xaf\""},
        {"\xe2\x81\xa5\xe2\x81\xa6\xe2\x81\xa9\xe2\x81\xaa",
         "\"\xe2\x81\xa5\\u2066\\u2069\xe2\x81\xaa\""},
        {"\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\"\xe2\x80\x8d\\u200e\\u200f\\u061c\""},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xff\n",
         "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xef\xbf\xbd\\n\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf buf;

        buf_init(&buf, 1000);
        cr_assert_eq(escape_json_shown(&buf, slice_from(cases[i][0])), 0);
        cr_expect(slice_eq(buf_slice(&buf), slice_from(cases[i][1])), "case %zu: %.*s", i,
                  (int)buf.len, buf.data);
        buf_deinit(&buf);
    }
    expect_json(SLICE("\xe2\x80\xae"), "\"\xe2\x80\xae\""); // what is sent is sent as it came
}

Test(escape, reports_a_full_buffer)
{
    struct buf buf;

    buf_init(&buf, 4);
    cr_assert_eq(escape_json(&buf, SLICE("abcdef")), -ENOBUFS);
    buf_deinit(&buf);
}
