/*
 * THE catalogue: every route of the Engine API that we know, and with it what a
 * request to it may carry. What has no row here is refused.
 *
 * The rows stand in the order in which the engine registers them, router by
 * router, because there the first match wins: the checkpoint routes come before
 * DELETE /containers/{name}, which would take them.
 *
 * Left out on purpose: OPTIONS of anything (the engine answers it on every path, clients
 * never ask), POST /containers/{name}/copy (gone with API 1.24) and podman's
 * /libpod, a second API with doors of its own.
 *
 * Query keys are what the handlers read, in any version from 1.24 on. Keys with '!' are read, but
 * refused: `checkpoint` and `checkpoint-dir` of start and `dir` of checkpoints name directories of
 * the host. Keys with '-' come from clients: dockerode and node-docker-api write the whole body
 * into the query as well, and a pull's credentials, which the engine takes from the header alone;
 * docker-py sends trunc_cmd, only_ids and force, docker-java m and registry, go-dockerclient
 * registry.
 *
 * CONNECTION_STREAM is also what answers late: a stop waits for its `t`, a commit or
 * a prune for the disk.
 */
#include "docker/api/routes.h"

#include "base/banned.h"

#define NONE ROUTE_BODY_NONE
#define TAR ROUTE_BODY_TAR
#define BODY(kind) ROUTE_BODY_##kind

#define PLAIN CONNECTION_PLAIN
#define STREAM CONNECTION_STREAM
#define HIJACK CONNECTION_HIJACK
#define WEBSOCKET CONNECTION_WEBSOCKET
#define H2C CONNECTION_H2C

#define REGISTRY_AUTH ROUTE_HEADERS_REGISTRY_AUTH
#define REGISTRY_CONFIG ROUTE_HEADERS_REGISTRY_CONFIG
#define SESSION ROUTE_HEADERS_SESSION

#define LOG_KEYS "follow stdout stderr since until timestamps tail details"

// dockerode's copies of body fields. No key of the engine's begins with a capital.
#define CONTAINER_FIELDS                                                                         \
    "-Hostname -Domainname -User -AttachStdin -AttachStdout -AttachStderr -ExposedPorts -Tty "   \
    "-OpenStdin -StdinOnce -Env -Cmd -Healthcheck -ArgsEscaped -Image -Volumes -WorkingDir "     \
    "-Entrypoint -NetworkDisabled -MacAddress -OnBuild -Labels -StopSignal -StopTimeout -Shell " \
    "-HostConfig -NetworkingConfig"
#define NETWORK_FIELDS                                                                             \
    "-Name -CheckDuplicate -Driver -Scope -Internal -Attachable -Ingress -ConfigOnly -ConfigFrom " \
    "-IPAM -EnableIPv4 -EnableIPv6 -Options -Labels"
#define EXEC_FIELDS                                                                           \
    "-AttachStdin -AttachStdout -AttachStderr -ConsoleSize -DetachKeys -Tty -Env -Cmd -User " \
    "-Privileged -WorkingDir"
#define VOLUME_FIELDS "-Name -Driver -DriverOpts -Labels -ClusterVolumeSpec"
#define SECRET_FIELDS "-Name -Labels -Data -Driver -Templating"
#define SERVICE_FIELDS \
    "-Name -Labels -TaskTemplate -Mode -UpdateConfig -RollbackConfig -Networks -EndpointSpec"
#define NODE_FIELDS "-Name -Labels -Role -Availability"
#define SWARM_FIELDS \
    "-Name -Labels -Orchestration -Raft -Dispatcher -CAConfig -TaskDefaults -EncryptionConfig"

#define BUILD_KEYS                                                                                \
    "dockerfile t* remote q nocache cachefrom pull rm forcerm memory memswap cpushares "          \
    "cpusetcpus cpusetmems cpuperiod cpuquota cgroupparent networkmode extrahosts* securityopt* " \
    "buildargs shmsize squash labels platform target outputs version session buildid isolation "  \
    "ulimits"

