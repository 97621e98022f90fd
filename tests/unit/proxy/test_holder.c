/*
 * Who holds what all share: a container whatever users it has, else a user; and none so much that
 * whoever comes next finds nothing.
 */
#include <criterion/criterion.h>

#include "proxy/server/holder.h"

enum { MIB = 1024 * 1024 };

static const uint64_t limit = 128ULL * MIB;
static const struct slice none = {NULL, 0};

Test(holder, is_a_container_or_a_user)
{
    struct holders holders = {0};
    struct holder *user = holders_enter(&holders, 7, none);
    struct holder *in_container = holders_enter(&holders, 7, SLICE("/docker/a"));

    cr_expect_neq(user, in_container);
    cr_expect_eq(holders_enter(&holders, 7, none), user);
    cr_expect_neq(holders_enter(&holders, 8, none), user);
    cr_expect_eq(holders_enter(&holders, 8, SLICE("/docker/a")), in_container);
    cr_expect_neq(holders_enter(&holders, 7, SLICE("/docker/b")), in_container);
    holders_leave(&holders, user);
    cr_expect_eq(holders_enter(&holders, 7, none), user, "until the last has left");
    while (holders.first) {
        holders_leave(&holders, holders.first);
    }
    holders_leave(&holders, NULL);
}

Test(holder, holds_as_much_as_it_leaves)
{
    struct holders holders = {0};
    struct holder *a = holders_enter(&holders, 1, none);
    struct holder *b = holders_enter(&holders, 2, none);
    size_t own = 0;

    while (holders_have_room(&holders, a, 0, 4UL * MIB, limit)) {
        holders_hold(&holders, a, 0, 4UL * MIB);
        own += 4;
    }
    cr_expect_eq(own, 64);
    cr_expect(holders_have_room(&holders, b, 0, 32UL * MIB, limit), "half of what is left, and");
    cr_expect(holders_have_room(&holders, b, 0, 64UL * MIB, limit), "all of it for one request");
    cr_expect_not(holders_have_room(&holders, b, 0, 65UL * MIB, limit));
    cr_expect(holders_have_room(&holders, a, 4UL * MIB, 4UL * MIB, limit), "what it has, it has");
    holders_hold(&holders, a, own * MIB, 0);
    cr_expect(holders_have_room(&holders, a, 0, limit, limit), "who is alone may have all");
    cr_expect_not(holders_have_room(&holders, a, 0, limit + 1, limit));
    cr_expect_eq(holders.held_bytes, 0);
    holders_leave(&holders, a);
    holders_leave(&holders, b);
}

Test(holder, has_a_little_however_busy_others_are)
{
    struct holders holders = {0};
    struct holder *a = holders_enter(&holders, 1, none);
    struct holder *b = holders_enter(&holders, 2, none);

    holders_hold(&holders, a, 0, limit);
    cr_expect(holders_have_room(&holders, b, 0, HOLDER_SMALL_BYTES, limit));
    cr_expect_not(holders_have_room(&holders, b, 0, HOLDER_SMALL_BYTES + 1, limit));
    holders_hold(&holders, b, 0, HOLDER_SMALL_BYTES);
    cr_expect_not(holders_have_room(&holders, b, 0, 1, limit), "all its connections together");
    holders_hold(&holders, a, limit, 0);
    holders_hold(&holders, b, HOLDER_SMALL_BYTES, 0);
    holders_leave(&holders, a);
    holders_leave(&holders, b);
}
