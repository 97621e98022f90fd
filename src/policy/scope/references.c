/*
 * See references.h. How names in paths are pinned is what scope.c does with them.
 */
#include "policy/scope/references.h"

#include "policy/lookup/judgement.h"
#include "policy/scope/scope.h"

#include "base/banned.h"

// clang-format off
#define KEY(operation, name, object, pin) \
    {REFERENCE_IN_QUERY, OP_##operation, ROUTE_BODY_NONE, REFERENCE_##pin, name, object}
#define FIELD(body, operation, name, object, pin) \
    {REFERENCE_IN_BODY, OP_##operation, ROUTE_BODY_##body, REFERENCE_##pin, name, object}
#define CREATE(name, object, pin)  FIELD(CONTAINER_CREATE, CONTAINERS_CREATE, name, object, pin)
#define SERVICE(name, object, pin) FIELD(SERVICE, SERVICES_CREATE, name, object, pin)

static const struct reference rows[] = {
    KEY(CONTAINERS_LIST,    "since",       "container", FILTER),
    KEY(CONTAINERS_LIST,    "before",      "container", FILTER),
    KEY(CONTAINERS_LIST,    "filters",     "container", FILTER),
    KEY(CONTAINERS_CREATE,  "name",        "container", NEW),
    KEY(CONTAINERS_RENAME,  "name",        "container", NEW),
    KEY(CONTAINERS_PRUNE,   "filters",     "container", FILTER),
    KEY(CONTAINERS_COMMIT,  "container",   "container", BY_ID),
    KEY(CONTAINERS_COMMIT,  "repo",        "image",     GIVEN),
    KEY(CONTAINERS_COMMIT,  "tag",         "image",     GIVEN),
    KEY(CONTAINERS_LOGS,    "since",       "",          NONE),
    KEY(SERVICES_LOGS,      "since",       "",          NONE),
    KEY(TASKS_LOGS,         "since",       "",          NONE),
    KEY(SYSTEM_EVENTS,      "since",       "",          NONE),
    KEY(SYSTEM_EVENTS,      "filters",     "container", FILTER),
    KEY(IMAGES_LIST,        "filters",     "image",     SHARED),
    KEY(IMAGES_LIST,        "filter",      "image",     SHARED),
    KEY(IMAGES_SEARCH,      "filters",     "",          NONE),
    KEY(IMAGES_PRUNE,       "filters",     "",          NONE),
    KEY(IMAGES_SAVE,        "names",       "image",     BY_TAG),
    KEY(IMAGES_PULL,        "fromImage",   "image",     PULLED),
    KEY(IMAGES_PULL,        "tag",         "image",     PULLED),
    KEY(IMAGES_PULL,        "repo",        "",          NONE),
    KEY(IMAGES_IMPORT,      "repo",        "image",     GIVEN),
    KEY(IMAGES_IMPORT,      "tag",         "image",     GIVEN),
    KEY(IMAGES_TAG,         "repo",        "image",     GIVEN),
    KEY(IMAGES_TAG,         "tag",         "image",     GIVEN),
    KEY(IMAGES_PUSH,        "tag",         "image",     HELD),
    KEY(BUILD_CLASSIC,      "t",           "image",     GIVEN),
    KEY(BUILD_CLASSIC,      "cachefrom",   "image",     SHARED),
    KEY(BUILD_CLASSIC,      "networkmode", "network",   BY_ID),
    KEY(BUILD_CLASSIC,      "networkmode", "container", BY_ID),
    KEY(NETWORKS_LIST,      "filters",     "network",   FILTER),
    KEY(NETWORKS_PRUNE,     "filters",     "network",   FILTER),
    KEY(VOLUMES_LIST,       "filters",     "volume",    FILTER),
    KEY(VOLUMES_PRUNE,      "filters",     "volume",    FILTER),
    KEY(SERVICES_LIST,      "filters",     "service",   FILTER),
    KEY(TASKS_LIST,         "filters",     "service",   FILTER),
    KEY(SECRETS_LIST,       "filters",     "secret",    FILTER),
    KEY(CONFIGS_LIST,       "filters",     "config",    FILTER),

    CREATE("Image",                                       "image",     SHARED),
    CREATE("HostConfig.Binds",                            "volume",    HELD),
    CREATE("HostConfig.Mounts[].Source",                  "volume",    HELD),
    CREATE("HostConfig.Mounts[].Source",                  "image",     SHARED),
    CREATE("HostConfig.NetworkMode",                      "network",   AT_START),
    CREATE("HostConfig.NetworkMode",                      "container", BY_ID),
    CREATE("HostConfig.PidMode",                          "container", BY_ID),
    CREATE("HostConfig.IpcMode",                          "container", BY_ID),
    CREATE("HostConfig.UTSMode",                          "container", BY_ID),
    CREATE("HostConfig.UsernsMode",                       "container", BY_ID),
    CREATE("HostConfig.CgroupnsMode",                     "container", BY_ID),
    CREATE("HostConfig.Cgroup",                           "container", BY_ID),
    CREATE("HostConfig.VolumesFrom",                      "container", BY_ID),
    CREATE("HostConfig.Links",                            "container", BY_ID),
    CREATE("NetworkingConfig.EndpointsConfig",            "network",   AT_START),
    CREATE("NetworkingConfig.EndpointsConfig{}.Links",    "container", ALIAS),

    FIELD(VOLUME_CREATE,      VOLUMES_CREATE,      "Name",                               "volume",    GIVEN),
    FIELD(VOLUME_CREATE,      VOLUMES_CREATE,      "ClusterVolumeSpec.Group",            "volume",    REFUSED),
    FIELD(VOLUME_CREATE,      VOLUMES_CREATE,      "ClusterVolumeSpec.Secrets[].Secret", "secret",    REFUSED),
    FIELD(NETWORK_CREATE,     NETWORKS_CREATE,     "Name",                               "network",   GIVEN),
    FIELD(NETWORK_CREATE,     NETWORKS_CREATE,     "ConfigFrom.Network",                 "network",   HELD),
    FIELD(NETWORK_CONNECT,    NETWORKS_CONNECT,    "Container",                          "container", BY_ID),
    FIELD(NETWORK_CONNECT,    NETWORKS_CONNECT,    "EndpointConfig.Links",               "container", ALIAS),
    FIELD(NETWORK_DISCONNECT, NETWORKS_DISCONNECT, "Container",                          "container", BY_ID),
    FIELD(SECRET,             SECRETS_CREATE,      "Name",                               "secret",    NEW),
    FIELD(CONFIG,             CONFIGS_CREATE,      "Name",                               "config",    NEW),

    SERVICE("Name",                                               "service", NEW),
    SERVICE("Networks[].Target",                                  "network", BY_ID),
    SERVICE("TaskTemplate.Networks[].Target",                     "network", BY_ID),
    SERVICE("TaskTemplate.ContainerSpec.Image",                   "image",   SHARED),
    SERVICE("TaskTemplate.ContainerSpec.Mounts[].Source",         "volume",  HELD),
    SERVICE("TaskTemplate.ContainerSpec.Mounts[].Source",         "image",   SHARED),
    SERVICE("TaskTemplate.ContainerSpec.Secrets[].SecretID",      "secret",  BY_ID),
    SERVICE("TaskTemplate.ContainerSpec.Configs[].ConfigID",      "config",  BY_ID),
    SERVICE("TaskTemplate.PluginSpec.name",                       "plugin",  REFUSED),
    SERVICE("TaskTemplate.PluginSpec.remote",                     "plugin",  REFUSED),
};

/* Of paths whose images scope.c looks at in its own way, or not at all. */
static const struct reference paths[] = {
    {REFERENCE_IN_PATH, OP_IMAGES_INSPECT,       ROUTE_BODY_NONE, REFERENCE_SHARED, "{name}", "image"},
    {REFERENCE_IN_PATH, OP_IMAGES_HISTORY,       ROUTE_BODY_NONE, REFERENCE_SHARED, "{name}", "image"},
    {REFERENCE_IN_PATH, OP_IMAGES_TAG,           ROUTE_BODY_NONE, REFERENCE_SHARED, "{name}", "image"},
    {REFERENCE_IN_PATH, OP_DISTRIBUTION_INSPECT, ROUTE_BODY_NONE, REFERENCE_SHARED, "{name}", "image"},
    {REFERENCE_IN_PATH, OP_IMAGES_PUSH,          ROUTE_BODY_NONE, REFERENCE_HELD, "{name}", "image"},
    {REFERENCE_IN_PATH, OP_IMAGES_SAVE,          ROUTE_BODY_NONE, REFERENCE_BY_TAG, "{name}", "image"},
    {REFERENCE_IN_PATH, OP_IMAGES_REMOVE,        ROUTE_BODY_NONE, REFERENCE_BY_TAG, "{name}", "image"},
    {REFERENCE_IN_PATH, OP_VOLUMES_REMOVE,       ROUTE_BODY_NONE, REFERENCE_HELD, "{name}", "volume"},
};
// clang-format on

const struct reference *references_all(size_t *count)
{
    *count = sizeof(rows) / sizeof(rows[0]);
    return rows;
}

bool reference_of_path(enum operation operation, struct reference *out)
{
    struct reference found = {.place = REFERENCE_IN_PATH, .operation = operation, .name = "{name}"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        if (paths[i].operation == operation) {
            *out = paths[i];
            return true;
        }
    }
    if (!scope_allows(operation)) {
        found.object = "";
        *out = found;
        return true;
    }
    const struct scope_reference *path = scope_path(operation);

    if (!path) {
        return false;
    }
    found.object = scope_word(path->kind);
    found.pin = path->pins_path             ? REFERENCE_BY_ID
                : path->kind == FACT_EXEC   ? REFERENCE_ID_ONLY
                : path->kind == FACT_VOLUME ? REFERENCE_ANSWERED
                                            : REFERENCE_REFUSED;
    *out = found;
    return true;
}

const char *reference_pin_meaning(enum reference_pin pin)
{
    static const char *const meanings[] = {
        [REFERENCE_REFUSED] = "refused",
        [REFERENCE_BY_ID] = "looked up; its full id is sent",
        [REFERENCE_ID_ONLY] = "looked up; the engine takes full ids only",
        [REFERENCE_BY_TAG] = "looked up; sent as the full id, or as registry, repository and tag",
        [REFERENCE_HELD] = "looked up; sent by its name, which is held",
        [REFERENCE_AT_START] = "looked up; sent by its name; looked up again, and the name is "
                               "held, when the container starts",
        [REFERENCE_ANSWERED] =
            "looked up; sent by its name; an answer about another scope's object "
            "is not shown",
        [REFERENCE_ALIAS] = "looked up; sent by its name, an alias within the container's "
                            "networks",
        [REFERENCE_GIVEN] = "a new name: must be free or in the scope, and is held",
        [REFERENCE_NEW] = "a new name: the engine refuses one that is taken",
        [REFERENCE_PULLED] = "a name that a registry assigns: held, and refused if another scope's "
                             "image has it",
        [REFERENCE_SHARED] = "an image, which every client may use",
        [REFERENCE_FILTER] = "only objects in the scope are shown or removed",
        [REFERENCE_NONE] = "",
    };

    return meanings[pin];
}
