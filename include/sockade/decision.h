/*
 * The decision: whether a request is allowed, if not, why, and if so, exactly what
 * is sent. A decision starts as zero, and zero is a refusal.
 */
#ifndef SOCKADE_DECISION_H
#define SOCKADE_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sockade/arena.h"
#include "sockade/path.h"
#include "sockade/slice.h"

enum verdict {
    VERDICT_DENY = 0,
    VERDICT_ALLOW,
    VERDICT_NEEDS_BODY,  /* read it whole, then policy_decide_body() */
    VERDICT_NEEDS_FACTS, /* ask the engine, then policy_decide_facts() */
    VERDICT_NEEDS_HOLDS  /* hold `holds`, then policy_decide_held() */
};

enum rule_level { RULE_LEVEL_DENY = 0, RULE_LEVEL_WARN, RULE_LEVEL_AUDIT, RULE_LEVEL_OFF };

/* What to do with the body the client announced. */
enum decision_body {
    DECISION_BODY_NONE = 0, /* nothing is sent; what the client sends is read and dropped */
    DECISION_BODY_WHOLE,    /* send `forward_body` */
    DECISION_BODY_STREAM    /* pass it on as it comes, in a framing of our own */
};

/* What becomes of the connection once the engine has answered. */
enum decision_connection {
    DECISION_PLAIN = 0,
    DECISION_STREAM,
    DECISION_HIJACK, /* tunnel on 101, or on 200 with a raw stream type and no framing */
    DECISION_UPGRADE /* tunnel on 101 only (websocket, h2c) */
};

/* Where the client looks for the reason of a refusal. */
enum decision_refusal {
    DECISION_REFUSE_PLAIN = 0, /* in the answer's body */
    DECISION_REFUSE_GRPC       /* in each gRPC call after 101 */
};

/* One violation of a rule. */
struct violation {
    const char
        *rule; /* id: "privileged"; or one of ours: "operation", "unknown_field", "ambiguous" */
    enum rule_level level;
    struct slice text;  /* "HostConfig.Privileged is true" */
    struct slice field; /* "HostConfig.Privileged": what `text` begins with, or empty */
    struct slice fix;   /* what the client can do: "remove --privileged", or empty */
    /* what the administrator can write into the policy: "rules: {privileged: off}", or empty */
    struct slice policy;
    bool passes; /* temporary, because of other running operations: 409, not 403 */
    struct violation *next;
};

enum fact_kind {
    FACT_IMAGE = 0,
    FACT_VOLUME,
    FACT_CONTAINER,
    FACT_EXEC,
    FACT_NETWORK,
    FACT_SWARM_NETWORK, /* by the name or id that a service says */
    FACT_SERVICE,
    FACT_TASK,
    FACT_SECRET,
    FACT_CONFIG,
    FACT_VOLUME_USERS, /* running containers that mount certain volumes */
    FACT_INFO,         /* of the engine: whether it is part of a swarm */
    FACT_PATH
};

/* A lookup before the verdict: an object in the engine, or a path on the host. */
struct fact {
    enum fact_kind kind;
    struct slice name;       /* of a path: absolute */
    struct slice target;     /* of the GET that asks for it, canonical; empty for a path */
    unsigned status;         /* of the answer, 200 for a path; 0: not asked yet */
    struct slice body;       /* of the answer, borrowed until the verdict */
    struct path_answer path; /* instead of `body`, for a path */
    bool root;               /* a path that the policy allows, with what is below */
    bool written;            /* it lies in a directory that containers write to as root */
    bool deny_links;         /* no link is followed in one of those */
    bool scope;              /* looked up only to learn its owner */
    bool owner_only; /* with `scope`: its body is what policy_owner_reader_create() leaves */
    struct fact *next;
};

enum hold_kind {
    HOLD_CONTAINER = 0, /* by its full id */
    HOLD_VOLUME,        /* by its name */
    HOLD_BUILDS,        /* every build of the engine: no key */
    HOLD_CREATES,       /* creates for which the engine may fill volumes. No key: all of them; also
                           "label=owner", and HOLD_CREATES_UNOWNED for what has no owner */
    HOLD_IMAGE_NAME,    /* "docker.io/library/app:1"; without a tag: all of them */
    HOLD_VOLUME_NAME,   /* while it is made, or used as it was judged */
    HOLD_NETWORK_NAME
};

