/*
 * Which messages a gRPC method of BuildKit carries. A method that is not here has no table, and is
 * refused or passed without being read.
 *
 * Source: the services in the .proto files that control_messages.h, gateway_messages.h and
 * session_messages.h name.
 */
#ifndef SOCKADE_BUILDKIT_MESSAGES_H
#define SOCKADE_BUILDKIT_MESSAGES_H

#include "protobuf/proto_table.h"

struct buildkit_method {
    const char *path;                   /* "/moby.buildkit.v1.Control/Solve" */
    const struct proto_table *asked;    /* what the caller sends */
    const struct proto_table *answered; /* NULL: not looked into */
    bool from_engine; /* the engine calls, over a session; else the client does, over /grpc */
};

/* All there are, `*count` of them. */
const struct buildkit_method *buildkit_methods(size_t *count);

/* NULL: none of that path. */
const struct buildkit_method *buildkit_method_find(struct slice path);

#endif
