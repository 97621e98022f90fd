/*
 * See server_config.h. What the command line says wins over the file.
 */
#include "proxy/server/server_config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/log.h"
#include "proxy/server/server_internal.h"

#include "base/banned.h"

enum { DEFAULT_SOCKET_MODE = 0660, DIAG_LINE_BYTES = 1024 };

static int load_file(const struct server_options *options, struct policy_file **out)
{
    struct diag diag = {0};
    char line[DIAG_LINE_BYTES];

    if (!options->config_path) {
        const char *base = options->base ? options->base : "restricted";
        int err = policy_file_default(base, out);

        if (err < 0) {
            log_error("unknown base policy \"%s\": use open, read_only, baseline or restricted",
                      base);
        }
        return err;
    }
    int err = policy_file_load(options->config_path, out, &diag);

    if (err < 0) {
        diag_format(&diag, line, sizeof(line));
        log_error("%s", line);
    }
    return err;
}

/* The one policy that sockets of the command line get. NULL when there are several. */
static struct policy *only_policy(const struct policy_file *file)
{
    struct policy *policy = NULL;

    for (size_t i = 0; i < file->listener_count; i++) {
        if (file->listeners[i].clients || (policy && policy != file->listeners[i].policy)) {
            return NULL;
        }
        policy = file->listeners[i].policy;
    }
    return policy;
}

static struct policy_listener plain_listener(struct policy *policy)
{
    return (struct policy_listener){
        .mode = DEFAULT_SOCKET_MODE,
        .owner = (uid_t)-1,
        .group = (gid_t)-1,
        .policy = policy,
    };
}

/* Replaces the file's listeners by `count` of our own, all with its one policy. */
static int make_own(struct server_config *config, size_t count)
{
    struct policy *policy = only_policy(config->file);

    if (!policy) {
        log_error("the file has several policies: its listeners must name their sockets; they "
                  "cannot come from the command line");
        return -EINVAL;
    }
    config->own = calloc(count, sizeof(*config->own));
    if (!config->own) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        config->own[i] = plain_listener(policy);
    }
    config->listeners = config->own;
    config->listener_count = count;
    return 0;
}

static int listen_as_told(const struct server_options *options, struct server_config *config)
{
    size_t count = 0;

    while (options->listen[count]) {
        count++;
    }
    int err = make_own(config, count);

    for (size_t i = 0; err == 0 && i < count; i++) {
        config->own[i].socket = options->listen[i];
    }
    return err;
}

/* Without a file, what systemd passes is what there is to serve. */
static int listen_on_passed(struct server_config *config)
{
    size_t count = activation_count();
    int err = make_own(config, count);

    for (size_t i = 0; err == 0 && i < count; i++) {
        config->own[i].systemd = activation_name(i);
    }
    return err;
}

static bool keeps_records(const struct server_options *options, const struct policy_file *file)
{
    switch (file->audit_on_error) {
    case AUDIT_ON_ERROR_AUTO:
        return options->audit_path && strcmp(options->audit_path, "-") != 0;
    case AUDIT_ON_ERROR_DENY:
        return true;
    case AUDIT_ON_ERROR_DROP:
        return false;
    }
    return true;
}

int server_config_load(const struct server_options *options, struct server_config *out)
{
    struct server_config config = {0};
    int err = load_file(options, &config.file);

    if (err < 0) {
        return err;
    }
    if (options->engine_socket) {
        err = policy_file_set_engine_socket(config.file, options->engine_socket);
    }
    config.engine_socket = config.file->engine_socket;
    config.keeps_records = keeps_records(options, config.file);
    config.listeners = config.file->listeners;
    config.listener_count = config.file->listener_count;
    if (err == 0 && options->listen && options->listen[0]) {
        err = listen_as_told(options, &config);
    } else if (err == 0 && !options->config_path && activation_count() > 0) {
        err = listen_on_passed(&config);
    }
    if (err == 0 && config.own) {
        err = policy_file_set_listeners(config.file, config.listeners, config.listener_count);
    }
    if (err < 0) {
        server_config_deinit(&config);
        return err;
    }
    *out = config;
    return 0;
}

void server_config_deinit(struct server_config *config)
{
    free(config->own);
    policy_file_destroy(config->file);
    *config = (struct server_config){0};
}
