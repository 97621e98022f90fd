/*
 * What is known of volumes and what ran with them: until when, and what is not known any more.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "proxy/exchange/volume_runs.h"

static void expect(const struct volume_runs *runs, const char *name, bool known, uint64_t until_s)
{
    uint64_t found_s = 0;

    cr_assert_eq(volume_runs_find(runs, slice_from(name), &found_s), known, "%s", name);
    cr_assert_eq(found_s, until_s, "%s: %lu", name, (unsigned long)found_s);
}

Test(volume_runs, remembers_when_something_last_ran)
{
    struct volume_runs runs = {0};

    volume_runs_raise(&runs, 100);
    expect(&runs, "data", false, 100);
    volume_runs_note(&runs, SLICE("data"), 110);
    volume_runs_note(&runs, SLICE("else"), 120);
    volume_runs_note(&runs, SLICE("data"), 130);
    expect(&runs, "data", true, 130);
    expect(&runs, "else", true, 120);
    expect(&runs, "dat", false, 100);
    volume_runs_deinit(&runs);
}

Test(volume_runs, a_clock_that_is_set_back_makes_nothing_older)
{
    struct volume_runs runs = {0};

    volume_runs_raise(&runs, 100);
    volume_runs_note(&runs, SLICE("data"), 50);
    expect(&runs, "data", true, 100);
    volume_runs_raise(&runs, 10);
    expect(&runs, "else", false, 100);
    volume_runs_deinit(&runs);
}

Test(volume_runs, forgets_what_was_removed_but_not_what_was_made_anew)
{
    struct volume_runs runs = {0};

    volume_runs_note(&runs, SLICE("data"), 110);
    uint64_t turn = runs.turn;

    volume_runs_note(&runs, SLICE("else"), 111);
    volume_runs_forget(&runs, SLICE("else"), turn);
    expect(&runs, "else", true, 111);
    volume_runs_forget(&runs, SLICE("data"), turn);
    expect(&runs, "data", false, 0);
    volume_runs_forget(&runs, SLICE("nobody"), turn);
    volume_runs_deinit(&runs);
}

Test(volume_runs, what_makes_room_is_as_old_as_anything)
{
    struct volume_runs runs = {0};
    char name[32];

    volume_runs_note(&runs, SLICE("data"), 100);
    volume_runs_note(&runs, SLICE("next"), 101);
    volume_runs_note(&runs, SLICE("data"), 102);
    for (unsigned i = 0; i < VOLUME_RUNS_MAX - 1; i++) {
        (void)snprintf(name, sizeof(name), "v%u", i);
        volume_runs_note(&runs, slice_from(name), 200);
    }
    cr_assert_eq(runs.count, VOLUME_RUNS_MAX);
    // Where a container can change the time of a volume, that one would look new.
    expect(&runs, "next", true, 101);
    expect(&runs, "data", true, 102);
    expect(&runs, "unknown", true, 101);
    volume_runs_deinit(&runs);
    cr_assert_eq(runs.count, 0);
}
