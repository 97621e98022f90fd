/*
 * What a request leaves open and the engine, or the host, knows.
 */
#ifndef SOCKADE_POLICY_LOOKUP_LOOKUP_H
#define SOCKADE_POLICY_LOOKUP_LOOKUP_H

#include "docker/objects/object_answer.h"
#include "policy/lookup/judgement.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"

struct decision;
struct judgement;
struct policy_request;
struct rule_input;

/*
 * facts.c: lists in out->facts what has to be asked before the rules; again after answers,
 * since a container's volumes are asked for when it is known. 0; -EBADMSG when an answer
 * cannot be used; -E2BIG; -ENOMEM.
 */
MUST_CHECK int facts_collect(struct judgement *judgement, const struct policy_request *request,
                             struct decision *out);

/*
 * facts_path.c: the paths of the host among them. 0, -ENOMEM, or -E2BIG when there are more
 * than PATHS_MAX_SOURCES.
 */
MUST_CHECK int paths_collect(const struct judgement *judgement, struct decision *out);

/* Writes where the mounts of a create lead, as it was judged, in place of their names. */
MUST_CHECK int paths_pin(struct judgement *judgement, const struct decision *out);

/* A new one at the end of the list. `name` and `target` are kept, not copied. 0 or -ENOMEM. */
MUST_CHECK int fact_add(struct decision *out, enum fact_kind kind, struct slice name,
                        struct slice target);

bool judgement_needs(const struct judgement *judgement, enum rule_need need);
/* Whether a rule that needs it refuses by it, so that the request is sent as it was judged. */
bool judgement_enforces(const struct judgement *judgement, enum rule_need need);

/* The strictest rule that needs it objects, since it cannot be known. 0 or -ENOMEM. */
MUST_CHECK int needs_object(const struct judgement *judgement, enum rule_need need,
                            const char *text, const char *fix, struct decision *out);

/* Whether one of them has no answer yet. */
bool facts_wanted(const struct decision *decision);

/* The question of that kind about that name, or NULL. */
const struct fact *fact_find(const struct decision *decision, enum fact_kind kind,
                             struct slice name);

/* Asks, unless that has been asked. 0; -EINVAL for a name nobody can ask about; -ENOMEM. */
MUST_CHECK int fact_ask(const struct judgement *judgement, enum fact_kind kind, struct slice name,
                        struct decision *out);

/* The same for the scope. Missing or malformed answers are reported by the scope check, and ignored
 * by the rules. */
MUST_CHECK int fact_ask_for_scope(const struct judgement *judgement, enum fact_kind kind,
                                  struct slice name, struct decision *out);

/* The named volumes that `spec` mounts. 0 or -ENOMEM. */
MUST_CHECK int facts_ask_volumes(const struct judgement *judgement,
                                 const struct container_spec *spec, struct decision *out);

/*
 * facts_existing.c: the container that the request uses, the exec, the containers whose
 * namespaces or mounts are taken. Each fills `judgement` with what is answered already.
 * 0; -EBADMSG; -ENOMEM.
 */
MUST_CHECK int facts_of_existing(struct judgement *judgement, struct decision *out);
MUST_CHECK int facts_of_peers(struct judgement *judgement, struct decision *out);

/* How the operation uses a container that exists. */
enum container_use {
    CONTAINER_UNUSED = 0,
    CONTAINER_BY_PATH,
    CONTAINER_BY_QUERY,
    CONTAINER_BY_EXEC
};

/* CONTAINER_UNUSED as well where no rule that is on judges containers that exist. */
enum container_use judgement_uses(const struct judgement *judgement);

/* The name by which the request names the container it uses. */
struct slice judgement_used_name(const struct judgement *judgement);

/* Whether the engine may start the container that the request uses, or prepare it for that. */
bool judgement_may_start(const struct judgement *judgement);

/* trees.c: how the engine walks files for the request. */
enum tree_walk trees_walk_of(const struct judgement *judgement,
                             const struct policy_request *request);
/* Whether the engine would fill the volume with what the image has at the target. */
bool trees_mount_is_filled(const struct mount_spec *mount);
/* Asks who uses the volumes, and shows what the rules have to know. 0 or -ENOMEM. */
MUST_CHECK int trees_ask_users(const struct judgement *judgement,
                               const struct policy_request *request, struct decision *out);
MUST_CHECK int trees_show(const struct judgement *judgement, const struct policy_request *request,
                          struct decision *out, struct tree_use *tree);
/* images.c: what is known of the image that the request names so, or NULL. */
const struct image_answer *images_find(const struct known_image *known, struct slice asked);

/* The images that the request names, in in->images. 0 or -ENOMEM. */
MUST_CHECK int images_show(struct judgement *judgement, struct rule_input *in);
MUST_CHECK int images_show_existing(const struct judgement *judgement, struct rule_input *in);

/* What of the image this engine takes apart. `image` may be NULL. 0 or -ENOMEM. */
MUST_CHECK int images_judge_env(const struct judgement *judgement, const struct image_answer *image,
                                struct decision *out);

/* Asks about an image whose answer some rule needs. 0 or -ENOMEM. */
MUST_CHECK int images_ask(const struct judgement *judgement, struct decision *out);

/* What the answers about images and volumes say. */
struct known_facts {
    struct known_image *images;
    const struct image_answer *image; /* of the container; NULL: not asked for, or missing */
    const struct fact *missing;       /* an image or container that the engine doesn't have */
    struct known_volume *volumes;
    struct known_network *networks;
};

/*
 * names.c: the names that the request gives, into judgement->names, and whether ids begin so.
 * 0 or -ENOMEM.
 */
MUST_CHECK int names_read(struct judgement *judgement, struct decision *out);
MUST_CHECK int names_ask(struct judgement *judgement, struct decision *out);

/*
 * whole_names.c: for Podman, where a policy of the file has a scope, images go by their whole
 * names: those of the path and the query, of the body of a create, and any other. 0 or -ENOMEM.
 */
MUST_CHECK int whole_names_of_head(struct judgement *judgement, struct decision *out);
MUST_CHECK int whole_names_of_body(struct judgement *judgement, struct decision *out);
MUST_CHECK int whole_name(const struct judgement *judgement, struct decision *out,
                          struct slice *name);

/* 0; -EBADMSG when an answer cannot be used; -ENOMEM. */
MUST_CHECK int facts_read(struct decision *decision, struct known_facts *out);

#endif
