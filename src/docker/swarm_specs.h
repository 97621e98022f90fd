/*
 * The bodies by which swarm itself, its nodes, secrets and configs, plugins and
 * checkpoints are made and changed. Each is read like container_spec.h's.
 */
#ifndef SOCKADE_DOCKER_SWARM_SPECS_H
#define SOCKADE_DOCKER_SWARM_SPECS_H

#include "docker/routes.h"
#include "docker/spec.h"

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

struct field_table;

/* Of the bodies in this file, and of the elements of plugins' privileges; NULL for others. */
const struct field_table *swarm_spec_table(enum route_body body);

/* `body` is ROUTE_BODY_SWARM_INIT or ROUTE_BODY_SWARM_UPDATE. */
MUST_CHECK int swarm_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree,
                               struct swarm_spec *out);

/* The list of privileges, or with ROUTE_BODY_PLUGIN_SETTINGS of settings; null is an empty one. */
MUST_CHECK int plugin_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree,
                                struct plugin_spec *out);

/*
 * Bodies that no rule looks into: a swarm's join and unlock, nodes, secrets, configs,
 * checkpoints. Drivers and templates of secrets and configs, and a checkpoint's
 * directory on the host, are REFUSED.
 */
MUST_CHECK int swarm_plain_read(struct spec_reader *reader, enum route_body body,
                                struct json *tree);

#endif
