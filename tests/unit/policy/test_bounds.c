/*
 * What one request may cost: bodies that are legal in every detail and hold thousands of
 * values, each of which some rule looks at. None of them may keep the others waiting.
 */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/diag.h"
#include "docker/objects/redact.h"
#include "policy/file/loader.h"
#include "sockade/evaluate.h"

struct trial {
    struct policy_file *file;
    struct policy_request request;
    struct decision decision;
    struct slice image; /* what the engine says of one, or empty: there is none */
};

static void look_up(void *context, struct decision *decision, struct fact *fact)
{
    const struct trial *trial = context;

    (void)decision;
    fact->path.view = PATH_UNSEEN;
    fact->body = SLICE("{\"message\":\"no such thing\"}");
    fact->status = fact->kind == FACT_PATH ? 200 : 404;
    if (fact->kind == FACT_IMAGE && trial->image.len > 0) {
        fact->body = trial->image;
        fact->status = 200;
    }
}

static void judge_create(struct trial *trial, const char *policy, struct slice body)
{
    struct diag diag = {0};

    cr_assert_eq(policy_file_parse(slice_from(policy), &trial->file, &diag), 0, "%s",
                 diag.sentence);
    trial->request = (struct policy_request){.method = SLICE("POST"),
                                             .target = SLICE("/v1.41/containers/create"),
                                             .has_body = true,
                                             .request_id = SLICE("01J9Z3KQ"),
                                             .engine = {ENGINE_DOCKERD, 26, 1, 5}};
    decision_init(&trial->decision);
    struct evaluate_source source = {.look_up = look_up, .context = trial};

    policy_evaluate(trial->file->listeners[0].policy, &trial->request, body, &source,
                    &trial->decision);
}

static void end(struct trial *trial)
{
    decision_deinit(&trial->decision);
    policy_file_destroy(trial->file);
}

static bool answers(const struct trial *trial, const char *text)
{
    struct slice answer = trial->decision.answer;

    return memmem(answer.ptr, answer.len, text, strlen(text)) != NULL;
}

/* `before`, then `count` times `each` (with a running number), then `after`. */
static struct buf many(const char *before, const char *each, size_t count, const char *after)
{
    struct buf text;
    const char *number = strstr(each, "%");

    buf_init(&text, 8U * 1024 * 1024);
    cr_assert_eq(buf_append_text(&text, before), 0);
    for (size_t i = 0; i < count; i++) {
        struct slice head = {each, (size_t)(number - each)};

        cr_assert_eq(
            buf_printf(&text, "%s%.*s%zu%s", i > 0 ? "," : "", SLICE_ARGS(head), i, number + 1), 0);
    }
    cr_assert_eq(buf_append_text(&text, after), 0);
    return text;
}

static const char baseline[] = "version: 1\npolicies: {p: {base: baseline}}\n";
static const char scoped[] = "version: 1\nlisten: [{socket: /run/s.sock, policy: p}]\n"
                             "policies: {p: {base: baseline, scope: {labels: {a: b}}}}\n";

Test(bounds, a_rule_lists_twenty_objections_and_counts_the_rest)
{
    struct trial trial = {0};
    struct buf body =
        many("{\"Image\":\"a\",\"HostConfig\":{\"Sysctls\":{", "\"kernel.x%\":\"1\"", 100, "}}}");

    judge_create(&trial, baseline, buf_slice(&body));
    cr_expect_eq(trial.decision.status, 403);
    cr_expect(answers(&trial, "kernel.x19"));
    cr_expect_not(answers(&trial, "kernel.x20"));
    cr_expect(answers(&trial, "- sysctls: and 80 more"));
    end(&trial);
    buf_deinit(&body);
}

Test(bounds, twenty_objections_are_all_there_is_to_say)
{
    struct trial trial = {0};
    struct buf body =
        many("{\"Image\":\"a\",\"HostConfig\":{\"Sysctls\":{", "\"kernel.x%\":\"1\"", 20, "}}}");

    judge_create(&trial, baseline, buf_slice(&body));
    cr_expect(answers(&trial, "kernel.x19"));
    cr_expect_not(answers(&trial, " more"));
    end(&trial);
    buf_deinit(&body);
}

