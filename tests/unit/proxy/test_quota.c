/*
 * The counters behind `limits`: for all and for each user, at once and in a minute, with
 * clocks that stand, run and jump.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "proxy/exchange/quota.h"

enum { SECOND = 1000 * 1000 };

static const struct policy_limits few = {
    .all = {[LIMIT_CONNECTIONS] = 3, [LIMIT_REQUESTS] = 2, [LIMIT_CREATES] = 6},
    .per_uid = {[LIMIT_CONNECTIONS] = 2, [LIMIT_CREATES] = 4},
};

static const struct slice none = {NULL, 0};

/* How many of `wanted` are taken in a row at that time. */
static unsigned take(struct quota *quota, struct quota_client user, enum policy_limit limit,
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
    struct quota_client a = quota_enter(&quota, 1000, none, 0);
    struct quota_client b = quota_enter(&quota, 1001, none, 0);

    cr_expect_eq(take(&quota, a, LIMIT_CONNECTIONS, 5, 0, &why), 2);
    cr_expect_eq(why.level, QUOTA_PER_UID);
    cr_expect_eq(why.max, 2);
    cr_expect_eq(why.limit, LIMIT_CONNECTIONS);
    cr_expect_eq(why.retry_after_s, 1);
    cr_expect_eq(take(&quota, b, LIMIT_CONNECTIONS, 5, 0, &why), 1, "the third of all");
    cr_expect_eq(why.level, QUOTA_ALL);
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
    struct quota_client user = quota_enter(&quota, 0, none, 0);

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
    struct quota_client user = quota_enter(&quota, 1000, none, 0);
    uint64_t now = 7ULL * 3600 * SECOND;

    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, now, &why), 4);
    cr_expect_eq(why.level, QUOTA_PER_UID);
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
    struct quota_client a = quota_enter(&quota, 1000, none, 0);
    struct quota_client b = quota_enter(&quota, 1001, none, 0);

    cr_expect_eq(take(&quota, a, LIMIT_CREATES, 9, 0, &why), 4);
    cr_expect_eq(take(&quota, b, LIMIT_CREATES, 9, 0, &why), 2);
    cr_expect_eq(why.level, QUOTA_ALL);
    cr_expect_eq(why.retry_after_s, 10);
    cr_expect_eq(b.user->full_at_us[LIMIT_CREATES - LIMIT_RATES], 30 * SECOND,
                 "what is refused costs nothing");
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
        struct quota_client user = quota_enter(&quota, 1000, none, 0);

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
    struct quota_client user = quota_enter(&quota, 1000, none, 0);

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
    struct quota_client user = quota_enter(&quota, 1000, none, 0);

    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, 0, &why), 4);
    quota_leave(user);
    quota_leave(quota_enter(&quota, 1001, none, SECOND));
    user = quota_enter(&quota, 1000, none, SECOND);
    cr_expect_eq(take(&quota, user, LIMIT_CREATES, 9, SECOND, &why), 0,
                 "a new connection is no new bucket");
    quota_leave(user);
    quota_leave(quota_enter(&quota, 1002, none, 61ULL * SECOND));
    cr_expect_eq(quota.users.count, 1, "only the last");
    quota_deinit(&quota);
}

Test(quota, many_users_share_what_is_left_and_take_bounded_memory)
{
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_client user[QUOTA_MAX_USERS + 3];

    for (unsigned i = 0; i < QUOTA_MAX_USERS + 3; i++) {
        user[i] = quota_enter(&quota, 100000 + i, none, 0);
    }
    cr_expect_eq(quota.users.count, QUOTA_MAX_USERS);
    cr_expect_neq(user[0].user, user[QUOTA_MAX_USERS - 1].user);
    cr_expect_eq(user[QUOTA_MAX_USERS].user, user[QUOTA_MAX_USERS + 2].user);
    cr_expect_eq(take(&quota, user[QUOTA_MAX_USERS], LIMIT_CONNECTIONS, 1, 0, &why), 1);
    cr_expect_eq(take(&quota, user[QUOTA_MAX_USERS + 1], LIMIT_CONNECTIONS, 2, 0, &why), 1);
    for (unsigned i = 0; i < QUOTA_MAX_USERS + 3; i++) {
        quota_leave(user[i]);
    }
    quota_leave(quota_enter(&quota, 7, none, 0));
    cr_expect_eq(quota.users.count, 1, "room again when they are gone");
    quota_deinit(&quota);
}

