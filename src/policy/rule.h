/*
 * What a rule is: an id, what it looks at, its parameters and one function that
 * objects. A new rule is one file in rules/, one line in RULES() below and one
 * file of cases; the loader, the catalogue and the tests find it from there.
 */
#ifndef SOCKADE_POLICY_RULE_H
#define SOCKADE_POLICY_RULE_H

#include "base/cleanup.h"
#include "docker/answer.h"
#include "docker/build_limits.h"
#include "docker/container_answer.h"
#include "docker/container_spec.h"
#include "docker/engine_answers.h"
#include "docker/image_ref.h"
#include "docker/network_spec.h"
#include "docker/other_specs.h"
#include "docker/swarm_specs.h"
#include "sockade/policy.h"

/* In the order in which objections are shown. */
// clang-format off
#define RULES(X) \
    X(privileged) \
    X(added_capabilities) \
    X(dropped_capabilities) \
    X(docker_socket_mount) \
    X(host_path_mount) \
    X(host_path_owner) \
    X(mount_propagation) \
    X(volume_driver) \
    X(volumes_from) \
    X(live_tree) \
    X(tmpfs_options) \
    X(image_mount) \
    X(host_network) \
    X(host_pid) \
    X(host_ipc) \
    X(host_uts) \
    X(host_userns) \
    X(host_cgroupns) \
    X(namespace_sharing) \
    X(run_as_root) \
    X(root_group) \
    X(supplementary_groups) \
    X(privilege_escalation) \
    X(seccomp_profile) \
    X(apparmor_profile) \
    X(selinux_options) \
    X(masked_paths) \
    X(host_devices) \
    X(device_cgroup_rules) \
    X(device_requests) \
    X(sysctls) \
    X(ulimits) \
    X(oom_score) \
    X(runtime) \
    X(build_host_access) \
    X(cgroup_parent) \
    X(storage_options) \
    X(read_only_rootfs) \
    X(memory_limit) \
    X(cpu_limit) \
    X(pids_limit) \
    X(shm_size) \
    X(published_ports) \
    X(restart_policy) \
    X(healthcheck) \
    X(default_bridge) \
    X(container_links) \
    X(log_driver) \
    X(extra_hosts) \
    X(dns_options) \
    X(image_registry) \
    X(image_tag) \
    X(image_digest) \
    X(network_driver) \
    X(network_icc) \
    X(service_replicas) \
    X(id_like_name)
// clang-format on

#define X(id) RULE_##id,
enum rule_index { RULES(X) RULE_COUNT };
#undef X

/* The ladder of bases; each step keeps the rules of the one before. */
enum base { BASE_RESTRICTED = 0, BASE_BASELINE, BASE_READ_ONLY, BASE_OPEN, BASE_COUNT };

/* The first step of the ladder on which a rule is on. */
enum rule_start {
    RULE_FROM_BASELINE = 0, /* baseline, restricted and read_only */
    RULE_FROM_RESTRICTED,   /* restricted and read_only */
    RULE_ON_REQUEST         /* only where a policy names it */
};

enum param_type {
    PARAM_WORDS = 0, /* a list of strings */
    PARAM_PATHS,     /* a list of {path, access: ro|rw} */
    PARAM_FLAG,
    PARAM_NUMBER,
    PARAM_SIZE,   /* bytes, "512m" */
    PARAM_CPUS,   /* "1.5", kept in thousandths */
    PARAM_CHOICE, /* one of `choices`, kept as its index */
    PARAM_RANGES  /* a list of numbers and of ranges, "1000-59999" */
};

/*
 * What a rule has to know that the request doesn't say. It is looked up where a rule that is on
 * needs it, and for no other reason: no lookup names a rule.
 */
enum rule_need {
    NEED_IMAGE_USER = 1 << 0,   /* the image's user, where the request names none */
    NEED_IMAGE_HEALTH = 1 << 1, /* the image's health check, where the request has none */
    NEED_IMAGE_ORIGIN = 1 << 2, /* where images are from; they are sent as they were judged */
    NEED_VOLUMES = 1 << 3,      /* how the volumes were made that are mounted */
    NEED_NETWORKS = 1 << 4,     /* which network is meant by what may be an id */
    NEED_JOINED = 1 << 5,       /* the containers whose namespaces are taken */
    NEED_MOUNTED_FROM = 1 << 6, /* the containers whose mounts are taken */
    NEED_PATHS = 1 << 7,     /* where paths of the host lead; they are sent as they were judged */
    NEED_ROOTS = 1 << 8,     /* the same of the paths that its parameter lists. It refuses all
                                others by their text, and volumes made of paths altogether */
    NEED_CGROUPS = 1 << 9,   /* whether the kernel has version 2 of control groups alone */
    NEED_NAMES = 1 << 10,    /* whether an id begins like a name that is given */
    NEED_TREES = 1 << 11,    /* who can change the files that the engine walks; they are held */
    NEED_NO_LINKS = 1 << 12, /* that no link is followed in its roots, which it refuses */
    NEED_USED = 1 << 13      /* the container that the request uses: `judges_existing` */
};

