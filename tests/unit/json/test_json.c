/*
 * The strict reader: what it takes, cJSON takes and reads alike; what Go and C
 * libraries read in different ways, it refuses.
 */
#include <criterion/criterion.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A text that may hold NUL. */
#define CASE(name, text)       \
    {                          \
        name, SLICE_INIT(text) \
    }

struct text_case {
    const char *name;
    struct slice text;
};

static bool same_tree(const struct json *node, const cJSON *oracle)
{
    switch (node->type) {
    case JSON_NULL:
        return cJSON_IsNull(oracle);
    case JSON_FALSE:
        return cJSON_IsFalse(oracle);
    case JSON_TRUE:
        return cJSON_IsTrue(oracle);
    case JSON_NUMBER:
        return cJSON_IsNumber(oracle);
    case JSON_STRING:
        return cJSON_IsString(oracle) && body_text_eq(node->text, oracle->valuestring);
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    const cJSON *other = oracle->child;
    for (const struct json *child = node->child; child; child = child->next) {
        if (!other || !same_tree(child, other) ||
            (node->type == JSON_OBJECT && !body_text_eq(child->name, other->string))) {
            return false;
        }
        other = other->next;
    }
    return other == NULL &&
           (node->type == JSON_OBJECT ? cJSON_IsObject(oracle) : cJSON_IsArray(oracle));
}

Test(json, takes_what_cjson_takes_and_reads_the_same)
{
    static const char *const cases[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "0.0",
        "1e5",
        "-12.5E-3",
        "9007199254740993",
        "\"\"",
        "\"a\\u0041\\n\\t\\\"\\\\\\/\\b\\f\\r\"",
        "\"\\ud83d\\ude00 \xF0\x9F\x98\x80 \xC3\xA9 \xE2\x82\xAC\"",
        "[]",
        "{}",
        " \t\r\n[ 1 , 2 , [ ] ] \n",
        "{\"a\":1,\"A\":2,\"\":[{\"b\":{}}]}",
        "\"\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80\"",
        "{\"\xC5\xBF\":\"\\u017f\\u212a\"}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        cr_expect_eq(body_open(&body, cases[i]), 0, "%s: %s", cases[i], body.why.sentence);
        cJSON *oracle = cJSON_Parse(cases[i]);
        cr_assert_not_null(oracle, "%s", cases[i]);
        cr_expect(body.tree && same_tree(body.tree, oracle), "%s", cases[i]);
        cJSON_Delete(oracle);
        body_close(&body);
    }
}

Test(json, refuses_what_parsers_read_in_two_ways)
{
    static const struct text_case cases[] = {
        CASE("a byte order mark", "\xEF\xBB\xBF{}"),
        CASE("a second document", "{}{}"),
        CASE("trailing text", "{\"a\":1} x"),
        CASE("a trailing bracket", "{}}"),
        CASE("a trailing NUL", "{}\0"),
        CASE("nothing", ""),
        CASE("white space only", " \n"),
        CASE("other white space", "\v{}"),
        CASE("a form feed", "{}\f"),
        CASE("a comment", "/* x */{}"),
        CASE("a line comment", "{}//"),
        CASE("a trailing comma in an object", "{\"a\":1,}"),
        CASE("a trailing comma in a list", "[1,]"),
        CASE("a leading comma", "[,1]"),
        CASE("two commas", "[1,,2]"),
        CASE("no comma", "[1 2]"),
        CASE("no colon", "{\"a\" 1}"),
        CASE("two colons", "{\"a\"::1}"),
        CASE("no value", "{\"a\":}"),
        CASE("no name", "{:1}"),
        CASE("a bare name", "{a:1}"),
        CASE("single quotes", "{'a':1}"),
        CASE("the wrong bracket", "[1}"),
        CASE("the wrong brace", "{\"a\":1]"),
        CASE("an open list", "[1"),
        CASE("an open object", "{\"a\":1"),
        CASE("an open string", "\"a"),
        CASE("an open escape", "\"a\\"),
        CASE("a capital", "True"),
        CASE("a short word", "nul"),
        CASE("a long word", "nulll"),
        CASE("NaN", "NaN"),
        CASE("a leading zero", "01"),
        CASE("leading zeros", "0012"),
        CASE("a negative leading zero", "-01"),
        CASE("a plus", "+1"),
        CASE("a point without digits", "1."),
        CASE("a point without integer", ".5"),
        CASE("a sign alone", "-"),
        CASE("an exponent without digits", "1e"),
        CASE("an exponent sign without digits", "1e+"),
        CASE("hexadecimal", "0x10"),
        CASE("a raw line feed in a string", "\"a\nb\""),
        CASE("a raw tab in a string", "\"a\tb\""),
        CASE("a raw NUL in a string", "\"a\0b\""),
        CASE("a raw control in a name", "{\"a\x1f\":1}"),
        CASE("an escaped NUL in a string", "[\"/srv\\u0000/etc\"]"),
        CASE("an escaped NUL in a name", "{\"Privileged\\u0000\":true}"),
        CASE("an unknown escape", "\"\\x41\""),
        CASE("an escaped apostrophe", "\"\\'\""),
        CASE("a short unicode escape", "\"\\u004\""),
        CASE("a bad unicode escape", "\"\\u00g1\""),
        CASE("a lone high surrogate", "\"\\ud800\""),
        CASE("a high surrogate before text", "\"\\ud800abcdef\""),
        CASE("two high surrogates", "\"\\ud800\\ud800\""),
        CASE("a lone low surrogate", "\"\\udc00\""),
        CASE("a lone surrogate in a name", "{\"\\udfff\":1}"),
        CASE("an overlong slash", "\"\xC0\xAF\""),
        CASE("an overlong slash of three", "\"\xE0\x80\xAF\""),
        CASE("an overlong sequence of four", "\"\xF0\x8F\xBF\xBF\""),
        CASE("a raw surrogate", "\"\xED\xA0\x80\""),
        CASE("beyond U+10FFFF", "\"\xF4\x90\x80\x80\""),
        CASE("five bytes", "\"\xF8\x88\x80\x80\x80\""),
        CASE("a continuation byte", "\"\x80\""),
        CASE("a cut sequence", "\"\xE2\x82\""),
        CASE("a cut sequence at the end", "\"\xE2\x82"),
        CASE("Latin-1", "\"caf\xE9\""),
        CASE("invalid UTF-8 in a name", "{\"Privileged\xFF\":true}"),
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        cr_expect_eq(body_open_slice(&body, cases[i].text), -EBADMSG, "%s", cases[i].name);
        cr_expect_not_null(body.why.sentence, "%s", cases[i].name);
        cr_expect_leq(body.why.offset, cases[i].text.len, "%s", cases[i].name);
        body_close(&body);
    }
}

Test(json, refuses_every_beginning_of_a_document)
{
    static const char text[] =
        "{\"a\":[1,-2.5e3,\"\\ud83d\\ude00\",null,true,{\"b\":\"\xE2\x82\xAC\"}],\"c\":false}";

    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        struct body body;
        char *cut = malloc(len + 1); // of exact size, so that a read past the end shows
        cr_assert_not_null(cut);
        memcpy(cut, text, len);
        cr_expect_eq(body_open_slice(&body, (struct slice){cut, len}), -EBADMSG, "%zu", len);
        free(cut);
        body_close(&body);
    }
}

