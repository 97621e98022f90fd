/*
 * Answers of the engine as the policy lets them be seen: lists value by value, in bounded memory.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "support/rewrite.h"

enum { OUT_BYTES = 64 << 20 };

static struct policy *hiding_policy(void)
{
    static const struct string_pair label = {SLICE_INIT("io.sockade.owner"), SLICE_INIT("us")};
    struct policy *policy = policy_create(SLICE("p"), BASE_READ_ONLY);

    cr_assert_not_null(policy);
    policy->redact = (struct redact){.env = REDACT_ENV_SECRETS, .mounts = REDACT_MOUNTS_HOST_PATHS};
    policy->scope.labels = (struct string_map){.item = &label, .count = 1};
    return policy;
}

static void decide(struct policy *policy, const char *target, struct decision *decision)
{
    struct policy_request request = {.method = SLICE("GET"), .target = slice_from(target)};

    decision_init(decision);
    policy_decide_head(policy, &request, decision);
    cr_assert_eq(decision->verdict, VERDICT_ALLOW, "%s", target);
    cr_assert(decision->rewrites_response, "%s", target);
}

static const struct {
    const char *target;
    const char *answer;
    const char *shown; /* NULL: nothing is sent */
    uint64_t unreadable;
} rows[] = {
    {"/containers/json", "[]\n", "[]\n", 0},
    {"/containers/json", "null\n", "null\n", 0},
    {"/containers/json", " [ 1 , 2 ] ", "[1,2]\n", 0},
    {"/containers/json", "[{\"Id\":\"a\",\"Labels\":{\"x\":\"a\\u0000b\"}},{\"Id\":\"b\"}]",
     "[{\"Id\":\"a\",\"Labels\":{\"x\":\"a\\u0000b\"}},{\"Id\":\"b\"}]\n", 0},
    {"/containers/json",
     "[{\"Id\":\"a\",\"Names\":[\"/n\"],\"x\":\"\\ud800\",\"Mounts\":7},{\"Id\":\"b\"}]",
     "[{\"Id\":\"a\",\"Names\":[\"/n\"]},{\"Id\":\"b\"}]\n", 1},
    {"/containers/json", "[{\"x\":01},2,{\"x\":1,\"x\":2}]", "[2]\n", 2},
    {"/containers/json",
     "[{\"Id\":\"a\",\"Id\":\"b\",\"Names\":7,\"Names\":[\"/"
     "n\"],\"Names\":[],\"ID\":\"c\",\"x\":\"\\ud800\"}]",
     "[{\"Id\":\"a\",\"Names\":[\"/n\"],\"ID\":\"c\"}]\n", 1},
    {"/containers/json", "[{\"Id\":{\"Env\":1},\"x\":1,\"x\":2}]", "[]\n", 1},
    {"/containers/json", "[1,2", NULL, 0},
    {"/containers/json", "[1,2]]", NULL, 0},
    {"/containers/json", "", NULL, 0},
    {"/containers/json", "<html>", NULL, 0},
    {"/volumes",
     "{\"Volumes\":[{\"Name\":\"v\",\"Options\":{\"device\":\"/srv\"}}],\"Warnings\":null}",
     "{\"Volumes\":[{\"Name\":\"v\",\"Options\":{\"device\":\"<redacted>\"}}],\"Warnings\":null}\n",
     0},
    {"/volumes", "{\"Volumes\":[{\"Name\":\"v\",\"x\":\"\\ud800\"}],\"Warnings\":[\"\\ud800\"]}",
     "{\"Volumes\":[{\"Name\":\"v\"}]}\n", 2},
    {"/volumes", "{\"Volumes\":null,\"Options\":{\"device\":\"/srv\"}}",
     "{\"Volumes\":null,\"Options\":{\"device\":\"<redacted>\"}}\n", 0},
    {"/system/df", "{\"LayersSize\":1,\"Env\":[\"A_TOKEN=x\"],\"Env\":[],\"LayersSize\":2}",
     "{\"LayersSize\":1,\"Env\":[\"A_TOKEN=<redacted>\"]}\n", 2},
    {"/system/df", "{\"Images\":[],\"Images\":[]}", NULL, 0},
    {"/system/df",
     "{\"LayersSize\":1,\"Images\":[{\"Id\":\"i\"}],\"Containers\":[],\"ImageUsage\":{\"Items\":[],"
     "\"TotalCount\":0},\"VolumeUsage\":{\"Items\":[{\"Options\":{\"o\":\"lowerdir=/a:/b,ro\"}}]}}",
     "{\"LayersSize\":1,\"Images\":[{\"Id\":\"i\"}],\"Containers\":[],\"ImageUsage\":{\"Items\":[],"
     "\"TotalCount\":0},\"VolumeUsage\":{\"Items\":[{\"Options\":{\"o\":\"lowerdir=<redacted>,ro\"}"
     "}]}}\n",
     0},
    {"/containers/c/json",
     "{\"Config\":{\"Labels\":{\"x\":\"\\u0000\"},\"Env\":[\"A_TOKEN=\\u0000\"]}}",
     "{\"Config\":{\"Labels\":{\"x\":\"\\u0000\"},\"Env\":[\"A_TOKEN=<redacted>\"]}}\n", 0},
    {"/containers/c/json", "{\"Config\":{\"Env\":[\"A_TOKEN=\\ud800\"]}}", NULL, 0},
};