Test(bounds, a_published_range_of_ports_is_taken)
{
    struct trial trial = {0};
    struct buf body = many("{\"Image\":\"a\",\"HostConfig\":{\"PortBindings\":{",
                           "\"%/udp\":[{\"HostIp\":\"\",\"HostPort\":\"2\"}]", 3001, "}}}");

    judge_create(&trial, baseline, buf_slice(&body));
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    end(&trial);
    buf_deinit(&body);
}

Test(bounds, more_members_than_anybody_sends_are_413)
{
    struct trial trial = {0};
    struct buf body = many("{\"Image\":\"a\",\"Env\":[", "\"A%=1\"", JSON_MAX_ELEMENTS + 1, "]}");

    judge_create(&trial, baseline, buf_slice(&body));
    cr_expect_eq(trial.decision.status, 413);
    cr_expect(answers(&trial, "\\\"Env\\\" at byte"));
    cr_expect(answers(&trial,
                      "a list or an object has too many members (limits.body_members of the "
                      "policy is 4096)"));
    cr_expect(answers(&trial, "\"code\":\"too_large\""));
    end(&trial);
    buf_deinit(&body);
}

Test(bounds, a_policy_can_take_ten_thousand_ports)
{
    static const char wide[] = "version: 1\nlisten: [{socket: /run/s.sock, policy: p}]\n"
                               "policies: {p: {base: baseline, limits: {body_members: 16384}}}\n";
    struct trial trial = {0};
    struct buf body =
        many("{\"Image\":\"a\",\"HostConfig\":{\"PortBindings\":{",
             "\"%/udp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"2\"}]", 10001, "}}}");

    judge_create(&trial, wide, buf_slice(&body));
    cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
    end(&trial);
    buf_deinit(&body);
    body = many("{\"Image\":\"a\",\"Env\":[", "\"A%=1\"", JSON_MOST_ELEMENTS + 1, "]}");
    judge_create(&trial, wide, buf_slice(&body));
    cr_expect_eq(trial.decision.status, 413);
    cr_expect(answers(&trial, "limits.body_members of the policy is 16384"));
    end(&trial);
    buf_deinit(&body);
}

Test(bounds, more_mounts_than_anybody_has_are_refused)
{
    struct trial trial = {0};
    struct buf body = many("{\"Image\":\"a\",\"Volumes\":{", "\"/v%\":{}", 501, "}}");

    judge_create(&trial, baseline, buf_slice(&body));
    cr_expect_eq(trial.decision.status, 400);
    cr_expect(answers(&trial, "are more than 500"));
    end(&trial);
    buf_deinit(&body);
}

Test(bounds, labels_that_say_whose_it_is_are_listed_twenty_times)
{
    static const char owned[] = "version: 1\nlisten: [{socket: /run/s.sock, policy: p}]\n"
                                "policies: {p: {base: baseline, scope: {own: true}}}\n";
    struct trial trial = {0};
    struct buf body;
    size_t count = 0;

    buf_init(&body, 1 << 20);
    cr_assert_eq(buf_append_text(&body, "{\"Image\":\"a\",\"Labels\":{"), 0);
    for (unsigned i = 0; i < 64; i++) {
        char key[] = "io.sockade.owner";

        for (unsigned bit = 0; bit < 6; bit++) {
            key[3 + bit] = (char)(key[3 + bit] ^ ((i >> bit & 1) != 0 ? 0x20 : 0));
        }
        cr_assert_eq(buf_printf(&body, "%s\"%s\":\"x\"", i > 0 ? "," : "", key), 0);
    }
    cr_assert_eq(buf_append_text(&body, "}}"), 0);
    judge_create(&trial, owned, buf_slice(&body));
    cr_expect_eq(trial.decision.verdict, VERDICT_DENY);
    for (const struct violation *v = trial.decision.violations; v; v = v->next) {
        count += strcmp(v->rule, "scope") == 0;
    }
    cr_expect_eq(count, 20);
    end(&trial);
    buf_deinit(&body);
}

/* Far more than the 20 ms that these take in a release build: for sanitizers on a busy machine. */
enum { PATIENCE_MS = 2000 };

