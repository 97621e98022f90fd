/*
 * The operations of the Engine API by the names that policies, audit records
 * and docs use. One line each; a route row names one of them.
 */
#ifndef SOCKADE_DOCKER_OPERATIONS_H
#define SOCKADE_DOCKER_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockade/slice.h"

/* X(identifier, "name") */
// clang-format off
#define OPERATIONS(X) \
    X(UNKNOWN,                "unknown") \
    X(SYSTEM_PING,            "system.ping") \
    X(SYSTEM_VERSION,         "system.version") \
    X(SYSTEM_INFO,            "system.info") \
    X(SYSTEM_EVENTS,          "system.events") \
    X(SYSTEM_DF,              "system.df") \
    X(SYSTEM_DEBUG,           "system.debug") \
    X(AUTH_LOGIN,             "auth.login") \
    X(CONTAINERS_LIST,        "containers.list") \
    X(CONTAINERS_INSPECT,     "containers.inspect") \
    X(CONTAINERS_STATS,       "containers.stats") \
    X(CONTAINERS_TOP,         "containers.top") \
    X(CONTAINERS_CHANGES,     "containers.changes") \
    X(CONTAINERS_LOGS,        "containers.logs") \
    X(CONTAINERS_CREATE,      "containers.create") \
    X(CONTAINERS_START,       "containers.start") \
    X(CONTAINERS_STOP,        "containers.stop") \
    X(CONTAINERS_RESTART,     "containers.restart") \
    X(CONTAINERS_KILL,        "containers.kill") \
    X(CONTAINERS_PAUSE,       "containers.pause") \
    X(CONTAINERS_UNPAUSE,     "containers.unpause") \
    X(CONTAINERS_WAIT,        "containers.wait") \
    X(CONTAINERS_RENAME,      "containers.rename") \
    X(CONTAINERS_UPDATE,      "containers.update") \
    X(CONTAINERS_RESIZE,      "containers.resize") \
    X(CONTAINERS_REMOVE,      "containers.remove") \
    X(CONTAINERS_PRUNE,       "containers.prune") \
    X(CONTAINERS_ATTACH,      "containers.attach") \
    X(CONTAINERS_FILES_READ,  "containers.files.read") \
    X(CONTAINERS_FILES_WRITE, "containers.files.write") \
    X(CONTAINERS_EXPORT,      "containers.export") \
    X(CONTAINERS_COMMIT,      "containers.commit") \
    X(EXEC_CREATE,            "exec.create") \
    X(EXEC_START,             "exec.start") \
    X(EXEC_INSPECT,           "exec.inspect") \
    X(EXEC_RESIZE,            "exec.resize") \
    X(IMAGES_LIST,            "images.list") \
    X(IMAGES_INSPECT,         "images.inspect") \
    X(IMAGES_HISTORY,         "images.history") \
    X(IMAGES_SEARCH,          "images.search") \
    X(IMAGES_PULL,            "images.pull") \
    X(IMAGES_PUSH,            "images.push") \
    X(IMAGES_TAG,             "images.tag") \
    X(IMAGES_REMOVE,          "images.remove") \
    X(IMAGES_PRUNE,           "images.prune") \
    X(IMAGES_LOAD,            "images.load") \
    X(IMAGES_SAVE,            "images.save") \
    X(IMAGES_IMPORT,          "images.import") \
    X(BUILD_CLASSIC,          "build.classic") \
    X(BUILD_BUILDKIT,         "build.buildkit") \
    X(BUILD_PRUNE,            "build.prune") \
    X(BUILD_CANCEL,           "build.cancel") \
    X(NETWORKS_LIST,          "networks.list") \
    X(NETWORKS_INSPECT,       "networks.inspect") \
    X(NETWORKS_CREATE,        "networks.create") \
    X(NETWORKS_CONNECT,       "networks.connect") \
    X(NETWORKS_DISCONNECT,    "networks.disconnect") \
    X(NETWORKS_REMOVE,        "networks.remove") \
    X(NETWORKS_PRUNE,         "networks.prune") \
    X(VOLUMES_LIST,           "volumes.list") \
    X(VOLUMES_INSPECT,        "volumes.inspect") \
    X(VOLUMES_CREATE,         "volumes.create") \
    X(VOLUMES_REMOVE,         "volumes.remove") \
    X(VOLUMES_PRUNE,          "volumes.prune") \
    X(VOLUMES_UPDATE,         "volumes.update") \
    X(DISTRIBUTION_INSPECT,   "distribution.inspect") \
    X(SWARM_INSPECT,          "swarm.inspect") \
    X(SWARM_INIT,             "swarm.init") \
    X(SWARM_JOIN,             "swarm.join") \
    X(SWARM_LEAVE,            "swarm.leave") \
    X(SWARM_UPDATE,           "swarm.update") \
    X(SWARM_UNLOCK,           "swarm.unlock") \
    X(SWARM_UNLOCKKEY,        "swarm.unlockkey") \
    X(SERVICES_LIST,          "services.list") \
    X(SERVICES_INSPECT,       "services.inspect") \
    X(SERVICES_CREATE,        "services.create") \
    X(SERVICES_UPDATE,        "services.update") \
    X(SERVICES_REMOVE,        "services.remove") \
    X(SERVICES_LOGS,          "services.logs") \
    X(TASKS_LIST,             "tasks.list") \
    X(TASKS_INSPECT,          "tasks.inspect") \
    X(TASKS_LOGS,             "tasks.logs") \
    X(NODES_LIST,             "nodes.list") \
    X(NODES_INSPECT,          "nodes.inspect") \
    X(NODES_UPDATE,           "nodes.update") \
    X(NODES_REMOVE,           "nodes.remove") \
    X(SECRETS_LIST,           "secrets.list") \
    X(SECRETS_INSPECT,        "secrets.inspect") \
    X(SECRETS_CREATE,         "secrets.create") \
    X(SECRETS_UPDATE,         "secrets.update") \
    X(SECRETS_REMOVE,         "secrets.remove") \
    X(CONFIGS_LIST,           "configs.list") \
    X(CONFIGS_INSPECT,        "configs.inspect") \
    X(CONFIGS_CREATE,         "configs.create") \
    X(CONFIGS_UPDATE,         "configs.update") \
    X(CONFIGS_REMOVE,         "configs.remove") \
    X(PLUGINS_LIST,           "plugins.list") \
    X(PLUGINS_INSPECT,        "plugins.inspect") \
    X(PLUGINS_PRIVILEGES,     "plugins.privileges") \
    X(PLUGINS_PULL,           "plugins.pull") \
    X(PLUGINS_CREATE,         "plugins.create") \
    X(PLUGINS_ENABLE,         "plugins.enable") \
    X(PLUGINS_DISABLE,        "plugins.disable") \
    X(PLUGINS_UPGRADE,        "plugins.upgrade") \
    X(PLUGINS_SET,            "plugins.set") \
    X(PLUGINS_PUSH,           "plugins.push") \
    X(PLUGINS_REMOVE,         "plugins.remove") \
    X(CHECKPOINTS_LIST,       "checkpoints.list") \
    X(CHECKPOINTS_CREATE,     "checkpoints.create") \
    X(CHECKPOINTS_REMOVE,     "checkpoints.remove") \
    X(SESSION_OPEN,           "session.open") \
    X(SESSION_GRPC,           "session.grpc")
// clang-format on

#define X(identifier, name) OP_##identifier,
enum operation { OPERATIONS(X) OP_COUNT };
#undef X

/* A set of operations. All zero is the empty set. */
struct operation_set {
    uint64_t word[(OP_COUNT + 63) / 64];
};

const char *operation_name(enum operation operation);

void operation_set_add(struct operation_set *set, enum operation operation);
bool operation_set_has(const struct operation_set *set, enum operation operation);

/*
 * Adds what a word of a policy means: an operation ("containers.create"), a
 * family ("exec.*"), a group ("@read") or "*". False when it means nothing.
 */
bool operation_set_add_word(struct operation_set *set, struct slice word);

/* Every word that operation_set_add_word() takes, NULL-terminated, for "did you mean". */
const char *const *operation_words(void);

#endif
