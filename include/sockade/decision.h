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
    DECISION_BODY_STREAM    /* forward it as it arrives, with our own framing */
};

/* How the connection continues after the engine has answered. */
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
        *rule; /* id: "privileged"; or a built-in one: "operation", "unknown_field", "ambiguous" */
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
    FACT_SWARM_NETWORK, /* by the name or id that a service gives */
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
    bool root;               /* a directory that the policy allows, not a path of the request */
    bool written;            /* the path lies in a directory that containers write to as root */
    bool deny_links;         /* no link inside an allowed directory is followed */
    bool scope;              /* looked up only to learn its owner */
    bool owner_only; /* with `scope`: `body` is the output of policy_owner_reader_create() */
    struct fact *next;
};

enum hold_kind {
    HOLD_CONTAINER = 0, /* by its full id */
    HOLD_VOLUME,        /* by its name */
    HOLD_BUILDS,        /* every build of the engine: no key */
    HOLD_CREATES,       /* creates for which the engine may fill volumes. No key: all of them; else
                           "label=owner", or HOLD_CREATES_UNOWNED for creates without an owner */
    HOLD_IMAGE_NAME,    /* "docker.io/library/app:1"; without a tag: every tag */
    HOLD_VOLUME_NAME,   /* while the volume is created, or used as it was judged */
    HOLD_NETWORK_NAME
};

#define HOLD_CREATES_UNOWNED "*"

/*
 * Two holds of one object exclude each other unless both have the same mode. HOLD_ALONE excludes
 * itself too, and so does HOLD_GIVES of two parties.
 */
enum hold_mode {
    HOLD_ALONE = 0,
    HOLD_WALKS, /* the engine walks the object's files as root; of HOLD_BUILDS: a build */
    HOLD_RUNS,  /* a process that can change the files may start */
    HOLD_GIVES, /* assigns or uses a name that was free, or in the scope, when it was judged */
    HOLD_BRINGS /* assigns a name to an object that is in no scope, or in an unknown one */
};

/* An object to hold from before the last lookups until the engine is done. */
struct decision_hold {
    enum hold_kind kind;
    enum hold_mode mode;
    struct slice key;
    const void *party; /* the party of a HOLD_GIVES; only compared */
    bool momentary;    /* must be free at that moment: neither waited for nor kept */
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
    struct slice image;        /* named by a create, or empty */
    struct slice made_name;    /* of a denied create: the container's name, or empty */
    struct slice made_service; /* of a denied create: the Compose service, or empty */

    struct violation *violations; /* in rule order, every level but off */
    /*
     * With VERDICT_DENY: the complete JSON body of the answer. If memory ran out, it is static
     * and valid until the next such decision.
     */
    struct slice answer;
    enum decision_refusal refusal;
    struct slice message; /* the message in `answer`, if `refusal` is not PLAIN; else empty */

    struct fact *facts;          /* with VERDICT_NEEDS_FACTS: look up those whose status is 0 */
    struct decision_hold *holds; /* with VERDICT_NEEDS_HOLDS: all of them; each object once */
    /* The creates that may be filling a named volume: a key of HOLD_CREATES; empty: all creates. */
    struct slice fillers;
    bool filling;  /* set before policy_decide_held(): such creates, or builds, are running */
    bool building; /* the same: builds are running */

    /* With VERDICT_ALLOW: what is sent. No other bytes of the client may be sent. */
    struct slice forward_target;
    struct slice forward_content_type; /* empty: no such field */
    enum decision_body body;
    struct slice forward_body;
    bool forward_chunked; /* `forward_body` is sent as a chunk, because it arrived in chunks */
    enum decision_connection connection;
    bool finite_answer;     /* the answer is finite: only a slow client can delay its end */
    bool creates;           /* creates an object: limits count it */
    struct slice removes;   /* the volume that no longer exists if the engine says so; or empty */
    bool rewrites_response; /* the answer's body goes through a policy_rewriter */
    uint64_t body_limit_bytes; /* with VERDICT_NEEDS_BODY */

    void *judgement; /* private to the policy: route, spec, reader */
};

/* `decision` is embedded in its exchange. init allocates nothing. */
void decision_init(struct decision *decision);
void decision_deinit(struct decision *decision);

/* Call when the request has been sent: frees `forward_body`, which the answer does not need. */
void decision_sent(struct decision *decision);

/*
 * Call when the engine has begun to answer. From then on only the audit record needs the
 * decision. Keeps what the record shows (operation, path, api, image, violations without
 * their fixes) and frees the rest, including everything to send, so that an open stream
 * costs little memory. Without memory for the copy the decision stays unchanged.
 */
void decision_settle(struct decision *decision);

#endif
