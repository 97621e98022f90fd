/*
 * Says in the log which allowed paths are seen, and why the others are not: at the start, after a
 * reload, and when an engine that was down answers. One after the other, by a thread: a file system
 * that does not answer delays nothing else.
 */
#ifndef SOCKADE_PROXY_HOST_REPORT_H
#define SOCKADE_PROXY_HOST_REPORT_H

#include "proxy/host/host_look.h"

/* Owned by the server; zero has nothing to say. */
struct host_report {
    struct walkers *walkers; /* borrowed, and the next */
    struct host_view *view;
    struct host_report_path *path; /* allowed ones; NULL: all was said */
    size_t count;
    size_t next;
    struct host_look *look; /* that is under way */
    uint64_t deadline_ms;   /* of that */
    bool waits;             /* for the engine; that was said */
    struct arena arena;
    struct path_question question;
    struct path_answer answer;
    struct path_look asked;
};

/* The allowed paths of `file`, from the first on. */
void host_report_start(struct host_report *report, struct walkers *walkers, struct host_view *view,
                       const struct policy_file *file);
void host_report_tick(struct host_report *report);
void host_report_stop(struct host_report *report);

#endif
