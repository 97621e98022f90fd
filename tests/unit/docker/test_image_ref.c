/*
 * Names of images, as the engine completes them.
 */
#include <criterion/criterion.h>

#include "docker/image_ref.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
    const char *text;
    enum image_ref_kind kind;
    const char *repository;
    const char *tag;
    const char *digest;
    bool may_be_id;
} names[] = {
    {"alpine", IMAGE_REF_NAME, "docker.io/library/alpine", "", "", false},
    {"alpine:3.20", IMAGE_REF_NAME, "docker.io/library/alpine", "3.20", "", false},
    {"somebody/alpine", IMAGE_REF_NAME, "docker.io/somebody/alpine", "", "", false},
    {"docker.io/alpine", IMAGE_REF_NAME, "docker.io/library/alpine", "", "", false},
    {"index.docker.io/alpine", IMAGE_REF_NAME, "docker.io/library/alpine", "", "", false},
    {"library/alpine", IMAGE_REF_NAME, "docker.io/library/alpine", "", "", false},
    {"localhost/a", IMAGE_REF_NAME, "localhost/a", "", "", false},
    {"localhost:5000/a:1", IMAGE_REF_NAME, "localhost:5000/a", "1", "", false},
    {"localhost:5000", IMAGE_REF_NAME, "docker.io/library/localhost", "5000", "", false},
    {"registry.example.org/a/b-c_d.e", IMAGE_REF_NAME, "registry.example.org/a/b-c_d.e", "", "",
     false},
    {"host:1/a", IMAGE_REF_NAME, "host:1/a", "", "", false},
    {"[::1]:5000/a", IMAGE_REF_NAME, "[::1]:5000/a", "", "", false},
    {"Host/a", IMAGE_REF_NAME, "Host/a", "", "", false},
    {"a@sha256:" HEX64, IMAGE_REF_NAME, "docker.io/library/a", "", "sha256:" HEX64, false},
    {"a:1@sha256:" HEX64, IMAGE_REF_NAME, "docker.io/library/a", "1", "sha256:" HEX64, false},
    {"cafe", IMAGE_REF_NAME, "docker.io/library/cafe", "", "", true},
    {"sha256:cafe", IMAGE_REF_NAME, "docker.io/library/sha256", "cafe", "", true},
    {HEX64, IMAGE_REF_ID, "", "", "", false},
    {"sha256:" HEX64, IMAGE_REF_ID, "", "", "", false},
};

static const char *const bad[] = {
    "",
    "/a",
    "a/",
    "a//b",
    "a/../b",
    "../a",
    "A",
    "a/B",
    "a b",
    "a:",
    "a:-1",
    "a@",
    "a@sha256:12",
    "a@sha256:" HEX64 "g",
    "a@b@c",
    "reg.io/",
    "reg.io/a:b/c",
    "a\nb",
    ".a",
    "a.",
    "reg.io/a?x=1",
    "reg.io/a#x",
    "r\x80.io/a",
    "re_g.io/a",
    "https://a",
    "a:1:2",
};

Test(image_ref, completes_names_as_the_engine_does)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct arena arena;
        struct image_ref ref;

        arena_init(&arena, 1 << 16);
        cr_assert_eq(image_ref_parse(&arena, slice_from(names[i].text), &ref), 0);
        cr_expect_eq(ref.kind, names[i].kind, "%s", names[i].text);
        cr_expect(slice_eq(ref.repository, slice_from(names[i].repository)), "%s: %.*s",
                  names[i].text, SLICE_ARGS(ref.repository));
        cr_expect(slice_eq(ref.tag, slice_from(names[i].tag)), "%s", names[i].text);
        cr_expect(slice_eq(ref.digest, slice_from(names[i].digest)), "%s", names[i].text);
        cr_expect_eq(ref.may_be_id, names[i].may_be_id, "%s", names[i].text);
        arena_deinit(&arena);
    }
}

Test(image_ref, takes_nothing_that_is_no_name)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena arena;
        struct image_ref ref = {.kind = IMAGE_REF_NAME};

        arena_init(&arena, 1 << 16);
        cr_assert_eq(image_ref_parse(&arena, slice_from(bad[i]), &ref), 0);
        cr_expect_eq(ref.kind, IMAGE_REF_BAD, "%s", bad[i]);
        arena_deinit(&arena);
    }
}

Test(image_ref, puts_a_pull_together)
{
    static const struct {
        const char *image;
        const char *tag;
        enum image_ref_kind kind;
        const char *in_tag;
        const char *in_digest;
    } pulls[] = {
        {"a", "1", IMAGE_REF_NAME, "1", ""},
        {"a:2", "1", IMAGE_REF_NAME, "1", ""},
        {"a:2", "", IMAGE_REF_NAME, "2", ""},
        {"a:", "", IMAGE_REF_NAME, "", ""},
        {"a", "sha256:" HEX64, IMAGE_REF_NAME, "", "sha256:" HEX64},
        {"a:1", "sha256:" HEX64, IMAGE_REF_NAME, "", "sha256:" HEX64},
        {"a", "b/c", IMAGE_REF_BAD, "", ""},
        {HEX64, "1", IMAGE_REF_BAD, "", ""},
        {"", "1", IMAGE_REF_BAD, "", ""},
    };

    for (size_t i = 0; i < sizeof(pulls) / sizeof(pulls[0]); i++) {
        struct arena arena;
        struct image_ref ref;

        arena_init(&arena, 1 << 16);
        cr_assert_eq(image_ref_parse_pull(&arena, slice_from(pulls[i].image),
                                          slice_from(pulls[i].tag), &ref),
                     0);
        cr_expect_eq(ref.kind, pulls[i].kind, "%zu", i);
        cr_expect(slice_eq(ref.tag, slice_from(pulls[i].in_tag)), "%zu", i);
        cr_expect(slice_eq(ref.digest, slice_from(pulls[i].in_digest)), "%zu", i);
        arena_deinit(&arena);
    }
}

Test(image_ref, compares_by_components)
{
    struct slice app = SLICE("registry.example.org/team/app");

    cr_expect(image_ref_is_within(app, SLICE("registry.example.org")));
    cr_expect(image_ref_is_within(app, SLICE("registry.example.org/team")));
    cr_expect(image_ref_is_within(app, app));
    cr_expect_not(image_ref_is_within(app, SLICE("registry.example.org/tea")));
    cr_expect_not(image_ref_is_within(app, SLICE("registry.example")));
    cr_expect_not(image_ref_is_within(app, SLICE("")));
}