#define OURS "{\"Type\":\"container\",\"Actor\":{\"Attributes\":{\"io.sockade.owner\":\"us\"}}}"
#define THEIRS "{\"Actor\":{\"Attributes\":{\"io.sockade.owner\":\"them\"}}}"

/* An answer of events that comes in pieces of `step` bytes. */
static void expect_events(struct slice answer, const char *shown, size_t step)
{
    struct policy *policy = hiding_policy();
    struct buf out = {.limit_bytes = OUT_BYTES};
    struct policy_rewriter *rewriter = NULL;
    struct decision decision;

    policy->scope.on = true;
    decide(policy, "/events", &decision);
    cr_assert_eq(policy_rewriter_create(&decision, &rewriter), 0);
    cr_expect(policy_rewriter_is_stream(rewriter));
    for (size_t at = 0; at < answer.len; at += step) {
        struct slice piece = slice_head(slice_from_index(answer, at), step);

        cr_assert_eq(policy_rewriter_feed(rewriter, piece, &out), 0);
    }
    cr_assert_eq(policy_rewriter_end(rewriter, &out), 0);
    cr_expect(slice_eq(buf_slice(&out), slice_from(shown)), "%zu: %.*s", step,
              SLICE_ARGS(buf_slice(&out)));
    policy_rewriter_destroy(rewriter);
    decision_deinit(&decision);
    buf_deinit(&out);
    policy_unref(policy);
}

Test(rewriter, shows_events_of_the_scope_alone)
{
    static const char *const others[] = {
        THEIRS,
        "{}",
        "[]",
        "7",
        "",
        "{\"Actor\":7}",
        "{\"Actor\":{\"Attributes\":[\"io.sockade.owner\",\"us\"]}}",
        "{\"Actor\":{\"Attributes\":{\"IO.sockade.owner\":\"us\"}}}",
        "{\"Attributes\":{\"io.sockade.owner\":\"us\"}}",
        "{\"Actor\":{\"Attributes\":{\"io.sockade.owner\":\"them\",\"io.sockade.owner\":\"us\"}}}",
        OURS "{}",
        "{\"Actor\":{\"Attributes\":",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[1024];

        snprintf(text, sizeof(text), "%s\n" OURS "\n%s\n\x1e" OURS "\n%s", others[i], others[i],
                 others[i]);
        for (size_t step = 1; step <= strlen(text); step++) {
            expect_events(slice_from(text), OURS "\n\x1e" OURS "\n", step);
        }
    }
}

#define EVENT(type, attributes)                                                                   \
    "{\"Type\":\"" type "\",\"Action\":\"x\",\"Actor\":{\"ID\":\"1\",\"Attributes\":{" attributes \
    "}}}"

