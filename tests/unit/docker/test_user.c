/*
 * Spellings of users: every one that may end up as 0 is root.
 */
#include <criterion/criterion.h>

#include "docker/user.h"

struct user_case {
    const char *text;
    enum user_kind user;
    enum user_kind group;
    bool has_colon;
};

Test(user, reads_every_spelling_as_the_engine_would)
{
    static const struct user_case cases[] = {
        {"", USER_NONE, USER_NONE, false},
        {":", USER_NONE, USER_NONE, true},
        {":0", USER_NONE, USER_ROOT, true},
        {":1000", USER_NONE, USER_NUMBER, true},
        {"0", USER_ROOT, USER_NONE, false},
        {"00", USER_ROOT, USER_NONE, false},
        {"000000", USER_ROOT, USER_NONE, false},
        {"+0", USER_ROOT, USER_NONE, false},
        {"-0", USER_ROOT, USER_NONE, false},
        {"+00", USER_ROOT, USER_NONE, false},
        {"0:1000", USER_ROOT, USER_NUMBER, true},
        {"root", USER_ROOT, USER_NONE, false},
        {"root:root", USER_ROOT, USER_ROOT, true},
        {"1000", USER_NUMBER, USER_NONE, false},
        {"1000:1000", USER_NUMBER, USER_NUMBER, true},
        {"1000:", USER_NUMBER, USER_NONE, true},
        {"1000:0", USER_NUMBER, USER_ROOT, true},
        {"1000:+0", USER_NUMBER, USER_ROOT, true},
        {"1000:docker", USER_NUMBER, USER_NAME, true},
        {"1000:0:9", USER_NUMBER, USER_ROOT, true},
        {"1000:1000:0", USER_NUMBER, USER_NUMBER, true},
        {"2147483647:2147483647", USER_NUMBER, USER_NUMBER, true},
        {"65534", USER_NUMBER, USER_NONE, false},
        {"2147483648", USER_ROOT, USER_NONE, false},
        {"4294967296", USER_ROOT, USER_NONE, false},
        {"18446744073709551616", USER_ROOT, USER_NONE, false},
        {"01000", USER_ROOT, USER_NONE, false},
        {"+1000", USER_ROOT, USER_NONE, false},
        {"-1", USER_ROOT, USER_NONE, false},
        {"-", USER_ROOT, USER_NONE, false},
        {"app", USER_NAME, USER_NONE, false},
        {"toor", USER_NAME, USER_NONE, false},
        {"Root", USER_NAME, USER_NONE, false},
        {" 0", USER_NAME, USER_NONE, false},
        {"0x0", USER_NAME, USER_NONE, false},
        {"1e3", USER_NAME, USER_NONE, false},
        {"\xD9\xA0", USER_NAME, USER_NONE, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct user_spec user = user_parse(slice_from(cases[i].text));
        cr_expect_eq(user.user, cases[i].user, "'%s' user: %d", cases[i].text, (int)user.user);
        cr_expect_eq(user.group, cases[i].group, "'%s' group: %d", cases[i].text, (int)user.group);
        cr_expect_eq(user.has_colon, cases[i].has_colon, "'%s'", cases[i].text);
    }
}

Test(user, keeps_the_texts)
{
    struct user_spec user = user_parse(SLICE("app:staff:x"));

    cr_expect(slice_eq(user.user_text, SLICE("app")));
    cr_expect(slice_eq(user.group_text, SLICE("staff")));
}
