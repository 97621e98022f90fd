/*
 * Looks at paths of the host, for the policy. Nothing is opened for reading and no link
 * is followed by the kernel: each component is looked at by itself (host_tree.h).
 * It may take any time, for a file system may not answer: host_look.h has it done elsewhere.
 */
#ifndef SOCKADE_PROXY_HOST_PATH_H
#define SOCKADE_PROXY_HOST_PATH_H

#include <sys/un.h>

#include "base/cleanup.h"
#include "proxy/host/host_recent.h"
#include "proxy/host/host_tree.h"
#include "sockade/policy.h"

/* What is known of the engine's files. It lives on the loop; threads get the proofs. */
struct host_view {
    enum policy_host_files wanted;
    char engine_socket[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    struct host_proofs *proofs; /* a reference; NULL: who looks next asks */
    bool begun;                 /* the rest is filled */
    struct host_socket socket;  /* the engine's, when it was asked */
    uint64_t retry_ms;          /* an engine that did not answer is not asked before */
    struct host_recent recent;
};

/* Begins, or begins anew: nobody is asked before the first look. */
void host_view_init(struct host_view *view, const struct policy_file *file);
void host_view_deinit(struct host_view *view);

/* What every path is answered with, where none is looked at. Static. False: look. */
bool host_view_answer(struct host_view *view, struct path_answer *out);

/* A reference for whoever looks; NULL: the engine is to be asked. */
struct host_proofs *host_view_proofs(const struct host_view *view);

/* What a look has found out since: takes the reference over. */
void host_view_take(struct host_view *view, struct host_proofs *proofs);

/* The engine could not be asked yet. */
bool host_view_is_undecided(const struct host_view *view);

/* How it is known that what is seen is the engine's. Static. */
const char *host_view_proof(const struct host_view *view);

/* Why a path that was answered so is not seen; NULL when it is. Static. */
const char *host_view_problem(const struct path_answer *answer);

/* Directories in which no link is followed. */
struct host_roots {
    struct slice *path;
    size_t count;
};

/*
 * host_path.c: where `path` leads; *reached is what is there, when it exists. `closed` may be
 * NULL. 0 or -ENOMEM.
 */
MUST_CHECK int host_path_resolve(struct host_tree *tree, struct slice path,
                                 const struct host_roots *closed, struct path_answer *out,
                                 const struct host_node **reached);

#endif
