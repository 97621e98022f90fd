/*
 * Answers of the engine: the few members that matter, and no guessing.
 */
#include <criterion/criterion.h>

#include <errno.h>

#include "docker/objects/answer.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int read_image(struct arena *arena, const char *text, struct image_answer *out)
{
    *out = (struct image_answer){.id = SLICE_INIT("untouched")};
    return image_answer_read(slice_from(text), arena, out);
}

static int read_volume(struct arena *arena, const char *text, struct volume_answer *out)
{
    *out = (struct volume_answer){.driver = SLICE_INIT("untouched")};
    return volume_answer_read(slice_from(text), arena, out);
}

Test(answer, reads_an_image)
{
    static const char *const without_user[] = {
        "{\"Id\":\"sha256:ab\"}",
        "{\"Id\":\"sha256:ab\",\"Config\":null}",
        "{\"Id\":\"sha256:ab\",\"Config\":{}}",
        "{\"Id\":\"sha256:ab\",\"Config\":{\"User\":null}}",
        "{\"Id\":\"sha256:ab\",\"Config\":{\"User\":\"\",\"user\":\"0\"},\"Size\":12.5}",
    };
    struct image_answer image;
    struct arena arena;

    arena_init(&arena, 1024UL * 1024);
    cr_assert_eq(read_image(&arena,
                            "{\"Id\":\"sha256:ab\",\"Config\":{\"User\":\"1000:1000\",\"Env\":[]}}",
                            &image),
                 0);
    cr_expect(body_text_eq(image.id, "sha256:ab"));
    cr_expect(body_text_eq(image.user, "1000:1000"));
    for (size_t i = 0; i < COUNT(without_user); i++) {
        cr_expect_eq(read_image(&arena, without_user[i], &image), 0, "%s", without_user[i]);
        cr_expect_eq(image.user.len, 0, "%s", without_user[i]);
    }
    arena_deinit(&arena);
}

Test(answer, refuses_what_is_no_image)
{
    static const char *const cases[] = {
        "",
        "[]",
        "null",
        "\"x\"",
        "{}",
        "{\"id\":\"sha256:ab\"}",
        "{\"Id\":null}",
        "{\"Id\":1}",
        "{\"Id\":\"a\",\"Config\":[]}",
        "{\"Id\":\"a\",\"Config\":\"x\"}",
        "{\"Id\":\"a\",\"Config\":{\"User\":0}}",
        "{\"Id\":\"a\",\"Id\":\"b\"}",
        "{\"Id\":\"a\",\"Config\":{\"User\":\"1\",\"User\":\"0\"}}",
        "{\"Id\":\"a\\u0000\"}",
        "{\"Id\":\"\xFF\"}",
        "{\"Id\":\"a\"} x",
        "{\"Id\":\"a\"",
    };
    struct image_answer image;
    struct arena arena;

    arena_init(&arena, 1024UL * 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        cr_expect_eq(read_image(&arena, cases[i], &image), -EBADMSG, "%s", cases[i]);
        cr_expect(body_text_eq(image.id, "untouched"), "%s", cases[i]);
    }
    arena_deinit(&arena);
}

Test(answer, reads_a_volume)
{
    static const char *const without_options[] = {
        "{\"Driver\":\"local\"}",
        "{\"Driver\":\"local\",\"Options\":null}",
        "{\"Driver\":\"local\",\"Options\":{}}",
    };
    struct volume_answer volume;
    struct arena arena;

    arena_init(&arena, 1024UL * 1024);
    cr_assert_eq(
        read_volume(
            &arena,
            "{\"Driver\":\"local\",\"Options\":{\"device\":\"/\",\"o\":\"bind\"},\"Name\":\"v\"}",
            &volume),
        0);
    cr_expect(body_text_eq(volume.driver, "local"));
    cr_assert_eq(volume.options.count, 2);
    cr_expect(body_text_eq(*string_map_get(&volume.options, SLICE("device")), "/"));
    cr_expect(body_text_eq(*string_map_get(&volume.options, SLICE("o")), "bind"));
    for (size_t i = 0; i < COUNT(without_options); i++) {
        cr_expect_eq(read_volume(&arena, without_options[i], &volume), 0, "%s", without_options[i]);
        cr_expect_eq(volume.options.count, 0, "%s", without_options[i]);
    }
    arena_deinit(&arena);
}

