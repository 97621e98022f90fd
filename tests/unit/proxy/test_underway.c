/*
 * The table of what is under way: who excludes whom, in which order they are served, and that
 * nothing is left of those who have gone.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proxy/exchange/underway.h"

struct who {
    struct underway_claim claim;
    unsigned granted;
};

static void on_granted(void *owner)
{
    struct who *who = owner;

    who->granted++;
}

static struct decision_hold hold_of(enum hold_kind kind, enum hold_mode mode, const char *key)
{
    return (struct decision_hold){.kind = kind, .mode = mode, .key = slice_from(key)};
}

/* Takes up to two. Whether all is held at once. */
static bool take(struct underway *table, struct who *who, struct decision_hold first,
                 const struct decision_hold *second)
{
    struct decision_hold holds[2] = {first};

    if (second) {
        holds[1] = *second;
        holds[0].next = &holds[1];
    }
    *who = (struct who){.claim = {.granted = on_granted, .owner = who}};
    cr_assert_eq(underway_take(table, holds, &who->claim), 0);
    return who->claim.waiting == 0;
}

static bool take_one(struct underway *table, struct who *who, enum hold_mode mode, const char *key)
{
    return take(table, who, hold_of(HOLD_CONTAINER, mode, key), NULL);
}

Test(underway, says_who_excludes_whom)
{
    static const bool together[HOLD_BRINGS + 1][HOLD_BRINGS + 1] = {[HOLD_WALKS][HOLD_WALKS] = true,
                                                                    [HOLD_RUNS][HOLD_RUNS] = true,
                                                                    [HOLD_GIVES][HOLD_GIVES] = true,
                                                                    [HOLD_BRINGS][HOLD_BRINGS] =
                                                                        true};

    for (enum hold_mode a = HOLD_ALONE; a <= HOLD_BRINGS; a++) {
        for (enum hold_mode b = HOLD_ALONE; b <= HOLD_BRINGS; b++) {
            struct underway table = {0};
            struct who first;
            struct who second;
            struct who other;

            cr_expect(take_one(&table, &first, a, "x"));
            cr_expect_eq(take_one(&table, &second, b, "x"), together[a][b], "%d %d", a, b);
            cr_expect(take_one(&table, &other, b, "y"), "another container");
            underway_release(&table, &first.claim);
            cr_expect_eq(second.claim.waiting, 0);
            cr_expect_eq(second.granted, together[a][b] ? 0 : 1);
            underway_release(&table, &second.claim);
            underway_release(&table, &other.claim);
            cr_expect_eq(table.objects, 0);
        }
    }
}

Test(underway, names_are_given_by_one_party_at_a_time)
{
    static const char red, blue;
    struct underway table = {0};
    struct who who[4];
    struct decision_hold reds = hold_of(HOLD_IMAGE_NAME, HOLD_GIVES, "app:1");
    struct decision_hold blues = reds;

    reds.party = &red;
    blues.party = &blue;
    cr_expect(take(&table, &who[0], reds, NULL));
    cr_expect(take(&table, &who[1], reds, NULL));
    cr_expect_not(take(&table, &who[2], blues, NULL));
    cr_expect_not(take(&table, &who[3], reds, NULL), "behind the other");
    underway_release(&table, &who[0].claim);
    cr_expect_eq(who[2].granted, 0);
    underway_release(&table, &who[1].claim);
    cr_expect_eq(who[2].granted, 1);
    underway_release(&table, &who[2].claim);
    cr_expect_eq(who[3].granted, 1);
    underway_release(&table, &who[3].claim);
    cr_expect_eq(table.objects, 0);
}

Test(underway, tells_kinds_apart_and_keys_that_begin_alike)
{
    struct underway table = {0};
    struct who who[4];

    cr_expect(take(&table, &who[0], hold_of(HOLD_CONTAINER, HOLD_ALONE, "a"), NULL));
    cr_expect(take(&table, &who[1], hold_of(HOLD_VOLUME, HOLD_ALONE, "a"), NULL));
    cr_expect(take(&table, &who[2], hold_of(HOLD_VOLUME, HOLD_ALONE, "ab"), NULL));
    cr_expect(take(&table, &who[3], hold_of(HOLD_BUILDS, HOLD_ALONE, ""), NULL));
    for (size_t i = 0; i < 4; i++) {
        underway_release(&table, &who[i].claim);
    }
    cr_expect_eq(table.objects, 0);
}

