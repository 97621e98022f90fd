/*
 * The policy file and the command line, put together: which sockets to serve, by
 * which policies, in front of which engine.
 */
#ifndef SOCKADE_PROXY_SERVER_CONFIG_H
#define SOCKADE_PROXY_SERVER_CONFIG_H

#include "base/cleanup.h"
#include "proxy/server/server.h"

struct server_config {
    struct policy_file *file;
    const char *engine_socket; /* borrowed from `file` */
    bool keeps_records;        /* and serves nothing while they cannot be written */
    const struct policy_listener *listeners;
    size_t listener_count;
    struct policy_listener *own; /* listeners of the command line or of systemd, owned */
};

/* 0, or a negative errno that was logged; then *out is unset. */
MUST_CHECK int server_config_load(const struct server_options *options, struct server_config *out);
void server_config_deinit(struct server_config *config);

#endif