Test(json, refuses_a_repeated_name_in_every_object)
{
    static const char *const cases[] = {
        "{\"Privileged\":false,\"Privileged\":true}",
        "{\"a\":1,\"b\":2,\"a\":null}",
        "{\"HostConfig\":{\"Privileged\":true},\"HostConfig\":{\"Memory\":1}}",
        "[{\"x\":{\"Labels\":{\"k\":\"1\",\"k\":\"1\"}}}]",
        "{\"Privileged\":1,\"\\u0050rivileged\":2}",
        "{\"\":1,\"\":2}",
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        cr_expect_eq(body_open(&body, cases[i]), -EBADMSG, "%s", cases[i]);
        cr_expect_str_eq(body.why.sentence, "duplicate key");
        body_close(&body);
    }
    struct body body;
    cr_expect_eq(body_open(&body, "{\"b\":1,\"name\":2,\"name\":3}"), -EBADMSG);
    cr_expect(body_text_eq(body.why.name, "name"));
    body_close(&body);
}

/* An object of `count` names, the last one being `last`. */
static struct buf many_names(size_t count, const char *last)
{
    struct buf text;

    buf_init(&text, 16U * 1024 * 1024);
    cr_assert_eq(buf_append_byte(&text, '{'), 0);
    for (size_t i = 0; i + 1 < count; i++) {
        cr_assert_eq(buf_printf(&text, "\"name%zu\":0,", i), 0);
    }
    cr_assert_eq(buf_printf(&text, "\"%s\":0}", last), 0);
    return text;
}

