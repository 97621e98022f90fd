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

/* The limits of a policy's clients at one listener. */
enum policy_limit {
    LIMIT_CONNECTIONS = 0,       /* open at once */
    LIMIT_REQUESTS,              /* in flight, without streams */
    LIMIT_STREAMS,               /* in flight: decision.connection is not DECISION_PLAIN */
    LIMIT_RATES,                 /* from here on: per minute */
    LIMIT_CREATES = LIMIT_RATES, /* forwarded requests with decision.creates */
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
    unsigned answer_timeout_s; /* for the engine to begin an answer other than a stream; 0: none */
    unsigned
        withdrawn_timeout_s; /* for streams whose listener or policy a reload removed; 0: none */
    unsigned read_timeout_s; /* for a client to read some of a finite answer; 0: none */
    unsigned hold_timeout_s; /* for running operations that exclude the request; then 409 */
};

/* Both take NULL, for clients without a policy: "-" and the limits of a new policy. */
const char *policy_name(const struct policy *policy);
const struct policy_limits *policy_limits(const struct policy *policy);

/*
 * Whether the head of a request without a body may have lines that end with LF alone. Only a
 * policy that judges nothing permits it. Takes NULL.
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
 * If several clients may connect to the listener: one of its policies without a scope, which lets
 * each client stop and remove the others' containers. NULL if there is none.
 */
const char *policy_shared_without_scope(const struct policy_listener *listener);

/* Whether this process sees the files that the engine mounts. */
enum policy_host_files { HOST_FILES_AUTO = 0, HOST_FILES_YES, HOST_FILES_NO };

/* What happens to requests while their audit records cannot be written. */
enum policy_audit_on_error {
    AUDIT_ON_ERROR_AUTO = 0, /* DENY if the command line names an audit file, else DROP */
    AUDIT_ON_ERROR_DENY,
    AUDIT_ON_ERROR_DROP /* requests are served, and lost records are counted */
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
 * Sets the engine's socket of this process, whatever the file says. No container may get it.
 * `path` is copied. Call before serving.
 */
int policy_file_set_engine_socket(struct policy_file *file, const char *path)
    __attribute__((warn_unused_result));

/*
 * Sets the sockets on which this process listens: a client of one of them may pass on that socket,
 * but none of the others. Copied; listeners of systemd count by their host_path.
 * policy_file_load() does it for the listeners of the file. 0 or -ENOMEM.
 */
int policy_file_set_listeners(struct policy_file *file, const struct policy_listener *listener,
                              size_t count) __attribute__((warn_unused_result));

/* The usual sockets of container engines, one path for each index; false past the last. */
bool policy_engine_socket(size_t index, struct slice *out);

/* A directory that a policy lets containers mount, including everything below it. */
struct policy_allowed_path {
    const char *policy;
    struct slice path;
    bool needs_sight; /* what lies below may be mounted only if sockade sees where it leads */
};

/* The allowed directories of all policies of the file, one for each index; false past the last. */
bool policy_file_allowed_path(const struct policy_file *file, size_t index,
                              struct policy_allowed_path *out);

/*
 * Judges a request. Each function fills *out, which decision_init() initialized. Running out of
 * memory is a refusal with status 500. Nothing is returned, so nothing can be ignored.
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
 * policy_decide_body() in two steps, because each takes milliseconds for megabytes.
 * policy_read_body() reads the body. True: `body` is no longer needed, and policy_decide_read()
 * judges it. False: the request is decided already.
 */
bool policy_read_body(const struct policy_request *request, struct slice body, struct decision *out)
    __attribute__((warn_unused_result));
void policy_decide_read(const struct policy_request *request, struct decision *out);

void policy_decide_facts(const struct policy *policy, const struct policy_request *request,
                         struct decision *out);

/* `waited`: the request waited for its holds, so its lookups may be out of date and are repeated.
 */
void policy_decide_held(const struct policy *policy, const struct policy_request *request,
                        bool waited, struct decision *out);

/* Refuses a request for a reason found by the caller (malformed head, limit). */
void policy_refuse(const struct policy *policy, const struct policy_request *request,
                   unsigned status, const char *rule, const char *sentence, struct decision *out);

/* Whether an allowed request forwards this header field of the client to the engine. */
bool policy_forwards_header(const struct decision *decision, struct slice name);

/*
 * The API version to show the client instead of the engine's: `version` itself if the policy
 * supports it, else the newest that the policy supports.
 */
struct slice policy_response_api(const struct decision *decision, struct slice version);

/*
 * Rewrites the body of a response with status 2xx, if decision->rewrites_response. Lists are read
 * and written value by value as they arrive, everything else when it is complete. A value of a
 * list that cannot be read is reduced to its names, or dropped if it has none; an answer about one
 * object that cannot be read is not sent. Of an event stream, only events in the scope remain. An
 * answer in which nothing is hidden is returned unchanged even if it cannot be read.
 */
struct policy_rewriter;
struct buf;

enum {
    POLICY_REWRITE_MAX_BYTES = 1024 * 1024
}; /* of one value, or of an answer about one object */

/*
 * 0 or -ENOMEM. `decision` and its policy are borrowed; the decision is no longer used after the
 * rewriter has returned the first bytes of output. destroy takes NULL.
 */
int policy_rewriter_create(const struct decision *decision, struct policy_rewriter **out)
    __attribute__((warn_unused_result));
void policy_rewriter_destroy(struct policy_rewriter *rewriter);

/*
 * For an answer of status 200 about fact->owner_only: a rewriter whose output tells the object's
 * owner, however large the answer is and whatever else it contains. 0 or -ENOMEM.
 */
int policy_owner_reader_create(const struct decision *decision, struct policy_rewriter **out)
    __attribute__((warn_unused_result));

/*
 * Reads bytes of the body and appends the bytes to send. 0; -EBADMSG if the body cannot be read:
 * then nothing more of it may be sent; -ENOBUFS if `out` has no room; -ENOMEM. The work is bounded
 * by the number of bytes and by one value.
 */
int policy_rewriter_feed(struct policy_rewriter *rewriter, struct slice bytes, struct buf *out)
    __attribute__((warn_unused_result));

/*
 * Whether the answer is an endless stream: send the head before any output, and output at once.
 */
bool policy_rewriter_is_stream(const struct policy_rewriter *rewriter);

/* The body is complete. The same errors; -EBADMSG also when its end is missing. */
int policy_rewriter_end(struct policy_rewriter *rewriter, struct buf *out)
    __attribute__((warn_unused_result));

/* The bytes of memory in use, and how many values could not be read so far. Both take NULL. */
size_t policy_rewriter_held(const struct policy_rewriter *rewriter);
uint64_t policy_rewriter_unreadable(const struct policy_rewriter *rewriter);

#endif
