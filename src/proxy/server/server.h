/*
 * The daemon: one loop, its listeners, its connections, its signals.
 */
#ifndef SOCKADE_PROXY_SERVER_H
#define SOCKADE_PROXY_SERVER_H

#include "audit/sink.h"
#include "base/cleanup.h"
#include "sockade/policy.h"

/* What the command line says; every pointer is borrowed for the server's life. */
struct server_options {
    const char *config_path;   /* NULL: no file */
    const char *base;          /* without a file: the base policy; NULL: restricted */
    const char *const *listen; /* paths, instead of the file's; NULL-terminated, or NULL */
    const char *engine_socket; /* instead of the file's, or NULL */
    const char *audit_path;    /* NULL or "-": stdout */
    enum audit_format audit_format;
};

/*
 * Serves until SIGTERM or SIGINT, then drains. Problems are logged. Returns 0 after a
 * clean end, a negative errno when it could not start.
 */
MUST_CHECK int server_run(const struct server_options *options);

#endif
