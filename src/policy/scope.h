/*
 * Whose objects a policy reaches: those that carry its labels. What is created gets them,
 * lists are filtered by them, and any other object is answered like one that doesn't exist.
 *
 * A scope is no rule: it has no level and no parameters that weaken it. Only the policy's
 * mode does: under warn and audit nothing is hidden, and what would be is recorded.
 */
#ifndef SOCKADE_POLICY_SCOPE_H
#define SOCKADE_POLICY_SCOPE_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "docker/object_answer.h"
#include "docker/operations.h"
#include "docker/spec.h"
#include "http/target.h"
#include "sockade/decision.h"

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

/* An object that the request names. */
struct scope_reference {
    enum fact_kind kind;
    struct slice name;
    const struct fact *fact; /* NULL: a name that nobody can ask for */
    /*
     * NULL: the request is about it, and the answer for one of somebody else is the engine's
     * 404. Else it is used, and the request is refused: "HostConfig.NetworkMode".
     */
    const char *field;
    bool created;        /* a new object's name: to be free or own */
    bool may_be_missing; /* the engine makes it, or says itself that it isn't there */
    bool may_be_others;  /* only pinned if it is in the scope */
    bool may_be_nobodys; /* unless it is in another scope of the file */
    const char *because; /* of a refusal, after the name; NULL: the usual */
    struct slice *pin;   /* NULL, or where before + id + after goes */
    struct slice before;
    struct slice after;
    bool pins_path; /* the id goes into the path */
    bool pins_name; /* of an image: its whole name goes there instead, if it was found by that */
    bool judged;
    enum fact_kind shown_kind; /* in a 404; an exec, where `kind` is its container */
    struct slice shown_name;
    struct scope_reference *next;
};

enum { SCOPE_MAX_REFERENCES = 128 };

/* Of one judgement. */
struct scope_state {
    bool begun;
    struct scope_reference *references;
    size_t count;
    struct slice path_id;
};

struct judgement;
struct policy;
struct policy_request;

/* Whether `labels` are those of an object inside. */
bool scope_labels_hold(const struct string_map *wanted, const struct string_map *labels);
bool scope_holds(const struct scope *scope, const struct string_map *labels);
bool scope_holds_json(const struct scope *scope, const struct json *labels);

/* Whether an object of these labels and that name is inside. */
bool scope_contains(const struct scope *scope, const struct string_map *labels, struct slice name);

/* The key of one of the scope's labels, compared as its owner would like it: without case. */
const struct string_pair *scope_label(const struct scope *scope, struct slice key);

/*
 * scope.c: asks about what the request names (out->facts), and refuses. To be called before
 * the rules and again after each answer; answers enum step. With facts still wanted it has
 * not judged them yet.
 */
MUST_CHECK int scope_judge(struct judgement *judgement, const struct policy_request *request,
                           struct decision *out);

/* Writes labels and filters into a request that is allowed. 0 or -ENOMEM. */
MUST_CHECK int scope_write(struct judgement *judgement, struct decision *out);

/* Whether the operation can be kept inside a scope, and what the name in its path is of, or NULL.
 */
bool scope_allows(enum operation operation);
const struct scope_reference *scope_path(enum operation operation);

/* What has to be done for an operation. 0 or a negative errno. */
typedef int scope_step(struct judgement *judgement, struct decision *out);

/* scope_references.c: adds what the request names. 0 or -ENOMEM. */
MUST_CHECK int scope_add_reference(struct judgement *judgement, struct decision *out,
                                   const struct scope_reference *reference);
#define SCOPE_REFER(judgement, out, ...) \
    scope_add_reference(judgement, out, &(struct scope_reference){__VA_ARGS__})
/* Answers enum step. References that were judged are not judged again. */
MUST_CHECK int scope_check(struct judgement *judgement, const struct policy_request *request,
                           struct decision *out);
/* A network that every engine has. */
bool scope_is_builtin(struct slice network);
/* What objects of a kind are called: "container". Static. */
const char *scope_word(enum fact_kind kind);
/* An objection of rule "scope"; the format is printf's. */
MUST_CHECK int scope_object(const struct judgement *judgement, struct decision *out,
                            const char *fix, const char *format, ...) PRINTF_LIKE(4, 5);

/* scope_create.c: references of bodies. */
scope_step scope_collect_container;
scope_step scope_collect_network;
scope_step scope_collect_volume;
scope_step scope_collect_connect;
scope_step scope_refer_volumes; /* of mounts, and the image's */
/*
 * "host", "container:x", "backend": `field` says where. `place` is where an id is pinned; that of a
 * network only with `pins_network`.
 */
MUST_CHECK int scope_refer_network_mode(struct judgement *judgement, struct decision *out,
                                        const char *field, struct slice *place, bool pins_network);

/* scope_swarm.c: services, tasks, secrets, configs. */
scope_step scope_collect_service;
scope_step scope_write_service;
/* Takes the scope's labels out of a swarm list's filters. False: other values were asked for. */
bool scope_clean_swarm_filters(const struct judgement *judgement, struct json *filters);
MUST_CHECK int scope_refer_task_filters(struct judgement *judgement, struct decision *out,
                                        const struct json *filters);

