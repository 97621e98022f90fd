/*
 * Inspections of containers: what is read of them, and what is no inspection.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "docker/container_answer.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int read_answer(const char *text, struct arena *arena, struct container_answer *out)
{
    arena_init(arena, 1 << 20);
    return container_answer_read(slice_from(text), arena, out);
}

Test(container_answer, shows_what_a_client_chose)
{
    struct arena arena;
    struct container_answer answer = {0};

    cr_assert_eq(read_answer("{\"Id\":\"" ID "\",\"Name\":\"/a\",\"Config\":{\"User\":\"app\","
                             "\"Env\":[\"A=1\"]},\"HostConfig\":{\"Privileged\":true,\"Binds\":"
                             "[\"/etc:/e:ro\",\"vol:/v\"],\"CapAdd\":null,\"PidMode\":\"host\","
                             "\"MaskedPaths\":[\"/proc/kcore\"],\"Future\":{\"a\":[]}},"
                             "\"Mounts\":[]}",
                             &arena, &answer),
                 0);
    cr_expect(slice_eq(answer.id, SLICE(ID)));
    cr_expect(slice_eq(answer.spec.user, SLICE("app")));
    cr_expect(answer.spec.privileged);
    cr_expect(slice_eq(answer.spec.pid_mode, SLICE("host")));
    cr_assert_eq(answer.spec.mounts.count, 2);
    cr_expect(slice_eq(answer.spec.mounts.item[0].source, SLICE("/etc")));
    cr_expect_not(answer.spec.masked_paths.present, "the engine fills this by itself");
    arena_deinit(&arena);
}

Test(container_answer, refuses_what_is_no_inspection)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"Id\":\"" ID "\"}",
        "{\"Id\":\"" ID "\",\"HostConfig\":null}",
        "{\"Id\":\"" ID "\",\"HostConfig\":[]}",
        "{\"Id\":\"abc\",\"HostConfig\":{}}",
        "{\"Id\":\"../../../../../../../../../../../../../../../../../../../../../etc\","
        "\"HostConfig\":{}}",
        "{\"Id\":\"" ID "\",\"HostConfig\":{\"Privileged\":\"yes\"}}",
        "{\"Id\":\"" ID "\",\"HostConfig\":{\"Binds\":\"/:/h\"}}",
        "{\"Id\":\"" ID "\",\"Config\":{\"User\":0},\"HostConfig\":{}}",
        "{\"Id\":\"" ID "\",\"HostConfig\":{},\"HostConfig\":{}}",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct arena arena;
        struct container_answer answer = {0};

        cr_expect_eq(read_answer(wrong[i], &arena, &answer), -EBADMSG, "%s", wrong[i]);
        arena_deinit(&arena);
    }
}
