/*
 * JSON taken apart as it comes: every text whole, byte by byte and cut at each point.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "json/json_split.h"

enum { LIMIT = 16, SHOWN_BYTES = 4096 };

static bool opens_two(const struct json_split *split, char bracket)
{
    return split->depth == 0 ||
           (split->depth == 1 && bracket == '[' && slice_eq(split->name, SLICE("list")));
}

static bool opens_nothing(const struct json_split *split, char bracket)
{
    (void)split;
    (void)bracket;
    return false;
}

/* What comes out, as one line: "(name:value)" for values, "{" and "}" for what is opened. */
struct shown {
    struct buf text;
    bool long_value;
};

static void show(struct shown *shown, const struct json_split *split, enum json_piece piece,
                 struct slice text)
{
    int err = 0;

    if (piece == JSON_PIECE_VALUE) {
        err = buf_printf(&shown->text, "(%.*s:%.*s)", SLICE_ARGS(split->name), SLICE_ARGS(text));
    } else if (piece == JSON_PIECE_PART) {
        err = shown->long_value ? 0 : buf_printf(&shown->text, "<%.*s:", SLICE_ARGS(split->name));
        err = err < 0 ? err : buf_append(&shown->text, text);
        shown->long_value = true;
    } else if (piece == JSON_PIECE_LONG_END) {
        err = buf_append_byte(&shown->text, '>');
        shown->long_value = false;
    } else {
        err = buf_append(&shown->text, text);
    }
    cr_assert_eq(err, 0);
}

static bool feed(struct json_split *split, struct slice text, struct shown *shown)
{
    enum json_piece piece = JSON_PIECE_PART;

    while (piece != JSON_PIECE_MORE) {
        struct slice out;

        cr_assert_eq(json_split_next(split, &text, &piece, &out), 0);
        if (piece == JSON_PIECE_BAD) {
            return false;
        }
        if (piece != JSON_PIECE_MORE) {
            show(shown, split, piece, out);
        }
    }
    cr_assert_eq(text.len, 0);
    return true;
}

/* In two pieces cut at `cut`, or in pieces of one byte when that is 0. */
static void expect(json_split_opens *opens, struct slice text, size_t cut, const char *expected)
{
    struct json_split split;
    struct shown shown = {.text = {.limit_bytes = SHOWN_BYTES}};
    bool good = true;

    json_split_init(&split, opens, LIMIT);
    if (cut > 0) {
        good = feed(&split, slice_head(text, cut), &shown) &&
               feed(&split, slice_from_index(text, cut), &shown);
    }
    for (size_t i = 0; i < text.len && good && cut == 0; i++) {
        good = feed(&split, slice_head(slice_from_index(text, i), 1), &shown);
    }
    good = good && feed(&split, SLICE("\n"), &shown) && split.done;
    if (!good) {
        cr_expect_null(expected, "%.*s cut at %zu is refused", SLICE_ARGS(text), cut);
    } else {
        cr_expect(expected && slice_eq(buf_slice(&shown.text), slice_from(expected)),
                  "%.*s cut at %zu: %.*s", SLICE_ARGS(text), cut,
                  SLICE_ARGS(buf_slice(&shown.text)));
    }
    buf_deinit(&shown.text);
    json_split_deinit(&split);
}

static const struct {
    const char *text;
    const char *out; /* NULL: refused */
} rows[] = {
    {"[]", "[]"},
    {" [ ] ", "[]"},
    {"[1,2]", "[(:1)(:2)]"},
    {"[ -1.5e3 , \"a]\\\"},\" ]", "[(:-1.5e3)(:\"a]\\\"},\")]"},
    {"[{\"a\":[1,\"}\"]},null]", "[(:{\"a\":[1,\"}\"]})(:null)]"},
    {"{}", "{}"},
    {"{\"a\":1,\"list\":[{},true],\"b\":[2]}", "{(a:1)[(:{})(:true)](b:[2])}"},
    {"{\"\\u006cist\":[1]}", "{[(:1)]}"},
    {"[\"12345678901234\"]", "[(:\"12345678901234\")]"},
    {"[\"123456789012345\",1]", "[<:\"123456789012345\">(:1)]"},
    {"{\"a\":12345678901234567,\"b\":1}", "{<a:12345678901234567>(b:1)}"},
    {"{\"a\":[1,2,3,4,5,6,7,8,9,\"\\\"\"]}", "{<a:[1,2,3,4,5,6,7,8,9,\"\\\"\"]>}"},
    {"null", "(:null)"},
    {"\"x\"", "(:\"x\")"},
    {"[1,]", NULL},
    {"[,1]", NULL},
    {"[1 2]", NULL},
    {"[1}", NULL},
    {"{1:2}", NULL},
    {"{\"a\" 1}", NULL},
    {"{\"a\":}", NULL},
    {"{\"a\":1,}", NULL},
    {"{\"a\\ud800\":1}", NULL},
    {"[1]x", NULL},
    {"[1] [2]", NULL},
    {"[1", NULL},
    {"[\"a", NULL},
    {"", NULL},
    {"]", NULL},
    {":", NULL},
    {"nul]", NULL},
};

Test(json_split, gives_the_same_whatever_pieces_it_gets)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice text = slice_from(rows[i].text);

        for (size_t cut = 0; cut <= text.len; cut++) {
            expect(opens_two, text, cut, rows[i].out);
        }
    }
}

Test(json_split, gives_what_it_does_not_open_as_it_is)
{
    expect(opens_nothing, SLICE("[1, {}]"), 3, "(:[1, {}])");
    expect(opens_nothing, SLICE("{\"a\": 1} "), 0, "(:{\"a\": 1})");
}

Test(json_split, refuses_a_name_that_is_too_long)
{
    struct json_split split;
    struct slice out;
    enum json_piece piece = JSON_PIECE_MORE;
    struct slice open = SLICE("{\"");

    json_split_init(&split, opens_two, LIMIT);
    cr_assert_eq(json_split_next(&split, &open, &piece, &out), 0);
    for (size_t i = 0; i <= JSON_SPLIT_NAME_BYTES && piece != JSON_PIECE_BAD; i++) {
        struct slice more = SLICE("n");

        cr_assert_eq(json_split_next(&split, &more, &piece, &out), 0);
        cr_assert_leq(json_split_held(&split), LIMIT + JSON_SPLIT_NAME_BYTES);
    }
    cr_assert_eq(piece, JSON_PIECE_BAD);
    json_split_deinit(&split);
}
