/* Finding the end of a head, however its bytes arrive. */
#include <criterion/criterion.h>

#include "support/heads.h"

static const struct {
    struct slice bytes;
    enum head_end end;
    size_t len;       /* of a complete head */
    unsigned status;  /* of a bad one */
    const char *word; /* that the sentence holds */
} cases[] = {
    {SLICE_INIT("GET / HTTP/1.1\r\n\r\n"), HEAD_COMPLETE, 18, 0, NULL},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n\r\nbody\n"), HEAD_COMPLETE, 27, 0, NULL},
    {SLICE_INIT("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"), HEAD_COMPLETE, 18, 0, NULL},
    {SLICE_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), HEAD_COMPLETE, 18, 0, NULL},
    {SLICE_INIT("HTTP/1.1 200 OK\r\n\r\n\r\n\r\n"), HEAD_COMPLETE, 19, 0, NULL},
    {SLICE_INIT(""), HEAD_INCOMPLETE, 0, 0, NULL},
    {SLICE_INIT("G"), HEAD_INCOMPLETE, 0, 0, NULL},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n"), HEAD_INCOMPLETE, 0, 0, NULL},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n\r"), HEAD_INCOMPLETE, 0, 0, NULL},
    {SLICE_INIT("GET / HTTP/1.1\nHost: d\n\n"), HEAD_BAD, 0, 400, "bare LF"},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\n\r\n"), HEAD_BAD, 0, 400, "bare LF"},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n\n"), HEAD_BAD, 0, 400, "bare LF"},
    {SLICE_INIT("GET / HTTP/1.1\rHost: d\r\n\r\n"), HEAD_BAD, 0, 400, "bare CR"},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\r\n\r\n"), HEAD_BAD, 0, 400, "bare CR"},
    {SLICE_INIT("GET / HTTP/1.1\r\nA: \rb\r\n\r\n"), HEAD_BAD, 0, 400, "bare CR"},
    {SLICE_INIT("GET / HTTP/1.1\r\nHost: d\r\n\rX"), HEAD_BAD, 0, 400, "bare CR"},
    {SLICE_INIT("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"), HEAD_BAD, 0, 400, "NUL"},
    {SLICE_INIT("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), HEAD_BAD, 0, 400, "folded"},
    {SLICE_INIT("GET / HTTP/1.1\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n"), HEAD_BAD, 0, 400,
     "folded"},
    {SLICE_INIT("GET / HTTP/1.1\r\n Host: d\r\n\r\n"), HEAD_BAD, 0, 400, "folded"},
    {SLICE_INIT("\r\nGET / HTTP/1.1\r\nHost: d\r\n\r\n"), HEAD_BAD, 0, 400, "this byte"},
    {SLICE_INIT(" GET / HTTP/1.1\r\nHost: d\r\n\r\n"), HEAD_BAD, 0, 400, "this byte"},
    {SLICE_INIT("\0"), HEAD_BAD, 0, 400, "this byte"},
    {SLICE_INIT("\x80"), HEAD_BAD, 0, 400, "this byte"},
    {SLICE_INIT("\x16\x03\x01\x02"), HEAD_BAD, 0, 400, "TLS"},
};

static struct head_limits up_to(size_t bytes)
{
    return (struct head_limits){.bytes = bytes};
}

static void expect_case(size_t i, size_t cut, bool each)
{
    char *copy = heap_copy(cases[i].bytes);
    size_t len = 0;
    struct http_problem why = {0};

    enum head_end end =
        scan_in_parts((struct slice){copy, cases[i].bytes.len}, up_to(1000), cut, each, &len, &why);
    cr_expect_eq(end, cases[i].end, "case %zu cut %zu: %d", i, cut, end);
    cr_expect_eq(len, cases[i].len, "case %zu cut %zu: %zu", i, cut, len);
    cr_expect_eq(why.status, cases[i].status, "case %zu cut %zu: %u", i, cut, why.status);
    cr_expect(!cases[i].word || (why.sentence && strstr(why.sentence, cases[i].word)),
              "case %zu cut %zu: %s", i, cut, why.sentence ? why.sentence : "");
    free(copy);
}

Test(head_scan, comes_to_the_same_end_whole_byte_by_byte_and_cut_at_each_point)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect_case(i, cases[i].bytes.len, false);
        expect_case(i, 0, true);
        for (size_t cut = 0; cut < cases[i].bytes.len; cut++) {
            expect_case(i, cut, false);
        }
    }
}

