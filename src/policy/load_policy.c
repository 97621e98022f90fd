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

static int read_body_bytes(struct loader *loader, const struct tree_node *node, void *target)
{
    struct policy *policy = target;
    int err = load_size(loader, node, &policy->limits.body_bytes);

    if (err == 0 && policy->limits.body_bytes > POLICY_MAX_BODY_BYTES) {
        return load_wrong(loader, node, "be at most 16m");
    }
    return err;
}

static int read_connections(struct loader *loader, const struct tree_node *node, void *target)
{
    struct policy *policy = target;
    uint64_t connections = 0;
    int err = load_number(loader, node, 1, 65536, &connections);

    if (err == 0) {
        policy->limits.connections = (unsigned)connections;
    }
    return err;
}

static int read_answer_timeout(struct loader *loader, const struct tree_node *node, void *target)
{
    struct policy *policy = target;
    uint64_t seconds = 0;
    int err = load_number(loader, node, 0, 86400, &seconds);

    if (err == 0) {
        policy->limits.answer_timeout_s = (unsigned)seconds;
    }
    return err;
}

static int read_limits(struct loader *loader, const struct tree_node *node, void *target)
{
    static const struct key keys[] = {
        {"body_bytes", read_body_bytes},
        {"connections", read_connections},
        {"answer_timeout", read_answer_timeout},
        {0},
    };

    return load_map(loader, node, keys, target);
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
