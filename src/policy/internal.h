/*
 * What the files of this folder share: the compiled policy and the state of one
 * judgement between the head, the body and the facts.
 */
#ifndef SOCKADE_POLICY_INTERNAL_H
#define SOCKADE_POLICY_INTERNAL_H

#include "docker/json.h"
#include "docker/routes.h"
#include "policy/redact.h"
#include "policy/rule.h"
#include "policy/scope.h"

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
    struct needs needs; /* of these rules: policy_note_needs() */
    struct policy_limits limits;
    unsigned api_min; /* 1.api_min */
    unsigned api_max;
    struct slice engine_socket;
    struct string_list listener_sockets; /* of this process, all of them */
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

/*
 * rules/host_path_mount.c: the allowed paths, one for each index; false past the last, or where the
 * rule is off.
 */
bool policy_allowed_path(const struct policy *policy, size_t index, struct slice *path,
                         bool *needs_sight);

/* The level a rule has after the policy's mode. */
static inline enum rule_level policy_rule_level(const struct policy *policy, enum rule_level level)
{
    return level > policy->mode ? level : policy->mode;
}

struct judgement {
    const struct policy *policy;
    struct sockade_engine engine; /* that the request is for */
    struct route_match match;     /* route NULL: none, and the policy lets it pass */
    enum operation operation;
    struct slice path;        /* decoded */
    struct query_pair *query; /* what is sent of it */
    struct slice prefix;      /* of lookups: "/v1.41", or empty */
    struct slice raw_target;  /* what is sent as it came, where nothing is judged; else empty */
    char api_max[8];          /* "1.55" */
    bool unlinks;             /* removes a link, by its own name */

    struct container_spec container;
    struct exec_spec exec;
    struct volume_spec volume;
    struct network_spec network;
    struct connect_spec connect;
    struct build_limits build_limits;
    struct swarm_spec swarm;
    struct plugin_spec plugin;
    struct json *tree;                 /* of a body without a spec of ours */
    enum route_body read;              /* which of them was filled, ROUTE_BODY_NONE before */
    struct container_answer *existing; /* that the request wants to use; NULL: none, not asked */
    bool exec_known;                   /* `exec` is one that exists, and is used */
    bool text_judged;                  /* by what the request says, before lookups */
    bool settled[RULE_COUNT];          /* by the text, and nothing is against it */
    bool begun;                        /* `violations_before` is counted */
    bool relays;                       /* the body is sent as it came: nobody reads it */
    bool keeps;                        /* and it was waited for */
    struct slice kept;                 /* this is it */
    bool holds;                        /* what the request has to hold is held */
    struct slice held_id;              /* of a container that is held, and not judged */
    size_t violations_before;          /* anything was looked up */
    struct slice committed;            /* the container of a commit, as it was named */
    struct peer *peers;                /* of the container that is made or used, and theirs */
    struct given_name *names;          /* that it gives, where a rule needs them */
    struct scope_state scope;
};

/* A step of a judgement; errors are negative. */
enum step { STEP_ON = 0, STEP_DECIDED = 1 };

/* refusal.c: the ends of a judgement. 0 or -ENOMEM, but for the last, which can't fail. */
MUST_CHECK int refuse_malformed(const struct policy *policy, const struct policy_request *request,
                                unsigned status, const char *rule, const char *sentence,
                                struct decision *out);
/* With 403 it is 409 where only what others have under way is in the way. */
MUST_CHECK int refuse_by_rules(const struct policy *policy, const struct policy_request *request,
                               unsigned status, struct decision *out);
void refuse_without_memory(const struct policy_request *request, struct decision *out);

/* Adds to the decision's violations, at the end. 0 or -ENOMEM. */
MUST_CHECK int violation_add(struct decision *out, const char *rule, enum rule_level level,
                             struct slice text, struct slice fix);
/*
 * The same for what no rule is about (a key, a field, a text that nothing here reads), so that no
 * policy but an open one passes it on. `fix` may be NULL.
 */
MUST_CHECK int violation_add_unknown(const struct judgement *judgement, const char *rule,
                                     struct slice text, const char *fix, struct decision *out);
struct violation **violation_tail(struct decision *out);
struct slice violation_field(struct slice text);
bool violation_denies(const struct decision *out);

/* rule.c: says how many objections are not listed, if there are any. 0 or -ENOMEM. */
MUST_CHECK int rule_object_more(struct rule_input *in);

/* Bytes of the client as they may be shown: cut at 256, escaped. In the arena. */
MUST_CHECK int show_text(struct arena *arena, struct slice text, struct slice *out);

/* decide_query.c: operation, query keys, canonical target. Answer enum step. */
MUST_CHECK int decide_operation(struct judgement *judgement, struct decision *out);
MUST_CHECK int decide_query(struct judgement *judgement, const struct policy_request *request,
                            struct decision *out);
MUST_CHECK int decide_target(const struct judgement *judgement, struct decision *out);

/* decide_media.c: the Content-Type and what is done with the body. Answers enum step. */
MUST_CHECK int decide_media(struct judgement *judgement, const struct policy_request *request,
                            struct decision *out);

/* decide_body.c: GET, HEAD and DELETE carry no body but an empty one, or an object nobody reads. */
bool method_takes_no_body(struct slice method);
MUST_CHECK int refuse_body(const struct judgement *judgement, const struct policy_request *request,
                           struct decision *out);

