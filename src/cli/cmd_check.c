/*
 * sockade check: whether a policy file is right, what it says in short, and which of its paths of
 * the host are seen from here.
 */
#include <stdio.h>

#include "base/diag.h"
#include "cli/commands.h"
#include "cli/host_paths.h"
#include "cli/options.h"
#include "sockade/policy.h"

#include "base/banned.h"

enum { DIAG_LINE_BYTES = 1024 };

static const char usage[] =
    "sockade check FILE [--format text|json]\n"
    "\n"
    "Validates a policy file. Exit status: 0 valid, 1 invalid, 2 usage error.\n";

static void print_shared(const struct policy_listener *listener)
{
    const char *policy = policy_shared_without_scope(listener);

    if (policy) {
        printf("  warning: several clients may connect there, and policy \"%s\" has no scope: each "
               "can "
               "stop and remove the others' containers (docs/scope.md)\n",
               policy);
    }
}

/* "shared_without_scope":[{"listener":"/run/a.sock","policy":"ci"}] */
static void print_shared_json(const struct policy_file *file)
{
    const char *comma = "";

    printf(",\"shared_without_scope\":[");
    for (size_t i = 0; i < file->listener_count; i++) {
        const struct policy_listener *listener = &file->listeners[i];
        const char *policy = policy_shared_without_scope(listener);

        if (policy) {
            printf("%s{\"listener\":", comma);
            print_json(listener->socket ? listener->socket : listener->systemd);
            printf(",\"policy\":");
            print_json(policy);
            printf("}");
            comma = ",";
        }
    }
    printf("]");
}

static void print_text(const struct policy_file *file, const struct diag *diag)
{
    char line[DIAG_LINE_BYTES];

    if (!file) {
        diag_format(diag, line, sizeof(line));
        printf("%s\n", line);
        return;
    }
    printf("%s: valid\n  engine  %s\n", diag->file, file->engine_socket);
    for (size_t i = 0; i < file->listener_count; i++) {
        const struct policy_listener *listener = &file->listeners[i];

        printf("  listen  %s, mode %04o, ", listener->socket ? listener->socket : listener->systemd,
               listener->mode);
        if (listener->policy) {
            printf("policy \"%s\"", policy_name(listener->policy));
        }
        printf("%s%s\n", listener->policy && listener->clients ? ", " : "",
               listener->clients ? "a policy per client" : "");
        print_shared(listener);
    }
    host_paths_print(file);
}

static void print_for_scripts(const struct policy_file *file, const struct diag *diag)
{
    printf("{\"valid\":%s,\"file\":", file ? "true" : "false");
    print_json(diag->file);
    if (file) {
        printf(",");
        host_paths_print_json(file);
        print_shared_json(file);
    } else {
        printf(",\"line\":%u,\"column\":%u,\"message\":", diag->line, diag->column);
        print_json(diag->sentence);
    }
    printf("}\n");
}

static int cmd_check_policy(const char *path, bool json)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};
    int err = policy_file_load(path, &file, &diag);

    snprintf(diag.file, sizeof(diag.file), "%s", path);
    if (json) {
        print_for_scripts(file, &diag);
    } else {
        print_text(file, &diag);
    }
    policy_file_destroy(file);
    return err < 0 ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

int cmd_check(int argc, char **argv)
{
    const char *path = NULL;
    bool json = false;
    int status = options_read_word(argc, argv, usage, &path, &json);

    if (status != CLI_GOES_ON) {
        return status;
    }
    if (!path) {
        fprintf(stderr, "%s", usage);
        return CLI_EXIT_USAGE;
    }
    return cmd_check_policy(path, json);
}