Test(underway, serves_in_the_order_in_which_they_came)
{
    struct underway table = {0};
    struct who walker;
    struct who runner[3];
    struct who later;

    cr_expect(take_one(&table, &runner[0], HOLD_RUNS, "x"));
    cr_expect_not(take_one(&table, &walker, HOLD_WALKS, "x"));
    // They could run beside the first, and would keep the walker waiting for ever.
    cr_expect_not(take_one(&table, &runner[1], HOLD_RUNS, "x"));
    cr_expect_not(take_one(&table, &runner[2], HOLD_RUNS, "x"));
    cr_expect_not(take_one(&table, &later, HOLD_WALKS, "x"));
    underway_release(&table, &runner[0].claim);
    cr_expect_eq(walker.granted, 1);
    cr_expect_eq(runner[1].granted, 0);
    underway_release(&table, &walker.claim);
    cr_expect_eq(runner[1].granted, 1);
    cr_expect_eq(runner[2].granted, 1);
    cr_expect_eq(later.granted, 0);
    underway_release(&table, &runner[1].claim);
    cr_expect_eq(later.granted, 0);
    underway_release(&table, &runner[2].claim);
    cr_expect_eq(later.granted, 1);
    underway_release(&table, &later.claim);
    cr_expect_eq(table.objects, 0);
}

Test(underway, grants_when_the_last_of_several_objects_is_free)
{
    struct underway table = {0};
    struct decision_hold second = hold_of(HOLD_VOLUME, HOLD_ALONE, "b");
    struct who a;
    struct who b;
    struct who both;

    cr_expect(take(&table, &a, hold_of(HOLD_VOLUME, HOLD_ALONE, "a"), NULL));
    cr_expect(take(&table, &b, second, NULL));
    cr_expect_not(take(&table, &both, hold_of(HOLD_VOLUME, HOLD_ALONE, "a"), &second));
    underway_release(&table, &b.claim);
    cr_expect_eq(both.granted, 0);
    underway_release(&table, &a.claim);
    cr_expect_eq(both.granted, 1);
    underway_release(&table, &both.claim);
    cr_expect_eq(table.objects, 0);
}

Test(underway, lets_those_behind_pass_when_one_that_waits_gives_up)
{
    struct underway table = {0};
    struct who runner[2];
    struct who walker;

    cr_expect(take_one(&table, &runner[0], HOLD_RUNS, "x"));
    cr_expect_not(take_one(&table, &walker, HOLD_WALKS, "x"));
    cr_expect_not(take_one(&table, &runner[1], HOLD_RUNS, "x"));
    underway_release(&table, &walker.claim);
    underway_release(&table, &walker.claim);
    cr_expect_eq(walker.granted, 0);
    cr_expect_eq(runner[1].granted, 1);
    underway_release(&table, &runner[0].claim);
    underway_release(&table, &runner[1].claim);
    cr_expect_eq(table.objects, 0);
}

/* Each of them has a place in every queue, and leaves from its front. */
Test(underway, takes_no_longer_because_many_wait)
{
    enum { CLIENTS = 4000, OBJECTS = 50, LIMIT_S = 3 };
    struct underway table = {0};
    struct who *who = calloc(CLIENTS, sizeof(*who));
    struct decision_hold holds[OBJECTS] = {0};
    char keys[OBJECTS][16];
    clock_t begun = clock();

    cr_assert(who);
    for (size_t i = 0; i < OBJECTS; i++) {
        snprintf(keys[i], sizeof(keys[i]), "volume-%zu", i);
        holds[i] = hold_of(HOLD_VOLUME, i % 2 > 0 ? HOLD_ALONE : HOLD_RUNS, keys[i]);
        holds[i].next = i + 1 < OBJECTS ? &holds[i + 1] : NULL;
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        who[i].claim = (struct underway_claim){.granted = on_granted, .owner = &who[i]};
        cr_assert_eq(underway_take(&table, holds, &who[i].claim), 0);
        cr_assert_eq(who[i].claim.waiting == 0, i == 0);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        cr_assert_eq(who[i].granted, i > 0 ? 1 : 0);
        underway_release(&table, &who[i].claim);
    }
    cr_expect_eq(table.objects, 0);
    cr_expect_lt((clock() - begun) / CLOCKS_PER_SEC, LIMIT_S);
    free(who);
}

Test(underway, takes_nothing_when_a_momentary_hold_is_not_free)
{
    struct underway table = {0};
    struct decision_hold build = hold_of(HOLD_BUILDS, HOLD_RUNS, "");
    struct who builder;
    struct who user;
    struct decision_hold holds[2] = {hold_of(HOLD_CONTAINER, HOLD_RUNS, "x"), build};

    holds[0].next = &holds[1];
    holds[1].momentary = true;
    user = (struct who){.claim = {.granted = on_granted, .owner = &user}};
    cr_expect(take(&table, &builder, hold_of(HOLD_BUILDS, HOLD_WALKS, ""), NULL));
    cr_expect_eq(underway_take(&table, holds, &user.claim), -EAGAIN);
    cr_expect_eq(table.objects, 1);
    underway_release(&table, &builder.claim);
    cr_expect_eq(underway_take(&table, holds, &user.claim), 0);
    cr_expect_eq(user.claim.count, 1, "it is not kept");
    underway_release(&table, &user.claim);
    cr_expect_eq(table.objects, 0);
}

