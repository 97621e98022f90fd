/* Targets decoded once and written in one spelling. */
#include "http/target.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
    struct slice raw;
    const char *canonical; /* NULL: refused */
} cases[] = {
    /* paths */
    {SLICE_INIT("/"), "/"},
    {SLICE_INIT("/_ping"), "/_ping"},
    {SLICE_INIT("/v1.41/containers/json"), "/v1.41/containers/json"},
    {SLICE_INIT("/networks/"), "/networks/"},
    {SLICE_INIT("/%63ontainers/json"), "/containers/json"},
    {SLICE_INIT("/v1.41%2Fcontainers%2fcreate"), "/v1.41/containers/create"},
    {SLICE_INIT("/images/a%2Fb:1@sha256:0/json"), "/images/a/b:1@sha256:0/json"},
    {SLICE_INIT("/a+b"), "/a%2Bb"},
    {SLICE_INIT("/a%20b"), "/a%20b"},
    {SLICE_INIT("/%2563"), "/%2563"},
    {SLICE_INIT("/a%3fb%23c%3bd"), "/a%3Fb%23c%3Bd"},
    {SLICE_INIT("/a;b"), "/a%3Bb"},
    {SLICE_INIT("/...a/.b/c./..."), "/...a/.b/c./..."},
    {SLICE_INIT("/%c3%a9"), "/%C3%A9"},
    {SLICE_INIT("/%f4%8f%bf%bf%ed%9f%bf%e0%a0%80"), "/%F4%8F%BF%BF%ED%9F%BF%E0%A0%80"},
    {SLICE_INIT("/a\"<>^`{|}"), "/a%22%3C%3E%5E%60%7B%7C%7D"},
    {SLICE_INIT(""), NULL},
    {SLICE_INIT("*"), NULL},
    {SLICE_INIT("a"), NULL},
    {SLICE_INIT("?a=b"), NULL},
    {SLICE_INIT("%2Fcontainers"), NULL},
    {SLICE_INIT("http://x/containers/json"), NULL},
    {SLICE_INIT("foo://x/"), NULL},
    {SLICE_INIT("d:80"), NULL},
    {SLICE_INIT("//containers"), NULL},
    {SLICE_INIT("/a//b"), NULL},
    {SLICE_INIT("/a//"), NULL},
    {SLICE_INIT("/a/%2Fb"), NULL},
    {SLICE_INIT("/."), NULL},
    {SLICE_INIT("/.."), NULL},
    {SLICE_INIT("/a/./b"), NULL},
    {SLICE_INIT("/a/../b"), NULL},
    {SLICE_INIT("/a/."), NULL},
    {SLICE_INIT("/a/.."), NULL},
    {SLICE_INIT("/a/../"), NULL},
    {SLICE_INIT("/a/%2e/b"), NULL},
    {SLICE_INIT("/a/.%2E/b"), NULL},
    {SLICE_INIT("/a/..%2fb"), NULL},
    {SLICE_INIT("/a\\b"), NULL},
    {SLICE_INIT("/a%5Cb"), NULL},
    {SLICE_INIT("/a%00"), NULL},
    {SLICE_INIT("/a\0b"), NULL},
    {SLICE_INIT("/a%0a"), NULL},
    {SLICE_INIT("/a%09"), NULL},
    {SLICE_INIT("/a%7f"), NULL},
    {SLICE_INIT("/a b"), NULL},
    {SLICE_INIT("/a\tb"), NULL},
    {SLICE_INIT("/\xc3\xa9"), NULL},
    {SLICE_INIT("/a%"), NULL},
    {SLICE_INIT("/a%4"), NULL},
    {SLICE_INIT("/a%zz"), NULL},
    {SLICE_INIT("/a%4g"), NULL},
    {SLICE_INIT("/a%u0041"), NULL},
    {SLICE_INIT("/%c0%af"), NULL},
    {SLICE_INIT("/%e0%80%af"), NULL},
    {SLICE_INIT("/%f0%80%80%af"), NULL},
    {SLICE_INIT("/%ed%a0%80"), NULL},
    {SLICE_INIT("/%f4%90%80%80"), NULL},
    {SLICE_INIT("/%f8%88%80%80%80"), NULL},
    {SLICE_INIT("/%80"), NULL},
    {SLICE_INIT("/%c3"), NULL},
    {SLICE_INIT("/%c3/"), NULL},
    {SLICE_INIT("/%e2%82"), NULL},
    {SLICE_INIT("/a#b"), NULL},
    /* queries */
    {SLICE_INIT("/a?"), "/a"},
    {SLICE_INIT("/a?&&"), "/a"},
    {SLICE_INIT("/a?b=c"), "/a?b=c"},
    {SLICE_INIT("/a?b"), "/a?b="},
    {SLICE_INIT("/a?=b"), "/a?=b"},
    {SLICE_INIT("/a?="), "/a?="},
    {SLICE_INIT("/a?b=c&b=d&&e=f"), "/a?b=c&b=d&e=f"},
    {SLICE_INIT("/a?b=c=d"), "/a?b=c%3Dd"},
    {SLICE_INIT("/a?b=c?d"), "/a?b=c%3Fd"},
    {SLICE_INIT("/a?b+c=d+e%2Bf"), "/a?b%20c=d%20e%2Bf"},
    {SLICE_INIT("/a?%6eame=x"), "/a?name=x"},
    {SLICE_INIT("/a?b=//./../"), "/a?b=%2F%2F.%2F..%2F"},
    {SLICE_INIT("/a?b=%7B%22c%22%3A%5B%22d%5C%22%22%5D%7D"),
     "/a?b=%7B%22c%22%3A%5B%22d%5C%22%22%5D%7D"},
    {SLICE_INIT("/a?b={\"c\":[\"d\"]}"), "/a?b=%7B%22c%22%3A%5B%22d%22%5D%7D"},
    {SLICE_INIT("/a?b=c%0Ad%0d%09"), "/a?b=c%0Ad%0D%09"},
    {SLICE_INIT("/a?b=%25zz"), "/a?b=%25zz"},
    {SLICE_INIT("/a?b=c%3bd"), "/a?b=c%3Bd"},
    {SLICE_INIT("/a?b=c%26d%3De"), "/a?b=c%26d%3De"},
    {SLICE_INIT("/a?b=c;d=e"), NULL},
    {SLICE_INIT("/a?;"), NULL},
    {SLICE_INIT("/a?b=%00"), NULL},
    {SLICE_INIT("/a?b=%1b"), NULL},
    {SLICE_INIT("/a?b%0a=c"), NULL},
    {SLICE_INIT("/a?b=%"), NULL},
    {SLICE_INIT("/a?b=%zz"), NULL},
    {SLICE_INIT("/a?%=c"), NULL},
    {SLICE_INIT("/a?b=%ff"), "/a?b=%FF"},
    {SLICE_INIT("/a?b=%c0%80"), "/a?b=%C0%80"},
    {SLICE_INIT("/a?%ff=b"), NULL},
    {SLICE_INIT("/a?b=c#d"), NULL},
};