// clang-format off
static const struct route rows[] = {
    // checkpoint: experimental daemons only, but registered always
    {OP_CHECKPOINTS_LIST,       "GET",    "/containers/{name}/checkpoints", NONE, PLAIN, "!dir", 0},
    {OP_CHECKPOINTS_CREATE,     "POST",   "/containers/{name}/checkpoints", BODY(CHECKPOINT), STREAM, "", 0},
    {OP_CHECKPOINTS_REMOVE,     "DELETE", "/containers/{id}/checkpoints/{checkpoint}", NONE, PLAIN, "!dir", 0},

    // container
    {OP_CONTAINERS_FILES_READ,  "HEAD",   "/containers/{name}/archive", NONE, PLAIN, "path", 0},
    {OP_CONTAINERS_LIST,        "GET",    "/containers/json", NONE, PLAIN,
                                          "all limit size filters since before -trunc_cmd", 0},
    {OP_CONTAINERS_EXPORT,      "GET",    "/containers/{name}/export", NONE, STREAM, "", 0},
    {OP_CONTAINERS_CHANGES,     "GET",    "/containers/{name}/changes", NONE, PLAIN, "", 0},
    {OP_CONTAINERS_INSPECT,     "GET",    "/containers/{name}/json", NONE, PLAIN, "size", 0},
    {OP_CONTAINERS_TOP,         "GET",    "/containers/{name}/top", NONE, PLAIN, "ps_args", 0},
    {OP_CONTAINERS_LOGS,        "GET",    "/containers/{name}/logs", NONE, STREAM, LOG_KEYS, 0},
    {OP_CONTAINERS_STATS,       "GET",    "/containers/{name}/stats", NONE, STREAM, "stream one-shot", 0},
    // A GET that always opens stdin: it types into the container.
    {OP_CONTAINERS_ATTACH,      "GET",    "/containers/{name}/attach/ws", NONE, WEBSOCKET,
                                          "detachKeys logs stream stdin stdout stderr", 0},
    {OP_EXEC_INSPECT,           "GET",    "/exec/{name}/json", NONE, PLAIN, "", 0},
    {OP_CONTAINERS_FILES_READ,  "GET",    "/containers/{name}/archive", NONE, STREAM, "path", 0},
    {OP_CONTAINERS_CREATE,      "POST",   "/containers/create", BODY(CONTAINER_CREATE), PLAIN,
                                          "name platform " CONTAINER_FIELDS, 0},
    {OP_CONTAINERS_KILL,        "POST",   "/containers/{name}/kill", NONE, PLAIN, "signal", 0},
    {OP_CONTAINERS_PAUSE,       "POST",   "/containers/{name}/pause", NONE, PLAIN, "", 0},
    {OP_CONTAINERS_UNPAUSE,     "POST",   "/containers/{name}/unpause", NONE, PLAIN, "", 0},
    {OP_CONTAINERS_RESTART,     "POST",   "/containers/{name}/restart", NONE, STREAM, "t signal", 0},
    // The descriptions name detachKeys here; no handler reads it.
    {OP_CONTAINERS_START,       "POST",   "/containers/{name}/start", NONE, PLAIN, "-detachKeys !checkpoint !checkpoint-dir", 0},
    {OP_CONTAINERS_STOP,        "POST",   "/containers/{name}/stop", NONE, STREAM, "t signal", 0},
    {OP_CONTAINERS_WAIT,        "POST",   "/containers/{name}/wait", NONE, STREAM, "condition", 0},
    {OP_CONTAINERS_RESIZE,      "POST",   "/containers/{name}/resize", NONE, PLAIN, "h w", 0},
    {OP_CONTAINERS_ATTACH,      "POST",   "/containers/{name}/attach", NONE, HIJACK,
                                          "detachKeys logs stream stdin stdout stderr -hijack", 0},
    {OP_EXEC_CREATE,            "POST",   "/containers/{name}/exec", BODY(EXEC_CREATE), PLAIN, EXEC_FIELDS, 0},
    {OP_EXEC_START,             "POST",   "/exec/{name}/start", BODY(EXEC_START), HIJACK, "-Detach -Tty", 0},
    {OP_EXEC_RESIZE,            "POST",   "/exec/{name}/resize", NONE, PLAIN, "h w", 0},
    {OP_CONTAINERS_RENAME,      "POST",   "/containers/{name}/rename", NONE, PLAIN, "name", 0},
    {OP_CONTAINERS_UPDATE,      "POST",   "/containers/{name}/update", BODY(CONTAINER_UPDATE), PLAIN, "", 0},
    {OP_CONTAINERS_PRUNE,       "POST",   "/containers/prune", NONE, STREAM, "filters", 0},
    {OP_CONTAINERS_COMMIT,      "POST",   "/commit", BODY(COMMIT), STREAM,
                                          "container repo tag comment author pause changes* -m", 0},
    {OP_CONTAINERS_FILES_WRITE, "PUT",    "/containers/{name}/archive", TAR, STREAM,
                                          "path noOverwriteDirNonDir copyUIDGID", 0},
    {OP_CONTAINERS_REMOVE,      "DELETE", "/containers/{name}", NONE, PLAIN, "v force link", 0},

    // image
    // `filter` is read below API 1.25, `digests` by none; documented, both.
    {OP_IMAGES_LIST,            "GET",    "/images/json", NONE, PLAIN,
                                          "all filters filter digests shared-size manifests identity "
                                          "-only_ids", 0},
    {OP_IMAGES_SEARCH,          "GET",    "/images/search", NONE, PLAIN, "term limit filters", REGISTRY_AUTH},
    {OP_IMAGES_SAVE,            "GET",    "/images/get", NONE, STREAM, "names* platform*", 0},
    {OP_IMAGES_SAVE,            "GET",    "/images/{name...}/get", NONE, STREAM, "platform*", 0},
    {OP_IMAGES_HISTORY,         "GET",    "/images/{name...}/history", NONE, PLAIN, "platform", 0},
    {OP_IMAGES_INSPECT,         "GET",    "/images/{name...}/json", NONE, PLAIN, "manifests platform", 0},
    {OP_IMAGES_INSPECT,         "GET",    "/images/{name...}/attestations", NONE, PLAIN,
                                          "platform* type* statement", 0},
    {OP_IMAGES_LOAD,            "POST",   "/images/load", TAR, STREAM, "quiet platform*", 0},
    // With fromImage a pull, without it an import (images.import), whose body is an
    // archive only when fromSrc is "-"; a pull's body is never read.
    {OP_IMAGES_PULL,            "POST",   "/images/create", TAR, STREAM,
                                          "fromImage fromSrc repo tag message platform changes* -registry -authconfig",
                                          REGISTRY_AUTH},
    {OP_IMAGES_PUSH,            "POST",   "/images/{name...}/push", BODY(AUTH), STREAM, "tag platform -registry", REGISTRY_AUTH},
    {OP_IMAGES_TAG,             "POST",   "/images/{name...}/tag", NONE, PLAIN, "repo tag -force", 0},
    {OP_IMAGES_PRUNE,           "POST",   "/images/prune", NONE, STREAM, "filters", 0},
    {OP_IMAGES_REMOVE,          "DELETE", "/images/{name...}", NONE, PLAIN, "force noprune platforms*", 0},

    // system
    {OP_SYSTEM_PING,            "GET",    "/_ping", NONE, PLAIN, "", 0},
    {OP_SYSTEM_PING,            "HEAD",   "/_ping", NONE, PLAIN, "", 0},
    {OP_SYSTEM_EVENTS,          "GET",    "/events", NONE, STREAM, "since until filters", 0},
    {OP_SYSTEM_INFO,            "GET",    "/info", NONE, PLAIN, "", 0},
    {OP_SYSTEM_VERSION,         "GET",    "/version", NONE, PLAIN, "", 0},
    {OP_SYSTEM_DF,              "GET",    "/system/df", NONE, STREAM, "type* verbose", 0},
    {OP_AUTH_LOGIN,             "POST",   "/auth", BODY(AUTH), PLAIN, "", 0},

    // volume
    {OP_VOLUMES_LIST,           "GET",    "/volumes", NONE, PLAIN, "filters", 0},
    {OP_VOLUMES_INSPECT,        "GET",    "/volumes/{name}", NONE, PLAIN, "", 0},
    {OP_VOLUMES_CREATE,         "POST",   "/volumes/create", BODY(VOLUME_CREATE), PLAIN, VOLUME_FIELDS, 0},
    {OP_VOLUMES_PRUNE,          "POST",   "/volumes/prune", NONE, STREAM, "filters", 0},
    {OP_VOLUMES_UPDATE,         "PUT",    "/volumes/{name}", BODY(VOLUME_UPDATE), PLAIN, "version", 0},
    {OP_VOLUMES_REMOVE,         "DELETE", "/volumes/{name}", NONE, PLAIN, "force", 0},

    // build: version=2 makes it build.buildkit
    {OP_BUILD_CLASSIC,          "POST",   "/build", TAR, STREAM, BUILD_KEYS, REGISTRY_CONFIG},
    {OP_BUILD_PRUNE,            "POST",   "/build/prune", NONE, STREAM,
                                          "all filters keep-storage reserved-space max-used-space "
                                          "min-free-space", 0},
    {OP_BUILD_CANCEL,           "POST",   "/build/cancel", NONE, PLAIN, "id", 0},

    {OP_SESSION_OPEN,           "POST",   "/session", NONE, H2C, "", SESSION},

    // swarm
    {OP_SWARM_INIT,             "POST",   "/swarm/init", BODY(SWARM_INIT), PLAIN, "", 0},
    {OP_SWARM_JOIN,             "POST",   "/swarm/join", BODY(SWARM_JOIN), PLAIN, "", 0},
    {OP_SWARM_LEAVE,            "POST",   "/swarm/leave", NONE, PLAIN, "force", 0},
    {OP_SWARM_INSPECT,          "GET",    "/swarm", NONE, PLAIN, "", 0},
    {OP_SWARM_UNLOCKKEY,        "GET",    "/swarm/unlockkey", NONE, PLAIN, "", 0},
    {OP_SWARM_UPDATE,           "POST",   "/swarm/update", BODY(SWARM_UPDATE), PLAIN,
                                          "version rotateWorkerToken rotateManagerToken "
                                          "rotateManagerUnlockKey " SWARM_FIELDS, 0},
    {OP_SWARM_UNLOCK,           "POST",   "/swarm/unlock", BODY(SWARM_UNLOCK), PLAIN, "", 0},
    {OP_SERVICES_LIST,          "GET",    "/services", NONE, PLAIN, "filters status", 0},
    {OP_SERVICES_INSPECT,       "GET",    "/services/{id}", NONE, PLAIN, "insertDefaults", 0},
    {OP_SERVICES_CREATE,        "POST",   "/services/create", BODY(SERVICE), PLAIN, "", REGISTRY_AUTH},
    {OP_SERVICES_UPDATE,        "POST",   "/services/{id}/update", BODY(SERVICE), PLAIN,
                                          "version registryAuthFrom rollback " SERVICE_FIELDS, REGISTRY_AUTH},
    {OP_SERVICES_REMOVE,        "DELETE", "/services/{id}", NONE, PLAIN, "", 0},
    {OP_SERVICES_LOGS,          "GET",    "/services/{id}/logs", NONE, STREAM, LOG_KEYS, 0},
    {OP_NODES_LIST,             "GET",    "/nodes", NONE, PLAIN, "filters", 0},
    {OP_NODES_INSPECT,          "GET",    "/nodes/{id}", NONE, PLAIN, "", 0},
    {OP_NODES_REMOVE,           "DELETE", "/nodes/{id}", NONE, PLAIN, "force", 0},
    {OP_NODES_UPDATE,           "POST",   "/nodes/{id}/update", BODY(NODE), PLAIN, "version " NODE_FIELDS, 0},
    {OP_TASKS_LIST,             "GET",    "/tasks", NONE, PLAIN, "filters", 0},
    {OP_TASKS_INSPECT,          "GET",    "/tasks/{id}", NONE, PLAIN, "", 0},
    {OP_TASKS_LOGS,             "GET",    "/tasks/{id}/logs", NONE, STREAM, LOG_KEYS, 0},
    {OP_SECRETS_LIST,           "GET",    "/secrets", NONE, PLAIN, "filters", 0},
    {OP_SECRETS_CREATE,         "POST",   "/secrets/create", BODY(SECRET), PLAIN, SECRET_FIELDS, 0},
    {OP_SECRETS_REMOVE,         "DELETE", "/secrets/{id}", NONE, PLAIN, "", 0},
    {OP_SECRETS_INSPECT,        "GET",    "/secrets/{id}", NONE, PLAIN, "", 0},
    {OP_SECRETS_UPDATE,         "POST",   "/secrets/{id}/update", BODY(SECRET), PLAIN, "version " SECRET_FIELDS, 0},
    {OP_CONFIGS_LIST,           "GET",    "/configs", NONE, PLAIN, "filters", 0},
    {OP_CONFIGS_CREATE,         "POST",   "/configs/create", BODY(CONFIG), PLAIN, SECRET_FIELDS, 0},
    {OP_CONFIGS_REMOVE,         "DELETE", "/configs/{id}", NONE, PLAIN, "", 0},
    {OP_CONFIGS_INSPECT,        "GET",    "/configs/{id}", NONE, PLAIN, "", 0},
    {OP_CONFIGS_UPDATE,         "POST",   "/configs/{id}/update", BODY(CONFIG), PLAIN, "version " SECRET_FIELDS, 0},

    // plugin; `name` of privileges is what 1.25 called `remote`
    {OP_PLUGINS_LIST,           "GET",    "/plugins", NONE, PLAIN, "filters", 0},
    {OP_PLUGINS_INSPECT,        "GET",    "/plugins/{name...}/json", NONE, PLAIN, "", 0},
    {OP_PLUGINS_PRIVILEGES,     "GET",    "/plugins/privileges", NONE, PLAIN, "remote name", REGISTRY_AUTH},
    {OP_PLUGINS_REMOVE,         "DELETE", "/plugins/{name...}", NONE, PLAIN, "force", 0},
    {OP_PLUGINS_ENABLE,         "POST",   "/plugins/{name...}/enable", NONE, PLAIN, "timeout", 0},
    {OP_PLUGINS_DISABLE,        "POST",   "/plugins/{name...}/disable", NONE, PLAIN, "force", 0},
    {OP_PLUGINS_PULL,           "POST",   "/plugins/pull", BODY(PLUGIN_PRIVILEGES), STREAM, "remote name", REGISTRY_AUTH},
    {OP_PLUGINS_PUSH,           "POST",   "/plugins/{name...}/push", NONE, STREAM, "", REGISTRY_AUTH},
    {OP_PLUGINS_UPGRADE,        "POST",   "/plugins/{name...}/upgrade", BODY(PLUGIN_PRIVILEGES), STREAM, "remote", REGISTRY_AUTH},
    {OP_PLUGINS_SET,            "POST",   "/plugins/{name...}/set", BODY(PLUGIN_SETTINGS), PLAIN, "", 0},
    {OP_PLUGINS_CREATE,         "POST",   "/plugins/create", TAR, STREAM, "name", 0},

    {OP_DISTRIBUTION_INSPECT,   "GET",    "/distribution/{name...}/json", NONE, PLAIN, "", REGISTRY_AUTH},

    // network
    {OP_NETWORKS_LIST,          "GET",    "/networks", NONE, PLAIN, "filters", 0},
    {OP_NETWORKS_LIST,          "GET",    "/networks/", NONE, PLAIN, "filters", 0},
    {OP_NETWORKS_INSPECT,       "GET",    "/networks/{network}", NONE, PLAIN, "verbose scope", 0},
    {OP_NETWORKS_CREATE,        "POST",   "/networks/create", BODY(NETWORK_CREATE), PLAIN, NETWORK_FIELDS, 0},
    {OP_NETWORKS_CONNECT,       "POST",   "/networks/{network}/connect", BODY(NETWORK_CONNECT), PLAIN, "", 0},
    {OP_NETWORKS_DISCONNECT,    "POST",   "/networks/{network}/disconnect", BODY(NETWORK_DISCONNECT), PLAIN, "", 0},
    {OP_NETWORKS_PRUNE,         "POST",   "/networks/prune", NONE, STREAM, "filters", 0},
    {OP_NETWORKS_REMOVE,        "DELETE", "/networks/{network}", NONE, PLAIN, "", 0},

    {OP_SESSION_GRPC,           "POST",   "/grpc", NONE, H2C, "", 0},

    // debug: 20.10 serves these for every method; we know GET
    {OP_SYSTEM_DEBUG,           "GET",    "/debug/vars", NONE, PLAIN, "", 0},
    {OP_SYSTEM_DEBUG,           "GET",    "/debug/pprof/", NONE, PLAIN, "", 0},
    {OP_SYSTEM_DEBUG,           "GET",    "/debug/pprof/cmdline", NONE, PLAIN, "", 0},
    {OP_SYSTEM_DEBUG,           "GET",    "/debug/pprof/profile", NONE, STREAM, "seconds", 0},
    {OP_SYSTEM_DEBUG,           "GET",    "/debug/pprof/symbol", NONE, PLAIN, "", 0},
    {OP_SYSTEM_DEBUG,           "GET",    "/debug/pprof/trace", NONE, STREAM, "seconds", 0},
    {OP_SYSTEM_DEBUG,           "GET",    "/debug/pprof/{id}", NONE, STREAM, "debug gc seconds", 0},
};
// clang-format on

const struct route *routes_all(size_t *count)
{
    *count = sizeof(rows) / sizeof(rows[0]);
    return rows;
}
