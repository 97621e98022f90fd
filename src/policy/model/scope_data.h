/*
 * What a policy says of whose objects it reaches, and of what it hides in answers.
 */
#ifndef SOCKADE_POLICY_MODEL_SCOPE_DATA_H
#define SOCKADE_POLICY_MODEL_SCOPE_DATA_H

#include "docker/api/operations.h"
#include "docker/objects/object_answer.h"
#include "docker/objects/redact.h"
#include "docker/spec.h"
#include "sockade/decision.h"

struct arena;
struct json;
struct policy;

/*
 * Which images may be pushed and saved, and which removed and renamed: the scope's own, or all. All
 * may be looked at and run.
 */
enum scope_images {
    SCOPE_IMAGES_OWN = 0, /* own ones */
    SCOPE_IMAGES_SHARED,  /* all are pushed and saved, own ones removed and renamed */
    SCOPE_IMAGES_ALL
};

/* Objects that are not there, whatever else the scope says: any of these is enough. */
struct scope_exclusions {
    struct string_map labels;
    struct string_list names;    /* this and the next: '*' at the end stands for any rest */
    struct string_list projects; /* of Compose */
};

struct scope {
    bool on;
    bool names_held;  /* some policy of the file has a scope */
    bool owner;       /* the one label says whose an object is */
    bool by_listener; /* the owner is the listener; the loader fills it in */
    enum scope_images images;
    struct string_list image_names;  /* that may be given, as scope_names_expand() writes them */
    struct string_list own_names;    /* the same, of the owner or the Compose project */
    struct string_list longer_names; /* of these, what begins with a longer owner of the file */
    struct string_list other_names;  /* own_names of the file's other scopes */
    struct slice image_prefix;       /* of own_names; may be empty */
    struct string_map labels;        /* none: it only leaves out */
    struct scope_exclusions exclude;
    struct string_list reserved;      /* keys of the owner labels of the file's other policies */
    const struct string_map *foreign; /* the labels of the file's other scopes, as they differ */
    size_t foreign_count;
};

/* Whether `labels` are those of an object inside. */
bool scope_labels_hold(const struct string_map *wanted, const struct string_map *labels);
bool scope_holds(const struct scope *scope, const struct string_map *labels);
bool scope_holds_json(const struct scope *scope, const struct json *labels);

/* Whether an object of these labels and that name is inside. */
bool scope_contains(const struct scope *scope, const struct string_map *labels, struct slice name);

/* The key of one of the scope's labels, compared as its owner would like it: without case. */
const struct string_pair *scope_label(const struct scope *scope, struct slice key);

/*
 * image_names.c: the names that images get. A pattern is a repository, with a '*' at its end or
 * not; "ci-*" is expanded to "docker.io/library/ci-*". 0 or -ENOMEM.
 */
MUST_CHECK int scope_names_expand(struct arena *arena, struct slice pattern, struct slice *out);
MUST_CHECK int scope_names_own(struct scope *scope, struct arena *arena, struct slice owner);
MUST_CHECK int scope_names_apart(struct scope *scope, struct arena *arena,
                                 const struct scope *other); /* of the same file */
bool scope_names_hold(const struct string_list *patterns, struct slice repository);
bool scope_names_are_own(const struct scope *scope, struct slice repository);
bool scope_names_are_others(const struct scope *scope, struct slice repository);

/* scope_exclude.c */
bool scope_has_exclusions(const struct scope *scope);
bool scope_excludes(const struct scope *scope, const struct string_map *labels, struct slice name);
bool scope_excludes_operation(const struct scope *scope, enum operation operation);
/* Whether a label of that key may leave its object out. */
bool scope_exclude_reads(const struct scope *scope, struct slice key);
/* One of a list, or what is inspected. What is no object is left out. */
bool scope_leaves_out(const struct scope *scope, const struct json *object);
bool scope_leaves_out_event(const struct scope *scope, const struct json *event);
/* Whether the answer is a list from which those are taken. */
bool scope_filters_list(const struct policy *policy, enum operation operation);

enum redact_mounts { REDACT_MOUNTS_HOST_PATHS = 0, REDACT_MOUNTS_NONE };
enum redact_own { REDACT_OWN_HIDDEN = 0, REDACT_OWN_SHOWN };

struct redact {
    enum redact_env env;
    enum redact_mounts mounts;
    enum redact_own own; /* objects inside the scope */
};

#endif
