/*
 * Refusals that repeat are counted: none is lost, none is hidden behind another kind, and memory is
 * bounded whatever comes.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "audit/fold.h"

static const struct violation privileged = {.rule = "privileged", .text = SLICE_INIT("is true")};

static struct audit_record refusal(const char *path, const char *id)
{
    return (struct audit_record){.time_ms = 1000,
                                 .request_id = slice_from(id),
                                 .operation = "containers.create",
                                 .method = SLICE_INIT("POST"),
                                 .path = slice_from(path),
                                 .status = 403,
                                 .violations = &privileged};
}

struct got {
    struct buf lines;
    uint64_t count;
    uint64_t count_of[2]; /* of uids */
    struct audit_accounts accounts;
};

static void on_line(void *owner, struct audit_account *account, struct slice line, uint64_t count)
{
    struct got *got = owner;

    got->count_of[account->uid % 2] += count;
    got->count += count;
    cr_assert_eq(buf_append(&got->lines, line), 0);
}

static struct folds make(struct got *got)
{
    *got = (struct got){.lines = {.limit_bytes = 64 << 20}};
    return (struct folds){.emit = on_line, .owner = got, .accounts = &got->accounts};
}

static bool take(struct folds *folds, const struct audit_record *record, bool text, uint64_t now_ms)
{
    struct audit_account *account = audit_account_enter(folds->accounts, record);
    bool taken = folds_take(folds, account, record, text, now_ms);

    audit_account_leave(folds->accounts, account);
    return taken;
}

static bool says(const struct got *got, const char *text)
{
    return got->lines.len > 0 && memmem(got->lines.data, got->lines.len, text, strlen(text));
}

Test(fold, counts_what_repeats_and_says_when_and_which)
{
    struct got got;
    struct folds folds = make(&got);
    char id[16];
    unsigned written = 0;

    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "ID%08d", i);
        struct audit_record each = refusal("/containers/create", id);

        each.time_ms += i;
        written += !take(&folds, &each, false, 5000);
    }
    cr_expect_eq(written, 1, "the first is written at once");
    folds_tick(&folds, 5999);
    cr_expect_eq(got.count, 0);
    folds_tick(&folds, 6000);
    cr_expect_eq(got.count, 99);
    cr_expect(says(&got, "\"req\":\"ID00000001\",\"decision\":\"deny\""));
    cr_expect(says(&got, "\"path\":\"/containers/create\""));
    cr_expect(says(&got, "\"rules\":[{\"id\":\"privileged\",\"value\":\"is true\""));
    cr_expect(says(&got,
                   ",\"count\":99,\"first\":\"1970-01-01T00:00:01.001Z\",\"last\":\"1970-01-01T"
                   "00:00:01.099Z\",\"reqs\":[\"ID00000001\",\"ID00000002\","));
    cr_expect(says(&got, "\"ID00000016\"],\"last_req\":\"ID00000099\"}\n"), "%.*s",
              (int)got.lines.len, got.lines.data);
    struct audit_record again = refusal("/containers/create", "ID00000100");

    cr_expect(take(&folds, &again, false, 6500), "it goes on");
    folds_tick(&folds, 7000);
    cr_expect_eq(got.count, 100);
    folds_tick(&folds, 8000);
    cr_expect_eq(folds.count, 0, "forgotten when it was quiet");
    cr_expect_not(take(&folds, &again, false, 8000));
    folds_flush(&folds);
    cr_expect_eq(got.count, 100);
    buf_deinit(&got.lines);
}

Test(fold, has_a_form_in_text)
{
    struct got got;
    struct folds folds = make(&got);
    struct audit_record each = refusal("/containers/create", "ID1");

    for (int i = 0; i < 3; i++) {
        take(&folds, &each, true, 0);
    }
    folds_flush(&folds);
    cr_expect(says(&got, "ms count=2 first=1970-01-01T00:00:01.000Z last=1970-01-01T00:00:01.000Z "
                         "last_req=ID1\n"),
              "%.*s", (int)got.lines.len, got.lines.data);
    buf_deinit(&got.lines);
}

