/*
 * Whose records of refusals wait: one client leaves as much room as it takes, and each has a
 * little.
 */
#include <criterion/criterion.h>

#include "audit/account.h"

enum { MAX = 1024 * 1024, LINE = 300 };

static struct audit_account *enter(struct audit_accounts *accounts, uid_t uid, const char *group)
{
    struct audit_record record = {.counted_as = uid, .counted_in = slice_from(group)};

    return audit_account_enter(accounts, &record);
}

/* As many lines as there is room for. */
static size_t fill(struct audit_accounts *accounts, struct audit_account *account, size_t *all)
{
    size_t lines = 0;

    while (audit_account_has_room(account, *all, MAX)) {
        audit_account_waits(accounts, account, LINE);
        *all += LINE;
        lines++;
    }
    return lines;
}

Test(account, is_a_container_or_a_user_of_the_host)
{
    struct audit_accounts accounts = {0};
    struct audit_account *host = enter(&accounts, 0, "");
    struct audit_account *a = enter(&accounts, 0, "/docker/a");
    struct audit_account *again = enter(&accounts, 1000, "/docker/a");
    struct audit_account *user = enter(&accounts, 1000, "");

    cr_expect_neq(host, a);
    cr_expect_eq(a, again, "whatever users it has");
    cr_expect_neq(user, host);
    cr_expect_eq(accounts.count, 3);
    audit_account_leave(&accounts, again);
    audit_account_leave(&accounts, a);
    cr_expect_eq(accounts.count, 2);
    audit_account_leave(&accounts, host);
    audit_account_leave(&accounts, user);
    audit_account_leave(&accounts, NULL);
    audit_accounts_deinit(&accounts);
}

Test(account, one_client_takes_half_and_others_find_room)
{
    struct audit_accounts accounts = {0};
    size_t all = 0;
    struct audit_account *one = enter(&accounts, 1, "");
    struct audit_account *two = enter(&accounts, 2, "");

    fill(&accounts, one, &all);
    cr_expect_geq(all, MAX / 2);
    cr_expect_leq(all, MAX / 2 + LINE);
    cr_expect_geq(fill(&accounts, two, &all) * LINE, MAX / 4);
    for (uid_t uid = 3; uid <= AUDIT_ACCOUNTS_MAX; uid++) {
        struct audit_account *next = enter(&accounts, uid, "");

        cr_expect_geq(fill(&accounts, next, &all) * LINE, AUDIT_ACCOUNT_BYTES, "%u", uid);
        audit_account_leave(&accounts, next);
    }
    struct audit_account *late = enter(&accounts, 100000, "");

    cr_expect_leq(all, MAX + AUDIT_ACCOUNTS_MAX * (AUDIT_ACCOUNT_BYTES + LINE));
    cr_expect_eq(fill(&accounts, late, &all), 0, "memory is bounded");
    struct audit_account *later = enter(&accounts, 100001, "/docker/a");

    cr_expect_eq(late, later, "those are one");
    audit_account_leave(&accounts, later);
    audit_account_leave(&accounts, late);
    audit_account_leave(&accounts, one);
    audit_account_leave(&accounts, two);
    cr_expect_eq(accounts.count, AUDIT_ACCOUNTS_MAX, "their lines wait");
    audit_accounts_deinit(&accounts);
}

Test(account, what_is_written_is_given_back_in_order)
{
    struct audit_accounts accounts = {0};
    struct audit_account *one = enter(&accounts, 1, "");
    struct audit_account *two = enter(&accounts, 2, "");

    for (unsigned i = 0; i < 1000; i++) {
        audit_account_waits(&accounts, i % 2 ? two : one, 10);
        audit_account_waits(&accounts, NULL, 5);
        if (i >= 3) {
            audit_account_written(&accounts, 15);
            cr_assert_eq(one->waiting_bytes + two->waiting_bytes, 30);
        }
    }
    cr_expect_leq(accounts.part_cap, 64, "and takes no more memory than what waits");
    audit_account_written(&accounts, 7);
    cr_expect_eq(two->waiting_bytes + one->waiting_bytes, 23);
    audit_account_written(&accounts, 1000);
    cr_expect_eq(one->waiting_bytes + two->waiting_bytes, 0);
    audit_account_leave(&accounts, one);
    audit_account_leave(&accounts, two);
    cr_expect_eq(accounts.count, 0);
    audit_accounts_deinit(&accounts);
}
