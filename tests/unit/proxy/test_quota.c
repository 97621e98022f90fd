/*
 * The counters behind `limits`: for all and for each user, at once and in a minute, with
 * clocks that stand, run and jump.
 */
#include <criterion/criterion.h>
#include <stdint.h>

#include "proxy/quota.h"

enum { SECOND = 1000 * 1000 };

static const struct policy_limits few = {
    .all = {[LIMIT_CONNECTIONS] = 3, [LIMIT_REQUESTS] = 2, [LIMIT_CREATES] = 6},
    .per_uid = {[LIMIT_CONNECTIONS] = 2, [LIMIT_CREATES] = 4},
};

/* How many of `wanted` are taken in a row at that time. */
static unsigned take(struct quota *quota, struct quota_user *user, enum policy_limit limit,
                     unsigned wanted, uint64_t now_us, struct quota_refusal *why)
{
    unsigned taken = 0;

    while (taken < wanted && quota_take(quota, user, &few, limit, now_us, why)) {
        taken++;
    }
    return taken;
}

Test(quota, is_for_each_user_and_for_all)
{
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_user *a = quota_enter(&quota, 1000, 0);
    struct quota_user *b = quota_enter(&quota, 1001, 0);

    cr_expect_eq(take(&quota, a, LIMIT_CONNECTIONS, 5, 0, &why), 2);
    cr_expect(why.per_uid);
    cr_expect_eq(why.max, 2);
    cr_expect_eq(why.limit, LIMIT_CONNECTIONS);
    cr_expect_eq(why.retry_after_s, 1);
    cr_expect_eq(take(&quota, b, LIMIT_CONNECTIONS, 5, 0, &why), 1, "the third of all");
    cr_expect_not(why.per_uid);
    cr_expect_eq(why.max, 3);
    quota_give(&quota, a, LIMIT_CONNECTIONS);
    cr_expect_eq(take(&quota, b, LIMIT_CONNECTIONS, 5, 0, &why), 1);
    cr_expect_eq(take(&quota, a, LIMIT_CONNECTIONS, 5, 0, &why), 0);
    quota_leave(a);
    quota_leave(b);
    quota_deinit(&quota);
}

Test(quota, counts_each_kind_by_itself_and_without_a_limit_lets_all_pass)
{
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_user *user = quota_enter(&quota, 0, 0);

    cr_expect_eq(take(&quota, user, LIMIT_REQUESTS, 9, 0, &why), 2);
    cr_expect_eq(take(&quota, user, LIMIT_STREAMS, 5000, 0, &why), 5000);
    cr_expect_eq(take(&quota, user, LIMIT_CONNECTIONS, 9, 0, &why), 2);
    quota_leave(user);
    quota_deinit(&quota);
}

Test(quota, a_minute_gives_a_minutes_worth_and_each_part_its_part)
{
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_user *user = quota_enter(&quota, 1000, 0);
    uint64_t now = 7ULL * 3600 * SECOND;

    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, now, &why), 4);
    cr_expect(why.per_uid);
    cr_expect_eq(why.max, 4);
    cr_expect_eq(why.retry_after_s, 15);
    now += 14 * SECOND;
    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, now, &why), 0);
    cr_expect_eq(why.retry_after_s, 1);
    now += 1 * SECOND;
    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, now, &why), 1);
    now += 30 * SECOND;
    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, now, &why), 2);
    now += 3600ULL * SECOND;
    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, now, &why), 4, "no more than a minute's");
    quota_leave(user);
    quota_deinit(&quota);
}

Test(quota, all_users_together_have_a_bucket_as_well)
{
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_user *a = quota_enter(&quota, 1000, 0);
    struct quota_user *b = quota_enter(&quota, 1001, 0);

    cr_expect_eq(take(&quota, a, LIMIT_CREATES, 9, 0, &why), 4);
    cr_expect_eq(take(&quota, b, LIMIT_CREATES, 9, 0, &why), 2);
    cr_expect_not(why.per_uid);
    cr_expect_eq(why.retry_after_s, 10);
    cr_expect_eq(b->full_at_us, 30 * SECOND, "what is refused costs nothing");
    quota_leave(a);
    quota_leave(b);
    quota_deinit(&quota);
}

Test(quota, a_clock_that_jumps_locks_nobody_out)
{
    static const uint64_t jumps[] = {0, 1, SECOND, UINT64_MAX / 2};

    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct quota quota = {0};
        struct quota_refusal why = {0};
        struct quota_user *user = quota_enter(&quota, 1000, 0);

        cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, UINT64_MAX / 2, &why), 4);
        cr_expect_geq(take(&quota, user, LIMIT_CREATES, 9, jumps[i], &why), i < 3 ? 4U : 0U);
        cr_expect_leq(why.retry_after_s, 60);
        cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, jumps[i] + 60ULL * SECOND, &why), 4);
        quota_leave(user);
        quota_deinit(&quota);
    }
}

Test(quota, a_lower_limit_after_a_reload_holds_at_once)
{
    static const struct policy_limits one = {
        .per_uid = {[LIMIT_CONNECTIONS] = 1, [LIMIT_CREATES] = 1}};
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_user *user = quota_enter(&quota, 1000, 0);

    cr_expect_eq(take(&quota, user, LIMIT_CONNECTIONS, 2, 0, &why), 2);
    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 4, 0, &why), 4);
    cr_expect_not(quota_take(&quota, user, &one, LIMIT_CONNECTIONS, 0, &why));
    cr_expect_not(quota_take(&quota, user, &one, LIMIT_CREATES, 59ULL * SECOND, &why));
    cr_expect(quota_take(&quota, user, &one, LIMIT_CREATES, 60ULL * SECOND, &why));
    quota_leave(user);
    quota_deinit(&quota);
}

Test(quota, remembers_a_user_while_there_is_something_to_remember)
{
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_user *user = quota_enter(&quota, 1000, 0);

    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, 0, &why), 4);
    quota_leave(user);
    quota_leave(quota_enter(&quota, 1001, SECOND));
    user = quota_enter(&quota, 1000, SECOND);
    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, SECOND, &why), 0,
                 "a new connection is no new bucket");
    quota_leave(user);
    quota_leave(quota_enter(&quota, 1002, 61ULL * SECOND));
    cr_expect_eq(quota.user_count, 1, "only the last");
    quota_deinit(&quota);
}

Test(quota, many_users_share_what_is_left_and_take_bounded_memory)
{
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_user *user[QUOTA_MAX_USERS + 3];

    for (unsigned i = 0; i < QUOTA_MAX_USERS + 3; i++) {
        user[i] = quota_enter(&quota, 100000 + i, 0);
    }
    cr_expect_eq(quota.user_count, QUOTA_MAX_USERS);
    cr_expect_neq(user[0], user[QUOTA_MAX_USERS - 1]);
    cr_expect_eq(user[QUOTA_MAX_USERS], user[QUOTA_MAX_USERS + 2]);
    cr_expect_eq(take(&quota, user[QUOTA_MAX_USERS], LIMIT_CONNECTIONS, 1, 0, &why), 1);
    cr_expect_eq(take(&quota, user[QUOTA_MAX_USERS + 1], LIMIT_CONNECTIONS, 2, 0, &why), 1);
    for (unsigned i = 0; i < QUOTA_MAX_USERS + 3; i++) {
        quota_leave(user[i]);
    }
    quota_leave(quota_enter(&quota, 7, 0));
    cr_expect_eq(quota.user_count, 1, "room again when they are gone");
    quota_deinit(&quota);
}
