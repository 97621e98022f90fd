/*
 * Reading a tree into structs by tables of keys: name and the function that reads
 * the value. What no table names is an error with its place and a suggestion.
 */
#ifndef SOCKADE_POLICY_LOADER_H
#define SOCKADE_POLICY_LOADER_H

#include "policy/file/yaml_tree.h"
#include "policy/model/policy_data.h"

/* A policy file in the making: what the public struct keeps to itself. */
struct file_memory {
    struct arena arena;
    struct policy **policies;
    size_t policy_count;
    struct policy_listener *listeners;
    unsigned api_min;
    unsigned api_max;
};

struct loader {
    struct arena *arena; /* of what is being loaded: the file or one policy */
    struct diag *diag;
};

/* `place` is the row's in the target. 0, -EINVAL with the diagnosis filled, or -ENOMEM. */
typedef int key_reader(struct loader *loader, const struct tree_node *value, void *place);

struct key {
    const char *name;
    key_reader *read;
    size_t place;             /* in the target of load_map() */
    const char *const *words; /* instead of `read`: the index of one of them goes to an enum */
    bool adds;                /* a list, that load_adds() tells its reader to add to */
};

/* Rows. The last is for keys of later versions. */
#define KEY(name, read)                \
    {                                  \
        (name), (read), 0, NULL, false \
    }
#define KEY_AT(name, read, type, member)                    \
    {                                                       \
        (name), (read), offsetof(type, member), NULL, false \
    }
#define KEY_WORDS(name, words, type, member)                 \
    {                                                        \
        (name), NULL, offsetof(type, member), (words), false \
    }
#define KEY_LATER(name) KEY(name, NULL)

enum { LOADER_MAX_KEYS = 64 };

/*
 * Reads each member of `map` by its row. The table ends with a NULL name. Where a row says `adds`,
 * "name+" is a key as well: its value adds to what is there, whatever the order of the keys.
 */
MUST_CHECK int load_map(struct loader *loader, const struct tree_node *map, const struct key *keys,
                        void *target);

/* Whether the node's key is a row's name with a "+" behind it. */
bool load_adds(const struct tree_node *node);

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
/* One of `words` (NULL-terminated): its index. */
MUST_CHECK int load_choice(struct loader *loader, const struct tree_node *node,
                           const char *const *words, unsigned *out);
MUST_CHECK int load_words(struct loader *loader, const struct tree_node *node,
                          struct string_list *out);

/* Readers of keys. What is read elsewhere has only to be a text. */
key_reader load_elsewhere;
key_reader load_name;        /* to a const char *: a text that is not empty */
key_reader load_socket_path; /* to a const char *: absolute, and it fits a socket address */
/* load_clients.c: to an unsigned, by name or number; to a struct policy_clients *. */
key_reader load_uid;
key_reader load_gid;
key_reader load_clients;
/* load_rules.c, load_scope.c, load_listen.c: the target is the policy, or the file. */
key_reader load_rules;
key_reader load_scope;
key_reader load_listen;

size_t tree_count(const struct tree_node *node);

/* load_policy.c: the value of one name under `policies`. */
MUST_CHECK int load_policy(struct loader *loader, const struct tree_node *node,
                           struct policy **out);

/* load_listen.c: gives each listener its policy, when all policies are known. */
MUST_CHECK int listeners_join(struct loader *loader, const struct tree_node *root,
                              struct policy_file *file);
/* The default socket with the first policy. 0 or -ENOMEM. */
MUST_CHECK int listeners_default(struct policy_file *file);

/* load_scope.c: whether it means itself in a filter, in JSON and in a Dockerfile. */
bool load_is_label_text(struct slice text);

/*
 * load_scopes.c: with listeners and policies joined, a policy whose owner is the listener becomes
 * one policy for each, and no policy may set the owner label of another. 0, -EINVAL or -ENOMEM.
 */
MUST_CHECK int scopes_join(struct loader *loader, const struct tree_node *root,
                           struct policy_file *file);

/*
 * policy_file.c: a policy file's text. As policy_file_load(), but the diagnosis' file name is the
 * caller's.
 */
MUST_CHECK int policy_file_parse(struct slice text, struct policy_file **out, struct diag *diag);

#endif
