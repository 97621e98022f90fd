/*
 * sockade serve: the command line of the daemon.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "proxy/server/server.h"
#include "sockade/slice.h"

#include "base/banned.h"

enum { MAX_LISTEN = 16 };

static const char usage[] =
    "sockade serve [OPTION]...\n"
    "\n"
    "Serves filtered sockets in front of a Docker engine. Without a file: policy\n"
    "\"restricted\" on /run/sockade/docker.sock in front of /var/run/docker.sock.\n"
    "\n"
    "  --config FILE         policy file, see sockade.yaml(5)\n"
    "  --listen unix:PATH    serve this socket instead of the file's; may be repeated\n"
    "  --upstream unix:PATH  the engine's socket, instead of the file's\n"
    "  --policy BASE         without a file: open, read_only, baseline or restricted\n"
    "  --audit FILE          append audit records to FILE; - is standard output (default)\n"
    "  --audit-format FORMAT auto (default: text on a terminal, else json), text or json\n"
    "  --log-level LEVEL     error, warn, info (default) or debug\n"
    "\n"
    "SIGTERM finishes the requests in flight and exits. SIGHUP reloads the policy file (if it is\n"
    "invalid, that is logged and the old policy stays in force) and reopens the audit file.\n";

struct serve_words {
    const char *config;
    const char *listen[MAX_LISTEN + 1];
    const char *upstream;
    const char *base;
    const char *audit;
    const char *audit_format;
    const char *log_level;
};

/* "unix:PATH" or a path: only unix sockets are served, nothing is exposed over TCP. */
static bool take_socket_path(const char *option, const char **word)
{
    if (strncmp(*word, "unix://", 7) == 0) {
        *word += 7;
    } else if (strncmp(*word, "unix:", 5) == 0) {
        *word += 5;
    }
    if (**word == '/') {
        return true;
    }
    fprintf(stderr, "sockade: %s requires unix:PATH with an absolute path, not \"%s\"\n", option,
            *word);
    return false;
}

/* The index of `word` among `choices`, which end with NULL; unchanged when nothing was said. */
static bool take_choice(const char *option, const char *word, const char *const *choices,
                        const char *listed, unsigned *out)
{
    for (unsigned i = 0; word && choices[i]; i++) {
        if (strcmp(word, choices[i]) == 0) {
            *out = i;
            return true;
        }
    }
    if (word) {
        fprintf(stderr, "sockade: %s is %s, not \"%s\"\n", option, listed, word);
    }
    return word == NULL;
}

static bool take_formats(const struct serve_words *words, struct server_options *out)
{
    static const char *const formats[] = {"auto", "text", "json", NULL};
    static const char *const levels[] = {"error", "warn", "info", "debug", NULL};
    unsigned format = AUDIT_FORMAT_AUTO;
    unsigned level = LOG_LEVEL_INFO;

    if (!take_choice("--audit-format", words->audit_format, formats, "auto, text or json",
                     &format) ||
        !take_choice("--log-level", words->log_level, levels, "error, warn, info or debug",
                     &level)) {
        return false;
    }
    out->audit_format = (enum audit_format)format;
    log_set_level((enum log_level)level);
    return true;
}

static bool take_words(struct serve_words *words, struct server_options *out)
{
    for (size_t i = 0; words->listen[i]; i++) {
        if (!take_socket_path("--listen", &words->listen[i])) {
            return false;
        }
    }
    if (words->upstream && !take_socket_path("--upstream", &words->upstream)) {
        return false;
    }
    if (words->config && words->base) {
        fprintf(stderr,
                "sockade: --policy cannot be used with --config: the file names the policies\n");
        return false;
    }
    *out = (struct server_options){
        .config_path = words->config,
        .base = words->base,
        .listen = words->listen,
        .engine_socket = words->upstream,
        .audit_path = words->audit,
    };
    return take_formats(words, out);
}

int cmd_serve(int argc, char **argv)
{
    struct serve_words words = {0};
    struct server_options options;
    const char *extra[1];
    const struct option_spec specs[] = {
        {"--config", &words.config, NULL, 0},
        {"--listen", NULL, words.listen, MAX_LISTEN},
        {"--upstream", &words.upstream, NULL, 0},
        {"--policy", &words.base, NULL, 0},
        {"--audit", &words.audit, NULL, 0},
        {"--audit-format", &words.audit_format, NULL, 0},
        {"--log-level", &words.log_level, NULL, 0},
        {NULL, NULL, NULL, 0},
    };

    int status = options_read(argc, argv, &(struct command_line){usage, specs, extra, 0});

    if (status != CLI_GOES_ON) {
        return status;
    }
    if (!take_words(&words, &options)) {
        return CLI_EXIT_USAGE;
    }
    return server_run(&options) < 0 ? CLI_EXIT_FAILED : CLI_EXIT_OK;
}
