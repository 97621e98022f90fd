/*
 * See host_paths.h.
 */
#include "cli/host_paths.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/path_text.h"
#include "cli/options.h"
#include "proxy/host/host_look.h"

#include "base/banned.h"

enum { ARENA_BYTES = 1024 * 1024, PATH_BYTES = 4096 };

/* Why it is not seen; NULL when it is. */
static const char *host_paths_look(struct host_view *view, struct slice path)
{
    CLEANUP(arena_deinit) struct arena arena = {0};
    struct path_question question = {.path = path};
    struct path_answer answer = {0};
    struct path_look look = {&question, &answer, 1, &arena, NULL, 0};

    arena_init(&arena, ARENA_BYTES);
    if (!host_view_answer(view, &answer)) {
        struct host_proofs *proofs = host_view_proofs(view);
        enum look_result result = host_look_now(&proofs, view->engine_socket, &look, NULL);

        host_view_take(view, proofs);
        if (result != LOOK_DONE) {
            return "out of memory";
        }
    }
    return host_view_problem(&answer);
}

static void host_paths_print_one(struct host_view *view, const struct policy_allowed_path *allowed)
{
    const char *problem = host_paths_look(view, allowed->path);

    printf("  path    %.*s, policy \"%s\": ", SLICE_ARGS(allowed->path), allowed->policy);
    if (!problem) {
        printf("visible from here (%s)\n", host_view_proof(view));
        return;
    }
    printf(
        "not visible from here: %s\n          %s\n", problem,
        allowed->needs_sight
            ? "while sockade cannot see it, only the path itself may be mounted, nothing below it"
            : "anything below it may be mounted, wherever its links lead (symlinks: allow)");
}

void host_paths_print(const struct policy_file *file)
{
    struct policy_allowed_path allowed;
    struct host_view view = {0};

    host_view_init(&view, file);
    for (size_t i = 0; policy_file_allowed_path(file, i, &allowed); i++) {
        host_paths_print_one(&view, &allowed);
    }
    host_view_deinit(&view);
}

static void print_json_slice(struct slice text)
{
    char copy[PATH_BYTES];

    snprintf(copy, sizeof(copy), "%.*s", SLICE_ARGS(text));
    print_json(copy);
}

void host_paths_print_json(const struct policy_file *file)
{
    struct policy_allowed_path allowed;
    struct host_view view = {0};

    host_view_init(&view, file);
    printf("\"host_paths\":[");
    for (size_t i = 0; policy_file_allowed_path(file, i, &allowed); i++) {
        const char *problem = host_paths_look(&view, allowed.path);

        printf("%s{\"path\":", i > 0 ? "," : "");
        print_json_slice(allowed.path);
        printf(",\"policy\":");
        print_json(allowed.policy);
        printf(",\"seen\":%s,\"why\":", problem ? "false" : "true");
        print_json(problem ? problem : host_view_proof(&view));
        printf("}");
    }
    printf("]");
    host_view_deinit(&view);
}

/* Whether an entry before it is of the same path. */
static bool is_repeated(const struct policy_file *file, size_t index, struct slice path)
{
    struct policy_allowed_path allowed;

    for (size_t i = 0; i < index && policy_file_allowed_path(file, i, &allowed); i++) {
        if (slice_eq(allowed.path, path)) {
            return true;
        }
    }
    return false;
}

static bool is_in_a_home(struct slice path)
{
    static const struct slice homes[] = {SLICE_INIT("/home"), SLICE_INIT("/root"),
                                         SLICE_INIT("/run/user")};

    for (size_t i = 0; i < sizeof(homes) / sizeof(homes[0]); i++) {
        if (path_is_within(path, homes[i])) {
            return true;
        }
    }
    return false;
}

static bool host_paths_is_plain(struct slice path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (!ascii_is_alphanumeric(path.ptr[i]) && !strchr("/._-+@", path.ptr[i])) {
            return false;
        }
    }
    return true;
}

/*
 * Missing ones are no reason not to start. Within quotes systemd expands %, and takes a colon for
 * the end of the source.   Source: systemd.syntax(7), systemd.unit(5), systemd.exec(5).
 */
static void print_for_unit(struct slice path)
{
    if (host_paths_is_plain(path)) {
        printf("BindReadOnlyPaths=-%.*s\n", SLICE_ARGS(path));
        return;
    }
    printf("BindReadOnlyPaths=\"-");
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];

        if (c == '"' || c == '\\') {
            putchar('\\');
        } else if (c == ':') {
            fputs("\\\\", stdout);
        } else if (c == '%') {
            putchar('%');
        }
        putchar(c);
    }
    printf("\"\n");
}

/* A colon cannot be said there: --mount takes it. */
static void print_for_container(struct slice path)
{
    if (host_paths_is_plain(path)) {
        printf("#   -v %.*s:%.*s:ro\n", SLICE_ARGS(path), SLICE_ARGS(path));
    } else {
        printf("#   --mount 'type=bind,\"source=%.*s\",\"target=%.*s\",readonly'\n",
               SLICE_ARGS(path), SLICE_ARGS(path));
    }
}

void host_paths_print_view(const struct policy_file *file)
{
    struct policy_allowed_path allowed;
    bool homes = false;

    printf("# Makes visible to sockade only the host paths that its policies allow.\n"
           "# /etc/systemd/system/sockade.service.d/view.conf, then: systemctl daemon-reload\n"
           "[Service]\n"
           "# Needed to compare mounts with those of the engine's process.\n"
           "ProtectProc=default\n");
    for (size_t i = 0; policy_file_allowed_path(file, i, &allowed); i++) {
        homes = homes || is_in_a_home(allowed.path);
    }
    if (homes) {
        printf("# Empty home directories, to mount these paths in.\nProtectHome=tmpfs\n");
    }
    for (size_t i = 0; policy_file_allowed_path(file, i, &allowed); i++) {
        if (!is_repeated(file, i, allowed.path)) {
            print_for_unit(allowed.path);
        }
    }
    printf("\n# In a container (docker run), with rslave where the host's mounts are shared:\n");
    for (size_t i = 0; policy_file_allowed_path(file, i, &allowed); i++) {
        if (!is_repeated(file, i, allowed.path)) {
            print_for_container(allowed.path);
        }
    }
}