/* 0 and the canonical spelling in *out, or the error of target_parse(). */
static int canonical(struct slice raw, struct buf *out, struct http_problem *why)
{
    struct arena arena;
    struct target target = {0};

    arena_init(&arena, 1 << 20);
    int err = target_parse(raw, &arena, &target, why);
    if (err == 0) {
        err = target_write(out, target.path, target.query);
    }
    arena_deinit(&arena);
    return err;
}

Test(target, has_one_spelling_for_each_meaning)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_deinit) struct buf out;
        struct http_problem why = {0};
        buf_init(&out, 1 << 20);
        int err = canonical(cases[i].raw, &out, &why);
        cr_expect_eq(err, cases[i].canonical ? 0 : -EBADMSG, "%s: %d", cases[i].raw.ptr, err);
        cr_expect(cases[i].canonical || (why.status == 400 && why.sentence), "%s",
                  cases[i].raw.ptr);
        cr_expect(!cases[i].canonical || slice_eq(buf_slice(&out), slice_from(cases[i].canonical)),
                  "%s: %.*s", cases[i].raw.ptr, SLICE_ARGS(buf_slice(&out)));
    }
}

Test(target, canonical_twice_is_canonical_once)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CLEANUP(buf_deinit) struct buf out;
        struct http_problem why = {0};
        buf_init(&out, 1 << 20);
        if (cases[i].canonical) {
            cr_expect_eq(canonical(slice_from(cases[i].canonical), &out, &why), 0);
            cr_expect(slice_eq(buf_slice(&out), slice_from(cases[i].canonical)), "%s",
                      cases[i].canonical);
        }
    }
}

