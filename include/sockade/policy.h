/*
 * Policies: loading, sharing, deciding. A policy never changes after loading; it
 * is reference-counted, and each exchange keeps the one it began with.
 */
#ifndef SOCKADE_POLICY_H
#define SOCKADE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "sockade/decision.h"
#include "sockade/engine.h"
#include "sockade/request.h"
#include "sockade/slice.h"

struct diag;
struct policy;
struct policy_clients;

/* What is limited for a policy's clients at one listener. */
enum policy_limit {
    LIMIT_CONNECTIONS = 0,       /* open at once */
    LIMIT_REQUESTS,              /* in flight, without streams */
    LIMIT_STREAMS,               /* in flight: decision.connection is not DECISION_PLAIN */
    LIMIT_RATES,                 /* from here on, within a minute */
    LIMIT_CREATES = LIMIT_RATES, /* passed on: decision.creates */
    LIMIT_REFUSALS,              /* refused by sockade, for any reason */
    LIMIT_COUNT
};

struct policy_limits {
    uint64_t head_bytes;   /* longest head of a request; 431 above */
    uint64_t body_bytes;   /* largest body that is judged; 413 above */
    unsigned body_members; /* most members of one list or object in it; 413 above */
    /*
     * Memory for heads and bodies, over all listeners; 503 above. Small requests are always
     * admitted.
     */
    uint64_t total_body_bytes;
    unsigned all[LIMIT_COUNT];           /* for all clients together; 0: none */
    unsigned per_uid[LIMIT_COUNT];       /* for the clients of one user */
    unsigned per_container[LIMIT_COUNT]; /* for the clients in one container, of any user */
    unsigned answer_timeout_s; /* for the engine to begin an answer that is no stream; 0: none */
    unsigned
        withdrawn_timeout_s; /* for streams whose listener or policy a reload removed; 0: none */
    unsigned read_timeout_s; /* for a client to read some of a finite answer; 0: none */
    unsigned hold_timeout_s; /* for running operations that exclude the request; then 409 */
};

/* Both take NULL, for clients without a policy: "-" and the limits of a new policy. */
const char *policy_name(const struct policy *policy);
const struct policy_limits *policy_limits(const struct policy *policy);

/*
 * Whether a head before no body may have lines that end with LF alone: where nothing is judged.
 * Takes NULL.
 */
bool policy_takes_any_line_end(const struct policy *policy);

/* Counting is not atomic: one thread. Both take NULL. */
struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy);

/* One entry of `listen:`. */
struct policy_listener {
    const char *socket;    /* path, or NULL with `systemd` */
    const char *systemd;   /* name of a passed descriptor (FileDescriptorName=), or NULL */
    const char *host_path; /* the socket's path on the host; NULL: the same path */
    unsigned mode;         /* 0660 unless given */
    uid_t owner;           /* (uid_t)-1: leave it */
    gid_t group;           /* (gid_t)-1: leave it */
    struct policy *policy; /* for clients that match no entry of `clients`; NULL: refused */
    struct policy_clients *clients; /* sockade/client.h; NULL: none */
};

/*
 * Where several clients may connect: a policy of theirs without a scope, by which each of them may
 * stop and remove the others' containers. NULL: there is none.
 */
const char *policy_shared_without_scope(const struct policy_listener *listener);

/* Whether this process sees the files that the engine mounts. */
enum policy_host_files { HOST_FILES_AUTO = 0, HOST_FILES_YES, HOST_FILES_NO };

/* What happens to requests while their audit records cannot be written. */
enum policy_audit_on_error {
    AUDIT_ON_ERROR_AUTO = 0, /* refused where the audit goes to a file that was named */
    AUDIT_ON_ERROR_DENY,
    AUDIT_ON_ERROR_DROP /* they are served, and the records that are lost are counted */
};

struct policy_file {
    const char *engine_socket; /* "/var/run/docker.sock" */
    enum policy_host_files host_files;
    struct sockade_engine engine; /* which engine to assume if it does not say */
    enum policy_audit_on_error audit_on_error;
    const struct policy_listener *listeners;
    size_t listener_count;
    void *memory; /* private */
};

/*
 * Reads a policy file. 0; -EINVAL with *diag filled when the file is wrong; another
 * negative errno, *diag filled as well, when it can't be read.
 * policy_file_destroy() drops the references; it takes NULL.
 */
int policy_file_load(const char *path, struct policy_file **out, struct diag *diag)
    __attribute__((warn_unused_result));
void policy_file_destroy(struct policy_file *file);

/*
 * What `serve` uses without a file: `base` ("restricted", …) on
 * /run/sockade/docker.sock. -EINVAL when there is no such base.
 */
int policy_file_default(const char *base, struct policy_file **out)
    __attribute__((warn_unused_result));

/*
 * The engine's socket of this process, which no container may get whatever the
 * file says. Copied. Call before serving.
 */
int policy_file_set_engine_socket(struct policy_file *file, const char *path)
    __attribute__((warn_unused_result));

