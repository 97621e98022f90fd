/*
 * The reader of field tables, on a table of its own.
 */
#include <criterion/criterion.h>

#include <errno.h>

#include "docker/tables/fields.h"
#include "support/bodies.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct sample_spec {
    bool flag;
    int64_t number;
    struct slice text;
    struct string_list list;
    struct string_map map;
};

// clang-format off
#define ROW(name, type, use, table)  {SLICE_INIT(name), type, use, table, false, 0, NULL, \
                                      TEXT_OPAQUE, TEXT_OPAQUE}
#define PLACED(name, type, member)   {SLICE_INIT(name), type, FIELD_JUDGED, NULL, true, \
                                      offsetof(struct sample_spec, member), NULL, TEXT_OPAQUE, \
                                      TEXT_OPAQUE}
static const struct field inner_rows[] = {
    ROW("Inner", FIELD_STRING, FIELD_HARMLESS, NULL),
};
static const struct field_table inner_table = {inner_rows, COUNT(inner_rows), NULL};

static const struct field_table empty_table = {NULL, 0, NULL};

static const struct field elsewhere_rows[] = {
    ROW("Task", FIELD_BOOL, FIELD_JUDGED, NULL),
};
static const struct field_table elsewhere_table = {elsewhere_rows, COUNT(elsewhere_rows), NULL};

static const struct field sample_rows[] = {
    PLACED("Flag",   FIELD_BOOL, flag),
    PLACED("Number", FIELD_INT, number),
    PLACED("Text",   FIELD_STRING, text),
    PLACED("Strings", FIELD_STRINGS, list),
    PLACED("Either", FIELD_STRING_OR_STRINGS, list),
    PLACED("Map",    FIELD_STRING_MAP, map),
    ROW("Lists",     FIELD_STRING_LISTS, FIELD_HARMLESS, NULL),
    ROW("Pair",      FIELD_INT_PAIR, FIELD_HARMLESS, NULL),
    ROW("Object",    FIELD_OBJECT, FIELD_HARMLESS, &inner_table),
    ROW("Objects",   FIELD_OBJECTS, FIELD_HARMLESS, &inner_table),
    ROW("ObjectMap", FIELD_OBJECT_MAP, FIELD_HARMLESS, &inner_table),
    ROW("ListMap",   FIELD_OBJECTS_MAP, FIELD_HARMLESS, &inner_table),
    ROW("Nothing",   FIELD_OBJECT_MAP, FIELD_HARMLESS, &empty_table),
    ROW("Dropped",   FIELD_STRING, FIELD_DROPPED, NULL),
    ROW("Refused",   FIELD_STRING, FIELD_REFUSED, NULL),
};
// clang-format on
static const struct field_table sample_table = {sample_rows, COUNT(sample_rows), &elsewhere_table};

struct field_case {
    const char *text;
    const char *written;
    const char *problems;
};

static void read_sample(struct body *body, const char *text, struct sample_spec *spec)
{
    *spec = (struct sample_spec){0};
    cr_assert_eq(body_open(body, text), 0, "%s", text);
    cr_assert_eq(fields_read(&body->reader, &sample_table, body->tree, spec), 0, "%s", text);
}

static void expect(const struct field_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct body body;
        struct sample_spec spec;
        read_sample(&body, cases[i].text, &spec);
        cr_expect_str_eq(body_problems(&body), cases[i].problems);
        cr_expect_str_eq(body_written(&body), cases[i].written, "%s: %s", cases[i].text, body.text);
        body_close(&body);
    }
}

Test(fields, places_values)
{
    struct body body;
    struct sample_spec spec;

    read_sample(
        &body,
        "{\"Flag\":true,\"Number\":-9007199254740993,\"Text\":\"x\",\"Strings\":[\"a\",\"b\"],"
        "\"Map\":{\"k\":\"v\",\"K\":\"w\",\"\":null}}",
        &spec);
    cr_expect(spec.flag);
    cr_expect_eq(spec.number, -9007199254740993);
    cr_expect(body_text_eq(spec.text, "x"));
    cr_assert_eq(spec.list.count, 2);
    cr_expect(spec.list.present);
    cr_expect(body_text_eq(spec.list.item[1], "b"));
    cr_assert_eq(spec.map.count, 3);
    cr_expect(body_text_eq(*string_map_get(&spec.map, SLICE("K")), "w"));
    cr_expect_eq(string_map_get(&spec.map, SLICE(""))->len, 0);
    cr_expect_null(string_map_get(&spec.map, SLICE("none")));
    cr_expect_str_eq(body_problems(&body), "");
    body_close(&body);
}