Test(rewriter, leaves_out_the_events_of_what_is_excluded)
{
    static const struct {
        const char *text;
        bool shown;
    } events[] = {
        {EVENT("container", "\"name\":\"web\",\"tier\":\"front\""), true},
        {EVENT("container", "\"name\":\"vault\""), false},
        {EVENT("container", "\"name\":\"web\",\"tier\":\"infra\""), false},
        {EVENT("container", "\"com.docker.compose.project\":\"ops\""), false},
        {EVENT("image", "\"name\":\"vault\""), true},
        {EVENT("network", "\"name\":\"web\",\"container\":\"0a\""), false},
        {EVENT("volume", ""), false},
        {"{\"status\":\"start\",\"Actor\":{\"Attributes\":{}}}", false},
        {"{\"Type\":\"container\"}", false},
        {"{}", false},
    };
    struct string_pair label = {SLICE("tier"), SLICE("infra")};
    struct slice name = SLICE("vault");
    struct slice project = SLICE("ops");
    struct scope scope = {.on = true,
                          .exclude = {.labels = {.item = &label, .count = 1},
                                      .names = {.item = &name, .count = 1},
                                      .projects = {.item = &project, .count = 1}}};

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        struct json *event = NULL;
        struct arena arena;

        arena_init(&arena, 1 << 16);
        cr_assert_eq(json_read_shown(slice_from(events[i].text), &arena, &event), 0);
        cr_expect_eq(scope_leaves_out_event(&scope, event), !events[i].shown, "%s", events[i].text);
        arena_deinit(&arena);
    }
}

Test(rewriter, leaves_an_event_out_that_is_larger_than_it_holds)
{
    struct buf text = {.limit_bytes = OUT_BYTES};

    cr_assert_eq(buf_append(&text, SLICE("{\"x\":\"")), 0);
    for (size_t i = 0; i < POLICY_REWRITE_MAX_BYTES; i++) {
        cr_assert_eq(buf_append_byte(&text, 'a'), 0);
    }
    cr_assert_eq(buf_append(&text, SLICE("\"," OURS "}\n" OURS "\n")), 0);
    expect_events(buf_slice(&text), OURS "\n", 4096);
    buf_deinit(&text);
}

Test(rewriter, shows_the_same_whatever_pieces_it_gets)
{
    struct policy *policy = hiding_policy();

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice answer = slice_from(rows[i].answer);

        for (size_t step = 1; step <= answer.len + 1; step++) {
            struct buf out = {.limit_bytes = OUT_BYTES};
            struct decision decision;
            uint64_t unreadable = 0;

            decide(policy, rows[i].target, &decision);
            int err = rewrite_in_steps(&decision, answer, step, &out, &unreadable);

            cr_expect_eq(err, rows[i].shown ? 0 : -EBADMSG, "row %zu, step %zu: %d", i, step, err);
            cr_expect(!rows[i].shown || slice_eq(buf_slice(&out), slice_from(rows[i].shown)),
                      "row %zu, step %zu: %.*s", i, step, SLICE_ARGS(buf_slice(&out)));
            cr_expect(!rows[i].shown || unreadable == rows[i].unreadable, "row %zu: %lu", i,
                      (unsigned long)unreadable);
            buf_deinit(&out);
            decision_deinit(&decision);
        }
    }
    policy_unref(policy);
}

