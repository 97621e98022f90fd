/*
 * The rules there are: their ids, parameters, and what they need to know.
 * A new rule is one file in rules/, one line in RULES() below and one file of cases; the loader,
 * the catalogue and the tests find it from there.
 */
#ifndef SOCKADE_POLICY_MODEL_REGISTRY_H
#define SOCKADE_POLICY_MODEL_REGISTRY_H

#include "base/cleanup.h"
#include "docker/spec.h"
#include "sockade/policy.h"

struct rule;
struct rule_input;

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
    enum value_kind values;        /* of PARAM_WORDS */
    const char *preset;            /* as a file would say it, words by spaces; NULL: none */
    const char *preset_restricted; /* under restricted and read_only; NULL: the same */
    const char *doc;
    const char *const *choices; /* of PARAM_CHOICE, NULL-terminated */
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

enum { RULE_MAX_PARAMS = 7, RULE_MAX_OBJECTIONS = 20 };

struct rule_settings {
    enum rule_level level;
    struct param_value param[RULE_MAX_PARAMS];
};

/* Parameters of live_tree: facts are looked up by them. */
enum live_tree_param {
    LIVE_TREE_COPY_UP,
    LIVE_TREE_ARCHIVE,
    LIVE_TREE_COMMIT,
    LIVE_TREE_BUILDS,
    LIVE_TREE_WORK_DIR
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

#endif
