/*
 * What the engine says about execs and networks, and what is no such answer.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "docker/objects/engine_answers.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

Test(exec_answer, says_whose_and_as_whom)
{
    struct arena arena;
    struct exec_answer exec;

    arena_init(&arena, 1 << 16);
    cr_assert_eq(exec_answer_read(SLICE("{\"ID\":\"x\",\"ContainerID\":\"" ID "\",\"Pid\":0,"
                                        "\"ProcessConfig\":{\"privileged\":true,\"user\":\"0\"}}"),
                                  &arena, &exec),
                 0);
    cr_expect(exec.privileged);
    cr_expect(slice_eq(exec.user, SLICE("0")));
    cr_expect(slice_eq(exec.container, SLICE(ID)));
    cr_assert_eq(exec_answer_read(SLICE("{\"ContainerID\":\"" ID "\",\"ProcessConfig\":"
                                        "{\"privileged\":null}}"),
                                  &arena, &exec),
                 0);
    cr_expect_not(exec.privileged);
    cr_expect_eq(exec.user.len, 0);
    arena_deinit(&arena);
}

Test(exec_answer, refuses_what_is_none)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"ContainerID\":\"" ID "\"}",
        "{\"ContainerID\":\"abc\",\"ProcessConfig\":{}}",
        "{\"ContainerID\":1,\"ProcessConfig\":{}}",
        "{\"ContainerID\":\"" ID "\",\"ProcessConfig\":[]}",
        "{\"ContainerID\":\"" ID "\",\"ProcessConfig\":{\"privileged\":\"true\"}}",
        "{\"ContainerID\":\"" ID "\",\"ProcessConfig\":{\"user\":0}}",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct arena arena;
        struct exec_answer exec;

        arena_init(&arena, 1 << 16);
        cr_expect_eq(exec_answer_read(slice_from(wrong[i]), &arena, &exec), -EBADMSG, "%s",
                     wrong[i]);
        arena_deinit(&arena);
    }
}

Test(network_answer, says_its_name)
{
    struct arena arena;
    struct network_answer network;

    arena_init(&arena, 1 << 16);
    cr_assert_eq(network_answer_read(SLICE("{\"Name\":\"host\",\"Id\":\"cb\",\"Driver\":\"host\"}"),
                                     &arena, &network),
                 0);
    cr_expect(slice_eq(network.name, SLICE("host")));
    cr_expect(slice_eq(network.driver, SLICE("host")));
    cr_expect_eq(network_answer_read(SLICE("{\"Driver\":\"host\"}"), &arena, &network), -EBADMSG);
    cr_expect_eq(network_answer_read(SLICE("{\"Name\":1}"), &arena, &network), -EBADMSG);
    arena_deinit(&arena);
}

Test(engine_id, is_64_digits)
{
    cr_expect(engine_id_is_full(SLICE(ID)));
    cr_expect_not(engine_id_is_full(slice_head(SLICE(ID), 63)));
    cr_expect_not(engine_id_is_full(SLICE("../..6789abcdef0123456789abcdef0123456789abcdef"
                                          "0123456789abcdef")));
    cr_expect_not(engine_id_is_full((struct slice){0}));
}
