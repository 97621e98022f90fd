/*
 * One policy: base first, since everything else changes what the base says,
 * whatever the order of the keys in the file.
 */

#include "base/try.h"
#include "policy/file/loader.h"
#include "policy/model/bases.h"

#include "base/banned.h"

static int read_allow(struct loader *loader, const struct tree_node *node, void *place)
{
    struct operation_set *out = place;
    struct operation_set allowed = {0};

    if (node->kind != TREE_LIST) {
        return load_wrong(loader, node, "be a list of operations in brackets");
    }
    if (load_adds(node)) {
        allowed = *out;
    }
    operation_set_add_word(&allowed, SLICE("@meta"));
    for (const struct tree_node *word = node->child; word; word = word->next) {
        struct slice text = {0};

        TRY(load_text(loader, word, &text));
        if (!operation_set_add_word(&allowed, text)) {
            const char *meant[] = {operation_meant(text), NULL};

            return load_unknown(loader, word, "operation", meant[0] ? meant : operation_words());
        }
    }
    *out = allowed;
    return 0;
}

static int read_head_bytes(struct loader *loader, const struct tree_node *node, void *place)
{
    uint64_t *bytes = place;
    int err = load_size(loader, node, bytes);

    if (err == 0 && (*bytes < POLICY_MIN_HEAD_BYTES || *bytes > HTTP_HEAD_MAX_BYTES)) {
        return load_wrong(loader, node, "be from 16k to 1m");
    }
    return err;
}

static int read_body_bytes(struct loader *loader, const struct tree_node *node, void *place)
{
    uint64_t *bytes = place;
    int err = load_size(loader, node, bytes);

    if (err == 0 && *bytes > POLICY_MAX_BODY_BYTES) {
        return load_wrong(loader, node, "be at most 16m");
    }
    return err;
}

static int read_total_body_bytes(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_size(loader, node, place);
}

static int load_unsigned(struct loader *loader, const struct tree_node *node, uint64_t min,
                         uint64_t max, unsigned *out)
{
    uint64_t number = 0;

    TRY(load_number(loader, node, min, max, &number));
    *out = (unsigned)number;
    return 0;
}

static int read_count(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_unsigned(loader, node, 1, 65536, place);
}

/* Fewer than the default would only refuse what is judged in no time. */
static int load_policy_read_members(struct loader *loader, const struct tree_node *node,
                                    void *place)
{
    return load_unsigned(loader, node, JSON_MAX_ELEMENTS, JSON_MOST_ELEMENTS, place);
}

static int read_refusals(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_unsigned(loader, node, 0, 10000000, place);
}

static int read_answer_timeout(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_unsigned(loader, node, 0, 86400, place);
}

static int read_hold_timeout(struct loader *loader, const struct tree_node *node, void *place)
{
    return load_unsigned(loader, node, 1, 3600, place);
}

// clang-format off
#define COUNT_BY(read, name, limit, counts) \
    {(name), (read), (counts) + (limit) * sizeof(unsigned), NULL, false}
#define COUNT(name, limit, counts) COUNT_BY(read_count, name, limit, counts)
#define COUNTS(counts) \
    COUNT("connections",        LIMIT_CONNECTIONS, counts), \
    COUNT("requests",           LIMIT_REQUESTS,    counts), \
    COUNT("streams",            LIMIT_STREAMS,     counts), \
    COUNT("creates_per_minute", LIMIT_CREATES,     counts), \
    COUNT_BY(read_refusals, "refusals_per_minute", LIMIT_REFUSALS, counts)

static int read_per_uid(struct loader *loader, const struct tree_node *node, void *limits)
{
    static const struct key keys[] = {COUNTS(offsetof(struct policy_limits, per_uid)), {0}};

    return load_map(loader, node, keys, limits);
}

static int read_per_container(struct loader *loader, const struct tree_node *node, void *limits)
{
    static const struct key keys[] = {COUNTS(offsetof(struct policy_limits, per_container)), {0}};

    return load_map(loader, node, keys, limits);
}

static int load_policy_read_limits(struct loader *loader, const struct tree_node *node, void *limits)
{
    static const struct key keys[] = {
        KEY_AT("head_bytes",       read_head_bytes,       struct policy_limits, head_bytes),
        KEY_AT("body_bytes",       read_body_bytes,       struct policy_limits, body_bytes),
        KEY_AT("body_members",     load_policy_read_members,          struct policy_limits, body_members),
        KEY_AT("total_body_bytes", read_total_body_bytes, struct policy_limits, total_body_bytes),
        COUNTS(offsetof(struct policy_limits, all)),
        KEY("per_uid",             read_per_uid),
        KEY("per_container",       read_per_container),
        KEY_AT("answer_timeout",   read_answer_timeout,   struct policy_limits, answer_timeout_s),
        KEY_AT("withdrawn_timeout", read_answer_timeout,  struct policy_limits, withdrawn_timeout_s),
        KEY_AT("read_timeout",     read_answer_timeout,   struct policy_limits, read_timeout_s),
        KEY_AT("hold_timeout",     read_hold_timeout,     struct policy_limits, hold_timeout_s),
        {0},
    };

    return load_map(loader, node, keys, limits);
}

static int read_redact(struct loader *loader, const struct tree_node *node, void *redact)
{
    static const char *const env_words[] = {"all", "secrets", "none", NULL};
    static const char *const mounts_words[] = {"host_paths", "none", NULL};
    static const char *const own_words[] = {"hidden", "shown", NULL};
    static const struct key keys[] = {KEY_WORDS("env",    env_words,    struct redact, env),
                                      KEY_WORDS("mounts", mounts_words, struct redact, mounts),
                                      KEY_WORDS("own",    own_words,    struct redact, own),
                                      {0}};

    return load_map(loader, node, keys, redact);
}

static const char *const mode_words[] = {"enforce", "warn", "audit", NULL};

static const struct key policy_keys[] = {
    KEY("base", load_elsewhere), // load_policy() has read it
    KEY_WORDS("mode", mode_words,  struct policy, mode),
    {"allow", read_allow, offsetof(struct policy, allowed), NULL, true},
    KEY("rules",      load_rules),
    KEY_AT("limits",  load_policy_read_limits, struct policy, limits),
    KEY("scope",      load_scope),
    KEY_AT("redact",  read_redact, struct policy, redact),
    KEY_LATER("exceptions"),
    {0},
};
// clang-format on

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

    TRY(find_base(loader, node, &base));
    CLEANUP(policy_drop) struct policy *policy = policy_create(node->key, base);

    TRY_ALLOC(policy);
    struct loader inner = {.arena = &policy->arena, .diag = loader->diag};

    TRY(load_map(&inner, node, policy_keys, policy));
    policy_note_needs(policy);
    TRY(written_join(&policy, 1)); // those of the others are the file's to tell
    *out = policy;
    policy = NULL; // the caller's now
    return 0;
}
