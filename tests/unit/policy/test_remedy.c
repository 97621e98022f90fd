/*
 * What a refusal tells an administrator to write is a client's: as YAML it is one word and the same
 * one, and a terminal shows it as it stands.
 */
#include <criterion/criterion.h>

#include "policy/file/yaml_tree.h"
#include "policy/rules/remedy.h"

struct word {
    struct slice text;
    const char *shown; /* "": no file can say it */
};

#define WORD(text, shown)         \
    {                             \
        SLICE_INIT(text), (shown) \
    }

static const struct word words[] = {
    WORD("/srv/ci/work", "/srv/ci/work"),
    WORD("NET_ADMIN", "NET_ADMIN"),
    WORD("0.0.0.0", "0.0.0.0"),
    WORD("net.ipv4.ip_forward", "net.ipv4.ip_forward"),
    WORD("a b", "\"a b\""),
    WORD("a: b", "\"a: b\""),
    WORD("a, access: rw}", "\"a, access: rw}\""),
    WORD("a]}, privileged: off, b: {", "\"a]}, privileged: off, b: {\""),
    WORD("a # b", "\"a # b\""),
    WORD("\"", "\"\\\"\""),
    WORD("\\", "\"\\\\\""),
    WORD("'", "\"'\""),
    WORD("off", "\"off\""),
    WORD("No", "\"No\""),
    WORD("null", "\"null\""),
    WORD("-", "\"-\""),
    WORD("*a", "\"*a\""),
    WORD("&a", "\"&a\""),
    WORD("!a", "\"!a\""),
    WORD("@a", "\"@a\""),
    WORD("", "\"\""),
    WORD("a\nrules: {privileged: off}", "\"a\\x0arules: {privileged: off}\""),
    WORD("\x1b[2J", "\"\\x1b[2J\""),
    WORD("\x7f", "\"\\x7f\""),
    WORD("\xc2\x9b", "\"\\u009b\""),
    WORD("\xc5\xbfYS_ADMIN", "\"\\u017fYS_ADMIN\""),
    WORD("\xe2\x80\x8e", "\"\\u200e\""),
    WORD("\xf0\x9f\x90\xb3", "\"\\U0001f433\""),
    WORD("\xff", ""),
    WORD("\xc5", ""),
    WORD("a\0b", ""),
};

Test(remedy, a_word_is_quoted_so_that_it_is_one_word_and_the_same)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct arena arena;
        struct slice shown = {0};
        struct slice line = {0};
        struct tree_node *root = NULL;
        struct diag diag = {0};

        arena_init(&arena, 1 << 20);
        cr_assert_eq(yaml_word(&arena, words[i].text, &shown), 0);
        cr_expect(slice_eq(shown, slice_from(words[i].shown)), "%zu: %.*s", i, SLICE_ARGS(shown));
        if (shown.len > 0) {
            cr_assert_eq(
                arena_printf(&arena, &line, "rules: {a: {allow+: [%.*s]}}", SLICE_ARGS(shown)), 0);
            cr_assert_eq(yaml_tree_read(line, &arena, &root, &diag), 0, "%zu: %s", i,
                         diag.sentence);
            const struct tree_node *list =
                tree_member(tree_member(tree_member(root, "rules"), "a"), "allow+");

            cr_assert(list && list->child && !list->child->next, "%zu is not one word", i);
            cr_expect(slice_eq(list->child->text, words[i].text), "%zu is another word", i);
        }
        arena_deinit(&arena);
    }
}

Test(remedy, a_word_that_is_too_long_is_not_shown_in_part)
{
    static char text[5000];
    struct arena arena;
    struct slice shown = {0};

    memset(text, 'a', sizeof(text));
    arena_init(&arena, 1 << 20);
    cr_assert_eq(yaml_word(&arena, (struct slice){text, 1024}, &shown), 0);
    cr_expect_eq(shown.len, 1024);
    cr_assert_eq(yaml_word(&arena, (struct slice){text, 1025}, &shown), 0);
    cr_expect_eq(shown.len, 0);
    memset(text, 1, sizeof(text));
    cr_assert_eq(yaml_word(&arena, (struct slice){text, 1024}, &shown), 0);
    cr_expect_eq(shown.len, 0, "most of it would be escapes");
    arena_deinit(&arena);
}
