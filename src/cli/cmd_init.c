/*
 * sockade init: a commented policy file for a known tool, to start from; and what a daemon in a
 * sandbox or a container needs to see the paths that a policy file allows.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/diag.h"
#include "cli/commands.h"
#include "cli/host_paths.h"
#include "cli/options.h"
#include "cli/presets.h"
#include "policy/file/loader.h"

#include "base/banned.h"

enum { MAX_PRESETS = 64, FILE_MODE = 0644, DIAG_LINE_BYTES = 1024 };

static const char usage[] =
    "sockade init [--list]\n"
    "sockade init PRESET [FILE]\n"
    "sockade init --view POLICY\n"
    "\n"
    "Lists the presets, or writes one: to standard output, or to a file that does not exist\n"
    "yet. With --view it prints the settings that make the host paths allowed by a policy file\n"
    "(or preset) visible to a daemon in systemd's sandbox or in a container.\n"
    "Exit status: 0 success, 1 a file is invalid or cannot be written, 2 usage error.\n";

/* The first line, without its "# ". */
static struct slice summary_of(const struct preset *preset)
{
    struct slice line = preset->text;
    struct slice rest;

    slice_cut(line, '\n', &line, &rest);
    return slice_starts_with(line, SLICE("# ")) ? slice_from_index(line, 2) : line;
}

static int list_presets(void)
{
    for (const struct preset *preset = presets; preset->name; preset++) {
        printf("  %-18s %.*s\n", preset->name, SLICE_ARGS(summary_of(preset)));
    }
    return CLI_EXIT_OK;
}

static int cmd_init_complain(const char *word)
{
    const char *names[MAX_PRESETS + 1] = {NULL};

    for (size_t i = 0; presets[i].name && i < MAX_PRESETS; i++) {
        names[i] = presets[i].name;
    }
    complain_unknown("preset", word, names, " (\"sockade init\" lists them)\n");
    return CLI_EXIT_USAGE;
}

static const struct preset *find_preset(const char *name)
{
    for (const struct preset *preset = presets; preset->name; preset++) {
        if (strcmp(preset->name, name) == 0) {
            return preset;
        }
    }
    return NULL;
}

static int write_file(const char *path, struct slice text)
{
    // Never over a policy that somebody has worked on, nor through a link.
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    size_t written = 0;

    if (fd < 0) {
        return -errno;
    }
    while (written < text.len) {
        ssize_t more = write(fd, text.ptr + written, text.len - written);

        if (more < 0) {
            int err = -errno;

            close(fd);
            return err;
        }
        written += (size_t)more;
    }
    return close(fd) < 0 ? -errno : 0;
}

static int write_preset(const struct preset *preset, const char *path)
{
    if (!path) {
        fwrite(preset->text.ptr, 1, preset->text.len, stdout);
        return CLI_EXIT_OK;
    }
    int err = write_file(path, preset->text);

    if (err < 0) {
        fprintf(stderr, "sockade: %s: %s\n", path, strerror(-err));
        return CLI_EXIT_FAILED;
    }
    printf("%s: written. Review it, then run: sockade check %s\n", path, path);
    return CLI_EXIT_OK;
}

static int print_view(const char *name)
{
    const struct preset *preset = find_preset(name);
    struct policy_file *file = NULL;
    struct diag diag = {0};
    char line[DIAG_LINE_BYTES];
    int err = preset ? policy_file_parse(preset->text, &file, &diag)
                     : policy_file_load(name, &file, &diag);

    if (err < 0) {
        snprintf(diag.file, sizeof(diag.file), "%s", name);
        diag_format(&diag, line, sizeof(line));
        fprintf(stderr, "%s\n", line);
        return CLI_EXIT_FAILED;
    }
    host_paths_print_view(file);
    policy_file_destroy(file);
    return CLI_EXIT_OK;
}

int cmd_init(int argc, char **argv)
{
    const char *words[3] = {NULL};
    const char *view = NULL;
    const struct option_spec specs[] = {{"--view", &view, NULL, 0}, {NULL, NULL, NULL, 0}};

    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        return list_presets();
    }
    int status = options_read(argc, argv, &(struct command_line){usage, specs, words, 2});

    if (status != CLI_GOES_ON) {
        return status;
    }
    if (view && words[0]) {
        fprintf(stderr, "%s", usage);
        return CLI_EXIT_USAGE;
    }
    if (view) {
        return print_view(view);
    }
    if (!words[0]) {
        return list_presets();
    }
    const struct preset *preset = find_preset(words[0]);

    return preset ? write_preset(preset, words[1]) : cmd_init_complain(words[0]);
}
