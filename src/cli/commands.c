/*
 * Which command a word names.
 */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"

#include "base/banned.h"

// clang-format off
#define USAGE \
    "sockade - a filtering proxy for the Docker socket\n" \
    "\n" \
    "  sockade serve     serve a filtered socket in front of the engine's\n" \
    "  sockade check     validate a policy file\n" \
    "  sockade init      write a policy file for a known tool\n" \
    "  sockade rules     list the rules, or show one in detail\n" \
    "  sockade version   print the version\n" \
    "\n" \
    "\"sockade COMMAND --help\" shows its options. Manual: sockade(8), sockade.yaml(5).\n"
// clang-format on

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"serve", cmd_serve}, {"check", cmd_check},     {"init", cmd_init},
    {"rules", cmd_rules}, {"version", cmd_version}, {"--version", cmd_version},
};

int cmd_version(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        printf("sockade version\n\nPrints the version.\n");
    } else if (argc > 1) {
        fprintf(stderr, "sockade: version takes no arguments: %s\n", argv[1]);
        return CLI_EXIT_USAGE;
    } else {
        printf("sockade %s\n", SOCKADE_VERSION);
    }
    return CLI_EXIT_OK;
}

static int commands_run(int argc, char **argv)
{
    static const char *const names[] = {"serve",   "check",  "init", "rules",
                                        "version", "--help", NULL};

    if (argc < 2) {
        fprintf(stderr, "%s", USAGE);
        return CLI_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        printf("%s", USAGE);
        return CLI_EXIT_OK;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    complain_unknown("command", argv[1], names, "\n\n" USAGE);
    return CLI_EXIT_USAGE;
}

int cli_main(int argc, char **argv)
{
    int status = commands_run(argc, argv);

    if ((fflush(stdout) != 0 || ferror(stdout)) && status == CLI_EXIT_OK) {
        fprintf(stderr, "sockade: cannot write to standard output\n");
        return CLI_EXIT_FAILED;
    }
    return status;
}
