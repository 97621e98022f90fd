/*
 * A request as the policy sees it: who asks the engine for what.
 */
#ifndef SOCKADE_REQUEST_H
#define SOCKADE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sockade/engine.h"
#include "sockade/slice.h"

/* The peer of the socket (SO_PEERCRED, as of connect()). */
struct sockade_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
};

/* All slices are borrowed until the decision is made. */
struct policy_request {
    struct slice method;
    struct slice target;           /* as sent */
    struct slice content_type;     /* empty: none */
    struct slice content_encoding; /* empty: none */
    struct slice upgrade;          /* the Upgrade field when Connection names it, else empty */
    bool has_body;                 /* the framing announces a non-empty body */
    uint64_t content_length;       /* 0 when unknown (chunked) */
    struct sockade_peer peer;
    struct slice listener_socket; /* path on the host of the socket it came through, or empty */
    struct sockade_engine engine; /* the engine that gets the request; all zero: unknown */
    struct slice request_id;      /* shown in refusals and in the audit record */
};

#endif