Test(json, finds_a_repeated_name_among_many, .timeout = 10)
{
    static const size_t counts[] = {2, 3, 15, 16, 17, 18, 64, 65, 66, 128, 1000, JSON_MAX_ELEMENTS};

    for (size_t i = 0; i < COUNT(counts); i++) {
        struct buf good = many_names(counts[i], "other");
        struct buf bad = many_names(counts[i], "name0");
        struct body body;
        cr_expect_eq(body_open_slice(&body, buf_slice(&good)), 0, "%zu", counts[i]);
        body_close(&body);
        cr_expect_eq(body_open_slice(&body, buf_slice(&bad)), -EBADMSG, "%zu", counts[i]);
        cr_expect(body_text_eq(body.why.name, "name0"), "%zu", counts[i]);
        body_close(&body);
        buf_deinit(&good);
        buf_deinit(&bad);
    }
}

static int open_nested(size_t depth, char opening, char closing)
{
    struct body body;
    struct buf text;

    buf_init(&text, depth * 8 + 8);
    for (size_t i = 0; i < depth; i++) {
        cr_assert_eq(buf_append_text(&text, opening == '[' || i + 1 == depth ? (char[]){opening, 0}
                                                                             : "{\"a\":"),
                     0);
    }
    for (size_t i = 0; i < depth; i++) {
        cr_assert_eq(buf_append_byte(&text, closing), 0);
    }
    int err = body_open_slice(&body, buf_slice(&text));
    body_close(&body);
    buf_deinit(&text);
    return err;
}

Test(json, bounds_the_depth)
{
    cr_expect_eq(open_nested(JSON_MAX_DEPTH, '[', ']'), 0);
    cr_expect_eq(open_nested(JSON_MAX_DEPTH + 1, '[', ']'), -EBADMSG);
    cr_expect_eq(open_nested(JSON_MAX_DEPTH, '{', '}'), 0);
    cr_expect_eq(open_nested(JSON_MAX_DEPTH + 1, '{', '}'), -EBADMSG);
    cr_expect_eq(open_nested(100000, '[', ']'), -EBADMSG);
}

static void append_list(struct buf *text, size_t count)
{
    cr_assert_eq(buf_append_byte(text, '['), 0);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(buf_append_text(text, i == 0 ? "0" : ",0"), 0);
    }
    cr_assert_eq(buf_append_byte(text, ']'), 0);
}

/* A list of `count` numbers, behind `lists` other lists of 999. 0, or -EBADMSG as too large. */
static int open_lists(size_t lists, size_t count)
{
    struct body body;
    struct buf text;

    buf_init(&text, 1024UL * 1024);
    cr_assert_eq(buf_append_byte(&text, '['), 0);
    for (size_t i = 0; i < lists; i++) {
        append_list(&text, 999);
        cr_assert_eq(buf_append_byte(&text, ','), 0);
    }
    append_list(&text, count);
    cr_assert_eq(buf_append_byte(&text, ']'), 0);
    int err = body_open_slice(&body, buf_slice(&text));
    cr_expect(err == 0 || body.why.too_large);
    body_close(&body);
    buf_deinit(&text);
    return err;
}

Test(json, bounds_the_number_of_values)
{
    // The outer list and the last one are a value each.
    cr_expect_eq(open_lists(JSON_MAX_NODES / 1000 - 1, 998), 0);
    cr_expect_eq(open_lists(JSON_MAX_NODES / 1000 - 1, 999), -EBADMSG);
}

Test(json, bounds_the_members_of_a_list_and_of_an_object)
{
    cr_expect_eq(open_lists(0, JSON_MAX_ELEMENTS), 0);
    cr_expect_eq(open_lists(0, JSON_MAX_ELEMENTS + 1), -EBADMSG);
    for (size_t more = 0; more <= 1; more++) {
        struct buf text = many_names(JSON_MAX_ELEMENTS + more, "other");
        struct body body;

        cr_expect_eq(body_open_slice(&body, buf_slice(&text)), more == 0 ? 0 : -EBADMSG);
        cr_expect_eq(body.why.too_large, more == 1);
        body_close(&body);
        buf_deinit(&text);
    }
}