Test(head_scan, takes_a_head_that_just_fits_and_refuses_one_more_byte)
{
    struct slice head = SLICE("GET / HTTP/1.1\r\nHost: d\r\n\r\n");

    for (size_t cut = 0; cut <= head.len; cut++) {
        struct http_problem why = {0};
        size_t len = 0;
        cr_expect_eq(scan_in_parts(head, up_to(head.len), cut, false, &len, &why), HEAD_COMPLETE);
        cr_expect_eq(len, head.len);
        len = 0;
        cr_expect_eq(scan_in_parts(head, up_to(head.len - 1), cut, false, &len, &why), HEAD_BAD);
        cr_expect_eq(why.status, 431);
        cr_expect_eq(len, 0);
    }
}

Test(head_scan, looks_at_each_byte_once)
{
    static const struct head_limits limits = {.bytes = 1000};
    char head[] = "GET / HTTP/1.1\r\nHost: d\r\n";
    size_t scanned = 0;
    size_t len = 0;
    struct http_problem why = {0};

    cr_assert_eq(head_find_end((struct slice){head, 20}, &limits, &scanned, &len, &why),
                 HEAD_INCOMPLETE);
    cr_assert_eq(scanned, 20);
    head[3] = '\n'; // already seen, so not seen again
    cr_assert_eq(head_find_end(slice_from(head), &limits, &scanned, &len, &why), HEAD_INCOMPLETE);
    cr_assert_eq(scanned, sizeof(head) - 1);
}

Test(head_scan, takes_line_feeds_alone_only_where_it_is_asked_to)
{
    static const struct head_limits any = {.bytes = 1000, .lines = HEAD_LINES_ANY};
    static const struct {
        struct slice bytes;
        enum head_end end;
        const char *written; /* NULL: as it was */
    } cases[] = {
        {SLICE_INIT("GET /a HTTP/1.0\r\n\n"), HEAD_COMPLETE, "GET /a HTTP/1.0\r\n\r\n"},
        {SLICE_INIT("GET /a HTTP/1.0\n\n"), HEAD_COMPLETE, "GET /a HTTP/1.0\r\n\r\n"},
        {SLICE_INIT("GET /a HTTP/1.0\n\r\n"), HEAD_COMPLETE, "GET /a HTTP/1.0\r\n\r\n"},
        {SLICE_INIT("GET /a HTTP/1.1\nHost: d\r\n\r\n"), HEAD_COMPLETE,
         "GET /a HTTP/1.1\r\nHost: d\r\n\r\n"},
        {SLICE_INIT("GET /a HTTP/1.1\r\nHost: d\r\n\r\n"), HEAD_COMPLETE, NULL},
        {SLICE_INIT("GET /a HTTP/1.1\nHost: d\n b\n\n"), HEAD_BAD, NULL},
        {SLICE_INIT("GET /a HTTP/1.1\rHost: d\n\n"), HEAD_BAD, NULL},
        {SLICE_INIT("GET /a HTTP/1.1\r\r\n\n"), HEAD_BAD, NULL},
        {SLICE_INIT("GET /a HTTP/1.1\n"), HEAD_INCOMPLETE, NULL},
    };
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slice bytes = cases[i].bytes;
        struct http_problem why = {0};
        struct slice written = {0};
        size_t len = 0;
        bool changed = false;

        for (size_t cut = 0; cut <= bytes.len; cut++) {
            cr_expect_eq(scan_in_parts(bytes, any, cut, cut == 0, &len, &why), cases[i].end, "%zu",
                         i);
        }
        if (cases[i].end != HEAD_COMPLETE) {
            continue;
        }
        cr_expect_eq(len, bytes.len, "%zu", i);
        cr_assert_eq(head_end_lines(bytes, &arena, &written, &changed), 0);
        cr_expect_eq(changed, cases[i].written != NULL, "%zu", i);
        cr_expect(slice_eq(written, changed ? slice_from(cases[i].written) : bytes), "%zu", i);
    }
    arena_deinit(&arena);
}