/*
 * Where this process listens: a client of one of these sockets may pass that one on, and none of
 * the others. Copied; listeners of systemd count by their host_path. policy_file_load() does so
 * for those of the file. 0 or -ENOMEM.
 */
int policy_file_set_listeners(struct policy_file *file, const struct policy_listener *listener,
                              size_t count) __attribute__((warn_unused_result));

/* Where container engines listen, one path for each index; false past the last. */
bool policy_engine_socket(size_t index, struct slice *out);

/* A directory that a policy lets containers mount, with what is below it. */
struct policy_allowed_path {
    const char *policy;
    struct slice path;
    bool needs_sight; /* what lies below may be mounted only if sockade sees where it leads */
};

/* Of all policies of the file, one for each index; false past the last. */
bool policy_file_allowed_path(const struct policy_file *file, size_t index,
                              struct policy_allowed_path *out);

/*
 * Judges. Each fills *out, which decision_init() made; out of memory is a refusal
 * with status 500. Nothing is returned, so nothing can be ignored.
 *
 *   policy_decide_head()   first, always
 *   policy_decide_body()   after NEEDS_BODY, with the whole body
 *   policy_decide_facts()  after NEEDS_FACTS, when every fact has a status
 *   policy_decide_held()   after NEEDS_HOLDS, when all are held; once
 */
void policy_decide_head(const struct policy *policy, const struct policy_request *request,
                        struct decision *out);
void policy_decide_body(const struct policy *policy, const struct policy_request *request,
                        struct slice body, struct decision *out);
/*
 * policy_decide_body() in two steps, since each takes milliseconds for megabytes: it is read, and
 * need not be there any more when this is true; then it is judged. False: it is decided already.
 */
bool policy_read_body(const struct policy_request *request, struct slice body, struct decision *out)
    __attribute__((warn_unused_result));
void policy_decide_read(const struct policy_request *request, struct decision *out);

void policy_decide_facts(const struct policy *policy, const struct policy_request *request,
                         struct decision *out);

/* `waited`: lookups may be out of date, and are repeated. */
void policy_decide_held(const struct policy *policy, const struct policy_request *request,
                        bool waited, struct decision *out);

/* Refuses for a reason found outside (malformed head, limit): status and one sentence. */
void policy_refuse(const struct policy *policy, const struct policy_request *request,
                   unsigned status, const char *rule, const char *sentence, struct decision *out);

/* Whether an allowed request carries this header field of the client's on to the engine. */
bool policy_forwards_header(const struct decision *decision, struct slice name);

/*
 * What the client is told instead of the engine's Api-Version: never more than the policy's window,
 * `version` itself where it is within.
 */
struct slice policy_response_api(const struct decision *decision, struct slice version);

/*
 * With decision->rewrites_response, for a response of status 2xx: what is to be sent of its body.
 * Lists are read and written value by value as they come, everything else when it is complete. A
 * value of a list that cannot be read is replaced by what it is called by, or left out where it
 * has no name; an answer about one object is not sent then. Of a stream of events those within
 * the scope are left. What nothing is to be hidden in comes
 * back unchanged when it cannot be read.
 */
struct policy_rewriter;
struct buf;

enum {
    POLICY_REWRITE_MAX_BYTES = 1024 * 1024
}; /* of one value, or of an answer about one object */

/*
 * 0 or -ENOMEM. `decision` and its policy are borrowed; nothing of the decision is looked at any
 * more once something of the answer has come out. destroy takes NULL.
 */
int policy_rewriter_create(const struct decision *decision, struct policy_rewriter **out)
    __attribute__((warn_unused_result));
void policy_rewriter_destroy(struct policy_rewriter *rewriter);

/*
 * For an answer of status 200 about fact->owner_only: a rewriter of which comes out whose the
 * object is, however large it is and whatever else it says. 0 or -ENOMEM.
 */
int policy_owner_reader_create(const struct decision *decision, struct policy_rewriter **out)
    __attribute__((warn_unused_result));

/*
 * Reads bytes of the body, appends what is to be sent. 0; -EBADMSG when it cannot be read, so that
 * nothing more of it must be sent; -ENOBUFS when `out` has no room; -ENOMEM. Work is bounded by
 * the bytes given, and by one value.
 */
int policy_rewriter_feed(struct policy_rewriter *rewriter, struct slice bytes, struct buf *out)
    __attribute__((warn_unused_result));

/* What comes out is to be sent at once, the head before anything has: the answer has no end. */
bool policy_rewriter_is_stream(const struct policy_rewriter *rewriter);

/* The body is complete. The same errors; -EBADMSG also when its end is missing. */
int policy_rewriter_end(struct policy_rewriter *rewriter, struct buf *out)
    __attribute__((warn_unused_result));

/* Bytes that it holds, and how many values could not be read so far. Both take NULL. */
size_t policy_rewriter_held(const struct policy_rewriter *rewriter);
uint64_t policy_rewriter_unreadable(const struct policy_rewriter *rewriter);

#endif
