/*
 * See host_report.h.
 */
#include "proxy/host/host_report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/host/host_call.h"

#include "base/banned.h"

enum { ARENA_BYTES = 1024 * 1024, PATIENCE_MS = 10 * 1000 };

struct host_report_path {
    char *policy;
    char *path;
    bool needs_sight;
};

static void log_path(const struct host_report *report, const char *problem)
{
    const struct host_report_path *path = &report->path[report->next];

    if (!problem) {
        log_info("host path %s (policy \"%s\"): visible: %s", path->path, path->policy,
                 host_view_proof(report->view));
    } else if (path->needs_sight) {
        log_warn("host path %s (policy \"%s\"): not visible: %s; nothing below it may be mounted",
                 path->path, path->policy, problem);
    } else {
        log_warn("host path %s (policy \"%s\"): not visible: %s; anything below it may be mounted, "
                 "wherever its links lead (symlinks: allow)",
                 path->path, path->policy, problem);
    }
}

static void end_look(struct host_report *report)
{
    if (report->look) {
        host_look_stop(report->look);
        report->look = NULL;
    }
    arena_deinit(&report->arena);
}

/* What the look has found. False: it waits for the engine. */
static bool host_report_take(struct host_report *report, enum look_result result)
{
    const struct path_answer *answer = &report->answer;

    if (result == LOOK_DONE && host_view_is_undecided(report->view)) {
        if (!report->waits) {
            log_info("host paths: checked as soon as the engine answers");
        }
        report->waits = true;
        return false;
    }
    log_path(report, result == LOOK_DONE    ? host_view_problem(answer)
                     : result == LOOK_HANGS ? "its file system does not respond"
                                            : "out of memory, or of threads");
    report->next++;
    return true;
}

static void host_report_go_on(struct host_report *report);

static void host_report_on_looked(void *owner, enum look_result result)
{
    struct host_report *report = owner;

    report->look = NULL;
    bool more = host_report_take(report, result);

    end_look(report);
    if (more) {
        host_report_go_on(report);
    }
}

/* The next one, and those after it as long as they can be answered at once. */
static void host_report_go_on(struct host_report *report)
{
    bool more = true;

    while (more && report->next < report->count) {
        arena_init(&report->arena, ARENA_BYTES);
        report->question =
            (struct path_question){.path = slice_from(report->path[report->next].path)};
        report->answer = (struct path_answer){.view = PATH_UNANSWERED};
        report->asked =
            (struct path_look){&report->question, &report->answer, 1, &report->arena, NULL, 0};
        report->deadline_ms = host_call_now_ms() + PATIENCE_MS;
        enum look_result result =
            host_look_start(report->walkers, report->view, geteuid(), &report->asked,
                            host_report_on_looked, report, &report->look);

        if (result == LOOK_PENDING) {
            return;
        }
        more = host_report_take(report, result);
        end_look(report);
    }
}

static void free_paths(struct host_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->path[i].path);
        free(report->path[i].policy);
    }
    free(report->path);
    report->path = NULL;
    report->count = 0;
}

/* It is only the log: without memory it says nothing. */
static void keep_paths(struct host_report *report, const struct policy_file *file)
{
    struct policy_allowed_path allowed;
    size_t count = 0;

    while (policy_file_allowed_path(file, count, &allowed)) {
        count++;
    }
    report->path = calloc(count + 1, sizeof(*report->path));
    for (size_t i = 0; report->path && policy_file_allowed_path(file, i, &allowed); i++) {
        struct host_report_path *path = &report->path[report->count];

        *path = (struct host_report_path){.policy = strdup(allowed.policy),
                                          .path = strndup(allowed.path.ptr, allowed.path.len),
                                          .needs_sight = allowed.needs_sight};
        report->count++;
        if (!path->policy || !path->path) {
            free_paths(report);
        }
    }
}

void host_report_start(struct host_report *report, struct walkers *walkers, struct host_view *view,
                       const struct policy_file *file)
{
    host_report_stop(report);
    *report = (struct host_report){.walkers = walkers, .view = view};
    keep_paths(report, file);
    host_report_go_on(report);
}

void host_report_tick(struct host_report *report)
{
    if (report->look && host_call_now_ms() >= report->deadline_ms) {
        (void)host_report_take(report, LOOK_HANGS);
        end_look(report);
    }
    if (!report->look) {
        host_report_go_on(report);
    }
}

void host_report_stop(struct host_report *report)
{
    if (report->look) {
        end_look(report);
    }
    free_paths(report);
    *report = (struct host_report){0};
}