/* Which words a list takes; any other could never match. */
enum value_kind {
    VALUE_ANY = 0,
    VALUE_CAPABILITY,
    VALUE_SELINUX,
    VALUE_SYSCTL,
    VALUE_ADDRESS,
    VALUE_SUBNET,
    VALUE_ENDPOINT,
    VALUE_RESTART,
    VALUE_PROPAGATION,
    VALUE_LOG_OPTION,
    VALUE_REGISTRY,
    VALUE_DEVICE
};

/* Parameters only widen, or supply a default that is written into the request. */
struct rule_param {
    const char *name; /* NULL ends the table */
    enum param_type type;
    const char *preset;            /* as a file would say it, words by spaces; NULL: none */
    const char *preset_restricted; /* under restricted and read_only; NULL: the same */
    const char *doc;
    const char *const *choices; /* of PARAM_CHOICE, NULL-terminated */
    enum value_kind values;     /* of PARAM_WORDS */
    /* enum rule_need: of PARAM_FLAG where it is true, of PARAM_CHOICE where the last is chosen */
    unsigned needs;
    unsigned spares; /* of PARAM_FLAG: needs of the rule that it hasn't where it is true */
};

struct allowed_path {
    struct slice path; /* cleaned, absolute */
    bool writable;
};

/* Both are within. */
struct id_range {
    uint64_t first;
    uint64_t last;
};

struct param_value {
    bool given; /* by the file or a preset */
    bool flag;
    uint64_t number;
    struct string_list words;
    const struct allowed_path *paths;
    size_t path_count;
    const struct id_range *ranges;
    size_t range_count;
};

enum { RULE_MAX_PARAMS = 6, RULE_MAX_OBJECTIONS = 20 };

struct rule_settings {
    enum rule_level level;
    struct param_value param[RULE_MAX_PARAMS];
};

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
    struct string_list users; /* volumes that others run with; not `present`: nobody knows */
};

/* Whether a container runs that mounts the volume, or nobody knows. */
bool tree_volume_is_used(const struct tree_use *tree, struct slice volume);

/* Whether it is a volume by a name such as the engine gives to those without one. */
bool tree_volume_is_engines(const struct mount_spec *mount);

/* Whether the engine may have made the volume for a request under way, and be filling it. */
bool tree_volume_is_being_filled(const struct tree_use *tree, const struct mount_spec *mount);

/* Parameters of live_tree: facts are looked up by them. */
enum live_tree_param {
    LIVE_TREE_COPY_UP,
    LIVE_TREE_ARCHIVE,
    LIVE_TREE_COMMIT,
    LIVE_TREE_BUILDS,
    LIVE_TREE_WORK_DIR
};

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

    struct query_pair **build_query;            /* where rule_build_default() adds */
    const struct sockade_engine *engine;        /* that the request is for */
    struct slice engine_socket;                 /* of this process */
    const struct string_list *listener_sockets; /* of this process, the request's own among them */
    struct slice listener_socket; /* that the request came through, as the host has it, or empty */
    struct violation **tail;      /* where the next objection goes */
    size_t *objections;           /* of this rule to this request; past the maximum only counted */
};

/* What the administrator can write into the policy, so that it passes. */
enum rule_change_kind {
    CHANGE_OFF = 0, /* the rule is off: there is no parameter for it */
    CHANGE_ADD,     /* `word` to a list, with its access if it is one of paths */
    CHANGE_SET,     /* a parameter that is no list to `number`: true is 1, a choice its index */
    CHANGE_NONE     /* nothing: the fix says that no policy allows it */
};

struct rule_change {
    enum rule_change_kind kind;
    size_t param; /* by its index */
    struct slice word;
    bool writable;
    uint64_t number;
    size_t also; /* 1 and the index of a flag that has to be true as well, or 0 */
};

/* What helps against an objection: what the client can do, and what the administrator. */
struct rule_remedy {
    const char *fix;     /* NULL: the rule's own; else one of its `fixes` */
    struct slice detail; /* shown behind it in parentheses, or empty */
    bool holds;          /* for a container that exists as it is, too: it need not be made anew */
    bool passes;         /* what is objected to is over when others are done */
    struct rule_change change;
};

struct rule {
    const char *id;
    const char *summary;      /* one sentence */
    const char *fix;          /* what the user can do */
    const char *const *fixes; /* what else, NULL-terminated; NULL: nothing. Each has a case that
                                 follows it */
    const char *cis;          /* of the Docker Benchmark, or NULL */
    const char *pss;          /* step of the Pod Security Standards, or NULL */
    enum rule_start start;
    bool judges_existing; /* asked about containers that a request starts, enters or copies from */
    bool judges_mounts;   /* asked about containers whose mounts another one takes over */
    unsigned needs;       /* enum rule_need, whatever its parameters say */
    const struct rule_param *params;     /* NULL: none */
    int (*check)(struct rule_input *in); /* 0 or -ENOMEM */
};

#define X(id) extern const struct rule rule_##id;
RULES(X)
#undef X

/* The rule of that index; its id is the word in the list. */
const struct rule *rule_at(enum rule_index index);

/* Whether it has no needs, whatever its parameters say: the request's own text is all it reads. */
bool rule_is_textual(const struct rule *rule);

/* The index, or RULE_COUNT. */
enum rule_index rule_find(struct slice id);

/* Before the fix of a container that exists: it is for the next one. */
#define RULE_FIX_EXISTING "make it anew: "

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

#endif
