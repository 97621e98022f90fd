#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"

static const char *const words[] = {"privileged", "host_network", "host_pid", "deny", "off", NULL};

Test(diag, suggests_what_was_meant)
{
    cr_assert_str_eq(diag_did_you_mean("priviledged", words), "privileged");
    cr_assert_str_eq(diag_did_you_mean("hostnetwork", words), "host_network");
    cr_assert_str_eq(diag_did_you_mean("denny", words), "deny");
}

Test(diag, suggests_the_only_one_that_begins_so)
{
    static const char *const names[] = {"mac_address", "aliases", "alias", NULL};

    cr_assert_str_eq(diag_did_you_mean("mac", names), "mac_address");
    cr_assert_null(diag_did_you_mean("ma", names));
    cr_assert_null(diag_did_you_mean("ali", (const char *const[]){"alias_one", "alias_two", NULL}));
}

Test(diag, suggests_nothing_far_off)
{
    char longest[200];

    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    cr_assert_null(diag_did_you_mean("memory", words));
    cr_assert_null(diag_did_you_mean("", words));
    cr_assert_null(diag_did_you_mean(longest, words));
}

Test(diag, names_the_place)
{
    struct diag diag = {.file = "p.yaml"};
    char line[700];

    diag_set(&diag, 3, 7, "unknown key \"%s\"", "lisen");
    diag_format(&diag, line, sizeof(line));
    cr_assert_str_eq(line, "p.yaml:3:7: unknown key \"lisen\"");
    diag_set(&diag, 0, 0, "is empty");
    diag_format(&diag, line, sizeof(line));
    cr_assert_str_eq(line, "p.yaml: is empty");
    diag_format(&diag, line, 5);
    cr_assert_str_eq(line, "p.ya");
}