Test(fold, counts_nothing_with_another_kind)
{
    static const struct violation other_rule = {.rule = "host_pid"};
    static const struct violation two = {.rule = "privileged", .next = (struct violation *)0};
    struct got got;
    struct folds folds = make(&got);
    struct audit_record base = refusal("/a", "ID1");
    struct audit_record other[8];

    for (size_t i = 0; i < 8; i++) {
        other[i] = base;
    }
    other[0].violations = &other_rule;
    other[1].operation = "exec.create";
    other[2].policy = SLICE("b");
    other[3].listener = SLICE("/run/b");
    other[4].peer.uid = 7;
    other[5].container_id = SLICE("c");
    other[6].status = 429;
    other[7].outcome = AUDIT_ERROR;
    cr_expect_not(take(&folds, &base, false, 0));
    for (size_t i = 0; i < 8; i++) {
        cr_expect_not(take(&folds, &other[i], false, 0), "%zu", i);
    }
    base.violations = &two;
    cr_expect_not(take(&folds, &base, false, 0), "the same rule, and another value");
    base.peer.pid = 12;
    cr_expect(take(&folds, &base, false, 0));
    folds_flush(&folds);
    cr_expect_eq(got.count, 1);
    buf_deinit(&got.lines);
}

Test(fold, writes_some_that_say_something_else)
{
    struct got got;
    struct folds folds = make(&got);
    unsigned written = 0;
    char path[32];

    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof(path), "/%d", i);
        struct audit_record each = refusal(path, "ID1");

        written += !take(&folds, &each, false, 0);
    }
    cr_expect_eq(written, FOLD_DISTINCT);
    folds_tick(&folds, 1000);
    cr_expect_eq(got.count, 1000 - FOLD_DISTINCT);
    struct audit_record late = refusal("/late", "ID2");

    cr_expect_not(take(&folds, &late, false, 1000), "each second again");
    folds_flush(&folds);
    audit_accounts_deinit(&got.accounts);
    buf_deinit(&got.lines);
}

Test(fold, takes_bounded_memory_and_loses_none)
{
    struct got got;
    struct folds folds = make(&got);
    char value[4096];
    uint64_t written = 0;

    memset(value, 0x1b, sizeof(value));
    for (unsigned i = 0; i < 3000; i++) {
        struct audit_record each = refusal("/a", "ID1");

        each.peer.uid = i % 1000;
        each.path = (struct slice){value, sizeof(value)};
        written += !take(&folds, &each, false, i);
        cr_assert_leq(folds.count, FOLD_MAX);
        cr_assert_leq(folds.bytes, FOLD_MAX_BYTES);
        if (i % 3 == 0) {
            written += !take(&folds, &each, false, i);
        }
    }
    folds_flush(&folds);
    cr_expect_eq(folds.count, 0);
    cr_expect_eq(folds.bytes, 0);
    cr_expect_eq(written + got.count, 4000);
    buf_deinit(&got.lines);
}

Test(fold, who_has_most_kinds_or_bytes_gives_way)
{
    struct got got;
    struct folds folds = make(&got);
    static char path[FOLD_MAX_BYTES / 256];
    struct audit_record victim = refusal("/containers/create", "V");
    unsigned folded = 0;

    victim.peer.uid = victim.counted_as = 1;
    take(&folds, &victim, false, 0);
    cr_expect(take(&folds, &victim, false, 0));
    for (unsigned i = 0; i < 3 * FOLD_MAX; i++) {
        struct audit_record each = refusal("/x", "F");

        each.status = 400 + i;
        take(&folds, &each, false, 1);
        take(&folds, &each, false, 1);
    }
    cr_expect_eq(folds.count, FOLD_MAX);
    cr_expect_geq(got.count_of[0], 2 * FOLD_MAX, "its own oldest were ended");
    cr_expect_eq(got.count_of[1], 0, "and the other's goes on");
    cr_expect(take(&folds, &victim, false, 2));
    memset(path, 'a', sizeof(path) - 1);
    for (unsigned i = 0; i < 20 * 256; i++) {
        struct audit_record each = refusal(path, "F");

        each.image = (struct slice){path, sizeof(path) - 1};
        each.status = 400 + i % 255;
        each.made_name = (struct slice){path, sizeof(path) - 1};
        folded += take(&folds, &each, false, 3);
    }
    cr_expect_gt(folded, 0);
    cr_expect_leq(folds.bytes, FOLD_MAX_BYTES);
    cr_expect_eq(got.count_of[1], 0);
    folds_flush(&folds);
    cr_expect_eq(got.count_of[1], 2);
    cr_expect_eq(folds.bytes, 0);
    audit_accounts_deinit(&got.accounts);
    buf_deinit(&got.lines);
}
