/*
 * Reading a tree into structs by tables of keys: name and the function that reads
 * the value. What no table names is an error with its place and a suggestion.
 */
#ifndef SOCKADE_POLICY_LOADER_H
#define SOCKADE_POLICY_LOADER_H

#include "policy/internal.h"
#include "policy/yaml_tree.h"

struct loader {
    struct arena *arena; /* of what is being loaded: the file or one policy */
    struct diag *diag;
};

/* 0, -EINVAL with the diagnosis filled, or -ENOMEM. */
typedef int key_reader(struct loader *loader, const struct tree_node *value, void *target);

struct key {
    const char *name;
    key_reader *read; /* NULL: a key of later versions */
};

enum { LOADER_MAX_KEYS = 64 };

/* Reads each member of `map` by its row. The table ends with a NULL name. */
MUST_CHECK int load_map(struct loader *loader, const struct tree_node *map, const struct key *keys,
                        void *target);

/* "`word` is no `what`", with a suggestion out of `candidates` (NULL-terminated). -EINVAL. */
MUST_CHECK int load_unknown(struct loader *loader, const struct tree_node *at, const char *what,
                            const char *const *candidates);

/* "`key` must be ..." at the value's place. -EINVAL. */
MUST_CHECK int load_wrong(struct loader *loader, const struct tree_node *at, const char *must);

/* A text that is not empty, copied into the loader's arena and terminated. */
MUST_CHECK int load_text(struct loader *loader, const struct tree_node *node, struct slice *out);
MUST_CHECK int load_flag(struct loader *loader, const struct tree_node *node, bool *out);
MUST_CHECK int load_number(struct loader *loader, const struct tree_node *node, uint64_t min,
                           uint64_t max, uint64_t *out);
MUST_CHECK int load_size(struct loader *loader, const struct tree_node *node, uint64_t *out);
/* An absolute path that fits a socket address. */
MUST_CHECK int load_socket_path(struct loader *loader, const struct tree_node *node,
                                struct slice *out);
/* One of `words` (NULL-terminated): its index. */
MUST_CHECK int load_choice(struct loader *loader, const struct tree_node *node,
                           const char *const *words, size_t *out);
MUST_CHECK int load_words(struct loader *loader, const struct tree_node *node,
                          struct string_list *out);

size_t tree_count(const struct tree_node *node);

/* load_policy.c: the value of one name under `policies`. */
MUST_CHECK int load_policy(struct loader *loader, const struct tree_node *node,
                           struct policy **out);
/* load_rules.c: the value of `rules`. */
MUST_CHECK int load_rules(struct loader *loader, const struct tree_node *node, void *target);

/* params.c: the presets of `rule` under `base`, into `settings`. 0 or -ENOMEM. */
MUST_CHECK int params_preset(struct arena *arena, const struct rule *rule, enum base base,
                             struct rule_settings *settings);
/* "1.5" to thousandths. 0, -EINVAL or -ERANGE. */
MUST_CHECK int params_parse_cpus(struct slice text, uint64_t *out);

/*
 * policy_file.c: a policy file's text. As policy_file_load(), but the diagnosis' file name is the
 * caller's.
 */
MUST_CHECK int policy_file_parse(struct slice text, struct policy_file **out, struct diag *diag);

#endif
