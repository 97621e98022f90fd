/*
 * One answer of the engine, to one of a few requests (by the first byte), under a policy that
 * hides secrets and paths. What comes out is JSON without any of them, and comes out
 * unchanged the second time; what cannot be read does not come out at all.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>

#include "docker/secret.h"
#include "policy/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const targets[] = {
    "/v1.41/containers/c/json", "/v1.41/containers/json", "/v1.41/images/a/json",
    "/v1.41/images/a/history",  "/v1.41/volumes",         "/v1.41/images/json",
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

/* json_read() has bounded the depth. */
static void check_hidden(const struct json *node, bool env)
{
    check_mount(node);
    for (const struct json *child = node->child; child; child = child->next) {
        if (env && node->type == JSON_ARRAY && slice_eq(node->name, SLICE("Env")) &&
            child->type == JSON_STRING) {
            check_variable(child->text);
        }
        check_hidden(child, env);
    }
}

static bool rewrite(const struct policy *policy, const char *target, struct slice body,
                    struct decision *decision, struct slice *out)
{
    struct policy_request request = {.method = SLICE("GET"), .target = slice_from(target)};

    decision_init(decision);
    policy_decide_head(policy, &request, decision);
    assert(decision->verdict == VERDICT_ALLOW && decision->rewrites_response);
    int err = policy_rewrite_response(decision, body, out);

    assert(err == 0 || err == -EBADMSG || err == -ENOMEM);
    return err == 0;
}

static void check_answer(const char *target, struct slice answer)
{
    struct arena arena;
    struct json_problem why = {0};
    struct json *tree = NULL;
    bool history = slice_ends_with(slice_from(target), SLICE("/history"));

    arena_init(&arena, 64UL << 20);
    assert(json_read_answer(answer, &arena, &tree, &why) == 0);
    if (!slice_ends_with(slice_from(target), SLICE("/images/json")) && !history) {
        check_hidden(tree, true);
    }
    arena_deinit(&arena);
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
    struct decision decision;
    struct decision again;
    struct slice out = {0};
    struct slice second = {0};

    if (size == 0) {
        return 0;
    }
    policy = policy ? policy : make_policy();
    const char *target = targets[data[0] % (sizeof(targets) / sizeof(targets[0]))];

    // Only inside a scope there is something to be hidden in lists of images.
    policy->scope.on = slice_eq(slice_from(target), SLICE("/v1.41/images/json"));
    if (rewrite(policy, target, (struct slice){(const char *)data + 1, size - 1}, &decision,
                &out)) {
        check_answer(target, out);
        assert(rewrite(policy, target, out, &again, &second));
        assert(slice_eq(out, second));
        decision_deinit(&again);
    }
    decision_deinit(&decision);
    return 0;
}