#define HOLD_CREATES_UNOWNED "*"

/*
 * Two holds of one object exclude each other unless both have the same mode, and not HOLD_ALONE,
 * nor HOLD_GIVES of two parties.
 */
enum hold_mode {
    HOLD_ALONE = 0,
    HOLD_WALKS, /* the engine walks its files as root; a build, of HOLD_BUILDS */
    HOLD_RUNS,  /* a process that can change them may start */
    HOLD_GIVES, /* assigns or uses a name that was free, or the scope's own, when it was judged */
    HOLD_BRINGS /* assigns a name to an object that is in no scope, or in any */
};

/* An object that has to be held before the last lookups and until the engine is done. */
struct decision_hold {
    enum hold_kind kind;
    enum hold_mode mode;
    struct slice key;
    const void *party; /* whose HOLD_GIVES it is; only compared */
    bool momentary;    /* has to be free once: neither waited for nor kept */
    bool spare;        /* with VERDICT_ALLOW: not needed after all */
    /*
     * Of a volume, set before policy_decide_held(): something ran with one of that name; and, in
     * seconds since 1970, when it may last have. What ran before sockade began is not known.
     */
    bool ran;
    uint64_t ran_s;
    struct decision_hold *next;
};

struct decision {
    struct arena arena; /* owns everything below, unless stated otherwise */
    /* The body's values while they are judged, then `forward_body`: the large part. */
    struct arena document;
    enum verdict verdict;
    unsigned status; /* of a refusal: 400, 403, 404, 413, 415, … */

    const char *operation;     /* "containers.create", static; "unknown" without a route */
    struct slice path;         /* canonical, for the record; the raw target when malformed */
    struct slice api;          /* "1.41", or empty */
    struct slice image;        /* that a create names, or empty */
    struct slice made_name;    /* of a create that is denied: of the container, or empty */
    struct slice made_service; /* the same: which service of Compose it is of, or empty */

    struct violation *violations; /* in rule order, every level but off */
    /*
     * With VERDICT_DENY: the complete JSON body to answer with. When memory was out it is static,
     * and valid until the next decision of which that is true.
     */
    struct slice answer;
    enum decision_refusal refusal;
    struct slice message; /* of `answer`, with another refusal than PLAIN; or empty */

    struct fact *facts; /* with VERDICT_NEEDS_FACTS: those whose status is 0 are to be asked */
    struct decision_hold *holds; /* with VERDICT_NEEDS_HOLDS: all of them; each object once */
    /* Whose creates may be filling volumes that it names: a key of HOLD_CREATES; empty: anybody's.
     */
    struct slice fillers;
    bool filling;  /* set before policy_decide_held(): such creates, or builds, are under way */
    bool building; /* the same: builds are */

    /* With VERDICT_ALLOW: what is sent. Nothing else of the client's may be. */
    struct slice forward_target;
    struct slice forward_content_type; /* empty: no such field */
    enum decision_body body;
    struct slice forward_body;
    bool forward_chunked; /* `forward_body` goes as a chunk, since it came in chunks */
    enum decision_connection connection;
    bool finite_answer;        /* the answer is finite: only a slow client can delay its end */
    bool creates;              /* an object is made: counted by limits */
    struct slice removes;      /* the volume that is gone if the engine says so; or empty */
    bool rewrites_response;    /* its body goes through a policy_rewriter */
    uint64_t body_limit_bytes; /* with VERDICT_NEEDS_BODY */

    void *judgement; /* private to the policy: route, spec, reader */
};

/* `decision` is embedded in its exchange. init allocates nothing. */
void decision_init(struct decision *decision);
void decision_deinit(struct decision *decision);

/* What was to be sent is sent: frees `forward_body`, however long the engine takes to answer. */
void decision_sent(struct decision *decision);

/*
 * When the engine has begun to answer, only the record still needs the decision: keeps
 * what it shows (operation, path, api, image, violations without their fixes) and
 * frees the rest, so that an open stream costs next to nothing. What was to be sent
 * is gone then. Without memory for the copy it stays as it is.
 */
void decision_settle(struct decision *decision);

#endif
