/*
 * Which engine an answer to GET /version is of, and what is taken for an unknown one.
 */
#include <criterion/criterion.h>
#include <errno.h>

#include "sockade/engine.h"

struct row {
    const char *body;
    struct sockade_engine engine;
};

#define OF(component, version) \
    "{\"Version\":\"" version "\",\"ApiVersion\":\"1.41\",\"Components\":[" component "]}"
#define ENGINE "{\"Name\":\"Engine\"}"
#define PODMAN "{\"Name\":\"Podman Engine\"}"
#define RUNC "{\"Name\":\"runc\"}"

Test(engine_version, tells_the_kinds_and_their_versions)
{
    static const struct row rows[] = {
        {OF(ENGINE, "20.10.24+dfsg1"), {ENGINE_DOCKERD, 20, 10, 24}},
        {OF(ENGINE "," RUNC, "26.1.5+dfsg1"), {ENGINE_DOCKERD, 26, 1, 5}},
        {OF(RUNC "," ENGINE, "29.0.0"), {ENGINE_DOCKERD, 29, 0, 0}},
        {OF(PODMAN, "5.4.2"), {ENGINE_PODMAN, 5, 4, 2}},
        // No release: older than all of them.
        {OF(PODMAN, "5.5.0-dev"), {ENGINE_PODMAN, 0, 0, 0}},
        {OF(ENGINE, "28.0.0-rc.1"), {ENGINE_DOCKERD, 0, 0, 0}},
        {OF(ENGINE, "dev"), {ENGINE_DOCKERD, 0, 0, 0}},
        {OF(ENGINE, "28.0"), {ENGINE_DOCKERD, 0, 0, 0}},
        {OF(ENGINE, "28.0.0.1"), {ENGINE_DOCKERD, 0, 0, 0}},
        {OF(ENGINE, "99999999999999999999.0.0"), {ENGINE_DOCKERD, 0, 0, 0}},
        // Docker 1.12 to 18.03 list no components.
        {"{\"Version\":\"17.09.0-ce\",\"ApiVersion\":\"1.32\"}", {ENGINE_DOCKERD, 0, 0, 0}},
        {"{\"Version\":\"1.13.1\",\"ApiVersion\":\"1.26\"}", {ENGINE_DOCKERD, 1, 13, 1}},
        {"{\"Version\":\"20.10.24\",\"ApiVersion\":\"1.38\"}", {0}},
        {"{\"Version\":\"1.13.1\",\"ApiVersion\":\"1.\"}", {0}},
        {"{\"Version\":\"1.13.1\",\"ApiVersion\":\"1.-1\"}", {0}},
        {"{\"Version\":\"1.13.1\",\"ApiVersion\":\"2.26\"}", {0}},
        // Nobody knows.
        {OF(RUNC, "20.10.24"), {0}},
        {OF(ENGINE "," PODMAN, "20.10.24"), {0}},
        {OF(ENGINE "," ENGINE, "20.10.24"), {0}},
        {OF("{\"Name\":\"engine\"}", "20.10.24"), {0}},
        {OF("{\"Name\":[\"Engine\"]}", "20.10.24"), {0}},
        {OF("\"Engine\"", "20.10.24"), {0}},
        {"{\"Version\":\"20.10.24\",\"Components\":{\"Name\":\"Engine\"}}", {0}},
        {"{\"Version\":\"20.10.24\"}", {0}},
        {"{}", {0}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct engine_answer answer = {.engine = {ENGINE_PODMAN, 9, 9, 9}};
        struct arena arena;

        arena_init(&arena, 1 << 16);
        cr_assert_eq(engine_answer_read(slice_from(rows[i].body), &arena, &answer), 0, "%s",
                     rows[i].body);
        cr_expect_eq(answer.engine.kind, rows[i].engine.kind, "%s", rows[i].body);
        cr_expect_eq(answer.engine.major, rows[i].engine.major, "%s", rows[i].body);
        cr_expect_eq(answer.engine.minor, rows[i].engine.minor, "%s", rows[i].body);
        cr_expect_eq(answer.engine.patch, rows[i].engine.patch, "%s", rows[i].body);
        arena_deinit(&arena);
    }
}

Test(engine_version, shows_only_what_can_be_printed)
{
    struct engine_answer answer;
    struct arena arena;

    arena_init(&arena, 1 << 16);
    cr_assert_eq(engine_answer_read(SLICE(OF(ENGINE, "20.10.24+dfsg1")), &arena, &answer), 0);
    cr_expect(slice_eq(answer.version, SLICE("20.10.24+dfsg1")));
    cr_expect(slice_eq(answer.api, SLICE("1.41")));
    cr_assert_eq(engine_answer_read(SLICE(OF(ENGINE, "1\\n2")), &arena, &answer), 0);
    cr_expect_eq(answer.version.len, 0);
    arena_deinit(&arena);
}

Test(engine_version, refuses_what_is_no_answer)
{
    static const char *const wrong[] = {"", "[]", "OK", "{\"Version\":1,\"Version\":2}", "{} {}"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct engine_answer answer;
        struct arena arena;

        arena_init(&arena, 1 << 16);
        cr_expect_eq(engine_answer_read(slice_from(wrong[i]), &arena, &answer), -EBADMSG, "%s",
                     wrong[i]);
        arena_deinit(&arena);
    }
}

Test(engine_version, of_an_unknown_engine_is_the_worst)
{
    const struct sockade_engine unknown = {0};
    const struct sockade_engine old = {ENGINE_DOCKERD, 20, 10, 24};

    cr_expect(engine_may_be(&unknown, ENGINE_PODMAN));
    cr_expect(engine_may_be(&unknown, ENGINE_DOCKERD));
    cr_expect(engine_is_before(&unknown, 1, 0, 0));
    cr_expect_not(engine_may_be(&old, ENGINE_PODMAN));
    cr_expect(engine_is_before(&old, 20, 10, 25));
    cr_expect(engine_is_before(&old, 20, 11, 0));
    cr_expect(engine_is_before(&old, 23, 0, 0));
    cr_expect_not(engine_is_before(&old, 20, 10, 24));
    cr_expect_not(engine_is_before(&old, 19, 99, 0));
}
