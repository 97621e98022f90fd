/*
 * One answer of the engine, to one of a few requests (by the first byte), under a policy that
 * hides secrets and paths. What comes out is JSON without any of them, whatever pieces the answer
 * came in, and comes out unchanged the second time; what cannot be read does not come out.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "docker/objects/instruction.h"
#include "docker/objects/secret.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "support/rewrite.h"
#include "json/json_split.h"

enum { OUT_BYTES = 16 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const targets[] = {
    "/v1.41/containers/c/json", "/v1.41/containers/json",
    "/v1.41/images/a/json",     "/v1.41/images/a/history",
    "/v1.41/volumes",           "/v1.41/images/json",
    "/v1.41/system/df",         "/v1.41/info",
    "/v1.41/networks",
};

static void check_variable(struct slice entry)
{
    struct slice name = {0};
    struct slice value = {0};

    if (slice_cut(entry, '=', &name, &value) && value.len > 0 &&
        (secret_name(name) || secret_value(value))) {
        assert(slice_eq(value, redacted_text()));
    }
}

static void check_mount(const struct json *object)
{
    const struct json *type = json_member(object, SLICE("Type"));
    const struct json *source = json_member(object, SLICE("Source"));

    if (type && source && type->type == JSON_STRING && slice_eq(type->text, SLICE("bind"))) {
        assert(slice_eq(source->text, redacted_text()));
    }
}

static void check_instruction(struct slice text)
{
    struct slice hidden = slice_from_index(text, instruction_shown(text, false));

    assert(!secret_value(text) && (hidden.len == 0 || slice_eq(hidden, redacted_text())));
}

static void check_text(struct slice list, const struct json *node, bool env)
{
    if (node->type != JSON_STRING) {
        return;
    }
    if (env && slice_eq(list, SLICE("Env"))) {
        check_variable(node->text);
    }
    if (env && (slice_eq(list, SLICE("OnBuild")) || slice_eq(node->name, SLICE("CreatedBy")))) {
        check_instruction(node->text);
    }
    if (slice_eq(node->name, SLICE("DockerRootDir")) || slice_eq(node->name, SLICE("LogPath"))) {
        assert(node->text.len == 0 || slice_eq(node->text, redacted_text()));
    }
}

/* The reader has bounded the depth. */
static void check_hidden(const struct json *node, bool env)
{
    check_mount(node);
    for (const struct json *child = node->child; child; child = child->next) {
        check_text(node->type == JSON_ARRAY ? node->name : (struct slice){0}, child, env);
        check_hidden(child, env);
    }
}

static bool has_env(const char *target)
{
    return !slice_ends_with(slice_from(target), SLICE("/containers/json")) &&
           !slice_ends_with(slice_from(target), SLICE("/volumes")) &&
           !slice_ends_with(slice_from(target), SLICE("/images/json")) &&
           !slice_ends_with(slice_from(target), SLICE("/networks")) &&
           !slice_ends_with(slice_from(target), SLICE("/info"));
}

static void check_answer(const char *target, struct slice answer)
{
    struct arena arena;
    struct json *tree = NULL;

    arena_init(&arena, 256UL << 20);
    assert(json_read_shown(answer, &arena, &tree) == 0);
    check_hidden(tree, has_env(target));
    arena_deinit(&arena);
}

static int rewrite(const struct policy *policy, const char *target, struct slice body, size_t step,
                   struct buf *out)
{
    struct policy_request request = {.method = SLICE("GET"), .target = slice_from(target)};
    struct decision decision;

    buf_init(out, OUT_BYTES);
    decision_init(&decision);
    policy_decide_head(policy, &request, &decision);
    assert(decision.verdict == VERDICT_ALLOW && decision.rewrites_response);
    int err = rewrite_in_steps(&decision, body, step, out, NULL);

    assert(err == 0 || err == -EBADMSG || err == -ENOMEM);
    decision_deinit(&decision);
    return err;
}

/* In pieces the same comes out: byte by byte, and cut at one place. */
static void check_pieces(const struct policy *policy, const char *target, struct slice body,
                         int expected, struct slice whole)
{
    const size_t steps[] = {1, 1 + body.len / 2, 1 + body.len / 3};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct buf out;

        assert(rewrite(policy, target, body, steps[i], &out) == expected);
        assert(expected < 0 || slice_eq(buf_slice(&out), whole));
        buf_deinit(&out);
    }
}

/* Escapes may make a name too long to be read again: DEL is one byte read and six written. */
static bool has_long_name(struct slice text)
{
    size_t start = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\') {
            i++;
        } else if (text.ptr[i] == '"') {
            if (i - start + 2 > JSON_SPLIT_NAME_BYTES) { // with its quotes
                return true;
            }
            start = i + 1;
        }
    }
    return false;
}

static struct policy *make_policy(void)
{
    static const struct string_pair label = {SLICE_INIT("io.sockade.owner"), SLICE_INIT("fuzz")};
    struct policy *policy = policy_create(SLICE("fuzz"), BASE_READ_ONLY);

    assert(policy);
    policy->redact.mounts = REDACT_MOUNTS_HOST_PATHS;
    policy->scope.labels = (struct string_map){.item = &label, .count = 1};
    return policy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy *policy;
    struct buf out;
    struct buf second;

    if (size == 0) {
        return 0;
    }
    policy = policy ? policy : make_policy();
    const char *target =
        targets[(uint8_t)(data[0] - (unsigned)'0') % (sizeof(targets) / sizeof(targets[0]))];
    struct slice body = {(const char *)data + 1, size - 1};

    // Only inside a scope there are somebody else's labels to be hidden in lists of images.
    policy->scope.on = slice_eq(slice_from(target), SLICE("/v1.41/images/json"));
    int err = rewrite(policy, target, body, size, &out);

    check_pieces(policy, target, body, err, buf_slice(&out));
    if (err == 0) {
        check_answer(target, buf_slice(&out));
        err = rewrite(policy, target, buf_slice(&out), out.len, &second);
        assert(err == 0 || (err == -EBADMSG && has_long_name(buf_slice(&out))));
        assert(err < 0 || slice_eq(buf_slice(&out), buf_slice(&second)));
        buf_deinit(&second);
    }
    buf_deinit(&out);
    return 0;
}