Test(fields, tells_an_empty_list_from_an_absent_one)
{
    struct body body;
    struct sample_spec spec;

    read_sample(&body, "{\"Strings\":[]}", &spec);
    cr_expect(spec.list.present);
    body_close(&body);
    read_sample(&body, "{\"Strings\":null}", &spec);
    cr_expect_not(spec.list.present);
    body_close(&body);
}

Test(fields, makes_a_list_of_a_bare_string_where_the_engine_does)
{
    static const struct field_case cases[] = {
        {"{\"Either\":\"a\"}", "{\"Either\":[\"a\"]}", ""},
        {"{\"Either\":\"\"}", "{\"Either\":[\"\"]}", ""},
        {"{\"Either\":[\"a\",\"b\"]}", "{\"Either\":[\"a\",\"b\"]}", ""},
        {"{\"Either\":1}", "{}", "AMBIGUOUS Either must be a list of strings"},
        {"{\"Strings\":\"a\"}", "{}", "AMBIGUOUS Strings must be a list of strings"},
    };
    struct body body;
    struct sample_spec spec;

    expect(cases, COUNT(cases));
    read_sample(&body, "{\"Either\":\"a\"}", &spec);
    cr_assert_eq(spec.list.count, 1);
    cr_expect(body_text_eq(spec.list.item[0], "a"));
    body_close(&body);
}

Test(fields, takes_out_null_and_dropped_and_empty_unknown_members)
{
    static const struct field_case cases[] = {
        {"{\"Flag\":null,\"Number\":1,\"Text\":null}", "{\"Number\":1}", ""},
        {"{\"Dropped\":{\"x\":1},\"Number\":1}", "{\"Number\":1}", ""},
        {"{\"Foo\":0,\"Bar\":[],\"Baz\":{},\"Qux\":\"\",\"Quux\":false,\"x\":null}", "{}", ""},
        {"{\"Number\":0,\"Flag\":false,\"Text\":\"\",\"Strings\":[],\"Map\":{}}",
         "{\"Number\":0,\"Flag\":false,\"Text\":\"\",\"Strings\":[],\"Map\":{}}", ""},
        {"{\"Refused\":\"\",\"Task\":false}", "{}", ""},
        {"{\"ObjectMap\":{\"a\":null},\"ListMap\":{\"b\":null},\"Map\":{\"c\":null}}",
         "{\"ObjectMap\":{\"a\":{}},\"ListMap\":{\"b\":[]},\"Map\":{\"c\":\"\"}}", ""},
        {"{\"Object\":{\"Inner\":null,\"x\":0}}", "{\"Object\":{}}", ""},
    };

    expect(cases, COUNT(cases));
}

Test(fields, reports_unknown_and_refused_members)
{
    static const struct field_case cases[] = {
        {"{\"Foo\":1}", "{}", "UNKNOWN Foo is not known"},
        {"{\"Object\":{\"Foo\":1}}", "{\"Object\":{}}", "UNKNOWN Object.Foo is not known"},
        {"{\"Objects\":[{},{\"Foo\":1}]}", "{\"Objects\":[{},{}]}",
         "UNKNOWN Objects[1].Foo is not known"},
        {"{\"ObjectMap\":{\"net\":{\"Foo\":1}}}", "{\"ObjectMap\":{\"net\":{}}}",
         "UNKNOWN ObjectMap[net].Foo is not known"},
        {"{\"ListMap\":{\"80/tcp\":[{\"Foo\":1}]}}", "{\"ListMap\":{\"80/tcp\":[{}]}}",
         "UNKNOWN ListMap[80/tcp][0].Foo is not known"},
        {"{\"Refused\":\"x\"}", "{}", "REFUSED Refused is not accepted here"},
        {"{\"Task\":true}", "{}", "REFUSED Task is not accepted here"},
        {"{\"\":1}", "{}", "UNKNOWN \"\" is not known"},
    };

    expect(cases, COUNT(cases));
}