Test(rewriter, leaves_of_an_inspection_whose_it_is)
{
    static const char inspection[] =
        "{\"Id\":\"1\",\"Env\":[\"\\ud800\"],\"x\":{\"Id\":\"2\"},\"Config\":{\"Image\":\"i\","
        "\"Env\":1,"
        "\"Labels\":{\"Id\":\"3\",\"a\":\"\\u0000\",\"b\":1,\"b\":2,\"io.sockade.owner\":\"us\"}},"
        "\"Name\":\"/n\"}";
    static const char expected[] = "{\"Id\":\"1\",\"Config\":{\"Image\":\"i\",\"Labels\":{"
                                   "\"io.sockade.owner\":\"us\"}},\"Name\":\"/n\"}\n";
    struct policy *policy = hiding_policy();
    struct decision decision;

    decide(policy, "/containers/json", &decision);
    for (size_t step = 1; step < sizeof(inspection); step++) {
        struct buf out = {.limit_bytes = OUT_BYTES};
        struct policy_rewriter *reader = NULL;
        struct slice text = slice_from(inspection);

        cr_assert_eq(policy_owner_reader_create(&decision, &reader), 0);
        for (size_t at = 0; at < text.len; at += step) {
            cr_assert_eq(
                policy_rewriter_feed(reader, slice_head(slice_from_index(text, at), step), &out),
                0);
        }
        cr_assert_eq(policy_rewriter_end(reader, &out), 0);
        cr_expect(slice_eq(buf_slice(&out), slice_from(expected)), "%.*s",
                  SLICE_ARGS(buf_slice(&out)));
        policy_rewriter_destroy(reader);
        buf_deinit(&out);
    }
    decision_deinit(&decision);
    policy_unref(policy);
}

/* One value of `size` bytes with its name in front and behind. */
static void append_large(struct buf *text, size_t size)
{
    cr_assert_eq(buf_append_text(text, "{\"Id\":\"first\",\"x\":\""), 0);
    for (size_t i = 0; i < size; i++) {
        cr_assert_eq(buf_append_byte(text, 'x'), 0);
    }
    cr_assert_eq(buf_append_text(text, "\",\"Env\":[\"A_TOKEN=hunter2\"],\"Names\":[\"/last\"]}"),
                 0);
}

Test(rewriter, names_what_is_too_large_to_be_read)
{
    static const char expected[] = "[1,{\"Id\":\"first\",\"Names\":[\"/last\"]},2]\n";
    const size_t steps[] = {4096, 65536, SIZE_MAX / 2};
    struct policy *policy = hiding_policy();
    struct buf text = {.limit_bytes = OUT_BYTES};

    cr_assert_eq(buf_append_text(&text, "[1,"), 0);
    append_large(&text, 3U << 20);
    cr_assert_eq(buf_append_text(&text, ",2]"), 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct buf out = {.limit_bytes = OUT_BYTES};
        struct decision decision;
        uint64_t unreadable = 0;

        decide(policy, "/containers/json", &decision);
        cr_expect_eq(rewrite_in_steps(&decision, buf_slice(&text), steps[i], &out, &unreadable), 0);
        cr_expect(slice_eq(buf_slice(&out), slice_from(expected)), "%.*s",
                  SLICE_ARGS(buf_slice(&out)));
        cr_expect_eq(unreadable, 1);
        buf_deinit(&out);
        decision_deinit(&decision);
    }
    buf_deinit(&text);
    policy_unref(policy);
}

Test(rewriter, holds_little_of_a_long_list)
{
    struct policy *policy = hiding_policy();
    struct policy_rewriter *rewriter = NULL;
    struct buf out = {.limit_bytes = OUT_BYTES};
    struct decision decision;
    size_t most = 0;

    decide(policy, "/containers/json", &decision);
    cr_assert_eq(policy_rewriter_create(&decision, &rewriter), 0);
    cr_assert_eq(policy_rewriter_feed(rewriter, SLICE("[{}"), &out), 0);
    for (size_t i = 0; i < 100 * 1000; i++) {
        cr_assert_eq(policy_rewriter_feed(
                         rewriter,
                         SLICE(",{\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/srv/secret\"}]}"),
                         &out),
                     0);
        cr_expect_null(memmem(out.data, out.len, "secret", 6));
        buf_clear(&out);
        most = policy_rewriter_held(rewriter) > most ? policy_rewriter_held(rewriter) : most;
    }
    cr_assert_eq(policy_rewriter_feed(rewriter, SLICE("]"), &out), 0);
    cr_assert_eq(policy_rewriter_end(rewriter, &out), 0);
    cr_expect_lt(most, 64 * 1024);
    policy_rewriter_destroy(rewriter);
    buf_deinit(&out);
    decision_deinit(&decision);
    policy_unref(policy);
}
