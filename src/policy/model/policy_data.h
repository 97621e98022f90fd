/*
 * A policy as it is compiled from its file.
 */
#ifndef SOCKADE_POLICY_MODEL_POLICY_DATA_H
#define SOCKADE_POLICY_MODEL_POLICY_DATA_H

#include "docker/api/operations.h"
#include "http/message.h"
#include "policy/model/registry.h"
#include "policy/model/scope_data.h"
#include "policy/model/written.h"

struct arena;
struct policy;
struct rule;

enum {
    API_OLDEST_MINOR = 12,       /* of Debian 12's dockerd */
    API_USUAL_OLDEST_MINOR = 24, /* of judged policies that do not say; of today's engines */
    API_NEWEST_MINOR = 55,
    POLICY_NAME_MAX_BYTES = 64,
    POLICY_MIN_HEAD_BYTES = 16 * 1024,
    POLICY_MAX_BODY_BYTES = 16 * 1024 * 1024,
    POLICY_MAX_VOLUME_FACTS = 64, /* look-ups that one request may cause */
    POLICY_MAX_PEERS = 16
};

/* enum rule_need of the rules that are on, and of those among them that refuse. */
struct needs {
    unsigned known;
    unsigned enforced;
};

struct policy {
    unsigned references;
    struct arena arena; /* owns everything below */
    const char *name;
    enum base base;
    enum rule_level mode; /* RULE_LEVEL_DENY: enforce */
    struct operation_set allowed;
    struct rule_settings rule[RULE_COUNT];
    struct needs needs;              /* of these rules: policy_note_needs() */
    const struct param_value *roots; /* policy_roots(): policy_note_needs() */
    struct policy_limits limits;
    unsigned api_min; /* 1.api_min */
    unsigned api_max;
    struct slice engine_socket;
    struct string_list listener_sockets; /* of this process, all of them */
    struct written_paths written;        /* by containers of all policies of the file */
    struct scope scope;
    struct redact redact;
    struct slice maker; /* how it is called in maker_label: its name, and "@" the listener's if its
                           scope is the listener's own */
    bool marks;         /* containers get that label: the policy of some client depends on it */
    bool has_rules;     /* some rule is on: policy_note_needs() */
};

/* A policy that says exactly what `base` says. NULL when memory is out. */
struct policy *policy_create(struct slice name, enum base base);

/*
 * Whether it is the base `open` and nothing else: no rule, scope or list of operations. What is
 * unknown to us is then sent as it came, for there is no reading of ours that could be another one.
 */
bool policy_judges_nothing(const struct policy *policy);

/* The oldest API version where the file has none. */
unsigned policy_usual_api_min(const struct policy *policy);

/* What happens to things that no rule is about: routes, query keys, fields. */
enum rule_level policy_unknown_level(const struct policy *policy);

struct policy_root {
    struct slice path;
    bool needs_sight; /* what lies below passes only where it is seen */
    bool writable;
    bool copies; /* the engine may copy files into it, as root */
};

/*
 * rules/host_path_mount.c: the allowed paths, one for each index; false past the last, or where the
 * rule is off.
 */
bool policy_allowed_path(const struct policy *policy, size_t index, struct policy_root *out);

/* rules/host_path_owner.c: whether no container writes to paths of the host as root. */
bool policy_keeps_owner(const struct policy *policy);

/* The level a rule has after the policy's mode. */
static inline enum rule_level policy_rule_level(const struct policy *policy, enum rule_level level)
{
    return level > policy->mode ? level : policy->mode;
}

/* needs.c: what the policy's rules have to know. To be called when its rules have changed. */
void policy_note_needs(struct policy *policy);
/* Of a rule with these parameters: enum rule_need. */
unsigned rule_needs(const struct rule *rule, const struct rule_settings *settings);

/* The paths that NEED_ROOTS is about; no rule needs them: none. */
const struct param_value *policy_roots(const struct policy *policy);

#endif
