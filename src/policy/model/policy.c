/*
 * The compiled policy's life: made, shared by counting, dropped. Also the
 * decision's, which owns what one judgement allocates.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "policy/model/bases.h"
#include "policy/model/params.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"

#include "base/banned.h"

enum {
    POLICY_ARENA_BYTES = 8 * 1024 * 1024,
    // Answers of the engine, objections, what is shown of a response that was rewritten.
    DECISION_ARENA_BYTES = 64 * 1024 * 1024,
    // The largest body that may be judged, its values, and what rules make of them.
    DECISION_DOCUMENT_BYTES = 48 * 1024 * 1024
};

// One user gets what a monitoring tool, its dashboards and a few builds need, and a quarter
// of the whole.
static const struct policy_limits default_limits = {
    .head_bytes = HTTP_HEAD_MAX_BYTES,
    .body_bytes = 4UL * 1024 * 1024,
    .body_members = JSON_MAX_ELEMENTS,
    .total_body_bytes = 128UL * 1024 * 1024,
    .all = {[LIMIT_CONNECTIONS] = 1024, [LIMIT_REFUSALS] = 60000},
    .per_uid = {[LIMIT_CONNECTIONS] = 256, [LIMIT_REFUSALS] = 6000},
    .per_container = {[LIMIT_CONNECTIONS] = 256, [LIMIT_REFUSALS] = 6000},
    .answer_timeout_s = 600,
    .withdrawn_timeout_s = 60,
    .read_timeout_s = 60,
    .hold_timeout_s = 60,
};

static int add_operations(struct operation_set *set, struct slice words)
{
    struct slice word = {0};

    *set = (struct operation_set){0};
    while (words.len > 0) {
        slice_cut(words, ' ', &word, &words);
        if (word.len > 0 && !operation_set_add_word(set, word)) {
            return -EINVAL;
        }
    }
    return 0;
}

/* Operations and rules become those of `base`. 0 or -ENOMEM. */
static int set_base(struct policy *policy, enum base base)
{
    policy->base = base;
    policy->redact.mounts = REDACT_MOUNTS_NONE;
    policy->redact.env =
        base == BASE_RESTRICTED || base == BASE_READ_ONLY ? REDACT_ENV_SECRETS : REDACT_ENV_NONE;
    int err = add_operations(&policy->allowed, slice_from(base_operations(base)));

    assert(err == 0); // the words are ours
    for (enum rule_index i = 0; i < RULE_COUNT && err == 0; i++) {
        policy->rule[i].level = base_rule_level(base, rule_at(i));
        err = params_preset(&policy->arena, rule_at(i), base, &policy->rule[i]);
    }
    return err;
}

struct policy *policy_create(struct slice name, enum base base)
{
    struct policy *policy = calloc(1, sizeof(*policy));
    struct slice copy = {0};

    if (!policy) {
        return NULL;
    }
    policy->references = 1;
    arena_init(&policy->arena, POLICY_ARENA_BYTES);
    policy->limits = default_limits;
    policy->api_max = API_NEWEST_MINOR;
    if (arena_copy(&policy->arena, name, &copy) < 0 || set_base(policy, base) < 0) {
        policy_unref(policy);
        return NULL;
    }
    policy->name = copy.ptr;
    policy_note_needs(policy);
    policy->api_min = policy_usual_api_min(policy);
    return policy;
}

const char *policy_name(const struct policy *policy)
{
    return policy ? policy->name : "-";
}

const struct policy_limits *policy_limits(const struct policy *policy)
{
    return policy ? &policy->limits : &default_limits;
}

bool policy_takes_any_line_end(const struct policy *policy)
{
    return policy && policy_judges_nothing(policy);
}

struct policy *policy_ref(struct policy *policy)
{
    if (policy) {
        policy->references++;
    }
    return policy;
}

void policy_unref(struct policy *policy)
{
    if (!policy) {
        return;
    }
    assert(policy->references > 0);
    policy->references--;
    if (policy->references == 0) {
        arena_deinit(&policy->arena);
        free(policy);
    }
}

bool policy_judges_nothing(const struct policy *policy)
{
    return policy->base == BASE_OPEN && !policy->has_rules && !policy->scope.on &&
           policy->redact.env == REDACT_ENV_NONE && policy->redact.mounts == REDACT_MOUNTS_NONE &&
           operation_set_is_full(&policy->allowed);
}

unsigned policy_usual_api_min(const struct policy *policy)
{
    return policy_judges_nothing(policy) ? API_OLDEST_MINOR : API_USUAL_OLDEST_MINOR;
}

enum rule_level policy_unknown_level(const struct policy *policy)
{
    // What isn't understood can't be kept inside a scope.
    return policy->base == BASE_OPEN && !policy->scope.on ? RULE_LEVEL_AUDIT : policy->mode;
}

void decision_init(struct decision *decision)
{
    *decision = (struct decision){.operation = "unknown"};
    arena_init(&decision->arena, DECISION_ARENA_BYTES);
    arena_init(&decision->document, DECISION_DOCUMENT_BYTES);
}

void decision_deinit(struct decision *decision)
{
    arena_deinit(&decision->arena);
    arena_deinit(&decision->document);
    decision_init(decision);
}

void decision_sent(struct decision *decision)
{
    arena_deinit(&decision->document);
    decision->forward_body = (struct slice){NULL, 0};
}

static int keep_violations(struct decision *kept, const struct violation *violation)
{
    struct violation **tail = &kept->violations;
    int err = 0;

    for (; violation && err == 0; violation = violation->next) {
        struct violation *copy = arena_alloc(&kept->arena, sizeof(*copy));

        if (!copy) {
            return -ENOMEM;
        }
        *copy = (struct violation){.rule = violation->rule, .level = violation->level};
        err = arena_copy(&kept->arena, violation->text, &copy->text);
        copy->field = slice_head(copy->text, violation->field.len);
        *tail = copy;
        tail = &copy->next;
    }
    return err;
}

void decision_settle(struct decision *decision)
{
    struct decision kept = {
        .verdict = decision->verdict,
        .status = decision->status,
        .operation = decision->operation,
        .body = decision->body,
        .connection = decision->connection,
        .finite_answer = decision->finite_answer,
    };

    arena_init(&kept.arena, decision->arena.limit_bytes);
    arena_init(&kept.document, decision->document.limit_bytes);
    arena_expect(&kept.arena, arena_rounded(decision->path.len + 1) +
                                  arena_rounded(decision->api.len + 1) +
                                  arena_rounded(decision->image.len + 1));
    int err = arena_copy(&kept.arena, decision->path, &kept.path);

    if (err == 0) {
        err = arena_copy(&kept.arena, decision->api, &kept.api);
    }
    if (err == 0) {
        err = arena_copy(&kept.arena, decision->image, &kept.image);
    }
    if (err == 0) {
        err = keep_violations(&kept, decision->violations);
    }
    if (err < 0) {
        arena_deinit(&kept.arena);
        return;
    }
    arena_deinit(&decision->arena);
    arena_deinit(&decision->document);
    *decision = kept;
}
