/*
 * The sub-commands. Each gets argv from its own name on and returns the exit
 * status: 0 fine, 1 the answer is no, 2 it was asked wrongly.
 */
#ifndef SOCKADE_CLI_COMMANDS_H
#define SOCKADE_CLI_COMMANDS_H

enum { CLI_EXIT_OK = 0, CLI_EXIT_FAILED = 1, CLI_EXIT_USAGE = 2, CLI_GOES_ON = -1 };

int cli_main(int argc, char **argv);

int cmd_serve(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
