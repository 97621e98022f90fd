/*
 * The route catalogue: one row per route of the Engine API, in the order the
 * engine registers them, because there the first match wins.
 * Source: moby daemon/server/router/ and the API descriptions 1.25 to 1.55.
 */
#ifndef SOCKADE_DOCKER_ROUTES_H
#define SOCKADE_DOCKER_ROUTES_H

#include <stddef.h>

#include "docker/api/operations.h"
#include "http/target.h"

/* What a request body is, and which table reads it. */
enum route_body {
    ROUTE_BODY_NONE = 0, /* the engine reads no body here, so none is forwarded */
    ROUTE_BODY_CONTAINER_CREATE,
    ROUTE_BODY_CONTAINER_UPDATE,
    ROUTE_BODY_EXEC_CREATE,
    ROUTE_BODY_EXEC_START,
    ROUTE_BODY_VOLUME_CREATE,
    ROUTE_BODY_NETWORK_CREATE,
    ROUTE_BODY_NETWORK_CONNECT,
    ROUTE_BODY_NETWORK_DISCONNECT,
    ROUTE_BODY_COMMIT,
    ROUTE_BODY_AUTH,
    ROUTE_BODY_SERVICE, /* of a create and an update: both say everything */
    ROUTE_BODY_SWARM_INIT,
    ROUTE_BODY_SWARM_JOIN,
    ROUTE_BODY_SWARM_UPDATE,
    ROUTE_BODY_SWARM_UNLOCK,
    ROUTE_BODY_NODE,
    ROUTE_BODY_SECRET,
    ROUTE_BODY_CONFIG,
    ROUTE_BODY_PLUGIN_PRIVILEGES, /* a list of objects */
    ROUTE_BODY_PLUGIN_SETTINGS,   /* a list of strings */
    ROUTE_BODY_VOLUME_UPDATE,
    ROUTE_BODY_CHECKPOINT,
    ROUTE_BODY_TAR, /* streamed, never read */
};

/* What becomes of the connection. */
enum connection_kind {
    CONNECTION_PLAIN = 0,
    CONNECTION_STREAM,    /* a response that may never end */
    CONNECTION_HIJACK,    /* 101, or 200 with a raw stream: a tunnel */
    CONNECTION_WEBSOCKET, /* 101: a tunnel */
    CONNECTION_H2C        /* 101: a tunnel of HTTP/2 */
};

/* Header fields beside the ones every route may carry. */
enum route_headers {
    ROUTE_HEADERS_PLAIN = 0,
    ROUTE_HEADERS_REGISTRY_AUTH = 1 << 0,   /* X-Registry-Auth */
    ROUTE_HEADERS_REGISTRY_CONFIG = 1 << 1, /* X-Registry-Config */
    ROUTE_HEADERS_SESSION = 1 << 2          /* X-Docker-Expose-Session-*, repeated */
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): rows are read in this order
struct route {
    enum operation operation;
    const char *method;
    /*
     * "/containers/{name}/start". {name} is the name or id of an object, {network}
     * of a network (any one segment), {name...} of an image or plugin, with its
     * slashes. All three match as the engine's ".*" does, so that the fixed tail decides,
     * and what is no such name is ROUTE_BAD_NAME. {id} and {checkpoint} are names
     * where the engine too takes one segment only.
     */
    const char *path;
    enum route_body body;
    enum connection_kind connection;
    /*
     * Query keys: "all limit size filters"; '*' behind a key: may be repeated;
     * '-' before a key: the engine ignores it and real clients send it, so it is
     * taken off; '!' before a key: the engine reads it, and it is refused. Everything else is
     * refused where the engine reads any key, and taken off where it reads none.
     */
    const char *query;
    unsigned headers; /* enum route_headers, or-ed */
};

/* The rows, `*count` of them. Static. */
const struct route *routes_all(size_t *count);

struct route_version {
    unsigned minor; /* of API 1.minor */
    bool given;     /* false: the target has no version prefix */
};

enum route_result {
    ROUTE_UNKNOWN = 0, /* no such route */
    ROUTE_BAD_VERSION, /* a version prefix that we do not take, "/v1.041" for one */
    ROUTE_BAD_NAME,    /* the route exists, and is given; the object's name is none */
    ROUTE_FOUND
};

struct route_match {
    const struct route *route;
    struct route_version version;
    struct slice name;   /* what {name} matched; a slice of the path; empty if none */
    struct slice second; /* the second parameter (checkpoint), else empty */
    bool by_link;        /* the name is a link's, "parent/alias" */
};

/*
 * `path` is decoded and clean. HEAD matches rows with method HEAD only. The version prefix is taken
 * when it is exactly "/v1.NN"; "/v" and anything else that the engine would read as a
 * version (digits and dots) is ROUTE_BAD_VERSION.
 */
enum route_result route_find(struct slice method, struct slice path, struct route_match *out);

enum query_key_use { QUERY_KEY_UNKNOWN = 0, QUERY_KEY_ONCE, QUERY_KEY_REPEATED, QUERY_KEY_DROPPED };

/* What `route` says about a query key (case-sensitive, as in the engine). */
enum query_key_use route_query_key(const struct route *route, struct slice key);

/* Whether the engine reads any query key there. */
bool route_reads_query(const struct route *route);

#endif