Test(fields, refuses_another_spelling_that_says_something_else)
{
    static const struct field_case cases[] = {
        {"{\"flag\":false,\"FLAG\":true}", "{\"Flag\":false}",
         "AMBIGUOUS FLAG differs from a known field only in spelling"},
        {"{\"flag\":null,\"Flag\":true}", "{\"Flag\":true}",
         "AMBIGUOUS flag differs from a known field only in spelling"},
        {"{\"Number\":1,\"number\":\"1\"}", "{\"Number\":1}",
         "AMBIGUOUS number differs from a known field only in spelling"},
        {"{\"Number\":1,\"number\":1.0}", "{\"Number\":1}",
         "AMBIGUOUS number differs from a known field only in spelling"},
        {"{\"Map\":{\"a\":\"1\"},\"map\":{\"a\":\"1\"}}", "{\"Map\":{\"a\":\"1\"}}",
         "AMBIGUOUS map differs from a known field only in spelling"},
        {"{\"Strings\":[],\"strings\":[]}", "{\"Strings\":[]}",
         "AMBIGUOUS strings differs from a known field only in spelling"},
        {"{\"task\":null}", "{}", "AMBIGUOUS task differs from a known field only in spelling"},
        {"{\"Refused\":\"\",\"refused\":\"\"}", "{}",
         "AMBIGUOUS refused differs from a known field only in spelling"},
        {"{\"Flag\":true,\"fLAG\":0}", "{\"Flag\":true}",
         "AMBIGUOUS fLAG differs from a known field only in spelling"},
        {"{\"\xC5\xBFtrings\":[]}", "{}",
         "AMBIGUOUS \xC5\xBFtrings differs from a known field only in spelling"},
        {"{\"\\u017ftrings\":[]}", "{}",
         "AMBIGUOUS \xC5\xBFtrings differs from a known field only in spelling"},
        {"{\"tas\xE2\x84\xAA\":false}", "{}",
         "AMBIGUOUS tas\xE2\x84\xAA differs from a known field only in spelling"},
        {"{\"Object\":{\"inner\":\"\",\"Inner\":\"x\"}}", "{\"Object\":{\"Inner\":\"x\"}}",
         "AMBIGUOUS Object.inner differs from a known field only in spelling"},
        {"{\"refused\":\"\"}", "{}",
         "AMBIGUOUS refused differs from a known field only in spelling"},
    };

    expect(cases, COUNT(cases));
}

/* docker-java does, with what it has a field and a method of two spellings for. */
Test(fields, drops_another_spelling_that_says_the_same)
{
    static const struct field_case cases[] = {
        {"{\"flag\":true,\"Flag\":true}", "{\"Flag\":true}", ""},
        {"{\"Flag\":true,\"flag\":true,\"FLAG\":true}", "{\"Flag\":true}", ""},
        {"{\"flag\":null,\"Flag\":null}", "{}", ""},
        {"{\"Flag\":null,\"flag\":null}", "{}", ""},
        {"{\"map\":null}", "{}", ""},
        {"{\"Text\":\"a\",\"text\":\"\\u0061\"}", "{\"Text\":\"a\"}", ""},
        {"{\"number\":-7,\"Number\":-7}", "{\"Number\":-7}", ""},
        {"{\"Object\":{\"inner\":\"x\",\"Inner\":\"x\"}}", "{\"Object\":{\"Inner\":\"x\"}}", ""},
    };

    expect(cases, COUNT(cases));
}

/* Docker.DotNet says TTY. */
Test(fields, takes_the_only_spelling_of_a_known_name)
{
    static const struct field_case cases[] = {
        {"{\"flag\":true}", "{\"Flag\":true}", ""},
        {"{\"FLAG\":false}", "{\"Flag\":false}", ""},
        {"{\"Flag\":null,\"flag\":true}", "{\"Flag\":true}", ""},
        {"{\"\\u0066lag\":true}", "{\"Flag\":true}", ""},
        {"{\"OBJECT\":{\"inner\":\"x\"}}", "{\"Object\":{\"Inner\":\"x\"}}", ""},
        {"{\"number\":\"1\"}", "{}", "AMBIGUOUS number must be an integer"},
        {"{\"dropped\":1}", "{}", ""},
    };

    expect(cases, COUNT(cases));
}

