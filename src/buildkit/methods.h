/*
 * The catalogue of gRPC methods that BuildKit's clients call on /grpc, and its engines inside of
 * sessions: what each carries, and what becomes of it. A method that is not in it is answered
 * UNIMPLEMENTED.
 *
 * Source: moby/buildkit v0.32.2 api/services/control/control.proto,
 * frontend/gateway/pb/gateway.proto, session/auth, exporter, filesync, secrets, sshforward, upload;
 * sourcepolicy/policysession; grpc/grpc-proto grpc/health/v1/health.proto; containerd
 * api/services/content/v1/content.proto; open-telemetry/opentelemetry-proto. Who calls what:
 * docker/buildx v0.36.1 build/, bake/.
 */
#ifndef SOCKADE_BUILDKIT_METHODS_H
#define SOCKADE_BUILDKIT_METHODS_H

#include "http2/h2_relay.h"

enum {
    BUILDKIT_MESSAGE_BYTES = 4 * 1024 * 1024, /* what engines up to 26 take */
    BUILDKIT_PACKET_BYTES = 64 * 1024,        /* of files; they are 32 KiB and their head */
    BUILDKIT_SECRET_BYTES = 512 * 1024,       /* clients send 500 KiB at most */
    BUILDKIT_ANSWER_BYTES = 16 * 1024 * 1024, /* of answers that pass unread; engines from 28 on */
    /* For the config of a relay: two of the largest messages, and fields that name patterns. */
    BUILDKIT_MEMORY_BYTES = 2 * BUILDKIT_MESSAGE_BYTES + 4096,
    BUILDKIT_HEAD_BYTES = 128 * 1024
};

enum buildkit_disposition {
    BUILDKIT_UNIMPLEMENTED = 0, /* as by an engine that lacks it: clients do without */
    BUILDKIT_REFUSED,           /* with why */
    BUILDKIT_JUDGED,            /* by its messages, which have tables (messages.h) */
    BUILDKIT_PASSED             /* the frames are checked and the sizes limited */
};

enum buildkit_kind { BUILDKIT_UNARY = 0, BUILDKIT_SERVER_STREAM, BUILDKIT_BIDI };

struct buildkit_rpc {
    struct slice path; /* "/moby.buildkit.v1.Control/Solve" */
    bool from_engine;  /* called inside of a session; else by the client, on /grpc */
    enum buildkit_kind kind;
    enum buildkit_disposition disposition;
    const char *asked; /* the messages' names, within the service's package */
    const char *answered;
    const char *why;            /* BUILDKIT_REFUSED: a sentence for the user */
    struct h2_call_rules rules; /* where it is judged or passes */
};

/* All there are, `*count` of them. */
const struct buildkit_rpc *buildkit_rpcs(size_t *count);

/* NULL: none of that path that this side calls. */
const struct buildkit_rpc *buildkit_rpc_find(bool from_engine, struct slice path);

/*
 * What the catalogue alone says about a call; `rpc` may be NULL. H2_PASS where it is passed or
 * judged: its user may still refuse the latter, and is asked about each of its messages.
 */
void buildkit_rpc_answer(const struct buildkit_rpc *rpc, struct h2_answer *answer);

#endif
