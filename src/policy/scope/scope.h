/*
 * A scope at work: what a request names is looked up and judged, labels and filters are written.
 * What is created gets the scope's labels, lists are filtered by them, and any other object is
 * answered like one that doesn't exist.
 *
 * A scope is no rule: it has no level and no parameters that weaken it. Only the policy's mode
 * does: under warn and audit nothing is hidden, and what would be is recorded.
 */
#ifndef SOCKADE_POLICY_SCOPE_SCOPE_H
#define SOCKADE_POLICY_SCOPE_SCOPE_H

#include "docker/objects/object_answer.h"
#include "policy/lookup/judgement.h"

struct arena;
struct decision;
struct json;
struct judgement;
struct policy_request;

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

/* scope_refer.c: adds what the request names. 0 or -ENOMEM. */
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

#endif