Test(fields, leaves_nothing_in_what_an_engine_has_no_fields_for)
{
    static const struct field_case cases[] = {
        {"{\"Nothing\":{\"/data\":{\"bind\":\"/x\",\"a\":{\"b\":1}},\"/b\":null}}",
         "{\"Nothing\":{\"/data\":{},\"/b\":{}}}", ""},
        {"{\"Nothing\":{\"/data\":[]}}", "{}", "AMBIGUOUS Nothing[/data] must be an object"},
    };

    expect(cases, COUNT(cases));
}

Test(fields, leaves_the_keys_of_maps_alone)
{
    static const struct field_case cases[] = {
        {"{\"Map\":{\"a\":\"1\",\"A\":\"2\",\"Flag\":\"3\",\"\xC5\xBF\":\"4\"}}",
         "{\"Map\":{\"a\":\"1\",\"A\":\"2\",\"Flag\":\"3\",\"\xC5\xBF\":\"4\"}}", ""},
        {"{\"ObjectMap\":{\"inner\":{},\"INNER\":{}}}",
         "{\"ObjectMap\":{\"inner\":{},\"INNER\":{}}}", ""},
    };

    expect(cases, COUNT(cases));
}

Test(fields, checks_types)
{
    static const struct field_case cases[] = {
        {"{\"Flag\":1}", "{}", "AMBIGUOUS Flag must be a boolean"},
        {"{\"Flag\":\"true\"}", "{}", "AMBIGUOUS Flag must be a boolean"},
        {"{\"Number\":\"1\"}", "{}", "AMBIGUOUS Number must be an integer"},
        {"{\"Number\":1.5}", "{}", "AMBIGUOUS Number must be an integer"},
        {"{\"Number\":1e3}", "{}", "AMBIGUOUS Number must be an integer"},
        {"{\"Number\":9223372036854775808}", "{}", "AMBIGUOUS Number does not fit into 64 bits"},
        {"{\"Text\":1}", "{}", "AMBIGUOUS Text must be a string"},
        {"{\"Text\":[]}", "{}", "AMBIGUOUS Text must be a string"},
        {"{\"Strings\":[1]}", "{}", "AMBIGUOUS Strings must be a list of strings"},
        {"{\"Strings\":[null]}", "{}", "AMBIGUOUS Strings must be a list of strings"},
        {"{\"Strings\":{}}", "{}", "AMBIGUOUS Strings must be a list of strings"},
        {"{\"Map\":[]}", "{}", "AMBIGUOUS Map must be an object of strings"},
        {"{\"Map\":{\"a\":1}}", "{}", "AMBIGUOUS Map[a] must be a string"},
        {"{\"Lists\":[\"a\"]}", "{}", "AMBIGUOUS Lists must be a list of lists of strings"},
        {"{\"Lists\":[[\"a\"],[1]]}", "{}", "AMBIGUOUS Lists must be a list of strings"},
        {"{\"Lists\":[[\"a\",\"b\"],[]]}", "{\"Lists\":[[\"a\",\"b\"],[]]}", ""},
        {"{\"Pair\":[1,2,3]}", "{}", "AMBIGUOUS Pair must be two integers"},
        {"{\"Pair\":[1,\"2\"]}", "{}", "AMBIGUOUS Pair must be two integers"},
        {"{\"Pair\":[0,0]}", "{\"Pair\":[0,0]}", ""},
        {"{\"Object\":[{\"Inner\":\"\"}]}", "{}", "AMBIGUOUS Object must be an object"},
        {"{\"Objects\":{}}", "{}", "AMBIGUOUS Objects must be a list of objects"},
        {"{\"Objects\":[null]}", "{}", "AMBIGUOUS Objects[0] must be an object"},
        {"{\"ObjectMap\":[]}", "{}", "AMBIGUOUS ObjectMap must be an object"},
        {"{\"ObjectMap\":{\"a\":[]}}", "{}", "AMBIGUOUS ObjectMap[a] must be an object"},
        {"{\"ListMap\":{\"a\":{}}}", "{}", "AMBIGUOUS ListMap[a] must be a list of objects"},
        {"{\"Object\":{\"Inner\":1}}", "{\"Object\":{}}",
         "AMBIGUOUS Object.Inner must be a string"},
        {"[{\"Flag\":true}]", "{}", "AMBIGUOUS body must be an object"},
        {"null", "{}", "AMBIGUOUS body must be an object"},
    };

    expect(cases, COUNT(cases));
}

