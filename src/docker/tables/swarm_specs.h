/*
 * The bodies by which swarm itself, its nodes, secrets and configs, plugins and
 * checkpoints are made and changed. Each is read like container_spec.h's.
 */
#ifndef SOCKADE_DOCKER_SWARM_SPECS_H
#define SOCKADE_DOCKER_SWARM_SPECS_H

#include "docker/api/routes.h"
#include "docker/spec.h"
#include "docker/tables/fields.h"

/* POST /swarm/init and /swarm/update: what every service has that says nothing else. */
struct swarm_spec {
    struct json *tree;
    struct slice log_driver;
    struct string_map log_options;
};

/* What a plugin wants of the host: {"Name": "mount", "Value": ["/var/lib"]}. */
struct plugin_privilege {
    struct slice field;
    struct slice name;
    struct string_list values;
};

/* POST /plugins/pull and .../upgrade (privileges), .../set (settings) */
struct plugin_spec {
    struct json *tree;
    struct plugin_privilege *privileges;
    size_t privilege_count;
    struct string_list settings; /* "name.field=value" */
};

/*
 * The tables of other_specs.h's list. Drivers and templates of secrets and configs, and a
 * checkpoint's directory on the host, are UNJUDGED. Of plugins' privileges it reads one.
 */
extern const struct field_table swarm_init_table;
extern const struct field_table swarm_update_table;
extern const struct field_table swarm_join_table;
extern const struct field_table swarm_unlock_table;
extern const struct field_table swarm_node_table;
extern const struct field_table swarm_secret_table;
extern const struct field_table swarm_config_table;
extern const struct field_table swarm_checkpoint_table;
extern const struct field_table plugin_privilege_table;

/* `body` is ROUTE_BODY_SWARM_INIT or ROUTE_BODY_SWARM_UPDATE. */
MUST_CHECK int swarm_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree,
                               struct swarm_spec *out);

/* The list of privileges, or with ROUTE_BODY_PLUGIN_SETTINGS of settings; null is an empty one. */
MUST_CHECK int plugin_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree,
                                struct plugin_spec *out);

#endif
