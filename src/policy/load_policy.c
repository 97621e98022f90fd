/*
 * One policy: base first, since everything else changes what the base says,
 * whatever the order of the keys in the file.
 */
#include <errno.h>

#include "policy/bases.h"
#include "policy/load_scope.h"
#include "policy/loader.h"

#include "base/banned.h"

static int read_base(struct loader *loader, const struct tree_node *node, void *target)
{
    (void)loader;
    (void)node;
    (void)target; // load_policy() has read it
    return 0;
}

static int read_mode(struct loader *loader, const struct tree_node *node, void *target)
{
    static const char *const words[] = {"enforce", "warn", "audit", NULL};
    struct policy *policy = target;
    size_t mode = 0;
    int err = load_choice(loader, node, words, &mode);

    if (err == 0) {
        policy->mode = (enum rule_level)mode;
    }
    return err;
}

static int read_allow(struct loader *loader, const struct tree_node *node, void *target)
{
    struct policy *policy = target;
    struct operation_set allowed = {0};

    if (node->kind != TREE_LIST) {
        return load_wrong(loader, node, "be a list of operations in brackets");
    }
    operation_set_add_word(&allowed, SLICE("@meta"));
    for (const struct tree_node *word = node->child; word; word = word->next) {
        struct slice text = {0};
        int err = load_text(loader, word, &text);

        if (err < 0) {
            return err;
        }
        if (!operation_set_add_word(&allowed, text)) {
            return load_unknown(loader, word, "operation", operation_words());
        }
    }
    policy->allowed = allowed;
    return 0;
}

/* The limits while they are read; `at` is what the counts of this map go to. */
struct limits_target {
    struct policy_limits *limits;
    unsigned *at;
};

static int read_body_bytes(struct loader *loader, const struct tree_node *node, void *target)
{
    struct limits_target *to = target;
    int err = load_size(loader, node, &to->limits->body_bytes);

    if (err == 0 && to->limits->body_bytes > POLICY_MAX_BODY_BYTES) {
        return load_wrong(loader, node, "be at most 16m");
    }
    return err;
}

static int read_total_body_bytes(struct loader *loader, const struct tree_node *node, void *target)
{
    struct limits_target *to = target;

    return load_size(loader, node, &to->limits->total_body_bytes);
}

static int read_count(struct loader *loader, const struct tree_node *node, void *target)
{
    struct limits_target *to = target;
    uint64_t count = 0;
    int err = load_number(loader, node, 1, 65536, &count);

    for (enum policy_limit i = 0; i < LIMIT_COUNT && err == 0; i++) {
        if (slice_eq(node->key, slice_from(policy_limit_name(i)))) {
            to->at[i] = (unsigned)count;
        }
    }
    return err;
}

static int read_answer_timeout(struct loader *loader, const struct tree_node *node, void *target)
{
    struct limits_target *to = target;
    uint64_t seconds = 0;
    int err = load_number(loader, node, 0, 86400, &seconds);

    if (err == 0) {
        to->limits->answer_timeout_s = (unsigned)seconds;
    }
    return err;
}

// clang-format off
#define COUNTS \
    {"connections", read_count}, {"requests", read_count}, {"streams", read_count}, \
    {"creates_per_minute", read_count}
// clang-format on

static int read_per_uid(struct loader *loader, const struct tree_node *node, void *target)
{
    static const struct key keys[] = {COUNTS, {0}};
    struct limits_target *to = target;

    return load_map(loader, node, keys, &(struct limits_target){to->limits, to->limits->per_uid});
}

static int read_limits(struct loader *loader, const struct tree_node *node, void *target)
{
    static const struct key keys[] = {
        {"body_bytes", read_body_bytes}, {"total_body_bytes", read_total_body_bytes}, COUNTS,
        {"per_uid", read_per_uid},       {"answer_timeout", read_answer_timeout},     {0},
    };
    struct policy *policy = target;

    return load_map(loader, node, keys,
                    &(struct limits_target){&policy->limits, policy->limits.all});
}

static const struct key policy_keys[] = {
    {"base", read_base},     {"mode", read_mode},     {"allow", read_allow},
    {"rules", load_rules},   {"limits", read_limits}, {"scope", load_scope},
    {"redact", load_redact}, {"exceptions", NULL},    {0}};

static int find_base(struct loader *loader, const struct tree_node *node, enum base *out)
{
    const struct tree_node *name = tree_member(node, "base");
    enum base base = name ? base_find(name->text) : BASE_RESTRICTED;

    if (name && name->kind != TREE_SCALAR) {
        return load_wrong(loader, name, "be one word");
    }
    if (base == BASE_COUNT) {
        return load_unknown(loader, name, "base", base_names());
    }
    *out = base;
    return 0;
}

static void policy_drop(struct policy **policy)
{
    policy_unref(*policy);
}

int load_policy(struct loader *loader, const struct tree_node *node, struct policy **out)
{
    enum base base = BASE_RESTRICTED;
    int err = find_base(loader, node, &base);

    if (err < 0) {
        return err;
    }
    CLEANUP(policy_drop) struct policy *policy = policy_create(node->key, base);

    if (!policy) {
        return -ENOMEM;
    }
    struct loader inner = {.arena = &policy->arena, .diag = loader->diag};

    err = load_map(&inner, node, policy_keys, policy);
    if (err < 0) {
        return err;
    }
    *out = policy;
    policy = NULL; // the caller's now
    return 0;
}