Test(target, gives_path_and_pairs_decoded_and_in_order)
{
    struct arena arena;
    struct target target = {0};
    struct http_problem why = {0};

    arena_init(&arena, 1 << 20);
    cr_assert_eq(target_parse(SLICE("/images/a%2Fb/x?t=1&q&t=a+%26"), &arena, &target, &why), 0);
    cr_assert(slice_eq(target.path, SLICE("/images/a/b/x")));
    cr_assert(slice_eq(target.query->key, SLICE("t")));
    cr_assert(slice_eq(target.query->value, SLICE("1")));
    cr_assert(slice_eq(target.query->next->key, SLICE("q")));
    cr_assert_eq(target.query->next->value.len, 0);
    cr_assert(slice_eq(target.query->next->next->value, SLICE("a &")));
    cr_assert_null(target.query->next->next->next);
    arena_deinit(&arena);
}

Test(target, tells_values_that_are_no_utf8)
{
    struct arena arena;
    struct target target = {0};
    struct http_problem why = {0};

    arena_init(&arena, 1 << 20);
    cr_assert_eq(target_parse(SLICE("/a?b=%c3%a4&b=%e4"), &arena, &target, &why), 0);
    cr_expect_not(target.query->is_bytes);
    cr_expect(target.query->next->is_bytes);
    cr_expect(slice_eq(target.query->next->value, SLICE("\xe4")));
    arena_deinit(&arena);
}

Test(target, what_goes_on_as_it_came_is_still_one_target)
{
    static const char *const good[] = {"/a/b?b=%00&%ff=%1b", "/a%2Fb?c", "/a?{}"};
    static const char *const bad[] = {"/a/../b",  "/a//b",  "/a%2F%2Fb", "/a\\b",
                                      "/a%00",    "/a#b",   "/%",        "/a?%",
                                      "/a?b=%zz", "/a?b;c", "/%c0%af",   "http://a/"};
    struct target target = {0};
    struct http_problem why = {0};
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        cr_expect_eq(target_parse_raw(slice_from(good[i]), &arena, &target, &why), 0, "%s",
                     good[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_eq(target_parse_raw(slice_from(bad[i]), &arena, &target, &why), -EBADMSG, "%s",
                     bad[i]);
    }
    arena_deinit(&arena);
}

Test(target, limits_the_number_of_parameters)
{
    static char raw[2 + 1001 * 2];
    CLEANUP(buf_deinit) struct buf out;
    struct http_problem why = {0};

    buf_init(&out, 1 << 20);
    memcpy(raw, "/?", 2);
    for (size_t i = 2; i < sizeof(raw); i += 2) {
        memcpy(raw + i, "b&", 2);
    }
    cr_assert_eq(canonical((struct slice){raw, sizeof(raw) - 2}, &out, &why), 0);
    cr_assert_eq(canonical((struct slice){raw, sizeof(raw)}, &out, &why), -EBADMSG);
    cr_assert_eq(why.status, 414);
}

Test(target, reports_a_full_arena_and_a_full_buffer)
{
    struct arena arena;
    struct target target = {0};
    struct http_problem why = {0};
    CLEANUP(buf_deinit) struct buf out;

    arena_init(&arena, 0);
    cr_assert_eq(target_parse(SLICE("/a?b=c"), &arena, &target, &why), -ENOMEM);
    cr_assert_null(target.path.ptr);
    arena_deinit(&arena);
    arena_init(&arena, 1 << 20);
    cr_assert_eq(target_parse(SLICE("/a?b=c%20"), &arena, &target, &why), 0);
    for (size_t limit = 4; limit < 4 + sizeof("/a?b=c%20") - 1; limit++) {
        buf_init(&out, limit);
        cr_assert_eq(buf_append(&out, SLICE("GET ")), 0);
        cr_expect_eq(target_write(&out, target.path, target.query), -ENOBUFS, "%zu", limit);
        cr_expect_eq(out.len, 4);
        buf_deinit(&out);
    }
    arena_deinit(&arena);
}
