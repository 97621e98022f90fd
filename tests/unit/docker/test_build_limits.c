/*
 * Limits in the query of a build.
 */
#include <criterion/criterion.h>

#include "docker/tables/build_limits.h"

static struct build_limits read_query(struct arena *arena, const char *query)
{
    struct build_limits limits = {0};
    struct target target = {0};
    struct http_problem why = {0};
    struct slice text = {0};

    arena_init(arena, 1 << 20);
    cr_assert_eq(arena_printf(arena, &text, "/build?%s", query), 0);
    cr_assert_eq(target_parse(text, arena, &target, &why), 0, "%s", query);
    cr_assert_eq(build_limits_read(arena, target.query, &limits), 0);
    return limits;
}

Test(build_limits, are_read_as_numbers)
{
    struct arena arena;
    struct build_limits limits =
        read_query(&arena, "memory=1&memswap=-1&cpushares=2&cpuperiod=3&cpuquota=4&shmsize=5&t=a");

    cr_expect_eq(limits.bad.len, 0);
    cr_expect_eq(limits.spec.memory, 1);
    cr_expect_eq(limits.spec.memory_swap, -1);
    cr_expect_eq(limits.spec.cpu_shares, 2);
    cr_expect_eq(limits.spec.cpu_period, 3);
    cr_expect_eq(limits.spec.cpu_quota, 4);
    cr_expect_eq(limits.spec.shm_size, 5);
    arena_deinit(&arena);
}

Test(build_limits, hold_ulimits_and_hosts)
{
    struct arena arena;
    struct build_limits limits = read_query(
        &arena, "extrahosts=a:1&ulimits=%5B%7B%22Name%22:%22nofile%22,%22Soft%22:1,%22Hard%22:2%7D"
                "%5D&extrahosts=b:2");

    cr_expect_eq(limits.bad.len, 0);
    cr_assert_eq(limits.spec.ulimit_count, 1);
    cr_expect(slice_eq(limits.spec.ulimits[0].name, SLICE("nofile")));
    cr_expect_eq(limits.spec.ulimits[0].hard, 2);
    cr_assert_eq(limits.spec.extra_hosts.count, 2);
    cr_expect(slice_eq(limits.spec.extra_hosts.item[1], SLICE("b:2")));
    arena_deinit(&arena);
}

Test(build_limits, name_what_is_none)
{
    static const char *const wrong[] = {
        "memory=1g",       "memory=%201",
        "shmsize=0x10",    "cpuquota=99999999999999999999",
        "ulimits=%7B%7D",  "ulimits=x",
        "ulimits=%5B1%5D", "ulimits=%5B%7B%22Name%22:%22nofile%22,%22name%22:%22core%22%7D%5D",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct arena arena;
        struct build_limits limits = read_query(&arena, wrong[i]);

        cr_expect_gt(limits.bad.len, 0, "%s", wrong[i]);
        arena_deinit(&arena);
    }
}
