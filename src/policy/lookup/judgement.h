/*
 * The state of one judgement between the head, the body and the facts.
 */
#ifndef SOCKADE_POLICY_LOOKUP_JUDGEMENT_H
#define SOCKADE_POLICY_LOOKUP_JUDGEMENT_H

#include "docker/api/routes.h"
#include "policy/model/policy_data.h"
#include "policy/model/registry.h"
#include "policy/rules/rule.h"
#include "json/json.h"

struct decision;
struct json;
struct judgement;
struct policy;

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
    bool follows;   /* a container that starts with it: its networks count as well */
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
    size_t body_bytes;                 /* as it came */
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
    struct image_use *images;          /* of the container that is made; NULL: not yet read */
    size_t image_count;
    struct peer *peers;       /* of the container that is made or used, and theirs */
    struct given_name *names; /* that it gives, where a rule needs them */
    struct scope_state scope;
};

/* A step of a judgement; errors are negative. */
enum step { STEP_ON = 0, STEP_DECIDED = 1 };

/*
 * The same for what no rule is about (a key, a field, a text that nothing here reads), so that no
 * policy but an open one passes it on. `fix` may be NULL.
 */
MUST_CHECK int violation_add_unknown(const struct judgement *judgement, const char *rule,
                                     struct slice text, const char *fix, struct decision *out);

/* Whether the body describes a container that is to be made: of a create or a service. */
bool judgement_makes_container(const struct judgement *judgement);

/*
 * Whether something of the policy depends on what the body of the request says, or has to be
 * written into it. If not, it is sent as it came, and the engine says what it thinks of it.
 */
bool judgement_reads_body(const struct judgement *judgement);

/* Whether the operation uses a container that nobody judges, and has to hold it. */
bool holds_by_id_only(const struct judgement *judgement);

#endif
