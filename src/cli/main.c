/*
 * The program: the table of commands, nothing else.
 */
#include "cli/commands.h"

#include "base/banned.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv);
}