Test(json, an_answer_may_hold_more)
{
    struct arena arena;
    struct json *tree = NULL;
    struct json_problem why = {0};
    struct buf text = many_names(JSON_MAX_NODES + 1, "other");

    arena_init(&arena, 64UL * 1024 * 1024);
    cr_expect_eq(json_read_answer(buf_slice(&text), &arena, &tree, &why), 0);
    arena_deinit(&arena);
    buf_deinit(&text);
}

Test(json, runs_out_of_memory_in_good_order)
{
    static const char text[] = "{\"a\":[1,\"b\",{\"c\":null}],\"d\":\"e\"}";
    bool done = false;

    for (size_t limit = 0; limit < 16384 && !done; limit += 256) {
        struct arena arena;
        struct json *tree = NULL;
        struct json_problem why;
        arena_init(&arena, limit);
        int err = json_read(slice_from(text), &arena, &tree, &why);
        cr_expect(err == 0 || (err == -ENOMEM && tree == NULL), "%zu: %d", limit, err);
        done = err == 0;
        arena_deinit(&arena);
    }
    cr_expect(done);
}

Test(json, writes_compactly_and_keeps_the_text_of_numbers)
{
    static const char *const cases[][2] = {
        {" { \"a\" : [ 1 , 2 ] , \"b\" : { } } ", "{\"a\":[1,2],\"b\":{}}"},
        {"[9007199254740993,-0,1E400,0.10]", "[9007199254740993,-0,1E400,0.10]"},
        {"\"\\u0041\\/\\u000a\"", "\"A/\\n\""},
        {"[null,true,false,\"\",[]]", "[null,true,false,\"\",[]]"},
        {"\"\\u00e9\\ud83d\\ude00\"", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        cr_assert_eq(body_open(&body, cases[i][0]), 0);
        cr_expect_str_eq(body_written(&body), cases[i][1]);
        body_close(&body);
    }
}

Test(json, passes_an_integer_on_when_cjson_would_round_it)
{
    struct body body;

    cr_assert_eq(body_open(&body, "[9223372036854775807]"), 0);
    cr_expect_str_eq(body_written(&body), "[9223372036854775807]");
    body_close(&body);
}

struct integer_case {
    const char *text;
    int err;
    int64_t value;
};

Test(json, reads_integers_from_their_text)
{
    static const struct integer_case cases[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"1", 0, 1},
        {"-1", 0, -1},
        {"9007199254740993", 0, 9007199254740993},
        {"9223372036854775807", 0, INT64_MAX},
        {"-9223372036854775808", 0, INT64_MIN},
        {"9223372036854775808", -ERANGE, 0},
        {"-9223372036854775809", -ERANGE, 0},
        {"18446744073776660480", -ERANGE, 0},
        {"1.0", -EINVAL, 0},
        {"1e3", -EINVAL, 0},
        {"67108864.5", -EINVAL, 0},
        {"\"1\"", -EINVAL, 0},
        {"true", -EINVAL, 0},
        {"null", -EINVAL, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct body body;
        int64_t value = 77;
        cr_assert_eq(body_open(&body, cases[i].text), 0, "%s", cases[i].text);
        int err = json_int64(body.tree, &value);
        cr_expect_eq(err, cases[i].err, "%s: %d", cases[i].text, err);
        cr_expect_eq(value, err == 0 ? cases[i].value : 77, "%s", cases[i].text);
        body_close(&body);
    }
}

Test(json, knows_zero_values)
{
    static const char *const zeros[] = {"null",  "false", "0",    "-0", "0.0",
                                        "-0.00", "0e7",   "\"\"", "[]", "{}"};
    static const char *const others[] = {"true",  "1",   "-1",     "0.01", "1e-400",      "\" \"",
                                         "\"0\"", "[0]", "[null]", "[[]]", "{\"a\":null}"};

    for (size_t i = 0; i < COUNT(zeros); i++) {
        struct body body;
        cr_assert_eq(body_open(&body, zeros[i]), 0);
        cr_expect(json_is_zero(body.tree), "%s", zeros[i]);
        body_close(&body);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        struct body body;
        cr_assert_eq(body_open(&body, others[i]), 0);
        cr_expect_not(json_is_zero(body.tree), "%s", others[i]);
        body_close(&body);
    }
}

Test(json, folds_names_as_go_does)
{
    static const char *const same[][2] = {
        {"HostConfig", "HostConfig"},   {"hostconfig", "HostConfig"},
        {"HOSTCONFIG", "HostConfig"},   {"Ho\xC5\xBFtConfig", "HostConfig"},
        {"NetworKMode", "NetworkMode"}, {"Networ\xE2\x84\xAAMode", "NetworkMode"},
        {"\xC5\xBF\xC5\xBF", "ss"},     {"", ""},
    };
    static const char *const different[][2] = {
        {"HostConfi", "HostConfig"},
        {"HostConfigs", "HostConfig"},
        {"Host_Config", "HostConfig"},
        {"M\xC4\xB1nute", "Minute"},
        {"\xC3\x89", "\xC3\xA9"},
        {"", "a"},
        {"@", "`"},
        {"[", "{"},
        {"\xC5", "s"},
    };

    for (size_t i = 0; i < COUNT(same); i++) {
        cr_expect(json_name_folds_to(slice_from(same[i][0]), slice_from(same[i][1])), "%s",
                  same[i][0]);
    }
    for (size_t i = 0; i < COUNT(different); i++) {
        cr_expect_not(json_name_folds_to(slice_from(different[i][0]), slice_from(different[i][1])),
                      "%s", different[i][0]);
    }
}

Test(json, edits_a_tree)
{
    struct body body;

    cr_assert_eq(body_open(&body, "{\"a\":1,\"b\":[],\"c\":3}"), 0);
    json_set(body.tree, SLICE("a"), json_new_string(&body.arena, SLICE("x\"")));
    json_set(body.tree, SLICE("d"), json_new_int(&body.arena, INT64_MIN));
    json_set(body.tree, SLICE("e"), json_new_bool(&body.arena, true));
    json_append(json_member(body.tree, SLICE("b")), json_new(&body.arena, JSON_NULL));
    json_append(json_member(body.tree, SLICE("b")), json_new_bool(&body.arena, false));
    json_remove(body.tree, SLICE("c"));
    json_remove(body.tree, SLICE("none"));
    cr_expect_str_eq(body_written(&body),
                     "{\"a\":\"x\\\"\",\"b\":[null,false],\"d\":-9223372036854775808,\"e\":true}");
    cr_expect_null(json_member(body.tree, SLICE("c")));
    cr_expect_null(json_member(json_member(body.tree, SLICE("b")), SLICE("c")));
    cr_expect_null(json_member(NULL, SLICE("c")));
    body_close(&body);
}

/* What stands in the text as it would be written is copied from there, unless it was changed. */
Test(json, writes_what_was_changed_and_copies_the_rest)
{
    struct body body;

    cr_assert_eq(body_open(&body, "{\"a\": \"long\",\"b\":\"same\" ,\"cc\":[ \"x\\u0041\",1.50],"
                                  "\"d\\n\":\"\x7f\xC3\xA9\\/\",\"e\":{\"f\":true}}"),
                 0);
    struct json *first = body.tree->child;
    struct json *third = first->next->next;

    cr_expect_str_eq(body_written(&body), "{\"a\":\"long\",\"b\":\"same\",\"cc\":[\"xA\",1.50],"
                                          "\"d\\n\":\"\\u007f\xC3\xA9/\",\"e\":{\"f\":true}}");
    first->text.len = 2; // the beginning of what was read
    third->name.len = 1;
    first->next->name = SLICE("n\"");
    third->child->next->type = JSON_NULL;
    third->next->next->child->type = JSON_FALSE;
    cr_expect_str_eq(body_written(&body), "{\"a\":\"lo\",\"n\\\"\":\"same\",\"c\":[\"xA\",null],"
                                          "\"d\\n\":\"\\u007f\xC3\xA9/\",\"e\":{\"f\":false}}");
    body_close(&body);
}

Test(json, keeps_nothing_of_the_text_it_was_given)
{
    static const char text[] = "{\"a\":\"b\",\"c\":12}";
    char given[sizeof(text)];
    struct body body;

    memcpy(given, text, sizeof(text));
    cr_assert_eq(body_open_slice(&body, (struct slice){given, sizeof(text) - 1}), 0);
    memset(given, 'x', sizeof(given));
    cr_expect_str_eq(body_written(&body), text);
    body_close(&body);
}
