/*
 * What a rule gets to see of a request, and how it reports violations.
 */
#ifndef SOCKADE_POLICY_RULES_RULE_H
#define SOCKADE_POLICY_RULES_RULE_H

#include "docker/image_ref.h"
#include "docker/objects/answer.h"
#include "docker/objects/container_answer.h"
#include "docker/objects/engine_answers.h"
#include "docker/tables/build_limits.h"
#include "docker/tables/container_spec.h"
#include "docker/tables/network_spec.h"
#include "docker/tables/other_specs.h"
#include "docker/tables/swarm_specs.h"
#include "policy/model/registry.h"

struct arena;
struct written_paths;
struct rule;
struct rule_input;

/* A volume that a request mounts and that the engine already has. */
struct known_volume {
    struct slice name;
    struct volume_answer answer;
    struct known_volume *next;
};

/* A network that the request names by what may be its id; every one of a service. */
struct known_network {
    struct slice asked;
    struct network_answer answer;
    struct known_network *next;
};

/* Another container whose namespaces or mounts a container takes. */
struct peer {
    struct slice name;
    bool mounts_only;                /* --volumes-from */
    struct container_answer *answer; /* NULL: not asked yet, or not there */
    struct peer *next;
};

/* What the engine does, as root, with files that a container may change meanwhile. */
enum tree_walk {
    TREE_UNTOUCHED = 0,
    TREE_FILLED,    /* copies an image's files into volumes */
    TREE_COMMITTED, /* makes an image of a container's files */
    TREE_ARCHIVED   /* mounts a container's volumes to copy files, in a way that can be misled */
};

struct tree_use {
    enum tree_walk walk;
    bool unpaused;                            /* a commit that does not pause the container */
    const struct container_answer *container; /* whose files they are, or NULL */
    bool starts;                              /* the request may start it */
    bool joinable;            /* the policy lets others join the namespaces of containers */
    bool filling;             /* other creates or builds are under way */
    bool swarms;              /* or tasks of services may be started at any time */
    bool building;            /* builds are under way */
    struct string_list users; /* volumes that others run with; not `present`: nobody knows */
    struct string_list steps; /* volumes that steps of builds may have */
    struct string_list run;   /* of those to be filled: what ran with them may have them open */
};

/* Whether a container runs that mounts the volume, or nobody knows. */
bool tree_volume_is_used(const struct tree_use *tree, struct slice volume);

/* Whether the volume exists, and something may have run with it before. */
bool tree_volume_has_run(const struct tree_use *tree, struct slice volume);

/* Whether a step of a build may have the volume, and its container be committed soon. */
bool tree_volume_is_of_step(const struct tree_use *tree, const struct mount_spec *mount);

/* Whether it is a volume by a name such as the engine gives to those without one. */
bool tree_volume_is_engines(const struct mount_spec *mount);

/* Whether the engine may have made the volume for a request under way, and be filling it. */
bool tree_volume_is_being_filled(const struct tree_use *tree, const struct mount_spec *mount);

/* An image that the engine has. */
struct known_image {
    struct slice asked;
    struct image_answer answer;
    struct known_image *next;
};

/* An image that a request names, and what is known of it. */
struct image_use {
    struct slice field; /* "Image" */
    struct slice text;  /* as it is named */
    struct image_ref ref;
    const struct image_answer *answer; /* NULL: not asked for, or the engine doesn't have it */
    bool local;                        /* one that the engine has: it may be named by its id */
    bool runs; /* or is mounted or pulled; else it is pushed or gets another name */
};

/* A name that a request gives to what it makes, and that an id may begin with. */
struct given_name {
    const char *field; /* "name", "repo", "Name" */
    enum fact_kind kind;
    struct slice text;       /* as it is given */
    struct slice digits;     /* what of it stands where an id would */
    const struct fact *fact; /* NULL: not asked */
    struct given_name *next;
};

enum { NAME_SHORT_ID_DIGITS = 12, NAME_ID_DIGITS = 64 }; /* of an id as clients show it, and all */

static inline bool fact_is_swarms(enum fact_kind kind)
{
    return kind == FACT_SERVICE || kind == FACT_SECRET || kind == FACT_CONFIG;
}

/* What the engine takes the name for. */
enum name_meaning { NAME_UNKNOWN = 0, NAME_BEGINS_AN_ID, NAME_FREE };

/* names.c. Whether it is as long as the ids that clients show and send: not asked about. */
bool name_is_written_like_an_id(const struct given_name *given);
/* 0 or -ENOMEM. */
MUST_CHECK int name_meaning(struct arena *arena, const struct given_name *given,
                            enum name_meaning *out);

/*
 * One request as the rules see it. What it doesn't hold is NULL. Only `container`,
 * `network` and a build's query may be changed, by the functions for that, and only
 * when `writes`.
 */
struct rule_input {
    struct arena *arena; /* of what is needed until the verdict */
    struct arena *kept;  /* of what is shown or sent after it */
    const struct rule *rule;
    const struct param_value *param; /* by the index in the rule's table */
    enum rule_level level;           /* never RULE_LEVEL_OFF */
    bool writes;                     /* defaults may be written in; not under warn and audit */