/* scope_images.c: references of images, and the queries that make images. */
scope_step scope_collect_image;
scope_step scope_write_removal;
scope_step scope_collect_target;
scope_step scope_collect_pull;
scope_step scope_collect_push;
scope_step scope_collect_save;
scope_step scope_collect_load;
scope_step scope_collect_image_prune;
scope_step scope_collect_build;
scope_step scope_collect_commit;
/*
 * Whether a name that another scope may give was given to the image that has it by a request, and
 * not by a registry. 0, -EBADMSG or -ENOMEM.
 */
MUST_CHECK int scope_gave_name(const struct judgement *judgement,
                               const struct scope_reference *reference, struct decision *decision,
                               bool *out);
/*
 * How the image that `name` was found by is named to the engine: in *out by its whole id, or by
 * registry, repository and tag, which no engine takes for an id. Answers enum step, and refuses
 * a name that one would take for an id all the same.
 */
MUST_CHECK int scope_pinned_image(const struct judgement *judgement, struct slice name,
                                  struct slice id, struct decision *decision, struct slice *out);

/*
 * scope_names.c: the names that images get. A pattern is a repository, with a '*' at its end or
 * not; "ci-*" is expanded to "docker.io/library/ci-*". 0 or -ENOMEM.
 */
MUST_CHECK int scope_names_expand(struct arena *arena, struct slice pattern, struct slice *out);
MUST_CHECK int scope_names_own(struct scope *scope, struct arena *arena, struct slice owner);
MUST_CHECK int scope_names_apart(struct scope *scope, struct arena *arena,
                                 const struct scope *other); /* of the same file */
bool scope_names_hold(const struct string_list *patterns, struct slice repository);
bool scope_names_are_own(const struct scope *scope, struct slice repository);
bool scope_names_are_others(const struct scope *scope, struct slice repository);
MUST_CHECK int scope_check_image_name(const struct judgement *judgement, struct decision *out,
                                      const char *field, struct slice name);

/* scope_labels.c: labels that claim an owner, and the owner's own. */
scope_step scope_check_build;
scope_step scope_check_changes;
scope_step scope_write_body;
scope_step scope_write_build;
scope_step scope_write_changes;
MUST_CHECK int scope_check_labels(const struct judgement *judgement, struct decision *out,
                                  const char *field, const struct json *labels);
/* Into the Labels of `object`; -ENOMEM also when it is NULL. */
MUST_CHECK int scope_write_labels(const struct judgement *judgement, struct arena *arena,
                                  struct json *object);
/*
 * Into the Labels of `object`, which is made of an image and gets those of the image's that it does
 * not say itself: what keeps it out of the file's other scopes, whichever labels the image has.
 */
MUST_CHECK int scope_write_foreign(const struct judgement *judgement, struct arena *arena,
                                   struct json *object);
/* A key of the query that holds an object as JSON: nothing is an empty one. */
struct query_pair *scope_find_pair(const struct judgement *judgement, struct slice key);
/* Gives the key that value, or adds it. 0 or -ENOMEM. */
MUST_CHECK int scope_set_pair(struct judgement *judgement, struct arena *arena, struct slice key,
                              struct slice value);
/* 0; -EBADMSG when it is something else, or reads in two ways; -ENOMEM. */
MUST_CHECK int scope_read_pair(const struct query_pair *pair, struct arena *arena,
                               struct json **out);
MUST_CHECK int scope_write_json(struct arena *arena, const struct json *object, struct slice *out);
MUST_CHECK int scope_add_pair(struct judgement *judgement, struct arena *arena, struct slice key,
                              struct slice value);
void scope_drop_pairs(struct judgement *judgement, struct slice key);

/* scope_cache.c: keeps a build to what the scope's own builds left in the engine's cache. */
scope_step scope_write_cache;

/* scope_mounts.c: volumes that the engine will make for a container get the labels too. */
scope_step scope_check_mounts;
scope_step scope_write_container;

/* scope_filters.c */
scope_step scope_collect_filters;
scope_step scope_write_filters;

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

/*
 * scope_events.c: a stream of events, each on a line, of which those of the scope are left. A line
 * that is above POLICY_REWRITE_MAX_BYTES or cannot be read is left out. The errors are those of
 * policy_rewriter_feed().
 */
struct scope_stream {
    struct buf line; /* that has begun; owned */
    bool too_long;
};

bool scope_filters_stream(const struct policy *policy, enum operation operation);
MUST_CHECK int scope_stream_feed(struct scope_stream *stream, const struct policy *policy,
                                 struct slice bytes, struct buf *out);
MUST_CHECK int scope_stream_end(struct scope_stream *stream, const struct policy *policy,
                                struct buf *out);

/*
 * scope_response.c: what of other people's a scope's answers would still show, the labels of
 * images, which everybody may look at, and who is in the networks that every engine has.
 */
bool scope_response_wanted(const struct policy *policy, enum operation operation);
/* Takes it out, in place, of an answer or a part of one. 0, -EBADMSG or -ENOMEM. */
MUST_CHECK int scope_response(const struct policy *policy, enum operation operation,
                              struct arena *arena, struct json *tree);

#endif
