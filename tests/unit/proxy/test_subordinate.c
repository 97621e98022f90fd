/*
 * Whose subordinate id a uid is.
 */
#include <criterion/criterion.h>

#include "proxy/host/subordinate.h"

static bool find_user(struct slice name, uid_t *uid)
{
    *uid = 1000;
    return slice_eq(name, SLICE("alice"));
}

static struct subordinates read_text(const char *text)
{
    struct subordinates all = {0};

    cr_assert_eq(subordinates_add(&all, slice_from(text), find_user), 0);
    return all;
}

Test(subordinate, an_id_of_a_range_is_its_owners)
{
    struct subordinates all =
        read_text("alice:100000:65536\n1001:165536:2\nroot:1:1\n0:300000:10\n");

    cr_expect_eq(subordinates_owner(&all, 99999), 99999);
    cr_expect_eq(subordinates_owner(&all, 100000), 1000);
    cr_expect_eq(subordinates_owner(&all, 165535), 1000);
    cr_expect_eq(subordinates_owner(&all, 165536), 1001);
    cr_expect_eq(subordinates_owner(&all, 165538), 165538);
    cr_expect_eq(subordinates_owner(&all, 300000), 300000, "the engine's");
    cr_expect_eq(subordinates_owner(&all, 1000), 1000);
    subordinates_deinit(&all);
    cr_expect_eq(subordinates_owner(&all, 100000), 100000);
}

Test(subordinate, other_lines_are_none)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "alice",
                                        "alice:1",
                                        "alice:1:0",
                                        "alice:-1:5",
                                        "bob:5:5",
                                        "alice:5:5:5",
                                        "# alice:5:5",
                                        "alice:4294967290:100",
                                        ":5:5",
                                        "alice:5:x5",
                                        "alice:4294967295:1",
                                        "alice:99999999999:1"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct subordinates all = read_text(texts[i]);

        cr_expect_eq(all.count, 0, "%s", texts[i]);
        subordinates_deinit(&all);
    }
}

Test(subordinate, memory_is_bounded)
{
    struct subordinates all = {0};

    for (unsigned i = 0; i < SUBORDINATE_MAX + 10; i++) {
        cr_assert_eq(subordinates_add(&all, SLICE("1:5:5"), find_user), 0);
    }
    cr_expect_eq(all.count, SUBORDINATE_MAX);
    subordinates_deinit(&all);
}

Test(subordinate, a_file_that_is_not_there_has_none)
{
    struct subordinates all = read_text("alice:100000:65536\n");

    subordinates_load(&all, "/nonexistent/subuid");
    cr_expect_eq(all.count, 0);
}
