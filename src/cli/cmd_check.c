/*
 * sockade check: whether a policy file is right, and what it says in short.
 */
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/escape.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "sockade/policy.h"

#include "base/banned.h"

enum { DIAG_LINE_BYTES = 1024, JSON_MAX_BYTES = 64 * 1024 };

static const char usage[] =
    "sockade check FILE [--format text|json]\n"
    "\n"
    "Validates a policy file. Exit status: 0 it is right, 1 it is wrong, 2 wrong usage.\n";

static void print_text(const struct policy_file *file, const struct diag *diag)
{
    char line[DIAG_LINE_BYTES];

    if (!file) {
        diag_format(diag, line, sizeof(line));
        printf("%s\n", line);
        return;
    }
    printf("%s: fine\n  engine  %s\n", diag->file, file->engine_socket);
    for (size_t i = 0; i < file->listener_count; i++) {
        const struct policy_listener *listener = &file->listeners[i];

        printf("  listen  %s, mode %04o, ", listener->socket ? listener->socket : listener->systemd,
               listener->mode);
        if (listener->policy) {
            printf("policy \"%s\"", policy_name(listener->policy));
        }
        printf("%s%s\n", listener->policy && listener->clients ? ", " : "",
               listener->clients ? "a policy for each client listed" : "");
    }
}

static int print_json(const struct diag *diag, bool right)
{
    CLEANUP(buf_deinit) struct buf out = {.limit_bytes = JSON_MAX_BYTES};
    int err = buf_printf(&out, "{\"valid\":%s,\"file\":", right ? "true" : "false");

    if (err == 0) {
        err = escape_json(&out, slice_from(diag->file));
    }
    if (err == 0 && !right) {
        err = buf_printf(&out, ",\"line\":%u,\"column\":%u,\"message\":", diag->line, diag->column);
        if (err == 0) {
            err = escape_json(&out, slice_from(diag->sentence));
        }
    }
    if (err == 0) {
        err = buf_append_text(&out, "}\n");
    }
    if (err == 0) {
        fwrite(out.data, 1, out.len, stdout);
    }
    return err;
}

static int check(const char *path, bool json)
{
    struct policy_file *file = NULL;
    struct diag diag = {0};
    int err = policy_file_load(path, &file, &diag);

    snprintf(diag.file, sizeof(diag.file), "%s", path);
    if (json) {
        err = print_json(&diag, err == 0) < 0 || err < 0 ? -1 : 0;
    } else {
        print_text(file, &diag);
    }
    policy_file_destroy(file);
    return err < 0 ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}

int cmd_check(int argc, char **argv)
{
    const char *format = NULL;
    const char *words[2] = {NULL, NULL};
    const struct option_spec specs[] = {{"--format", &format, NULL, 0}, {NULL, NULL, NULL, 0}};

    switch (options_read(argc, argv, specs, words, 1)) {
    case OPTIONS_BAD:
        return CLI_EXIT_USAGE;
    case OPTIONS_HELP:
        printf("%s", usage);
        return CLI_EXIT_OK;
    case OPTIONS_OK:
        break;
    }
    bool json = format && strcmp(format, "json") == 0;

    if (!words[0] || (format && !json && strcmp(format, "text") != 0)) {
        fprintf(stderr, "%s", usage);
        return CLI_EXIT_USAGE;
    }
    return check(words[0], json);
}