Test(underway, says_whether_others_are_at_the_same_kind)
{
    struct underway table = {0};
    struct who first;
    struct who second;

    cr_expect(take(&table, &first, hold_of(HOLD_CREATES, HOLD_WALKS, ""), NULL));
    cr_expect_not(underway_has_others(&table, &first.claim, HOLD_CREATES, SLICE("")), "itself");
    cr_expect(take(&table, &second, hold_of(HOLD_CREATES, HOLD_WALKS, ""), NULL));
    cr_expect(underway_has_others(&table, &first.claim, HOLD_CREATES, SLICE("")));
    cr_expect_not(underway_has_others(&table, &first.claim, HOLD_BUILDS, SLICE("")));
    cr_expect_not(underway_has_others(&table, &first.claim, HOLD_CREATES, SLICE("a")), "of a key");
    underway_release(&table, &second.claim);
    cr_expect_not(underway_has_others(&table, &first.claim, HOLD_CREATES, SLICE("")));
    underway_release(&table, &first.claim);
}

Test(underway, gives_one_object_back_and_keeps_the_others)
{
    struct underway table = {0};
    struct decision_hold a = hold_of(HOLD_VOLUME, HOLD_ALONE, "a");
    struct decision_hold b = hold_of(HOLD_VOLUME, HOLD_ALONE, "b");
    struct who first;
    struct who wants_a;
    struct who wants_b;

    cr_expect(take(&table, &first, a, &b));
    cr_expect_not(take(&table, &wants_a, a, NULL));
    cr_expect_not(take(&table, &wants_b, b, NULL));
    underway_give(&table, &first.claim, &a);
    cr_expect_eq(wants_a.granted, 1);
    cr_expect_eq(wants_b.granted, 0);
    underway_release(&table, &first.claim);
    cr_expect_eq(wants_b.granted, 1);
    underway_release(&table, &wants_a.claim);
    underway_release(&table, &wants_b.claim);
    cr_expect_eq(table.objects, 0);
}

Test(underway, says_what_a_claim_waits_for)
{
    struct underway table = {0};
    struct decision_hold volume = hold_of(HOLD_VOLUME, HOLD_ALONE, "data");
    struct who first;
    struct who second;
    enum hold_kind kind = HOLD_CONTAINER;
    enum hold_mode mode = HOLD_ALONE;
    struct slice key = {0};

    cr_expect(take(&table, &first, hold_of(HOLD_VOLUME, HOLD_RUNS, "data"), NULL));
    cr_expect_not(underway_blocker(&first.claim, &kind, &mode, &key));
    cr_expect_not(take(&table, &second, hold_of(HOLD_CONTAINER, HOLD_RUNS, "x"), &volume));
    cr_assert(underway_blocker(&second.claim, &kind, &mode, &key));
    cr_expect_eq(kind, HOLD_VOLUME);
    cr_expect_eq(mode, HOLD_RUNS);
    cr_expect(slice_eq(key, SLICE("data")));
    underway_release(&table, &first.claim);
    underway_release(&table, &second.claim);
}

/* Many clients, few objects: never two that exclude each other, and everybody is served. */
Test(underway, holds_what_it_says_in_any_order_of_coming_and_going)
{
    enum { CLIENTS = 40, KEYS = 3, STEPS = 20000 };
    struct underway table = {0};
    struct who who[CLIENTS] = {0};
    struct decision_hold held[CLIENTS] = {0};
    bool in[CLIENTS] = {false};
    uint64_t seed = 1;

    for (size_t step = 0; step < STEPS; step++) {
        seed = (seed * 1103515245U + 12345U) & UINT32_MAX;
        size_t i = (seed >> 16) % CLIENTS;

        if (in[i]) {
            underway_release(&table, &who[i].claim);
            in[i] = false;
        } else {
            static const char *const keys[KEYS] = {"a", "b", "c"};

            held[i] =
                hold_of(HOLD_VOLUME, (enum hold_mode)((seed >> 8) % 3), keys[(seed >> 4) % KEYS]);
            take(&table, &who[i], held[i], NULL);
            in[i] = true;
        }
        for (size_t a = 0; a < CLIENTS; a++) {
            for (size_t b = 0; b < a; b++) {
                bool both = in[a] && in[b] && who[a].claim.waiting == 0 &&
                            who[b].claim.waiting == 0 && slice_eq(held[a].key, held[b].key);

                cr_assert(!both || (held[a].mode == held[b].mode && held[a].mode != HOLD_ALONE));
            }
        }
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        underway_release(&table, &who[i].claim);
    }
    cr_expect_eq(table.objects, 0);
}