Test(answer, refuses_what_is_no_volume)
{
    static const char *const cases[] = {
        "",
        "[]",
        "{}",
        "{\"Driver\":1}",
        "{\"Driver\":null}",
        "{\"Driver\":\"local\",\"Options\":[]}",
        "{\"Driver\":\"local\",\"Options\":\"\"}",
        "{\"Driver\":\"local\",\"Options\":{\"o\":1}}",
        "{\"Driver\":\"local\",\"Options\":{\"o\":null}}",
        "{\"Driver\":\"local\",\"Options\":{\"o\":\"bind\",\"o\":\"\"}}",
        "{\"Driver\":\"local\",\"Options\":{},\"Options\":{\"o\":\"bind\"}}",
    };
    struct volume_answer volume;
    struct arena arena;

    arena_init(&arena, 1024UL * 1024);
    for (size_t i = 0; i < COUNT(cases); i++) {
        cr_expect_eq(read_volume(&arena, cases[i], &volume), -EBADMSG, "%s", cases[i]);
        cr_expect(body_text_eq(volume.driver, "untouched"), "%s", cases[i]);
    }
    arena_deinit(&arena);
}

Test(answer, refuses_a_very_large_one)
{
    struct image_answer image;
    struct arena arena;
    struct buf text;

    arena_init(&arena, 64UL * 1024 * 1024);
    buf_init(&text, (size_t)ANSWER_MAX_BYTES * 2);
    cr_assert_eq(buf_append_text(&text, "{\"Id\":\"a\"}"), 0);
    cr_assert_eq(buf_reserve(&text, ANSWER_MAX_BYTES), 0);
    memset(text.data + text.len, ' ', ANSWER_MAX_BYTES);
    text.len += ANSWER_MAX_BYTES;
    cr_expect_eq(image_answer_read(buf_slice(&text), &arena, &image), -EBADMSG);
    buf_deinit(&text);
    arena_deinit(&arena);
}

Test(answer, runs_out_of_memory_in_good_order)
{
    struct image_answer image;
    struct arena arena;

    arena_init(&arena, 0);
    cr_expect_eq(read_image(&arena, "{\"Id\":\"a\"}", &image), -ENOMEM);
    arena_deinit(&arena);
}

Test(image_answer, shows_names_and_health_check)
{
    struct arena arena;
    struct image_answer image = {0};

    arena_init(&arena, 1 << 20);
    cr_assert_eq(image_answer_read(SLICE("{\"Id\":\"sha256:cafe12\",\"RepoTags\":[\"a:1\",\"b:2\"],"
                                         "\"RepoDigests\":null,\"Config\":{\"Healthcheck\":"
                                         "{\"Test\":[\"CMD\",\"x\"]}}}"),
                                   &arena, &image),
                 0);
    cr_assert_eq(image.tags.count, 2);
    cr_expect(slice_eq(image.tags.item[1], SLICE("b:2")));
    cr_expect_eq(image.digests.count, 0);
    cr_expect(image.has_healthcheck);
    cr_expect(image_answer_is_by_id(&image, SLICE("cafe")));
    cr_expect(image_answer_is_by_id(&image, SLICE("sha256:cafe1")));
    cr_expect_not(image_answer_is_by_id(&image, SLICE("afe")));
    cr_expect_eq(image_answer_read(SLICE("{\"Id\":\"a\",\"RepoTags\":[1]}"), &arena, &image),
                 -EBADMSG);
    cr_expect_eq(image_answer_read(SLICE("{\"Id\":\"a\",\"RepoTags\":{}}"), &arena, &image),
                 -EBADMSG);
    arena_deinit(&arena);
}