Test(quota, counts_a_container_whatever_users_it_has)
{
    static const struct policy_limits limits = {
        .all = {[LIMIT_CONNECTIONS] = 100},
        .per_uid = {[LIMIT_CONNECTIONS] = 2, [LIMIT_CREATES] = 5},
        .per_container = {[LIMIT_CONNECTIONS] = 3, [LIMIT_CREATES] = 4},
    };
    const struct slice place = SLICE_INIT("/docker/a");
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_client user[5];
    unsigned taken = 0;

    for (uid_t i = 0; i < 5; i++) {
        user[i] = quota_enter(&quota, i, place, 0);
        taken += quota_take(&quota, user[i], &limits, LIMIT_CONNECTIONS, 0, &why);
    }
    cr_expect_eq(taken, 3);
    cr_expect_str_eq(quota_rule(&why), "limits.per_container.connections");
    struct quota_client other = quota_enter(&quota, 0, SLICE("/docker/b"), 0);
    struct quota_client host = quota_enter(&quota, 0, none, 0);

    cr_expect(quota_take(&quota, other, &limits, LIMIT_CONNECTIONS, 0, &why));
    cr_expect_null(host.container);
    cr_expect(quota_take(&quota, host, &limits, LIMIT_CONNECTIONS, 0, &why), "another uid 0");
    for (unsigned i = 0; i < 4; i++) {
        cr_expect(quota_take(&quota, user[i], &limits, LIMIT_CREATES, 0, &why));
    }
    cr_expect_not(quota_take(&quota, user[4], &limits, LIMIT_CREATES, 0, &why));
    cr_expect_str_eq(quota_rule(&why), "limits.per_container.creates_per_minute");
    quota_give(&quota, user[0], LIMIT_CONNECTIONS);
    cr_expect(quota_take(&quota, user[4], &limits, LIMIT_CONNECTIONS, 0, &why));
    for (unsigned i = 0; i < 5; i++) {
        quota_leave(user[i]);
    }
    quota_leave(other);
    quota_leave(host);
    quota_deinit(&quota);
}

Test(quota, a_uid_of_a_container_is_not_the_hosts_nor_another_containers)
{
    static const struct policy_limits limits = {.per_uid = {[LIMIT_CONNECTIONS] = 2}};
    const struct slice places[] = {SLICE_INIT("/docker/a"), SLICE_INIT("/docker/b"), {NULL, 0}};
    struct quota quota = {0};
    struct quota_refusal why = {0};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct quota_client first = quota_enter(&quota, 0, places[i], 0);
        struct quota_client second = quota_enter(&quota, 0, places[i], 0);

        cr_expect_eq(first.user, second.user);
        cr_expect(quota_take(&quota, first, &limits, LIMIT_CONNECTIONS, 0, &why));
        cr_expect(quota_take(&quota, second, &limits, LIMIT_CONNECTIONS, 0, &why));
        cr_expect_not(quota_take(&quota, first, &limits, LIMIT_CONNECTIONS, 0, &why));
        cr_expect_str_eq(quota_rule(&why), "limits.per_uid.connections");
        quota_leave(first);
        quota_leave(second);
    }
    quota_deinit(&quota);
}

Test(quota, a_container_with_many_uids_takes_nobodys_place)
{
    static const struct policy_limits limits = {.per_uid = {[LIMIT_CONNECTIONS] = 1}};
    enum { UIDS = QUOTA_MAX_INSIDE + 100 };
    static struct quota_client user[UIDS];
    struct quota quota = {0};
    struct quota_refusal why = {0};

    for (uid_t i = 0; i < UIDS; i++) {
        user[i] = quota_enter(&quota, i, SLICE("/docker/a"), 0);
    }
    cr_expect_eq(quota.inside.count, QUOTA_MAX_OF_CONTAINER + 1);
    cr_expect_neq(user[0].user, user[QUOTA_MAX_OF_CONTAINER - 1].user);
    cr_expect_eq(user[QUOTA_MAX_OF_CONTAINER].user, user[UIDS - 1].user, "the others are one");
    cr_expect(quota_take(&quota, user[UIDS - 1], &limits, LIMIT_CONNECTIONS, 0, &why));
    cr_expect_not(quota_take(&quota, user[UIDS - 2], &limits, LIMIT_CONNECTIONS, 0, &why));
    struct quota_client other = quota_enter(&quota, 7, SLICE("/docker/b"), 0);

    cr_expect(quota_take(&quota, other, &limits, LIMIT_CONNECTIONS, 0, &why));
    for (uid_t i = 0; i < UIDS; i++) {
        quota_leave(user[i]);
    }
    quota_leave(other);
    quota_deinit(&quota);
}

Test(quota, refusals_have_a_bucket_of_their_own)
{
    static const struct policy_limits limits = {
        .per_uid = {[LIMIT_CREATES] = 2, [LIMIT_REFUSALS] = 3}};
    struct quota quota = {0};
    struct quota_refusal why = {0};
    struct quota_client user = quota_enter(&quota, 1, none, 0);
    char sentence[QUOTA_SENTENCE_BYTES];

    for (unsigned i = 0; i < 3; i++) {
        cr_expect(quota_take(&quota, user, &limits, LIMIT_REFUSALS, 0, &why));
    }
    cr_expect_not(quota_take(&quota, user, &limits, LIMIT_REFUSALS, 0, &why));
    cr_expect_eq(why.retry_after_s, 20);
    quota_sentence(&why, sentence);
    cr_expect_not_null(strstr(sentence, "3 per minute for each user"), "%s", sentence);
    cr_expect(quota_take(&quota, user, &limits, LIMIT_CREATES, 0, &why), "that is another one");
    cr_expect(quota_take(&quota, user, &limits, LIMIT_REFUSALS, 20ULL * SECOND, &why));
    quota_leave(user);
    quota_deinit(&quota);
}