Test(fields, keeps_unknown_members_when_told_to_but_no_second_spelling)
{
    struct body body;
    struct sample_spec spec = {0};

    cr_assert_eq(
        body_open(&body,
                  "{\"Foo\":{\"a\":[1,null]},\"Bar\":0,\"Number\":1,\"number\":2,\"Task\":true}"),
        0);
    body.reader.keep_unknown = true;
    cr_assert_eq(fields_read(&body.reader, &sample_table, body.tree, &spec), 0);
    cr_expect_str_eq(body_problems(&body),
                     "AMBIGUOUS number differs from a known field only in spelling; "
                     "REFUSED Task is not accepted here");
    cr_expect_str_eq(body_written(&body), "{\"Foo\":{\"a\":[1,null]},\"Number\":1}");
    body_close(&body);
}

Test(fields, bounds_the_problems_of_each_kind)
{
    struct body body;
    struct buf text;
    struct sample_spec spec;
    size_t unknown = 0;
    size_t ambiguous = 0;

    buf_init(&text, 1024UL * 1024);
    cr_assert_eq(buf_append_byte(&text, '{'), 0);
    for (size_t i = 0; i < 900; i++) {
        cr_assert_eq(buf_printf(&text, "\"unknown%zu\":1,", i), 0);
    }
    cr_assert_eq(buf_append_text(&text, "\"flag\":1}"), 0);
    cr_assert_eq(buf_append_byte(&text, '\0'), 0);
    read_sample(&body, text.data, &spec);
    for (const struct spec_problem *problem = body.reader.problems; problem;
         problem = problem->next) {
        unknown += problem->kind == SPEC_PROBLEM_UNKNOWN;
        ambiguous += problem->kind == SPEC_PROBLEM_AMBIGUOUS;
    }
    cr_expect_eq(unknown, SPEC_MAX_PROBLEMS);
    cr_expect_eq(ambiguous, 1);
    body_close(&body);
    buf_deinit(&text);
}

Test(fields, bounds_the_members_of_an_object)
{
    struct body body;
    struct buf text;
    struct sample_spec spec;

    buf_init(&text, 1024UL * 1024);
    cr_assert_eq(buf_append_text(&text, "{\"Map\":{\"k\":\"v\"},\"Object\":{"), 0);
    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(buf_printf(&text, "\"unknown%zu\":null,", i), 0);
    }
    cr_assert_eq(buf_append_text(&text, "\"Inner\":\"x\"}}"), 0);
    cr_assert_eq(buf_append_byte(&text, '\0'), 0);
    read_sample(&body, text.data, &spec);
    cr_expect_str_eq(body_problems(&body), "AMBIGUOUS Object has too many members");
    cr_expect_str_eq(body_written(&body), "{\"Map\":{\"k\":\"v\"},\"Object\":{}}");
    body_close(&body);
    buf_deinit(&text);
}

Test(fields, cuts_long_names_in_messages)
{
    struct body body;
    struct buf text;
    struct sample_spec spec;

    buf_init(&text, 1024UL * 1024);
    cr_assert_eq(buf_append_text(&text, "{\"ObjectMap\":{\""), 0);
    for (size_t i = 0; i < 5000; i++) {
        cr_assert_eq(buf_append_byte(&text, 'x'), 0);
    }
    cr_assert_eq(buf_append_text(&text, "\":1}}"), 0);
    cr_assert_eq(buf_append_byte(&text, '\0'), 0);
    read_sample(&body, text.data, &spec);
    cr_assert_not_null(body.reader.problems);
    cr_expect_lt(body.reader.problems->field.len, 200);
    body_close(&body);
    buf_deinit(&text);
}
