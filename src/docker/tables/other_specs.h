/*
 * The smaller bodies. Each is read like container_spec.h's: `tree` is made
 * canonical in place, problems go to the reader, 0 or -ENOMEM.
 */
#ifndef SOCKADE_DOCKER_OTHER_SPECS_H
#define SOCKADE_DOCKER_OTHER_SPECS_H

#include "docker/api/routes.h"
#include "docker/spec.h"
#include "docker/tables/container_spec.h"
#include "docker/tables/fields.h"

/* POST /containers/{id}/exec */
struct exec_spec {
    struct json *tree;
    struct slice user;
    bool privileged;
};

/* POST /volumes/create */
struct volume_spec {
    struct json *tree;
    struct slice name;
    struct slice driver;
    struct string_map options; /* DriverOpts */
    struct string_map labels;
    bool cluster; /* ClusterVolumeSpec given */
};

/* POST /networks/create */
struct network_spec {
    struct json *tree;
    struct slice name;
    struct slice driver;
    struct slice scope;
    struct string_map options;
    struct string_map labels;
    struct slice config_from; /* ConfigFrom.Network */
    bool ingress;
    struct string_map ipam_options;
    struct slice ipam_driver;
    struct string_list addresses; /* of IPAM.Config: subnets, ranges, gateways, auxiliary ones */
};

MUST_CHECK int exec_spec_read(struct spec_reader *reader, struct json *tree, struct exec_spec *out);
MUST_CHECK int volume_spec_read(struct spec_reader *reader, struct json *tree,
                                struct volume_spec *out);
/* PUT /volumes/{name}: the rest of a cluster volume, so `cluster` is always set. */
MUST_CHECK int volume_spec_read_update(struct spec_reader *reader, struct json *tree,
                                       struct volume_spec *out);
MUST_CHECK int network_spec_read(struct spec_reader *reader, struct json *tree,
                                 struct network_spec *out);

/*
 * Bodies that no rule looks into (exec start, network connect and disconnect, commit, auth, a
 * swarm's join and unlock, nodes, secrets, configs, checkpoints): checked and made canonical.
 */
MUST_CHECK int plain_spec_read(struct spec_reader *reader, enum route_body body, struct json *tree);

/*
 * The table that reads bodies of this kind, of a list its elements; NULL when there is none.
 * docs/fields.md is made from them.
 */
const struct field_table *spec_table(enum route_body body);

#endif