    struct container_spec *container;
    bool update;    /* `container` holds changes: a field that is zero stays as it was */
    bool copies_in; /* the engine will unpack files into it, as root */
    bool existing;  /* `container` is one that the request wants to use; nothing is written */
    struct slice existing_name;
    struct slice exec_user; /* of the exec that wants to use it, where it names one */
    const struct exec_spec *exec;
    const struct volume_spec *volume;
    struct network_spec *network;
    const struct swarm_spec *swarm;
    const struct plugin_spec *plugin;
    bool plugin_archive;                     /* a plugin of the client's own making */
    const struct query_pair *build;          /* the query of a build */
    const struct build_limits *build_limits; /* of a build */
    struct slice connect_network;            /* the network of networks.connect, else empty */
    const struct connect_spec *connect;      /* how it is connected */

    const struct given_name *names; /* that may be taken for ids */
    const struct image_use *images; /* that are run, mounted, pulled or tagged */
    size_t image_count;
    const struct tree_use *tree; /* NULL: of a peer */
    const struct peer *peers;    /* of the request's container */

    const struct known_image *known_images;
    const struct image_answer *image; /* of the first of `images`, where it had to be asked for */
    bool image_missing;               /* the engine does not have it */
    bool facts_missing;               /* nothing was asked, since the request is refused anyway */
    const struct known_volume *volumes;
    const struct known_network *networks;
    const struct fact *facts; /* those about paths are found by rule_path() */

    struct query_pair **build_query;     /* where rule_build_default() adds */
    const struct sockade_engine *engine; /* that the request is for */
    const struct written_paths *written; /* directories of the host that containers write to */
    struct slice engine_socket;          /* of this process */
    const struct string_list *listener_sockets; /* of this process, the request's own among them */
    struct slice listener_socket; /* that the request came through, as the host has it, or empty */
    struct violation **tail;      /* where the next objection goes */
    size_t *objections;           /* of this rule to this request; past the maximum only counted */
};

/* Before the fix of a container that exists: it is for the next one. */
#define RULE_FIX_EXISTING "recreate it: "

/*
 * Objects. rule_object() shows the rule's own fix, and switching it off; rule_object_list() adds
 * what the list parameter `index` allows, and how `word` is added to it; rule_object_set() says how
 * the parameter `index` is set; rule_object_remedy() says everything.
 * The format's %.*s takes SLICE_ARGS(rule_show(in, value)).
 */
MUST_CHECK int rule_object(struct rule_input *in, const char *format, ...) PRINTF_LIKE(2, 3);
MUST_CHECK int rule_object_fix(struct rule_input *in, const char *fix, const char *format, ...)
    PRINTF_LIKE(3, 4);
MUST_CHECK int rule_object_list(struct rule_input *in, size_t index, struct slice word,
                                const char *format, ...) PRINTF_LIKE(4, 5);
MUST_CHECK int rule_object_set(struct rule_input *in, size_t index, uint64_t number,
                               const char *format, ...) PRINTF_LIKE(4, 5);
MUST_CHECK int rule_object_remedy(struct rule_input *in, const struct rule_remedy *remedy,
                                  const char *format, ...) PRINTF_LIKE(3, 4);

/*
 * An option of SecurityOpt that the list parameter `index` does not allow. `listed`: its value can
 * be added there; else the rule is to be switched off.
 */
MUST_CHECK int rule_object_option(struct rule_input *in, size_t index,
                                  const struct security_option *option, bool listed);

/* "allowed: a, b" and the like, of a list parameter. */
struct slice rule_allowed(struct rule_input *in, size_t index);

/* `text` fit to be shown: in quotes, at most 256 bytes of it, control characters escaped. */
struct slice rule_show(struct rule_input *in, struct slice text);

/*
 * What is known of where a path of the host leads. NULL when nobody asked, which is when
 * host_path_mount refuses it by its text, or the request is refused anyway.
 */
const struct path_answer *rule_path(const struct rule_input *in, struct slice source);

/* A path that exists where the kernel has version 2 of control groups alone. */
struct slice rule_unified_cgroup(void);

/*
 * Why the answer is not enough to let the mount pass ("has more than 40 links"), or NULL.
 * `mount` is NULL when the path is a volume's.
 */
const char *rule_path_problem(const struct mount_spec *mount, const struct path_answer *answer);

/* "cap_net_raw" and "NET_RAW" are one; the prefix is optional in engines. Case is left. */
struct slice rule_capability(struct slice name);

bool rule_allows_word(const struct rule_input *in, size_t index, struct slice word);
/* Words joined with ", ". "nothing" for an empty list. */
struct slice rule_join(struct arena *arena, const struct string_list *words);

/* The value of a build's query key, or an empty slice. */
struct slice rule_build_query(const struct rule_input *in, struct slice key);
/* Writes a default into a build's query: what the rules see stays as it was sent. 0 or -ENOMEM. */
MUST_CHECK int rule_build_default(struct rule_input *in, const char *key, uint64_t value);

/* The name of the network that `text` names, by its id as well. */
struct slice rule_network_name(const struct rule_input *in, struct slice text);

/* The peer of that name, if the engine has it; NULL. */
const struct peer *rule_peer(const struct rule_input *in, struct slice name);

/* rule.c: says how many objections are not listed, if there are any. 0 or -ENOMEM. */
MUST_CHECK int rule_object_more(struct rule_input *in);

#endif
