/*
 * The operations of the Engine API by the names that policies, audit records
 * and docs use. One line each; a route row names one of them.
 */
#ifndef SOCKADE_DOCKER_OPERATIONS_H
#define SOCKADE_DOCKER_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sockade/slice.h"

/*
 * X(identifier, "name", the smallest of operations.c's groups that holds it). In none, each to be
 * named by who wants it:
 * - what gives data away: containers.export, containers.commit, images.push (any local image to
 *   any registry), secrets, configs, services and tasks (environments), swarm (its inspect shows
 *   join tokens);
 * - what makes the engine call out for the client: auth.login, images.search,
 *   distribution.inspect, images.import;
 * - what deletes other people's objects: every prune. `docker compose down` and CI jobs
 *   remove what they made by name;
 * - containers.update, which takes limits off again.
 * READ is lists and inspections (`changes` lists names of files, never what is in them), OBSERVE
 * what monitors and log shippers ask for; df walks the disk. COMPOSE is for projects whose
 * `configs:` and `secrets:` with content are written as files; CI for jobs that hand images from
 * stage to stage as archives and clean up after themselves.
 */
// clang-format off
#define OPERATIONS(X) \
    X(UNKNOWN,                "unknown",                NONE) \
    X(SYSTEM_PING,            "system.ping",            META) \
    X(SYSTEM_VERSION,         "system.version",         META) \
    X(SYSTEM_INFO,            "system.info",            OBSERVE) \
    X(SYSTEM_EVENTS,          "system.events",          OBSERVE) \
    X(SYSTEM_DF,              "system.df",              OBSERVE) \
    X(SYSTEM_DEBUG,           "system.debug",           NONE) \
    X(AUTH_LOGIN,             "auth.login",             NONE) \
    X(CONTAINERS_LIST,        "containers.list",        READ) \
    X(CONTAINERS_INSPECT,     "containers.inspect",     READ) \
    X(CONTAINERS_STATS,       "containers.stats",       OBSERVE) \
    X(CONTAINERS_TOP,         "containers.top",         OBSERVE) \
    X(CONTAINERS_CHANGES,     "containers.changes",     READ) \
    X(CONTAINERS_LOGS,        "containers.logs",        OBSERVE) \
    X(CONTAINERS_CREATE,      "containers.create",      COMPOSE) \
    X(CONTAINERS_START,       "containers.start",       LIFECYCLE) \
    X(CONTAINERS_STOP,        "containers.stop",        LIFECYCLE) \
    X(CONTAINERS_RESTART,     "containers.restart",     LIFECYCLE) \
    X(CONTAINERS_KILL,        "containers.kill",        LIFECYCLE) \
    X(CONTAINERS_PAUSE,       "containers.pause",       LIFECYCLE) \
    X(CONTAINERS_UNPAUSE,     "containers.unpause",     LIFECYCLE) \
    X(CONTAINERS_WAIT,        "containers.wait",        LIFECYCLE) \
    X(CONTAINERS_RENAME,      "containers.rename",      LIFECYCLE) \
    X(CONTAINERS_UPDATE,      "containers.update",      NONE) \
    X(CONTAINERS_RESIZE,      "containers.resize",      LIFECYCLE) \
    X(CONTAINERS_REMOVE,      "containers.remove",      LIFECYCLE) \
    X(CONTAINERS_PRUNE,       "containers.prune",       NONE) \
    X(CONTAINERS_ATTACH,      "containers.attach",      COMPOSE) \
    X(CONTAINERS_FILES_READ,  "containers.files.read",  COMPOSE) \
    X(CONTAINERS_FILES_WRITE, "containers.files.write", COMPOSE) \
    X(CONTAINERS_EXPORT,      "containers.export",      NONE) \
    X(CONTAINERS_COMMIT,      "containers.commit",      NONE) \
    X(EXEC_CREATE,            "exec.create",            COMPOSE) \
    X(EXEC_START,             "exec.start",             COMPOSE) \
    X(EXEC_INSPECT,           "exec.inspect",           READ) \
    X(EXEC_RESIZE,            "exec.resize",            COMPOSE) \
    X(IMAGES_LIST,            "images.list",            READ) \
    X(IMAGES_INSPECT,         "images.inspect",         READ) \
    X(IMAGES_HISTORY,         "images.history",         READ) \
    X(IMAGES_SEARCH,          "images.search",          NONE) \
    X(IMAGES_PULL,            "images.pull",            COMPOSE) \
    X(IMAGES_PUSH,            "images.push",            NONE) \
    X(IMAGES_TAG,             "images.tag",             COMPOSE) \
    X(IMAGES_REMOVE,          "images.remove",          CI) \
    X(IMAGES_PRUNE,           "images.prune",           NONE) \
    X(IMAGES_LOAD,            "images.load",            CI) \
    X(IMAGES_SAVE,            "images.save",            CI) \
    X(IMAGES_IMPORT,          "images.import",          NONE) \
    X(BUILD_CLASSIC,          "build.classic",          COMPOSE) \
    X(BUILD_BUILDKIT,         "build.buildkit",         NONE) \
    X(BUILD_PRUNE,            "build.prune",            NONE) \
    X(BUILD_CANCEL,           "build.cancel",           CI) \
    X(NETWORKS_LIST,          "networks.list",          READ) \
    X(NETWORKS_INSPECT,       "networks.inspect",       READ) \
    X(NETWORKS_CREATE,        "networks.create",        COMPOSE) \
    X(NETWORKS_CONNECT,       "networks.connect",       COMPOSE) \
    X(NETWORKS_DISCONNECT,    "networks.disconnect",    COMPOSE) \
    X(NETWORKS_REMOVE,        "networks.remove",        COMPOSE) \
    X(NETWORKS_PRUNE,         "networks.prune",         NONE) \
    X(VOLUMES_LIST,           "volumes.list",           READ) \
    X(VOLUMES_INSPECT,        "volumes.inspect",        READ) \
    X(VOLUMES_CREATE,         "volumes.create",         COMPOSE) \
    X(VOLUMES_REMOVE,         "volumes.remove",         COMPOSE) \
    X(VOLUMES_PRUNE,          "volumes.prune",          NONE) \
    X(VOLUMES_UPDATE,         "volumes.update",         NONE) \
    X(DISTRIBUTION_INSPECT,   "distribution.inspect",   NONE) \
    X(SWARM_INSPECT,          "swarm.inspect",          NONE) \
    X(SWARM_INIT,             "swarm.init",             NONE) \
    X(SWARM_JOIN,             "swarm.join",             NONE) \
    X(SWARM_LEAVE,            "swarm.leave",            NONE) \
    X(SWARM_UPDATE,           "swarm.update",           NONE) \
    X(SWARM_UNLOCK,           "swarm.unlock",           NONE) \
    X(SWARM_UNLOCKKEY,        "swarm.unlockkey",        NONE) \
    X(SERVICES_LIST,          "services.list",          NONE) \
    X(SERVICES_INSPECT,       "services.inspect",       NONE) \
    X(SERVICES_CREATE,        "services.create",        NONE) \
    X(SERVICES_UPDATE,        "services.update",        NONE) \
    X(SERVICES_REMOVE,        "services.remove",        NONE) \
    X(SERVICES_LOGS,          "services.logs",          NONE) \
    X(TASKS_LIST,             "tasks.list",             NONE) \
    X(TASKS_INSPECT,          "tasks.inspect",          NONE) \
    X(TASKS_LOGS,             "tasks.logs",             NONE) \
    X(NODES_LIST,             "nodes.list",             NONE) \
    X(NODES_INSPECT,          "nodes.inspect",          NONE) \
    X(NODES_UPDATE,           "nodes.update",           NONE) \
    X(NODES_REMOVE,           "nodes.remove",           NONE) \
    X(SECRETS_LIST,           "secrets.list",           NONE) \
    X(SECRETS_INSPECT,        "secrets.inspect",        NONE) \
    X(SECRETS_CREATE,         "secrets.create",         NONE) \
    X(SECRETS_UPDATE,         "secrets.update",         NONE) \
    X(SECRETS_REMOVE,         "secrets.remove",         NONE) \
    X(CONFIGS_LIST,           "configs.list",           NONE) \
    X(CONFIGS_INSPECT,        "configs.inspect",        NONE) \
    X(CONFIGS_CREATE,         "configs.create",         NONE) \
    X(CONFIGS_UPDATE,         "configs.update",         NONE) \
    X(CONFIGS_REMOVE,         "configs.remove",         NONE) \
    X(PLUGINS_LIST,           "plugins.list",           NONE) \
    X(PLUGINS_INSPECT,        "plugins.inspect",        NONE) \
    X(PLUGINS_PRIVILEGES,     "plugins.privileges",     NONE) \
    X(PLUGINS_PULL,           "plugins.pull",           NONE) \
    X(PLUGINS_CREATE,         "plugins.create",         NONE) \
    X(PLUGINS_ENABLE,         "plugins.enable",         NONE) \
    X(PLUGINS_DISABLE,        "plugins.disable",        NONE) \
    X(PLUGINS_UPGRADE,        "plugins.upgrade",        NONE) \
    X(PLUGINS_SET,            "plugins.set",            NONE) \
    X(PLUGINS_PUSH,           "plugins.push",           NONE) \
    X(PLUGINS_REMOVE,         "plugins.remove",         NONE) \
    X(CHECKPOINTS_LIST,       "checkpoints.list",       NONE) \
    X(CHECKPOINTS_CREATE,     "checkpoints.create",     NONE) \
    X(CHECKPOINTS_REMOVE,     "checkpoints.remove",     NONE) \
    X(SESSION_OPEN,           "session.open",           NONE) \
    X(SESSION_GRPC,           "session.grpc",           NONE)
// clang-format on

#define X(identifier, name, groups) OP_##identifier,
enum operation { OPERATIONS(X) OP_COUNT };
#undef X

/* A set of operations. All zero is the empty set. */
struct operation_set {
    uint64_t word[(OP_COUNT + 63) / 64];
};

const char *operation_name(enum operation operation);

void operation_set_add(struct operation_set *set, enum operation operation);
bool operation_set_has(const struct operation_set *set, enum operation operation);
bool operation_set_is_full(const struct operation_set *set);

/*
 * Adds what a word of a policy means: an operation ("containers.create"), a
 * family ("exec.*"), a group ("@read") or "*". False when it means nothing.
 */
bool operation_set_add_word(struct operation_set *set, struct slice word);

/* "containers.remove" for "containers.delete": the operation by another verb. NULL: none. */
const char *operation_meant(struct slice word);

/* Every word that operation_set_add_word() takes, NULL-terminated, for "did you mean". */
const char *const *operation_words(void);

#endif