/* judge.c: asks the rules and ends the judgement: refused, or allowed and written. 0 or -ENOMEM. */
MUST_CHECK int judge(struct judgement *judgement, const struct policy_request *request,
                     struct decision *out);

/* Whether the body describes a container that is to be made: of a create or a service. */
bool judgement_makes_container(const struct judgement *judgement);
/* Frees the body's values and the facts, to which nothing points afterwards. */
void drop_values(struct judgement *judgement, struct decision *out);

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

/* needs.c: what the policy's rules have to know. To be called when its rules have changed. */
void policy_note_needs(struct policy *policy);
/* Of a rule with these parameters: enum rule_need. */
unsigned rule_needs(const struct rule *rule, const struct rule_settings *settings);
bool judgement_needs(const struct judgement *judgement, enum rule_need need);
/* Whether a rule that needs it refuses by it, so that the request is sent as it was judged. */
bool judgement_enforces(const struct judgement *judgement, enum rule_need need);
/*
 * Whether something of the policy depends on what the body of the request says, or has to be
 * written into it. If not, it is sent as it came, and the engine says what it thinks of it.
 */
bool judgement_reads_body(const struct judgement *judgement);
/* The strictest rule that needs it objects, since it cannot be known. 0 or -ENOMEM. */
MUST_CHECK int needs_object(const struct judgement *judgement, enum rule_need need,
                            const char *text, const char *fix, struct decision *out);
/* The paths that NEED_ROOTS is about; no rule needs them: none. */
const struct param_value *policy_roots(const struct policy *policy);

/* Whether one of them has no answer yet. */
bool facts_wanted(const struct decision *decision);

/* The question of that kind about that name, or NULL. */
const struct fact *fact_find(const struct decision *decision, enum fact_kind kind,
                             struct slice name);

/* Asks, unless that has been asked. 0; -EINVAL for a name nobody can ask about; -ENOMEM. */
MUST_CHECK int fact_ask(const struct judgement *judgement, enum fact_kind kind, struct slice name,
                        struct decision *out);

/* The same for the scope: an answer that isn't there, or is odd, is no affair of the rules. */
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

/*
 * holds.c: lists in out->holds what has to be held, when it is known by which ids. Answers enum
 * step.
 */
MUST_CHECK int holds_judge(const struct judgement *judgement, const struct policy_request *request,
                           struct decision *out);
/* Adds one, unless the object is on the list. 0, -E2BIG or -ENOMEM. */
MUST_CHECK int hold_add(struct decision *out, struct decision_hold **list, enum hold_kind kind,
                        enum hold_mode mode, struct slice key);
/* holds_names.c: the names that it goes by or gives. The same errors. */
MUST_CHECK int holds_list_names(const struct judgement *judgement, struct decision *out,
                                struct decision_hold **list);
/* It holds what it has listed. `waited`: others were under way, and what they did is not known. */
void holds_taken(struct judgement *judgement, bool waited, struct decision *out);
/* What the request holds and does not need as it is sent. */
void holds_spare(const struct judgement *judgement, const struct decision *out);
/* Whether a build left the container, so that no rule has judged it. NULL: no. */
bool holds_left_by_build(const struct judgement *judgement,
                         const struct container_answer *container);
/* Whether the operation uses a container that nobody judges, and has to hold it. */
bool holds_by_id_only(const struct judgement *judgement);

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
MUST_CHECK int images_show(const struct judgement *judgement, struct rule_input *in);
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
 * allow.c: writes what is sent of a request that no rule refuses. 0, -ENOMEM, or -E2BIG when a
 * scope would have to label too much.
 */
MUST_CHECK int judgement_allow(struct judgement *judgement, const struct known_facts *facts,
                               struct decision *out);

/*
 * maker.c: the label that says through which policy a container was made, whatever the client says
 * of it. 0 or -ENOMEM.
 */
extern const struct slice maker_label;
extern const struct slice maker_unknown; /* made through sockade, or may be, by nobody known */
MUST_CHECK int maker_write(const struct judgement *judgement, struct decision *out);
/* Of the label's value: policy->maker of who wrote it. Of that: the policy's name. */
struct slice maker_of(struct slice value);
struct slice maker_policy(struct slice maker);

/* response.c: what is changed in an object of which nothing is hidden, in place. 0 or -ENOMEM. */
MUST_CHECK int response_edit(const struct decision *decision, struct arena *arena,
                             struct json *tree);

/*
 * names.c: the names that the request gives, into judgement->names, and whether ids begin so.
 * 0 or -ENOMEM.
 */
MUST_CHECK int names_read(struct judgement *judgement, struct decision *out);
MUST_CHECK int names_ask(struct judgement *judgement, struct decision *out);

/* pin.c: sets a query key that is given. */
void pin_query(struct judgement *judgement, struct slice key, struct slice value);

/* Ids and answers go into what is sent, in place of names that could move. 0 or -ENOMEM. */
MUST_CHECK int pin_names(struct judgement *judgement, const struct known_facts *facts,
                         struct decision *out);

/* 0; -EBADMSG when an answer cannot be used; -ENOMEM. */
MUST_CHECK int facts_read(struct decision *decision, struct known_facts *out);

#endif