static double cpu_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Each becomes an entry of Mounts, and is compared with the others. */
Test(bounds, an_image_with_more_volumes_than_anybody_has_is_refused)
{
    static const size_t counts[] = {500, 501, 60000};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct buf image =
            many("{\"Id\":\"sha256:"
                 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
                 "\"Config\":{\"User\":\"1000\",\"Volumes\":{",
                 "\"/v%\":{}", counts[i], "}}}");
        struct trial trial = {.image = buf_slice(&image)};

        judge_create(&trial, scoped, SLICE("{\"Image\":\"big\",\"User\":\"1000\"}"));
        if (counts[i] > 500) {
            cr_expect_eq(trial.decision.verdict, VERDICT_DENY);
            cr_expect_eq(trial.decision.status, 413);
            cr_expect(answers(&trial, "the image has too many volumes"));
        } else {
            cr_expect_eq(trial.decision.verdict, VERDICT_ALLOW);
            cr_expect_not_null(memmem(trial.decision.forward_body.ptr,
                                      trial.decision.forward_body.len, "/v499", 5));
        }
        end(&trial);
        buf_deinit(&image);
    }
}

Test(bounds, no_body_takes_long_to_judge)
{
    static const struct {
        const char *before, *each, *after;
        size_t count;
    } bodies[] = {
        {"{\"Image\":\"a\",\"Volumes\":{", "\"/v%\":{}", "}}", 500},
        {"{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[", "\"/etc/%:/x\"", "]}}", 500},
        {"{\"Image\":\"a\",\"HostConfig\":{\"Binds\":[", "\"vol%:/x\"", "]}}", 500},
        {"{\"Image\":\"a\",\"HostConfig\":{\"CapAdd\":[", "\"X_%\"", "]}}", 4096},
        {"{\"Image\":\"a\",\"HostConfig\":{\"Links\":[", "\"a%:b\"", "]}}", 4096},
        {"{\"Image\":\"a\",\"HostConfig\":{\"VolumesFrom\":[", "\"a%\"", "]}}", 4096},
        {"{\"Image\":\"a\",\"NetworkingConfig\":{\"EndpointsConfig\":{",
         "\"n%\":{\"Links\":[\"x\"]}", "}}}", 4096},
        {"{\"Image\":\"a\",\"HostConfig\":{\"Ulimits\":[", "{\"Name\":\"n%\",\"Soft\":1}", "]}}",
         4096},
    };
    static const char *const policies[] = {
        baseline, "version: 1\npolicies: {p: {base: restricted}}\n", scoped};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        for (size_t j = 0; j < sizeof(policies) / sizeof(policies[0]); j++) {
            struct trial trial = {0};
            struct buf body =
                many(bodies[i].before, bodies[i].each, bodies[i].count, bodies[i].after);
            double begun = cpu_ms();

            judge_create(&trial, policies[j], buf_slice(&body));
            cr_expect_lt(cpu_ms() - begun, PATIENCE_MS, "body %zu, policy %zu", i, j);
            cr_expect_lt(trial.decision.answer.len, 256 * 1024, "body %zu, policy %zu", i, j);
            end(&trial);
            buf_deinit(&body);
        }
    }
}

/* Its author writes it, and so may anybody who builds. */
Test(bounds, no_history_takes_long_to_look_through)
{
    struct buf text;
    struct arena arena;
    const struct redaction redaction = {.arena = &arena, .env = REDACT_ENV_SECRETS};
    struct json *tree = NULL;
    struct json_problem why = {0};

    buf_init(&text, 2U << 20);
    cr_assert_eq(buf_append_text(&text, "[{\"CreatedBy\":\""), 0);
    while (text.len < 1U << 20) {
        cr_assert_eq(buf_append_text(&text, "a=://b="), 0);
    }
    cr_assert_eq(buf_append_text(&text, "\"}]"), 0);
    arena_init(&arena, 16U << 20);
    cr_assert_eq(json_read_answer(buf_slice(&text), &arena, &tree, &why), 0);
    double before = cpu_ms();

    cr_assert_eq(redact_answer(&redaction, tree), 0);
    cr_expect_lt(cpu_ms() - before, PATIENCE_MS);
    arena_deinit(&arena);
    buf_deinit(&text);
}
