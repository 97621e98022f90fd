/*
 * Inspections: whose an object is, and no guessing where the answer is odd.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "docker/objects/object_answer.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena arena;

static void setup(void)
{
    arena_init(&arena, 1024UL * 1024);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

TestSuite(object_answer, .init = setup, .fini = teardown);

static struct object_answer read_object(enum object_kind kind, const char *text)
{
    struct object_answer answer = {0};

    cr_assert_eq(object_answer_read(slice_from(text), &arena, kind, &answer), 0, "%s", text);
    return answer;
}

static bool has_label(const struct object_answer *answer, const char *value)
{
    const struct slice *label = string_map_get(&answer->labels, SLICE("a"));

    return label && slice_eq(*label, slice_from(value));
}

Test(object_answer, finds_labels_where_each_kind_has_them)
{
    struct object_answer answer = read_object(
        OBJECT_CONTAINER, "{\"Id\":\"c\",\"Config\":{\"Labels\":{\"a\":\"1\",\"b\":\"\"}}}");

    cr_expect(has_label(&answer, "1"));
    cr_expect(body_text_eq(answer.id, "c"));
    answer = read_object(OBJECT_IMAGE, "{\"Id\":\"i\",\"Config\":{\"Labels\":{\"a\":\"2\"},"
                                       "\"Volumes\":{\"/d\":{},\"/e\":null}}}");
    cr_expect(has_label(&answer, "2"));
    cr_assert_eq(answer.volume_targets.count, 2);
    cr_expect(body_text_eq(answer.volume_targets.item[1], "/e"));
    answer =
        read_object(OBJECT_NETWORK, "{\"Id\":\"n\",\"Name\":\"net\",\"Labels\":{\"a\":\"3\"}}");
    cr_expect(has_label(&answer, "3"));
    cr_expect(body_text_eq(answer.name, "net"));
    answer = read_object(OBJECT_VOLUME, "{\"Name\":\"v\",\"Labels\":{\"a\":\"4\"}}");
    cr_expect(has_label(&answer, "4"));
    cr_expect(body_text_eq(answer.id, "v"));
}

Test(object_answer, finds_the_labels_of_swarm_in_the_specification)
{
    struct object_answer answer = read_object(
        OBJECT_SWARM, "{\"ID\":\"s\",\"Spec\":{\"Name\":\"n\",\"Labels\":{\"a\":\"1\"},"
                      "\"TaskTemplate\":{\"ContainerSpec\":{\"Labels\":{\"a\":\"2\"}}}}}");

    cr_expect(has_label(&answer, "1"));
    cr_expect(body_text_eq(answer.id, "s"));
    answer = read_object(OBJECT_TASK, "{\"ID\":\"t\",\"Labels\":{},\"ServiceID\":\"s\"}");
    cr_expect(body_text_eq(answer.id, "t"));
    cr_expect(body_text_eq(answer.service, "s"));
    answer = read_object(OBJECT_TASK, "{\"ID\":\"t\",\"ServiceID\":null}");
    cr_expect_eq(answer.service.len, 0);
}

Test(object_answer, an_object_without_labels_has_none)
{
    static const char *const texts[] = {
        "{\"Id\":\"c\"}",
        "{\"Id\":\"c\",\"Config\":null}",
        "{\"Id\":\"c\",\"Config\":{\"Labels\":null}}",
        "{\"Id\":\"c\",\"Config\":{\"labels\":{\"a\":\"1\"}}}",
        "{\"Id\":\"c\",\"HostConfig\":{\"Labels\":{\"a\":\"1\"}}}",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        cr_expect_eq(read_object(OBJECT_CONTAINER, texts[i]).labels.count, 0, "%s", texts[i]);
    }
}

Test(object_answer, lists_networks_that_are_known_by_name_only)
{
    struct object_answer answer =
        read_object(OBJECT_CONTAINER,
                    "{\"Id\":\"c\",\"NetworkSettings\":{\"Networks\":{"
                    "\"one\":{\"NetworkID\":\"\"},\"two\":{\"NetworkID\":\"x\"},\"three\":null}}}");

    cr_assert_eq(answer.loose_networks.count, 2);
    cr_expect(body_text_eq(answer.loose_networks.item[0], "one"));
    cr_expect(body_text_eq(answer.loose_networks.item[1], "three"));
}

Test(object_answer, refuses_what_the_engine_does_not_say)
{
    static const char *const texts[] = {
        "",
        "[]",
        "null",
        "{}",
        "{\"Id\":\"\"}",
        "{\"Id\":1}",
        "{\"Id\":\"c\",\"Id\":\"d\"}",
        "{\"Id\":\"c\",\"Config\":{\"Labels\":[]}}",
        "{\"Id\":\"c\",\"Config\":{\"Labels\":{\"a\":1}}}",
        "{\"Id\":\"c\"} x",
        // It is sent in the place of a name.
        "{\"Id\":\"a/../b\"}",
        "{\"Id\":\"a?b\"}",
        "{\"Id\":\"a b\"}",
        "{\"Id\":\"a:b\"}",
        "{\"Id\":\"-a\"}",
    };

    for (size_t i = 0; i < COUNT(texts); i++) {
        struct object_answer answer = {.id = SLICE_INIT("untouched")};

        cr_expect_eq(object_answer_read(slice_from(texts[i]), &arena, OBJECT_CONTAINER, &answer),
                     -EBADMSG, "%s", texts[i]);
        cr_expect(body_text_eq(answer.id, "untouched"));
    }
}
